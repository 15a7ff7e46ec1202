"""What every data set's loader declares: where its files lie, what they hold, what checking them may find.

Conventions
-----------
A loader module (``mer_repro/data/<name>.py``) has, from the declaration beside it (``<name>.yaml``; see
`mer_repro.data.declaration`),

- ``BIBTEX``, ``LICENSE_INFO``: whom to cite, what the owners allow;
- ``REMOTES``: ``{name: Remote}``, the official downloads;
- ``TABLES``: ``{name: Table}``, the files that count, in the layout of the official archive. One declaration drives
  reading (`Table.read`), the checks that every set has, the documentation page and the header of the twin's file;
- ``NAMES``, other names that its folder goes by, and ``ALSO``, ``{prefix: prefixes}``: where copies that circulate keep
  what the archive has under a prefix;
- ``note(check, numbers, status, **words)``: the `Finding` of a check, in the sentence that the declaration has for it;

and, of its own,

- ``load(location, ...)``: a frozen dataclass of pandas tables and a ``location``;
- ``validate(dataset)``: a list of `Finding`, beside those that `mer_repro.data.checks.declared` makes of ``TABLES``;
- ``make_twin(folder, seed=0)``: writes generated files in the official layout, and ``truth.json``.

Canonical columns are ``song_id`` (as published), ``time`` (s), ``valence``, ``arousal`` (scale said by the loader),
``artist``, ``title``, ``genre``. Dynamic tables are long: one row per song and time.

This module imports no pandas: the planning of a sweep asks for locations and fingerprints only.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import math
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mer_repro.errors import DataMissing
from mer_repro.paths import cache_home

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

TWIN_MARK = "truth.json"
#: A file changed this recently (s) may change again within the clock's resolution: its digest is not memoised.
SETTLED_AFTER = 2.0


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
        """Whether this copy has the file `name` (official relative path), in any layout that `find` knows."""
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
            what = "a text" if self.nullable else "a text that is not empty"
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
