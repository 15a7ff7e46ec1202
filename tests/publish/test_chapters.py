"""A paper's notebook becomes a chapter and an evidence page; nothing is lost, and both have what they need."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from mer_repro import paths, plots
from mer_repro.publish import chapters


def notebook():
    setup = new_code_cell("numbers = 1")
    setup.metadata["tags"] = ["remove-cell"]
    cells = [
        new_markdown_cell("# smith2027: moods\n\nA paper."),
        setup,
        new_code_cell("card"),
        new_markdown_cell("## Verdicts\n\nText.\n\n## All the evidence\n\nFolded.\n\n### What the paper states"),
        new_code_cell("claims"),
        new_markdown_cell("### Rules & more\n\n#### One of them\n\n## Reproduce this page\n\nRun."),
    ]
    return new_notebook(cells=cells)


def sources(page):
    return [cell.source for cell in page.cells]


def test_evidence_goes_to_its_own_page_and_the_chapter_leads_there():
    chapter, evidence = chapters.divide(notebook(), "smith2027")
    assert sources(chapter)[:4] == ["# smith2027: moods\n\nA paper.", "numbers = 1", "card", "## Verdicts\n\nText."]
    leading, last = sources(chapter)[4:]
    assert leading.startswith("## All the evidence\n\n{doc}`The evidence page <../evidence/smith2027>`")
    assert 'href="../evidence/smith2027.html#what-the-paper-states">What the paper states</a>' in leading
    assert last == "## Reproduce this page\n\nRun."
    opening, setup, claims, rest = sources(evidence)
    assert opening.startswith("# Evidence: smith2027: moods\n\n") and "{doc}`../papers/smith2027`" in opening
    assert "Folded." in opening and opening.endswith("## What the paper states")
    assert (setup, claims) == ("numbers = 1", "claims")
    assert rest.startswith("## Rules & more\n\n### One of them")


def test_a_page_without_evidence_stays_whole():
    whole = new_notebook(cells=notebook().cells[:3])
    assert chapters.divide(whole, "smith2027") == (whole, None)


@pytest.mark.parametrize("key", ["abadeh2024", "bai2026", "bath2025", "gujar2026", "qiu2025"])
def test_every_cell_of_a_committed_notebook_is_on_one_of_its_pages(key):
    whole = nbformat.read(paths.PROJECT / "book" / "papers" / f"{key}.ipynb", as_version=4)
    pages = chapters.divide(whole, key)
    shown = [cell.source for page in pages for cell in page.cells if cell.cell_type == "code"]
    assert {cell.source for cell in whole.cells if cell.cell_type == "code"} == set(shown)
    seen = [
        c for p in pages for c in p.cells if "remove-cell" not in c.metadata.get("tags", []) and c.cell_type == "code"
    ]
    assert len(seen) == sum(
        "remove-cell" not in c.metadata.get("tags", []) for c in whole.cells if c.cell_type == "code"
    )


def test_a_picture_to_choose_from_shows_one_part_and_keeps_the_others():
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots()
    for number in range(3):
        axis.plot([0, 1], [number, number], gid=plots.part(number, f"step {number} < 3 & more"), url="../there.html")
    choice = plots.Choice("Line", ("a", "b", "c"), shown=1)
    page = plots.described(figure, "Three lines.", "Lines rise", choice=choice)._repr_html_()
    hidden = [f'data-choice="{n}" style="display: none"' in page for n in range(3)]
    assert hidden == [True, False, True]
    assert page.count('class="mer-choice"') == 3 and "<title>step 1 &lt; 3 &amp; more</title>" in page
    assert '<option value="1" selected>b</option>' in page and "<select" in page and 'href="../there.html"' in page
    assert " width=" not in page[page.index("<svg") :].partition(">")[0]
