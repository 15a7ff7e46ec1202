"""Histories of genres from public data: who heard, tagged or tweeted what, one step after another.

Conventions
-----------
A history is one person's steps in order; SiTunes' stages, months apart, are histories of their own. An *item* is a
step with at least one before it: its genre is to be predicted from all earlier steps of the history.

Times of day are ours, the report states no hours: morning from 6, afternoon from 12, evening from 18, night from 0.
Stress is on the report's scale, -1 (none) to -5; where valence v and arousal a in -1..1 were measured in its place, it
is -3 - (a - v): tense is unpleasant and excited, relaxed its opposite, as on the circumplex.

=============================  ========================================================================================
``situnes``                    listens of daily life (stages 2 and 3), valence and arousal before and after each;
                               16 descriptors of the sound in place of lyrics
``hetrec2011_lastfm``          of each user and month one tagged artist, drawn, because the order within a month is
                               not known; the genre is what all users' tags say, the text the artist's commonest tags;
                               seasons in place of times of day
``nowplaying_rs``              tweets with a genre in a hashtag; 11 descriptors of the sound; the mean sentiment of the
                               tweet's own hashtags in place of stress
``hetrec2011_lastfm+lastfm1k`` Last.fm-1K's listens, the first after half an hour of silence; genres by the artist's
                               name from HetRec's tags
``planted``                    generated: genre persistence, mood and group known, tracks that say nothing
=============================  ========================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mer_repro.errors import MerReproError
from mer_repro.papers.abadeh2024 import genres

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 768  # of a step's text vector, section IV.B
#: Shortest history that is kept where histories are many: as many steps, targets and something to learn from.
FEWEST_STEPS = 5
#: A history keeps its last steps.
MOST_STEPS = 100
MINIMUM_USERS = 10
DRAW = 2024  # seed of what is drawn once for all runs: months' artists, projections
PAUSE = "30min"
TAGS_SHOWN = 5
DESCRIPTORS = (
    "loudness", "danceability", "energy", "speechiness", "acousticness", "instrumentalness", "valence", "tempo",
)  # fmt: skip


@dataclass(frozen=True)
class Histories:
    """Steps of all histories, one after another, each in order of time.

    Attributes
    ----------
    user, history : (steps,) whole numbers; one user may have several histories.
    genre : (steps,) places in `genres.GENRES`. time_of_day : (steps,) 0..3. group : (steps,) 1 with a disorder.
    track : (steps,) rows of `vectors` (tracks, 768) float32.
    stress : when it was measured ("before", "after" the step) -> (steps,) -1..-5, 0 where it was not.
    chance : planted histories only: with which probability each genre was drawn, (steps, 6).
    notes : what a record should say of them.
    """

    user: np.ndarray
    history: np.ndarray
    genre: np.ndarray
    time_of_day: np.ndarray
    group: np.ndarray
    track: np.ndarray
    vectors: np.ndarray
    stress: dict[str, np.ndarray] = field(default_factory=dict)
    chance: np.ndarray | None = None
    notes: dict = field(default_factory=dict)

    def __post_init__(self):
        users = len(np.unique(self.user))
        if users < MINIMUM_USERS:
            raise MerReproError(
                f"{users} users with {FEWEST_STEPS} or more steps of a known genre; at least {MINIMUM_USERS} are needed"
                " to test on other users than one trains on. Fetch the whole data set."
            )
        if self.vectors.shape[1] != WIDTH:
            raise ValueError(f"Track vectors have {self.vectors.shape[1]} numbers; a step needs {WIDTH}.")

    @property
    def items(self) -> np.ndarray:
        """Steps whose genre is to be predicted: all but the first of each history."""
        return np.flatnonzero(self.history[1:] == self.history[:-1]) + 1

    @property
    def place(self) -> np.ndarray:
        """(steps,) how many steps of the same history come before."""
        starts = np.flatnonzero(np.r_[True, self.history[1:] != self.history[:-1]])
        lengths = np.diff(np.r_[starts, len(self.history)])
        return np.arange(len(self.history)) - np.repeat(starts, lengths)

    def shuffled_group(self, seed: int) -> np.ndarray:
        """`group` when users' labels are dealt out anew: as many of each, on other people."""
        _, first, place = np.unique(self.user, return_index=True, return_inverse=True)
        return np.random.default_rng(seed).permutation(self.group[first])[place]


