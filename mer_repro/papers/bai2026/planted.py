"""Generated listeners of whom it is known where their class shows: nowhere, in the order, in the tags, in both.

Songs belong to a tag group (sad, party, ...), and their text is a few tags of it with a few that mean nothing. A
listener has a taste over the groups and belongs to a class: healthy, mild or severe, with severity 0, 1/2, 1. With a
planted effect e,

``none``    nothing tells the classes apart;
``order``   a song of the group just heard follows with a probability of `STAY` + `STAY_SHIFT` * e * severity and else
            any song after the taste, which leaves the shares of the groups as they are: sad songs one after another, or
            sad and cheerful ones in turn, as the introduction of bai2026 has it;
``tags``    the taste for sad songs grows by `TASTE_SHIFT` * e * severity (log odds);
``both``    the two together;
``gated``   by a coin a listener keeps to a group (`KEEPS`) or roams. Of those who keep, sad songs mark the severe; of
            those who roam, the healthy. Tags say little unless read in the light of the order: the case that the
            paper's temporal query is made for (section 3.5), and ours, not the paper's.

Sizes, class shares, length and split are the paper's table 1. `told` is what somebody counts who knows all this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CONDITIONS = ("none", "order", "tags", "both", "gated")
TABLE_1 = {"users": 3852, "shares": (0.583, 0.281, 0.136), "length": 100}
SEVERITY = np.array([0.0, 0.5, 1.0])
TASTE_SHIFT, STAY, STAY_SHIFT = 3.0, 0.1, 0.5
#: Probability of staying with a group, of the listeners who keep to one in ``gated``.
KEEPS = 0.5
TASTE_SPREAD = 0.7
#: Tags of each group; the first is the planted one, the second the opposite that the paper's figure 2 names.
TAGS = {
    "sad": ("sad", "melancholy", "dark", "lonely", "depressing", "heartbreak"),
    "party": ("party", "upbeat", "dance", "fun", "happy", "summer"),
    "calm": ("chill", "ambient", "relaxing", "downtempo", "sleep", "dreamy"),
    "heavy": ("metal", "hardcore", "aggressive", "thrash metal", "industrial", "angry"),
    "folk": ("folk", "acoustic", "singer-songwriter", "country", "americana", "bluegrass"),
    "urban": ("hip-hop", "rap", "rnb", "soul", "urban", "funk"),
}
GROUPS = tuple(TAGS)
SAD, PARTY = 0, 1
PLAIN_TAGS = ("seen live", "favorites", "80s", "90s", "british", "american", "swedish", "female vocalists", "albums")
#: Of 100 listeners, 70 have the full length and the others any length from 16 % of it: 87.4 % on average (table 1).
FULL_LENGTH, SHORTEST = 0.7, 0.16
#: Share of listens in each quarter of the day; the same for everybody.
QUARTERS = (0.08, 0.22, 0.35, 0.35)


@dataclass(frozen=True)
class Listeners:
    """Generated listeners; n of them, padded to length T.

    songs : (n, T) song numbers from 1, 0 where a sequence has ended. label : (n,) 0 healthy, 1 mild, 2 severe.
    hour : (n, T) hour of the day of each listen. group : (catalogue + 1,) tag group of each song, -1 for padding.
    texts : (catalogue + 1) joined tags of each song, "" for padding.
    """

    songs: np.ndarray
    label: np.ndarray
    hour: np.ndarray
    group: np.ndarray
    texts: list[str]


def generate(condition: str, effect: float, users: int, length: int, catalogue: int, seed: int) -> Listeners:
    """Listeners of one of `CONDITIONS`.

    Parameters
    ----------
    effect : e above; 0 plants nothing whatever the condition.
    users, length, catalogue : how many listeners, songs a sequence at most, songs there are.
    seed : of the listeners; the catalogue is the same for all seeds.
    """
    rng = np.random.default_rng([seed, 2026])
    label = rng.permutation(np.repeat(np.arange(3), class_counts(users)))
    severity = effect * SEVERITY[label]
    taste, stay = TASTE_SPREAD * rng.standard_normal((users, len(GROUPS))), np.full(users, STAY)
    if condition in ("tags", "both"):
        taste[:, SAD] += TASTE_SHIFT * severity
    if condition in ("order", "both"):
        stay += STAY_SHIFT * severity
    if condition == "gated":
        keeps = rng.random(users) < 0.5
        stay[keeps] = KEEPS
        taste[:, SAD] += 2 * TASTE_SHIFT * effect * np.where(keeps, 1, -1) * (SEVERITY[label] - SEVERITY.mean())
    share = np.exp(taste) / np.exp(taste).sum(axis=1, keepdims=True)
    heard = _chains(rng, share, stay, length)  # (users, length)
    group, texts = _catalogue(catalogue)
    songs = _songs(rng, heard, group)
    hour = 6 * rng.choice(4, size=songs.shape, p=QUARTERS) + rng.integers(0, 6, songs.shape)
    ended = np.arange(length) >= _lengths(rng, users, length)[:, None]
    songs[ended] = 0
    return Listeners(songs, label, hour, group, texts)


def class_counts(users: int) -> np.ndarray:
    """How many listeners of each class, (3,): table 1's shares in whole listeners, the rest healthy."""
    counts = np.round(np.array(TABLE_1["shares"]) * users).astype(int)
    counts[0] = users - counts[1:].sum()
    return counts


