"""Text files read against their declarations: one error, with file and line, at what is not as declared.

Conventions
-----------
Cells are compared without the white space around them, header cells without any and without case. Line ends are those
of any system; blank rows are passed over. What is damaged and can be read all the same (bytes that are not text,
carriage returns inside cells) is replaced, counted and named by a `DataWarning`; `damage` finds it for the checks.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data.base import Column, Location, Table
from mer_repro.errors import DataError, DataMissing, DataWarning

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

AGAIN = "Fetch the file again."
CUT = "The file may be truncated: fetch it again."
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}


# ---- text ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Whole:
    """What is known of a whole file: its `lines` after the header (0: not known), the `digests` of whole copies."""

    lines: int = 0
    digests: tuple[str, ...] = ()


UNKNOWN = Whole()


def whole(location: Location, table: Table, name: str = "") -> Whole:
    """What the declaration knows of a published file, and the generator of a twin's."""
    if location.kind == "real":
        return Whole(table.lines, table.digests)
    lines, digest = location.truth().get("tables", {}).get(name or table.path, (0, ""))
    return Whole(lines, (digest,))


def text_digest(text: str) -> str:
    """What tells a known file, whatever its line ends and blank last lines: 32 hex digits of SHA-256."""
    return hashlib.sha256(text.rstrip().encode("utf-8", errors="surrogatepass")).hexdigest()[:32]


def decode(content: bytes, encodings: Sequence[str] = ("utf-8",)) -> str:
    """The text of a file, in the first of `encodings` that it is valid in, line ends as they are; what is valid in none
    becomes the replacement character."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode(encodings[0], errors="replace")


def plain_line_ends(text: str) -> str:
    """The text with one kind of line end. Carriage returns inside cells become blanks, unless they end all lines."""
    text = text.replace("\r\n", "\n")
    return text.replace("\r", " " if "\n" in text else "\n") if "\r" in text else text


def damage(content: bytes, encodings: Sequence[str] = ("utf-8",)) -> dict[str, tuple[int, int]]:
    """Damage that does not keep a file from being read: ``{what: (how often, line of the first)}``."""
    text = decode(content, encodings)
    counts = {"replacement characters": content.count(REPLACEMENT.encode())}
    counts["bytes that are not text"] = text.count(REPLACEMENT) - counts["replacement characters"]
    text = text.replace("\r\n", "\n")
    counts["carriage returns in cells"] = text.count("\r") if "\n" in text else 0
    first = {"carriage returns in cells": "\r"}
    return {
        what: (count, text.count("\n", 0, text.index(first.get(what, REPLACEMENT))) + 1)
        for what, count in counts.items()
        if count > 0
    }


def read_text(path: Path, known: Whole = UNKNOWN, *, encodings: Sequence[str] = ("utf-8",), ends: bool = True) -> str:
    """A text file without byte-order mark, with plain line ends.

    Parameters
    ----------
    known : what is known of the whole file.
    ends : whether its last line must have an end, where nobody can tell that it is whole.

    Raises
    ------
    DataMissing
        If there is no such file.
    DataError
        If the file is empty, holds a zero byte, or has fewer lines than known and breaks off in one.

    Warns
    -----
    DataWarning
        Of damage that was mended; of fewer lines than known; of a last line without end in a copy that is not known:
        nothing then tells a whole last cell from one that was cut.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataMissing(f"There is no file {path}.") from None
    if not content.removeprefix(b"\xef\xbb\xbf").strip():
        raise DataError(path, line=1, found="an empty file", expected="a table", todo=AGAIN)
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise DataError(path, line=line, found="a zero byte", expected="text", todo=AGAIN)
    text = decode(content, encodings)
    if REPLACEMENT in text or "\r" in text:
        for what, (count, line) in damage(content, encodings).items():
            if what != "replacement characters":
                _warn(f"{path}: {count} {what}, the first on line {line}, were replaced. {AGAIN}")
        text = plain_line_ends(text)
    if known.digests and text_digest(text) in known.digests:
        return text
    lines, ended = text.rstrip().count("\n"), not ends or text.rstrip(" \t").endswith("\n")
    if lines < known.lines and not ended:
        raise DataError(
            path,
            line=lines + 1,
            found="a last line that ends too early",
            expected=f"{known.lines + 1} whole lines, as in the copy this project knows",
            todo="The file is truncated: fetch it again.",
        )
    if lines < known.lines:
        _warn(
            f"{path} has only {lines + 1} of the {known.lines + 1} lines of the table that this project knows. If you"
            " did not shorten it, fetch it again."
        )
    if not ended:
        _warn(
            f"{path}, line {lines + 1}: the last line has no line end, so its last cell may be cut short; if the file"
            " is whole, end it with a newline."
        )
    return text


