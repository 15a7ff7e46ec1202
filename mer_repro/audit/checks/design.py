"""Checks of what stated sample sizes leave of a stated design, or of a gain won by asking for fewer classes."""

from __future__ import annotations

from fractions import Fraction

from mer_repro.audit.catalogue import COUNTED, check
from mer_repro.audit.finding import Finding, Reading, Statement, observe
from mer_repro.audit.numbers import Interval, Number, Unusable, show


@check(takes={"having": COUNTED, "items": COUNTED})
def coverage(statement: Statement, having: list[Number], items: list[Number]) -> Finding:
    """A statement about every item against counts: it can hold for at most sum(`having`) of sum(`items`) items.

    For a feature that exists for some sessions only, or for one sample a user.  What was done with the other items is
    seldom stated (left out, filled in, several samples a source), so too few are `undetermined`.
    """
    most, total = sum(number.integer for number in having), sum(number.integer for number in items)
    if total < 1:
        raise Unusable("there are no items")
    share = Fraction(most, total)
    sums = f"{most:,} of {total:,} items"
    if share >= 1:
        return Finding("consistent", f"It can hold for every item: {statement.says}", (Reading("whole", True, sums),))
    return observe(
        f"It can hold for {sums} at most ({_percent(share)}), and nothing is said of the others: {statement.says}",
        [Reading("the counts are those of the data used", None, f"{sums} = {_percent(share)}")],
    )


@check(takes={"before": "accuracy", "after": "accuracy", "support_before": COUNTED, "support_after": COUNTED})
def fewer_classes(before: Number, after: Number, support_before: list[Number], support_after: list[Number]) -> Finding:
    """An accuracy that rises when classes are merged or left out, against what that alone brings.

    Same total before and after: classes were merged, and unchanged predictions with new names score at least as high.
    Else classes were left out: the rise is set against the larger share of the largest class, in points above that
    share and as part of the errors that always naming it makes.
    """
    counts = [[number.integer for number in support] for support in (support_before, support_after)]
    if any(sum(support) < 1 for support in counts):
        raise Unusable("there are no items")
    shares = [Fraction(max(support), sum(support)) for support in counts]
    if 1 in shares:
        raise Unusable("one class holds all items")
    above = [accuracy.interval - share for accuracy, share in zip((before, after), shares, strict=True)]
    step = (
        f"{before.printed} with {len(counts[0])} classes (largest {_percent(shares[0])}), "
        f"{after.printed} with {len(counts[1])} (largest {_percent(shares[1])})"
    )
    if sum(counts[0]) == sum(counts[1]):
        return observe(
            f"{step}: classes were merged, so the same predictions under new names cannot score lower; how much of the "
            "rise remains beyond that needs the confusion matrix.",
            [Reading("classes merged", None, f"{sum(counts[0]):,} samples in both")],
        )
    errors_saved = [excess / (1 - share) for excess, share in zip(above, shares, strict=True)]
    readings = [
        Reading(name, _rises(*pair), f"{pair[0]}, then {pair[1]}")
        for name, pair in (("points above the largest class", above), ("share of its errors avoided", errors_saved))
    ]
    kept = [reading.name for reading in readings if reading.holds]
    if kept:
        found = f"by {' and '.join(kept)} the rise is more than the larger share of the largest class brings."
        return Finding("consistent", f"{step}: {found}", tuple(readings))
    return observe(f"{step}: the larger share of the largest class may account for the whole rise.", readings)


def _rises(first: Interval, second: Interval) -> bool | None:
    """Whether the second surely exceeds the first; None if rounding leaves it open."""
    return True if first.below(second) else False if second.below(first) else None


def _percent(share: Fraction) -> str:
    return f"{show(share * 100, 1)} %"
