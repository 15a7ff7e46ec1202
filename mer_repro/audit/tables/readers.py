"""Readers: CSV, TSV, Markdown, HTML, LaTeX, Excel, JSON and plain text, each into a `Document`.

``read(path)`` goes by the file's ending, ``read_text`` by what the text looks like.  Parsing is left to libraries
(csv, markdown-it-py, BeautifulSoup, pylatexenc, openpyxl, json), imported when a file needs them.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from mer_repro.audit.tables.grid import CAPTION, MOST_ROWS, Cell, Document
from mer_repro.errors import LedgerError

_HTML_TABLE = re.compile(r"<table\b.*?</table\s*>", re.I | re.S)
_TABULAR = re.compile(r"\\begin\{(tabular[xy*]?|longtable|array)\}.*?\\end\{\1\}", re.S)
#: a name and at least two numbers, one blank between them, as text copied from a PDF has them
_NUM = r"(?:[-+−]?(?:\d[\d,]*\.?\d*|\.\d+)%?\*?(?: ?± ?\d*\.?\d+)?|[-–—]|NAN|nan|n/a)"
_COPIED = re.compile(rf"^\s*(?P<name>\S.{{0,60}}?)\s+(?P<numbers>{_NUM}(?:\s+{_NUM})+)\s*$")
#: the most characters of a line inside a table that has no second cell: the name of the rows below it
SECTION = 40


def read(path: Path) -> Document:
    """Read a file by its ending; without a known ending, as text.

    Raises LedgerError if it cannot be read, or holds no table.
    """
    suffix = path.suffix.lower()
    try:
        if suffix in (".xlsx", ".xlsm"):
            document = _excel(path)
        else:
            document = read_text(path.read_text(encoding="utf-8-sig"), suffix.lstrip("."), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise LedgerError(f"{path}: cannot be read as a table: {error}") from None
    return document


def read_text(text: str, kind: str = "", source: str = "standard input") -> Document:
    """Read text; `kind` is an ending (csv, tsv, md, html, tex, json, txt), or is guessed from the text."""
    document = Document(source)
    readers: dict[str, Callable[[str, Document], None]] = {
        **dict.fromkeys(("csv", "tsv", "tab"), _delimited),
        **dict.fromkeys(("html", "htm", "xhtml"), _html),
        **dict.fromkeys(("tex", "latex"), _latex),
        "json": _json,
    }
    readers.get(kind or _guess(text), _plain)(text, document)
    if not document.grids:
        if document.too_long:
            raise LedgerError(f"{source}: a table of more than {MOST_ROWS} rows is data; expected printed results.")
        raise LedgerError(
            f"{source}: no table was found. Expected a ledger (claims.yaml), or a table as CSV, TSV, Markdown, HTML, "
            "LaTeX, Excel, JSON or columns of text, with a header row and a column of names."
        )
    return document


def _guess(text: str) -> str:
    start = text.lstrip()[:1]
    if start and start in "{[" and not text.lstrip().startswith("[BOLD]"):
        return "json"
    if "\\begin{document}" in text:
        return "tex"
    if re.match(r"\s*<(!doctype|html|table|div)\b", text, re.I):
        return "html"
    lines = [line for line in text.splitlines() if line.strip()]
    commas = [line.count(",") for line in lines]
    if len(lines) > 1 and min(commas) > 0 and len(set(commas)) == 1 and "|" not in text and "\t" not in text:
        return "csv"
    return ""


def _delimited(text: str, document: Document) -> None:
    """CSV or TSV; empty lines part tables, a line with one cell before a table is its caption."""
    sample = text[:5000]
    delimiter = "\t" if "\t" in sample else ";" if sample.count(";") > sample.count(",") else ","
    rows: list[list[Cell]] = []
    caption = ""
    for line in [*csv.reader(io.StringIO(text), delimiter=delimiter), []]:
        cells = [Cell.of(cell) for cell in line]
        texts = [cell.text for cell in cells if cell.text]
        if len(texts) == 1 and not rows:
            caption = texts[0]
        elif texts:
            rows.append(cells)
        elif rows:
            document.add(rows, caption)
            rows, caption = [], ""


def _excel(path: Path) -> Document:
    """Every sheet is one table (parted at empty rows); numbers as their cells show them."""
    import openpyxl

    document = Document(str(path))
    try:
        book = openpyxl.load_workbook(path, data_only=True)
    except Exception as error:
        raise LedgerError(f"{path}: not a readable Excel file: {error}") from None
    for sheet in book.worksheets:
        rows: list[list[Cell]] = []
        for line in sheet.iter_rows():
            cells = [Cell.of(_shown(cell.value, cell.number_format), bool(cell.font and cell.font.b)) for cell in line]
            if any(cell.text for cell in cells):
                rows.append(cells)
            elif rows:
                document.add(rows, sheet.title)
                rows = []
        document.add(rows, sheet.title)
    if not document.grids:
        raise LedgerError(f"{path}: no sheet holds a table with a header row and a column of names.")
    return document


def _shown(value: object, number_format: str) -> str:
    """A cell's number as Excel shows it under formats like 0.00 and 0.0%; else all its digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    found = re.fullmatch(r"#?,?#*0(?:\.(0+))?(%?)", number_format or "")
    if not found:
        return f"{value:.10g}" if isinstance(value, float) else str(value)
    return f"{value * (100 if found[2] else 1):.{len(found[1] or '')}f}{found[2]}"


