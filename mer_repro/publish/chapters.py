"""A paper's notebook as two pages: the chapter, which is short, and its evidence, which is whole.

Both come of one notebook and one execution of it. What stands under the heading `EVIDENCE` goes to a page of its own;
the chapter keeps the heading, with a list of what that page holds.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

EVIDENCE = "All the evidence"
#: Where evidence pages lie in the book.
FOLDER = "evidence"
_SECTION = re.compile(r"^(?=## )", re.MULTILINE)
_HEADING = re.compile(r"^#(##+ )", re.MULTILINE)


def divide(notebook: Any, key: str) -> tuple[Any, Any | None]:
    """The chapter and the evidence page of an executed notebook; all of it, and None, where it has no such part.

    Cells that set a notebook up, which no page shows, go to both.
    """
    cells = _by_sections(notebook.cells)
    start = next((n for n, cell in enumerate(cells) if cell.source.startswith(f"## {EVIDENCE}")), None)
    if start is None:
        return notebook, None
    end = next((n for n in range(start + 1, len(cells)) if cells[n].source.startswith("## ")), len(cells))
    first, *rest = cells[start:end]
    leading = _markdown(first, _contents(cells[start:end], key))
    title = next((cell.source.partition("\n")[0][2:] for cell in cells if cell.source.startswith("# ")), key)
    opening = first.source.partition("\n")[2].strip()
    first.source = f"# Evidence: {title}\n\nWhat the chapter {{doc}}`../papers/{key}` rests on. {opening}"
    for cell in (first, *rest):
        if cell.cell_type == "markdown":
            cell.source = _HEADING.sub(r"\1", cell.source)
    unseen = [deepcopy(cell) for cell in cells[:start] if "remove-cell" in cell.metadata.get("tags", [])]
    chapter, evidence = [*cells[:start], leading, *cells[end:]], [first, *unseen, *rest]
    return _page(notebook, chapter), _page(notebook, evidence)


def _page(notebook: Any, cells: list) -> Any:
    page = deepcopy(notebook)
    page.cells = cells
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return page


def _by_sections(cells: list) -> list:
    """The cells, those with text divided before every heading of the second level."""
    found = []
    for cell in cells:
        if cell.cell_type == "markdown":
            found += [_markdown(cell, piece) for piece in _SECTION.split(cell.source) if piece]
        else:
            found.append(deepcopy(cell))
    return found


def _markdown(like: Any, source: str) -> Any:
    cell = deepcopy(like)
    cell.source = source.strip()
    return cell


def _contents(cells: list, key: str) -> str:
    """The section that leads from the chapter to its evidence."""
    from docutils.nodes import make_id

    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    titles = [title for text in texts for title in re.findall(r"^### (.+)$", text, re.MULTILINE)]
    links = [f'<a href="../{FOLDER}/{key}.html#{make_id(title)}">{title}</a>' for title in titles]
    said = f"{{doc}}`The evidence page <../{FOLDER}/{key}>` holds the rest, each table with the code that made it:"
    return f"## {EVIDENCE}\n\n{said} {' · '.join(links)}."
