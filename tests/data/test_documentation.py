"""The page of the data sets, made from their declarations."""

from __future__ import annotations

from mer_repro.data import documentation, registry
from mer_repro.publish import reference_pages


def test_the_page_names_every_set_file_and_range():
    page = documentation.page()
    for name in registry.DATASETS:
        module = registry.dataset_module(name)
        assert f"\n## {name}\n" in page and module.LICENSE_INFO in page
        for table in module.TABLES.values():
            assert f"`{table.path}`" in page and table.says
    assert "| `valence` | valence_mean, mean_valence | a number from 1 to 9 |" in page
    assert "| `genre` | Genre | one of Q" not in page
    assert all(line.count("|") - line.count("\\|") == 4 for line in page.splitlines() if line.startswith("| "))


def test_the_book_has_the_page():
    assert reference_pages.pages()["data_sets"].startswith(documentation.page())