def _json(text: str, document: Document) -> None:
    """Records, columns, rows, or {caption, columns, rows}; several of them as a list or by name."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise LedgerError(f"{document.source}, line {error.lineno}: not valid JSON: {error.msg}") from None
    _json_table(content, document, "")


def _json_table(content: object, document: Document, caption: str) -> None:
    if isinstance(content, dict):
        known = {key.lower().removeprefix("table_"): value for key, value in content.items()}
        rows = next((known[k] for k in ("content_values", "rows", "data", "cells") if k in known), None)
        header = next((known[k] for k in ("column_names", "columns", "header", "headers") if k in known), None)
        caption = str(known.get("caption") or known.get("title") or caption)
        said = known.get("text") or known.get("sentences") or []
        document.paragraphs += [said] if isinstance(said, str) else [str(one) for one in said]
        if isinstance(rows, list) and rows and isinstance(rows[0], list):
            document.add([[Cell.of(cell) for cell in row] for row in ([header, *rows] if header else rows)], caption)
        elif isinstance(rows, list):
            _json_table(rows, document, caption)
        elif known and all(isinstance(value, list) and not isinstance(value[:1], dict) for value in known.values()):
            columns = list(content.values())
            body = [[Cell.of(c[k] if k < len(c) else "") for c in columns] for k in range(max(map(len, columns)))]
            document.add([[Cell.of(name) for name in content], *body], caption)
        else:
            for name, value in content.items():
                _json_table(value, document, str(name))
    elif isinstance(content, list) and content:
        if all(isinstance(row, dict) and not any(isinstance(v, list | dict) for v in row.values()) for row in content):
            names = list(dict.fromkeys(name for row in content for name in row))
            document.add([[Cell.of(n) for n in names], *([Cell.of(r.get(n)) for n in names] for r in content)], caption)
        elif all(isinstance(row, list) and not any(isinstance(v, list | dict) for v in row) for row in content):
            document.add([[Cell.of(cell) for cell in row] for row in content], caption)
        else:
            for one in content:
                _json_table(one, document, "")


def _html(text: str, document: Document) -> None:
    """Every <table> without a table inside; paragraphs are what stands outside."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(text, "html.parser")
    for table in soup.find_all("table"):
        if table.find("table"):
            continue
        title = table.find("caption")
        before = table.find_previous(["p", "caption", "figcaption", "h1", "h2", "h3", "h4", "h5", "div"])
        near = before.get_text(" ", strip=True) if before and not before.find("table") else ""
        caption = title.get_text(" ", strip=True) if title else near if CAPTION.match(near) else ""
        document.add(_html_rows(table), caption)
    for table in soup.find_all("table"):
        table.decompose()
    document.paragraphs += [p for p in soup.get_text("\n").split("\n\n") if p.strip()]


