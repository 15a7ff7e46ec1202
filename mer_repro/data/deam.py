"""DEAM, the MediaEval Database for Emotional Analysis in Music: 1,802 songs (2013, 2014, 2015).

Conventions
-----------
Static labels are means of about ten raters on a 1-9 scale, one pair per song (a 45 s excerpt; whole songs in 2015).
Dynamic labels are means over raters in -1..1, every 0.5 s from 15 s on. ``arousal.csv`` has one column more than
``valence.csv``, and a few songs have one frame more in the one or the other: the joint table holds the frames that both
files have, and `Deam.unpaired_frames` counts those left out.

In every copy at hand the static table of 2013 and 2014 has valence and arousal in each other's columns for the songs
with ``song_id`` <= 1000. `load` puts them right unless the dynamic labels of the copy say that they are right already;
``as_published=True`` leaves the columns alone. `validate` shows the evidence.

Source: Aljanaki, Yang and Soleymani 2017, "Developing a benchmark for emotional analysis of music", PLOS ONE 12(3).
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data import checks, twins
from mer_repro.data.base import Breach, Column, Finding, Location
from mer_repro.data.declaration import declared
from mer_repro.data.reading import read_table, require_same_ids
from mer_repro.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

HOP = 0.5  # s between frames
FIRST_FRAME = 15.0  # s; raters need the first seconds to settle
LAST_OF_2013, LAST_OF_2014, LAST_OF_2015 = 1000, 2000, 2058
YEARS = {2013: (1, LAST_OF_2013), 2014: (LAST_OF_2013 + 1, LAST_OF_2014), 2015: (LAST_OF_2014 + 1, LAST_OF_2015)}
STATIC_SCALE, DYNAMIC_SCALE = (1.0, 9.0), (-1.0, 1.0)
DOCUMENTED_SONGS = 1802
#: Raters per song, for the ceiling: at most about ten, so the ceiling is not too low.
RATERS = 10


def _of_years(first: int, last: int):
    def rule(table: pd.DataFrame) -> list[Breach]:
        return [(~table.song_id.between(first, last), "song_id {song_id}", f"ids from {first} to {last}")]

    return rule


BIBTEX, LICENSE_INFO, REMOTES, TABLES, NAMES, ALSO, note = declared(
    "deam",
    lists={
        "descriptors": twins.DESCRIPTORS,
        "statistics": [f"{name}_{statistic}" for name in twins.DESCRIPTORS for statistic in ("stddev", "amean")],
    },
    rules={"static_early": _of_years(1, LAST_OF_2014), "static_late": _of_years(*YEARS[2015])},
)
DYNAMIC = {target: TABLES[f"dynamic_{target}"] for target in ("arousal", "valence")}
STATIC_EARLY, STATIC_LATE = TABLES["static_early"], TABLES["static_late"]
METADATA = {year: TABLES[f"metadata_{year}"] for year in YEARS}
SONG_MEANS, FRAME_FEATURES = TABLES["song_means"], TABLES["frame_features"]


@dataclass(frozen=True)
class Deam:
    """DEAM's tables.

    static : song_id, valence, arousal, valence_std, arousal_std (1-9), and for the songs of 2015 the means
        and deviations of the highest and lowest rating (``valence_max`` ...; NaN before).
    dynamic : song_id, time (s), valence, arousal (-1..1), sorted by song and time.
    metadata : song_id, year, artist, title, album, genre, tags (tuple); None where the copy has none.
    song_features : song_id and 130 song means of openSMILE low-level descriptors under their openSMILE names;
        None where the copy has none. A third party's aggregate in the real copy.
    unpaired_frames : frames that only one of the two dynamic files has, left out of `dynamic`.
    swapped : song_ids whose valence and arousal the published static table has in each other's columns.
    as_published : whether `static` still has them so.
    """

    location: Location
    static: pd.DataFrame
    dynamic: pd.DataFrame
    metadata: pd.DataFrame | None
    song_features: pd.DataFrame | None
    unpaired_frames: int
    swapped: frozenset[int]
    as_published: bool

    def frame_features(self, song_id: int) -> pd.DataFrame:
        """``time`` (s, every 0.5 s from 0) and 260 openSMILE columns (mean and deviation of 130 descriptors).

        Raises
        ------
        DataMissing
            If the copy has no per-frame features of this song.
        DataError
            If the file is not as documented.
        """
        return read_table(self.location.path(f"features/{song_id}.csv"), FRAME_FEATURES)

    def audio_path(self, song_id: int) -> Path:
        """The song's mp3; raises DataMissing where the copy has no audio."""
        return self.location.path(f"MEMD_audio/{song_id}.mp3")


