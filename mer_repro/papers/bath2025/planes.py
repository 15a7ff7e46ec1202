"""Experiment 1 from labels alone: table 4.2 of bath2025, the 'doughnut', and what kind of listener a score betrays.

Conventions
-----------
Valence and arousal are on a 0-1 scale with 0.5 as the middle. The *ring* is what section 4.1 says MERGE consists of:
no song whose valence or whose arousal lies strictly between 0.4 and 0.6. Quadrants are numbered 0 to 3 for Q1 to Q4
(Q1 both high, Q2 arousal only, Q3 neither, Q4 valence only); the middle itself counts as high.

Baselines
---------
A baseline is a function ``(target, train, test, quadrant) -> predictions`` for the songs at `test`; `target` are all
labels, `train` and `test` positions, `quadrant` that of each song.

====================  ================================================================================================
``mean``, ``median``  of the training labels (the mean: section 4.1)
``quadrant_centre``   told each test song's quadrant, the mean of that quadrant's training labels (section 4.1)
``quadrant_median``   the same with the median
``nearest_label``     told the test label, the nearest label of a training song: what a perfect look-up would score
====================  ================================================================================================

``random`` (uniform between 0 and 1, section 4.1) has a distribution instead of a value: `random_scores`.

Listeners
---------
A listener knows the training labels and hears the test song imperfectly; a level of noise sets its R². At equal R²
listeners differ in their mean absolute error: one who confuses quadrants is exact on most songs and far off on a few.

==================  ==================================================================================================
``hard_classifier``  names a quadrant, errs towards the other three alike, and says the quadrant's training mean
``soft_classifier``  has a probability for each quadrant and says the mean that they imply
``regressor``        hears valence or arousal itself with Gaussian noise and says the expected training label
==================  ==================================================================================================
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mer_repro import metrics

MIDDLE = 0.5
#: Edges of the range that section 4.1 says is empty.
GAP = (0.4, 0.6)
QUADRANTS = ("Q1", "Q2", "Q3", "Q4")
#: Cells of the label plane in each direction, for pictures.
CELLS = 20
#: A gap's edge itself, such as 0.4 computed as 0.4 + 1e-17, is outside the gap.
ROUNDING = 1e-9


def quadrants(valence: np.ndarray, arousal: np.ndarray) -> np.ndarray:
    """Quadrant of each point, 0 to 3 for Q1 to Q4."""
    high_valence, high_arousal = np.asarray(valence) >= MIDDLE, np.asarray(arousal) >= MIDDLE
    return np.where(high_arousal, np.where(high_valence, 0, 1), np.where(high_valence, 3, 2))


def inside_gap(labels: np.ndarray) -> np.ndarray:
    """Whether each label lies strictly between 0.4 and 0.6."""
    labels = np.asarray(labels)
    return (labels > GAP[0] + ROUNDING) & (labels < GAP[1] - ROUNDING)


def on_ring(valence: np.ndarray, arousal: np.ndarray) -> np.ndarray:
    """Whether a song would be kept if neither of its labels may lie in the gap."""
    return ~(inside_gap(valence) | inside_gap(arousal))


def describe(valence: np.ndarray, arousal: np.ndarray) -> dict[str, float]:
    """How empty the middle is and how coarse the labels are: shares of songs (0-1), counts and deviations."""
    # As the checks of the data count: the last bits of a mean do not make two labels of one.
    pairs = np.column_stack([valence, arousal]).round(6)
    return {
        "songs": len(pairs),
        "valence_in_gap": float(inside_gap(valence).mean()),
        "arousal_in_gap": float(inside_gap(arousal).mean()),
        "both_in_gap": float((inside_gap(valence) & inside_gap(arousal)).mean()),
        "kept_on_ring": float(on_ring(valence, arousal).mean()),
        "distinct_valence": len(np.unique(pairs[:, 0])),
        "distinct_arousal": len(np.unique(pairs[:, 1])),
        "distinct_pairs": len(np.unique(pairs, axis=0)),
        "valence_deviation": float(np.std(valence)),
        "arousal_deviation": float(np.std(arousal)),
        "valence_nearest_to_middle": float(np.abs(np.asarray(valence) - MIDDLE).min()),
        "arousal_nearest_to_middle": float(np.abs(np.asarray(arousal) - MIDDLE).min()),
        "valence_between_quadrants": between_share(valence, quadrants(valence, arousal)),
        "arousal_between_quadrants": between_share(arousal, quadrants(valence, arousal)),
    }


def between_share(target: np.ndarray, quadrant: np.ndarray) -> float:
    """Share of the variance of `target` that lies between the quadrants: R² of each quadrant's own mean."""
    target = np.asarray(target, dtype=float)
    means = np.array([target[quadrant == q].mean() if (quadrant == q).any() else 0.0 for q in range(len(QUADRANTS))])
    return metrics.r2(target, means[quadrant])


def plane(valence: np.ndarray, arousal: np.ndarray) -> np.ndarray:
    """Songs in each cell of the label plane, (CELLS, CELLS): valence along the first axis, arousal along the second."""
    edges = np.linspace(0, 1, CELLS + 1)
    return np.histogram2d(valence, arousal, bins=(edges, edges))[0].astype(int)