def _warn(message: str) -> None:
    warnings.warn(message, DataWarning, stacklevel=4)


# ---- tables ----------------------------------------------------------------------------------------------------------


def read_table(path: Path, table: Table, known: Whole = UNKNOWN) -> pd.DataFrame:
    """Read a delimited text file against its declaration.

    Returns
    -------
    pandas.DataFrame
        One row per line, columns in the declared order under their canonical names; "int" as int64 (float64 where the
        column is nullable), "float" as float64, "str" as object. ``attrs["cut_rows"]`` counts a last row left out.

    Raises
    ------
    DataMissing
        If there is no such file.
    DataError
        One, naming file and line, at the first thing that is not as declared: header, number of cells, a cell's kind or
        range, a rule, a key seen before, no rows.
    """
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    text = read_text(path, known, encodings=table.encodings, ends=table.short != "drop last")
    line, header = _header(path, text, table)
    places, surplus = _places(path, line, header, table)
    rows = _split(path, text, line, len(header), table)
    cells = {name: rows.columns[place] for name, place in places.items()}
    filled = np.zeros(len(rows.lines), dtype=bool)
    for column in cells.values():
        filled |= _filled(column)
        if filled.all():
            break
    if not filled.any():
        raise DataError(path, line=line + 1, found="no rows", expected="at least one", todo=AGAIN)
    _refuse_surplus(path, line, {header[place].strip(): rows.columns[place] for place in surplus}, table)
    lines, found = rows.lines[filled], {}
    faults = []
    for column in table.columns:
        if column.name in cells:
            column_cells = cells[column.name] if filled.all() else cells[column.name].filter(pa.array(filled))
            values, fault = _values(column_cells, column)
            found[column.name] = pd.Series(values, dtype=object) if column.kind == "str" else values
            faults += [(fault, column)] if fault is not None else []
    if faults:
        (row, cell), column = min(faults, key=lambda fault: fault[0][0])
        raise cell_error(path, int(lines[row]), column, cell)
    frame = pd.DataFrame(found)
    if table.gather:
        nameless = [place for place, cell in enumerate(header) if not cell.strip()]
        frame[table.gather] = pd.Series(rows.beyond(nameless, filled), dtype=object)
    for mask, what, expected in table.rule(frame) if table.rule else ():
        if np.any(mask):
            row = int(np.argmax(np.asarray(mask)))
            values = frame.iloc[row].to_dict()
            raise DataError(path, line=int(lines[row]), found=what.format(**values), expected=expected.format(**values))
    require_unique(path, lines, frame, table.key)
    frame.attrs["cut_rows"] = rows.cut
    return frame


def _header(path: Path, text: str, table: Table) -> tuple[int, list[str]]:
    """Line and cells of the header: the first line that is not blank."""
    start = len(text) - len(text.lstrip("\n \t"))
    number, end = text.count("\n", 0, start) + 1, text.find("\n", start)
    first = text[start:] if end < 0 else text[start:end]
    quoting = csv.QUOTE_MINIMAL if table.quoted else csv.QUOTE_NONE
    return number, next(csv.reader([first], delimiter=table.delimiter, quoting=quoting, skipinitialspace=True))


