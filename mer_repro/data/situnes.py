"""SiTunes: 30 listeners in three stages, with valence and arousal measured before and after a song.

Conventions
-----------
Stage 1 was in the laboratory (20 songs a person, emotion after each); stages 2 and 3 in daily life, with emotion
before and after. Valence and arousal are in -1..1, ratings 1-5, ``preference`` (stage 3) 0-100. ``timestamp`` is
Unix time in seconds. In stages 2 and 3 a recommender chose the song (``recommender``), not the listener: what genre
comes next says more about the algorithm than about the person. `validate` measures that.

Audio features in `Situnes.songs` are a streaming service's (``danceability`` and so on, 0-1; ``loudness`` dB; ``tempo``
beats a minute) and nine openSMILE functionals; ``valence`` there is the service's guess about the song.

Source: Li et al. 2024, "SiTunes: A situational music recommendation dataset with physiological and psychological
signals", CHIIR.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data import checks, twin_listening, twins
from mer_repro.data.base import Finding, Location, expected_size
from mer_repro.data.declaration import declared
from mer_repro.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

STAGES = (1, 2, 3)

#: (users, listens) a stage, as the publication states them.
PUBLISHED = {"stage1": [30, 600], "stage2": [30, 897], "stage3": [10, 509]}
RECOMMENDERS = ("Rand", "WD", "GCN", "Random", "Situ-MT", "Situ-MT_c")
NO_SONG = -1  # a placeholder row of the published song table


OPENSMILE = (
    "F0final_sma_amean",
    "F0final_sma_stddev",
    "audspec_lengthL1norm_sma_stddev",
    "pcm_RMSenergy_sma_stddev",
    "pcm_fftMag_psySharpness_sma_amean",
    "pcm_fftMag_psySharpness_sma_stddev",
    "pcm_zcr_sma_amean",
    "pcm_zcr_sma_stddev",
)


BIBTEX, LICENSE_INFO, REMOTES, TABLES, NAMES, ALSO, note = declared(
    "situnes", lists={"opensmile": OPENSMILE, "recommenders": RECOMMENDERS}
)
LISTENS = {stage: TABLES[f"listens_{stage}"] for stage in STAGES}
SONGS = TABLES["songs"]


@dataclass(frozen=True)
class Situnes:
    """SiTunes' tables.

    listens : stage, listen_id, user_id, song_id, timestamp (s), rating, preference, valence_before, arousal_before,
        valence_after, arousal_after, duration (s), recommender ("" where not recorded); what a stage did not measure
        is NaN or "". Sorted by stage, user and time.
    songs : song_id, genre, genre_id, the service's features, duration (s), openSMILE functionals.
    placeholders : rows of the published song table that stand for no song, left out of `songs`.
    """

    location: Location
    listens: pd.DataFrame
    songs: pd.DataFrame
    placeholders: int


def load(location: Location) -> Situnes:
    """Read SiTunes.

    Raises
    ------
    DataMissing
        If a file is not there.
    DataError
        If a file is not as documented, or a listen is of a song that the song table does not have.
    """
    import pandas as pd

    songs = SONGS.read(location)
    placeholder = songs.song_id == NO_SONG
    songs = songs[~placeholder].reset_index(drop=True)
    songs["duration"] /= 1000
    stages = []
    for stage in STAGES:
        table = LISTENS[stage].read(location)
        unknown = sorted(set(table.song_id) - set(songs.song_id))
        if unknown:
            raise DataError(
                location.path(LISTENS[stage]),
                found=f"song {unknown[0]}",
                expected=f"songs of {SONGS.path}",
                todo="Fetch both again.",
            )
        table.insert(0, "stage", stage)
        stages.append(table)
    listens = pd.concat(stages, ignore_index=True)
    listens["recommender"] = listens.recommender.fillna("")
    order = ["stage", "user_id", "timestamp", "listen_id"]
    listens = listens[[*order, *(name for name in listens if name not in order)]]
    return Situnes(location, listens.sort_values(order, ignore_index=True), songs, int(placeholder.sum()))


def genre_sequences(dataset: Situnes, stage: int) -> pd.DataFrame:
    """The listens of one stage in order, with ``genre`` and ``last_genre`` ("" at a user's first listen)."""
    table = dataset.listens[dataset.listens.stage == stage].merge(dataset.songs[["song_id", "genre"]], on="song_id")
    table = table.sort_values(["user_id", "timestamp", "listen_id"], ignore_index=True)
    table["last_genre"] = table.groupby("user_id").genre.shift().fillna("")
    return table


def validate(dataset: Situnes) -> list[Finding]:
    """Checks of SiTunes; see `Finding`."""
    findings = [*_check_sizes(dataset), _check_missing(dataset), _check_times(dataset), _check_genre_ids(dataset)]
    findings += [_check_persistence(dataset, stage) for stage in (2, 3)]
    findings.append(_check_emotions(dataset))
    return findings


def _check_sizes(dataset: Situnes) -> list[Finding]:
    listens = dataset.listens
    found = {f"stage{stage}": [part.user_id.nunique(), len(part)] for stage, part in listens.groupby("stage")}
    return [
        note(
            "size",
            {f"listens_{stage}": n for stage, (_, n) in found.items()} | {"songs": len(dataset.songs)},
            checks.OK[found == expected_size(dataset.location, PUBLISHED)],
            sizes=", ".join(f"{stage}: {n} listens of {users} users" for stage, (users, n) in found.items()),
            heard=listens.song_id.nunique(),
        ),
        note(
            "placeholder songs", {"rows": dataset.placeholders}, checks.DEFECT[dataset.placeholders > 0], none=NO_SONG
        ),
    ]


def _check_missing(dataset: Situnes) -> Finding:
    field = dataset.listens[dataset.listens.stage > 1]
    durations, unnamed = int(field.duration.isna().sum()), int((field.recommender == "").sum())
    return note("missing values", {"duration": durations, "recommender": unnamed, "listens": len(field)})


def _check_times(dataset: Situnes) -> Finding:
    import pandas as pd

    field = dataset.listens[dataset.listens.stage > 1]
    ties = int(field.duplicated(["stage", "user_id", "timestamp"]).sum())
    hours = pd.to_datetime(field.timestamp, unit="s", utc=True).dt.tz_convert("Asia/Shanghai").dt.hour
    night = int(hours.between(2, 7).sum())
    return note("times", {"ties": ties, "night": night}, checks.NOTE[ties + night > 0])


def _check_genre_ids(dataset: Situnes) -> Finding:
    pairs = dataset.songs[["genre", "genre_id"]].drop_duplicates()
    shares = dataset.songs.genre.value_counts(normalize=True)
    return note(
        "genres",
        {"genres": len(shares), "largest_share": float(shares.iloc[0])},
        checks.OK[pairs.genre.is_unique and pairs.genre_id.is_unique],
        **checks.extremes(shares),
    )


def _check_persistence(dataset: Situnes, stage: int) -> Finding:
    table = genre_sequences(dataset, stage)
    later = table[table.last_genre != ""]
    shares = later.genre.value_counts(normalize=True)
    numbers = {
        "again": float((later.genre == later.last_genre).mean()),
        "chance": float((shares**2).sum()),
        "commonest": float(shares.max()),
        "steps": len(later),
    }
    chosen = " A recommender chose these songs, not the listener." * (dataset.location.kind == "real")
    return note("genre persistence, stage {stage}", numbers, stage=stage, chosen=chosen)


def _check_emotions(dataset: Situnes) -> Finding:
    field = dataset.listens[dataset.listens.stage > 1]
    r = {axis: float(field[f"{axis}_before"].corr(field[f"{axis}_after"])) for axis in ("valence", "arousal")}
    crossed = float(field.valence_before.corr(field.arousal_after))
    return note("orientation of the axes", r | {"crossed": crossed}, checks.OK[min(r.values()) > abs(crossed)])


TWIN_GENRES = ("metal", "rock", "hip-hop", "electronic", "indie", "pop")
TWIN_USERS = {1: 24, 2: 40, 3: 20}
TWIN_LISTENS = {1: 20, 2: 60, 3: 60}
TWIN_SONGS = 240
#: Valence after a song: weights of the valence before it and of how well its genre suits that, deviation of the rest.
TWIN_AFTER = {"before": 0.6, "suits": 0.4, "noise": 0.1}


def make_twin(folder: Path, seed: int = 0) -> None:
    """Write generated listens in SiTunes' layout, with planted causes of the next genre.

    Unlike in the real set the listeners choose: ``truth.json`` holds the effects and best accuracies of
    `mer_repro.data.twin_listening`, a stage each. ``valence_after`` rises where the song suits the listener's mood:
    it is known only after the choice, and gives the genre away.
    """
    import numpy as np

    rng = np.random.default_rng([seed, 2006])
    genre_of_song = rng.integers(0, len(TWIN_GENRES), TWIN_SONGS)
    size = {f"stage{stage}": [TWIN_USERS[stage], TWIN_USERS[stage] * TWIN_LISTENS[stage]] for stage in STAGES}
    stages = {}
    for stage in STAGES:
        planted = twin_listening.plant_listens(rng, [TWIN_LISTENS[stage]] * TWIN_USERS[stage], len(TWIN_GENRES))
        _write_twin_stage(folder / LISTENS[stage].path, stage, rng, planted, genre_of_song)
        stages[f"stage{stage}"] = planted.truth()
    _write_twin_songs(folder / SONGS.path, rng, genre_of_song)
    twins.write_truth(folder, "situnes", seed, size=size, genres=list(TWIN_GENRES), valence_after=TWIN_AFTER, **stages)


def _write_twin_stage(path: Path, stage: int, rng, planted: twin_listening.PlantedListens, genre_of_song) -> None:
    import numpy as np

    start = {1: 1_625_000_000, 2: 1_626_000_000, 3: 1_649_000_000}[stage]
    affinity = np.linspace(-1, 1, len(TWIN_GENRES))
    clock = np.zeros(len(planted.group), dtype=int) + start
    number = np.zeros(len(planted.group), dtype=int)
    columns = {column.name: column.published for column in LISTENS[stage].columns}
    rows = []
    for index, (user, genre, mood) in enumerate(zip(planted.user, planted.genre, planted.mood, strict=True), 1):
        clock[user] += int(rng.integers(600, 40_000))
        if clock[user] % 86_400 > 18 * 3600:  # 2 o'clock at UTC+8: nobody was asked before 8
            clock[user] += 6 * 3600
        number[user] += 1
        suits = mood * affinity[genre]
        arousal = float(np.tanh(0.5 * rng.standard_normal()))
        after = float(
            np.clip(
                TWIN_AFTER["before"] * mood + TWIN_AFTER["suits"] * suits + TWIN_AFTER["noise"] * rng.standard_normal(),
                -1,
                1,
            )
        )
        cells = {
            "user_id": user + 1,
            "song_id": rng.choice(np.flatnonzero(genre_of_song == genre)),
            "timestamp": clock[user],
            "rating": int(np.clip(np.round(3 + 1.2 * suits + rng.standard_normal()), 1, 5)),
            "duration": "" if index % 50 == 0 else round(float(rng.uniform(60, 300)), 2),
            "listen_id": number[user] if stage == 1 else index,
            "valence_before": round(float(mood), 6),
            "arousal_before": round(arousal, 6),
            "valence_after": round(after, 6),
            "arousal_after": round(float(np.clip(0.65 * arousal + 0.2 * rng.standard_normal(), -1, 1)), 6),
            "recommender": "" if stage == 2 and user < 3 else RECOMMENDERS[index % 3 + (3 if stage == 3 else 0)],
            "preference": int(rng.integers(0, 101)),
        }
        rows.append([cells[name] for name in columns])
    twins.write_table(path, list(columns.values()), rows)


def _write_twin_songs(path: Path, rng, genre_of_song) -> None:
    named = {column.name: column.published for column in SONGS.columns}
    spans = {"popularity": (0, 100), "loudness": (-30, -1), "tempo": (60, 200), "duration": (90_000, 400_000)}
    rows = []
    for song_id, genre in enumerate(genre_of_song):
        cells = {name: round(float(rng.uniform(*spans.get(name, (0, 1)))), 4) for name in named}
        cells |= {"song_id": song_id, "genre": TWIN_GENRES[genre], "genre_id": genre, "key": int(rng.integers(0, 12))}
        rows.append([song_id, *cells.values()])
    empty = {"song_id": NO_SONG, "genre": TWIN_GENRES[0], "genre_id": 0} | dict.fromkeys(OPENSMILE, 1.0)
    rows.append([len(rows), *(empty.get(name, "") for name in named)])
    twins.write_table(path, ["", *named.values()], rows)
