"""From a grid of printed cells to values with a quantity, a unit and names; what cannot be read becomes a question."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from mer_repro.audit import quantities
from mer_repro.audit.numbers import Rounding, decimal_of
from mer_repro.audit.tables import headings
from mer_repro.audit.tables.grid import Cell, Grid
from mer_repro.audit.tables.headings import Heading

MISSING = {"", "-", "–", "—", "--", "−", "nan", "n/a", "na", "n.a.", "none", "?", "x", "/", "n.r."}
_NUMBER = re.compile(
    r"^[~≈]? ?(?P<value>[+−–-]? ?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.?\d*|\.\d+)(?:[eE][+−-]?\d+)?) ?(?P<unit>%|s|ms)?"
    r"(?: ?\(? ?(?:±|\+/-|\+-|\\pm) ?(?P<spread>\d+\.?\d*|\.\d+) ?%? ?\)?)? ?[*†‡§↑↓,;]*$"
)
#: words that say that a table's scores are means over several runs
_SEVERAL = re.compile(
    r"\b(?:\w+-?fold|folds?|runs|seeds|trials|repetitions|cross[- ]?validat\w+|averaged over)\b|±", re.I
)
#: scores printed in units that no header of the vocabulary has
_SCALED = re.compile(r"[×x\*] ?10(?:\^|\d|⁻|-|\b)|‰|per ?mille|scaled by", re.I)
#: rows and columns of differences between scores, or of what is no score
_CHANGE = re.compile(r"\b(?:diff(?:erence|\.)?|delta|improvements?|gains?|change|std\.?|p-?value|rank)\b|Δ|∆", re.I)
#: headers of columns of names whose rows are measured on different things
_APART = re.compile(
    r"data ?-?set|corpus|corpora|dimension|target|split|domain|language|task|fold|set\b|emotion|class|label|type|size|"
    r"categor|genre|train|test|metric",
    re.I,
)


@dataclass(slots=True)
class Value:
    """One cell read: `printed` (and `spread`) as in the cell, its place, what it is of, and whether it is bold.

    `who` is the row's name without quantity, `where` the rest of the header, the section and further names: values that
    share `where` and differ in `who` are of different models (or classes) on the same thing.
    """

    id: str
    row: int
    column: int
    printed: str
    spread: str | None
    quantity: str
    unit: str
    who: str
    where: str
    group: tuple
    section: str
    bold: bool
    label: str
    header: str
    part: str = ""
    kept: str = ""
    lead: str = ""
    rounding: Rounding | None = None
    #: whether a header or a row names the quantity, not the caption alone
    sure: bool = True

    @property
    def family(self) -> str:
        """The quantity that a macro, micro or weighted one averages; else itself."""
        return quantities.quantities()[self.quantity].family if self.quantity else ""


@dataclass(slots=True)
class Table:
    """A grid read: values by cell, what each column and row is, and the questions that are open."""

    grid: Grid
    values: dict[tuple[int, int], Value] = field(default_factory=dict)
    columns: dict[int, Heading] = field(default_factory=dict)
    rows: dict[int, Heading] = field(default_factory=dict)
    sections: dict[int, str] = field(default_factory=dict)
    #: first of several names of a row, which names a block of rows
    leads: dict[int, str] = field(default_factory=dict)
    labels: list[int] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    several: bool = False
    apart: bool = False
    #: rows of a report by class: kind of aggregate ('' for a class) by row
    report: dict[int, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The number of the table, as `Grid.name`."""
        return self.grid.name

    def groups(self) -> dict[tuple, dict[str, Value]]:
        """Values of one model on one thing by their family; a quantity that stands twice in a group is left out."""
        found: dict[tuple, dict[str, list[Value]]] = defaultdict(lambda: defaultdict(list))
        for value in self.values.values():
            if value.quantity:
                found[value.group][value.family].append(value)
        return {
            key: {family: values[0] for family, values in by.items() if len(values) == 1} for key, by in found.items()
        }


def number(text: str) -> re.Match | None:
    """The parts of a printed number (value, unit, spread), or None if the cell is not one number."""
    found = _NUMBER.match(text.strip())
    return found if found and decimal_of(found["value"].replace(" ", "").replace("–", "-")) is not None else None


def missing(text: str) -> bool:
    """Whether a cell says that there is no number: empty, a dash, NAN, n/a."""
    return text.strip().casefold() in MISSING