@dataclass
class _Rows:
    """The cells of a file's rows. columns : one Arrow array of texts per column; lines : where each row starts;
    longer : {row: cells beyond the header}; cut : last rows left out."""

    columns: list
    lines: np.ndarray
    longer: Mapping[int, list[str]]
    cut: int = 0

    def beyond(self, nameless: Iterable[int], kept: np.ndarray) -> list[tuple[str, ...]]:
        """The cells that are not empty in columns without a name and beyond the header, for each row kept."""
        named = [self.columns[place].to_pylist() for place in nameless]
        rows = ([*(column[row] for column in named), *self.longer.get(row, [])] for row in range(len(self.lines)))
        return [
            tuple(cell.strip() for cell in row if cell.strip()) for row, keep in zip(rows, kept, strict=True) if keep
        ]


def _split(path: Path, text: str, line: int, width: int, table: Table) -> _Rows:
    """The rows below the header on `line`: by Arrow where no cell can hold a line end, else by the csv module."""
    if (table.quoted and '"' in text) or table.gather:
        return _split_quoted(path, text, width, table)
    body = text.split("\n", line)[-1] if text.count("\n") >= line else ""
    if table.short == "fill":
        sign = table.delimiter
        body = "\n".join(row and row + sign * (width - 1 - row.count(sign)) for row in body.split("\n"))
    return _split_plain(path, body, line, width, table)


def _split_plain(path: Path, body: str, line: int, width: int, table: Table) -> _Rows:
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    odd: list[tuple[int, int, str]] = []

    def set_aside(row) -> str:
        odd.append((row.number, row.actual_columns, row.text))
        return "skip"

    names = [str(place) for place in range(width)]
    content = body.encode()
    if not body.strip():
        return _Rows([pa.array([], pa.string())] * width, np.array([], dtype=int), {})
    read = arrow_csv.read_csv(
        io.BytesIO(content),
        read_options=arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(content) + 1),
        parse_options=arrow_csv.ParseOptions(
            delimiter=table.delimiter, quote_char=False, ignore_empty_lines=False, invalid_row_handler=set_aside
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
    total = read.num_rows + len(odd)
    lines = np.delete(np.arange(total), [number - 1 for number, *_ in odd]) + line + 1
    blank = {number for number, _, row in odd if not row.strip(table.delimiter + " \t")}
    odd = [row for row in odd if row[0] not in blank]
    cut = _drop_last(
        path, [(number + line, cells) for number, cells, _ in odd], int(lines[-1:].max(initial=0)), width, table
    )
    return _Rows([column.combine_chunks() for column in read.columns], lines, {}, cut)


def _split_quoted(path: Path, text: str, width: int, table: Table) -> _Rows:
    import numpy as np
    import pyarrow as pa

    reader = csv.reader(io.StringIO(text, newline=""), delimiter=table.delimiter, strict=True, skipinitialspace=True)
    rows, lines, start = [], [], 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(cells)
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            path,
            line=start,
            found=f"broken quoting ({error})",
            expected=f"cells separated by '{table.delimiter}', quoted in pairs",
            todo=CUT,
        ) from None
    rows, lines = rows[1:], lines[1:]
    odd = [
        (line, len(cells))
        for line, cells in zip(lines, rows, strict=True)
        if len(cells) != width
        and not (len(cells) > width and table.gather)
        and not (len(cells) < width and table.short == "fill")
    ]
    cut = _drop_last(path, odd, lines[-1] - 1 if lines else 0, width, table)
    rows = rows[: len(rows) - cut]
    padded = [cells + [""] * (width - len(cells)) for cells in rows]
    columns = [pa.array([cells[place] for cells in padded], pa.string()) for place in range(width)]
    longer = {row: cells[width:] for row, cells in enumerate(rows) if len(cells) > width}
    return _Rows(columns, np.array(lines[: len(rows)], dtype=int), longer, cut)


