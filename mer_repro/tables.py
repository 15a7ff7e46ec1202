"""Tables, sentences and quoted numbers whose every number carries what it rests on.

A cell is text, a number, a `Score` or `Stated` of `mer_repro.results`, a `Runs` (how many records, leading to them),
`Claims` (ids of the ledger), a `Text` (a sentence with such numbers in it), or a pair of one of these and the style
that it prints in. What a cell leads to travels in the notebook's output, beside the text; `mer_repro.publish.links`
turns it into links when the book is staged, so that nothing is ever found again in printed text.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as quote_url

from mer_repro.results import DASH, Results, Score, Stated
from mer_repro.runs.records import cell_of

if TYPE_CHECKING:
    import pandas as pd

#: Under this name the metadata of an output hold the spans of its cells, and of the numbers of a chapter's prose.
METADATA = "mer_repro"
MIME = "application/vnd.mer-repro.numbers+json"

#: A piece of a cell: its text, and what it leads to (None: nothing).
Span = tuple[str, dict[str, Any] | None]


@dataclass(frozen=True)
class Runs:
    """How many records a row rests on; leads to them."""

    records: tuple[str, ...]

    def __str__(self) -> str:
        return str(len(self.records))


@dataclass(frozen=True)
class Claims:
    """Ids of a paper's claims and statements; each leads to its line in the ledger.

    Attributes
    ----------
    key : citation key. ids : without the key.
    anchor : whether this cell is that line.
    """

    key: str
    ids: tuple[str, ...]
    anchor: bool = False

    def __str__(self) -> str:
        return ", ".join(self.ids)


@dataclass(frozen=True)
class Link:
    """A link to a place in the book, relative to the page."""

    label: str
    address: str


@dataclass(frozen=True)
class Text:
    """A sentence with numbers in it; ``str`` gives it plain."""

    spans: tuple[Span, ...]

    @classmethod
    def of(cls, template: str, **cells: Any) -> Text:
        """A sentence from ``"R² is {clean:.2} against {stated}"`` and its numbers; a `Text` among them is put in whole.

        Raises
        ------
        KeyError
            If the template names a number that is not given.
        """
        found: list[Span] = []
        for literal, name, style, _ in string.Formatter().parse(template):
            found.append((literal, None))
            if name is not None:
                found += spans(cells[name] if not style else (cells[name], style))
        return cls(tuple(span for span in found if span[0]))

    @classmethod
    def claim(cls, printed: str, full_id: str) -> Text:
        """What a paper prints, leading to its line in the ledger."""
        return cls(((printed, {"claim": full_id}),))

    @classmethod
    def join(cls, parts: Iterable[Any], separator: str = "; ") -> Text:
        """Cells one after the other."""
        found: list[Span] = []
        for part in parts:
            found += [*([(separator, None)] if found else []), *spans(part)]
        return cls(tuple(found))

    def __str__(self) -> str:
        return "".join(text for text, _ in self.spans)


def spans(cell: Any) -> list[Span]:
    """The pieces of a cell of any kind."""
    cell, style = cell if isinstance(cell, tuple) and not isinstance(cell, Text) else (cell, "")
    if cell is None or cell != cell:
        return [(DASH, None)]
    if isinstance(cell, Text):
        return list(cell.spans)
    if isinstance(cell, Score | Stated):
        return [(format(cell, style), source(cell, style))]
    if isinstance(cell, Link):
        return [(cell.label, {"href": cell.address})]
    if isinstance(cell, Claims):
        marks = {"anchor": True} if cell.anchor else {}
        found = [[(", ", None), (name, {"claim": f"{cell.key}.{name}", **marks})] for name in cell.ids]
        return [span for pair in found for span in pair][1:] or [(DASH, None)]
    if isinstance(cell, Runs):
        return [(str(cell), {"records": packed(cell.records), "count": True})] if cell.records else [(DASH, None)]
    return [(format(cell, style) if style else str(cell), None)]


def source(number: Score | Stated, style: str = "") -> dict[str, Any] | None:
    """What a number leads to and how it is made again, JSON types only; None where it leads nowhere."""
    if isinstance(number, Stated):
        return {"claim": number.claim, "style": style}
    if not number.records:
        return None
    of = number.recipe[3] if number.recipe[:1] == ("contrast",) else len(number.records)
    found: dict[str, Any] = {"records": packed(number.records[:of]), "how": number.how, "style": style}
    if number.recipe:
        found["recipe"] = list(number.recipe[:3])
    if number.records[of:]:
        found["against"] = packed(number.records[of:])
    return found


def address(source: Mapping[str, Any]) -> str:
    """Where a source as `source` gives it stands, from the root of the book: its records, or its line in the ledger."""
    if "claim" in source:
        return f"ledgers.html?show={quote_url(source['claim'], safe='')}#{source['claim']}"
    cells = {**source["records"], **source.get("against", {})}
    first = next(iter(unpacked(source["records"])))
    shown = quote_url(",".join(cells), safe=",")
    return f"records/{first.partition('.')[0]}.html?show={shown}#{quote_url(first, safe='=+')}"


def packed(ids: Sequence[str]) -> dict[str, list[str]]:
    """Record ids as cell -> what follows it in each id, which takes a fraction of the room."""
    found: dict[str, list[str]] = {}
    for name in ids:
        cell = cell_of(name)
        found.setdefault(cell, []).append(name[len(cell) :])
    return found


def unpacked(cells: Mapping[str, Sequence[str]]) -> list[str]:
    """The ids that `packed` was given, cell by cell."""
    return [cell + ending for cell, endings in cells.items() for ending in endings]


@dataclass(frozen=True)
class Table:
    """A table that every reader can read: the page's search indexes it, and scripts only add sorting and filtering.

    Attributes
    ----------
    rows : each a mapping of heading -> cell; a heading that a row lacks gets a dash.
    caption : one line above it.
    searchable : whether the page offers paging, sorting and a search box.
    kind : further class of the table on the page.
    """

    rows: Sequence[Mapping[str, Any]]
    caption: str = ""
    searchable: bool = False
    kind: str = ""

    @property
    def columns(self) -> list[str]:
        """The headings, in the order in which rows have them."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    @property
    def cells(self) -> list[list[list[Span]]]:
        """The spans of every cell, row by row."""
        return [[spans(row.get(name)) for name in self.columns] for row in self.rows]

    @property
    def frame(self) -> pd.DataFrame:
        """The printed text of every cell."""
        import pandas as pd

        texts = [["".join(text for text, _ in cell) for cell in row] for row in self.cells]
        return pd.DataFrame(texts, columns=self.columns)

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict[str, str], dict[str, Any]]:
        # A long table as plain text would double the size of the committed notebook and tell a terminal little.
        plain = f"{self.caption} ({len(self.rows)} rows)" if self.searchable else self.frame.to_string(index=False)
        linked = {
            f"{r},{c}": cell
            for r, row in enumerate(self.cells)
            for c, cell in enumerate(row)
            if any(leads for _, leads in cell)
        }
        return {"text/markdown": self.markdown(), "text/plain": plain}, {METADATA: {"cells": linked}} if linked else {}

    def markdown(self) -> str:
        """The table as a MyST directive."""
        if not self.rows:
            return f"*{escaped(self.caption)}: no runs are recorded yet.*"
        classes = " ".join(filter(None, ["mer-table", self.kind, "searchable" if self.searchable else ""]))
        lines = [f":::{{table}} {escaped(self.caption)}".rstrip(), f":class: {classes}", ""]
        lines += [_row(map(escaped, self.columns)), _row(["---"] * len(self.columns))]
        lines += [_row(escaped("".join(text for text, _ in cell)) for cell in row) for row in self.cells]
        return "\n".join([*lines, ":::"])


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\`*_{}\[\]<>|$~#])", r"\\\1", text.replace("\n", " "))


@dataclass(frozen=True)
class Column:
    """A column of `grid`: its heading, the score (or how to find a row's cell in its results), and its style."""

    heading: str
    find: str | Callable[[Results], Any]
    style: str = ".3"
    target: str = ""

    def cell(self, results: Results) -> Any:
        """The cell of a row."""
        found = results.score(self.find, self.target) if isinstance(self.find, str) else self.find(results)
        return found if isinstance(found, tuple | str | Text) else (found, self.style)


def grid(
    results: Results,
    labels: Mapping[str, str],
    columns: Sequence[Column],
    caption: str,
    heading: str = "model",
    by: str = "variant",
    stated: Callable[[str], Any] | None = None,
) -> Table:
    """A row per variant in the order of `labels`, a column per score; variants without runs are left out.

    Parameters
    ----------
    by : the field or factor that names a row.
    stated : of a variant, the paper's cell (a `Stated` or a pair with its style); makes a column "paper".
    """
    rows = []
    for name, label in labels.items():
        of_row = results.where(**{by: name})
        if len(of_row):
            row: dict[str, Any] = {heading: label}
            if stated:
                row["paper"] = stated(name)
            rows.append(row | {column.heading: column.cell(of_row) for column in columns})
    return Table(rows, caption)


@dataclass(frozen=True)
class Quotes:
    """The numbers of a chapter's prose by name, as cells."""

    numbers: Mapping[str, Any] = field(repr=False)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, Any]:
        told = {name: spans(cell) for name, cell in self.numbers.items()}
        return {MIME: told, "text/plain": f"{len(self.numbers)} numbers in the prose"}


def quote(numbers: Mapping[str, Any]) -> Quotes:
    """Glue every number, so that prose can say ``{glue:text}`name```, and tell what each leads to.

    Parameters
    ----------
    numbers : name -> cell of any kind.
    """
    from myst_nb import glue

    for name, cell in numbers.items():
        glue(name, "".join(text for text, _ in spans(cell)), display=False)
    return Quotes(numbers)