def read(grid: Grid, prose: str = "") -> Table | None:
    """Read a grid; `prose` is the text that speaks of it.  None if it holds fewer than two numbers."""
    table = Table(grid)
    top = _header_rows(grid.rows)
    body = grid.rows[top:]
    if sum(number(cell.text) is not None for row in body for cell in row[1:]) < 2:
        return None
    table.several = bool(_SEVERAL.search(grid.caption + " " + prose)) or any(
        (found := number(cell.text)) and found["spread"] for row in body for cell in row
    )
    width = len(grid.rows[0])
    headers = [_header([row[k] for row in grid.rows[:top]]) for k in range(width)]
    table.labels = _label_columns(body, headers)
    table.apart = any(_APART.search(headers[k]) for k in table.labels[:1])
    _name_rows(table, top, headers)
    table.columns = {k: headings.read(headers[k]) for k in range(width) if k not in table.labels}
    caption = headings.read(re.sub(r"^\W*table\s*\S+", "", grid.caption, flags=re.I))
    if caption.letter or _SCALED.search(grid.caption):
        caption = Heading(grid.caption)
    _confirm_letters(table)
    _report(table)
    for position in table.rows:
        for column, heading in table.columns.items():
            _cell(table, position, column, heading, caption)
    _drop_changes(table)
    _units(table)
    _ask(table)
    return table if table.values else None


def _header_rows(rows: list[list[Cell]]) -> int:
    """How many rows at the top are headers: those in which fewer than half of the cells after the first are numbers."""
    for position, row in enumerate(rows[:4]):
        filled = [cell.text for cell in row[1:] if cell.text]
        numbers = sum(number(text) is not None or missing(text) for text in filled)
        if position and filled and (2 * numbers >= len(filled) or len(set(filled)) == 1 < len(filled)):
            return position
        if position and not filled:  # a section's name
            return position
    return 1


def _header(cells: list[Cell]) -> str:
    """A column's header: its rows joined, repetitions left out."""
    texts: list[str] = []
    for cell in cells:
        if cell.text and not any(cell.text == text or text.endswith(" " + cell.text) for text in texts):
            texts.append(cell.text)
    return " ".join(texts)


def _label_columns(body: list[list[Cell]], headers: list[str]) -> list[int]:
    """Columns of names: the first (unless its header is a score), and those that hold mostly words."""
    found = []
    for column in range(len(headers)):
        texts = [row[column].text for row in body if not missing(row[column].text)]
        numbers = sum(number(text) is not None for text in texts)
        scored = headings.read(headers[column]).quantity and numbers
        if (column == 0 and not scored) or (texts and 2 * numbers < len(texts)):
            found.append(column)
    return found


def _name_rows(table: Table, top: int, headers: list[str]) -> None:
    """Names of the rows: empty first cells take the name above; a row of one text names the section below it."""
    above: list[str] = ["" for _ in table.labels]
    corner = headers[0] if headers and table.labels[:1] == [0] and re.search(r"\d", headers[0]) else ""
    section = corner
    for position, row in enumerate(table.grid.rows[top:], top):
        filled = {cell.text for cell in row if cell.text}
        body = [cell.text for k, cell in enumerate(row) if k not in table.labels]
        if len(filled) == 1 and not any(number(text) for text in body):
            section, above = filled.pop(), ["" for _ in table.labels]
            continue
        texts = [row[k].text for k in table.labels]
        if texts and not texts[0] and any(texts):
            texts[0] = above[0]
        above = texts or above
        table.leads[position] = texts[0] if len(texts) > 1 else ""
        label = " ".join(dict.fromkeys(text for text in texts if text))
        table.rows[position] = _row_heading(label, texts)
        table.sections[position] = section


def _row_heading(label: str, texts: list[str]) -> Heading:
    """A row's name; it names a quantity only where one of its cells does so alone ('Hmd-F1 + BERT' is a model)."""
    for k, text in enumerate(texts):
        heading = headings.read(text)
        if heading.quantity and (not heading.rest or heading.quantity in ("count", "support")):
            rest = " ".join(dict.fromkeys(t for j, t in enumerate(texts) if t and j != k)) or heading.rest
            return Heading(label, heading.quantity, heading.unit, headings.plain(rest), letter=heading.letter)
    return Heading(label, rest=headings.plain(label))


def _confirm_letters(table: Table) -> None:
    """Single letters P, R and F mean precision, recall and F1 only where all three stand side by side."""
    for side in (table.columns, table.rows):
        letters: dict[str, set[str]] = defaultdict(set)
        for heading in side.values():
            if heading.quantity in ("precision", "recall", "f1"):
                letters[heading.rest].add(heading.quantity)
        for key, heading in list(side.items()):
            spelled = heading.text.strip().casefold().endswith("f1")
            if heading.letter and not spelled and len(letters[heading.rest]) < 3:
                side[key] = Heading(heading.text, rest=headings.plain(heading.text))


def _report(table: Table) -> None:
    """Mark a report by class: precision, recall and F1 or supports in columns, rows of averages below the classes."""
    named = {heading.quantity for heading in table.columns.values()}
    kinds = {position: headings.aggregate(heading.text) for position, heading in table.rows.items()}
    classes = [position for position, kind in kinds.items() if not kind]
    scores = len(named & {"precision", "recall", "f1"}) >= 2
    averages = {"macro", "weighted", "micro", "mean"} & set(kinds.values())
    if scores and len(classes) > 1 and ("support" in named or averages & {"macro", "weighted"}):
        table.report = kinds


