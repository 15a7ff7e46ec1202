"""Tables too large for memory, read block by block; rows that are broken are left out, counted and shown.

A file of 19 million rows always has a few that are cut, shifted or misdated. One of them must not stop a reading of
ten minutes, nor may it pass unseen: `RowStream.broken` counts them by reason. More than one row in a hundred means
that the file is another one than expected, and is an error. A row is a line: a quotation mark that nobody closes costs
its own row and not the rest of the file. Damage to the text of a row that can be read is counted, too
(`RowStream.damaged`).
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data.reading import REPLACEMENT, UNKNOWN, Whole, read_text
from mer_repro.errors import DataError, DataMissing

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Text read at a time; a block becomes about ten times as much in memory.
BLOCK_BYTES = 16 << 20
MOST_BROKEN = 0.01
#: Fewer rows than this are no basis for a share.
ENOUGH_ROWS = 1000
#: Files up to this size are compared as a whole with the known ones where their last line has no line end.
SMALL_BYTES = 1 << 20


class RowStream:
    """Iterate once over a delimited text file (plain or ``.gz``) as data frames.

    Parameters
    ----------
    columns : names of the file's columns, in its order; None takes them from the first line.
    wanted : the columns to keep, all if None.
    check : given a block as a frame of texts (all columns kept), returns the frame to hand out, of equal length, and
        ``{reason: mask}`` of the rows that are broken.
    skip : lines before the first row, where `columns` are given.
    known : what is known of the whole file, by which a small one without last line end can be told from a cut one.

    Attributes
    ----------
    rows : rows handed out so far. broken : ``{reason: rows}`` left out so far. examples : the first of each reason.
    damaged : ``{what: how often}`` of damage to the text of rows: bytes that are not text and carriage returns in cells
        (replaced), replacement characters.

    Raises
    ------
    DataMissing
        If there is no such file.
    DataError
        At once: if the last line of the file is cut, or its header lacks a wanted column. While iterating: if the
        compression is damaged, or more than `MOST_BROKEN` of the rows are broken.
    """

    def __init__(
        self,
        path: Path,
        check: Callable[[pd.DataFrame], tuple[pd.DataFrame, dict[str, np.ndarray]]],
        *,
        columns: Sequence[str] | None = None,
        wanted: Sequence[str] | None = None,
        delimiter: str = ",",
        quoted: bool = True,
        skip: int = 0,
        block_bytes: int = BLOCK_BYTES,
        known: Whole = UNKNOWN,
    ):
        if not path.is_file():
            raise DataMissing(f"There is no file {path}.")
        _refuse_unterminated(path, known)
        if columns is None:
            columns, skip = _header(path, delimiter), 1
        lacking = [name for name in wanted or () if name not in columns]
        if lacking:
            raise DataError(
                path,
                line=1,
                found=f"a header without '{lacking[0]}'",
                expected="the columns " + ", ".join(wanted),
                todo="Is it the right file, with its header line?",
            )
        self.path, self.check = path, check
        self.columns, self.wanted, self.skip = list(columns), list(wanted or columns), skip
        self.delimiter, self.quoted, self.block_bytes = delimiter, quoted, block_bytes
        self.rows = 0
        self.broken: Counter[str] = Counter()
        self.damaged: Counter[str] = Counter()
        self.examples: dict[str, str] = {}

    def __iter__(self) -> Iterator[pd.DataFrame]:
        try:
            with open_bytes(self.path) as source:
                for block in self._blocks(source):
                    yield self._good_rows(self._parse(self._mend(block)))
                    self._refuse_if_too_many_broken()
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DataError(
                self.path,
                found=f"what cannot be read on ({error})",
                expected="a whole compressed file",
                todo="Fetch the file again.",
            ) from None
        if not self.rows:
            raise DataError(self.path, found="no row that could be read", expected="a table", todo="Fetch it again.")
        self._refuse_if_too_many_broken(at_end=True)

    def _blocks(self, source) -> Iterator[bytes]:
        """The file in pieces of whole lines, without the lines before the first row."""
        for _ in range(self.skip):
            source.readline()
        rest = b""
        while piece := source.read(self.block_bytes):
            if len(piece) < self.block_bytes:  # the last one
                yield rest + piece
                return
            block, end, rest = (rest + piece).rpartition(b"\n")
            if end:
                yield block + end
        if rest:
            yield rest

    def _mend(self, block: bytes) -> bytes:
        """The block as text that can be parsed; what had to be replaced is counted."""
        returns = block.count(b"\r") - block.count(b"\r\n")
        if returns:
            self.damaged["carriage returns in cells"] += returns
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b" ")
        lost = block.count(REPLACEMENT.encode())
        self.damaged.update({"replacement characters": lost} if lost else {})
        try:
            block.decode("utf-8")
        except UnicodeDecodeError:
            text = block.decode("utf-8", errors="replace")
            self.damaged["bytes that are not text"] += text.count(REPLACEMENT) - lost
            block = text.encode("utf-8")
        return block

    def _parse(self, block: bytes) -> pd.DataFrame:
        """The wanted cells of the block's rows. By Arrow where it finds one row per line, else line by line."""
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        odd: list[tuple[str, str]] = []

        def left_out(row) -> str:
            odd.append((f"{row.actual_columns} cells, not {row.expected_columns}", row.text))
            return "skip"

        try:
            read = arrow_csv.read_csv(
                io.BytesIO(block),
                read_options=arrow_csv.ReadOptions(column_names=self.columns),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=self.delimiter, quote_char='"' if self.quoted else False, invalid_row_handler=left_out
                ),
                convert_options=arrow_csv.ConvertOptions(
                    include_columns=self.wanted,
                    column_types=dict.fromkeys(self.wanted, pa.string()),
                    strings_can_be_null=False,
                ),
            )
            frame = read.to_pandas()
        except pa.ArrowInvalid:
            frame = None
        lines = block.count(b"\n") + (not block.endswith(b"\n"))
        if frame is None or len(frame) + len(odd) != lines:
            frame, odd = self._parse_lines(block)
        for reason, row in odd:
            self._note(reason, row, 1)
        return frame

    def _parse_lines(self, block: bytes) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
        """As `_parse`, one line after another, so that no line spoils the next; also the rows left out."""
        import pandas as pd

        quoting = csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE
        rows, odd = [], []
        for line in filter(str.strip, block.decode("utf-8").split("\n")):
            try:
                cells = next(csv.reader([line], delimiter=self.delimiter, quoting=quoting, strict=True))
            except csv.Error:
                odd.append(("broken quoting", line))
                continue
            if len(cells) == len(self.columns):
                rows.append(cells)
            else:
                odd.append((f"{len(cells)} cells, not {len(self.columns)}", line))
        return pd.DataFrame(rows, columns=self.columns, dtype="str")[self.wanted], odd

    def _good_rows(self, block: pd.DataFrame) -> pd.DataFrame:
        import numpy as np

        frame, wrong = self.check(block)
        good = np.ones(len(frame), dtype=bool)
        for reason, mask in wrong.items():
            mask = np.asarray(mask, dtype=bool) & good
            if mask.any():
                self._note(reason, self.delimiter.join(block[mask].iloc[0]), int(mask.sum()))
            good &= ~mask
        self.rows += int(good.sum())
        return frame[good].reset_index(drop=True)

    def _note(self, reason: str, example: str, rows: int) -> None:
        self.broken[reason] += rows
        self.examples.setdefault(reason, example[:120])

    def _refuse_if_too_many_broken(self, at_end: bool = False) -> None:
        bad = sum(self.broken.values())
        total = self.rows + bad
        if bad > MOST_BROKEN * total and (at_end or total >= ENOUGH_ROWS):
            reason = self.broken.most_common(1)[0][0]
            raise DataError(
                self.path,
                found=f"{bad} broken rows among {total}, most with {reason}, as '{self.examples[reason]}'",
                expected=f"at most {MOST_BROKEN:.0%}",
                todo="Is it the right file? Fetch it again.",
            )


def open_bytes(path: Path):
    """The bytes of a plain or ``.gz`` file, as a context manager."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb")


def _header(path: Path, delimiter: str) -> list[str]:
    with open_bytes(path) as stream:
        line = stream.readline().removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]


def _refuse_unterminated(path: Path, known: Whole) -> None:
    """A file too large to be compared with known ones must end with a line end: else its last row may be cut."""
    if path.suffix == ".gz":
        return  # a cut compressed file cannot be decompressed to its end
    with open(path, "rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - 1))
        if stream.read() in (b"\n", b""):
            return
    if size <= SMALL_BYTES:
        read_text(path, known)
        return
    raise DataError(
        path,
        found="a last line without line end",
        expected="a whole last line",
        todo="The file is truncated: fetch it again.",
    )
