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

from mer_repro.data import checks
from mer_repro.data.base import Breach, Column, Finding, Location, Remote, Table
from mer_repro.data.reading import require_same_ids

if TYPE_CHECKING:
    import pandas as pd

BIBTEX = """@inproceedings{soleymani2013songs,
  title = {1000 songs for emotional analysis of music}, author = {Soleymani, Mohammad and Caro, Micheal N. and
  Schmidt, Erik M. and Sha, Cheng-Ya and Yang, Yi-Hsuan}, booktitle = {Proceedings of the 2nd ACM
  International Workshop on Crowdsourcing for Multimedia}, pages = {1--6}, year = {2013}, doi =
  {10.1145/2506364.2506365}
}"""
LICENSE_INFO = (
    "For research, with citation; the songs are from the Free Music Archive, under Creative Commons licences."
)
REMOTES = {
    "annotations": Remote(
        address="",
        filename="annotations.tar.gz",
        unpack_to=".",
        manual=(
            "Open https://cvml.unige.ch/databases/emoMusic/, download the annotations, and unpack"
            " them so that emomusic/static_annotations.csv and emomusic/songs_info.csv exist."
        ),
    )
}

SCALE = (1.0, 9.0)
EXCERPT_SECONDS = 45
DOCUMENTED_SONGS = 744
RATERS = 10  # at least, by the paper

SONG_ID = Column("song_id", "", "int", low=1, high=1000)


def _seconds(cell: str) -> float | None:
    """Seconds from "minutes.seconds", whose trailing zeros may be lost; None if it is no such text."""
    parts = re.fullmatch(r"(\d{1,2})(?:\.([0-5]\d?))?", cell)
    return 60.0 * int(parts[1]) + int((parts[2] or "0").ljust(2, "0")) if parts else None


def _excerpts(songs: pd.DataFrame) -> Iterator[Breach]:
    start, end = (songs[f"segment_{which}"].map(_seconds).astype(float) for which in ("start", "end"))
    found, expected = "a segment from '{segment_start}' to '{segment_end}'", "minutes.seconds, {seconds} s apart"
    yield (end - start) != EXCERPT_SECONDS, found, expected.replace("{seconds}", str(EXCERPT_SECONDS))


STATIC = Table(
    "static_annotations.csv",
    (
        SONG_ID,
        Column("valence", ("valence_mean", "mean_valence"), low=SCALE[0], high=SCALE[1]),
        Column("arousal", ("arousal_mean", "mean_arousal"), low=SCALE[0], high=SCALE[1]),
        Column("valence_std", ("valence_std", "std_valence"), low=0, high=(SCALE[1] - SCALE[0]) / 2**0.5),
        Column("arousal_std", ("arousal_std", "std_arousal"), low=0, high=(SCALE[1] - SCALE[0]) / 2**0.5),
    ),
    lines=744,
    digests=("68db1e5fb03fdbd707e241026f1cc371",),
    says="means and standard deviations over the raters of each song",
)
SONGS = Table(
    "songs_info.csv",
    (
        SONG_ID,
        Column("artist", "Artist", "str"),
        Column("title", "Song title", "str"),
        Column("segment_start", "start of the segment (min.sec)", "str"),
        Column("segment_end", "end of the segment (min.sec)", "str"),
        Column("genre", "Genre", "str"),
        Column("split", "Mediaeval 2013 set", "str", choices=("development", "evaluation")),
    ),
    lines=744,
    digests=("4dec3eb219449cb1e17d0828ef24cf98",),
    others="ignore",
    rule=_excerpts,
    says="artist, title, segment, genre and part of the MediaEval 2013 split",
)
DYNAMIC_DIGESTS = {
    ("arousal", "average"): "de4b704fa72ed559b55d874cb6f0cdf2",
    ("arousal", "std"): "bcad2ec540e192b837c98d02c975007d",
    ("valence", "average"): "f68c2d77375eb2d718b957f663256f5d",
    ("valence", "std"): "2656c892e6e104f33a59c2ab946f91ab",
}
DYNAMIC_SCALE, FIRST_FRAME, HOP, FRAMES = (-1.0, 1.0), 15.0, 0.5, 61


def _dynamic(target: str, statistic: str) -> Table:
    """One wide file: a row per song, a column per time."""
    low = 0.0 if statistic == "std" else DYNAMIC_SCALE[0]
    times = [f"sample_{1000 * (FIRST_FRAME + HOP * frame):.0f}ms" for frame in range(FRAMES)]
    return Table(
        f"annotations/{target}_cont_{statistic}.csv",
        (SONG_ID, *(Column(name, low=low, high=DYNAMIC_SCALE[1], unit="a frame of 0.5 s") for name in times)),
        optional=True,
        lines=744,
        digests=(DYNAMIC_DIGESTS[target, statistic],),
        says=f"dynamic {target}, {'means' if statistic == 'average' else 'standard deviations'} over the raters",
    )


