"""What every data set's loader declares: where its files lie, what they hold, what checking them may find.

Conventions
-----------
A loader module (``mer_repro/data/<name>.py``) has

- ``BIBTEX``, ``LICENSE_INFO``: whom to cite, what the owners allow;
- ``REMOTES``: ``{name: Remote}``, the official downloads;
- ``TABLES``: ``{name: Table}``, the files that count, in the layout of the official archive. One declaration drives
  reading (`Table.read`), the checks that every set has, the documentation page and the header of the twin's file;
- optionally ``NAMES``, other names that its folder goes by, and ``ALSO``, ``{prefix: prefixes}``: where copies that
  circulate keep what the archive has under a prefix;
- ``load(location, ...)``: a frozen dataclass of pandas tables and a ``location``;
- ``validate(dataset)``: a list of `Finding`, beside those that `mer_repro.data.checks.declared` makes of ``TABLES``;
- ``make_twin(folder, seed=0)``: writes generated files in the official layout, and ``truth.json``.

Canonical columns are ``song_id`` (as published), ``time`` (s), ``valence``, ``arousal`` (scale said by the loader),
``artist``, ``title``, ``genre``. Dynamic tables are long: one row per song and time.

This module imports no pandas: the planning of a sweep asks for locations and fingerprints only.
"""

from __future__ import annotations

import contextlib
import csv
import functools
import hashlib
import io
import json
import math
import os
import re
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mer_repro.errors import DataError, DataMissing
from mer_repro.paths import cache_home

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

TWIN_MARK = "truth.json"
#: A file changed this recently (s) may change again within the clock's resolution: its digest is not memoised.
SETTLED_AFTER = 2.0


class DataWarning(UserWarning):
    """A data file that can be read, with something about it that the reader should know."""


@dataclass(frozen=True)
class Remote:
    """One official download.

    address : where the file is; empty where it can only be had by hand.
    filename : name under which the download is kept.
    size : bytes, None if not known.
    checksum : ``"sha256:<hex>"`` or ``"md5:<hex>"``, None if not known yet (recorded on first use).
    unpack_to : folder, relative to the data set's, in which an archive is unpacked; None keeps the file
        itself.
    manual : the steps to take by hand where no address serves the file to a program.
    part : "" for what the tables need; otherwise the name by which a user asks for it ("audio").
    contents : checksums of unpacked files, by path in the archive, where the archive's own is not known.
    """

    address: str
    filename: str
    size: int | None = None
    checksum: str | None = None
    unpack_to: str | None = None
    manual: str | None = None
    part: str = ""
    contents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """One result of `validate`.

    status : "ok" (as documented), "note" (worth knowing), "known_defect" (wrong as published, and handled or
        named by the loader), "failed" (not what the documentation promises: do not trust the table).
    says : one sentence for a reader.
    numbers : the figures in it, by name.
    """

    check: str
    status: Literal["ok", "note", "known_defect", "failed"]
    says: str
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Location:
    """Where one copy of a data set lies.

    kind : "real" or "twin". files : relative paths of the files its tables come from, as the official archive names
        them. also : the loader's ``ALSO``, by which a file may lie elsewhere in this copy.
    """

    dataset: str
    kind: Literal["real", "twin"]
    folder: Path
    files: tuple[str, ...]
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over the official relative paths and the contents of `files`; neither moving the folder nor
        another layout changes it.

        Digests of single files are memoised in the user cache by path, size, inode and times of change.
        """
        digests = _file_digests(self)
        whole = hashlib.sha256()
        for name in sorted(digests):
            whole.update(f"{name}\0{digests[name]}\n".encode())
        return whole.hexdigest()

    @property
    def size(self) -> int:
        """Bytes of everything in the folder, audio included."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def find(self, *names: str | Table) -> Path | None:
        """The first of the files `names` (official relative paths) that this copy has, None if it has none of them."""
        for name in names:
            for official, other in prefixes(_named(name), self.also):
                place = self.folder / (other + _named(name).removeprefix(official))
                if place.is_file():
                    return place
        return None

    def path(self, *names: str | Table) -> Path:
        """As `find`.

        Raises
        ------
        DataMissing
            If this copy has none of them.
        """
        found = self.find(*names)
        if found is None:
            raise DataMissing(
                f"{self.dataset}: this {self.kind} copy has no file '{_named(names[0])}' (in {self.folder})."
            )
        return found

    def has(self, name: str | Table) -> bool:
        return self.find(name) is not None

    def truth(self) -> dict:
        """What the generator of a twin planted: noise ceilings and effects.

        Raises
        ------
        DataMissing
            If this copy is a real one, of which nobody knows the truth.
        """
        if self.kind != "twin":
            raise DataMissing(f"{self.dataset}: the truth is known of twins only; this copy is real.")
        return json.loads(self.path(TWIN_MARK).read_text(encoding="utf-8"))


