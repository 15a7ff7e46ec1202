"""What the models of bai2026 read, whatever the data set: song sequences, texts of songs, tags and counts of a user.

===========================  ========================================================================================
``planted``                  generated listeners (`mer_repro.papers.bai2026.planted`); the target is the condition
``hetrec2011_lastfm``        artists in the order in which a user tagged them, with the tags as their texts. The set
                             holds nothing about health; its targets are properties that it does hold (below)
``lastfm1k``                 songs heard, artist and title as their text (the set has no tags); targets of the profile
===========================  ========================================================================================

HetRec's targets. ``play_concentration``: how much of a user's plays goes to few artists (entropy of the play counts),
cut into three classes of the paper's shares; plays stand in another file than the tags. ``sad_tags``: whether the user
ever gives a tag of sadness to an artist of one random half of those that the user tagged; the other half is all that
any input, other users' included, is made of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mer_repro.errors import DataMissing
from mer_repro.papers.bai2026 import planted
from mer_repro.splits import Split

if TYPE_CHECKING:
    import pandas as pd

#: Words that make a tag one of sadness; "sad" as a word of its own, the others as beginnings.
SAD_TAG = r"\bsad(?:ness|core)?\b|\bmelanchol|\bdepress|\blonel|\bheartbreak|\bsuicid|\bgloom"
TAGS_A_SONG = 2
FEWEST_HALVED = 10  # artists that a user must have tagged to be halved
LISTED = 50  # HetRec lists at most this many artists a user; with fewer, plays are concentrated by the cut alone
FEWEST_LISTENERS = 50  # of Last.fm-1K, below which there is nothing to split
OLDER_FROM = 30


@dataclass(frozen=True)
class Histories:
    """n users, sequences padded to T.

    songs : (n, T) song numbers from 1, padding 0. label : (n,) class numbers from 0. classes : how many.
    texts : (n_songs + 1) text of each song, "" where it has none. documents : (n,) the tags that stand for a user, as
    one string separated by "|". statistics : (n, k) counts that need neither order nor content, by `statistic_names`.
    told, group : of planted listeners alone, see `planted.told` and `planted.Listeners`.
    """

    songs: np.ndarray
    label: np.ndarray
    classes: int
    texts: list[str]
    documents: list[str]
    statistics: np.ndarray
    statistic_names: tuple[str, ...]
    told: np.ndarray | None = None
    group: np.ndarray | None = None
    notes: dict = field(default_factory=dict)


def load(dataset: str, data: str, target: str, size: dict, seed: int) -> Histories:
    """The users of one data set with one target.

    Parameters
    ----------
    size : ``users``, ``length``, ``catalogue`` and ``effect`` of planted listeners; ``length`` of the others.
    seed : of planted listeners.

    Raises
    ------
    DataMissing
        If the copy of Last.fm-1K holds the listens of too few users.
    """
    if dataset == "planted":
        return from_planted(target, size, seed)
    from mer_repro.data import registry

    loaded = registry.load(dataset, source=data)
    if dataset == "hetrec2011_lastfm":
        return from_hetrec(loaded, target, size["length"])
    return from_lastfm(loaded, target, size["length"])


def split_users(users: int, seed: int, training: int | None = None, test: int | None = None) -> Split:
    """Users at random, each in one part.

    Parameters
    ----------
    training, test : how many; without them 70 % and 15 %, 2,696 and 578 of 3,852 (table 1). The rest validates.
    """
    test = round(0.15 * users) if test is None else test
    training = users - 2 * test if training is None else training
    order = np.random.default_rng([seed, 7]).permutation(users)
    return Split(
        np.sort(order[:training]), np.sort(order[training + test :]), np.sort(order[training : training + test])
    )


def fold_of_users(users: int, seed: int, fold: int, folds: int) -> Split:
    """One of several folds of the users, dealt at random: each user is tested in one; an eighth of the rest validates.

    Five folds leave the 70 % for training that table 1 has.
    """
    dealt = np.array_split(np.random.default_rng([seed, 5]).permutation(users), folds)
    rest = np.concatenate([part for place, part in enumerate(dealt) if place != fold])
    validation, train = np.split(rest, [round(len(rest) / 8)])
    return Split(np.sort(train), np.sort(validation), np.sort(dealt[fold]))


def from_planted(condition: str, size: dict, seed: int) -> Histories:
    """Generated listeners of a condition; a user's document is the tags of all songs heard."""
    made = planted.generate(condition, size["effect"], size["users"], size["length"], size["catalogue"], seed)
    tags = [text.replace(", ", "|") for text in made.texts]
    documents = ["|".join(tags[song] for song in row if song) for row in made.songs]
    counts, names = _counts(made.songs, made.hour)
    return Histories(
        made.songs, made.label, 3, made.texts, documents, counts, names, planted.told(made), made.group,
        {"effect": size["effect"]},
    )  # fmt: skip