def _cell(table: Table, position: int, column: int, heading: Heading, caption: Heading) -> None:
    """Read one cell into a value, or note that it cannot be read."""
    cell = table.grid.rows[position][column]
    found = number(cell.text)
    row = table.rows[position]
    if found is None:
        if not missing(cell.text) and re.search(r"\d", cell.text):
            table.unread.append(f"'{cell.text}' ({row.text}, {heading.text})")
        return
    kind = table.report.get(position, "")
    by_row = not heading.quantity and not heading.several and row.quantity and not kind
    source = row if by_row else heading
    quantity, unit, sure = source.quantity, source.unit, True
    if kind == "accuracy" and quantity != "support":
        quantity = "accuracy"
    elif kind in ("macro", "micro", "weighted") and f"{kind}_{quantity}" in quantities.quantities():
        quantity = f"{kind}_{quantity}"
    if not quantity and not heading.several and not row.several:
        quantity, unit, sure = caption.quantity, unit or caption.unit, False
    if (
        not quantity
        and re.fullmatch(r"[\d,]+", found["value"])
        and re.search(r"number of|count", table.grid.caption, re.I)
    ):
        quantity, unit = "count", "items"
    if quantity in ("count", "support") and not re.fullmatch(r"[\d,]+", found["value"]):
        quantity, unit = "", ""
    who, where = (row.rest, heading.rest) if by_row else (row.text, source.rest)
    further = " ".join(table.grid.rows[position][k].text for k in table.labels[1:])
    section = table.sections[position]
    table.values[position, column] = Value(
        id="",
        row=position,
        column=column,
        printed=found["value"].replace(" ", "").replace("–", "-"),
        spread=found["spread"],
        quantity=quantity,
        unit=found["unit"] if found["unit"] == "%" else unit,
        who=who,
        where=" ".join(part for part in (where, section) if part),
        group=("column", column, row.rest, section) if by_row else ("row", position, heading.rest),
        section=section,
        bold=cell.bold,
        label=row.text,
        header=heading.text,
        part=headings.part_of(f"{heading.rest} {further} {section} {row.text}"),
        kept=further,
        lead=table.leads[position],
        sure=sure,
    )


def _drop_changes(table: Table) -> None:
    """Rows and columns of differences (by their names, or by signs before shares) lose their quantity."""
    known = quantities.quantities()
    shares = {p: v for p, v in table.values.items() if v.quantity and known[v.quantity].low == 0}
    signed: set[tuple[str, int]] = set()
    for axis, name in enumerate(("row", "column")):
        lines = defaultdict(list)
        for place, value in shares.items():
            lines[place[axis]].append(value.printed[0] in "+-−")
        signed |= {(name, line) for line, signs in lines.items() if 2 * sum(signs) > len(signs)}
    for (row, column), value in table.values.items():
        named = _CHANGE.search(value.label) or _CHANGE.search(value.header)
        if value.quantity not in ("", "percentage_gain") and (named or {("row", row), ("column", column)} & signed):
            value.quantity = ""


def _units(table: Table) -> None:
    """Units of shares: per cent where it is said, or where numbers above 1.5 leave no choice; and ids."""
    highest: dict[str, float] = {}
    for value in table.values.values():
        size = abs(float(value.printed.replace(",", "").replace("−", "-")))
        key = value.family if value.family not in ("precision", "recall", "f1") else "f1"
        highest[key] = max(size, highest.get(key, 0.0))
    used: Counter[str] = Counter()
    for value in table.values.values():
        known = quantities.quantities().get(value.quantity)
        key = value.family if value.family not in ("precision", "recall", "f1") else "f1"
        if known and known.kind in ("score", "share") and known.high == 1:
            many = highest[key] > (1.0 if known.better == "lower" else 1.5)
            value.unit = "%" if value.unit == "%" or many else "1"
        elif known and known.kind == "count":
            value.unit = "items"
        elif known and quantities.fault(value.quantity, value.unit or "1"):
            value.unit = {"time": "s", "rate": "items/s", "memory": "GB", "frequency": "Hz"}.get(
                known.dimensions[0], "1"
            )
        elif not value.unit:
            value.unit = "%" if value.quantity == "mape" and highest[key] > 1.5 else "1"
        slug = ".".join(part for part in (f"t{_slug(table.name)}", _slug(value.label), _slug(value.header)) if part)
        used[slug] += 1
        value.id = slug if used[slug] == 1 else f"{slug}.{used[slug]}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", headings.plain(text)).strip("_")[:32].strip("_")


def _ask(table: Table) -> None:
    """Questions: headers that name no quantity, or several."""
    for column, heading in table.columns.items():
        values = [value for (_, k), value in table.values.items() if k == column]
        if heading.several:
            table.questions.append(
                f"column '{heading.text}' names {' and '.join(heading.several)}: which are the numbers?"
            )
        elif values and not any(value.quantity for value in values):
            table.questions.append(f"what does column '{heading.text or column + 1}' measure?")
    if len(table.questions) == len(table.columns) > 3:
        table.questions = [
            f"what do the {len(table.columns)} columns measure? neither headers nor caption name a quantity"
        ]
