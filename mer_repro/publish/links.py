"""From a number on a page to what it rests on: links made when the book is staged, and checked when it is built.

Tables, sentences and quoted numbers carry their sources in the notebook's output (`mer_repro.tables`). Staging turns
each into a link: a number of ours to the records behind it, with a hover that says its interval, how it was made, on
which device and when; a number of a paper's to its line in the ledger. What was linked is written beside the pages, so
that `check` can open every link of the built book and make every number again from the records that its link lists.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mer_repro import papers, paths
from mer_repro.publish import quantities
from mer_repro.results import Results, counted, recompute, stated
from mer_repro.runs.records import RecordStore, cell_of
from mer_repro.tables import METADATA, MIME, Span, Table, address, escaped, unpacked

_GLUED = re.compile(r"\{glue:text\}`(\w+)`")
_CELL = re.compile(r"(?:\\.|[^|\\])*")
_NUMERIC = re.compile(r"[+\u2212-]?[\d,]+(\.\d+)?( ?%)?( \[.*\])?")
#: An interval behind its estimate, which may go to the next line and is not broken itself.
_INTERVAL = re.compile(r" (\[[^\[\]]*\])")
#: Where staging keeps what it linked, page by page.
LOG = "links.json"


@dataclass
class Page:
    """The links of one page while it is staged.

    Attributes
    ----------
    name : e.g. ``papers/qiu2025``.
    made : of every link, in order: the text, and the source as `mer_repro.tables.source` gives it.
    bare : numbers in tables and prose that lead nowhere.
    """

    name: str
    made: list[dict[str, Any]] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)

    @property
    def up(self) -> str:
        """From the page to the root of the book."""
        return "../" * self.name.count("/")

    def markup(self, cell: Iterable[Span], escape: bool = True) -> str:
        """The pieces of a cell as Markdown with links; its text as it stands, or as Markdown itself."""
        return "".join(self._span(text, source, escape) for text, source in cell)

    def whole(self, table: Table) -> str:
        """A table that is not a notebook's output, as MyST with its cells linked."""
        cells = {f"{r},{c}": cell for r, row in enumerate(table.cells) for c, cell in enumerate(row)}
        return self.table(table.markdown(), cells)

    def _span(self, text: str, source: Mapping[str, Any] | None, escape: bool) -> str:
        if not source:
            return escaped(text) if escape else text
        if "href" in source:
            return f'<a href="{html.escape(source["href"])}">{html.escape(text)}</a>'
        if source.get("anchor") and self.name == "ledgers":
            return f'<a id="{source["claim"]}" href="#{source["claim"]}">{escaped(text)}</a>'
        number = len(self.made)
        self.made.append({"page": self.name, "text": text, "source": dict(source)})
        address, hover = _leads_to(source)
        attributes = {"title": hover, "data-n": number, "href": self.up + address}
        # A bar would end the cell of a Markdown table.
        written = [f'{name}="{html.escape(str(value)).replace("|", "&#124;")}"' for name, value in attributes.items()]
        shown = _INTERVAL.sub(r' <span class="mer-interval">\1</span>', html.escape(text))
        return f'<a class="mer-source" {" ".join(written)}>{shown}</a>'

    def table(self, markdown: str, cells: Mapping[str, list[Span]]) -> str:
        """The Markdown of a table with its cells linked; `cells` as the output's metadata hold them."""
        lines = markdown.split("\n")
        rows = [number for number, line in enumerate(lines) if line.startswith("| ")]
        for r, number in enumerate(rows[2:]):
            shown = [cell.strip() for cell in _CELL.findall(lines[number].strip()[1:-1]) if cell]
            for c, text in enumerate(shown):
                if (linked := cells.get(f"{r},{c}")) is not None:
                    shown[c] = self.markup(linked)
                elif _NUMERIC.fullmatch(text.replace("\\", "")):
                    self.bare.append(text)
            lines[number] = "| " + " | ".join(shown) + " |"
        return "\n".join(lines)

    def prose(self, markdown: str, told: Mapping[str, list[Span]]) -> str:
        """The Markdown of a text with the numbers that it quotes in place and linked."""

        def number(match: re.Match) -> str:
            if match[1] not in told:
                return match[0]
            cell = told[match[1]]
            if not any(source for _, source in cell):
                self.bare.append("".join(text for text, _ in cell))
            return self.markup(cell)

        return _GLUED.sub(number, markdown)