def load(location: Location, as_published: bool = False) -> Deam:
    """Read DEAM.

    Parameters
    ----------
    as_published : leave valence and arousal of the static table in the columns in which they were published.

    Raises
    ------
    DataMissing
        If a file is not there.
    DataError
        If a file is not as documented, or the files do not speak of the same songs.
    """
    import pandas as pd

    arousal, valence = (_read_dynamic(location, target) for target in ("arousal", "valence"))
    dynamic = _join_dynamic(location, arousal, valence)
    static = pd.concat([STATIC_EARLY.read(location), STATIC_LATE.read(location)], ignore_index=True)
    static = static.sort_values("song_id", ignore_index=True)
    static_path = location.path(STATIC_EARLY)
    require_same_ids(static_path, static.song_id, location.path(DYNAMIC["arousal"]), arousal.song_id)
    swapped = find_swapped(static, dynamic)
    if swapped and not as_published:
        static = swap_columns(static, swapped)
    features = None
    if location.has(SONG_MEANS):
        features = SONG_MEANS.read(location)
        require_same_ids(location.path(SONG_MEANS), features.song_id, static_path, static.song_id)
    years = [_read_metadata(location, year, static) for year in METADATA if location.has(METADATA[year])]
    return Deam(
        location=location,
        static=static,
        dynamic=dynamic,
        metadata=pd.concat(years, ignore_index=True) if years else None,
        song_features=features,
        unpaired_frames=len(arousal) + len(valence) - 2 * len(dynamic),
        swapped=swapped,
        as_published=as_published,
    )


def _read_dynamic(location: Location, target: str) -> pd.DataFrame:
    """The wide file (a row per song, a column per time; rows end with the song, or in empty cells) as a long table."""
    import numpy as np
    import pandas as pd

    path = location.path(DYNAMIC[target])
    with open(path, encoding="utf-8-sig") as stream:
        header = [cell.strip() for cell in stream.readline().split(",")]
    times = _sample_times(path, header)
    low, high = DYNAMIC_SCALE
    columns = (*DYNAMIC[target].columns, *(Column(name, low=low, high=high, nullable=True) for name in header[1:]))
    table = dataclasses.replace(DYNAMIC[target], columns=columns, rule=_without_gaps).read(location)
    values = table.drop(columns="song_id").to_numpy()
    filled = ~np.isnan(values)
    return pd.DataFrame(
        {
            "song_id": np.repeat(table.song_id.to_numpy(), filled.sum(axis=1)),
            "time": np.broadcast_to(times, values.shape)[filled],
            target: values[filled],
        }
    )


def _without_gaps(table: pd.DataFrame) -> list[Breach]:
    filled = table.drop(columns="song_id").notna().to_numpy()
    gap = (filled[:, 1:] & ~filled[:, :-1]).any(axis=1)
    return [
        (~filled[:, 0] & ~gap, "a song without labels", "at least one"),
        (gap, "an empty cell among the labels of song_id {song_id}", "labels without a gap"),
    ]


def _join_dynamic(location: Location, arousal: pd.DataFrame, valence: pd.DataFrame) -> pd.DataFrame:
    """The frames that both files have. Some published songs have one frame more in one file; more is a cut
    row."""
    paths = {target: location.path(DYNAMIC[target]) for target in DYNAMIC}
    require_same_ids(paths["arousal"], arousal.song_id, paths["valence"], valence.song_id)
    lengths = {"arousal": arousal.groupby("song_id").size(), "valence": valence.groupby("song_id").size()}
    gaps = lengths["arousal"] - lengths["valence"]
    if gaps.abs().max() > 1:
        song_id = gaps.abs().idxmax()
        shorter, longer = ("valence", "arousal") if gaps[song_id] > 0 else ("arousal", "valence")
        raise DataError(
            paths[shorter],
            found=f"{lengths[shorter][song_id]} frames of song_id {song_id}",
            expected=f"{lengths[longer][song_id]} as in {paths[longer].name}, or one less",
            todo="The row is truncated: fetch the file again.",
        )
    return valence.merge(arousal, on=["song_id", "time"]).sort_values(["song_id", "time"], ignore_index=True)


