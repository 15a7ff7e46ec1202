"""What chapters show: tables as Markdown, pictures with descriptions."""

import importlib

import pytest
from markdown_it import MarkdownIt

from mer_repro import paths, plots
from mer_repro.results import Results
from mer_repro.tables import Table


def test_markdown_shows_cells_as_they_are():
    hostile = "a|b *c* _d_ <e> `f` $g$ [h](i) {j} ~k~"
    table = Table([{"cell": hostile, "id": "t1.x_y"}], "a caption")
    body = "\n".join(table.markdown().splitlines()[3:-1])
    rendered = MarkdownIt("commonmark").enable("table").render(body)
    cells = [part.split("</td>")[0] for part in rendered.split("<td>")[1:]]
    assert cells == [hostile.replace("<", "&lt;").replace(">", "&gt;"), "t1.x_y"]


def test_a_picture_needs_a_description():
    import matplotlib.pyplot as plt

    figure, _ = plt.subplots()
    with pytest.raises(ValueError, match="description"):
        plots.described(figure, alt=" ")
    shown = plots.described(figure, alt='two "dots"')
    assert 'alt="two &quot;dots&quot;"' in shown._repr_html_()


#: The headings that the Machine Learning Reproducibility Challenge gives a summary.
HEADINGS = (
    "Scope of reproducibility",
    "Methodology",
    "Results",
    "What was easy",
    "What was difficult",
    "Communication with original authors",
)


@pytest.mark.parametrize("key", ["abadeh2024", "bai2026", "bath2025", "gujar2026", "qiu2025"])
def test_every_chapter_has_the_summary_of_the_reproducibility_challenge(key):
    chapter = importlib.import_module(f"mer_repro.papers.{key}.chapter")
    rows = chapter.summary(Results.load(key)).frame
    assert tuple(rows[""]) == HEADINGS and rows[" "].str.len().min() > 40
    assert "chapter.summary(results)" in (paths.PROJECT / "book" / "papers" / f"{key}.md").read_text(encoding="utf-8")
