"""What chapters show: tables as Markdown, pictures with descriptions."""

import pytest
from markdown_it import MarkdownIt

from mer_repro import plots
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