def _html_rows(table) -> list[list[Cell]]:
    """The rows of a <table>, cells that span rows or columns repeated over them."""
    rows: list[list[Cell]] = []
    below: dict[int, tuple[Cell, int]] = {}  # column -> cell that reaches down, rows left
    for line in table.find_all("tr"):
        row: list[Cell] = []

        def reach(row: list[Cell] = row) -> None:
            while len(row) in below:
                cell, left = below.pop(len(row))
                if left > 1:
                    below[len(row)] = (cell, left - 1)
                row.append(cell)

        for tag in line.find_all(["td", "th"], recursive=False):
            reach()
            bold = tag.find(["b", "strong"]) is not None and tag.name == "td"
            for sup in tag.find_all("sup"):
                if not re.fullmatch(r"[\d²]+", sup.get_text(strip=True)):
                    sup.decompose()
            cell = Cell.of(tag.get_text("", strip=False), bold)
            for _ in range(_span(tag, "colspan")):
                if (down := _span(tag, "rowspan")) > 1:
                    below[len(row)] = (cell, down - 1)
                row.append(cell)
        reach()
        rows.append(row)
    return rows


def _span(tag, name: str) -> int:
    text = str(tag.get(name) or "1")
    return max(1, min(int(text), 100)) if text.isdigit() else 1


def _latex(text: str, document: Document) -> None:
    """Every tabular of a LaTeX text with the \\caption of its float, \\multicolumn and \\multirow repeated."""
    text = re.sub(r"(?<!\\)%.*", "", text)
    for found in _TABULAR.finditer(text):
        start = max(text.rfind("\\begin{table", 0, found.start()), 0)
        end = text.find("\\end{table", found.end())
        float_text = text[start : end if end > 0 else found.end()] if start else ""
        caption = re.search(r"\\caption\*?(?:\[[^\]]*\])?\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}", float_text)
        document.add(list(_latex_rows(found[0])), _untex(caption[1]) if caption else "")
    prose = re.sub(r"\\begin\{table\*?\}.*?\\end\{table\*?\}", "", text, flags=re.S)
    document.paragraphs += [_untex(part) for part in re.split(r"\n\s*\n", _TABULAR.sub("", prose)) if part.strip()]


def _untex(text: str) -> str:
    from pylatexenc.latex2text import LatexNodes2Text

    return LatexNodes2Text(math_mode="text", strict_latex_spaces=False).latex_to_text(text).strip()


def _latex_rows(tabular: str) -> Iterator[list[Cell]]:
    """The rows of one tabular environment."""
    body = re.sub(r"^\\begin\{[^}]*\}(\[[^\]]*\])?(\{(?:[^{}]|\{[^{}]*\})*\})*|\\end\{[^}]*\}$", "", tabular.strip())
    body = re.sub(r"\\(?:hline|toprule|midrule|bottomrule|(?:c|cmid)(?:line|rule)(?:\([^)]*\))?\{[^}]*\})", "", body)
    below: dict[int, tuple[Cell, int]] = {}
    for line in re.split(r"\\\\(?:\[[^\]]*\])?|\\tabularnewline", body):
        row: list[Cell] = []
        for part in re.split(r"(?<!\\)&", line):
            wide = re.search(r"\\multicolumn\{(\d+)\}\{[^}]*\}\s*(\{.*)", part, re.S)
            part, across = (wide[2], int(wide[1])) if wide else (part, 1)
            tall = re.search(r"\\multirow\{(-?\d+)\}(?:\[[^\]]*\])?\{[^}]*\}\s*(\{.*)", part, re.S)
            part, down = (tall[2], int(tall[1])) if tall else (part, 1)
            bold = re.search(r"\\(?:textbf|mathbf|bf|bfseries)\b", part) is not None
            cell = Cell.of(_untex(part.replace("\\%", "%").replace("%", "\\%")), bold)
            if not cell.text and len(row) in below:
                cell, left = below.pop(len(row))
                if left > 1:
                    below[len(row)] = (cell, left - 1)
            for _ in range(across):
                if down > 1:
                    below[len(row)] = (cell, down - 1)
                row.append(cell)
        yield row


