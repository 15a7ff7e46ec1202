"""newkey2030: A Title to Replace."""
