"""Checks of statistics of samples: p values, standard deviations of whole or binary answers, errors, intervals."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Literal

from mer_repro.audit.catalogue import COUNTED, check
from mer_repro.audit.finding import Finding, Reading, decide, fits
from mer_repro.audit.numbers import Interval, Number, Unusable, nearest_step
from mer_repro.errors import LedgerError

#: computed p values and quantiles may be off by this share
SLACK = 1e-9
STATISTICS = "t_statistic f_statistic chi2_statistic z_statistic correlation"


@check(takes={"p": "p_value", "statistic": STATISTICS, "df": COUNTED, "df2": COUNTED})
def p_from_statistic(
    p: Number,
    statistic: Number,
    df: Number | None = None,
    df2: Number | None = None,
    *,
    sides: Literal["two", "one", "unstated"] = "unstated",
) -> Finding:
    """A p value follows from a printed t, F, chi-squared, z or r (by its quantity) and its degrees of freedom.

    `df2` is F's second one; of r, `df` is n - 2. options: ``sides`` is how the paper tests; a one-sided test is a
    charitable reading where it does not say.

    Source: Nuijten et al., The prevalence of statistical reporting errors in psychology, Behav. Res. Methods 2016.
    """
    if statistic.quantity not in STATISTICS.split():
        raise LedgerError(f"p_from_statistic takes {', '.join(STATISTICS.split())}, not {statistic.quantity}")
    size = abs(statistic.interval)
    degrees = [number.items for number in (df, df2) if number is not None]
    needed = {"z_statistic": 0, "f_statistic": 2}.get(statistic.quantity, 1)
    if len(degrees) != needed:
        raise LedgerError(f"p_from_statistic needs {needed} degrees of freedom for {statistic.quantity}")
    most, least = (_p_value(statistic.quantity, end, degrees) for end in (size.low, size.high))
    two = Interval(Fraction(least * (1 - SLACK)), Fraction(min(1.0, most * (1 + SLACK))))
    readings = []
    one_sided = statistic.quantity in ("t_statistic", "z_statistic", "correlation")
    if sides != "one" or not one_sided:
        readings.append(fits("two-sided", p, two, f"p from {_short(two)}"))
    if sides != "two" and one_sided:
        half = two / 2
        readings.append(fits("one-sided", p, half, f"p from {_short(half)}", plain=sides == "one"))
    shown = f"{statistic.quantity.partition('_')[0]}({', '.join(map(str, degrees))}) = {statistic}"
    return decide(
        readings,
        good=f"p {p} follows from {shown}.",
        open=f"p {p} follows from {shown} only as that of a one-sided test.",
        bad=f"{shown} gives a p of {_short(two)}, not {p}.",
    )


def _short(interval: Interval) -> str:
    return f"{float(interval.low):.3g} to {float(interval.high):.3g}"


def _p_value(quantity: str, size, degrees: list[int]) -> float:
    """The two-sided (t, z, r) or upper (F, chi-squared) tail beyond a statistic's absolute value."""
    from scipy import special

    value = float(size)
    if quantity == "correlation":
        value = min(value, 1.0)
        square = value * value
        value = math.inf if square >= 1 else value * math.sqrt(degrees[0] / (1 - square))
    if math.isinf(value):
        return 0.0
    if quantity == "z_statistic":
        return float(2 * special.ndtr(-value))
    if quantity == "f_statistic":
        return float(special.fdtrc(*degrees, value))
    if quantity == "chi2_statistic":
        return float(special.chdtrc(degrees[0], value))
    return float(2 * special.stdtr(degrees[0], -value))


@check(takes={"mean": "mean", "deviation": "standard_deviation", "n": COUNTED, "questions": COUNTED})
def grimmer(
    mean: Number,
    deviation: Number,
    n: Number,
    questions: Number | None = None,
    low: Number | None = None,
    high: Number | None = None,
) -> Finding:
    """Mean and standard deviation of `n` whole-number answers: a whole sum and a whole sum of squares must give both.

    `questions` is how many answers are averaged per person.  With the scale's `low` and `high` bound, the deviation is
    at most that of answers at its ends.  Sample (n - 1) and population (n) deviations are both tried.

    Source: Anaya, The GRIMMER test, PeerJ Preprints 2016; Allard, Analytic-GRIMMER, 2018; the bound is Bhatia and
    Davis's, American Mathematical Monthly 2000.
    """
    people, parts = n.items, questions.items if questions else 1
    spread = deviation.feasible.squared()
    sums = (mean.interval * people * parts).integers()
    if not spread.finite or len(sums) > 10_000:
        raise Unusable(f"mean {mean} and deviation {deviation} leave too much open")
    ends = (low.interval.low, high.interval.high) if low and high else None
    divisors = {"sample deviation": people - 1, "population deviation": people}
    readings = []
    for name, divisor in divisors.items():
        possible = divisor > 0 and any(_squares(s, spread * divisor, people, parts, ends) for s in sums)
        readings.append(Reading(name, possible, f"sums {sums.start}..{sums.stop - 1}"))

    def fitting(other: Number) -> bool:
        squared = other.feasible.squared()
        return other.middle >= 0 and any(
            _squares(s, squared * divisor, people, parts, ends)
            for s in sums
            for divisor in divisors.values()
            if divisor
        )

    if not any(reading.holds for reading in readings):
        nearest = nearest_step(deviation, fitting, most=1000)
        readings.append(Reading("another deviation", False, "", True, deviation, nearest))
    grid = Interval.exactly(Fraction(round(mean.middle * people * parts), people * parts))
    if not sums:
        readings.append(Reading("another mean", False, "", True, mean, grid))
    return decide(
        readings,
        good=f"{people} whole answers can have mean {mean} and deviation {deviation}.",
        open="",
        bad=f"No {people} whole answers have mean {mean}"
        + (f" and deviation {deviation}." if sums else ": no whole sum gives it."),
    )


