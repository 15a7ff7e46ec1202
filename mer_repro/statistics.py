"""How far a score, or a difference of two, can be trusted.

Conventions
-----------
- What is resampled is what was sampled: songs, artists or users (`groups`), never their frames or events, which
  resemble each other: with DEAM's 72 frames a song, an interval over frames can be eight times too narrow.
- Two models are compared on the same test items, with the same resamples: `paired_bootstrap`; for right-or-wrong
  answers on independent items `mcnemar_exact`. A study that compares several variants corrects with `holm`.
- What repeats over seeds shares most of its training data: `over_splits` widens the interval for that.
- A difference that is not significant says little before `smallest_detectable_difference` is known.

Sources: Davison and Hinkley (1997), sections 2.4 and 3.8, for the bootstrap; McNemar (1947); Holm (1979); Nadeau and
Bengio (2003) for repeated splits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mer_repro import metrics

#: With fewer groups a bootstrap interval is too narrow to be shown; it is (nan, nan) instead. Simulated coverage of
#: the nominal 95 % over the regression scores: 0.87 to 0.92 with 20 groups, 0.92 to 0.95 with 60, 0.93 to 0.95 with
#: 180.
MINIMUM_GROUPS = 10
#: A regression score by its name in `mer_repro.metrics.REGRESSION`, or a function of (y_true, y_pred)
Score = str | Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True)
class Comparison:
    """Model B against model A on the same test items.

    Attributes
    ----------
    difference : score of B minus score of A.
    low, high : interval of the difference.
    p_value : two-sided, of the hypothesis that there is no difference; at least 2 / (resamples + 1).
    standard_error : of the difference, from the resamples.
    n_groups : how many groups were resampled.
    """

    difference: float
    low: float
    high: float
    p_value: float
    standard_error: float
    n_groups: int


@dataclass(frozen=True)
class McNemar:
    """Items that only one of two classifiers answers right, and the exact two-sided p-value."""

    only_a: int
    only_b: int
    p_value: float


def interval(
    score: Score,
    y_true: np.ndarray,
    y_pred: np.ndarray,
    groups: np.ndarray,
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile bootstrap interval of one score, resampling groups.

    Parameters
    ----------
    score : name of a regression score, or any function of (y_true, y_pred).
    y_true, y_pred : (n, ...) arrays.
    groups : (n,) song, artist or user of each item.
    resamples, level, seed : how many resamples, coverage between 0 and 1, seed of the resampling.

    Returns
    -------
    (low, high); (nan, nan) with fewer than `MINIMUM_GROUPS` groups or where the score is undefined.

    Raises
    ------
    ValueError
        If the arrays differ in length.
    """
    draws, group = _draw(groups, len(y_true), resamples, seed)
    if draws.shape[1] < MINIMUM_GROUPS or np.isnan(_score(score, y_true, y_pred)):
        return float("nan"), float("nan")
    return _quantiles(_resampled(score, y_true, y_pred, group, draws), level)


