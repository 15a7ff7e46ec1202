"""Music Dataset 1950 to 2019 (``tcc_ceds_music.csv``): preprocessed lyrics, audio descriptors, genre and topic.

Conventions
-----------
``valence``, ``energy`` and the other descriptors are a streaming service's, 0-1, rated by no human; ``loudness`` is
rescaled to 0-1. Lyrics are lower-case stems without stop words. ``topic_...`` are the weights of sixteen topics in
them, ``topic`` the heaviest of eight. ``song_id`` is the index of the published table.

A folder may hold partial copies of the table. `load` reads all of them, requires that rows of one id agree, keeps
one of each (the one with the most digits), and leaves out a last row that breaks off.

Source: Moura, Fontelles, Sampaio and Franca 2020, "Music Dataset: Lyrics and Metadata from 1950 to 2019", Mendeley
Data, doi:10.17632/3t9vbwxgr5.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data import checks, twins
from mer_repro.data.base import Breach, Finding, Location, expected_size
from mer_repro.data.declaration import declared
from mer_repro.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

PUBLISHED = {"songs": 28_372}
GENRES = ("blues", "country", "hip hop", "jazz", "pop", "reggae", "rock")
TOPIC_WEIGHTS = (
    "dating",
    "violence",
    "world/life",
    "night/time",
    "shake the audience",
    "family/gospel",
    "romantic",
    "communication",
    "obscene",
    "music",
    "movement/places",
    "light/visual perceptions",
    "family/spiritual",
    "like/girls",
    "sadness",
    "feelings",
)
TOPICS = ("feelings", "music", "night/time", "obscene", "romantic", "sadness", "violence", "world/life")
DESCRIPTORS = ("danceability", "loudness", "acousticness", "instrumentalness", "valence", "energy")
FIRST_YEAR, LAST_YEAR = 1950, 2019
AGE_OF = 2020  # the year from which `age` counts back, in units of 70 years
AGE_UNIT = 70
#: Copies round to nine significant digits at worst.
ROUNDING = 1e-7


def weight_column(topic: str) -> str:
    """Name of the column with a topic's weight: ``topic_world_life``."""
    return "topic_" + topic.replace("/", "_").replace(" ", "_")


def _contradictions(songs: pd.DataFrame) -> Iterator[Breach]:
    """The last column and the number of words follow from others: a row in which they do not was cut or edited."""
    counted = songs.assign(counted=songs.lyrics.str.split().str.len())
    wrong = counted.counted != songs.words
    yield wrong, f"lyrics of {counted.counted[wrong].iloc[0] if wrong.any() else 0} words", "{words}, as the row says"
    age = (AGE_OF - songs.year) / AGE_UNIT
    wrong = (age - songs.age).abs() > ROUNDING
    yield wrong, "age {age}", f"{age[wrong].iloc[0] if wrong.any() else 0:.9f} for {{year}}"


BIBTEX, LICENSE_INFO, REMOTES, TABLES, NAMES, ALSO, note = declared(
    "tcc_ceds",
    lists={
        "genres": GENRES,
        "topics": TOPICS,
        "weights": {weight_column(topic): topic for topic in TOPIC_WEIGHTS},
        "descriptors": DESCRIPTORS,
    },
    rules={"songs": _contradictions},
)
SONGS = TABLES["songs"]


@dataclass(frozen=True)
class TccCeds:
    """Lyrics and descriptors.

    songs : song_id, artist, title, year, genre, lyrics, words (their number), ``topic_...`` (16 weights),
        danceability, loudness, acousticness, instrumentalness, valence, energy (0-1), topic; sorted by song_id.
    rows : {file: complete rows in it}. overlapping : rows that another file has too.
    cut_rows : last rows that broke off and were left out.
    """

    location: Location
    songs: pd.DataFrame
    rows: Mapping[str, int]
    overlapping: int
    cut_rows: int


def load(location: Location) -> TccCeds:
    """Read all copies of the table and unite them.

    Raises
    ------
    DataMissing
        If there is none.
    DataError
        If a row is not as documented, its number of words or its age is not what its lyrics and year say, or two
        copies contradict each other.
    """
    import pandas as pd

    copies = {name: SONGS.read(location, name) for name in location.files}
    cut_rows = sum(table.attrs["cut_rows"] for table in copies.values())
    exact_first = sorted(copies, key=lambda name: (-_digits(copies[name]), name))
    songs = copies[exact_first[0]]
    for name in exact_first[1:]:
        _require_agreement(location.path(name), copies[name], songs)
        songs = pd.concat([songs, copies[name][~copies[name].song_id.isin(songs.song_id)]])
    rows = {name: len(table) for name, table in copies.items()}
    songs = songs.drop(columns="age").sort_values("song_id", ignore_index=True)
    return TccCeds(location, songs, rows, sum(rows.values()) - len(songs), cut_rows)