def load(name: str, data: str, most_users: int, planted_users: int | None = None) -> Histories:
    """The histories of one of the data sets above.

    Parameters
    ----------
    data : "real" or "twin".
    most_users : where there are more, so many are drawn, always the same; small data sets are taken whole.
    planted_users : how many users are generated, where they are; None for `PLANTED_USERS`.

    Raises
    ------
    DataMissing, DataError
        As the loaders.
    MerReproError
        If the copy has too few users to hold some out.
    """
    return _planted(planted_users or PLANTED_USERS) if name == "planted" else BUILDERS[name](data, most_users)


def stress_of(valence: np.ndarray, arousal: np.ndarray) -> np.ndarray:
    """Stress -1..-5 from valence and arousal in -1..1."""
    return -3.0 - (arousal - valence)


def time_of_day(hours: np.ndarray) -> np.ndarray:
    """0 night, 1 morning, 2 afternoon, 3 evening from hours 0..23."""
    return np.asarray(hours) // 6


def widened(descriptors: np.ndarray) -> np.ndarray:
    """Descriptors (tracks, few) as vectors (tracks, 768): standardised, then rotated by a fixed orthonormal map.

    Distances between tracks stay as they are; what one does not know of a track (NaN) counts as average.
    """
    spread = np.nanstd(descriptors, axis=0)
    standard = (descriptors - np.nanmean(descriptors, axis=0)) / np.where(spread > 0, spread, 1)
    standard = np.nan_to_num(np.clip(standard, -4, 4))
    # Orthonormal directions, one a descriptor: the thin Q of a Gaussian matrix.
    frame, _ = np.linalg.qr(np.random.default_rng(DRAW).standard_normal((WIDTH, standard.shape[1])))
    return (standard @ frame.T).astype(np.float32)


# Data sets ---------------------------------------------------------------------------------------------------------


def _situnes(data: str, most_users: int) -> Histories:
    import pandas as pd

    from mer_repro.data import registry, situnes

    dataset = registry.load("situnes", source=data)
    songs = dataset.songs.set_index("song_id")
    listens = dataset.listens.query("stage > 1").sort_values(["user_id", "stage", "timestamp", "listen_id"])
    names = listens.song_id.map(songs.genre)
    when = pd.to_datetime(listens.timestamp, unit="s", utc=True).dt.tz_convert("Asia/Shanghai")
    table = pd.DataFrame(
        {
            "user": listens.user_id,
            "history": listens.user_id * 10 + listens.stage,
            "genre": names.map(lambda name: genres.taxonomy()[genres.normalised(name)]),
            "time_of_day": time_of_day(when.dt.hour),
            "track": songs.index.get_indexer(listens.song_id),
            "before": stress_of(listens.valence_before, listens.arousal_before),
            "after": stress_of(listens.valence_after, listens.arousal_after),
        }
    )
    vectors = widened(songs[[*DESCRIPTORS, *situnes.OPENSMILE]].to_numpy(float))
    notes = {"track_vectors": f"{len(DESCRIPTORS) + len(situnes.OPENSMILE)} descriptors of the sound, rotated to 768"}
    return _histories(table, vectors, notes)


def _hetrec(data: str, most_users: int) -> Histories:
    import pandas as pd

    from mer_repro.data import registry

    dataset = registry.load("hetrec2011_lastfm", source=data)
    known = artist_genres(dataset)
    events = dataset.events[dataset.events.artist_id.isin(known.index)]
    pairs = events[["user_id", "date", "artist_id"]].drop_duplicates()
    drawn = pairs.sample(frac=1, random_state=DRAW).drop_duplicates(["user_id", "date"])
    drawn = drawn.sort_values(["user_id", "date"])
    artists, track = np.unique(drawn.artist_id, return_inverse=True)
    table = pd.DataFrame(
        {
            "user": drawn.user_id,
            "history": drawn.user_id,
            "genre": drawn.artist_id.map(known),
            "time_of_day": drawn.date.dt.month % 12 // 3,
            "track": track,
        }
    )
    table = _kept(table, most_users)
    vectors, encoder = _tag_vectors(dataset, artists)
    notes = {"track_vectors": f"the artist's {TAGS_SHOWN} commonest tags, mean and first state of {encoder}"}
    return _histories(table, vectors, notes)


