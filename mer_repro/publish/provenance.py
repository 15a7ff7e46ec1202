"""From a number on a page to the records that give it, and from an id to its line in the ledger.

Notebooks print plain tables. When the book is staged, cells are turned into links: a score with its interval leads to
the run records whose mean (or single value) it is, at the digits shown; an id leads to its line in the ledgers; a
number in a row or column of the paper's leads to the claims that print it. A score is looked up by its value and both
ends of its interval together, so that chance agreement is out of question; two variants that score the same (a fallback
and what it falls back to) are both shown. A number in the prose leads to the records that it rests on, as
`mer_repro.publish.quotes` found them. What cannot be told stays plain.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

from mer_repro import papers, report
from mer_repro.audit import ledger
from mer_repro.publish import quotes
from mer_repro.runs.records import Record, cell_of

#: Columns whose words are ids of claims, statements or checks.
ID_COLUMNS = frozenset({"id", "claims", "ledger"})
#: Most ids that a link may ask for: a number that more claims print tells nothing.
MOST_SHOWN = 12
#: Most cells that a number in the prose may rest on to be linked: a count over a whole study leads nowhere.
MOST_BEHIND = 30
#: Most characters of such a number: what is longer is a sentence, whose numbers stand in a table, too.
LONGEST = 40
_CELL = re.compile(r"(?:\\.|[^|\\])*")
_TABLE = re.compile(r"^:::\{table\}", re.MULTILINE)
_NUMBER = re.compile(r"-?\d+\.\d+")
_WORD = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")
_GLUED = re.compile(r"\{glue:text\}`(\w+)`")
_OF_THE_PAPER = re.compile(r"\b(paper|stated|printed)\b")


@dataclass(frozen=True)
class Index:
    """What can be linked on the pages of one paper.

    Attributes
    ----------
    scores : score with interval as shown -> cells or single records that give it.
    plain : cell or record -> its scores without interval, as shown.
    """

    scores: dict[str, tuple[str, ...]]
    plain: dict[str, frozenset[str]]


@cache
def index(key: str) -> Index:
    """The scores of a paper's committed records and of their means over seeds, as chapters print them."""
    scores: dict[str, dict[str, None]] = {}
    plain: dict[str, set[str]] = {}
    for name, value, low, high in _values(report.records(key)):
        for shown, bare in _forms(value, low, high):
            scores.setdefault(shown, {})[name] = None
            plain.setdefault(name, set()).add(bare)
    return Index(
        {shown: tuple(names) for shown, names in scores.items()},
        {name: frozenset(shown) for name, shown in plain.items()},
    )


def _values(records: list[Record]) -> Iterator[tuple[str, float, float, float]]:
    """(cell or record, value, low, high) of every metric: means over seeds first, then every single record."""
    cells: dict[str, list[Record]] = {}
    for record in records:
        cells.setdefault(cell_of(record.id), []).append(record)
    for name, runs in [*cells.items(), *((record.id, [record]) for record in records)]:
        for metric in runs[0].intervals:
            parts = [(run.metrics.get(metric), *run.intervals.get(metric, (None, None))) for run in runs]
            if all(None not in part for part in parts):
                yield name, *(sum(column) / len(parts) for column in zip(*parts, strict=True))


def _forms(value: float, low: float, high: float) -> Iterator[tuple[str, str]]:
    """How chapters print a score: with two or three digits, or as a percentage with one."""
    for scale, digits in ((1, 2), (1, 3), (100, 1)):
        if value == value and low == low:
            shown = report.interval(scale * value, scale * low, scale * high, digits)
            yield shown, shown.partition(" ")[0]