def mean(target: np.ndarray, train: np.ndarray, test: np.ndarray, quadrant: np.ndarray) -> np.ndarray:
    """The mean of the training labels."""
    return np.full(len(test), target[train].mean())


def median(target: np.ndarray, train: np.ndarray, test: np.ndarray, quadrant: np.ndarray) -> np.ndarray:
    """The median of the training labels, which no constant beats in mean absolute error on them."""
    return np.full(len(test), np.median(target[train]))


def quadrant_centre(target: np.ndarray, train: np.ndarray, test: np.ndarray, quadrant: np.ndarray) -> np.ndarray:
    """The training mean of the quadrant that a test song is known to be in."""
    return centres(target, train, quadrant)[quadrant[test]]


def quadrant_median(target: np.ndarray, train: np.ndarray, test: np.ndarray, quadrant: np.ndarray) -> np.ndarray:
    """The training median of the quadrant that a test song is known to be in."""
    return centres(target, train, quadrant, np.median)[quadrant[test]]


def nearest_label(target: np.ndarray, train: np.ndarray, test: np.ndarray, quadrant: np.ndarray) -> np.ndarray:
    """The training label nearest to the test label, which it is told."""
    known = np.unique(target[train])
    above = np.searchsorted(known, target[test]).clip(1, len(known) - 1)
    low, high = known[above - 1], known[above]
    return np.where(target[test] - low <= high - target[test], low, high)


BASELINES: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    "mean": mean,
    "median": median,
    "quadrant_centre": quadrant_centre,
    "quadrant_median": quadrant_median,
    "nearest_label": nearest_label,
}


def centres(
    target: np.ndarray, train: np.ndarray, quadrant: np.ndarray, centre: Callable[[np.ndarray], float] = np.mean
) -> np.ndarray:
    """Centre of the training labels in each quadrant, (4,); that of all of them where a quadrant has none."""
    chosen, where = target[train], quadrant[train]
    return np.array(
        [centre(chosen[where == q]) if (where == q).any() else centre(chosen) for q in range(len(QUADRANTS))]
    )


