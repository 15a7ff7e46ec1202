"""Scores of predictions, one function each.

Conventions
-----------
`y_true` and `y_pred` are one-dimensional, of equal length, finite, in the same unit (valence or arousal on the data
set's own scale). Scores are dimensionless unless said otherwise; a score that is undefined for its input is `nan`,
never a number that looks like a result.

Metrics
-------
Regression: `r2`, `squared_pearson`, `rmse`, `mae`, `mape`, `ccc`; all of them at once: `regression`.

Classification: `accuracy`, `macro_f1`; both at once with intervals: `classification`, `classification_intervals`.
There, `y_true` and `y_pred` hold whole numbers below the number of classes.

`r2` and `squared_pearson` differ: the first punishes a wrong mean or scale, the second cannot see them. Papers
report either under the name R²; tables of this study always say which.
"""

from __future__ import annotations

import numpy as np

#: Below this a target counts as zero for `mape`: averaging raters leaves 1e-17 where it means 0.
ZERO = 1e-9
#: Order in which tables show the regression scores.
REGRESSION = ("r2", "squared_pearson", "rmse", "mae", "mape", "ccc")


def validate(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both arrays as float64, after checking that they can be compared.

    Raises
    ------
    ValueError
        If they are not one-dimensional, differ in length, are empty, or hold a value that is not finite.
    """
    y_true, y_pred = np.asarray(y_true, dtype=float), np.asarray(y_pred, dtype=float)
    if y_true.ndim != 1 or y_true.shape != y_pred.shape:
        raise ValueError(
            f"y_true has shape {y_true.shape} and y_pred {y_pred.shape}; expected one dimension, same length."
        )
    if y_true.size == 0:
        raise ValueError("There is nothing to score: y_true and y_pred are empty.")
    for name, values in (("y_true", y_true), ("y_pred", y_pred)):
        if not np.isfinite(values).all():
            raise ValueError(
                f"{name} holds {int((~np.isfinite(values)).sum())} values that are not finite, the first at"
                f" position {int(np.argmin(np.isfinite(values)))}; drop or impute them before scoring."
            )
    return y_true, y_pred


def is_constant(values: np.ndarray) -> bool:
    """Whether all values are equal up to rounding noise, which must not be mistaken for variance."""
    return bool(np.ptp(values) <= 1e-12 * max(1.0, np.abs(values).max()))


def r2(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Coefficient of determination, 1 - SS_res / SS_tot; at most 1, negative when worse than the mean of `y_true`."""
    y_true, y_pred = validate(y_true, y_pred)
    if is_constant(y_true):
        return float("nan")
    return float(1 - np.sum((y_true - y_pred) ** 2) / np.sum((y_true - y_true.mean()) ** 2))


def squared_pearson(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Squared Pearson correlation, 0 to 1; `nan` when either side is constant.

    The score that the code of qiu2025 calls R² (file ``R2.m`` of its repository). It never falls below `r2` of the
    same predictions, because it is the `r2` after the best linear rescaling of `y_pred`.
    """
    y_true, y_pred = validate(y_true, y_pred)
    if is_constant(y_true) or is_constant(y_pred):
        return float("nan")
    true_deviation, pred_deviation = y_true - y_true.mean(), y_pred - y_pred.mean()
    scale = np.sum(true_deviation**2) * np.sum(pred_deviation**2)
    return float(np.sum(true_deviation * pred_deviation) ** 2 / scale)


def rmse(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Root mean squared error, in the unit of the targets."""
    y_true, y_pred = validate(y_true, y_pred)
    return float(np.sqrt(np.mean((y_true - y_pred) ** 2)))


def mae(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Mean absolute error, in the unit of the targets; never above `rmse`."""
    y_true, y_pred = validate(y_true, y_pred)
    return float(np.mean(np.abs(y_true - y_pred)))


def mape(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Mean absolute percentage error as a fraction (0.1 is 10 %), over the items whose target is not zero.

    It depends on where the scale has its zero: on DEAM's -1..1 labels it is dominated by frames near zero and says
    little. Leaving out zero targets follows ``result.m`` of qiu2025's repository.
    """
    y_true, y_pred = validate(y_true, y_pred)
    used = np.abs(y_true) > ZERO
    if not used.any():
        return float("nan")
    return float(np.mean(np.abs((y_true[used] - y_pred[used]) / y_true[used])))


def ccc(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Concordance correlation coefficient (Lin 1989), -1 to 1, with population moments."""
    y_true, y_pred = validate(y_true, y_pred)
    covariance = np.mean((y_true - y_true.mean()) * (y_pred - y_pred.mean()))
    scale = y_true.var() + y_pred.var() + (y_true.mean() - y_pred.mean()) ** 2
    return float(2 * covariance / scale) if scale > 0 else float("nan")


def regression(y_true: np.ndarray, y_pred: np.ndarray) -> dict[str, float]:
    """All regression scores, in the order of `REGRESSION`."""
    scores = (r2, squared_pearson, rmse, mae, mape, ccc)
    return {name: score(y_true, y_pred) for name, score in zip(REGRESSION, scores, strict=True)}


def regression_intervals(
    y_true: np.ndarray,
    y_pred: np.ndarray,
    groups: np.ndarray,
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Percentile bootstrap intervals of all regression scores, resampling whole groups (songs), not frames.

    Every score is a function of sums over frames, so each song is reduced to its sums once and a resample is one row
    of a matrix product: 2,000 resamples of DEAM's 130,000 frames take well under a second.

    Parameters
    ----------
    groups : the song (or artist, or user) of each item, same length as `y_true`.
    resamples, level, seed : number of bootstrap resamples, coverage between 0 and 1, seed of the resampling.

    Returns
    -------
    score name -> (low, high); (nan, nan) where the score is undefined for the predictions at hand.

    Raises
    ------
    ValueError
        As `validate`, or if `groups` has another length.
    """
    y_true, y_pred = validate(y_true, y_pred)
    names, group = np.unique(groups, return_inverse=True)
    if group.shape != y_true.shape:
        raise ValueError(f"groups has length {group.size}; expected {y_true.size}, one a prediction.")
    sums = sums_by_group(y_true, y_pred, group, len(names))  # (sum, group)
    draws = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    scores = scores_from_sums(draws @ sums.T)
    tail = (1 - level) / 2
    defined = {name: np.isfinite(value) for name, value in regression(y_true, y_pred).items()}
    return {
        name: tuple(float(edge) for edge in np.nanquantile(scores[name], [tail, 1 - tail]))
        if defined[name]
        else (float("nan"), float("nan"))
        for name in REGRESSION
    }


def sums_by_group(y_true: np.ndarray, y_pred: np.ndarray, group: np.ndarray, n_groups: int) -> np.ndarray:
    """The sums from which every regression score follows; shape (9, n_groups)."""
    # Centring changes no score but MAPE, and keeps the differences of large sums accurate.
    centre = y_true.mean()
    true, pred, error = y_true - centre, y_pred - centre, np.abs(y_true - y_pred)
    counted = np.abs(y_true) > ZERO
    relative = np.divide(error, np.abs(y_true), out=np.zeros_like(error), where=counted)
    columns = (np.ones_like(true), true, true**2, pred, pred**2, true * pred, error, counted.astype(float), relative)
    return np.stack([np.bincount(group, weights=column, minlength=n_groups) for column in columns])


def scores_from_sums(sums: np.ndarray) -> dict[str, np.ndarray]:
    """All regression scores of each row of sums; shape (rows, 9) -> (rows,) a score."""
    n, true, true_2, pred, pred_2, product, error, counted, relative = sums.T
    mean_true, mean_pred = true / n, pred / n
    var_true, var_pred = true_2 / n - mean_true**2, pred_2 / n - mean_pred**2
    covariance = product / n - mean_true * mean_pred
    mse = np.maximum((true_2 - 2 * product + pred_2) / n, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = {
            "r2": 1 - mse / var_true,
            "squared_pearson": covariance**2 / (var_true * var_pred),
            "rmse": np.sqrt(mse),
            "mae": error / n,
            "mape": relative / counted,
            "ccc": 2 * covariance / (var_true + var_pred + (mean_true - mean_pred) ** 2),
        }
    return {name: np.where(np.isfinite(values), values, np.nan) for name, values in scores.items()}


def confusion(y_true: np.ndarray, y_pred: np.ndarray, n_classes: int) -> np.ndarray:
    """How often class i (row) was called class j (column): (n_classes, n_classes) of int.

    Raises
    ------
    ValueError
        As `validate`, or if a label is not a whole number from 0 to n_classes - 1.
    """
    y_true, y_pred = validate_classes(y_true, y_pred, n_classes)
    return np.bincount(y_true * n_classes + y_pred, minlength=n_classes**2).reshape(n_classes, n_classes)


def validate_classes(y_true: np.ndarray, y_pred: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Both arrays as int64, after checking that they can be compared and hold classes; raises as `confusion`."""
    for name, values in zip(("y_true", "y_pred"), validate(y_true, y_pred), strict=True):
        strange = values[(values % 1 != 0) | (values < 0) | (values >= n_classes)]
        if len(strange):
            raise ValueError(f"{name} holds {strange[0]:g}; expected whole numbers from 0 to {n_classes - 1}.")
    return np.asarray(y_true, dtype=np.int64), np.asarray(y_pred, dtype=np.int64)


def accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Share of the items whose class is right, 0 to 1."""
    y_true, y_pred = validate(y_true, y_pred)
    return float(np.mean(y_true == y_pred))


def macro_f1(y_true: np.ndarray, y_pred: np.ndarray, n_classes: int) -> float:
    """Mean over the classes of F1 = 2 TP / (2 TP + FP + FN), 0 to 1.

    A class that neither occurs nor is predicted has no F1 and is left out of the mean.
    """
    return float(_macro_f1(confusion(y_true, y_pred, n_classes)))


def classification(y_true: np.ndarray, y_pred: np.ndarray, n_classes: int) -> dict[str, float]:
    """accuracy and macro_f1."""
    return {"accuracy": accuracy(y_true, y_pred), "macro_f1": macro_f1(y_true, y_pred, n_classes)}


def classification_intervals(
    y_true: np.ndarray,
    y_pred: np.ndarray,
    groups: np.ndarray,
    n_classes: int,
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Percentile bootstrap intervals of `classification`, resampling whole groups (artists, songs, users).

    Both scores follow from the confusion matrix, so each group is reduced to its own one once.

    Raises
    ------
    ValueError
        As `confusion`, or if `groups` has another length.
    """
    y_true, y_pred = validate_classes(y_true, y_pred, n_classes)
    names, group = np.unique(groups, return_inverse=True)
    if group.shape != y_true.shape:
        raise ValueError(f"groups has length {group.size}; expected {y_true.size}, one a prediction.")
    cell = (group * n_classes + y_true) * n_classes + y_pred
    by_group = np.bincount(cell, minlength=len(names) * n_classes**2).reshape(len(names), -1)
    draws = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    counts = (draws @ by_group).reshape(resamples, n_classes, n_classes)
    scores = {
        "accuracy": counts.trace(axis1=1, axis2=2) / counts.sum(axis=(1, 2)),
        "macro_f1": _macro_f1(counts),
    }
    tail = (1 - level) / 2
    return {name: tuple(float(e) for e in np.quantile(values, [tail, 1 - tail])) for name, values in scores.items()}


def _macro_f1(counts: np.ndarray) -> np.ndarray:
    """Macro F1 of confusion matrices (..., n_classes, n_classes)."""
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    involved = counts.sum(axis=-1) + counts.sum(axis=-2)  # 2 TP + FP + FN
    f1 = np.divide(2 * hits, involved, out=np.full(hits.shape, np.nan), where=involved > 0)
    return np.nanmean(f1, axis=-1)


def scores_from_confusion(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Scores of each confusion matrix, true by predicted; shape (rows, C, C) -> (rows,) per score, nan without items.

    Returns
    -------
    accuracy, macro_f1, macro_precision and macro_recall (which is balanced accuracy) over the classes that occur or are
    predicted, kappa (Cohen's), majority (share of the most frequent true class), over_majority (accuracy minus that),
    errors_avoided (that difference as a share of the majority class's errors), f1_<class> of each class.
    """
    n, hits = counts.sum(axis=(1, 2)).astype(float), np.diagonal(counts, axis1=1, axis2=2).astype(float)
    true, predicted = counts.sum(axis=2).astype(float), counts.sum(axis=1).astype(float)
    involved = true + predicted > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        f1 = 2 * hits / (true + predicted)
        precision = np.where(involved, np.where(predicted > 0, hits / predicted, 0.0), np.nan)
        recall = np.where(true > 0, hits / true, np.nan)
        observed, chance = hits.sum(axis=1) / n, (true * predicted).sum(axis=1) / n**2
        found = {
            "accuracy": observed,
            "macro_f1": _mean_of_known(f1),
            "macro_precision": _mean_of_known(precision),
            "macro_recall": _mean_of_known(recall),
            "kappa": (observed - chance) / (1 - chance),
            "majority": true.max(axis=1) / n,
            "over_majority": observed - true.max(axis=1) / n,
            "errors_avoided": (hits.sum(axis=1) - true.max(axis=1)) / (n - true.max(axis=1)),
        }
    return found | {f"f1_{k}": f1[:, k] for k in range(counts.shape[1])}


def _mean_of_known(values: np.ndarray) -> np.ndarray:
    """Mean over the last axis without nan; nan where nothing is known."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return np.divide(total, known.sum(axis=-1), out=np.full(total.shape, np.nan), where=known.any(axis=-1))


def weighted_areas(positive: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Area under the ROC curve of each resample; ties count half.

    Parameters
    ----------
    positive : (n,) bool. score : (n,) the higher, the more likely positive.
    weights : (R, n) how often each resample holds each item.

    Returns
    -------
    (R,) areas, 0 to 1; nan where a resample lacks one of the sides.
    """
    order = np.argsort(score, kind="stable")
    ordered = np.asarray(score)[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])  # of each run of equal scores
    held, right = weights[:, order], np.asarray(positive, dtype=bool)[order]
    negatives, positives = (np.add.reduceat(held * side, starts, axis=1) for side in (~right, right))
    below = np.cumsum(negatives, axis=1) - negatives / 2
    pairs = positives.sum(axis=1) * negatives.sum(axis=1)
    return np.divide((positives * below).sum(axis=1), pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
