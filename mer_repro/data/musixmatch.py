"""musiXmatch lyrics of the Million Song Dataset as bags of words: 210,519 training and 27,143 test songs.

Conventions
-----------
Each song has counts of the 5,000 commonest word stems; the order of the words is lost. ``vocabulary[j]`` is the stem
of column j of `Musixmatch.counts`; the published files count columns from 1. `Musixmatch.word` gives the commonest
word behind a stem. No song is in both files. A copy may be cut in mid-row: the broken last row is left out and
counted.

Source: Bertin-Mahieux, Ellis, Whitman and Lamere 2011, "The Million Song Dataset", ISMIR; the musiXmatch data set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data import checks, msd, twins
from mer_repro.data.base import Finding, Location, Table, expected_size
from mer_repro.data.declaration import declared
from mer_repro.data.reading import read_text, whole
from mer_repro.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from scipy.sparse import csr_array

BIBTEX, LICENSE_INFO, REMOTES, TABLES, NAMES, ALSO, note = declared("musixmatch")
STEMS = TABLES["stems"]
SPLITS = ("train", "test")
#: Songs in the published files.
PUBLISHED = {"train": 210_519, "test": 27_143}
SEPARATOR = "<SEP>"
_ROW = re.compile(rf"({msd.TRACK_ID.pattern}),(\d+)((?:,\d+:\d+)+)", re.ASCII)


@dataclass(frozen=True)
class Musixmatch:
    """Bags of words.

    songs : track_id (MSD), mxm_id, split ("train", "test").
    counts : (songs, vocabulary) sparse, int32: how often each stem stands in the song; rows as in `songs`.
    vocabulary : the stems.
    words : {stem: word}, empty where the copy has no reverse mapping.
    cut_rows : last rows that broke off and were left out.
    """

    location: Location
    songs: pd.DataFrame
    counts: csr_array
    vocabulary: tuple[str, ...]
    words: dict[str, str]
    cut_rows: int

    def word(self, stem: str) -> str:
        """The commonest word behind a stem; the stem itself where the copy does not say."""
        return self.words.get(stem, stem)


def load(location: Location) -> Musixmatch:
    """Read the bags of words.

    Raises
    ------
    DataMissing
        If a file is not there.
    DataError
        If a line is not as documented, a song comes twice, or the two files list different words.
    """
    import numpy as np
    import pandas as pd
    from scipy.sparse import csr_array

    bags = {split: _read_bags(location, TABLES[split]) for split in SPLITS}
    vocabulary = bags["train"].vocabulary
    if bags["test"].vocabulary != vocabulary:
        raise DataError(
            location.path(TABLES["test"]),
            found="other words",
            expected=f"those of {TABLES['train'].path}",
            todo="Fetch both again.",
        )
    rows = [(*row, split) for split in SPLITS for row in bags[split].rows]
    songs = pd.DataFrame(
        {
            "track_id": pd.Series([row[0] for row in rows], dtype=object),
            "mxm_id": [row[1] for row in rows],
            "split": pd.Series([row[3] for row in rows], dtype=object),
        }
    )
    twice = songs[songs.track_id.duplicated()]
    if len(twice):
        raise DataError(
            location.path(TABLES["test"]),
            found=f"{twice.track_id.iloc[0]}, a song of the training file",
            expected="other songs",
            todo="Fetch both files again.",
        )
    pairs = np.concatenate([row[2] for row in rows])
    starts = np.concatenate([[0], np.cumsum([len(row[2]) for row in rows])])
    counts = csr_array((pairs[:, 1], pairs[:, 0] - 1, starts), shape=(len(rows), len(vocabulary)))
    cut_rows = sum(bag.cut_rows for bag in bags.values())
    return Musixmatch(location, songs, counts, vocabulary, _read_stems(location, vocabulary), cut_rows)


@dataclass(frozen=True)
class _Bags:
    """One file: its words, (track id, musiXmatch id, (words, 2) array of column and count) a song, broken last rows."""

    vocabulary: tuple[str, ...]
    rows: list[tuple[str, int, np.ndarray]]
    cut_rows: int


def _read_bags(location: Location, table: Table) -> _Bags:
    path = location.path(table)
    text = read_text(path, whole(location, table))
    last = text.rstrip().count("\n") + 1
    vocabulary: tuple[str, ...] = ()
    rows, seen, cut_rows = [], {}, 0
    for line, row in enumerate(text.split("\n"), 1):
        if not row or row.startswith("#"):
            continue
        if row.startswith("%"):
            vocabulary = _vocabulary(path, line, row, vocabulary)
            continue
        match = _ROW.fullmatch(row)
        if not match and line == last:
            cut_rows = 1
            break
        if not match:
            raise _broken(path, line, row[:40])
        if seen.setdefault(match[1], line) != line:
            raise _broken(path, line, f"{match[1]}, as on line {seen[match[1]]}")
        rows.append((match[1], int(match[2]), _word_counts(path, line, match[3], len(vocabulary))))
    if not rows:
        raise DataError(path, found="no songs", expected="one a line after the list of words", todo="Fetch it again.")
    return _Bags(vocabulary, rows, cut_rows)


def _word_counts(path: Path, line: int, pairs: str, words: int) -> np.ndarray:
    """(n, 2) array of column (from 1) and count from ",1:6,2:4"."""
    import numpy as np

    numbers = np.array(pairs[1:].replace(":", ",").split(","), dtype=np.int32).reshape(-1, 2)
    columns, counts = numbers.T
    if columns[0] < 1 or columns[-1] > words or (columns[1:] <= columns[:-1]).any() or counts.min() < 1:
        raise _broken(path, line, "words out of order, beyond the list, or counted 0 times")
    return numbers


def _vocabulary(path: Path, line: int, row: str, earlier: tuple[str, ...]) -> tuple[str, ...]:
    words = tuple(row[1:].split(","))
    if earlier or len(set(words)) < len(words) or not all(words):
        raise DataError(path, line=line, found="a second list, or words twice", expected="one list of different words")
    return words


def _broken(path: Path, line: int, found: str) -> DataError:
    return DataError(
        path,
        line=line,
        found=f"'{found}'",
        expected="track id, musiXmatch id and 'column:count' pairs in rising order of columns",
        todo="Fetch the file again.",
    )


def _read_stems(location: Location, vocabulary: tuple[str, ...]) -> dict[str, str]:
    if not location.has(STEMS):
        return {}
    path = location.path(STEMS)
    words: dict[str, str] = {}
    for line, row in enumerate(read_text(path, whole(location, STEMS)).split("\n"), 1):
        if not row.strip():
            continue
        cells = row.split(SEPARATOR)
        if len(cells) != 2 or not all(cells) or cells[0] in words:
            raise DataError(path, line=line, found=f"'{row[:40]}'", expected=f"stem{SEPARATOR}word, each stem once")
        words[cells[0]] = cells[1]
    unknown = set(vocabulary) - set(words)
    if unknown:
        raise DataError(path, found=f"no word for the stem '{min(unknown)}'", expected="one for each stem of the list")
    return words


def validate(dataset: Musixmatch) -> list[Finding]:
    """Checks of the bags of words; see `Finding`."""
    sizes = dataset.songs.split.value_counts().to_dict()
    expected = expected_size(dataset.location, PUBLISHED)
    shortfall = "known_defect" if dataset.location.kind == "real" else "failed"
    words = dataset.counts.sum(axis=1)
    used = int((dataset.counts.sum(axis=0) > 0).sum())
    shared = int(dataset.songs.mxm_id.duplicated().sum())
    return [
        note(
            "size",
            {f"{split}_songs": sizes[split] for split in SPLITS},
            "ok" if sizes == expected else shortfall,
            **expected,
        ),
        note("rows cut short", {"rows": dataset.cut_rows}, checks.DEFECT[dataset.cut_rows > 0]),
        note("lyrics shared by songs", {"songs": shared}, checks.NOTE[shared > 0]),
        note(
            "length",
            {"shortest": int(words.min()), "stems_used": used},
            median=sorted(words)[len(words) // 2],
            stems=len(dataset.vocabulary),
        ),
    ]


TWIN_SONGS = {"train": 700, "test": 150}
TWIN_STEMS = 300
TWIN_THEMES = 3


def make_twin(folder: Path, seed: int = 0) -> None:
    """Write generated bags of words in which each song has one of three themes with its own words.

    ``truth.json`` holds each track's theme and the share of words that theme words make up. One file ends in
    mid-row, as the copy at hand does.
    """
    import numpy as np

    rng = np.random.default_rng([seed, 5000])
    share = 0.3
    base = 1 / np.arange(1, TWIN_STEMS + 1)
    base /= base.sum()
    stems = [f"stem{number:03d}" for number in range(TWIN_STEMS)]
    themes: dict[str, int] = {}
    number = 0
    for split in SPLITS:
        lines = [f"# generated; {split}", "%" + ",".join(stems)]
        for _ in range(TWIN_SONGS[split]):
            theme = int(rng.integers(TWIN_THEMES))
            own = np.zeros(TWIN_STEMS)
            own[30 + theme : 120 : TWIN_THEMES] = 1 / 30
            counts = rng.multinomial(int(rng.integers(60, 300)), (1 - share) * base + share * own)
            pairs = ",".join(f"{column + 1}:{counts[column]}" for column in np.flatnonzero(counts))
            track_id = msd.generated_track_id(number)
            themes[track_id] = theme
            lines.append(f"{track_id},{1000 + number},{pairs}")
            number += 1
        end = "" if split == "train" else f"\n{msd.generated_track_id(number)},{1000 + number},1:4,2:"
        (folder / TABLES[split].path).write_text("\n".join(lines) + (end or "\n"), encoding="utf-8")
    (folder / STEMS.path).write_text("".join(f"{stem}{SEPARATOR}{stem}s\n" for stem in stems), encoding="utf-8")
    twins.write_truth(folder, "musixmatch", seed, size=TWIN_SONGS, theme_word_share=share, theme=themes)