def _digits(table: pd.DataFrame) -> int:
    """Most digits that a valence of the table has: tells a rounded copy from an exact one."""
    return int(table.valence.map(lambda value: len(repr(value))).max())


def _require_agreement(path: Path, copy: pd.DataFrame, songs: pd.DataFrame) -> None:
    both = copy.merge(songs, on="song_id", suffixes=("", "_other"))
    for column in SONGS.columns[1:]:
        here, there = both[column.name], both[f"{column.name}_other"]
        differ = here != there if column.kind == "str" else (here - there).abs() > ROUNDING
        if differ.any():
            song = both.loc[differ].iloc[0]
            raise DataError(
                path,
                found=f"'{song[column.name]}' as {column.published or 'index'} of row {song.song_id}",
                expected=f"'{song[f'{column.name}_other']}', as another copy has it",
                todo="One of the copies was edited: keep the one you trust.",
            )


def validate(dataset: TccCeds) -> list[Finding]:
    """Checks of the set; see `Finding`."""
    songs = dataset.songs
    lyrics, labels = int(songs.duplicated("lyrics").sum()), int(songs.duplicated(["valence", "energy"]).sum())
    genres, sizes = songs.genre.value_counts(normalize=True), songs.artist.value_counts()
    among = float((sizes[sizes > 1]).sum() / len(songs))
    heaviest = songs[[weight_column(topic) for topic in TOPICS]].idxmax(axis=1)
    agree = float((heaviest == songs.topic.map(weight_column)).mean())
    return [
        _check_size(dataset),
        checks.duplicate_finding(songs),
        note("repeated lyrics and labels", {"lyrics": lyrics, "labels": labels}, checks.NOTE[lyrics + labels > 0]),
        note(
            "class balance",
            {"largest_genre": float(genres.iloc[0]), "median_year": float(songs.year.median())},
            **checks.extremes(genres),
        ),
        note(
            "songs of one artist",
            {"artists": len(sizes), "largest": int(sizes.iloc[0]), "share_with_siblings": among},
            first=sizes.index[0],
        ),
        note("topic against weights", {"agree": agree}, "ok" if agree > 0.99 else "note"),
        _check_circularity(songs),
    ]


def _check_size(dataset: TccCeds) -> Finding:
    n, defects = len(dataset.songs), []
    if dataset.cut_rows:
        defects.append(f"{dataset.cut_rows} file(s) end in mid-row, the broken rows were left out")
    if dataset.overlapping:
        defects.append(f"{dataset.overlapping} rows are in more than one file, and agree")
    expected = expected_size(dataset.location, PUBLISHED)["songs"]
    if n == expected:
        status = "known_defect" if defects else "ok"
    else:
        status = "known_defect" if dataset.location.kind == "real" and n < expected else "failed"
    return note(
        "size",
        {"songs": n, "files": len(dataset.rows), "overlapping": dataset.overlapping, "cut_rows": dataset.cut_rows},
        status,
        expected=expected,
        defects="".join(f"; {defect}" for defect in defects),
    )


def _check_circularity(songs: pd.DataFrame) -> Finding:
    """How much of the labels the other descriptors of the same service give away, by least squares on all songs."""
    import numpy as np

    inputs = ["danceability", "loudness", "acousticness", "instrumentalness"]
    design = np.column_stack([np.ones(len(songs)), songs[inputs].to_numpy()])
    r2 = {}
    for target in ("valence", "energy"):
        y = songs[target].to_numpy()
        residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
        r2[target] = float(1 - residual.var() / y.var())
    return note("labels from the same source as the features", r2)


TWIN_ARTISTS, TWIN_SONGS_AN_ARTIST = 120, 6
#: Shares of the variance of valence and energy: only in the lyrics, in both, only in the audio descriptors, of the
#: artist (in neither), noise.
TWIN_SHARES = {
    "valence": {"text": 0.25, "shared": 0.15, "audio": 0.10, "artist": 0.25, "noise": 0.25},
    "energy": {"text": 0.05, "shared": 0.15, "audio": 0.45, "artist": 0.15, "noise": 0.20},
}
TWIN_WORDS_A_CAUSE = 25


