"""What needs no network to answer: who looks at the last genre, at the counts, at the last few steps.

Each is a function ``(histories, part, setting, seed) -> probabilities`` (items, classes) for all items; it learns
from ``part.train`` and chooses on ``part.validation`` (positions among the items), and reads of an item's history
nothing but the steps before it. Those that count answer over six genres, which are then reduced to fewer classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from mer_repro.papers.abadeh2024 import genres
from mer_repro.papers.abadeh2024.histories import Histories

N_GENRES = len(genres.GENRES)
#: Weight, in steps, of what counts are smoothed towards: chosen on the validation items.
SMOOTHING = (1.0, 3.0, 10.0, 30.0)
STRENGTHS = (0.01, 0.1, 1.0)  # inverse penalties of logistic regression
LEAVES = (4, 8)
LAST_STEPS = 3
NEVER = 1000.0  # how long ago a genre was that never came: longer than any history
TINY = 1e-3  # share of the overall frequencies in an answer that would otherwise leave classes without any


@dataclass(frozen=True)
class Part:
    """Positions among the items: learnt from, chosen on, answered."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def majority(histories: Histories, part: Part, setting: str, seed: int) -> np.ndarray:
    """How often each genre was the next one in training."""
    return _reduced(np.tile(_frequencies(histories, part), (len(histories.items), 1)), setting)


def last_genre(histories: Histories, part: Part, setting: str, seed: int) -> np.ndarray:
    """The last genre again; where a setting has no such class, as `majority`."""
    again = np.eye(N_GENRES)[histories.genre[histories.items - 1]]
    return _reduced((1 - TINY) * again + TINY * _frequencies(histories, part), setting)


def user_majority(histories: Histories, part: Part, setting: str, seed: int) -> np.ndarray:
    """The person's commonest genre so far."""
    counts = heard_before(histories)[histories.items]
    return _reduced(counts / counts.sum(axis=1, keepdims=True) + TINY * _frequencies(histories, part), setting)


def markov_global(histories: Histories, part: Part, setting: str, seed: int) -> np.ndarray:
    """First-order chain of all training users, smoothed towards the overall frequencies."""
    return _reduced(_chain(histories, part)[histories.genre[histories.items - 1]], setting)


def markov_user(histories: Histories, part: Part, setting: str, seed: int) -> np.ndarray:
    """First-order chain of the person's own steps so far, smoothed towards `markov_global`."""
    last = histories.genre[histories.items - 1]
    own = transitions_before(histories)  # (items, genres)
    prior = _chain(histories, part)[last]
    candidates = [(own + a * prior) / (own.sum(axis=1, keepdims=True) + a) for a in SMOOTHING]
    return _reduced(_likeliest(candidates, histories, part), setting)


def logistic(histories: Histories, part: Part, setting: str, seed: int) -> np.ndarray:
    """Logistic regression on genre and time of day of the last three steps."""
    return _logistic(last_steps(histories), histories, part, setting)


def logistic_stress(histories: Histories, part: Part, setting: str, seed: int) -> np.ndarray:
    """`logistic` with the stress after the last step."""
    return _logistic(
        np.c_[last_steps(histories), histories.stress["after"][histories.items - 1]], histories, part, setting
    )


def logistic_stress_before(histories: Histories, part: Part, setting: str, seed: int) -> np.ndarray:
    """`logistic` with the stress just before the step to be predicted."""
    return _logistic(
        np.c_[last_steps(histories), histories.stress["before"][histories.items]], histories, part, setting
    )


def logistic_stress_leak(histories: Histories, part: Part, setting: str, seed: int) -> np.ndarray:
    """`logistic` with the stress after the step to be predicted, which nobody knows in time."""
    return _logistic(np.c_[last_steps(histories), histories.stress["after"][histories.items]], histories, part, setting)


def logistic_group(histories: Histories, part: Part, setting: str, seed: int) -> np.ndarray:
    """`logistic` with the group label, alone and with each last genre."""
    return _logistic(_with_group(histories, histories.group), histories, part, setting)


def logistic_group_shuffled(histories: Histories, part: Part, setting: str, seed: int) -> np.ndarray:
    """`logistic_group` with other people's labels."""
    return _logistic(_with_group(histories, histories.shuffled_group(seed)), histories, part, setting)


