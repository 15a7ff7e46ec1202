"""The order of the tests."""


def pytest_collection_modifyitems(items):
    """Tests of the built book first: one process builds it and the others wait, where they could run all the rest."""
    items.sort(key=lambda item: item.path.name != "test_site.py")
