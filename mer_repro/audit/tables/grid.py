"""What every reader returns: grids of printed cells with their captions, and the prose around them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

#: tables with more rows are data, not printed results
MOST_ROWS = 400
_SAYS = (
    "shows?|reports?|summari[sz]es?|presents?|lists?|compares?|gives?|contains?|provides?|is|are|was|were|illustrates?|"
    "demonstrates?|indicates?|reveals?|depicts?|displays?|represents?|outlines?|describes?|details?|and|to"
)
#: 'Table 4.1: Scores of ...'; not a sentence such as 'Table 4.1 shows ...'
CAPTION = re.compile(
    r"^\W*(?:table|tab\.)\s*(?P<name>\d+(?:\.\d+)*|[IVXL]+\b|[A-Z]\d*\b)(?![\w.]*\W*\s(?:"
    + _SAYS
    + r")\b)\W*(?P<rest>.*)",
    re.I | re.S,
)
_BOLD = re.compile(r"\[BOLD\]|\*\*|__(?=\S)|(?<=\S)__|\\(?:textbf|mathbf|bf|bfseries)\b")
_MARKS = re.compile(r"\[(?:BOLD|EMPTY|ITALIC|UNDERLINE)\]|</?(?:b|strong|i|em)>|(?<!\d)\*+(?=\S)|(?<=\S)\*+(?!\d)")


@dataclass(frozen=True, slots=True)
class Cell:
    """One printed cell: its text without marks, and whether it is set in bold."""

    text: str
    bold: bool = False

    @classmethod
    def of(cls, text: object, bold: bool = False) -> Cell:
        """A cell from raw text: bold marks of Markdown, LaTeX and SciGen are taken off and kept as `bold`."""
        raw = re.sub(r"^\d+\*(?=[A-Za-z])", "", "" if text is None else str(text).strip())  # of a \\multirow
        marked = bold or bool(_BOLD.search(raw)) or "<b>" in raw or "<strong>" in raw
        return cls(re.sub(r"\s+", " ", _MARKS.sub(" ", raw)).strip(), marked)


@dataclass(slots=True)
class Grid:
    """One table as printed: rows of equally many cells, header rows first; spanning cells are repeated.

    `name` is its number ("6", "4.1", "II"), or "u1", "u2" ... where it has none.
    """

    name: str
    caption: str
    rows: list[list[Cell]]

    def texts(self) -> list[list[str]]:
        """The cells without their marks."""
        return [[cell.text for cell in row] for row in self.rows]


@dataclass(slots=True)
class Document:
    """One file: its tables and paragraphs in their order, and how many tables were too long to be printed ones."""

    source: str
    grids: list[Grid] = field(default_factory=list)
    paragraphs: list[str] = field(default_factory=list)
    too_long: int = 0

    def add(self, rows: list[list[Cell]], caption: str = "", name: str = "") -> None:
        """Append a table: empty rows and columns go, short rows are filled up, a row that is a caption becomes one."""
        rows = [row for row in rows if any(cell.text for cell in row)]
        if rows and (found := CAPTION.match(_only(rows[0]))):
            caption, rows = caption or found[0], rows[1:]
        width = max((len(row) for row in rows), default=0)
        rows = [row + [Cell("")] * (width - len(row)) for row in rows]
        kept = [k for k in range(width) if any(row[k].text for row in rows)]
        if len(rows) < 2 or len(kept) < 2:
            return
        if len(rows) > MOST_ROWS:
            self.too_long += 1
            return
        stated = CAPTION.match(caption)
        name = name or (stated["name"] if stated else "")
        taken = {grid.name for grid in self.grids}
        if not name or name in taken:
            name = next(free for n in range(1, 10_000) if (free := f"u{n}") not in taken)
        for part, block in enumerate(_blocks([[row[k] for k in kept] for row in rows])):
            self.grids.append(Grid(name + "bcdefghij"[part - 1 : part] * (part > 0), caption.strip(), block))


def _blocks(rows: list[list[Cell]]) -> list[list[list[Cell]]]:
    """A table parted where new headers begin: rows of two or more words, none of them a number, below numbers."""
    blocks: list[list[list[Cell]]] = [[]]
    numbers = False
    for row in rows:
        texts = [cell.text for cell in row[1:] if not re.fullmatch(r"[-–—/?]*|n\.?/?a\.?|nan|x|✓|✗", cell.text, re.I)]
        digits = [text for text in texts if re.match(r"[~≈<>+−–-]? ?[\d.]", text)]
        if numbers and not digits and len(set(texts)) > 1 and len(blocks) < 10:
            blocks.append([])
            numbers = False
        numbers = numbers or 2 * len(digits) > len(texts) > 0
        blocks[-1].append(row)
    return [block for block in blocks if len(block) > 1]


def _only(row: list[Cell]) -> str:
    """The text of a row that has only one cell that is not empty (or the same text in all), else ''."""
    texts = {cell.text for cell in row if cell.text}
    return texts.pop() if len(texts) == 1 else ""