def boosting(histories: Histories, part: Part, setting: str, seed: int) -> np.ndarray:
    """Gradient boosting on how often and how long ago each genre was heard, the last genre and the history's length."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    items = histories.items
    heard = heard_before(histories)[items]
    features = np.c_[
        heard / heard.sum(axis=1, keepdims=True),
        recency(histories)[items],
        histories.genre[items - 1],
        histories.place[items],
    ]
    models = [
        HistGradientBoostingClassifier(max_leaf_nodes=leaves, learning_rate=0.05, max_iter=60, random_state=seed)
        for leaves in LEAVES
    ]
    return _fitted(models, features, histories, part, setting)


SIMPLE: dict[str, Callable[[Histories, Part, str, int], np.ndarray]] = {
    one.__name__: one
    for one in (
        majority, user_majority, last_genre, markov_global, markov_user, logistic, boosting,
        logistic_stress, logistic_stress_before, logistic_stress_leak, logistic_group, logistic_group_shuffled,
    )
}  # fmt: skip


# What a history says before each step ----------------------------------------------------------------------------


def heard_before(histories: Histories) -> np.ndarray:
    """How often each genre came in the history before each step, (steps, genres)."""
    heard = np.eye(N_GENRES)[histories.genre]
    sums = np.cumsum(heard, axis=0) - heard
    return sums - sums[np.arange(len(sums)) - histories.place]


def transitions_before(histories: Histories) -> np.ndarray:
    """How often each genre followed the item's last genre earlier in its history, (items, genres)."""
    found = np.zeros((len(histories.genre), N_GENRES))
    table = np.zeros((N_GENRES, N_GENRES))
    for step, place in enumerate(histories.place):
        if place == 0:
            table[:] = 0
            continue
        last, genre = histories.genre[step - 1], histories.genre[step]
        found[step] = table[last]
        table[last, genre] += 1
    return found[histories.items]


def recency(histories: Histories) -> np.ndarray:
    """How many steps ago each genre last came, (steps, genres); `NEVER` or more where it never did."""
    ago = np.full((len(histories.genre), N_GENRES), NEVER)
    for step, place in enumerate(histories.place):
        if place:
            ago[step] = ago[step - 1] + 1
            ago[step, histories.genre[step - 1]] = 1
    return ago


def last_steps(histories: Histories) -> np.ndarray:
    """Genre and time of day, one-hot, of the `LAST_STEPS` steps before each item; zeros before a history's first."""
    columns = []
    for back in range(1, LAST_STEPS + 1):
        steps = np.maximum(histories.items - back, 0)
        there = (histories.place[histories.items] >= back)[:, None]
        columns += [np.eye(N_GENRES)[histories.genre[steps]] * there, np.eye(4)[histories.time_of_day[steps]] * there]
    return np.hstack(columns)


def _with_group(histories: Histories, group: np.ndarray) -> np.ndarray:
    label = group[histories.items, None]
    return np.hstack([last_steps(histories), label, label * np.eye(N_GENRES)[histories.genre[histories.items - 1]]])


# Fitting -----------------------------------------------------------------------------------------------------------


def _reduced(probabilities: np.ndarray, setting: str) -> np.ndarray:
    return genres.reduce_probabilities(probabilities / probabilities.sum(axis=1, keepdims=True), setting)


def _frequencies(histories: Histories, part: Part) -> np.ndarray:
    """How often each genre is next in training, one step added to each: (genres,)."""
    counts = 1 + np.bincount(histories.genre[histories.items[part.train]], minlength=N_GENRES)
    return counts / counts.sum()


def _chain(histories: Histories, part: Part) -> np.ndarray:
    """p(next | last) of the training items, (genres, genres)."""
    train = histories.items[part.train]
    counts = np.zeros((N_GENRES, N_GENRES))
    np.add.at(counts, (histories.genre[train - 1], histories.genre[train]), 1)
    prior = _frequencies(histories, part)
    chains = [(counts + a * prior) / (counts.sum(axis=1, keepdims=True) + a) for a in SMOOTHING]
    last = histories.genre[histories.items - 1]
    chosen = np.argmax([_log_likelihood(chain[last], histories, part) for chain in chains])
    return chains[chosen]


def _log_likelihood(probabilities: np.ndarray, histories: Histories, part: Part) -> float:
    true = histories.genre[histories.items]
    return float(np.log(probabilities[part.validation, true[part.validation]]).sum())


def _likeliest(candidates: list[np.ndarray], histories: Histories, part: Part) -> np.ndarray:
    return max(candidates, key=lambda one: _log_likelihood(one, histories, part))


def _logistic(features: np.ndarray, histories: Histories, part: Part, setting: str) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    models = [LogisticRegression(C=strength, max_iter=500) for strength in STRENGTHS]
    return _fitted(models, features, histories, part, setting)


def _fitted(models: Iterable, features: np.ndarray, histories: Histories, part: Part, setting: str) -> np.ndarray:
    """Answers of the model that is likeliest on the validation items, fitted to the setting's own classes."""
    from sklearn.metrics import log_loss

    y = genres.classes_of(histories.genre[histories.items], setting)
    train, validation = (rows[y[rows] != genres.LEFT_OUT] for rows in (part.train, part.validation))
    best, least = None, np.inf
    for model in models:
        model.fit(features[train], y[train])
        found = np.full((len(y), genres.n_classes(setting)), 1e-9)
        found[:, model.classes_] = model.predict_proba(features)
        found /= found.sum(axis=1, keepdims=True)
        loss = log_loss(y[validation], found[validation], labels=range(found.shape[1]))
        if loss < least:
            best, least = found, loss
    return best
