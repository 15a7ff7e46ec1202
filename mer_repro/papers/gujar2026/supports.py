"""What can the test set of gujar2026's table 6 have been? Its supports against the moods that DEAM's labels give.

Table 6 counts 890 happy, 756 sad, 634 angry and 720 calm test samples. For a reading of "sample" (a song, a moment of a
song) and of the cut points (which the paper does not state), DEAM says how many of each mood there are.
"""

from __future__ import annotations

import numpy as np

from mer_repro.papers.gujar2026.examples import quadrants

#: Cut points tried on DEAM's 1-9 scale, in both axes.
CUTS = np.round(np.arange(3.0, 7.01, 0.05), 2)


def counts(valence: np.ndarray, arousal: np.ndarray, middle: float) -> np.ndarray:
    """How many items are happy, sad, angry, calm: (4,) int."""
    return np.bincount(quadrants(valence, arousal, middle), minlength=4)


def distance(shares: np.ndarray, stated: np.ndarray) -> float:
    """Total variation distance of two distributions over moods: the share, 0 to 1, that would have to change."""
    return float(np.abs(shares / shares.sum() - stated / stated.sum()).sum() / 2)


def nearest_cut(valence: np.ndarray, arousal: np.ndarray, stated: np.ndarray) -> tuple[float, float, float]:
    """The cut points under which the songs' moods come nearest to the stated supports.

    Returns
    -------
    (distance, valence cut, arousal cut), the best of all pairs of `CUTS`.
    """
    high_v = valence[:, None] > CUTS  # (songs, cuts)
    high_a = arousal[:, None] > CUTS
    tables = [
        (v.T.astype(int) @ a.astype(int)) / len(valence)  # (valence cuts, arousal cuts)
        for v, a in ((high_v, high_a), (~high_v, ~high_a), (~high_v, high_a), (high_v, ~high_a))
    ]
    distances = sum(abs(t - s) for t, s in zip(tables, stated / stated.sum(), strict=True)) / 2
    row, column = np.unravel_index(distances.argmin(), distances.shape)
    return float(distances[row, column]), float(CUTS[row]), float(CUTS[column])


def least_repeats(available: np.ndarray, stated: np.ndarray) -> float:
    """How often the songs of the scarcest mood would have to be in the test set, were all songs in it."""
    return float(np.max(stated / available))


def whole_set_needed(shares: np.ndarray, stated: np.ndarray) -> int:
    """Songs that a set with these shares of moods needs so that the stated supports can be drawn without repeats."""
    return int(np.ceil(np.max(stated / (shares / shares.sum()))))