def _chains(rng: np.random.Generator, share: np.ndarray, stay: np.ndarray, length: int) -> np.ndarray:
    """Groups heard, (users, length): stay with the last group or draw from `share`, which is the long-run share."""
    limits = share.cumsum(axis=1)
    limits[:, -1] = 1.0
    drawn = (rng.random((length, len(share)))[:, :, None] > limits).sum(axis=2)  # (length, users)
    stays = rng.random((length, len(share))) < stay
    for step in range(1, length):
        drawn[step] = np.where(stays[step], drawn[step - 1], drawn[step])
    return drawn.T


def _catalogue(size: int) -> tuple[np.ndarray, list[str]]:
    """Group and text of every song; groups take turns, so that each has as many songs."""
    rng = np.random.default_rng([size, 1])
    group, texts = np.concatenate([[-1], np.arange(size) % len(GROUPS)]), [""]
    for song in range(1, size + 1):
        own = rng.choice(TAGS[GROUPS[group[song]]], rng.integers(2, 4), replace=False)
        plain = rng.choice(PLAIN_TAGS, rng.integers(1, 4), replace=False)
        texts.append(", ".join(rng.permutation([*own, *plain])))
    return group, texts


def _songs(rng: np.random.Generator, heard: np.ndarray, group: np.ndarray) -> np.ndarray:
    """A song of each group heard; the k-th song of a group is heard in proportion to 1 / k."""
    songs = np.empty_like(heard)
    for which in range(len(GROUPS)):
        members, places = np.flatnonzero(group == which), heard == which
        popularity = 1 / np.arange(1, len(members) + 1)
        songs[places] = rng.choice(members, places.sum(), p=popularity / popularity.sum())
    return songs


def _lengths(rng: np.random.Generator, users: int, length: int) -> np.ndarray:
    shorter = rng.integers(round(SHORTEST * length), length + 1, users)
    return np.where(rng.random(users) < FULL_LENGTH, length, shorter)


def told(listeners: Listeners) -> np.ndarray:
    """What somebody counts who was told where to look, (n, 4).

    Columns: log odds of sad songs (centred), their square, repeated groups beyond chance, and the first times the last.
    """
    heard = listeners.group[listeners.songs]  # -1 at padding
    real = heard >= 0
    shares = np.stack([(heard == which).sum(axis=1) for which in range(len(GROUPS))], axis=1) + 0.5
    shares = shares / shares.sum(axis=1, keepdims=True)
    pairs = real[:, 1:] & real[:, :-1]
    repeated = ((heard[:, 1:] == heard[:, :-1]) & pairs).sum(axis=1) / np.maximum(pairs.sum(axis=1), 1)
    chance = (shares**2).sum(axis=1)
    beyond = (repeated - chance) / (1 - chance)
    odds = np.log(shares[:, SAD] / (1 - shares[:, SAD]))
    odds -= odds.mean()
    return np.column_stack([odds, odds**2, beyond, odds * (beyond - beyond.mean())])