def make_twin(folder: Path, seed: int = 0) -> None:
    """Write generated songs whose valence and energy are partly in the lyrics, partly in the descriptors.

    Three overlapping copies, one of them rounded and one ending in mid-row, like the copies at hand.
    ``truth.json`` holds the planted shares and, on these very songs, R2 and quadrant accuracy (both axes cut at 0.5)
    of somebody who knows exactly what the text, the audio, both, or both and the artist tell.
    """
    import numpy as np
    from scipy.special import expit, ndtr

    rng = np.random.default_rng([seed, 28_372])
    n = TWIN_ARTISTS * TWIN_SONGS_AN_ARTIST
    artist = np.repeat(np.arange(TWIN_ARTISTS), TWIN_SONGS_AN_ARTIST)
    cause = {
        (target, name): rng.standard_normal(TWIN_ARTISTS)[artist] if name == "artist" else rng.standard_normal(n)
        for target, shares in TWIN_SHARES.items()
        for name in shares
    }
    labels = {
        target: ndtr(sum(np.sqrt(share) * cause[target, name] for name, share in shares.items()))
        for target, shares in TWIN_SHARES.items()
    }
    audio = {
        "danceability": cause["valence", "audio"],
        "instrumentalness": cause["valence", "shared"],
        "loudness": cause["energy", "audio"],
        "acousticness": -cause["energy", "shared"],
    }
    table = {name: expit(values + 0.1 * rng.standard_normal(n)) for name, values in audio.items()} | labels
    spoken = {key: cause[key] for key in cause if key[1] in ("text", "shared")}
    rows = [_twin_row(rng, song, artist[song], table, spoken) for song in range(n)]
    _write_twin_copies(folder, rows)
    twins.write_truth(
        folder, "tcc_ceds", seed, size={"songs": n}, shares=TWIN_SHARES, ceilings=_twin_ceilings(cause, labels)
    )


def _twin_row(rng, song: int, artist: int, table: Mapping, spoken: Mapping) -> list:
    import numpy as np

    words = [f"filler{number}" for number in rng.zipf(1.6, 60) % 400]
    for (target, name), values in spoken.items():
        high = rng.random(TWIN_WORDS_A_CAUSE) < 1 / (1 + np.exp(-1.5 * values[song]))
        choice = rng.integers(0, 12, TWIN_WORDS_A_CAUSE)
        words += [f"{target}{name}{'high' if up else 'low'}{k}" for up, k in zip(high, choice, strict=True)]
    rng.shuffle(words)
    year = int(rng.integers(FIRST_YEAR, LAST_YEAR + 1))
    weights = dict(zip(TOPIC_WEIGHTS, rng.dirichlet(np.full(len(TOPIC_WEIGHTS), 0.3)), strict=True))
    return [
        song * 3,
        f"generated artist {artist}",
        f"generated song {song}",
        year,
        GENRES[artist % len(GENRES)],
        " ".join(words),
        len(words),
        *(float(weights[topic]) for topic in TOPIC_WEIGHTS),
        *(float(table[name][song]) for name in DESCRIPTORS),
        max(TOPICS, key=weights.get),
        (AGE_OF - year) / AGE_UNIT,
    ]


def _write_twin_copies(folder: Path, rows: list[list]) -> None:
    header = SONGS.header
    half = len(rows) // 2
    twins.write_table(folder / "tcc_ceds_first_half.csv", header, rows[: half + 30])
    rounded = [[round(cell, 9) if isinstance(cell, float) else cell for cell in row] for row in rows[:40]]
    twins.write_table(folder / "tcc_ceds_rounded.csv", ["Unnamed: 0", *header[1:]], rounded)
    second = folder / "tcc_ceds_second_half.csv"
    twins.write_table(second, header, rows[half:])
    # The row after the last breaks off in its lyrics.
    with open(second, "a", encoding="utf-8") as stream:
        stream.write("99999,generated artist 0,a song cut short,1990,pop,filler1 filler2 fil")


def _twin_ceilings(cause: Mapping, labels: Mapping) -> dict[str, dict[str, float]]:
    import numpy as np
    from scipy.special import ndtr

    known = {
        "text": ("text", "shared"),
        "audio": ("shared", "audio"),
        "both": ("text", "shared", "audio"),
        "both_and_artist": ("text", "shared", "audio", "artist"),
    }
    found = {}
    for name, causes in known.items():
        guess, r2 = {}, {}
        for target, shares in TWIN_SHARES.items():
            mean = sum(np.sqrt(shares[c]) * cause[target, c] for c in causes)
            # The mean of Phi(X) for X normal with this mean and the variance that is not known.
            guess[target] = ndtr(mean / np.sqrt(2 - sum(shares[c] for c in causes)))
            y = labels[target]
            r2[f"{target}_r2"] = round(float(1 - np.mean((y - guess[target]) ** 2) / y.var()), 4)
        right = np.all([(guess[t] > 0.5) == (labels[t] > 0.5) for t in TWIN_SHARES], axis=0)
        found[name] = r2 | {"quadrant_accuracy": round(float(right.mean()), 4)}
    return found
