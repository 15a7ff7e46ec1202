"""Checks of comparisons: stated gains in every reading, orderings claimed in the text, differences against chance."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Literal

from mer_repro.audit.catalogue import COUNTED, check
from mer_repro.audit.finding import Finding, Reading, Row, decide, every_row, fits, observe
from mer_repro.audit.numbers import Interval, Number, in_unit, sum_of
from mer_repro.audit.quantities import lookup
from mer_repro.errors import LedgerError

SIGNIFICANCE = 0.05


def less_is_better(quantity: str) -> bool:
    """Whether less of a quantity is better.  Raises LedgerError if it is unknown, or if neither way is better."""
    better = lookup(quantity).better
    if better == "none":
        hint = "bind 'monotone' or 'at_most', or say `direction: more` or `less` where the check has that option"
        raise LedgerError(f"neither more nor less of {quantity} is better; {hint}")
    return better == "lower"


@check(takes={"stated": "@change"})
def stated_change(stated: Number, before: list[Number], after: list[Number]) -> Finding:
    """A stated gain or drop follows from some `before` and some `after` of one quantity, in points or relative.

    Every pair with equal `quantity` is tried as difference in points, relative to before and relative to after; the
    sign is not judged.  Bind one pair for 'x beats y by', all candidates where the text leaves the baseline open: their
    mean is then tried too.
    """
    wanted = abs(stated.interval)
    tried: list[tuple[Reading, Interval]] = []
    for old in [*before, *_means(before)]:
        for new in after:
            if old.quantity == new.quantity and old.known and new.known and old.id != new.id:
                tried += _changes(stated, wanted, old, new)
    if not tried:
        if all(old.known and new.known for old in before for new in after):
            raise LedgerError("stated_change needs a 'before' and an 'after' of the same quantity")
        return observe(f"The numbers that {stated} compares are not printed.")
    readings = [reading for reading, _ in tried]
    held = next((r for r in sorted(readings, key=lambda r: not r.plain) if r.holds), None)
    nearest, change = min(tried, key=lambda pair: _distance(wanted, pair[1]))
    shown = in_unit(change, stated.unit)
    return decide(
        readings,
        good=f"{stated} is right {held.name} ({held.arithmetic})." if held else "",
        open=f"{stated} is right only {held.name} ({held.arithmetic})." if held else "",
        bad=f"None of {len(tried)} readings gives {stated}; the nearest is {shown}, {nearest.name}.",
    )


def _means(numbers: list[Number]) -> list[Number]:
    """The mean of the numbers of each quantity that has several."""
    means = []
    for quantity in dict.fromkeys(number.quantity for number in numbers):
        same = [number for number in numbers if number.quantity == quantity and number.known]
        if len(same) > 1:
            mean = sum_of(same) / len(same)
            name = f"mean of {len(same)}"
            means.append(Number(name, in_unit(mean, same[0].unit), quantity, mean, unit=same[0].unit))
    return means


def _changes(stated: Number, wanted: Interval, old: Number, new: Number) -> Iterator[tuple[Reading, Interval]]:
    """The readings of one pair with the change that each gives.

    A difference of quantities between 0 and 1 is in percentage points whether they are printed as 0.845 or as 84.5 %.
    """
    step = abs(new.interval - old.interval)
    percent = stated.unit in ("%", "points")
    pair = f"{old.printed} to {new.printed} ({old.name}, {new.name})"
    if not percent or old.unit == "%" or lookup(old.quantity).high == 1:
        name = "as difference in points" if percent else "as difference"
        text = f"{pair}: {in_unit(step, stated.unit)}"
        yield Reading(name, wanted.overlaps(step), text, True, _unsigned(stated), step), step
    for name, base, other, plain in (("before", old, new, stated.unit != "points"), ("after", new, old, False)):
        relative = abs(1 - other.interval / base.interval)  # not step / base: the base may stand in it only once
        text = f"{pair}: {in_unit(relative, stated.unit)}"
        judged = _unsigned(stated) if plain else None
        yield Reading(f"relative to {name}", wanted.overlaps(relative), text, plain, judged, relative), relative


def _unsigned(stated: Number) -> Number:
    """The number without its sign, which is not judged."""
    if stated.value is None or stated.value >= 0:
        return stated
    return dataclasses.replace(stated, value=-stated.value, bounds=abs(stated.interval))


def _distance(wanted: Interval, found: Interval):
    return max(wanted.low - found.high, found.low - wanted.high)


@check(takes={"stated": "@change"})
def stated_ratio(stated: Number, numerator: list[Number], denominator: list[Number]) -> Finding:
    """'x times as many': `stated` is some numerator over some denominator."""
    readings = []
    for top in numerator:
        for bottom in denominator:
            ratio = top.interval / bottom.interval
            text = f"{top} / {bottom} = {in_unit(ratio, stated.unit)}"
            readings.append(fits(f"{top.name} over {bottom.name}", stated, ratio, text))
    tried = "; ".join(reading.arithmetic for reading in readings[:3])
    return decide(readings, good=f"{stated} is right.", open="", bad=f"{stated} follows from no ratio: {tried}.")


@check(alike=("stated", "minuend", "subtrahend"))
def difference(stated: Number, minuend: Number, subtrahend: Number) -> Finding:
    """`stated` is `minuend` - `subtrahend` in their own unit, sign not judged (counts, milliseconds)."""
    step = abs(minuend.interval - subtrahend.interval)
    text = f"{minuend} - {subtrahend} = {in_unit(step, stated.unit)}"
    return decide(
        [fits("difference", _unsigned(stated), step, text)],
        good=f"{minuend} - {subtrahend} is {stated}.",
        open="",
        bad=f"{text}, not {stated}.",
    )


@check(cut=False)
def ordering(
    better: list[Number], worse: list[Number], *, direction: Literal["quality", "more", "less"] = "quality"
) -> Finding:
    """Every `better` beats every `worse` of the same quantity, as the vocabulary says which way is better.

    For claims such as 'outperforms', 'best of all', 'performs worst'.  `inconsistent` if one pair lies the other way
    round by more than rounding; pairs with a missing number (NAN) are passed over.  options: ``direction`` is ``more``
    or ``less`` for 'more often', 'shorter', where it is not quality that is compared.
    """
    pairs = [(one, other) for one in better for other in worse if one.quantity == other.quantity]
    if not pairs:
        raise LedgerError("ordering needs a 'better' and a 'worse' of the same quantity")

    def row(one: Number, other: Number) -> Row | None:
        less = less_is_better(one.quantity) if direction == "quality" else direction == "less"
        return _compare(one, other, less)

    return every_row((row(*pair) for pair in pairs), good="the numbers are in the order stated")


@check(cut=False)
def marked_best(marked: list[Number], others: list[Number]) -> Finding:
    """A number marked as best (bold) is at least as good as every other of the same quantity."""
    pairs = [(one, other) for one in marked for other in others if one.quantity == other.quantity]
    if not pairs:
        raise LedgerError("marked_best needs a 'marked' and an 'other' of the same quantity")

    def row(one: Number, other: Number) -> Row | None:
        if not (one.known and other.known):
            return None
        less = less_is_better(one.quantity)
        ahead, behind = (other, one) if less else (one, other)
        reading = Reading(f"{one.name} best", not _surely_less(ahead, behind), f"{one} against {other}")
        rivals = [rival for rival in others if rival.quantity == one.quantity and rival.known]
        best = (min if less else max)(rivals, key=lambda rival: rival.middle)
        reading = dataclasses.replace(reading, stated=one, allowed=_at_least_as_good(best, less))
        return Row((one, other), (reading,), f"{one.quantity} {one} ({one.name}) is worse than {other} ({other.name})")

    return every_row((row(*pair) for pair in pairs), good="no other number is better than the one marked")


def _at_least_as_good(other: Number, less: bool) -> Interval:
    return Interval(-math.inf, other.middle) if less else Interval(other.middle, math.inf)


def _compare(one: Number, other: Number, less: bool) -> Row | None:
    if not (one.known and other.known):
        return None
    ahead, behind = (one, other) if less else (other, one)
    holds = True if _surely_less(ahead, behind) else False if _surely_less(behind, ahead) else None
    allowed = _at_least_as_good(other, less)
    relation = "less" if less else "more"
    how = "is the same as" if holds is None else f"is not {relation} than"
    return Row(
        (one, other),
        (Reading(f"{one.name} {relation} than {other.name}", holds, f"{one} against {other}", True, one, allowed),),
        f"{one.quantity} {one} ({one.name}) {how} {other} ({other.name})",
    )


def _surely_less(one: Number, other: Number) -> bool:
    """Whether `one` is less whatever the convention of rounding.

    Printed with equally many digits, 0.52 and 0.53 cannot both come from 0.525: intervals that only touch are apart.
    """
    a, b = one.interval, other.interval
    width = a.high - a.low
    touch = a.high == b.low and width == b.high - b.low and 0 < width < math.inf
    return touch or a.below(b)


@check(cut=False)
def monotone(values: list[Number], *, direction: Literal["up", "down"]) -> Finding:
    """`values`, in the order given, never fall (``direction: up``) or never rise (``down``)."""

    def row(first: Number, second: Number) -> Row | None:
        if not (first.known and second.known):
            return None
        low, high = (first, second) if direction == "up" else (second, first)
        holds = not _surely_less(high, low)
        text = f"{first} then {second}"
        reading = Reading(f"{direction}wards", holds, text, True, second, _at_least_as_good(first, direction == "down"))
        return Row((first, second), (reading,), f"{text} does not go {direction}")

    return every_row(
        (row(a, b) for a, b in itertools.pairwise(values)), good=f"the values never go against '{direction}'"
    )


@check(alike=("stated", "low", "high"))
def between(stated: list[Number], low: Number, high: Number) -> Finding:
    """Each `stated` lies between `low` and `high` ('always 7.1 to 7.8', 'under 50 ms')."""
    if low.interval.low > high.interval.high:
        raise LedgerError(f"between needs 'low' to be at most 'high', but has {low} and {high}")

    def row(value: Number) -> Row | None:
        if not value.known:
            return None
        text = f"{low.meant} <= {value.meant} <= {high.meant}"
        reading = fits(value.name, value, Interval(low.interval.low, high.interval.high), text)
        return Row((value, low, high), (reading,), f"{value} is not between {low.meant} and {high.meant}")

    return every_row(map(row, stated), good=f"the value is between {low.meant} and {high.meant}")


@check(takes={"better": "accuracy recall", "worse": "accuracy recall", "n": COUNTED})
def difference_beyond_chance(
    better: Number, worse: Number, n: Number, *, claimed: Literal["yes", "no"] = "no"
) -> Finding:
    """Two accuracies on the same `n` test items: exact McNemar bounds over every possible discordance, 95 %.

    Says whether the difference is significant whatever the discordance, in no case, or depending on it; with the
    two-proportion interval beside it. options: ``claimed`` is ``yes`` where the paper calls the difference significant.
    Never `inconsistent`: a test over repeated runs may have been meant.
    """
    items = n.items
    hits, fewer = (min(items, max(0, round(number.middle * items))) for number in (better, worse))
    lead = abs(hits - fewer)
    hits, fewer = max(hits, fewer), min(hits, fewer)
    #: items that only the weaker one gets right: at most all its hits, at most all that the stronger one misses
    most = min(items - hits, fewer)
    least_p, greatest_p = mcnemar(lead, 0), mcnemar(lead + most, most)
    turning = _first(most + 1, lambda c: mcnemar(lead + c, c) >= SIGNIFICANCE)
    margin = 1.96 * math.sqrt(hits / items * (1 - hits / items) / items + fewer / items * (1 - fewer / items) / items)
    interval = f"{100 * (lead / items - margin):.1f} to {100 * (lead / items + margin):.1f} points if unpaired"
    arithmetic = f"{lead} of {items} items; p from {least_p:.2g} to {greatest_p:.2g}; difference {interval}"
    reading = Reading("exact McNemar test, one run each", greatest_p < SIGNIFICANCE, arithmetic)
    name = f"{better} against {worse} on {items} items"
    said = " The paper calls it significant without a test." if claimed == "yes" else ""
    witness = {"lead": lead, "items": items, "p": [least_p, greatest_p], "discordant_against": turning}
    if greatest_p < SIGNIFICANCE:
        return Finding("consistent", f"{name} is beyond chance whatever the discordance.", (reading,), witness)
    if least_p >= SIGNIFICANCE:
        return observe(f"{name} is within chance whatever the discordance.{said}", (reading,), witness)
    return observe(
        f"{name} is beyond chance only if the weaker one alone is right on fewer than {turning} items.{said}",
        (reading,),
        witness,
    )


def _first(end: int, holds: Callable[[int], bool]) -> int | None:
    """The least number below `end` that holds, if every number after one that holds does, too; None if none does."""
    found = bisect.bisect_left(range(end), True, key=holds)
    return found if found < end else None


def mcnemar(b: int, c: int) -> float:
    """Two-sided exact McNemar p-value for b >= c discordant items: min(1, 2 P(X >= b)), X binomial(b + c, 1/2)."""
    total = b + c
    if total == 0:
        return 1.0
    term = math.exp(math.lgamma(total + 1) - math.lgamma(b + 1) - math.lgamma(c + 1) - total * math.log(2))
    tail = 0.0
    for k in range(b, total + 1):
        tail += term
        term *= (total - k) / (k + 1)
        if term < tail * 1e-12:
            break
    return min(1.0, 2 * tail)


@check(takes={"accuracy": "accuracy", "majority": "@share", "auc": "auc"})
def majority_baseline(accuracy: list[Number], majority: Number, auc: Sequence[Number] = ()) -> Finding:
    """Accuracies against the share of the largest class, AUCs against 1/2: what always naming that class reaches.

    A score below is possible, and reported as `undetermined`.
    """

    def row(value: Number, floor: Interval, text: str) -> Row | None:
        if not value.known:
            return None
        above = True if value.interval.high >= floor.low else None
        reading = Reading(f"{value.name} above the largest class", above, f"{value} against {text}")
        complaint = f"{value.quantity} {value} ({value.name}) is below the {text} of always naming the largest class"
        return Row((value,), (reading,), complaint)

    accuracies = [row(value, majority.interval, str(majority)) for value in accuracy]
    areas = [row(value, Interval.exactly(Fraction(1, 2)), "0.5") for value in auc]
    return every_row(accuracies + areas, good="no score is below that of always naming the largest class")


@check(takes={"pr_auc": "pr_auc", "prevalence": "@share"})
def pr_auc_above_prevalence(pr_auc: list[Number], prevalence: Number) -> Finding:
    """Areas under the precision-recall curve against the share of positives, which random scores reach.

    A score below is possible, and reported as `undetermined`.
    """

    def row(value: Number) -> Row | None:
        if not value.known:
            return None
        above = True if value.interval.high >= prevalence.interval.low else None
        reading = Reading(f"{value.name} above random", above, f"{value} against {prevalence}")
        return Row((value,), (reading,), f"{value} ({value.name}) is below the share of positives, {prevalence}")

    return every_row(map(row, pr_auc), good="no area is below the share of positives, which random scores reach")