def _named(file: str | Table) -> str:
    return file if isinstance(file, str) else file.path


def prefixes(name: str, also: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """(prefix of an official path, what stands in its place in a copy), the official layout first."""
    yield "", ""
    for prefix, others in also.items():
        if name.startswith(prefix):
            yield from ((prefix, other) for other in others)


def _file_digests(location: Location) -> dict[str, str]:
    memo_file = cache_home() / "digests" / f"{hashlib.sha256(str(location.folder).encode()).hexdigest()[:24]}.json"
    try:
        memo = json.loads(memo_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        memo = {}
    digests, fresh = {}, {}
    for name in location.files:
        path = location.path(name)
        state = path.stat()
        # A copy of equal size that keeps its times (cp -p, rsync -t) has another inode or time of change.
        key = [state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]
        known = memo.get(name)
        if known and known[:-1] == key:
            digests[name] = known[-1]
            continue
        digests[name] = file_digest(path)
        if time.time() - max(state.st_mtime, state.st_ctime) > SETTLED_AFTER:
            fresh[name] = [*key, digests[name]]
    if fresh:
        # A cache that cannot be written costs time, not correctness.
        with contextlib.suppress(OSError):
            write_atomically(memo_file, json.dumps(memo | fresh))
    return digests


def file_digest(path: Path, algorithm: str = "sha256") -> str:
    """Hex digest of a file's bytes, read in pieces."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def write_atomically(path: Path, text: str) -> None:
    """Write `text` so that a reader sees the old file or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        os.chmod(temporary, 0o644)  # mkstemp makes files that only their owner may read
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def expected_size(location: Location, published: Mapping) -> Mapping:
    """What a copy should hold: `published` of a real one, what the generator wrote (``size``) of a twin."""
    return published if location.kind == "real" else location.truth()["size"]


# ---- declarations -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """One column of a published text table: what its header says, what its cells may hold, what it is called
    here.

    name : canonical name in the table that `read_table` returns.
    header : the published header cell, "" where it equals `name`; a tuple where copies differ. Compared
        without white space and case.
    kind : "int", "float" or "str".
    low, high : inclusive range of numbers.
    choices : the only cells allowed (of a "str" column).
    nullable : whether a cell may be empty (NaN, or "" in a "str" column).
    optional : whether the whole column may be missing.
    unit, says : for the documentation.
    """

    name: str
    header: str | tuple[str, ...] = ""
    kind: Literal["int", "float", "str"] = "float"
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    nullable: bool = False
    optional: bool = False
    unit: str = ""
    says: str = ""

    @property
    def headers(self) -> tuple[str, ...]:
        """The header cells under which copies publish the column."""
        return self.header if isinstance(self.header, tuple) else (self.header or self.name,)

    @property
    def published(self) -> str:
        """The header cell of the official copy."""
        return self.headers[0]

    def expectation(self) -> str:
        """The clause that says what a cell may hold."""
        if self.choices:
            what = "one of " + ", ".join(self.choices)
        elif self.kind == "str":
            what = "a text that is not empty"
        else:
            what = "a whole number" if self.kind == "int" else "a number"
            if math.isfinite(self.low) and math.isfinite(self.high):
                what += f" from {self.low:g} to {self.high:g}"
            elif math.isfinite(self.low):
                what += f" of at least {self.low:g}"
            elif math.isfinite(self.high):
                what += f" of at most {self.high:g}"
        return what + (" or nothing" if self.nullable else "")

    def parse(self, cell: str) -> float | int | str:
        """The value of one cell.

        Raises
        ------
        ValueError
            If the cell does not hold what the column promises.
        """
        cell = cell.strip()
        if not cell:
            if not self.nullable:
                raise ValueError("empty")
            return "" if self.kind == "str" else math.nan
        if self.kind == "str":
            if self.choices and cell not in self.choices:
                raise ValueError("not a choice")
            return cell
        value = (int if self.kind == "int" else float)(_plain_number(cell))
        if not self.low <= value <= self.high or math.isinf(value):
            raise ValueError("out of range")
        return value


#: Python's own int() and float() also take "1_000", "nan", "inf" and digits of other scripts: no data file
#: means them.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def _plain_number(cell: str) -> str:
    if not _NUMBER.fullmatch(cell):
        raise ValueError("not a number")
    return cell


#: (rows that break a rule, what was found, what was expected); the texts may name the row's columns in braces.
Breach = tuple["np.ndarray | pd.Series", str, str]


@dataclass(frozen=True)
class Table:
    """One published file: where it lies, what it holds, how its rows are told apart.

    path : relative to the data set's folder, as in the official archive; shell patterns allowed.
    columns : what it holds, in any order; none where the loader reads it in a way of its own (JSON, streams).
    key : canonical names that together name a row; no two rows may agree in all of them. Empty: not checked.
    optional : whether a copy may lack it.
    lines, digests : lines after the header of the whole published table (0: not known), and
        `mer_repro.data.reading.text_digest` of copies known to be whole: by them a cut copy can be told.
    delimiter, quoted : of the cells; without `quoted` a double quote is a character like any other.
    encodings : tried one after another.
    others : whether named columns that are not declared (and not empty throughout) are an error or left out.
    gather : canonical name under which the cells beyond the named columns are gathered, as a tuple of those that are
        not empty; "" refuses rows longer than the header.
    short : what becomes of rows shorter than the header: an error, filled with empty cells, or, of a last row, left
        out (only where `rule` can tell a last row whose last cell was cut).
    rule : what rows must obey beyond their cells: given the table, the breaches of it.
    says : one line for the documentation.
    """

    path: str
    columns: tuple[Column, ...] = ()
    key: tuple[str, ...] = ("song_id",)
    optional: bool = False
    lines: int = 0
    digests: tuple[str, ...] = ()
    delimiter: str = ","
    quoted: bool = True
    encodings: tuple[str, ...] = ("utf-8",)
    others: Literal["refuse", "ignore"] = "refuse"
    gather: str = ""
    short: Literal["refuse", "fill", "drop last"] = "refuse"
    rule: Callable[[pd.DataFrame], Iterable[Breach]] | None = None
    says: str = ""

    @property
    def header(self) -> list[str]:
        """The published header cells, in the order of the declaration."""
        return [column.published for column in self.columns]

    def read(self, location: Location, name: str = "") -> pd.DataFrame:
        """The table as a copy has it; `name` is the file where `path` is a pattern. See `reading.read_table`."""
        from mer_repro.data import reading

        return reading.read_table(location.path(name or self), self, reading.whole(location, self, name))


# ---- the reader of loaders that are not declared yet: goes with the last of them


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """A text file's content without byte-order mark, line ends as they are.

    Raises
    ------
    DataMissing
        If there is no such file.
    DataError
        If the file is empty, or is not text in `encoding`.

    Warns
    -----
    DataWarning
        If the file begins as a known table does and has fewer lines.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataMissing(f"There is no file {path}.") from None
    content = content.removeprefix(b"\xef\xbb\xbf")
    if not content.strip():
        raise DataError(path, line=1, found="an empty file", expected="a table", todo="Fetch the file again.")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            path,
            line=line,
            found="bytes that are not text",
            expected=f"{encoding} text",
            todo="Fetch the file again.",
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(path, line=line, found="a zero byte", expected="text", todo="Fetch the file again.")
    _warn_of_lost_lines(path, text)
    return text


def read_rows(
    path: Path, *, delimiter: str = ",", encoding: str = "utf-8", quoted: bool = True, may_be_cut: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield (1-based line where it starts, cells) of each row of a delimited text file; blank lines are
    passed over.

    Parameters
    ----------
    quoted : whether cells may stand in double quotes; False takes a quote as a character like any other.
    may_be_cut : take a last line without line end as it is: the caller can tell a whole one from a cut one.

    Raises
    ------
    DataMissing, DataError
        As `read_text`; DataError also where quoting is broken.

    Warns
    -----
    DataWarning
        If the last line has no line end: nothing then tells a whole last number from one that was cut short,
        unless the file is a known one (`known_table`), in which case it is compared and the answer is exact.
    """
    text = read_text(path, encoding)
    if not may_be_cut and not text.rstrip(" \t").endswith(("\n", "\r")):
        refuse_cut_last_line(path, text)
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, quoting=quoting, skipinitialspace=True
    )
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            path,
            line=start,
            found=f"broken quoting ({error})",
            expected=f"cells separated by '{delimiter}', quoted in pairs",
            todo="The file may be truncated: fetch it again.",
        ) from None


def table_digests(text: str) -> tuple[str, list]:
    """What tells a known table from a cut copy of it, whatever the line ends and blank last lines.

    Returns
    -------
    (head, [lines, body, last]) : digest of the first two lines; number of lines, digest of all lines but the last,
        digest of the last. Digests are the first 32 hex digits of SHA-256.
    """
    lines = text.rstrip().splitlines()

    def digest(part: list[str]) -> str:
        return hashlib.sha256("\n".join(part).encode()).hexdigest()[:32]

    return digest(lines[:2]), [len(lines), digest(lines[:-1]), digest(lines[-1:])]


def known_table(path: Path, head: str) -> list | None:
    """``[lines, body, last]`` of the known table that begins with `head`: a published one, or one of the twin that
    `path` belongs to."""
    from mer_repro.data.known import TABLES

    if head in TABLES:
        return TABLES[head]
    for folder in path.parents:
        if (folder / TWIN_MARK).is_file():
            truth = json.loads((folder / TWIN_MARK).read_text(encoding="utf-8"))
            return truth.get("tables", {}).get(head)
    return None


def refuse_cut_last_line(path: Path, text: str) -> None:
    """Raise where a known table is cut in its last line; warn where nobody knows. For text without last line end."""
    head, (lines, body, last) = table_digests(text)
    known_lines, known_body, known_last = known_table(path, head) or (0, "", "")
    if (body, last) == (known_body, known_last):
        return
    if lines < known_lines or body == known_body:
        raise DataError(
            path,
            line=lines,
            found="a last line that ends too early",
            expected=f"{known_lines} whole lines, as in the copy this project knows",
            todo="The file is truncated: fetch it again.",
        )
    warnings.warn(
        f"{path}, line {lines}: the last line has no line end, so its last cell may be cut short;"
        " if the file is whole, end it with a newline.",
        DataWarning,
        stacklevel=4,
    )


def _warn_of_lost_lines(path: Path, text: str) -> None:
    """Warn where a table begins as a known one and has fewer lines: somebody's subset, or a copy that was cut."""
    ends = [match.end() for match, _ in zip(re.finditer(r"\n", text), range(2), strict=False)]
    if len(ends) < 2:
        return
    head, _ = table_digests(text[: ends[1]])
    known = known_table(path, head)
    if known and len(text.rstrip().splitlines()) < known[0]:
        warnings.warn(
            f"{path} begins as a table that this project knows and has only {len(text.rstrip().splitlines())} of its"
            f" {known[0]} lines. If you did not shorten it, fetch it again.",
            DataWarning,
            stacklevel=4,
        )


def plain_header(cell: str) -> str:
    """A header cell as it is compared: official files put spaces after commas and inside names."""
    return re.sub(r"\s+", "", cell).lower()


def read_table(
    path: Path,
    columns: Sequence[Column],
    *,
    key: Sequence[str] = ("song_id",),
    delimiter: str = ",",
    encoding: str = "utf-8",
    quoted: bool = True,
    others: Literal["refuse", "ignore"] = "refuse",
    gather: str = "",
    cut: Literal["refuse", "drop"] = "refuse",
    rule: Callable[[Mapping[str, float | int | str]], tuple[str, str] | None] | None = None,
) -> pd.DataFrame:
    """Read a delimited text file against its declared columns.

    Parameters
    ----------
    columns : what the file holds; the order in the file does not matter.
    key : canonical names that together name a row: no two rows may agree in all of them. Empty: not checked.
    quoted : as in `read_rows`.
    others : whether named columns that are not declared are an error or left out.
    gather : canonical name under which the cells beyond the named columns are gathered, as a tuple of those
        that are not empty: under nameless header cells, or in rows longer than the header. "" refuses such
        rows.
    cut : what to do with a last row that has too few cells: an error, or left out. Leave out only where `rule`
        can tell a last row that has all its cells, but not the whole of the last one.
    rule : what a row must obey beyond its cells: given the row's values by canonical name, None or the two
        clauses (found, expected) of the error.

    Returns
    -------
    pandas.DataFrame
        One row a line, columns in the declared order under their canonical names; "int" as int64 (float64
        where the column is nullable), "float" as float64, "str" as object. ``attrs["cut_rows"]`` counts the
        last row if it was left out.

    Raises
    ------
    DataMissing
        If there is no such file.
    DataError
        One, naming file and line, at the first thing that is not as declared: header, number of cells, a
        cell's kind or range, a key seen before, no rows.
    """
    import pandas as pd

    if not (gather or rule or cut == "drop"):
        table = _read_plain_numbers(path, columns, key, delimiter, encoding, others)
        if table is not None:
            return table
    rows = read_rows(path, delimiter=delimiter, encoding=encoding, quoted=quoted, may_be_cut=cut == "drop")
    header_line, header = next(rows, (1, []))
    places = _places(path, header_line, header, columns, others)
    present = [column for column in columns if column.name in places]
    nameless = [index for index, cell in enumerate(header) if not cell.strip()] if gather else []
    values: dict[str, list] = {column.name: [] for column in present}
    known: dict[str, dict] = {column.name: {} for column in present}
    gathered: list[tuple[str, ...]] = []
    lines: list[int] = []
    cut_rows = 0
    for line, cells in rows:
        if len(cells) < len(header) or (len(cells) > len(header) and not gather):
            if cut == "drop" and len(cells) < len(header) and next(rows, None) is None:
                cut_rows = 1
                break
            raise DataError(
                path,
                line=line,
                found=f"{len(cells)} cells",
                expected=f"{len(header)}, as in the header",
                todo="The file may be truncated: fetch it again.",
            )
        row = {}
        for column in present:
            cell, parsed = cells[places[column.name]], known[column.name]
            if cell not in parsed:  # cells repeat: ids, ratings, names
                parsed[cell] = parse_cell(path, line, column, cell)
            row[column.name] = parsed[cell]
        broken = rule(row) if rule else None
        if broken:
            raise DataError(path, line=line, found=broken[0], expected=broken[1])
        for name, value in row.items():
            values[name].append(value)
        if gather:
            beyond = [cells[index].strip() for index in nameless] + [cell.strip() for cell in cells[len(header) :]]
            gathered.append(tuple(cell for cell in beyond if cell))
        lines.append(line)
    if not lines:
        raise DataError(path, line=header_line + 1, found="no rows", expected="at least one", todo="Fetch it again.")
    require_unique(path, lines, {name: values[name] for name in key})
    kinds = {"int": "int64", "float": "float64", "str": object}
    series = {
        column.name: pd.Series(
            values[column.name],
            dtype="float64" if column.kind == "int" and column.nullable else kinds[column.kind],
        )
        for column in present
    }
    if gather:
        series[gather] = pd.Series(gathered, dtype=object)
    table = pd.DataFrame(series)
    table.attrs["cut_rows"] = cut_rows
    return table


def _read_plain_numbers(
    path: Path, columns: Sequence[Column], key: Sequence[str], delimiter: str, encoding: str, others: str
) -> pd.DataFrame | None:
    """`read_table` for tables that hold nothing but numbers, at pandas' speed.

    Gives the table only where it is beyond doubt, and None otherwise: reading row by row then finds out what is
    wrong, and on which line.
    """
    import numpy as np
    import pandas as pd

    if any(column.kind == "str" or column.nullable for column in columns):
        return None
    text = read_text(path, encoding)
    head, _, body = text.partition("\n")
    width = head.count(delimiter) + 1
    lines = body.count("\n")
    # One delimiter too many in a row and one too few in another would shift cells: the parser refuses the short row.
    if '"' in text or not body.endswith("\n") or body.count(delimiter) != (width - 1) * lines:
        return None
    places = _places(path, 1, head.strip("\r").split(delimiter), columns, others)
    present = [column for column in columns if column.name in places]
    try:
        table = pd.read_csv(
            io.StringIO(body),
            sep=delimiter,
            header=None,
            names=range(width),
            index_col=False,
            usecols=[places[column.name] for column in present],
            dtype={places[c.name]: "int64" if c.kind == "int" else "float64" for c in present},
            na_filter=False,
            skip_blank_lines=False,
        )
    except (ValueError, OverflowError):  # pandas' ParserError is a ValueError
        return None
    table = table[[places[column.name] for column in present]].set_axis([c.name for c in present], axis=1)
    for column in present:
        values = table[column.name].to_numpy()
        if not len(values) or not np.isfinite(values).all():
            return None
        if values.min() < column.low or values.max() > column.high:
            return None
    if key and table.duplicated(list(key)).any():
        return None
    return table


def _places(path: Path, line: int, header: list[str], columns: Sequence[Column], others: str) -> dict[str, int]:
    """Canonical name -> index in the file's header."""
    found: dict[str, int] = {}
    for index, cell in enumerate(header):
        plain = plain_header(cell)
        if plain and plain in found:
            raise DataError(path, line=line, found=f"two columns '{cell.strip()}'", expected="each column once")
        found[plain] = index
    if not any("" in column.headers for column in columns):
        found.pop("", None)
    places: dict[str, int] = {}
    for column in columns:
        names = [plain_header(name) for name in column.headers if plain_header(name) in found]
        if names:
            places[column.name] = found[names[0]]
    expected = "the columns " + _listed([column.published for column in columns])
    missing = [column.published for column in columns if column.name not in places and not column.optional]
    if missing:
        raise DataError(
            path,
            line=line,
            found="a header without " + _listed(missing, 3),
            expected=expected,
            todo="Is it the right file, with its header line?",
        )
    surplus = [header[index].strip() for index in found.values() if index not in places.values()]
    if surplus and others == "refuse":
        raise DataError(
            path,
            line=line,
            found="columns nobody asked for: " + _listed(surplus),
            expected=expected,
            todo="Is it the right file?",
        )
    return places


def _listed(names: Sequence[str], most: int = 8) -> str:
    return ", ".join(f"'{name}'" for name in names[:most]) + (f" and {len(names) - most} more" * (len(names) > most))


def parse_cell(path: Path, line: int, column: Column, cell: str) -> float | int | str:
    """`Column.parse`, with a failure told as a `DataError` that names file, line, column and expectation."""
    try:
        return column.parse(cell)
    except ValueError:
        shown = cell.strip()
        shown = f"'{shown[:40]}'" if shown else "an empty cell"
        raise DataError(
            path,
            line=line,
            found=f"{shown} in column '{column.published}'",
            expected=column.expectation(),
            todo="Fetch the file again, or undo the edit.",
        ) from None


def require_unique(path: Path, lines: Sequence[int], key: Mapping[str, Sequence]) -> None:
    """Raise DataError at the second of two rows that agree in all columns of `key`."""
    if not key:
        return
    seen: dict[tuple, int] = {}
    for line, values in zip(lines, zip(*key.values(), strict=True), strict=True):
        if values in seen:
            named = ", ".join(f"{name} {value}" for name, value in zip(key, values, strict=True))
            raise DataError(
                path,
                line=line,
                found=f"a second row for {named}",
                expected=f"one row each (the first is on line {seen[values]})",
                todo="Remove the duplicate, or fetch the file again.",
            )
        seen[values] = line


def require_same_ids(path: Path, ids, other_path: Path, other_ids, what: str = "song_id") -> None:
    """Raise DataError if `path` lacks ids that `other_path` has, or has others: one of the files is cut or
    mixed up."""
    ids, other_ids = set(ids), set(other_ids)
    for lacking, having, missing in (
        (path, other_path, other_ids - ids),
        (other_path, path, ids - other_ids),
    ):
        if missing:
            raise DataError(
                lacking,
                found=f"no {what} {_listed([str(m) for m in sorted(missing)], 3)}",
                expected=f"the same {what}s as in {having}",
                todo="One of the two files is truncated or belongs to another set: fetch both again.",
            )


def read_json(path: Path):
    """A JSON document.

    Raises
    ------
    DataMissing, DataError
        As `read_text`; DataError also at the line where the document stops being JSON, and for a name that
        stands twice in one object (of which a plain reader would silently keep the last).
    """
    text = read_text(path)

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
            path,
            line=error.lineno,
            found=f"broken JSON ({error.msg})",
            expected="a whole JSON document",
            todo="The file may be truncated: fetch it again.",
        ) from None