def linked(markdown: str, page: str, row_records: list[list[str]] | None = None) -> str:
    """The Markdown of a notebook's table with its cells linked.

    Parameters
    ----------
    markdown : as `mer_repro.report.Table.markdown` gives it; anything else is returned as it is.
    page : the page it stands on, e.g. ``papers/qiu2025``; tells the paper, and where links start.
    row_records : ids (or ids without seed) of the records of each row, for a column "runs".
    """
    if not _TABLE.match(markdown) or "on this machine" in markdown.partition("\n")[0]:
        return markdown
    lines = markdown.split("\n")
    caption = frozenset(re.findall(r"\w+", _plain(lines[0])))
    rows = [number for number, line in enumerate(lines) if line.startswith("| ")]
    header = [_plain(cell) for cell in _cells(lines[rows[0]])]
    for position, number in enumerate(rows[2:]):
        cells = _cells(lines[number])
        rests_on = row_records[position] if row_records else []
        lines[number] = "| " + " | ".join(_Row(page, caption, header, cells, rests_on).linked()) + " |"
    return "\n".join(lines)


def prose_linked(markdown: str, page: str, told: dict[str, dict]) -> str:
    """The Markdown of a notebook's text with the numbers that it quotes in place and linked.

    Parameters
    ----------
    markdown : a cell of text, in which a number stands as ``{glue:text}`name```.
    page : the page it stands on.
    told : name -> {"shown": the number, "records": what it rests on}, as `quotes.Quotes` tells it. A number of the
        paper's own, whose name begins with "stated_", leads to the claims that print it.
    """
    key, up = page.rpartition("/")[2], "../" * page.count("/")

    def number(match: re.Match) -> str:
        name = match[1]
        if name not in told:
            return match[0]
        shown = told[name]["shown"]
        text = report.escaped(shown)
        if name.startswith(quotes.STATED):
            claims = _printed(key).get(shown, [])
            return _ledger_link(text, claims, up) if 0 < len(claims) <= MOST_SHOWN else text
        rests_on = told[name]["records"]
        return record_link(text, rests_on, up) if len(rests_on) <= MOST_BEHIND and len(shown) <= LONGEST else text

    return _GLUED.sub(number, markdown)


def card_linked(markup: str, page: str) -> str:
    """The HTML of a chapter's card with links to the records, the executed notebook and the code of its paper."""
    key, up = page.rpartition("/")[2], "../" * page.count("/")
    if not markup.startswith('<table class="mer-card">') or key not in papers.paper_keys():
        return markup
    places = {
        "Records": f"{up}records/{key}.html",
        "Notebook": f"{up}_sources/{page}.ipynb",
        "Code": f"{up}code/{key}.html",
    }
    links = "".join(f' · <a href="{place}">{label}</a>' for label, place in places.items())
    return markup.replace("</td></tr></table>", f"{links}</td></tr></table>")


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _CELL.findall(line.strip()[1:-1]) if cell]


def _plain(cell: str) -> str:
    return re.sub(r"\\(.)", r"\1", cell)