def _leads_to(source: Mapping[str, Any]) -> tuple[str, str]:
    """Address, from the root of the book, and hover text of a source."""
    if "claim" in source:
        return address(source), _claim_hover(source["claim"])
    return address(source), _hover(source, unpacked(source["records"]) + unpacked(source.get("against", {})))


@cache
def _claim_hover(claim: str) -> str:
    key, _, name = claim.partition(".")
    from mer_repro.audit import ledger

    book = ledger.load(key)
    entry = next((c for c in [*book.claims, *book.statements] if c.id == name), None)
    return f"{key}, {entry.where}: in the ledger" if entry else "In the ledger"


def _hover(source: Mapping[str, Any], ids: list[str]) -> str:
    known = _made()
    made = [known[name] for name in ids if name in known]
    devices = ", ".join(sorted({device for device, _ in made}))
    when = sorted(day for _, day in made)
    days = when[0] if when and when[0] == when[-1] else f"{when[0]} to {when[-1]}" if when else ""
    how = source.get("how") or f"{len(ids)} records"
    return f"{how}. {counted(len(ids), 'run')}, {devices}, {days}. Opens the records."


@cache
def _made() -> dict[str, tuple[str, str]]:
    """Id of every committed record -> device and day."""
    store = RecordStore(paths.records_home("full"))
    return {run.id: (run.device, run.finished[:10]) for key in papers.paper_keys() for run in store.all(key)}


def linked(notebook: Any, name: str) -> Page:
    """Link the numbers of an executed notebook's tables and texts, in place; returns what was linked."""
    page = Page(name)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    told = {name: each for output in outputs for name, each in output.get("data", {}).get(MIME, {}).items()}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = page.prose(cell.source, told)
        for output in cell.get("outputs", []):
            held = output.get("metadata", {}).get(METADATA, {})
            markdown = output.get("data", {}).get("text/markdown")
            if markdown and markdown.startswith(":::{table}"):
                output.data["text/markdown"] = page.table(markdown, held.get("cells", {}))
    return page


def write_log(folder: Path, pages: Iterable[Page]) -> None:
    """Keep what was linked beside the staged pages, for `check`."""
    content = {page.name: {"made": page.made, "bare": page.bare} for page in pages}
    text = json.dumps(content, indent=0, sort_keys=True)
    place = folder / LOG
    if not place.is_file() or place.read_text(encoding="utf-8") != text:
        place.write_text(text, encoding="utf-8")


# Checking the built book ---------------------------------------------------------------------------------------------