def artist_genres(dataset) -> pd.Series:
    """artist_id -> genre, from all users' tags of the artist in HetRec; artists without one parent are left out."""
    counts = _tag_counts(dataset)
    found = {
        artist: genres.parent(dict(zip(part.tag, part["size"], strict=True)))
        for artist, part in counts.groupby("artist_id")
    }
    import pandas as pd

    return pd.Series(found, dtype="float").dropna().astype(int)


def _tag_counts(dataset) -> pd.DataFrame:
    """artist_id, tag, size: how often each artist was given each tag, the commonest first."""
    named = dataset.events.merge(dataset.tags, on="tag_id")
    counts = named.groupby(["artist_id", "tag"], as_index=False).size()
    return counts.sort_values(["artist_id", "size", "tag"], ascending=[True, False, True], ignore_index=True)


def _tag_vectors(dataset, artists: np.ndarray) -> tuple[np.ndarray, str]:
    """(artists, 768) embeddings of each artist's commonest tags, and the encoder's name."""
    from mer_repro.features import text

    counts = _tag_counts(dataset)
    shown = counts[counts.artist_id.isin(artists)].groupby("artist_id").head(TAGS_SHOWN)
    texts = shown.groupby("artist_id").tag.agg(", ".join).reindex(artists).tolist()
    found = [text.embed(texts, pooling=pooling, max_length=32) for pooling in text.POOLINGS]
    return np.hstack([part.vectors for part in found]), str(found[0].encoder)


def _nowplaying(data: str, most_users: int) -> Histories:
    import pandas as pd

    from mer_repro.data import nowplaying_rs, registry
    from mer_repro.errors import DataMissing

    dataset = registry.load("nowplaying_rs", source=data)
    try:
        moods = dataset.sentiments().set_index("hashtag").vader_avg.dropna()
    except DataMissing:
        moods = pd.Series(dtype=float)
    tags = [block[block.hashtag.str.lower().isin({*genres.hashtags(), *moods.index})] for block in dataset.hashtags()]
    tags = pd.concat(tags, ignore_index=True)
    tags["genre"] = tags.hashtag.str.lower().map(genres.hashtags())
    tags["mood"] = tags.hashtag.map(moods)
    tweet = tags.groupby(["user_id", "timestamp", "track_id"])
    # A tweet whose hashtags name two parents is left out, as music with two genres is.
    table = tweet.agg(genre=("genre", "mean"), parents=("genre", "nunique"), mood=("mood", "mean")).reset_index()
    table = table[table.parents == 1].sort_values(["user_id", "timestamp", "track_id"])
    table = table.assign(
        user=pd.factorize(table.user_id)[0],
        history=pd.factorize(table.user_id)[0],
        genre=table.genre.astype(int),
        time_of_day=time_of_day(table.timestamp.dt.hour),
        after=(-5 + 4 * table.mood).fillna(0.0),  # sentiment 0 (worst) to 1 (best)
    )
    table = _kept(table, most_users)
    features = _first_features(dataset, set(table.track_id), list(nowplaying_rs.FEATURES))
    tracks = pd.Index(sorted(set(table.track_id)))
    table["track"] = tracks.get_indexer(table.track_id)
    vectors = widened(features.reindex(tracks).to_numpy(float))
    return _histories(table, vectors, {"track_vectors": "11 descriptors of the sound, rotated to 768"})


def _first_features(dataset, wanted: set[str], names: list[str]) -> pd.DataFrame:
    """The descriptors of the wanted tracks as they first come in the stream of tweets."""
    import pandas as pd

    found: list[pd.DataFrame] = []
    for block in dataset.events():
        part = block[block.track_id.isin(wanted)].drop_duplicates("track_id").set_index("track_id")[names]
        wanted = wanted - set(part.index)
        found.append(part)
    return pd.concat(found)


