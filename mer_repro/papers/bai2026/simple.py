"""The rivals that bai2026 lacks: the commonest class, and logistic regressions on what can be counted.

A rival is a function ``(histories, split) -> probabilities (test users, classes)``. Regressions are as strong as
validation likes: of `PENALTIES`, the one with the least cross-entropy on the validation users.

=======================  ===========================================================================
``majority``             the class shares of the training users, for everybody
``logistic_statistics``  length, diversity, hours of the day: neither order nor content
``logistic_tags``        TF-IDF of the user's tags
``logistic_both``        both
``bag_of_songs``         which songs were heard how often, by number
``told``                 planted listeners: counts of somebody who was told where the class shows
=======================  ===========================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mer_repro.papers.bai2026.histories import Histories
    from mer_repro.splits import Split

PENALTIES = (0.001, 0.01, 0.1, 1.0, 10.0)


def majority(histories: Histories, split: Split) -> np.ndarray:
    """The shares of the classes among the training users."""
    shares = np.bincount(histories.label[split.train], minlength=histories.classes) / len(split.train)
    return np.tile(shares, (len(split.test), 1))


def logistic_statistics(histories: Histories, split: Split) -> np.ndarray:
    """Play statistics."""
    return _logistic(_standardised(histories.statistics, split), histories, split)


def logistic_tags(histories: Histories, split: Split) -> np.ndarray:
    """TF-IDF of the tags."""
    return _logistic(_tfidf(histories, split), histories, split)


def logistic_both(histories: Histories, split: Split) -> np.ndarray:
    """TF-IDF of the tags and play statistics."""
    from scipy.sparse import hstack

    return _logistic(
        hstack([_tfidf(histories, split), _standardised(histories.statistics, split)]).tocsr(), histories, split
    )


def bag_of_songs(histories: Histories, split: Split) -> np.ndarray:
    """Logarithm of one plus how often each song was heard."""
    from scipy.sparse import csr_matrix

    rows, columns = np.nonzero(histories.songs)
    numbers = histories.songs[rows, columns]
    shape = len(histories.songs), len(histories.texts)
    counts = csr_matrix((np.ones(len(rows)), (rows, numbers)), shape=shape)  # entries of one place add up
    return _logistic(counts.log1p(), histories, split)


def told(histories: Histories, split: Split) -> np.ndarray:
    """What `planted.told` counts."""
    return _logistic(_standardised(histories.told, split), histories, split)


SIMPLE: dict[str, Callable[[Histories, Split], np.ndarray]] = {
    "majority": majority,
    "logistic_statistics": logistic_statistics,
    "logistic_tags": logistic_tags,
    "logistic_both": logistic_both,
    "bag_of_songs": bag_of_songs,
    "told": told,
}


def _tfidf(histories: Histories, split: Split):
    from sklearn.feature_extraction.text import TfidfVectorizer

    model = TfidfVectorizer(analyzer=_tags, sublinear_tf=True, min_df=2)
    model.fit([histories.documents[user] for user in split.train])
    return model.transform(histories.documents)


def _tags(document: str) -> list[str]:
    return [tag for tag in document.split("|") if tag]


def _standardised(values: np.ndarray, split: Split) -> np.ndarray:
    mean, spread = values[split.train].mean(axis=0), values[split.train].std(axis=0)
    return (values - mean) / np.where(spread > 0, spread, 1)


def _logistic(features, histories: Histories, split: Split) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    from mer_repro import tuning

    models = {strength: LogisticRegression(C=strength, max_iter=300) for strength in PENALTIES}
    found = tuning.on_validation(models, features, histories.label, split, histories.classes)
    return found.model(features[split.test])