@dataclass
class LinkReport:
    """What became of every number of the book.

    Attributes
    ----------
    numbers, linked : numbers of ours and of the papers that the pages print, and those that lead somewhere.
    ambiguous : links that list other cells than their number rests on; none can be, links are made of the sources.
    dead : links whose page or row does not exist.
    mismatched : numbers that their own records do not give again.
    recomputed : numbers that were made again and agree.
    derived : numbers that only the chapter's code makes of their records; their links were opened, not more.
    several : things of which two places print different values; see `mer_repro.publish.quantities`.
    faults : one line per fault.
    """

    numbers: int = 0
    linked: int = 0
    ambiguous: int = 0
    dead: int = 0
    mismatched: int = 0
    recomputed: int = 0
    derived: int = 0
    several: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every link holds."""
        return not (self.ambiguous or self.dead or self.mismatched or self.several)

    def as_dict(self) -> dict[str, Any]:
        """JSON types only."""
        return asdict(self) | {"ok": self.ok}


def check(built: Path, log: Path, profile: str = "full") -> LinkReport:
    """Open the target of every link of a built book, and make every number again from the records that it lists.

    Parameters
    ----------
    built : folder of the built pages. log : what staging wrote; see `write_log`.

    Raises
    ------
    MerReproError
        If the book has not been built.
    """
    from mer_repro.errors import MerReproError

    if not log.is_file() or not (built / "index.html").is_file():
        raise MerReproError(f"There is no built book in {built}. Build it: mer-repro book --profile {profile}")
    report, anchors = LinkReport(), _Anchors(built)
    shown = json.loads(log.read_text(encoding="utf-8"))
    for name, found in shown.items():
        page = built / f"{name}.html"
        if not page.is_file():
            continue
        report.numbers += len(found["made"]) + len(found["bare"])
        report.linked += len(found["made"])
        on_page = dict(_links_of(page))
        for number, entry in enumerate(found["made"]):
            _check_one(report, anchors, page, on_page.get(number), entry, profile)
    differ = quantities.several(shown, built)
    report.several, report.faults = len(differ), report.faults + differ
    return report


def _links_of(page: Path) -> Iterator[tuple[int, str]]:
    for match in re.finditer(r'<a class="mer-source"[^>]*?>', page.read_text(encoding="utf-8")):
        number, address = (re.search(rf'{name}="([^"]*)"', match[0]) for name in ("data-n", "href"))
        if number and address:
            yield int(number[1]), html.unescape(address[1])


def _check_one(
    report: LinkReport, anchors: _Anchors, page: Path, address: str | None, entry: dict, profile: str
) -> None:
    what = f"{entry['page']}: {entry['text']}"
    if address is None or not anchors.has(page, address, entry["source"]):
        report.dead += 1
        report.faults.append(f"dead: {what} -> {address}")
        return
    source = entry["source"]
    if "claim" in source:
        key, _, claim = source["claim"].partition(".")
        again = _claim_text(key, claim, source.get("style"))
        made = again if again is not None else entry["text"]
    elif source.get("count"):
        made = f"{len(unpacked(source['records']))}"
    elif "recipe" in source:
        made = format(_again(source, profile), source["style"])
    else:
        report.derived += 1
        return
    if made == entry["text"]:
        report.recomputed += 1
    else:
        report.mismatched += 1
        report.faults.append(f"mismatched: {what}, its records give {made}")


def _claim_text(key: str, claim: str, style: str | None) -> str | None:
    """A number of the ledger as a style prints it; None where the link is of an id and not of a number."""
    return None if style is None else format(stated(key, claim), style)


def _again(source: Mapping[str, Any], profile: str) -> Any:
    of, against = unpacked(source["records"]), unpacked(source.get("against", {}))
    key = of[0].partition(".")[0]
    every = _records(key, profile)
    chosen = Results(key, [every[name] for name in of + against], RecordStore(paths.records_home(profile)))
    kind, *rest = source["recipe"]
    recipe = (kind, *rest, len(of)) if kind == "contrast" else (kind, *rest)
    return recompute(recipe, chosen)


@cache
def _records(key: str, profile: str) -> dict[str, Any]:
    return {run.id: run for run in RecordStore(paths.records_home(profile)).all(key)}


class _Anchors:
    """The ids of built pages, read once each."""

    def __init__(self, built: Path):
        self.built, self._known = built, {}

    def _ids(self, page: Path) -> frozenset[str]:
        if page not in self._known:
            text = page.read_text(encoding="utf-8") if page.is_file() else ""
            self._known[page] = frozenset(html.unescape(name) for name in re.findall(r'\bid="([^"]*)"', text))
        return self._known[page]

    def has(self, page: Path, address: str, source: Mapping[str, Any]) -> bool:
        """Whether an address on a page leads to a row that exists, and lists every cell of its source, no other."""
        parts = urlsplit(address)
        ids = self._ids((page.parent / unquote(parts.path)).resolve())
        if unquote(parts.fragment) not in ids:
            return False
        if "claim" in source:
            return source["claim"] in ids
        asked = unquote(parts.query.partition("show=")[2]).split(",")
        wanted = {*source["records"], *source.get("against", {})}
        return set(asked) == wanted and wanted <= {cell_of(name) for name in ids}