def _counts(songs: np.ndarray, hour: np.ndarray | None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Play statistics: length, distinct songs, entropy of the songs, quarters of the day where hours are known."""
    real = songs > 0
    length = real.sum(axis=1)
    distinct = np.array([len(np.unique(row[row > 0])) for row in songs])
    entropy = np.array([_entropy(np.unique(row[row > 0], return_counts=True)[1]) for row in songs])
    columns, names = [np.log(length), distinct / length, entropy], ("length", "distinct songs", "diversity")
    if hour is None:
        return np.column_stack(columns), names
    quarters = [((hour // 6 == quarter) & real).sum(axis=1) / length for quarter in range(4)]
    return np.column_stack(columns + quarters), (*names, "night", "morning", "afternoon", "evening")


def _entropy(counts: np.ndarray) -> float:
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum())


# HetRec ------------------------------------------------------------------------------------------------------------


def from_hetrec(dataset, target: str, length: int) -> Histories:
    """HetRec's users with one of its two targets; the last `length` artists tagged."""
    import pandas as pd

    tags = dataset.events.merge(dataset.tags, on="tag_id")
    outcome = _play_concentration if target == "play_concentration" else _sad_tags
    tags, label = outcome(dataset, tags)  # what inputs may be made of, and the class of each user
    tags = tags[tags.user_id.isin(label.index)].sort_values(["user_id", "date", "artist_id", "tag_id"])
    first = tags.drop_duplicates(["user_id", "artist_id"])
    number = pd.Series(np.arange(1, first.artist_id.nunique() + 1), index=np.sort(first.artist_id.unique()))
    commonest = (
        tags.groupby(["artist_id", "tag"]).size().reset_index(name="n")
        .sort_values(["artist_id", "n", "tag"], ascending=[True, False, True])
        .groupby("artist_id").tag.apply(lambda names: ", ".join(names[:TAGS_A_SONG]))
    )  # fmt: skip
    users = label.index[label.index.isin(first.user_id)]
    by_user = first.groupby("user_id").artist_id.apply(lambda artists: number[artists].to_numpy()[-length:])
    songs = _padded([by_user[user] for user in users], length)
    statistics, names = _counts(songs, None)
    events = tags.groupby("user_id")
    more = [np.log(events.size()[users]), np.log(events.date.nunique()[users]), np.log(events.tag.nunique()[users])]
    documents = events.tag.apply("|".join)
    return Histories(
        songs, label[users].to_numpy(), int(label.max()) + 1, ["", *commonest[number.index]],
        documents[users].tolist(), np.column_stack([statistics[:, :1], *more]),
        (names[0], "tag events", "months", "distinct tags"),
    )  # fmt: skip


def _play_concentration(dataset, tags: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Class 2: the most concentrated 13.6 % of the users, class 1: the next 28.1 %, as many as in table 1."""
    import pandas as pd

    listed = dataset.plays.groupby("user_id").plays
    entropy = listed.apply(lambda plays: _entropy(plays.to_numpy(dtype=float)))
    entropy = entropy[(listed.size() == listed.size().max()) & entropy.index.isin(tags.user_id)]
    place = (-entropy).rank(method="first").to_numpy() - 1  # 0: the most even
    edges = planted.class_counts(len(entropy)).cumsum()[:2]
    return tags, pd.Series(np.searchsorted(edges, place, side="right"), index=entropy.index)


def _sad_tags(dataset, tags: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Class 1: who gives a sad tag to an artist of the outcome's half of the user's artists."""
    pairs = tags[["user_id", "artist_id"]].drop_duplicates()
    pairs = pairs[pairs.groupby("user_id").artist_id.transform("size") >= FEWEST_HALVED]
    pairs = pairs.assign(chance=np.random.default_rng(2011).random(len(pairs)))
    in_outcome = pairs.groupby("user_id").chance.rank() <= pairs.groupby("user_id").chance.transform("size") // 2
    halved = tags.merge(pairs.assign(outcome=in_outcome)[["user_id", "artist_id", "outcome"]])
    sad = halved.tag.str.contains(SAD_TAG, case=False) & halved.outcome
    return halved[~halved.outcome], sad.groupby(halved.user_id).any().astype(int)


def _padded(rows: list[np.ndarray], length: int) -> np.ndarray:
    songs = np.zeros((len(rows), length), dtype=np.int64)
    for place, row in enumerate(rows):
        songs[place, : len(row)] = row
    return songs


# Last.fm-1K --------------------------------------------------------------------------------------------------------


def from_lastfm(dataset, target: str, length: int) -> Histories:
    """Users of Last.fm-1K with their last `length` listens; target ``gender`` or ``older`` (at least 30 years)."""
    people = dataset.profiles.set_index("user_id")
    known = (people.gender != "") if target == "gender" else people.age.notna()
    label = (people.gender == "f") if target == "gender" else (people.age >= OLDER_FROM)
    heard = {}
    for user, listens in dataset.histories():
        if known[user]:
            heard[user] = listens.tail(length)
    if len(heard) < FEWEST_LISTENERS:
        raise DataMissing(
            f"lastfm1k: the copy in {dataset.location.folder} has listens of {len(heard)} users who gave their"
            f" {target}; at least {FEWEST_LISTENERS} are needed. Fetch all: mer-repro data fetch lastfm1k (0.7 GB)."
        )
    number: dict[str, int] = {}
    rows, hours = [], []
    for listens in heard.values():
        names = listens.artist + ", " + listens.title
        rows.append(np.array([number.setdefault(name, len(number) + 1) for name in names]))
        hours.append(listens.timestamp.dt.hour.to_numpy())
    songs = _padded(rows, length)
    statistics, names = _counts(songs, _padded(hours, length))
    return Histories(
        songs, label[list(heard)].astype(int).to_numpy(), 2, ["", *number],
        ["|".join(listens.artist) for listens in heard.values()], statistics, names,
    )  # fmt: skip
