"""What a test set of a stated size could have shown.

Conventions
-----------
Two models answer the same test items. How sure their difference is depends on how often they err on the same items,
which papers seldom say. Three overlaps are therefore worked out: errors overlap as much as the two scores allow (the
difference is then as sure as it can be), errors fall independently, errors overlap as little as possible.

The items count as independent. Frames of one song or sequences of one user are not, and the network's training is not
repeated here, so every p-value is a lower bound.

Sources: Wilson (1927) for the interval of a share; McNemar (1947), exact, for two shares on the same items; for mean
absolute errors the standard deviation of the absolute error follows from the same predictions' RMSE and MAE,
sqrt(RMSE² - MAE²).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mer_repro import statistics

LEVEL = 0.05


@dataclass(frozen=True)
class Overlaps:
    """p-values of one difference under three overlaps of the two models' errors.

    Attributes
    ----------
    most, independent, least : two-sided p-values.
    detectable : smallest true difference found with a power of 80 %, errors independent; the scores' unit.
    """

    most: float
    independent: float
    least: float
    detectable: float

    @property
    def reading(self) -> str:
        """What can be said without knowing the overlap."""
        if self.least < LEVEL:
            return "beyond chance, whatever the overlap"
        if self.most >= LEVEL:
            return "within chance, whatever the overlap"
        if self.independent < LEVEL:
            return "beyond chance unless errors overlap less than independent ones"
        return "beyond chance only if errors overlap more than independent ones"


def wilson(share: float, items: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (0 to 1) of `items` right answers, to the nearest whole number of them."""
    from scipy.stats import binomtest

    found = binomtest(round(share * items), items).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def accuracies(better: float, worse: float, items: int) -> Overlaps:
    """Two accuracies (0 to 1) on the same `items` test items.

    Raises
    ------
    ValueError
        If `better` is the smaller one.
    """
    if better < worse:
        raise ValueError(f"{better} is below {worse}; give the greater accuracy first.")
    lead = round(better * items) - round(worse * items)
    fewest, chance = 0, round(worse * (1 - better) * items)
    most = min(round(worse * items), items - round(better * items))
    return Overlaps(
        *(_exact(only_worse + lead, only_worse) for only_worse in (fewest, chance, most)),
        detectable(better, worse, items),
    )


def detectable(better: float, worse: float, items: int, correlation: float = 0.0, power: float = 0.8) -> float:
    """Smallest true difference of two accuracies on the same `items` test items that is found with `power`.

    Parameters
    ----------
    better, worse : accuracies (0 to 1), the greater first.
    correlation : of the two models' errors (phi); what two such accuracies cannot have is taken as the most they can.
    """
    variances = [share * (1 - share) for share in (better, worse)]
    most = math.sqrt(worse * (1 - better) / (better * (1 - worse))) if worse > 0 and better < 1 else 0.0
    shared = 2 * min(correlation, most) * math.sqrt(variances[0] * variances[1])
    return statistics.smallest_detectable_difference(math.sqrt((sum(variances) - shared) / items), power=power)


def _exact(only_better: int, only_worse: int) -> float:
    """Exact McNemar p-value from the items that only one of two models answers right."""
    right = np.r_[np.ones(only_better, bool), np.zeros(only_worse, bool)]
    return statistics.mcnemar_exact(right, ~right).p_value


def items_needed(better: float, worse: float, power: float = 0.8) -> int:
    """Test items at which the difference of two accuracies would be found with `power`, if errors fall independently.

    Raises
    ------
    ValueError
        If the accuracies are equal.
    """
    if better == worse:
        raise ValueError("Equal accuracies: no number of items shows a difference.")
    return math.ceil((detectable(better, worse, 1, power=power) / (better - worse)) ** 2)


def absolute_error_deviation(mae: float, rmse: float) -> float:
    """Standard deviation of the absolute error, from MAE and RMSE of the same predictions; nan if MAE is above RMSE."""
    return math.sqrt(rmse**2 - mae**2) if rmse >= mae else math.nan


def absolute_errors(better: tuple[float, float], worse: tuple[float, float], items: int) -> Overlaps | None:
    """Two mean absolute errors on the same `items` test items.

    Parameters
    ----------
    better, worse : (MAE, RMSE) of each model.

    Returns
    -------
    None where an MAE is above its RMSE, which no predictions have.
    """
    from scipy.stats import norm

    one, other = (absolute_error_deviation(*pair) for pair in (better, worse))
    if math.isnan(one) or math.isnan(other):
        return None
    difference = abs(better[0] - worse[0])
    errors = [spread / math.sqrt(items) for spread in (abs(one - other), math.hypot(one, other), one + other)]
    p_values = [float(2 * norm.sf(difference / error)) if error else float(difference == 0) for error in errors]
    return Overlaps(*p_values, statistics.smallest_detectable_difference(errors[1]))