#: Column of `EmoMusic.dynamic` -> the file it is read from.
DYNAMIC = {
    f"{target}{suffix}": _dynamic(target, statistic)
    for suffix, statistic in (("", "average"), ("_std", "std"))
    for target in ("valence", "arousal")
}
TABLES = {"static": STATIC, "songs": SONGS, **{f"dynamic_{name}": table for name, table in DYNAMIC.items()}}
#: The official archive keeps all tables in ``annotations``, beside the clips.
NAMES = ("emoMusic", "emomusic45s", "1000songs")
ALSO = {"annotations/": ("",)} | {name: (f"annotations/{name}",) for name in (STATIC.path, SONGS.path)}


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
    split = checks.balance(dataset.songs.split)
    genres = checks.balance(dataset.songs.genre)
    commonest, rarest = next(iter(genres)), list(genres)[-1]
    findings = [
        checks.size_finding(dataset.location, {"songs": len(static)}, {"songs": DOCUMENTED_SONGS}),
        *checks.label_findings(static, SCALE),
        checks.ceiling_finding(
            {t: checks.ceiling_of_means(static[t], static[f"{t}_std"], RATERS) for t in checks.TARGETS},
            f"if each label had {RATERS} raters",
        ),
        checks.duplicate_finding(dataset.songs),
        checks.missing_finding({"static": static, "songs": dataset.songs}),
        checks.note(
            "class balance",
            "{part} of the songs are for evaluation; of {genres} genres the commonest, {first}, has {most}, the rarest,"
            " {last}, {fewest}.",
            {**split, **genres},
            part=checks.percent(split["evaluation"]),
            genres=len(genres),
            first=commonest,
            most=checks.percent(genres[commonest]),
            last=rarest,
            fewest=checks.percent(genres[rarest]),
        ),
    ]
    if dataset.dynamic is not None:
        findings.append(checks.between_songs_finding(dataset.dynamic))
    if dataset.dynamic is not None and "valence_std" in dataset.dynamic:
        frames = dataset.dynamic
        ceilings = {t: checks.ceiling_of_means(frames[t], frames[f"{t}_std"], RATERS) for t in checks.TARGETS}
        words = ", ".join(f"{target} {value:.3f}" for target, value in ceilings.items())
        says = f"R2 ceiling over all frames, if each label had {RATERS} raters: {words}."
        findings.append(Finding("rater ceiling, dynamic", "note", says, ceilings))
    deam = checks.beside(dataset.location, "deam")
    if deam is not None and dataset.dynamic is not None:
        findings.append(_same_as_deam(dataset.dynamic, deam.dynamic))
    if deam is not None:
        means = deam.dynamic.groupby("song_id", as_index=False)[["valence", "arousal"]].mean()
        witness = checks.orientation(static, means)
        findings.append(
            checks.note(
                "orientation",
                "Against DEAM's dynamic labels of {songs} of these songs: r = {straight:.2f} axis by axis,"
                " {crossed:.2f} crosswise.",
                witness,
                checks.OK[witness["straight"] > witness["crossed"]],
            )
        )
    return findings


def _same_as_deam(dynamic: pd.DataFrame, deam: pd.DataFrame) -> Finding:
    """Whether the dynamic means are DEAM's."""
    joint = dynamic.merge(deam, on=["song_id", "time"], suffixes=("", "_deam"))
    most = max((joint[target] - joint[f"{target}_deam"]).abs().max() for target in checks.TARGETS)
    return Finding(
        "dynamic labels against DEAM",
        "note",
        f"On {len(joint):,} frames of {joint.song_id.nunique()} songs that DEAM has too, the means differ by at most"
        f" {most:.1g}: " + ("they are the same labels." if most < 1e-4 else "they are other labels."),
        {"frames": len(joint), "songs": joint.song_id.nunique(), "most": most},
    )


TWIN_SONGS = 80


def make_twin(folder: Path, seed: int = 0) -> None:
    """Write 80 generated songs in emoMusic's layout. ``truth.json`` holds the R2 of the noise-free labels."""
    import numpy as np

    from mer_repro.data import twins

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
    twins.write_table(folder / STATIC.path, header, static)
    header = ["song_id", "file_name", *SONGS.header[1:]]
    twins.write_table(folder / SONGS.path, header, info)
    moving = twins.plant_songs(rng, [FRAMES] * TWIN_SONGS)
    for name, table in DYNAMIC.items():
        target = name.removesuffix("_std")
        spread = 0.25 * twins.rater_deviation(target, RATERS) * rng.uniform(0.9, 1.1, (TWIN_SONGS, FRAMES))
        values = spread if name.endswith("_std") else np.clip([0.25 * song.observed[target] for song in moving], -1, 1)
        rows = [[song_id, *row] for song_id, row in zip(ids, values.round(6).tolist(), strict=True)]
        twins.write_table(folder / table.path, table.header, rows)
    truth = {"static": twins.ceilings(songs), "dynamic": twins.ceilings(moving)}
    twins.write_truth(folder, {"dataset": "emomusic", "seed": seed, **truth})
