"""emoMusic: the 744 songs of MediaEval 2013, with static valence and arousal and a development/evaluation split.

Conventions
-----------
Labels are means of at least ten raters on a 1-9 scale, one pair per song (a 45 s excerpt). ``song_id`` is shared with
DEAM, which holds the same songs under the same ids. Segment times are published as minutes.seconds and lost their last
zero in some copies ("0.2" is 0 min 20 s: all excerpts are then 45 s long); here they are seconds.

Dynamic labels are means and standard deviations over raters on -1..1, every 0.5 s from 15 s to 45 s. In the copy at
hand their means are DEAM's (`validate`): the deviations are what emoMusic adds, and neither set can test a model of the
other's dynamic labels.

Source: Soleymani, Caro, Schmidt, Sha and Yang 2013, "1000 songs for emotional analysis of music", CrowdMM.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data import checks, twins
from mer_repro.data.base import Breach, Finding, Location
from mer_repro.data.declaration import declared
from mer_repro.data.reading import require_same_ids

if TYPE_CHECKING:
    import pandas as pd

SCALE = (1.0, 9.0)
EXCERPT_SECONDS = 45
DOCUMENTED_SONGS = 744
RATERS = 10  # at least, by the paper


def _seconds(cell: str) -> float | None:
    """Seconds from "minutes.seconds", whose trailing zeros may be lost; None if it is no such text."""
    parts = re.fullmatch(r"(\d{1,2})(?:\.([0-5]\d?))?", cell)
    return 60.0 * int(parts[1]) + int((parts[2] or "0").ljust(2, "0")) if parts else None


def _excerpts(songs: pd.DataFrame) -> Iterator[Breach]:
    start, end = (songs[f"segment_{which}"].map(_seconds).astype(float) for which in ("start", "end"))
    found, expected = "a segment from '{segment_start}' to '{segment_end}'", "minutes.seconds, {seconds} s apart"
    yield (end - start) != EXCERPT_SECONDS, found, expected.replace("{seconds}", str(EXCERPT_SECONDS))


DYNAMIC_SCALE, FIRST_FRAME, HOP, FRAMES = (-1.0, 1.0), 15.0, 0.5, 61


BIBTEX, LICENSE_INFO, REMOTES, TABLES, NAMES, ALSO, note = declared(
    "emomusic",
    lists={"frames": [f"sample_{1000 * (FIRST_FRAME + HOP * frame):.0f}ms" for frame in range(FRAMES)]},
    rules={"songs": _excerpts},
)
STATIC, SONGS = TABLES["static"], TABLES["songs"]
#: Column of `EmoMusic.dynamic` -> the file it is read from.
DYNAMIC = {name.removeprefix("dynamic_"): table for name, table in TABLES.items() if name.startswith("dynamic_")}


@dataclass(frozen=True)
class EmoMusic:
    """emoMusic's tables.

    static : song_id, valence, arousal, valence_std, arousal_std (1-9).
    songs : song_id, artist, title, segment_start, segment_end (s in the song), genre, split ("development" or
        "evaluation").
    dynamic : song_id, time (s), valence, arousal (-1..1) and, where the copy has them, valence_std, arousal_std; None
        where it has no dynamic means.
    """

    location: Location
    static: pd.DataFrame
    songs: pd.DataFrame
    dynamic: pd.DataFrame | None = None

    def audio_path(self, song_id: int) -> Path:
        """The 45 s excerpt as mp3; raises DataMissing where the copy has none."""
        return self.location.path(f"clips_45seconds/{song_id}.mp3")


def load(location: Location) -> EmoMusic:
    """Read emoMusic.

    Raises
    ------
    DataMissing
        If a file is not there.
    DataError
        If a file is not as documented, or the two do not speak of the same songs.
    """
    static, songs = STATIC.read(location), SONGS.read(location)
    require_same_ids(location.path(STATIC), static.song_id, location.path(SONGS), songs.song_id)
    for column in ("segment_start", "segment_end"):
        songs[column] = songs[column].map(_seconds)
    static, songs = (table.sort_values("song_id", ignore_index=True) for table in (static, songs))
    return EmoMusic(location, static, songs, _read_dynamic(location, static))


def _read_dynamic(location: Location, static: pd.DataFrame) -> pd.DataFrame | None:
    """The wide files as one long table, song by song."""
    import numpy as np
    import pandas as pd

    present = {name: table for name, table in DYNAMIC.items() if location.has(table)}
    if not {"valence", "arousal"} <= set(present):
        return None
    columns = {
        "song_id": np.repeat(static.song_id.to_numpy(), FRAMES),
        "time": np.tile(FIRST_FRAME + HOP * np.arange(FRAMES), len(static)),
    }
    for name, table in present.items():
        wide = table.read(location).sort_values("song_id", ignore_index=True)
        require_same_ids(location.path(table), wide.song_id, location.path(STATIC), static.song_id)
        columns[name] = wide.drop(columns="song_id").to_numpy().ravel()
    return pd.DataFrame(columns)


def validate(dataset: EmoMusic) -> list[Finding]:
    """Size, labels, agreement, duplicates, missing values, class balance, and orientation against DEAM."""
    static = dataset.static
    split, genres = checks.balance(dataset.songs.split), checks.balance(dataset.songs.genre)
    findings = [
        checks.size_finding(dataset.location, {"songs": len(static)}, {"songs": DOCUMENTED_SONGS}),
        *checks.label_findings(static, SCALE),
        checks.ceiling_finding(checks.ceilings(static, RATERS), f"if each label had {RATERS} raters"),
        checks.duplicate_finding(dataset.songs),
        checks.missing_finding({"static": static, "songs": dataset.songs}),
        note("class balance", {**split, **genres}, genres=len(genres), **checks.extremes(genres)),
    ]
    if dataset.dynamic is not None:
        findings.append(checks.between_songs_finding(dataset.dynamic))
    if dataset.dynamic is not None and "valence_std" in dataset.dynamic:
        findings.append(note("rater ceiling, dynamic", checks.ceilings(dataset.dynamic, RATERS), raters=RATERS))
    deam = checks.beside(dataset.location, "deam")
    if deam is not None and dataset.dynamic is not None:
        findings.append(_same_as_deam(dataset.dynamic, deam.dynamic))
    if deam is not None:
        findings.append(checks.orientation_finding(note, static, deam.dynamic))
    return findings


def _same_as_deam(dynamic: pd.DataFrame, deam: pd.DataFrame) -> Finding:
    """Whether the dynamic means are DEAM's."""
    joint = dynamic.merge(deam, on=["song_id", "time"], suffixes=("", "_deam"))
    most = max((joint[target] - joint[f"{target}_deam"]).abs().max() for target in checks.TARGETS)
    numbers = {"frames": len(joint), "songs": joint.song_id.nunique(), "most": most}
    return note("dynamic labels against DEAM", numbers, which="the same" if most < 1e-4 else "other")