def random_scores(observed: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Mean absolute error of guesses uniform between 0 and 1, one a draw of guesses for all songs; (draws,)."""
    guesses = np.random.default_rng(seed).random((draws, len(observed)))
    return np.abs(guesses - observed).mean(axis=1)


# Listeners -------------------------------------------------------------------------------------------------------

#: Levels of a listener's noise on its curve, from nearly deaf to nearly perfect.
LEVELS = 40
#: A curve's columns: share of quadrants named right (for the regressor: of sides of the middle), R², MAE, and MAE over
#: RMSE with the edges of its central 95 % over hearings.
COLUMNS = ("accuracy", "r2", "mae", "ratio", "ratio_low", "ratio_high")
Curve = dict[str, list[float]]


def hard_classifier(
    target: np.ndarray, train: np.ndarray, test: np.ndarray, quadrant: np.ndarray, draws: int, seed: int
) -> Curve:
    """A listener's `COLUMNS` at each level of noise, over `draws` hearings of every test song.

    With probability `accuracy` the centre of the right quadrant is said, else that of one of the other three.
    """
    centre, where = centres(target, train, quadrant), quadrant[test]
    generator = np.random.default_rng(seed)
    luck = generator.random((draws, len(test)))
    stray = (where + generator.integers(1, len(QUADRANTS), (draws, len(test)))) % len(QUADRANTS)
    curve: Curve = {name: [] for name in COLUMNS}
    for accuracy in np.linspace(1 / len(QUADRANTS), 1, LEVELS):
        named = np.where(luck < accuracy, where, stray)  # (draw, song)
        _append(curve, target[test], centre[named], (named == where).mean())
    return curve


def near_middle_classifier(
    target: np.ndarray, train: np.ndarray, test: np.ndarray, quadrant: np.ndarray, draws: int, seed: int
) -> Curve:
    """A simulated predictor's curve, as `hard_classifier`, that errs where real ones do: near the middle.

    Of the test songs, those whose target lies nearest to the middle are put on its other side first; which of equally
    near ones come first is drawn.
    """
    centre, where = centres(target, train, quadrant), quadrant[test]
    across = ACROSS[where, int(not _is_valence(target, quadrant))]
    generator, curve = np.random.default_rng(seed), {name: [] for name in COLUMNS}
    luck = generator.random((draws, len(test)))
    rank = np.lexsort((luck, np.broadcast_to(np.abs(target[test] - MIDDLE), luck.shape)), axis=-1).argsort(axis=-1)
    for share in np.linspace(0.5, 0, LEVELS):
        named = np.where(rank < round(share * len(test)), across, where)
        _append(curve, target[test], centre[named], (named == where).mean())
    return curve


def noisy_plane_classifier(
    target: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    quadrant: np.ndarray,
    draws: int,
    seed: int,
    other: np.ndarray,
) -> Curve:
    """A simulated predictor's curve, as `hard_classifier`, that perceives both axes with Gaussian noise.

    It outputs the training mean of the quadrant in which it perceives the song; `other` is the other axis.
    """
    centre, where = centres(target, train, quadrant), quadrant[test]
    generator, curve = np.random.default_rng(seed), {name: [] for name in COLUMNS}
    noise = generator.standard_normal((2, draws, len(test)))
    on_valence = _is_valence(target, quadrant)
    for deviation in np.geomspace(3, 0.02, LEVELS):
        own, beside = (
            axis[test] + deviation * axis[train].std() * n for axis, n in zip((target, other), noise, strict=True)
        )
        named = quadrants(own, beside) if on_valence else quadrants(beside, own)
        _append(curve, target[test], centre[named], (named == where).mean())
    return curve


def _is_valence(target: np.ndarray, quadrant: np.ndarray) -> bool:
    """Which axis the target is: valence is high in the quadrants 0 and 3, arousal in 0 and 1."""
    return bool(np.mean((target >= MIDDLE) == np.isin(quadrant, (0, 3))) > 0.75)


#: The quadrant on the other side of the middle of valence, and of arousal, for each quadrant.
ACROSS = np.array([(1, 3), (0, 2), (3, 1), (2, 0)])


def soft_classifier(
    target: np.ndarray, train: np.ndarray, test: np.ndarray, quadrant: np.ndarray, draws: int, seed: int
) -> Curve:
    """A listener's curve, as `hard_classifier`.

    The evidence for each quadrant is 1 for the right one and 0 for the others, plus Gaussian noise; probabilities
    follow by Bayes from the quadrants' shares in training. `accuracy` is that of the likeliest quadrant.
    """
    centre, observed, where = centres(target, train, quadrant), target[test], quadrant[test]
    share = np.bincount(quadrant[train], minlength=len(QUADRANTS)) / len(train)
    noise = np.random.default_rng(seed).standard_normal((draws, len(test), len(QUADRANTS)))
    curve: Curve = {name: [] for name in COLUMNS}
    for deviation in np.geomspace(4, 0.1, LEVELS):
        evidence = np.eye(len(QUADRANTS))[where] + deviation * noise  # (draw, song, quadrant)
        log_odds = evidence / deviation**2 + np.log(np.maximum(share, 1e-12))
        probability = np.exp(log_odds - log_odds.max(axis=-1, keepdims=True))
        probability /= probability.sum(axis=-1, keepdims=True)
        _append(curve, observed, probability @ centre, (probability.argmax(axis=-1) == where).mean())
    return curve


def regressor(
    target: np.ndarray, train: np.ndarray, test: np.ndarray, quadrant: np.ndarray, draws: int, seed: int
) -> Curve:
    """A listener's curve, as `hard_classifier`; its `accuracy` is that of the side of the middle (of two).

    The label is heard with Gaussian noise; what is said is the mean of the training labels, weighted by how well each
    explains what was heard: the best that anybody could say who knows how the labels are distributed.
    """
    known, counts = np.unique(target[train], return_counts=True)
    observed = target[test]
    noise = np.random.default_rng(seed).standard_normal((draws, len(test)))
    curve: Curve = {name: [] for name in COLUMNS}
    for deviation in np.geomspace(6, 0.05, LEVELS) * target[train].std():
        heard = observed + deviation * noise  # (draw, song)
        # The expected label depends on what was heard alone: a table of it is exact enough and 100 times as fast.
        table = np.linspace(heard.min(), heard.max(), 2000)
        closeness = -((table[:, None] - known[None, :]) ** 2) / (2 * deviation**2) + np.log(counts)
        weight = np.exp(closeness - closeness.max(axis=1, keepdims=True))
        said = np.interp(heard, table, weight @ known / weight.sum(axis=1))
        _append(curve, observed, said, ((said >= MIDDLE) == (observed >= MIDDLE)).mean())
    return curve


LISTENERS = {
    "hard_classifier": hard_classifier,
    "near_middle_classifier": near_middle_classifier,
    "noisy_plane_classifier": noisy_plane_classifier,
    "soft_classifier": soft_classifier,
    "regressor": regressor,
}


def _append(curve: Curve, observed: np.ndarray, said: np.ndarray, accuracy: float) -> None:
    """Add one level's scores; `said` is (draw, song)."""
    error = np.abs(said - observed)
    ratio = error.mean(axis=1) / np.sqrt((error**2).mean(axis=1))
    low, high = np.quantile(ratio, [0.025, 0.975])
    row = (accuracy, 1 - np.mean(error**2) / observed.var(), error.mean(), ratio.mean(), low, high)
    for name, value in zip(COLUMNS, row, strict=True):
        curve[name].append(float(value))


def at_r2(curve: Curve, r2: float) -> dict[str, float]:
    """A listener's `COLUMNS` where its R² is `r2`; nan beyond the ends of its curve."""
    order = np.argsort(curve["r2"])
    known = np.asarray(curve["r2"])[order]
    return {
        name: float(np.interp(r2, known, np.asarray(curve[name])[order], left=np.nan, right=np.nan)) for name in COLUMNS
    }
