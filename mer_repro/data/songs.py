"""The songs of every set in one form: who sings what, where it lies on the plane, which other sets share its ids.

Conventions
-----------
`songs` gives one row per song: ``song_id`` and, where the set has them, ``valence``, ``arousal`` (on `SongSet.scale`),
``quadrant`` ("Q1" to "Q4"), ``artist``, ``title`` ("" where unknown), ``key`` (`checks.song_key` of both, "" where
unknown), ``swapped`` (whether the published table has valence and arousal in each other's column). Song-level points
only; where a set has dynamic labels alone, its songs' means.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data import checks, registry
from mer_repro.paths import cache_home

if TYPE_CHECKING:
    import pandas as pd


COLUMNS = ("song_id", "valence", "arousal", "quadrant", "artist", "title", "swapped", "key")


def _deam(dataset) -> pd.DataFrame:
    return _joined(dataset.static, dataset.metadata).assign(swapped=dataset.static.song_id.isin(dataset.swapped))


def _joined(table, names) -> pd.DataFrame:
    """`table` with artist and title from `names`, where the copy has them."""
    if names is None:
        return table
    known = names[["song_id", "artist", "title"]].drop_duplicates("song_id")
    return table.merge(known, on="song_id", how="left").fillna({"artist": "", "title": ""})


@dataclass(frozen=True)
class SongSet:
    """A set whose items are songs or clips: what it is called, its song table, its scale (None: standardised).

    same_ids : sets that name the same songs by the same ids. named : whether artists and titles are known.
    """

    title: str
    table: Callable[[object], pd.DataFrame]
    scale: tuple[float, float] | None = None
    same_ids: tuple[str, ...] = ()
    named: bool = True


SONG_SETS: dict[str, SongSet] = {
    "deam": SongSet("DEAM", _deam, (1, 9), ("emomusic",)),
    "emomusic": SongSet("emoMusic", lambda d: _joined(d.static, d.songs), (1, 9), ("deam",)),
    "pmemo": SongSet("PMEmo", lambda d: _joined(d.static, d.metadata), (0, 1)),
    "vgmidi": SongSet("VGMIDI, piece means", lambda d: checks.song_means(d.dynamic), (-1, 1), named=False),
    "merge": SongSet("MERGE", lambda d: _joined(d.songs, d.names()), (0, 1), ("panda_4qaed",)),
    "panda_4qaed": SongSet("4QAED", lambda d: d.songs, None, ("merge",)),
    "musifeast17": SongSet("MUSIFEAST-17", lambda d: d.clips, (1, 5)),
    "emotify": SongSet("Emotify", lambda d: d.labels[["song_id", "genre"]], named=False),
    "deezer_mood": SongSet("Deezer mood", lambda d: d.songs),
    "tcc_ceds": SongSet(
        "1950 to 2019, valence and energy", lambda d: d.songs.rename(columns={"energy": "arousal"}), (0, 1)
    ),
}


def songs(name: str, source: str = "auto", home: Path | None = None) -> pd.DataFrame:
    """The songs of a set, one row each (see the module); kept in the user cache for each state of files and loaders.

    Raises
    ------
    ParameterError, DataMissing, DataError
        As `registry.load`.
    """
    import pandas as pd

    location = registry.locate(name, source, home)
    code = hashlib.sha256(location.fingerprint.encode())
    for file in sorted(path for path in Path(__file__).parent.iterdir() if path.suffix in (".py", ".yaml")):
        code.update(file.read_bytes())
    memo = cache_home() / "songs" / f"{name}-{code.hexdigest()[:24]}.parquet"
    if memo.is_file():
        return pd.read_parquet(memo)
    table = SONG_SETS[name].table(registry.dataset_module(name).load(location))
    if {"artist", "title"} <= set(table):
        table = table.assign(key=table.song_id.map(checks.song_keys(table).groupby(level=0).first()).fillna(""))
    table = table[[column for column in COLUMNS if column in table]].reset_index(drop=True)
    memo.parent.mkdir(parents=True, exist_ok=True)
    building = memo.with_suffix(f".{os.getpid()}")
    table.to_parquet(building)
    os.replace(building, memo)
    return table


def quadrants(table: pd.DataFrame, scale: tuple[float, float]) -> pd.Series:
    """ "Q1" to "Q4" of each row by its coordinates; the middle itself counts as high."""
    middle = sum(scale) / 2
    right, up = table.valence >= middle, table.arousal >= middle
    return (
        right.map({True: "14", False: "23"})
        .str.cat(up.astype(str))
        .map({"14True": "Q1", "23True": "Q2", "23False": "Q3", "14False": "Q4"})
    )