TWIN_SONGS = 80


def make_twin(folder: Path, seed: int = 0) -> None:
    """Write 80 generated songs in emoMusic's layout. ``truth.json`` holds the R2 of the noise-free labels."""
    import numpy as np

    rng = np.random.default_rng([seed, 744])
    ids = [int(i) for i in np.linspace(2, 1000, TWIN_SONGS)]
    songs = twins.plant_songs(rng, [1] * TWIN_SONGS)
    width = 1.2  # deviation of the labels
    labels = {
        target: np.clip([5 + width * song.observed[target][0] for song in songs], *SCALE).round(4)
        for target in twins.TARGETS
    }
    genres = ("Blues", "Classical", "Country", "Electronic", "Folk", "Jazz", "Pop", "Rock")
    static, info = [], []
    for position, song_id in enumerate(ids):
        spread = [
            round(float(width * twins.rater_deviation(target, RATERS) * rng.uniform(0.9, 1.1)), 4)
            for target in ("valence", "arousal")
        ]
        static.append([song_id, labels["valence"][position], spread[0], labels["arousal"][position], spread[1]])
        start = int(rng.integers(0, 200))
        times = [f"{t // 60}.{t % 60:02d}".rstrip("0").rstrip(".") for t in (start, start + EXCERPT_SECONDS)]
        names = [f"Generated Artist {position % 23}\t", f"\tGenerated Song {song_id}, live"]
        cells = [f"\t{song_id}.mp3", *names, *(f"\t{t}\t" for t in times), f"\t{genres[position % 8]}\t"]
        info.append([song_id, *cells, "evaluation" if position % 6 == 5 else "development"])
    header = ["song_id", "valence_mean", "valence_std", "arousal_mean", "arousal_std"]
    twins.write(folder, STATIC, static, header)
    header = ["song_id", "file_name", *SONGS.header[1:]]
    twins.write(folder, SONGS, info, header)
    moving = twins.plant_songs(rng, [FRAMES] * TWIN_SONGS)
    for name, table in DYNAMIC.items():
        target = name.removesuffix("_std")
        spread = 0.25 * twins.rater_deviation(target, RATERS) * rng.uniform(0.9, 1.1, (TWIN_SONGS, FRAMES))
        values = spread if name.endswith("_std") else np.clip([0.25 * song.observed[target] for song in moving], -1, 1)
        rows = [[song_id, *row] for song_id, row in zip(ids, values.round(6).tolist(), strict=True)]
        twins.write(folder, table, rows)
    twins.write_truth(folder, "emomusic", seed, static=twins.ceilings(songs), dynamic=twins.ceilings(moving))