def _sample_times(path: Path, header: list[str]) -> np.ndarray:
    """Times (s) from header cells ``sample_<ms>ms``, which must go up by 0.5 s."""
    import numpy as np

    matches = [re.fullmatch(r"sample_(\d+)ms", cell) for cell in header[1:]]
    if header[0] != "song_id" or not matches or not all(matches):
        raise DataError(
            path,
            line=1,
            found="another header",
            expected=f"'song_id', 'sample_{FIRST_FRAME * 1000:.0f}ms' and so on, every {HOP * 1000:.0f} ms",
            todo="Is it the right file, with its header line?",
        )
    times = np.array([int(match[1]) for match in matches]) / 1000
    if times[0] != FIRST_FRAME or np.any(np.diff(times) != HOP):
        raise DataError(path, line=1, found="irregular sample times", expected=f"every {HOP} s from {FIRST_FRAME} s on")
    return times


def _read_metadata(location: Location, year: int, static: pd.DataFrame) -> pd.DataFrame:
    table = METADATA[year].read(location)
    songs = static.song_id[static.song_id.between(*YEARS[year])]
    labels = STATIC_LATE if year == 2015 else STATIC_EARLY
    require_same_ids(location.path(METADATA[year]), table.song_id, location.path(labels), songs)
    table.insert(1, "year", year)
    if year == 2013:
        table["album"] = ""  # the column so named holds file names in the copies at hand, and is missing elsewhere
    return table


def find_swapped(static: pd.DataFrame, dynamic: pd.DataFrame) -> frozenset[int]:
    """The song_ids whose valence and arousal stand in each other's columns of the published static table.

    That is every song up to 1000, as in all copies at hand, unless the dynamic labels of the same songs say
    clearly that this copy is right: their song means then correlate better with the columns as they are.
    """
    songs = static.loc[static.song_id <= LAST_OF_2013]
    means = dynamic.groupby("song_id")[["valence", "arousal"]].mean()
    joint = songs.merge(means, left_on="song_id", right_index=True, suffixes=("", "_dynamic"))
    # Fewer songs, or a smaller difference, would be no evidence against what is known of the published table.
    enough, clear = 30, 0.2
    if len(joint) >= enough:
        straight = joint.valence.corr(joint.valence_dynamic) + joint.arousal.corr(joint.arousal_dynamic)
        crossed = joint.valence.corr(joint.arousal_dynamic) + joint.arousal.corr(joint.valence_dynamic)
        if straight > crossed + clear:
            return frozenset()
    return frozenset(songs.song_id.tolist())


def swap_columns(static: pd.DataFrame, song_ids: frozenset[int]) -> pd.DataFrame:
    """A copy of a static table with valence and arousal (and their deviations) exchanged for the songs
    named."""
    table = static.copy()
    rows = table.song_id.isin(song_ids)
    for suffix in ("", "_std"):
        pair = [f"valence{suffix}", f"arousal{suffix}"]
        table.loc[rows, pair] = static.loc[rows, pair[::-1]].to_numpy()
    return table


def validate(dataset: Deam) -> list[Finding]:
    """Sizes, orientation (the swap), duplicates, labels, agreement, missing values, frames against features."""
    static, dynamic = dataset.static, dataset.dynamic
    counts = {"songs": len(static), "frames": len(dynamic)}
    findings = [
        checks.size_finding(dataset.location, counts, {"songs": DOCUMENTED_SONGS}),
        note("unpaired frames", {"frames": dataset.unpaired_frames}),
        *_orientation_findings(dataset),
        *checks.label_findings(static, STATIC_SCALE),
        checks.between_songs_finding(dynamic),
        checks.ceiling_finding(checks.ceilings(static, RATERS), f"of the static labels, if each had {RATERS} raters"),
    ]
    if dataset.metadata is not None:
        findings.append(checks.duplicate_finding(dataset.metadata))
    findings.append(
        checks.missing_finding(
            {"static": static[[column.name for column in STATIC_EARLY.columns]], "metadata": dataset.metadata}
        )
    )
    findings.append(_length_finding(dataset))
    other = checks.beside(dataset.location, "emomusic")
    if other is not None and dataset.metadata is not None:
        findings.append(checks.overlap_finding("emomusic", checks.overlap(dataset.metadata, other.songs)))
    return findings