class _Row:
    """One row of a table on a page: which paper it is about, and what its cells lead to."""

    def __init__(self, page: str, caption: frozenset[str], header: list[str], cells: list[str], rests_on: list[str]):
        self.page, self.caption, self.header, self.cells, self.rests_on = page, caption, header, cells, rests_on
        self.shown = [_plain(cell) for cell in cells]
        keys = papers.paper_keys()
        words = [page.rpartition("/")[2], *self.shown, *caption]
        self.paper = next((word for word in words if word in keys), None)
        self.up = "../" * page.count("/")

    def linked(self) -> list[str]:
        of_row = {name for shown in self.shown for name in self._score(shown)}
        return [self._cell(column, *pair, of_row) for column, pair in self._columns()]

    def _columns(self) -> Iterator[tuple[str, tuple[str, str]]]:
        header = self.header + [""] * (len(self.cells) - len(self.header))
        return zip(header, zip(self.cells, self.shown, strict=True), strict=False)

    def _cell(self, column: str, cell: str, shown: str, of_row: set[str]) -> str:
        if column == "runs" and self.rests_on:
            return self._to_records(cell, self.rests_on)
        if column in ID_COLUMNS:
            parts = re.split(f"({_WORD.pattern})", shown)
            return "".join(self._to_claim(part, column) for part in parts)
        if self.paper is None:
            return cell
        if names := self._score(shown):
            return self._to_records(cell, names)
        if claims := self._stated(column, shown):
            return self._to_ledger(cell, claims)
        if _NUMBER.fullmatch(shown):
            known = index(self.paper).plain
            names = [name for name in sorted(of_row) if shown in known.get(name, ())]
            return self._to_records(cell, names) if names else cell
        return cell

    def _score(self, shown: str) -> list[str]:
        """The cells that give this score; of several, those that share most words with the table's caption."""
        found = index(self.paper).scores.get(shown, ()) if self.paper and "[" in shown else ()
        found = [name for name in found if ".seed" not in name] or found
        overlap = {name: len(self.caption & set(name.split("."))) for name in found}
        best = [name for name in found if overlap[name] == max(overlap.values())]
        return best if len(best) <= MOST_SHOWN else []

    def _stated(self, column: str, shown: str) -> list[str]:
        """Claims that print this number, where the row or the column speaks of what the paper states."""
        if "id" in self.header or not (_OF_THE_PAPER.search(column) or _OF_THE_PAPER.search(self.shown[0])):
            return []
        found = _printed(self.paper).get(shown, [])
        return found if len(found) <= MOST_SHOWN else []

    def _to_claim(self, word: str, column: str) -> str:
        for full in (word, f"{self.paper}.{word}"):
            if full in _ledger_ids():
                anchor = f' id="{full}"' if column == "id" and self.page == "ledgers" else ""
                return f'<a{anchor} href="{self.up}ledgers.html#{full}">{report.escaped(word)}</a>'
        return report.escaped(word)

    def _to_ledger(self, cell: str, claims: list[str]) -> str:
        return _ledger_link(cell, claims, self.up)

    def _to_records(self, cell: str, names: Iterable[str]) -> str:
        return record_link(cell, list(names), self.up)


def number_links() -> tuple[Callable[[str, str], str], Callable[[str, str], str]]:
    """For a page at the top of the book: what makes links of numbers to records, and what to claims; see `findings`."""
    return (
        lambda number, cell: record_link(number, [cell], up=""),
        lambda number, claim: _ledger_link(number, [claim], up=""),
    )


def _ledger_link(text: str, claims: list[str], up: str) -> str:
    return _link(f"{up}ledgers.html", claims, claims[0], text, "The paper's number in the ledger")


def record_link(text: str, names: list[str], up: str = "../") -> str:
    """`text` as a link to the records with these ids, or to all seeds where an id lacks its seed.

    Ids of which there is no record are left out; without any, the text stays plain.

    Parameters
    ----------
    up : from the page to the root of the book: "../" on a paper's page, "" on a page at the top.
    """
    known = [name for name in names if name in _first_records(name.partition(".")[0])]
    if not known:
        return text
    key = known[0].partition(".")[0]
    return _link(
        f"{up}records/{key}.html", known, _first_records(key)[known[0]], text, "The records behind this number"
    )


@cache
def _first_records(key: str) -> dict[str, str]:
    """Id of every committed record of a paper, with its seed and without -> the first record that it stands for."""
    ids = [record.id for record in report.records(key)]
    return {cell_of(name): name for name in reversed(ids)} | {name: name for name in ids}


def _link(page: str, names: list[str], anchor: str, text: str, title: str) -> str:
    asked = quote(",".join(names), safe=",.+")
    return f'<a class="mer-source" title="{title}" href="{html.escape(f"{page}?show={asked}#{anchor}")}">{text}</a>'


@cache
def _printed(key: str) -> dict[str, list[str]]:
    """Printed value, with and without its spread -> full ids of the claims that print it."""
    found: dict[str, list[str]] = {}
    book = ledger.load(key)
    for claim in book.claims:
        for text in {claim.value, f"{claim.value} ± {claim.spread}"}:
            found.setdefault(text, []).append(book.full_id(claim.id))
    return found


@cache
def _ledger_ids() -> frozenset[str]:
    """Full ids of all claims and statements."""
    return frozenset(entry["id"] for key in papers.paper_keys() for entry in ledger.load(key).entries())
