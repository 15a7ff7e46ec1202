"""What chapters show: tables as Markdown, pictures with descriptions."""

import importlib
import re

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
        plots.described(figure, alt=" ", title="Dots")
    with pytest.raises(ValueError, match="message"):
        plots.described(figure, alt="Two dots.", title="")


def test_a_picture_keeps_its_letters_as_text_and_no_name_that_nothing_uses():
    import matplotlib.pyplot as plt

    plots.use_style()
    drawn = []
    for title in ("Rises", "Falls"):
        figure, axis = plt.subplots()
        axis.plot([0, 1], "o-")
        axis.set_xlabel("R² of <one>")
        drawn.append(plots.described(figure, alt='two "dots"', title=title, note="A & B")._repr_html_())
    assert 'aria-label="two &quot;dots&quot;"' in drawn[0] and ">R² of &lt;one&gt;</text>" in drawn[0]
    assert drawn[0].index("<figcaption>Rises") < drawn[0].index("<svg") < drawn[0].index("A &amp; B")
    names = [set(re.findall(r' id="([^"]*)"', page)) for page in drawn]
    assert names[0] and not names[0] & names[1], "two pictures of a page share a name"
    assert all(f"#{name}" in drawn[0] for name in names[0])


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