def paired_bootstrap(
    score: Score,
    y_true: np.ndarray,
    pred_a: np.ndarray,
    pred_b: np.ndarray,
    groups: np.ndarray,
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Compare two models' predictions of the same items; every resample of groups is given to both.

    Parameters as for `interval`. With fewer than `MINIMUM_GROUPS` groups, all but the difference is nan.

    Raises
    ------
    ValueError
        If the arrays differ in length.
    """
    draws, group = _draw(groups, len(y_true), resamples, seed)
    difference = _score(score, y_true, pred_b) - _score(score, y_true, pred_a)
    n_groups = draws.shape[1]
    if n_groups < MINIMUM_GROUPS or np.isnan(difference):
        return Comparison(difference, *[float("nan")] * 4, n_groups=n_groups)
    of_a, of_b = (_resampled(score, y_true, pred, group, draws) for pred in (pred_a, pred_b))
    differences = of_b - of_a
    # How often a resample falls on the other side of zero; one more on each side, for the data themselves.
    beyond = 1 + min(np.sum(differences <= 0), np.sum(differences >= 0))
    return Comparison(
        difference,
        *_quantiles(differences, level),
        p_value=min(1.0, float(2 * beyond / (np.isfinite(differences).sum() + 1))),
        standard_error=float(np.nanstd(differences, ddof=1)),
        n_groups=n_groups,
    )


def mcnemar_exact(correct_a: np.ndarray, correct_b: np.ndarray) -> McNemar:
    """Exact McNemar test: do two classifiers err equally often on the same, independent items?

    Parameters
    ----------
    correct_a, correct_b : bool (n,), whether each item was answered right.

    Raises
    ------
    ValueError
        If the arrays differ in length.
    """
    from scipy.stats import binomtest

    a, b = np.asarray(correct_a, dtype=bool), np.asarray(correct_b, dtype=bool)
    if a.shape != b.shape:
        raise ValueError(f"The classifiers answered {a.shape} and {b.shape} items; expected the same items.")
    only_a, only_b = int(np.sum(a & ~b)), int(np.sum(b & ~a))
    p_value = binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    return McNemar(only_a, only_b, float(p_value))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Holm's step-down adjustment: name -> p-value that may be compared with the level of the whole family.

    A nan (a comparison that could not be made) stays nan and does not count as a comparison.
    """
    ordered = sorted((p, name) for name, p in p_values.items() if not np.isnan(p))
    adjusted = {name: float("nan") for name in p_values}
    largest = 0.0
    for rank, (p, name) in enumerate(ordered):
        largest = max(largest, min(1.0, (len(ordered) - rank) * p))
        adjusted[name] = largest
    return adjusted


def smallest_detectable_difference(standard_error: float, *, power: float = 0.8, level: float = 0.95) -> float:
    """The smallest true difference that a two-sided test at `level` would have found with probability `power`.

    Parameters
    ----------
    standard_error : of the difference, e.g. `Comparison.standard_error`; the result has its unit.
    """
    from scipy.stats import norm

    return float((norm.ppf(1 - (1 - level) / 2) + norm.ppf(power)) * standard_error)


def over_splits(scores: Sequence[float], test_share: float, *, level: float = 0.95) -> tuple[float, float, float]:
    """Mean and interval of a score, or of a difference of scores, over repeated random splits of one data set.

    The splits share training data, so their scores vary less than those of new data sets would; the variance is
    enlarged by Nadeau and Bengio's factor, 1 / n + test / train instead of 1 / n.

    Parameters
    ----------
    scores : one a split, at least two.
    test_share : n_test / n_train of a split.

    Returns
    -------
    (mean, low, high).

    Raises
    ------
    ValueError
        With fewer than two scores.
    """
    from scipy.stats import t

    values = np.asarray(scores, dtype=float)
    if len(values) < 2:
        raise ValueError(f"{len(values)} scores; an interval over splits needs at least 2.")
    spread = np.sqrt(values.var(ddof=1) * (1 / len(values) + test_share))
    reach = t.ppf(1 - (1 - level) / 2, len(values) - 1) * spread
    return float(values.mean()), float(values.mean() - reach), float(values.mean() + reach)


def _draw(groups: np.ndarray, n_items: int, resamples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """How often each resample holds each group (resamples, n_groups), and the group of each item (n,)."""
    names, group = np.unique(groups, return_inverse=True)
    if len(group) != n_items:
        raise ValueError(f"groups has length {len(group)}; expected {n_items}, one an item.")
    share = np.full(len(names), 1 / len(names))
    return np.random.default_rng(seed).multinomial(len(names), share, size=resamples), group


def _score(score: Score, y_true: np.ndarray, y_pred: np.ndarray) -> float:
    if len(y_pred) != len(y_true):
        raise ValueError(f"{len(y_true)} targets and {len(y_pred)} predictions; expected the same items.")
    return getattr(metrics, score)(y_true, y_pred) if isinstance(score, str) else float(score(y_true, y_pred))


def _resampled(
    score: Score, y_true: np.ndarray, y_pred: np.ndarray, group: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    """The score of every resample (resamples,); a score named by a string follows from sums a group, fast."""
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if isinstance(score, str):
        sums = metrics.sums_by_group(*metrics.validate(y_true, y_pred), group, draws.shape[1])
        return metrics.scores_from_sums(draws @ sums.T)[score]
    items = np.arange(len(y_true))
    chosen = (np.repeat(items, counts[group]) for counts in draws)
    return np.array([score(y_true[indices], y_pred[indices]) for indices in chosen])


def _quantiles(values: np.ndarray, level: float) -> tuple[float, float]:
    low, high = np.nanquantile(values, [(1 - level) / 2, 1 - (1 - level) / 2])
    return float(low), float(high)