def _lastfm1k(data: str, most_users: int) -> Histories:
    import pandas as pd

    from mer_repro.data import registry

    tagged = registry.load("hetrec2011_lastfm", source=data)
    known = artist_genres(tagged)
    named = tagged.artists.set_index("artist_id").artist.str.casefold()
    by_name = {named[artist]: artist for artist in known.index if artist in named.index}
    parts = []
    for number, (_, listens) in enumerate(registry.load("lastfm1k", source=data).histories()):
        after_pause = listens.timestamp.diff().fillna(pd.Timedelta(PAUSE)) >= pd.Timedelta(PAUSE)
        first = listens[after_pause]
        first = first.assign(user=number, history=number, artist_id=first.artist.str.casefold().map(by_name))
        parts.append(first.dropna(subset="artist_id").tail(MOST_STEPS))
    table = pd.concat(parts, ignore_index=True)
    table = table.assign(genre=table.artist_id.map(known), time_of_day=time_of_day(table.timestamp.dt.hour))
    table = _kept(table, most_users)
    artists, table["track"] = np.unique(table.artist_id.astype(int), return_inverse=True)
    vectors, encoder = _tag_vectors(tagged, artists)
    return _histories(table, vectors, {"track_vectors": f"the artist's commonest tags in HetRec by {encoder}"})


def _kept(table: pd.DataFrame, most_users: int) -> pd.DataFrame:
    """The histories of `FEWEST_STEPS` steps and more, of at most `most_users` users, each one's last `MOST_STEPS`."""
    steps = table.groupby("user").genre.transform("size")
    users = np.unique(table.user[steps >= FEWEST_STEPS])
    users = np.random.default_rng(DRAW).permutation(users)[:most_users]
    kept = table[table.user.isin(users)]
    return kept.groupby("user", group_keys=False).tail(MOST_STEPS).reset_index(drop=True)


def _histories(table: pd.DataFrame, vectors: np.ndarray, notes: dict) -> Histories:
    """A table of steps in order as `Histories`; nobody's diagnosis is known in public data, so that group is 0."""
    whole = {name: table[name].to_numpy(np.int64) for name in ("user", "history", "genre", "time_of_day", "track")}
    stress = {when: table[when].to_numpy(np.float32) for when in ("before", "after") if when in table}
    group = np.zeros(len(table), dtype=np.int64)
    return Histories(**whole, group=group, vectors=vectors.astype(np.float32), stress=stress, notes=notes)


PLANTED_USERS, PLANTED_STEPS, PLANTED_TRACKS = 160, 30, 200


def _planted(users: int) -> Histories:
    """Generated histories; the stress after a step rises and falls with how its genre suits the mood, as SiTunes'
    twin has it: it gives the genre away."""
    from mer_repro.data import situnes, twin_listening

    rng = np.random.default_rng([DRAW, users])
    made = twin_listening.plant_listens(rng, [PLANTED_STEPS] * users, len(genres.GENRES))
    suits = made.mood * np.linspace(-1, 1, len(genres.GENRES))[made.genre]
    share = situnes.TWIN_AFTER
    noise = share["noise"] * rng.standard_normal(len(made.mood))
    after = np.clip(share["before"] * made.mood + share["suits"] * suits + noise, -1, 1)
    steps = len(made.genre)
    return Histories(
        user=made.user,
        history=made.user,
        genre=made.genre,
        time_of_day=rng.integers(0, 4, steps),
        group=made.group[made.user],
        track=rng.integers(0, PLANTED_TRACKS, steps),
        vectors=(rng.standard_normal((PLANTED_TRACKS, WIDTH)) / np.sqrt(WIDTH)).astype(np.float32),
        stress={name: stress_of(v, 0.0).astype(np.float32) for name, v in (("before", made.mood), ("after", after))},
        chance=made.probability,
        notes={"track_vectors": "random: tracks say nothing"},
    )


BUILDERS: dict[str, Callable[[str, int], Histories]] = {
    "situnes": _situnes,
    "hetrec2011_lastfm": _hetrec,
    "nowplaying_rs": _nowplaying,
    "hetrec2011_lastfm+lastfm1k": _lastfm1k,
}