def swap_evidence(dataset: Deam) -> dict[str, dict[str, float]]:
    """Three independent witnesses on the published static columns of the songs up to 1000, and of the others.

    Returns
    -------
    dict
        For "early" (song_id <= 1000) and "late": correlations of the published columns with the song means of the
        dynamic labels (``dynamic_straight``, ``dynamic_crossed``), with loudness (``loudness_valence``,
        ``loudness_arousal``; where the copy has descriptors), and with emoMusic's static labels
        (``emomusic_straight``, ``emomusic_crossed``; early songs, where a real copy lies beside).
    """
    published = dataset.static
    if dataset.swapped and not dataset.as_published:
        published = swap_columns(published, dataset.swapped)
    means = checks.song_means(dataset.dynamic)
    early = published.song_id <= LAST_OF_2013
    emomusic = checks.beside(dataset.location, "emomusic")
    evidence = {}
    for era, songs in (("early", published[early]), ("late", published[~early])):
        witness = checks.orientation(songs, means)
        found = {"songs": len(songs), "dynamic_straight": witness["straight"], "dynamic_crossed": witness["crossed"]}
        if dataset.song_features is not None:
            loudness = dataset.song_features[["song_id", f"{twins.LOUDNESS}_amean"]].set_axis(
                ["song_id", "loudness"], axis=1
            )
            found |= {
                f"loudness_{k}": v for k, v in checks.orientation_by_loudness(songs, loudness).items() if k != "songs"
            }
        if emomusic is not None and era == "early":
            witness = checks.orientation(songs, emomusic.static)
            found |= {"emomusic_straight": witness["straight"], "emomusic_crossed": witness["crossed"]}
        evidence[era] = found
    return evidence


def _orientation_findings(dataset: Deam) -> list[Finding]:
    evidence = swap_evidence(dataset)
    findings = []
    for era, which in (("early", f"up to {LAST_OF_2013}"), ("late", f"above {LAST_OF_2013}")):
        numbers = evidence[era]
        votes = [
            numbers[f"{witness}_crossed"] > numbers[f"{witness}_straight"]
            for witness in ("dynamic", "emomusic")
            if f"{witness}_straight" in numbers
        ]
        if "loudness_valence" in numbers:
            votes.append(numbers["loudness_valence"] > numbers["loudness_arousal"])
        figures = ", ".join(
            f"{name.replace('_', ' ')} {value:.2f}" for name, value in numbers.items() if name != "songs"
        )
        corrected = era == "early" and bool(dataset.swapped)
        if len(set(votes)) > 1 or votes[0] != corrected:
            status, verdict = "failed", "the witnesses do not agree with what the loader assumes"
        elif corrected:
            status = "known_defect"
            verdict = f"valence and arousal stand in each other's columns for these {numbers['songs']} songs"
            verdict += "; left as published" if dataset.as_published else "; put right by the loader"
        else:
            status, verdict = "ok", "the columns are what their names say"
        findings.append(
            note("orientation, song_id {which}", numbers, status, which=which, verdict=verdict, figures=figures)
        )
    return findings


def _length_finding(dataset: Deam) -> Finding:
    lengths = dataset.dynamic.groupby("song_id").size()
    excerpts = lengths[lengths.index <= LAST_OF_2014]
    usual = int(excerpts.mode().iloc[0])
    odd = int((excerpts != usual).sum())
    return note(
        "frames",
        {"excerpt_frames": usual, "odd_excerpts": odd, "longest": int(lengths.max())},
        usual=len(excerpts) - odd,
        excerpts=len(excerpts),
        seconds=usual * HOP,
    )


TWIN_SONGS = {2013: 50, 2014: 58, 2015: 12}


def make_twin(folder: Path, seed: int = 0) -> None:
    """Write 120 generated songs in DEAM's layout, with per-frame features and with the published swap.

    ``truth.json`` holds the ceilings of `mer_repro.data.twins.ceilings` for the dynamic labels and the ids
    whose static labels were swapped.
    """
    import numpy as np

    rng = np.random.default_rng([seed, 1802])
    ids = [int(i) for i in np.linspace(2, LAST_OF_2013, TWIN_SONGS[2013])]
    ids += [int(i) for i in np.linspace(LAST_OF_2013 + 1, LAST_OF_2014, TWIN_SONGS[2014])]
    ids += list(range(LAST_OF_2014 + 1, LAST_OF_2014 + 1 + TWIN_SONGS[2015]))
    silent = int(FIRST_FRAME / HOP)  # frames before the first label, which only the features have
    annotated = [60 if song_id <= LAST_OF_2014 else int(rng.integers(80, 140)) for song_id in ids]
    songs = twins.plant_songs(rng, [silent + length for length in annotated])
    scale = 0.22  # -1..1 holds more than four deviations
    labels = {
        target: [np.clip(scale * song.observed[target][silent:], -1, 1).round(6) for song in songs]
        for target in twins.TARGETS
    }
    _write_twin_dynamic(folder, ids, labels)
    _write_twin_static(folder, rng, ids, labels)
    _write_twin_metadata(folder, ids)
    for song_id, song in zip(ids, songs, strict=True):
        _write_twin_features(folder / f"features/{song_id}.csv", song)
    twins.write(
        folder,
        SONG_MEANS,
        ([song_id, *song.features.mean(axis=0).round(6)] for song_id, song in zip(ids, songs, strict=True)),
    )
    truth = twins.ceilings([twins.annotated(song, silent) for song in songs])
    twins.write_truth(folder, "deam", seed, dynamic=truth, swapped_up_to=LAST_OF_2013)


