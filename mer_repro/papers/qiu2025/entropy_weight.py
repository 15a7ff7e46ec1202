"""The entropy-weight composite score of qiu2025, equations (2) to (8).

Conventions
-----------
`scores` is (samples, indicators): one row a lag order, one column an indicator such as the R2 of the test split.
`higher_is_better` is bool (indicators,): equation (2) where True, equation (3) where False.

Where the equations as printed leave the score open
---------------------------------------------------
- Equations (2) and (3) define the normalised z, but (4) and (8) go on with the raw x; z is never used.
  ``use="printed"`` follows the print, ``use="normalised"`` puts z where x stands. With raw x an error counts as much in
  a model's favour as an R2 does, and a negative R2 has no logarithm in (5).
- The text around (5) explains a constant C that (5) does not contain. C = 1 is what (5) prints, and what (6), which
  divides by ln n, needs.
- With z the worst sample has w = 0 and (5) asks for 0 ln 0; it counts as 0, its limit.
- An indicator that is the same for all samples has no z: (2) and (3) divide by zero.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

Use = Literal["printed", "normalised"]


def normalise(scores: np.ndarray, higher_is_better: np.ndarray) -> np.ndarray:
    """Equations (2) and (3): every indicator scaled to 0 (worst sample) .. 1 (best sample).

    Raises
    ------
    ValueError
        If an indicator has the same value for all samples.
    """
    scores = _checked(scores)
    low, high = scores.min(axis=0), scores.max(axis=0)
    if (constant := np.flatnonzero(low == high)).size:
        raise ValueError(f"Indicators {constant.tolist()} do not vary over the samples; leave them out.")
    scaled = (scores - low) / (high - low)  # (samples, indicators)
    return np.where(np.asarray(higher_is_better, dtype=bool), scaled, 1 - scaled)


def entropy(values: np.ndarray) -> np.ndarray:
    """Equations (4) and (5): the entropy (indicators,) in nats of each indicator's shares over the samples.

    Raises
    ------
    ValueError
        If a value is negative, so that its share has no logarithm, or an indicator is zero throughout.
    """
    values = _checked(values)
    totals = values.sum(axis=0)
    if (values < 0).any() or (totals == 0).any():
        raise ValueError("Shares need indicators without negative values and not all zero; normalise them first.")
    shares = values / totals  # (samples, indicators)
    logarithms = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return -(shares * logarithms).sum(axis=0)


def weights(values: np.ndarray) -> np.ndarray:
    """Equations (6) and (7): the weight (indicators,) of each indicator; they add up to 1.

    Raises
    ------
    ValueError
        As `entropy`; if there are fewer than two samples; or if no indicator varies, so that (7) divides by zero.
    """
    values = _checked(values)
    if len(values) < 2:
        raise ValueError("Equation (6) divides by ln n, which is 0 for one sample; give at least two.")
    utility = 1 - entropy(values) / np.log(len(values))
    if utility.sum() < np.finfo(float).eps * len(utility):
        raise ValueError("All indicators are the same for all samples: equation (7) divides by zero.")
    return utility / utility.sum()


def composite_scores(scores: np.ndarray, higher_is_better: np.ndarray, *, use: Use) -> np.ndarray:
    """Equation (8): the composite score (samples,) of every sample; see the module for what `use` decides.

    Raises
    ------
    ValueError
        As `normalise` and `weights`.
    """
    values = normalise(scores, higher_is_better) if use == "normalised" else _checked(scores)
    return values @ weights(values)


def _checked(scores: np.ndarray) -> np.ndarray:
    scores = np.asarray(scores, dtype=float)
    if scores.ndim != 2 or not np.isfinite(scores).all():
        raise ValueError(f"Scores must be finite and (samples, indicators), found shape {scores.shape}.")
    return scores