def _drop_last(path: Path, odd: list[tuple[int, int]], last: int, width: int, table: Table) -> int:
    """1 where the only row of another width is a cut last one that may be left out; an error for any other."""
    if not odd:
        return 0
    line, cells = odd[0]
    if table.short == "drop last" and len(odd) == 1 and line > last and cells < width:
        return 1
    quoted = f"A cell that holds a '{table.delimiter}' must stand in double quotes." if table.quoted else AGAIN
    raise DataError(
        path,
        line=line,
        found=f"{cells} cells",
        expected=f"{width}, as in the header",
        todo=CUT if cells < width else quoted,
    )


def _filled(cells) -> np.ndarray:
    """Which cells are not empty."""
    import pyarrow.compute as pc

    return pc.not_equal(pc.utf8_trim_whitespace(cells), "").to_numpy(zero_copy_only=False)


def _values(cells, column: Column) -> tuple[np.ndarray | list, tuple[int, str] | None]:
    """The values of a column, and the first cell that is not as declared: (row, cell).

    Arrow reads whole columns; whatever it does not take is left to `Column.parse`, cell by cell.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.kind != "str":
        values = _numbers(cells, column)
        if values is not None:
            return values, None
    cells = pc.utf8_trim_whitespace(cells)
    if column.kind == "str" and (column.nullable or not pc.any(pc.equal(cells, "")).as_py()):
        chosen = pa.array([*column.choices, *[""] * column.nullable])
        if not column.choices or pc.all(pc.is_in(cells, value_set=chosen)).as_py():
            return cells.to_numpy(zero_copy_only=False), None
    values = []
    for row, cell in enumerate(cells.to_pylist()):
        try:
            values.append(column.parse(cell))
        except ValueError:
            return values, (row, cell)
    return np.array(values, dtype=object if column.kind == "str" else None), None


def _numbers(cells, column: Column) -> np.ndarray | None:
    """The numbers of a column, None where a cell is none or lies outside the range."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = pa.int64() if column.kind == "int" else pa.float64()
    if column.kind == "int" and pc.any(pc.match_substring(cells, "x", ignore_case=True)).as_py():
        return None  # Arrow would take hexadecimal numbers
    for trimmed in (lambda: cells, lambda: pc.utf8_trim_whitespace(cells)):  # blanks around numbers are rare
        try:
            given = trimmed()
            values = pc.cast(pc.if_else(pc.equal(given, ""), None, given) if column.nullable else given, kind)
            break
        except pa.ArrowInvalid:
            continue
    else:
        return None
    numbers = (values.drop_null() if values.null_count else values).to_numpy(zero_copy_only=False)
    right = not len(numbers) or (
        np.isfinite(numbers).all() and column.low <= numbers.min() and numbers.max() <= column.high
    )
    if not right:
        return None
    values = values.to_numpy(zero_copy_only=False)
    return values.astype("float64") if column.nullable else values


def cell_error(path: Path, line: int, column: Column, cell: str) -> DataError:
    """The error that names a cell's line, column and what was expected of it."""
    shown = f"'{cell.strip()[:40]}'" if cell.strip() else "an empty cell"
    return DataError(
        path,
        line=line,
        found=f"{shown} in column '{column.published}'",
        expected=column.expectation(),
        todo="Fetch the file again, or undo the edit.",
    )


def plain_header(cell: str) -> str:
    """A header cell as it is compared: official files put spaces after commas and inside names."""
    return re.sub(r"\s+", "", cell).lower()


