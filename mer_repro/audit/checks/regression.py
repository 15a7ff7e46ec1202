"""Checks of regression scores: RMSE, MSE, MAE, MAPE, R2 and the target's variance that they imply."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Literal

from mer_repro.audit.catalogue import check
from mer_repro.audit.finding import Finding, Reading, Row, decide, every_row, observe, rows
from mer_repro.audit.numbers import Interval, Number, common, hull, show

#: quantity -> least and greatest possible value, in base units
RANGES = {
    **dict.fromkeys(("accuracy", "auc", "f1", "macro_f1", "precision", "recall"), (0, 1)),
    **dict.fromkeys(("class_share", "split_share", "dropout", "proportion", "percentage"), (0, 1)),
    **dict.fromkeys(("rmse", "mse", "mae", "mape", "latency", "memory", "count", "support"), (0, math.inf)),
    "r2": (-math.inf, 1),
    "correlation": (-1, 1),
}


def mean_square(error: Number) -> Interval:
    """The MSE that an RMSE (or an MSE, by its quantity) stands for."""
    return error.interval if error.quantity == "mse" else error.interval.squared()


@check
def rmse_is_root_of_mse(rmse: list[Number], mse: list[Number]) -> Finding:
    """Aligned pairs: RMSE = sqrt(MSE)."""

    def row(root: Number, square: Number) -> Row | None:
        if not (root.known and square.known):
            return None
        expected = square.interval.root()
        text = f"sqrt({square}) = {expected} against {root}"
        reading = Reading(f"{root.name} = sqrt({square.name})", root.interval.overlaps(expected), text)
        return Row((root, square), (reading,), f"RMSE {root} is not the root of MSE {square} ({root.name})")

    return every_row((row(*pair) for pair in rows(rmse=rmse, mse=mse)), good="RMSE is the square root of MSE")


@check
def mae_at_most_rmse(mae: list[Number], rmse: list[Number]) -> Finding:
    """Aligned pairs of one model on one test set: MAE <= RMSE (equal only if all absolute errors are).

    Holds for any predictions, and for means over songs or folds if both columns are averaged in the same way.
    """

    def row(absolute: Number, root: Number) -> Row | None:
        if not (absolute.known and root.known):
            return None
        holds = absolute.interval.low <= root.interval.high
        reading = Reading(f"{absolute.name} <= {root.name}", holds, f"{absolute} <= {root}")
        return Row((absolute, root), (reading,), f"MAE {absolute} is above RMSE {root} ({absolute.name})")

    return every_row((row(*pair) for pair in rows(mae=mae, rmse=rmse)), good="MAE is at most RMSE")


@check
def implied_variance(
    r2: list[Number],
    rmse: list[Number],
    spread: Number | None = None,
    *,
    definition: Literal["determination", "unstated"] = "unstated",
) -> Finding:
    """Aligned rows of one test set: the target variance MSE / (1 - R2) is the same in every row (and `spread`^2).

    Bind MSE (quantity ``mse``) or RMSE (quantity ``rmse``) to `rmse`; `spread` is a published standard deviation.
    Readings: R2 as coefficient of determination (plain); values below 0 printed as 0; R2 as squared correlation, which
    only bounds the variance from above (both charitable). options: ``definition: determination`` where the paper
    defines R2 so, which leaves the squared correlation out.
    """
    table = [(r, e) for r, e in rows(r2=r2, rmse=rmse) if r.known and e.known]
    if len(table) + (spread is not None) < 2:
        return observe("Fewer than two rows print both R2 and an error.")
    variances = {r.name: mean_square(e) / (1 - r.interval) for r, e in table}
    known = [spread.interval.squared()] if spread else []
    implied = ", ".join(f"{name}: {variance}" for name, variance in variances.items())
    exact = common([*variances.values(), *known])
    readings = [Reading("R2 = 1 - MSE / variance", exact is not None, implied)]
    cut_off = [mean_square(e) for r, e in table if r.interval.low <= 0]
    if exact is None and cut_off:
        others = common([variances[r.name] for r, _ in table if r.interval.low > 0] + known)
        holds = others is not None and all(others.low <= error.high for error in cut_off)
        readings.append(Reading("R2 below 0 printed as 0", holds, implied, plain=False))
    if definition == "unstated":
        holds = all(value.low <= variance.high for value in known for variance in variances.values())
        readings.append(Reading("R2 is the squared correlation", holds, "variance <= MSE / (1 - r^2)", plain=False))
    charitable = next((reading.name for reading in readings if reading.holds and not reading.plain), "")
    if spread and len(table) == 1:
        disagree = f"{table[0][0]} with {table[0][1]} implies a target standard deviation of"
        disagree += f" {variances[table[0][0].name].root()}, published is {spread.interval}"
    else:
        below, above = (_deviation(variances, end) for end in (min, max))
        disagree = f"The target's standard deviation would be {below} and {above}"
    return decide(
        readings,
        good=f"The implied standard deviation of the target is {exact.root()}." if exact else "",
        open=f"{disagree}; they agree only if {charitable}." if charitable else "",
        bad=f"{disagree}; these cannot be of one test set.",
        witness={"variance": [float(exact.low), float(exact.high)]} if exact else None,
    )


def _deviation(variances: dict[str, Interval], end) -> str:
    name = end(variances, key=lambda key: variances[key].low)
    return f"{variances[name].root()} by {name}"


@check
def variance_within_scale(r2: list[Number], rmse: list[Number], low: Number, high: Number) -> Finding:
    """Aligned rows: the target variance that RMSE and R2 imply is at most width^2 / 4 of a scale.

    Also under the reading of R2 as squared correlation, the implied variance only bounds the true one from above: then
    a violation is `undetermined`.
    """
    most = ((high.interval - low.interval).squared() * Interval.exactly(Fraction(1, 4))).high

    def row(r: Number, error: Number) -> Row | None:
        if not (r.known and error.known):
            return None
        variance = mean_square(error) / (1 - r.interval)
        text = f"MSE / (1 - R2) = {variance}, at most {show(most)}"
        readings = (
            Reading(f"{r.name}: R2 = 1 - MSE / variance", variance.low <= most, text),
            Reading(f"{r.name}: R2 is the squared correlation", None, plain=False),
        )
        return Row((r, error), readings, f"{r} with {error} implies a variance of {variance}, above {show(most)}")

    return every_row((row(*pair) for pair in rows(r2=r2, rmse=rmse)), good=f"variances are at most {show(most)}")


@check
def error_within_scale(errors: list[Number], low: Number, high: Number) -> Finding:
    """MAE and RMSE are at most the width of the target's scale.

    Predictions outside the scale could give more: a violation is `undetermined`.
    """
    width = high.interval - low.interval

    def row(error: Number) -> Row | None:
        if not error.known:
            return None
        readings = (
            Reading(f"{error.name}: predictions on the scale", error.interval.low <= width.high, f"{error} <= {width}"),
            Reading(f"{error.name}: predictions far outside the scale", None, plain=False),
        )
        complaint = f"{error.quantity} {error} ({error.name}) exceeds the scale's width {width}"
        return Row((error,), readings, complaint)

    return every_row(map(row, errors), good=f"errors are within the scale's width {width}")


@check
def mape_scale(mae: list[Number], mape: list[Number], largest: Number, zeros: Number | None = None) -> Finding:
    """Aligned rows: MAE / MAPE is a weighted mean of the targets' absolute values, hence at most the `largest` of them.

    MAE = mean |e| and MAPE = mean |e| / |y|, so MAE / MAPE weighs each |y| with |e| / |y|.  Charitable readings: a MAPE
    that left out targets of exactly zero, whose share is `zeros` (public fact) and which then explain at most
    zeros x 2 x largest of the MAE; a symmetric MAPE, mean |e| / (|y| + |prediction|), for which MAE / MAPE is at most
    twice the largest target.  Both take predictions to stay on the targets' scale.
    """

    def row(absolute: Number, relative: Number) -> Row | None:
        if not (absolute.known and relative.known):
            return None
        name, ratio, bound = absolute.name, absolute.interval / relative.interval, largest.interval
        text = f"MAE / MAPE = {ratio}"
        left = (absolute.interval - relative.interval * bound).low
        explained = (zeros.interval * bound * 2).high if zeros else None
        readings = (
            Reading(f"{name}: mean |e| / |y|", ratio.low <= bound.high, text),
            Reading(
                f"{name}: targets of zero left out",
                None if zeros is None else left <= explained,
                "" if zeros is None else f"they explain at most {show(explained)} of {show(left)}",
                plain=False,
            ),
            Reading(f"{name}: divided by |y| + |prediction|", ratio.low <= 2 * bound.high, text, plain=False),
        )
        complaint = f"MAE {absolute} with MAPE {relative} ({name}) needs targets of {ratio}, the largest is {largest}"
        return Row((absolute, relative), readings, complaint)

    return every_row(
        (row(*pair) for pair in rows(mae=mae, mape=mape)), good=f"MAE / MAPE is at most the largest target, {largest}"
    )


@check
def r2_at_most_squared_correlation(r2: list[Number], correlation: list[Number]) -> Finding:
    """Aligned rows: R2 (coefficient of determination) is at most the squared Pearson correlation."""

    def row(r: Number, pearson: Number) -> Row | None:
        if not (r.known and pearson.known):
            return None
        squared = pearson.interval.squared()
        text = f"{r} <= {pearson}^2 = {squared}"
        reading = Reading(f"{r.name} <= squared correlation", r.interval.low <= squared.high, text)
        return Row((r, pearson), (reading,), f"R2 {r} is above the squared correlation {squared} ({r.name})")

    pairs = rows(r2=r2, correlation=correlation)
    return every_row((row(*pair) for pair in pairs), good="R2 is at most the squared correlation")


def _variance(r2: list[Number], rmse: list[Number]) -> Interval:
    """The target variance that rows of R2 and errors allow: what they share, or all they span if they share nothing."""
    implied = [mean_square(e) / (1 - r.interval) for r, e in rows(r2=r2, rmse=rmse) if r.known and e.known]
    return common(implied) or hull(implied)


@check
def mean_baseline(mae: Number, r2: list[Number], rmse: list[Number]) -> Finding:
    """The MAE of always predicting the mean is at most the target's standard deviation, implied by RMSE and R2.

    With the training mean in place of the test mean it may be more: then `undetermined`.
    """
    deviation = _variance(r2, rmse).root()
    return decide(
        [
            Reading("mean of the test targets", mae.interval.low <= deviation.high, f"{mae} <= {deviation}"),
            Reading("a mean far from the test mean", None, plain=False),
        ],
        good=f"The mean baseline's MAE {mae} is at most the implied standard deviation {deviation}.",
        open=f"The mean baseline's MAE {mae} is above the implied standard deviation {deviation}:"
        " the mean predicted is not that of the test targets.",
        bad="",
    )


@check
def uniform_random_baseline(mae: Number, r2: list[Number], rmse: list[Number], n: Number | None = None) -> Finding:
    """The MAE of uniform random predictions on [0, 1] is 1/4 + variance + (mean - 1/2)^2 of the targets.

    The expectation lies from 1/4 + variance to 1/2; four standard errors (of at most 0.3 / sqrt(n)) are allowed for
    sampling if `n` is bound, else a violation is `undetermined`.  Where R2 is the squared correlation (charitable), the
    variance is only bounded from above, and the expectation lies from 1/4.
    """
    variance = _variance(r2, rmse)
    slack = Fraction(12, 10) / math.isqrt(n.integer) if n else Fraction(0)
    quarter, most = Fraction(1, 4) - slack, Fraction(1, 2) + slack
    least = quarter + variance.low
    span = f"{show(least, 4)} to {show(most, 4)}"
    readings = [
        Reading("targets and predictions on 0..1", mae.interval.overlaps(Interval(least, most)), span),
        Reading("R2 is the squared correlation", mae.interval.overlaps(Interval(quarter, most)), plain=False),
    ]
    if n is None:
        readings.append(Reading("an unusual draw", None, plain=False))
    off = (mae.interval - Fraction(1, 4) - variance).root()
    return decide(
        readings,
        good=f"Random guessing with MAE {mae} fits; the targets' mean would lie {off} from the middle.",
        open=f"Random guessing with MAE {mae} is outside {span}, where R2 and RMSE put it.",
        bad=f"Random guessing on 0..1 has an MAE from {span}, not {mae}.",
    )


@check
def in_range(values: list[Number]) -> Finding:
    """Every value lies in its quantity's range (accuracy, AUC, shares 0 to 1; R2 at most 1; errors not negative)."""

    def row(value: Number) -> Row | None:
        least, greatest = RANGES.get(value.quantity, (-math.inf, math.inf))
        if not value.known:
            return None
        holds = value.interval.high >= least and value.interval.low <= greatest
        bounds = f"{show(least)} to {show(greatest)}"
        reading = Reading(value.name, holds, f"{value} in {bounds}")
        return Row((value,), (reading,), f"{value.quantity} {value} ({value.name}) is outside {bounds}")

    return every_row(map(row, values), good="every value is one that its quantity can take")
