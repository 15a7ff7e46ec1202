"""4QAED: 900 clips of 30 s from AllMusic in four emotion quadrants, 225 each, checked by people; 100 features of each.

Conventions
-----------
``song_id`` is AllMusic's ("MT0000004637"); MERGE uses the same ids, so a song that both hold is one clip. Quadrants are
Q1 (valence and arousal high), Q2 (valence low, arousal high), Q3 (both low), Q4 (valence high, arousal low); they come
from AllMusic's mood tags and were confirmed by listeners. The archive's clips are mp3, 32 kHz; any encoding that
soundfile reads may stand in their place.

Source: Panda, Malheiro and Paiva 2018, "Novel audio features for music emotion recognition", IEEE Transactions on
Affective Computing 11(4).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data import checks, twins
from mer_repro.data.base import Column, Finding, Location
from mer_repro.data.declaration import declared
from mer_repro.data.reading import require_same_ids
from mer_repro.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

BIBTEX, LICENSE_INFO, REMOTES, TABLES, NAMES, ALSO, note = declared("panda_4qaed")

QUADRANTS = ("Q1", "Q2", "Q3", "Q4")
DOCUMENTED_CLIPS, CLIPS_A_QUADRANT, CLIP_SECONDS, FEATURES = 900, 225, 30, 100
#: The readme says "~30 second clips"; shorter than this is another thing.
SHORTEST = 28.0
ENDINGS = ("mp3", "wav", "opus", "ogg", "flac")


@dataclass(frozen=True)
class Panda4QAED:
    """4QAED's tables.

    songs : song_id, artist, title ("" where unknown), quadrant, quadrant_share (0-1), moods, genres (texts).
    features : song_id and the authors' 100 features, by their published codes and names, best first; None where the
        copy has none.
    """

    location: Location
    songs: pd.DataFrame
    features: pd.DataFrame | None

    def audio_path(self, song_id: str) -> Path:
        """The clip, of whatever encoding; raises DataMissing where the copy has none."""
        folders = (*(f"{quadrant}/" for quadrant in QUADRANTS), "")
        return self.location.path(*(f"{folder}{song_id}.{ending}" for ending in ENDINGS for folder in folders))


def load(location: Location) -> Panda4QAED:
    """Read 4QAED.

    Raises
    ------
    DataMissing
        If a table is not there.
    DataError
        If a file is not as documented, or two of them do not agree on songs or quadrants.
    """
    annotations, songs = (TABLES[name].read(location) for name in ("annotations", "metadata"))
    features = _read_features(location) if location.has(TABLES["features"]) else None
    _require_agreement(location, "annotations", annotations, songs)
    if features is not None:
        _require_agreement(location, "features", features, songs)
        features = features.drop(columns="quadrant").sort_values("song_id", ignore_index=True)
    return Panda4QAED(location, songs.sort_values("song_id", ignore_index=True), features)


def _read_features(location: Location) -> pd.DataFrame:
    """The table of features: the header names them, so that the copy's own columns are what is read."""
    path = location.path(TABLES["features"])
    with open(path, encoding="utf-8") as stream:
        names = [cell.strip().strip('"') for cell in stream.readline().split(",")]
    song_id, quadrant = TABLES["features"].columns
    named = {*song_id.headers, quadrant.published}
    columns = [Column(name) for name in names if name not in named]
    if len(columns) != FEATURES:
        raise DataError(path, line=1, found=f"{len(columns)} features", expected=f"{FEATURES}")
    return dataclasses.replace(TABLES["features"], columns=(song_id, *columns, quadrant)).read(location)


def _require_agreement(location: Location, name: str, table: pd.DataFrame, songs: pd.DataFrame) -> None:
    """Both tables speak of the same songs and place them in the same quadrants."""
    path = location.path(TABLES[name])
    require_same_ids(path, table.song_id, location.path(TABLES["metadata"]), songs.song_id)
    joint = table[["song_id", "quadrant"]].merge(songs, on="song_id", suffixes=("", "_metadata"))
    off = joint[joint.quadrant != joint.quadrant_metadata]
    if len(off):
        first = off.iloc[0]
        raise DataError(
            path,
            found=f"{first.quadrant} for song '{first.song_id}'",
            expected=f"{first.quadrant_metadata}, as in {TABLES['metadata'].path}",
        )


def validate(dataset: Panda4QAED) -> list[Finding]:
    """Size, balance, duplicates, artists, length of the clips, missing values, agreement with MERGE."""
    songs = dataset.songs
    named = songs[songs.artist != ""]
    most = named.artist.value_counts()
    findings = [
        checks.size_finding(dataset.location, {"clips": len(songs)}, {"clips": DOCUMENTED_CLIPS}),
        checks.balance_finding(songs.quadrant, "quadrant"),
        checks.duplicate_finding(songs),
        note(
            "songs of one artist",
            {"artists": len(most), "named": len(named), "most": most.iloc[0]},
            siblings=(named.artist.map(most) > 1).mean(),
            first=most.index[0],
        ),
        checks.missing_finding({"songs": songs, "features": dataset.features}),
    ]
    length = checks.length_finding(dataset, songs.song_id, CLIP_SECONDS, SHORTEST)
    return findings + ([length] if length else [])


TWIN_CLIPS = 80


def make_twin(folder: Path, seed: int = 0) -> None:
    """Write 80 generated clips in 4QAED's layout: tables, 100 features, and 3 s of audio each.

    Each quadrant shifts a few of the features; one song in ten is called another's quadrant, so
    ``noise_ceiling_accuracy`` bounds any classifier. Artists have one to four songs; one song is there twice.
    """
    import numpy as np

    rng = np.random.default_rng([seed, 900])
    ids = [f"MT{number:010d}" for number in sorted(rng.choice(10**8, TWIN_CLIPS, replace=False))]
    true = np.arange(TWIN_CLIPS) % 4
    flipped = rng.random(TWIN_CLIPS) < 0.1
    stated = [QUADRANTS[(t + (1 + rng.integers(3)) * f) % 4] for t, f in zip(true, flipped, strict=True)]
    centres = np.where(rng.random((4, FEATURES)) < 0.15, 1.2, 0.0)
    values = (centres[true] + rng.standard_normal((TWIN_CLIPS, FEATURES))).round(6)
    twins.write(folder, TABLES["annotations"], list(zip(ids, stated, strict=True)), ["Song", "Quadrant"])
    rows = [
        [song, f"Generated Artist {place // 3}", f"Generated Song {place}", stated[place], 0.75, "Generated", "Pop"]
        for place, song in enumerate(ids)
    ]
    rows[-1][1:3] = rows[-2][1:3]
    twins.write(folder, TABLES["metadata"], rows)
    header = ["SongID", *(f"F{code:04d}" for code in range(FEATURES)), "Quadrant"]
    rows = [[song, *row, q] for song, row, q in zip(ids, values.tolist(), stated, strict=True)]
    twins.write(folder, TABLES["features"], rows, header)
    for song, quadrant, kind in zip(ids, stated, true, strict=True):
        loudness = 0.4 if kind in (0, 1) else 0.08
        twins.write_clip(folder / f"{quadrant}/{song}.mp3", loudness, rng, "MP3")
    twins.write_truth(folder, "panda_4qaed", seed, noise_ceiling_accuracy=round(float(1 - flipped.mean()), 4))
