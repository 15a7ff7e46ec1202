"""Checks of regression scores: RMSE, MSE, MAE, MAPE, R2 and the target's variance that they imply."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Literal

from mer_repro.audit.catalogue import COUNTED, check
from mer_repro.audit.finding import Finding, Reading, Row, decide, every_row, fits, observe, rows
from mer_repro.audit.numbers import Interval, Number, Unusable, common, hull, nearest_printed, show
from mer_repro.audit.quantities import lookup

#: a squared error is told from its root by its quantity; where both are taken, either may be bound
SQUARED = {"mse", "variance"}


def mean_square(error: Number) -> Interval:
    """The MSE that an RMSE (or an MSE, by its quantity) stands for; so, too, variance and standard deviation."""
    return error.feasible if error.quantity in SQUARED else error.feasible.squared()


def root_mean_square(error: Number) -> Interval:
    """The RMSE that an MSE (or an RMSE, by its quantity) stands for; so, too, standard deviation and variance."""
    return error.feasible.root() if error.quantity in SQUARED else error.feasible


def implied(r2: Number, error: Number) -> Interval:
    """The target's variance, MSE / (1 - R2)."""
    rest = 1 - r2.feasible
    if rest.low <= 0 < rest.high:  # R2 printed as 1: the variance has no upper end
        return Interval(mean_square(error).low / rest.high, math.inf)
    return mean_square(error) / rest


ERRORS = {"mae": "mae", "rmse": "rmse mse", "r2": "r2", "mape": "mape", "correlation": "correlation", "ccc": "ccc"}


def takes(*roles: str, **others: str) -> dict[str, str]:
    """The quantities of some roles of this module's checks."""
    return {**{role: ERRORS[role] for role in roles}, **others}


@check(takes=takes(rmse="rmse", mse="mse"))
def rmse_is_root_of_mse(rmse: list[Number], mse: list[Number]) -> Finding:
    """Aligned pairs: RMSE = sqrt(MSE)."""

    def row(root: Number, square: Number) -> Row | None:
        if not (root.known and square.known):
            return None
        expected = square.interval.root()
        text = f"sqrt({square}) = {expected} against {root}"
        reading = fits(f"{root.name} = sqrt({square.name})", root, expected, text)
        return Row((root, square), (reading,), f"RMSE {root} is not the root of MSE {square} ({root.name})")

    return every_row((row(*pair) for pair in rows(rmse=rmse, mse=mse)), good="RMSE is the square root of MSE")


@check(takes=takes("mae", "rmse"), alike=("mae", "rmse"))
def mae_at_most_rmse(mae: list[Number], rmse: list[Number]) -> Finding:
    """Aligned pairs of one model on one test set: MAE <= RMSE (equal only if all absolute errors are).

    Bind RMSE or MSE to `rmse`: of an MSE the root is taken.

    Holds for any predictions, and for means over songs or folds if both columns are averaged in the same way.
    """

    def row(absolute: Number, root: Number) -> Row | None:
        if not (absolute.known and root.known):
            return None
        most = root_mean_square(root)
        named = f"{root}" if root.quantity not in SQUARED else f"sqrt({root}) = {most}"
        bound = Interval(-math.inf, most.high)
        reading = fits(f"{absolute.name} <= {root.name}", absolute, bound, f"{absolute} <= {named}")
        return Row((absolute, root), (reading,), f"MAE {absolute} is above RMSE {named} ({absolute.name})")

    return every_row((row(*pair) for pair in rows(mae=mae, rmse=rmse)), good="MAE is at most RMSE")


@check(takes=takes("r2", "rmse"))
def implied_variance(
    r2: list[Number],
    rmse: list[Number],
    spread: Number | None = None,
    *,
    definition: Literal["determination", "unstated"] = "unstated",
) -> Finding:
    """Aligned rows of one test set: the target variance MSE / (1 - R2) is the same in every row (and `spread`^2).

    Bind MSE (quantity ``mse``) or RMSE (quantity ``rmse``) to `rmse`; `spread` is a published deviation or variance.
    Readings: R2 as coefficient of determination (plain); values below 0 printed as 0; R2 as squared correlation, which
    only bounds the variance from above (both charitable). options: ``definition: determination`` where the paper
    defines R2 so, which leaves the squared correlation out.
    """
    table = [(r, e) for r, e in rows(r2=r2, rmse=rmse) if r.known and e.known]
    if len(table) + (spread is not None) < 2:
        return observe("Fewer than two rows print both R2 and an error.")
    variances = {r.name: implied(r, e) for r, e in table}
    known = [mean_square(spread)] if spread else []
    text = ", ".join(f"{name}: {variance}" for name, variance in variances.items())
    exact = common([*variances.values(), *known])
    readings = [Reading("R2 = 1 - MSE / variance", exact is not None, text)]
    cut_off = [mean_square(e) for r, e in table if r.interval.low <= 0]
    if exact is None and cut_off:
        others = common([variances[r.name] for r, _ in table if r.interval.low > 0] + known)
        holds = others is not None and all(others.low <= error.high for error in cut_off)
        readings.append(Reading("R2 below 0 printed as 0", holds, text, plain=False))
    if definition == "unstated":
        holds = all(value.low <= variance.high for value in known for variance in variances.values())
        readings.append(Reading("R2 is the squared correlation", holds, "variance <= MSE / (1 - r^2)", plain=False))
    charitable = next((reading.name for reading in readings if reading.holds and not reading.plain), "")
    if spread and len(table) == 1:
        disagree = f"{table[0][0]} with {table[0][1]} implies a target standard deviation of"
        disagree += f" {variances[table[0][0].name].root()}, published is {root_mean_square(spread)}"
    else:
        below, above = (_deviation(variances, end) for end in (min, max))
        disagree = f"The target's standard deviation would be {below} and {above}"
    return decide(
        readings,
        good=f"The implied standard deviation of the target is {exact.root()}." if exact else "",
        open=f"{disagree}; they agree only if {charitable}." if charitable else "",
        bad=f"{disagree}; these cannot be of one test set." + _would_fit(table, variances, known),
        witness={"variance": [float(exact.low), float(exact.high)]} if exact else None,
    )