def _plain(text: str, document: Document) -> None:
    """Markdown or the text of a paper: tables are runs of lines with bars, tabs or columns of blanks."""
    for found in _HTML_TABLE.finditer(text):
        _html(found[0], document)
    text = _HTML_TABLE.sub("\n\n", text)
    if _TABULAR.search(text):
        return _latex(text, document)
    blocks = _blocks(text.splitlines())
    used: set[int] = set()
    for position, (kind, lines) in enumerate(blocks):
        if kind == "prose":
            if not CAPTION.match(lines[0]) or len(lines[0]) > 400:
                document.paragraphs.append(" ".join(lines))
            continue
        caption = ""
        for near in (position - 1, position + 1):
            if 0 <= near < len(blocks) and near not in used and blocks[near][0] == "prose":
                line = blocks[near][1][-1 if near < position else 0]
                if CAPTION.match(line) and not caption:
                    caption = " ".join(blocks[near][1]) if CAPTION.match(blocks[near][1][0]) else line
                    used.add(near)
        rows = {"bars": _bars, "tabs": _tabs, "blanks": _columns, "copied": _copied}[kind](lines)
        document.add(rows, caption)


def _blocks(lines: list[str]) -> list[tuple[str, list[str]]]:
    """Runs of lines of one kind: bars, tabs, blanks (columns of text) or prose; a table parted by a page is joined."""
    blocks: list[tuple[str, list[str]]] = []
    last, gap = "", False
    for position, line in enumerate(lines):
        kind = _kind(line)
        after = next((_kind(other) for other in lines[position + 1 : position + 2]), "")
        if kind == "prose" and last == "tabs" == after and not gap and len(line) <= SECTION:
            kind = "tabs"
        if kind == "":
            gap = True
            continue
        if blocks and kind == blocks[-1][0] and (not gap or _continues(kind, blocks[-1][1], line)):
            if not (gap and line.strip() == blocks[-1][1][0].strip()):
                blocks[-1][1].append(line)
        elif not (blocks and kind == blocks[-1][0] == "prose" and not gap):
            blocks.append((kind, [line]))
        last, gap = kind, False
    for before, (kind, lines) in zip([("", [""]), *blocks], list(blocks), strict=False):
        if kind == "copied" and len(lines) > 1 and before[0] == "prose" and not CAPTION.match(before[1][-1]):
            lines.insert(0, before[1].pop())
    least = {"blanks": 3, "copied": 3}
    return [(k if len(ls) >= least.get(k, 1) else "prose", ls) for k, ls in blocks if ls]


def _kind(line: str) -> str:
    if not line.strip() or re.fullmatch(r"\s*(```+|~~~+)\w*\s*", line):
        return ""
    if line.count("|") >= 2 or re.fullmatch(r"\s*\|?[\s:|-]+\|[\s:|-]*", line):
        return "bars"
    if "\t" in line.rstrip():
        return "tabs"
    if re.search(r"\S(\s{2,}\S+){2,}\s*$", line) and re.search(r"\d|\S+(\s{2,}[\w.-]+){2,}", line):
        return "blanks"
    copied = _COPIED.match(line)
    return "copied" if copied and re.search(r"[^\W\d]", copied["name"]) else "prose"


def _continues(kind: str, block: list[str], line: str) -> bool:
    """Whether a line after an empty one goes on with the table: the same header again, or numbers."""
    if kind == "blanks":
        return re.search(r"\s{2}[\d.]+\s*$", line) is not None
    if kind != "tabs":
        return False
    cells = line.rstrip().split("\t")
    same = line.strip() == block[0].strip()
    numbers = len(cells) > 1 and all(re.match(r"^[+−-]?[\d.,]+ ?%?$", cell.strip()) for cell in cells[1:] if cell)
    return same or (numbers and len(cells) == len(block[-1].rstrip().split("\t")))


