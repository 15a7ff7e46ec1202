"""The data chapter: its facts (`survey`), the benchmark behind DEAM's swap (`swap`), its pictures (`figures`)."""