def _places(path: Path, line: int, header: list[str], table: Table) -> tuple[dict[str, int], list[int]]:
    """Canonical name -> index in the file's header, and the indices of named columns that are not declared."""
    found: dict[str, int] = {}
    for index, cell in enumerate(header):
        plain = plain_header(cell)
        if plain and plain in found:
            raise DataError(path, line=line, found=f"two columns '{cell.strip()}'", expected="each column once")
        found[plain] = index
    if not any("" in column.headers for column in table.columns):
        found.pop("", None)
    places: dict[str, int] = {}
    for column in table.columns:
        names = [plain_header(name) for name in column.headers if plain_header(name) in found]
        if names:
            places[column.name] = found[names[0]]
    missing = [c.published for c in table.columns if c.name not in places and not c.optional]
    if missing:
        other = [name for sign, name in DELIMITERS.items() if len(header) == 1 and sign in header[0]]
        raise DataError(
            path,
            line=line,
            found="a header without " + listed(missing, 3),
            expected="the columns " + listed(table.header),
            todo=f"Its cells seem to be separated by {other[0]}: save it with {DELIMITERS[table.delimiter]}."
            if other
            else "Is it the right file, with its header line?",
        )
    return places, [index for index in found.values() if index not in places.values()]


def _refuse_surplus(path: Path, line: int, surplus: Mapping, table: Table) -> None:
    """Raise over columns that are not declared; one that is empty throughout says nothing and is passed over."""
    strangers = [name for name, cells in surplus.items() if table.others == "refuse" and _filled(cells).any()]
    if strangers:
        raise DataError(
            path,
            line=line,
            found="columns nobody asked for: " + listed(strangers),
            expected="the columns " + listed(table.header),
            todo="Is it the right file?",
        )


def listed(names: Sequence[str], most: int = 8) -> str:
    """The names in quotes, the first `most` of them."""
    return ", ".join(f"'{name}'" for name in names[:most]) + (f" and {len(names) - most} more" * (len(names) > most))


def require_unique(path: Path, lines: Sequence[int], frame: pd.DataFrame, key: Sequence[str]) -> None:
    """Raise DataError at the second of two rows that agree in all columns of `key`; row k starts on ``lines[k]``."""
    if not key or not (twice := frame.duplicated(list(key)).to_numpy()).any():
        return
    second = int(twice.argmax())
    values = frame.loc[frame.index[second], list(key)]
    first = int((frame[list(key)] == values).all(axis=1).to_numpy().argmax())
    raise DataError(
        path,
        line=int(lines[second]),
        found="a second row for " + ", ".join(f"{name} {value}" for name, value in values.items()),
        expected=f"one row each (the first is on line {lines[first]})",
        todo="Remove the duplicate, or fetch the file again.",
    )


def require_same_ids(path: Path, ids, other_path: Path, other_ids, what: str = "song_id") -> None:
    """Raise DataError if `path` lacks ids that `other_path` has, or has others: one of the files is cut or mixed up."""
    ids, other_ids = set(ids), set(other_ids)
    for lacking, having, missing in ((path, other_path, other_ids - ids), (other_path, path, ids - other_ids)):
        if missing:
            raise DataError(
                lacking,
                found=f"no {what} {listed([str(m) for m in sorted(missing)], 3)}",
                expected=f"the same {what}s as in {having}",
                todo="One of the two files is truncated or belongs to another set: fetch both again.",
            )


def read_json(path: Path):
    """A JSON document.

    Raises
    ------
    DataMissing, DataError
        As `read_text`; DataError also at the line where the document stops being JSON, and for a name that stands twice
        in one object (of which a plain reader would silently keep the last).
    """
    text = read_text(path, ends=False)

    def once(pairs: list[tuple[str, object]]) -> dict:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            line = text.count("\n", 0, text.rfind(f'"{twice}"')) + 1
            raise DataError(path, line=line, found=f"'{twice}' twice in one object", expected="each name once")
        return found

    def refuse(constant: str):
        line = text.count("\n", 0, text.find(constant)) + 1
        raise DataError(path, line=line, found=constant, expected="a finite number")

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise DataError(
            path, line=error.lineno, found=f"broken JSON ({error.msg})", expected="a whole JSON document", todo=CUT
        ) from None
