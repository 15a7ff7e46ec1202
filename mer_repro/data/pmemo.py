"""PMEmo: the choruses of 794 pop songs, 767 of them with static and dynamic valence and arousal.

Conventions
-----------
All labels are means over at least ten raters on a 0-1 scale. Dynamic labels come every 0.5 s, from 15.5 s on, each with
the deviation of the raters; the 27 clips that end earlier have no labels at all. Some deviations are impossible for
ratings on 0-1: they seem to be on a scale twice as wide (`validate`, "scale of the deviations"), and stand in the
tables as published. Feature frames (official download only) are 1 s wide, every 0.5 s from 0 s.

Source: Zhang, Zhang, Yang et al. 2018, "The PMEmo dataset for music emotion recognition", ICMR.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data import checks, twins
from mer_repro.data.base import Breach, Column, Finding, Location, Table
from mer_repro.data.declaration import declared
from mer_repro.data.reading import require_same_ids
from mer_repro.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

HOP = 0.5  # s between frames
FIRST_FRAME = 15.5  # s
SCALE = (0.0, 1.0)
DOCUMENTED_SONGS, DOCUMENTED_FRAMES = 767, 36434
RATERS = 10  # at least, by the paper
#: The labels were rated on -1..1 and are published on 0-1; deviations on the former are twice as large.
WIDER_SCALE = 2

SONG_ID = Column("song_id", "musicId", "int", low=1)
TIME = Column("time", "frameTime", low=0, unit="s")
FRAME = ("song_id", "time")


def _seconds(clock: str) -> float | None:
    """Seconds from "mm:ss"; None if it is no such text."""
    parts = re.fullmatch(r"(\d{1,3}):([0-5]\d)", clock)
    return 60.0 * int(parts[1]) + int(parts[2]) if parts else None


def _clocks(metadata: pd.DataFrame) -> Iterator[Breach]:
    for column in ("chorus_start", "chorus_end"):
        yield metadata[column].map(_seconds).isna(), f"'{{{column}}}' as {column}", "a time as mm:ss"


FRAME_FEATURES = Table(
    "features/dynamic_features.csv",
    (SONG_ID, TIME, *(Column(f"{name}_{kind}") for kind in ("mean", "std") for name in twins.DESCRIPTORS)),
    key=FRAME,
    optional=True,
    others="ignore",
    says="means and deviations of the openSMILE descriptors, 1 s wide every 0.5 s",
)


BIBTEX, LICENSE_INFO, REMOTES, _LABELS, NAMES, ALSO, note = declared("pmemo", rules={"metadata": _clocks})
STATIC, DYNAMIC, DYNAMIC_STD, METADATA = _LABELS.values()
TABLES = {**_LABELS, "frame_features": FRAME_FEATURES}


@dataclass(frozen=True)
class PMEmo:
    """PMEmo's tables.

    static : song_id, valence, arousal (0-1).
    dynamic : song_id, time (s), valence, arousal (0-1), and valence_std, arousal_std where the copy has the
        deviations; sorted by song and time.
    metadata : song_id, filename, title, artist, album, duration (s), chorus_start and chorus_end (s in the
        song); None where the copy has none. Holds songs without labels too.
    """

    location: Location
    static: pd.DataFrame
    dynamic: pd.DataFrame
    metadata: pd.DataFrame | None

    def frame_features(self) -> pd.DataFrame:
        """song_id, time (s) and 260 openSMILE columns (``_mean`` and ``_std`` of 130 descriptors), all songs.

        Raises
        ------
        DataMissing
            If the copy has no features.
        DataError
            If the file is not as documented.
        """
        return FRAME_FEATURES.read(self.location)

    def audio_path(self, song_id: int) -> Path:
        """The chorus as mp3; raises DataMissing where the copy has none."""
        return self.location.path(f"chorus/{song_id}.mp3")


def load(location: Location) -> PMEmo:
    """Read PMEmo.

    Raises
    ------
    DataMissing
        If a file is not there.
    DataError
        If a file is not as documented, or the files do not speak of the same songs and frames.
    """
    static, dynamic = STATIC.read(location), DYNAMIC.read(location)
    static_path, dynamic_path = location.path(STATIC), location.path(DYNAMIC)
    require_same_ids(static_path, static.song_id, dynamic_path, dynamic.song_id)
    if location.has(DYNAMIC_STD):
        deviations = DYNAMIC_STD.read(location)
        path = location.path(DYNAMIC_STD)
        require_same_ids(path, _frames(deviations), dynamic_path, _frames(dynamic), "frame (song_id, time)")
        dynamic = dynamic.merge(deviations, on=list(FRAME))
    dynamic = dynamic.sort_values(["song_id", "time"], ignore_index=True)
    _require_regular_frames(dynamic, dynamic_path)
    metadata = None
    if location.has(METADATA):
        metadata = METADATA.read(location)
        for column in ("chorus_start", "chorus_end"):
            metadata[column] = metadata[column].map(_seconds)
        unknown = sorted(set(static.song_id) - set(metadata.song_id))
        if unknown:
            raise DataError(
                location.path(METADATA), found=f"no song_id {unknown[0]}", expected=f"every song of {static_path}"
            )
    return PMEmo(location, static.sort_values("song_id", ignore_index=True), dynamic, metadata)


def _frames(table: pd.DataFrame) -> list[tuple[int, float]]:
    return list(zip(table.song_id.tolist(), table.time.tolist(), strict=True))


def _require_regular_frames(dynamic: pd.DataFrame, path: Path) -> None:
    first = dynamic.groupby("song_id").time.transform("min")
    step = dynamic.groupby("song_id").time.diff()
    odd = dynamic[(first != FIRST_FRAME) | (step.notna() & (step != HOP))]
    if len(odd):
        row = odd.iloc[0]
        raise DataError(
            path,
            found=f"a frame of song_id {row.song_id:.0f} at {row.time} s",
            expected=f"frames every {HOP} s from {FIRST_FRAME} s on, none missing",
        )


def validate(dataset: PMEmo) -> list[Finding]:
    """Sizes, labels, agreement, impossible deviations, duplicates, missing values, frames against durations,
    orientation of the static against the dynamic labels."""
    static, dynamic = dataset.static, dataset.dynamic
    findings = [
        checks.size_finding(
            dataset.location,
            {"songs": len(static), "frames": len(dynamic)},
            {"songs": DOCUMENTED_SONGS, "frames": DOCUMENTED_FRAMES},
        ),
        *checks.label_findings(static, SCALE),
        checks.between_songs_finding(dynamic),
        checks.orientation_finding(note, static, dynamic),
    ]
    if "valence_std" in dynamic:
        findings += _deviation_findings(dynamic)
    if dataset.metadata is not None:
        findings += [*_duplicate_findings(dataset), _duration_finding(dynamic, dataset.metadata)]
        findings.append(_unlabelled_finding(dataset))
    findings.append(checks.missing_finding({"static": static, "dynamic": dynamic, "metadata": dataset.metadata}))
    return findings


def _deviation_findings(dynamic: pd.DataFrame) -> list[Finding]:
    """The ceiling from the published deviations under both readings of their scale, and what speaks for the wider.

    Ratings on 0-1 with a given mean vary most where each is 0 or 1; two raters allow the largest sample deviation.
    """
    on_labels_scale, on_wide_scale, impossible, still = {}, {}, {}, {}
    for target in checks.TARGETS:
        mean, deviation = dynamic[target], dynamic[f"{target}_std"]
        largest = (mean * (1 - mean) * 2) ** 0.5 + 1e-9
        on_labels_scale[target] = checks.ceiling_of_means(mean, deviation, RATERS)
        on_wide_scale[target] = checks.ceiling_of_means(mean, deviation / WIDER_SCALE, RATERS)
        impossible[target] = int((deviation > largest).sum())
        still[target] = int((deviation / WIDER_SCALE > largest).sum())
    wide = sum(impossible.values()) > 0 and sum(still.values()) == 0
    return [
        checks.ceiling_finding(
            on_wide_scale if wide else on_labels_scale,
            f"of the dynamic labels, if each had {RATERS} raters"
            + (f" and the published deviations are on a scale {WIDER_SCALE} times as wide" if wide else ""),
        ),
        note(
            "scale of the deviations",
            {"impossible": sum(impossible.values()), **{f"{t}_on_own_scale": on_labels_scale[t] for t in impossible}},
            checks.DEFECT[wide],
            wider=WIDER_SCALE,
            still=sum(still.values()),
        ),
    ]


def _duplicate_findings(dataset: PMEmo) -> list[Finding]:
    """Songs that are there twice, and how far their labels differ: the same music rated twice is a retest of the
    raters."""
    found = [checks.duplicate_finding(dataset.metadata)]
    labels = dataset.static.set_index("song_id")
    pairs = [group[:2] for group in checks.duplicate_songs(dataset.metadata) if set(group[:2]) <= set(labels.index)]
    if pairs:
        gaps = {t: [abs(labels[t][one] - labels[t][other]) for one, other in pairs] for t in checks.TARGETS}
        shown = "; ".join(
            f"{one} and {other} ({labels.valence[one]:g} and {labels.valence[other]:g})" for one, other in pairs[:3]
        )
        found.append(
            note(
                "labels of duplicates",
                {"pairs": len(pairs)}
                | {t: float(sum(gap) / len(gap)) for t, gap in gaps.items()}
                | {f"{t}_most": float(max(gap)) for t, gap in gaps.items()},
                shown=shown,
            )
        )
    return found


def _unlabelled_finding(dataset: PMEmo) -> Finding:
    """Clips that end before the first label is due."""
    bare = dataset.metadata[~dataset.metadata.song_id.isin(dataset.static.song_id)]
    early = int((bare.duration < FIRST_FRAME).sum())
    return note(
        "songs without labels",
        {"songs": len(bare), "early": early},
        checks.NOTE[len(bare) > 0],
        all=len(dataset.metadata),
        first=FIRST_FRAME,
        ids=", ".join(map(str, sorted(bare.song_id))),
    )


def _duration_finding(dynamic: pd.DataFrame, metadata: pd.DataFrame) -> Finding:
    last = dynamic.groupby("song_id").time.max()
    rest = metadata.set_index("song_id").duration.loc[last.index] - last
    return note(
        "frames against durations",
        {"shortest_rest": float(rest.min()), "longest_rest": float(rest.max()), "beyond": int((rest < 0).sum())},
        checks.OK[bool(rest.abs().max() < 1)],
        median=rest.median(),
        most=-min(rest.min(), 0),
    )


TWIN_SONGS, TWIN_UNLABELLED, TWIN_FEATURES_FOR = 90, 3, 60


def make_twin(folder: Path, seed: int = 0) -> None:
    """Write 90 generated songs in PMEmo's layout (features of the first 60), and ``truth.json`` with the
    ceilings."""
    import numpy as np

    rng = np.random.default_rng([seed, 794])
    ids = [1 + 11 * k for k in range(TWIN_SONGS + TWIN_UNLABELLED)]
    silent = int(FIRST_FRAME / HOP)
    labelled = rng.integers(16, 80, size=TWIN_SONGS)
    songs = twins.plant_songs(rng, [silent + int(length) for length in labelled])
    parts = [twins.annotated(song, silent) for song in songs]
    middle, scale = 0.6, 0.1
    means, deviations, static = [], [], []
    for song_id, part in zip(ids, parts, strict=False):
        label = {target: np.clip(middle + scale * part.observed[target], 0, 1) for target in twins.TARGETS}
        spread = {
            target: scale * twins.rater_deviation(target, RATERS) * rng.uniform(0.9, 1.1, len(values))
            for target, values in label.items()
        }
        times = FIRST_FRAME + HOP * np.arange(len(label["arousal"]))
        for table, columns in ((means, label), (deviations, spread)):
            table += zip([song_id] * len(times), times, columns["arousal"], columns["valence"], strict=True)
        overall = [float(label[target].mean() + 0.03 * rng.standard_normal()) for target in twins.TARGETS]
        static.append([song_id, *np.clip(overall, 0, 1).round(4)])
    for table, rows, kind in ((DYNAMIC, means, "mean"), (DYNAMIC_STD, deviations, "std")):
        twins.write(folder, table, rows, ["musicId", "frameTime", f"Arousal({kind})", f"Valence({kind})"])
    twins.write(folder, STATIC, static, ["musicId", "Arousal(mean)", "Valence(mean)"])
    _write_twin_metadata(folder, ids, labelled)
    _write_twin_features(folder / FRAME_FEATURES.path, ids[:TWIN_FEATURES_FOR], songs)
    truth = twins.ceilings(parts)
    twins.write_truth(folder, "pmemo", seed, dynamic=truth)


def _write_twin_metadata(folder: Path, ids: list[int], labelled) -> None:
    rows = []
    for position, song_id in enumerate(ids):
        frames = int(labelled[position]) if position < len(labelled) else 20
        duration = FIRST_FRAME + HOP * frames
        chorus = [f"{seconds // 60:02d}:{seconds % 60:02d}" for seconds in (65, 65 + round(duration))]
        names = [f"Generated Song {song_id}, part {position % 3}", f"Generated Artist {position % 41}", "Generated"]
        rows.append([song_id, f"{song_id}.mp3", *names, duration, *chorus])
    twins.write(folder, METADATA, rows)


def _write_twin_features(path: Path, ids: list[int], songs: list[twins.PlantedSong]) -> None:
    import numpy as np

    header = FRAME_FEATURES.header
    blocks = []
    for song_id, song in zip(ids, songs, strict=False):
        length = len(song.features)
        blocks.append(np.column_stack([np.full(length, song_id), HOP * np.arange(length), song.features, song.spread]))
    path.parent.mkdir(parents=True, exist_ok=True)
    formats = ["%d", "%.1f"] + ["%.3f"] * (len(header) - 2)
    np.savetxt(path, np.vstack(blocks), fmt=formats, delimiter=",", header=",".join(header), comments="")