def _write_twin_dynamic(folder: Path, ids: list[int], labels: dict[str, list]) -> None:
    longest = max(len(values) for values in labels["valence"])
    for target, columns in (("arousal", longest + 1), ("valence", longest)):
        times = [f"sample_{(FIRST_FRAME + HOP * k) * 1000:.0f}ms" for k in range(columns)]
        rows = []
        for position, (song_id, values) in enumerate(zip(ids, labels[target], strict=True)):
            cells = values.tolist()
            if target == "arousal" and position == len(ids) - 1:
                cells.append(cells[-1])  # one frame that the other file does not have, as published
            rows.append([song_id, *cells, *[""] * (columns - len(cells))])
        twins.write(folder, DYNAMIC[target], rows, ["song_id", *times])


def _write_twin_static(folder: Path, rng, ids: list[int], labels: dict[str, list]) -> None:
    middle, half, noise = 5.0, 4.0, 0.25
    early, late = [], []
    for position, song_id in enumerate(ids):
        rating = {
            target: round(float(middle + half * labels[target][position].mean() + noise * rng.standard_normal()), 2)
            for target in twins.TARGETS
        }
        spread = {target: round(float(noise * RATERS**0.5 * rng.uniform(0.9, 1.1)), 2) for target in twins.TARGETS}
        if song_id <= LAST_OF_2014:
            order = ("arousal", "valence") if song_id <= LAST_OF_2013 else ("valence", "arousal")
            early.append([song_id, *(cell for target in order for cell in (rating[target], spread[target]))])
            continue
        row = [song_id]
        for target in ("valence", "arousal"):
            top, bottom = min(rating[target] + 1.1, 9.0), max(rating[target] - 1.1, 1.0)
            row += [rating[target], spread[target], round(top, 2), spread[target], round(bottom, 2), spread[target]]
        late.append(row)
    twins.write(
        folder, STATIC_EARLY, early, ["song_id", " valence_mean", " valence_std", " arousal_mean", " arousal_std"]
    )
    kinds = ("mean", "std", "max_mean", "max_std", "min_mean", "min_std")
    header = [f" {target}_{kind}" for target in ("valence", "arousal") for kind in kinds]
    header[2] = " valence_ max_mean"  # as published
    twins.write(folder, STATIC_LATE, late, ["song_id", *header])


def _write_twin_metadata(folder: Path, ids: list[int]) -> None:
    genres = ("Blues", "Classical", "Electronic", "Folk", "Jazz", "Pop", "Rock")
    headers = {
        2013: ["song_id", "album", "artist", "title", "Genre"],
        2014: ["song_id", "artist", "album", "title", "Genre", "", ""],
        2015: ["song_id", "title", "artist", "album", "Genre", "", ""],
    }
    for year, (first, last) in YEARS.items():
        rows = []
        for song_id in ids:
            if first <= song_id <= last:
                cells = {
                    "song_id": song_id,
                    "album": f"\t{song_id}.mp3" if year == 2013 else f"Album {song_id % 17}",
                    "artist": f"Generated Artist {song_id % 31}\t",
                    "title": f"Generated Song {song_id}, in {song_id % 12}",
                    "Genre": genres[song_id % len(genres)],
                }
                rows.append([cells.get(name, "generated") for name in headers[year]])
        twins.write(folder, METADATA[year], rows, headers[year])


def _write_twin_features(path: Path, song: twins.PlantedSong) -> None:
    import numpy as np

    times = HOP * np.arange(len(song.features))
    pairs = np.stack([song.spread, song.features], axis=2).reshape(len(times), -1)  # (frames, 260), deviation first
    header = ";".join(FRAME_FEATURES.header)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, np.column_stack([times, pairs]), fmt="%.3f", delimiter=";", header=header, comments="")
