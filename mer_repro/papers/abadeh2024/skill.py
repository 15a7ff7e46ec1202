"""How good answers over classes are, beyond what the classes alone give.

Conventions
-----------
Users are what is resampled. A model's answers are reduced to one confusion matrix a user, (users, classes, classes),
true class by row; scores of any resample follow from sums of these.

``accuracy``      share of right answers
``kappa``         Cohen's kappa: 0 for who knows no more than how often each class is and is called, 1 for perfect
``over_majority`` accuracy minus that of always predicting the majority class of these very items
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

BINS = 10


def confusion_by_user(y_true: np.ndarray, y_pred: np.ndarray, user: np.ndarray, n_classes: int) -> np.ndarray:
    """(users, n_classes, n_classes), users in ascending order."""
    names, place = np.unique(user, return_inverse=True)
    cell = (place * n_classes + y_true) * n_classes + y_pred
    return np.bincount(cell, minlength=len(names) * n_classes**2).reshape(len(names), n_classes, n_classes)


def scores(counts: np.ndarray) -> dict[str, np.ndarray]:
    """The module's scores of confusion matrices (..., classes, classes); kappa is nan where chance is certain."""
    total = counts.sum(axis=(-2, -1))
    true, called = counts.sum(axis=-1) / total[..., None], counts.sum(axis=-2) / total[..., None]
    accuracy = np.trace(counts, axis1=-2, axis2=-1) / total
    chance = (true * called).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        kappa = np.where(chance < 1, (accuracy - chance) / (1 - chance), np.nan)
    return {"accuracy": accuracy, "kappa": kappa, "over_majority": accuracy - true.max(axis=-1)}


def with_intervals(
    counts: np.ndarray, *, resamples: int, seed: int
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """Scores of all users together and their 95 % bootstrap intervals over users, from `confusion_by_user`."""
    users = len(counts)
    draws = np.random.default_rng(seed).multinomial(users, np.full(users, 1 / users), size=resamples)
    drawn = scores(np.tensordot(draws, counts, axes=1))
    found = {name: float(value) for name, value in scores(counts.sum(axis=0)).items()}
    return found, {name: tuple(map(float, np.nanquantile(drawn[name], [0.025, 0.975]))) for name in found}


def reliability(probabilities: np.ndarray, y_true: np.ndarray) -> dict[str, list[float]]:
    """Stated confidence against accuracy in ten bins of equal width: confidence, accuracy (nan if empty), share."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == y_true
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    with np.errstate(invalid="ignore"):
        stated, observed = (np.bincount(bins, value, minlength=BINS) / counts for value in (confidence, right))
    return {"confidence": stated.tolist(), "accuracy": observed.tolist(), "share": (counts / len(y_true)).tolist()}


def calibration_error(curve: Mapping[str, list[float]]) -> float:
    """Expected calibration error: mean gap between confidence and accuracy of the bins, by their share."""
    gaps = np.abs(np.subtract(curve["confidence"], curve["accuracy"]))
    return float(np.nansum(gaps * np.array(curve["share"])))