def _would_fit(table, variances: dict[str, Interval], known: list[Interval]) -> str:
    """What one R2, the other rows as they are, would have to be, as a sentence; empty if no single one would do."""
    for r, error in table:
        rest = [*(value for name, value in variances.items() if name != r.name), *known]
        others = common(rest) if rest else None
        value = nearest_printed(r, 1 - mean_square(error) / others) if others and others.low > 0 else None
        if value is not None and (len(table) > 2 or known):
            return f" With R2 {value} for {r.name} they could be."
    return ""


def _deviation(variances: dict[str, Interval], end) -> str:
    name = end(variances, key=lambda key: variances[key].low)
    return f"{variances[name].root()} by {name}"


@check(takes=takes("r2", "rmse"))
def variance_within_scale(r2: list[Number], rmse: list[Number], low: Number, high: Number) -> Finding:
    """Aligned rows: the target variance that RMSE and R2 imply is at most width^2 / 4 of a scale.

    Also under the reading of R2 as squared correlation, the implied variance only bounds the true one from above: then
    a violation is `undetermined`.
    """
    most = ((high.interval - low.interval).squared() * Interval.exactly(Fraction(1, 4))).high

    def row(r: Number, error: Number) -> Row | None:
        if not (r.known and error.known):
            return None
        variance = implied(r, error)
        text = f"MSE / (1 - R2) = {variance}, at most {show(most)}"
        readings = (
            Reading(f"{r.name}: R2 = 1 - MSE / variance", variance.low <= most, text),
            Reading(f"{r.name}: R2 is the squared correlation", None, plain=False),
        )
        return Row((r, error), readings, f"{r} with {error} implies a variance of {variance}, above {show(most)}")

    return every_row((row(*pair) for pair in rows(r2=r2, rmse=rmse)), good=f"variances are at most {show(most)}")


@check(takes={"errors": "mae rmse"}, alike=("errors", "low", "high"))
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


@check(takes=takes("mae", "mape"))
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
        name, bound = absolute.name, largest.interval
        if relative.feasible.high <= 0:
            raise Unusable(f"{relative.name} is {relative}")
        ratio = Interval(absolute.feasible.low / relative.feasible.high, (absolute.feasible / relative.feasible).high)
        text = f"MAE / MAPE = {ratio}"
        left = (absolute.interval - relative.interval * bound).low
        explained = (zeros.interval * bound * 2).high if zeros else math.inf
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


@check(takes=takes("r2", "correlation"))
def r2_at_most_squared_correlation(r2: list[Number], correlation: list[Number]) -> Finding:
    """Aligned rows: R2 (coefficient of determination) is at most the squared Pearson correlation."""

    def row(r: Number, pearson: Number) -> Row | None:
        if not (r.known and pearson.known):
            return None
        squared = pearson.feasible.squared()
        text = f"{r} <= {pearson}^2 = {squared}"
        reading = fits(f"{r.name} <= squared correlation", r, Interval(-math.inf, squared.high), text)
        return Row((r, pearson), (reading,), f"R2 {r} is above the squared correlation {squared} ({r.name})")

    pairs = rows(r2=r2, correlation=correlation)
    return every_row((row(*pair) for pair in pairs), good="R2 is at most the squared correlation")


@check(takes=takes("ccc", "correlation"))
def ccc_at_most_correlation(ccc: list[Number], correlation: list[Number]) -> Finding:
    """Aligned rows of one model on one test set: the concordance correlation lies between 0 and Pearson's.

    Holds for means over songs or folds, too, if both are averaged in the same way and no correlation is negative.

    Source: Lin, A concordance correlation coefficient to evaluate reproducibility, Biometrics 1989.
    """

    def row(concordance: Number, pearson: Number) -> Row | None:
        if not (concordance.known and pearson.known):
            return None
        r = pearson.feasible
        bound = hull([r, Interval.exactly(0)])
        reading = fits(f"{concordance.name} <= {pearson.name}", concordance, bound, f"{concordance} in {bound}")
        complaint = f"CCC {concordance} ({concordance.name}) is not between 0 and the correlation {pearson}"
        return Row((concordance, pearson), (reading,), complaint)

    pairs = rows(ccc=ccc, correlation=correlation)
    return every_row((row(*pair) for pair in pairs), good="CCC is at most the correlation")


