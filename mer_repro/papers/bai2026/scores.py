"""Scores of probabilities: weighted AUC as in bai2026's tables, calibration, and their intervals by user.

Probabilities are (users, classes), classes numbered from 0; every user is one independent item.
"""

from __future__ import annotations

import numpy as np

from mer_repro import metrics, statistics

#: Bins of equal width for the confidence, the probability of the class that is named.
BINS = 10


def weighted_auc(observed: np.ndarray, probabilities: np.ndarray) -> float:
    """Areas under the ROC curve of each class against the rest, weighted by the class's frequency; ties count half.

    For two classes it is the ordinary AUC. nan where a class does not occur.
    """
    from scipy.stats import rankdata

    counts = np.bincount(observed, minlength=probabilities.shape[1])
    others = len(observed) - counts
    if not (counts * others).all():
        return float("nan")
    ranks = rankdata(probabilities, axis=0)
    of_class = np.array([ranks[observed == k, k].sum() for k in range(len(counts))])
    areas = (of_class - counts * (counts + 1) / 2) / (counts * others)
    return float((areas * counts).sum() / len(observed))


def calibration(observed: np.ndarray, probabilities: np.ndarray) -> dict[str, list[float]]:
    """Reliability, a value a bin of confidence that holds users: confidence (mean), accuracy, count."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == observed
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    count = np.bincount(place, minlength=BINS)
    held = count > 0
    mean = {
        name: np.bincount(place, weights=values, minlength=BINS)[held] / count[held]
        for name, values in (("confidence", confidence), ("accuracy", right))
    }
    return {name: values.tolist() for name, values in mean.items()} | {"count": count[held].astype(float).tolist()}


def calibration_error(observed: np.ndarray, probabilities: np.ndarray) -> float:
    """Expected calibration error: mean distance of confidence and accuracy over the bins, weighted by users, 0 to 1."""
    bins = {name: np.array(values) for name, values in calibration(observed, probabilities).items()}
    return float((bins["count"] * np.abs(bins["confidence"] - bins["accuracy"])).sum() / len(observed))


def all_scores(
    observed: np.ndarray, probabilities: np.ndarray, *, resamples: int, seed: int
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """Scores, and 95 % intervals of the paper's three by resampling users.

    Returns
    -------
    accuracy, macro_f1, auc (weighted), log_loss (nats), calibration_error; intervals of the first three.
    """
    users, classes = np.arange(len(observed)), probabilities.shape[1]
    predicted = probabilities.argmax(axis=1)
    right = np.maximum(probabilities[users, observed], 1e-12)
    scores = metrics.classification(observed, predicted, classes) | {
        "auc": weighted_auc(observed, probabilities),
        "log_loss": float(-np.log(right).mean()),
        "calibration_error": calibration_error(observed, probabilities),
    }
    intervals = metrics.classification_intervals(
        observed, predicted, users, classes, resamples=resamples, seed=seed
    ) | {"auc": statistics.interval(weighted_auc, observed, probabilities, users, resamples=resamples, seed=seed)}
    return scores, intervals


def attention_scores(weights: np.ndarray, group: np.ndarray, planted: int, opposite: int) -> dict[str, float]:
    """What a reader of figure 2 could see in the attention of some users.

    Parameters
    ----------
    weights : (users, T), 0 on padding. group : (users, T) tag group of each song, -1 on padding.
    planted, opposite : the groups of sad and of party songs.

    Returns
    -------
    planted_auc : how well the weight ranks sad songs above all others of the user, mean over users; 0.5 is chance.
    favoured : share of the users in whom sad songs weigh more, on average, than party songs.
    top_tenth : share of all attention that the tenth of the songs with the highest weights has; 0.1 if all are alike.
    told_by_group : share of the variance of a user's log weights that the songs' groups explain, mean over users.
    """
    found: dict[str, list[float]] = {"planted_auc": [], "favoured": [], "top_tenth": [], "told_by_group": []}
    for weight, of in zip(weights, group, strict=True):
        weight, of = weight[of >= 0], of[of >= 0]
        sad, party = of == planted, of == opposite
        found["top_tenth"].append(np.sort(weight)[::-1][: max(1, round(len(weight) / 10))].sum())
        if sad.any() and not sad.all():
            found["planted_auc"].append(weighted_auc(sad.astype(int), np.column_stack([-weight, weight])))
        if sad.any() and party.any():
            found["favoured"].append(weight[sad].mean() > weight[party].mean())
        logs = np.log(np.maximum(weight, 1e-12))
        if logs.var() > 0:
            count = np.bincount(of)
            mean = np.bincount(of, weights=logs) / np.maximum(count, 1)
            found["told_by_group"].append((count * (mean - logs.mean()) ** 2).sum() / len(of) / logs.var())
    return {name: float(np.mean(values)) if values else float("nan") for name, values in found.items()}