def _squares(total: int, scatter: Interval, people: int, parts: int, ends) -> bool:
    """Whether answers with this sum can have a sum of squared differences from their mean in `scatter`.

    Whole answers of `parts` questions: squares add up to a whole number over parts^2 with the parity of the sum.
    """
    centre = Fraction(total * total, people)
    squares = (scatter * parts**2 + centre).integers()
    least = people * (total // people) ** 2 + (total % people) * (2 * (total // people) + 1)
    most: Fraction | float = math.inf
    if ends:
        mean = Fraction(total, people)
        bottom, top = ends[0] * parts, ends[1] * parts
        if not bottom <= mean <= top:
            return False
        most = people * (top - mean) * (mean - bottom) + centre
    first = max(squares.start, least)
    first += (first - total) % 2  # squares have the parity of what is squared
    return first < squares.stop and first <= most


@check(takes={"mean": "mean accuracy recall @share", "deviation": "standard_deviation", "n": COUNTED})
def debit(mean: Number, deviation: Number, n: Number) -> Finding:
    """The standard deviation of `n` answers of 0 or 1 follows from their mean: sqrt(m (1 - m)), sample or population.

    Source: Heathers and Brown, DEBIT: a simple consistency test for binary data, 2019.
    """
    people = n.items
    share = mean.interval.within(Fraction(0), Fraction(1))
    if share is None or people < 2:
        raise Unusable(f"{mean} of {people} is no share of two answers or more")
    ends = [end * (1 - end) for end in (share.low, share.high)]
    most = Fraction(1, 4) if share.contains(Fraction(1, 2)) else max(ends)
    variance = Interval(min(ends), most)
    readings = [
        fits(name, deviation, (variance * factor).root(), f"{(variance * factor).root()}")
        for name, factor in (("sample deviation", Fraction(people, people - 1)), ("population deviation", Fraction(1)))
    ]
    return decide(
        readings,
        good=f"Deviation {deviation} follows from mean {mean}.",
        open="",
        bad=f"{people} answers of 0 or 1 with mean {mean} deviate by {readings[0].arithmetic}, not by {deviation}.",
    )


@check(
    takes={"error": "standard_error", "deviation": "standard_deviation", "n": COUNTED},
    alike=("error", "deviation"),
)
def standard_error_of_mean(error: Number, deviation: Number, n: Number) -> Finding:
    """A standard error of a mean is the standard deviation / sqrt(n)."""
    expected = (deviation.feasible.squared() / n.items).root()
    text = f"{deviation} / sqrt({n}) = {expected}"
    return decide(
        [fits("deviation / sqrt(n)", error, expected, text)],
        good=f"Standard error {error} follows from deviation {deviation} and {n}.",
        open="",
        bad=f"{text}, not {error}.",
    )


@check(
    takes={"spread": "standard_deviation standard_error", "n": COUNTED},
    alike=("mean", "low", "high", "spread"),
)
def confidence_interval(mean: Number, low: Number, high: Number, spread: Number, n: Number) -> Finding:
    """A 95 % interval of a mean is the mean plus and minus 1.96 (or Student's quantile) standard errors.

    `spread` is a standard deviation or, by its quantity, a standard error.  An interval that is not of this kind
    (bootstrap, another level) escapes as a charitable reading if the mean lies inside.
    """
    from scipy import special

    people = n.items
    if people < 2:
        raise Unusable("one item has no interval")
    error = spread.feasible if spread.quantity == "standard_error" else (spread.feasible.squared() / people).root()
    student = float(special.stdtrit(people - 1, 0.975))
    centre = mean.interval
    readings = []
    for name, quantile in (("normal quantile", 1.959963985), ("Student's quantile", student)):
        half = error * Interval(Fraction(quantile * (1 - 1e-6)), Fraction(quantile * (1 + 1e-6)))
        ends = (centre - half, centre + half)
        holds = low.interval.overlaps(ends[0]) and high.interval.overlaps(ends[1])
        stated, allowed = (low, ends[0]) if not low.interval.overlaps(ends[0]) else (high, ends[1])
        readings.append(Reading(name, holds, f"{ends[0]} and {ends[1]}", True, stated, allowed))
    inside = low.interval.low <= centre.high and centre.low <= high.interval.high
    readings.append(Reading("an interval of another kind", None if inside else False, plain=False))
    bad = f"{mean} with {spread.quantity.replace('_', ' ')} {spread} over {n} has the interval {readings[0].arithmetic}"
    return decide(
        readings,
        good=f"The interval {low} to {high} follows from {mean}, {spread} and {n}.",
        open=f"{bad}, not {low} to {high}: it would have to be of another kind or level.",
        bad=f"The mean {mean} lies outside its interval, {low} to {high}.",
    )