def _bars(lines: list[str]) -> list[list[Cell]]:
    """A Markdown table; without its line of dashes one is put in."""
    from bs4 import BeautifulSoup
    from markdown_it import MarkdownIt

    dashes = re.compile(r"^\s*\|?[\s:|+-]*-[\s:|+-]*$")
    lines = [f"| {line.strip().strip('|')} |" for line in lines if not dashes.match(line)]
    width = max((line.count("|") - 1 for line in lines), default=0)
    if not width:
        return []
    lines = [line + " |" * (width + 1 - line.count("|")) for line in lines]
    source = "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])
    html = MarkdownIt("commonmark").enable("table").render(source)
    table = BeautifulSoup(html, "html.parser").find("table")
    return _html_rows(table) if table else []


def _tabs(lines: list[str]) -> list[list[Cell]]:
    return [[Cell.of(cell) for cell in line.rstrip().split("\t")] for line in lines]


def _columns(lines: list[str]) -> list[list[Cell]]:
    """Columns of text: a line with all cells in their order, others by where they stand, or from the right.

    A shorter line's cells go to the columns whose spans they come nearest to, if the full lines are set in columns.
    """
    groups = [[(m.start(), m.end(), m[0]) for m in re.finditer(r"\S+(?: \S+)*", line)] for line in lines]
    spans = max(groups, key=len)
    full = [group for group in groups if len(group) == len(spans)]
    aligned = all(
        min(abs(g[0] - s[0]), abs(g[1] - s[1])) <= 2 for group in full for g, s in zip(group, spans, strict=True)
    )
    rows = []
    for group in groups:
        row = [Cell("")] * len(spans)
        texts = [Cell.of(text) for *_, text in group]
        if len(group) == len(spans):
            row = texts
        elif not aligned:
            row[:1] = texts[:1]
            row[len(row) - len(texts) + 1 :] = texts[1:]
        else:
            for start, end, text in group:
                far = [min(abs(end - e), abs(start - s), abs(start + end - s - e)) for s, e, _ in spans]
                if start == group[0][0] and start < spans[0][1] + 2:
                    far[0] = 0
                row[far.index(min(far))] = Cell.of(text)
        rows.append(row)
    return rows


def _copied(lines: list[str]) -> list[list[Cell]]:
    """A header and rows of a name and numbers with single blanks: the header is cut into as many names as numbers."""
    body = [found for line in lines[1:] if (found := _COPIED.match(line))]
    numbers = [re.findall(_NUM, found["numbers"]) for found in body]
    width = max(map(len, numbers))
    header = _cut(lines[0], width)
    if not header:
        return []
    rows = [[found["name"], *[""] * (width - len(n)), *n] for found, n in zip(body, numbers, strict=True)]
    return [[Cell.of(text) for text in row] for row in [header, *rows]]


def _cut(header: str, width: int) -> list[str]:
    """A header line as a first name and `width` names of columns; empty if that is not clear.

    Brackets and arrows stay with the word before.  Where words are left over, names are those that say a quantity.
    """
    from mer_repro.audit.tables import headings

    words = re.findall(r"\S+(?: (?:\([^)]*\)|[↑↓]))*", header)
    if len(words) in (width, width + 1):
        return [""] * (width + 1 - len(words)) + words
    cut: list[str] = []
    while words and len(cut) < width:
        sizes = [n for n in (3, 2, 1) if n <= len(words) and _says(" ".join(words[-n:]), headings)]
        if not sizes:
            return []
        cut.insert(0, " ".join(words[-sizes[0] :]))
        words = words[: -sizes[0]]
    return [" ".join(words), *cut] if len(cut) == width else []


def _says(text: str, headings) -> bool:
    """Whether a text names one quantity and nothing else."""
    heading = headings.read(text)
    return bool(heading.quantity) and not heading.rest