@check(takes=takes("rmse", "correlation", spread="standard_deviation variance"))
def rmse_floor(rmse: list[Number], correlation: list[Number], spread: Number) -> Finding:
    """Aligned rows: RMSE >= SD sqrt(1 - r^2) with the target's standard deviation, which the best line would reach.

    `spread` is a standard deviation or, by its quantity, a variance, over the same test set.  Means of both over songs
    or folds escape: the check is for scores over all items at once.
    """
    variance = mean_square(spread)

    def row(error: Number, pearson: Number) -> Row | None:
        if not (error.known and pearson.known):
            return None
        floor = variance * (1 - pearson.feasible.squared())
        least = floor if error.quantity in SQUARED else floor.root()
        text = f"{spread} x sqrt(1 - {pearson}^2) = {floor.root()}"
        reading = fits(f"{error.name} >= the best line's", error, Interval(least.low, math.inf), text)
        complaint = f"{error.quantity} {error} ({error.name}) is below what a correlation of {pearson} allows, {least}"
        return Row((error, pearson), (reading,), complaint)

    pairs = rows(rmse=rmse, correlation=correlation)
    return every_row((row(*pair) for pair in pairs), good="no error is below what its correlation allows")


@check(takes=takes("mae", "r2", variance="variance standard_deviation"))
def mae_within_variance(
    mae: list[Number],
    r2: list[Number],
    variance: Number,
    *,
    definition: Literal["determination", "unstated"] = "unstated",
) -> Finding:
    """Aligned rows: MAE <= sqrt((1 - R2) variance), the RMSE that R2 and the target's variance imply.

    `variance` is a variance or, by its quantity, a standard deviation, over the same test set. options:
    ``definition: determination`` where the paper defines R2 so; else R2 may be the squared correlation (charitable),
    which bounds no error from above.
    """
    whole = mean_square(variance)

    def row(absolute: Number, r: Number) -> Row | None:
        if not (absolute.known and r.known):
            return None
        most = (whole * (1 - r.feasible)).root()
        text = f"{absolute} <= sqrt((1 - {r}) x {variance}) = {most}"
        readings = [fits(f"{absolute.name} <= RMSE", absolute, Interval(-math.inf, most.high), text)]
        if definition == "unstated":
            readings.append(Reading(f"{r.name}: R2 is the squared correlation", None, plain=False))
        complaint = f"MAE {absolute} ({absolute.name}) is above the RMSE that R2 {r} and the variance imply, {most}"
        return Row((absolute, r), tuple(readings), complaint)

    return every_row((row(*pair) for pair in rows(mae=mae, r2=r2)), good="MAE is at most the RMSE that R2 implies")


def _variance(r2: list[Number], rmse: list[Number]) -> Interval:
    """The target variance that rows of R2 and errors allow: what they share, or all they span if they share nothing."""
    found = [implied(r, e) for r, e in rows(r2=r2, rmse=rmse) if r.known and e.known]
    if not found:
        raise Unusable("no row prints both R2 and an error")
    return common(found) or hull(found)


@check(takes=takes("mae", "r2", "rmse"))
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


@check(takes=takes("mae", "r2", "rmse", n=COUNTED))
def uniform_random_baseline(mae: Number, r2: list[Number], rmse: list[Number], n: Number | None = None) -> Finding:
    """The MAE of uniform random predictions on [0, 1] is 1/4 + variance + (mean - 1/2)^2 of the targets.

    The expectation lies from 1/4 + variance to 1/2; four standard errors (of at most 0.3 / sqrt(n)) are allowed for
    sampling if `n` is bound, else a violation is `undetermined`.  Where R2 is the squared correlation (charitable), the
    variance is only bounded from above, and the expectation lies from 1/4.
    """
    variance = _variance(r2, rmse)
    slack = Fraction(12, 10) / math.isqrt(n.items) if n else Fraction(0)
    quarter, most = Fraction(1, 4) - slack, Fraction(1, 2) + slack
    least = min(quarter + variance.low, most)  # targets on 0..1 have no variance above 1/4
    span = f"{show(least, 4)} to {show(most, 4)}"
    readings = [
        fits("targets and predictions on 0..1", mae, Interval(least, most), span),
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
        if not value.known:
            return None
        least, greatest = lookup(value.quantity).range
        bounds = f"{show(least)} to {show(greatest)}"
        reading = fits(value.name, value, Interval(least, greatest), f"{value} in {bounds}")
        return Row((value,), (reading,), f"{value.quantity} {value} ({value.name}) is outside {bounds}")

    return every_row(map(row, values), good="every value is one that its quantity can take")
