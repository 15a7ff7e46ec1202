"""Checks of comparisons: stated gains in every reading, orderings claimed in the text, differences against chance."""

from __future__ import annotations

from mer_repro.audit.catalogue import check
from mer_repro.audit.finding import Finding
from mer_repro.audit.numbers import Number


@check
def stated_change(stated: Number, before: list[Number], after: list[Number]) -> Finding:
    """A stated gain or drop follows from some `before` and some `after` of one quantity, in points or relative.

    Every pair with equal `quantity` is tried as difference in points, relative to before and relative to after; the
    sign is not judged.  Bind one pair for 'x beats y by', all candidates where the text leaves the baseline open.
    """
    raise NotImplementedError


@check
def stated_ratio(stated: Number, numerator: list[Number], denominator: list[Number]) -> Finding:
    """'x times as many': `stated` is some numerator over some denominator."""
    raise NotImplementedError


@check
def difference(stated: Number, minuend: Number, subtrahend: Number) -> Finding:
    """`stated` is `minuend` - `subtrahend` in their own unit, sign not judged (counts, milliseconds)."""
    raise NotImplementedError


@check
def ordering(better: list[Number], worse: list[Number]) -> Finding:
    """Every `better` beats every `worse` of the same quantity (errors and latency: less is better; the rest: more).

    For claims such as 'outperforms', 'best of all', 'performs worst'.  `inconsistent` if one pair lies the other way
    round by more than rounding; a missing number (NAN) makes the pair `undetermined`.
    """
    raise NotImplementedError


@check
def monotone(values: list[Number], *, direction: str) -> Finding:
    """`values`, in the order given, never fall (``direction: up``) or never rise (``down``)."""
    raise NotImplementedError


@check
def between(stated: list[Number], low: Number, high: Number) -> Finding:
    """Each `stated` lies between `low` and `high` ('always 7.1 to 7.8', 'under 50 ms')."""
    raise NotImplementedError


@check
def difference_beyond_chance(better: Number, worse: Number, n: Number, *, claimed: str = "no") -> Finding:
    """Two accuracies on the same `n` test items: exact McNemar bounds over every possible discordance, 95 %.

    Says whether the difference is significant whatever the discordance, in no case, or depending on it; with the
    two-proportion interval beside it. options: ``claimed`` is ``yes`` where the paper calls the difference significant.
    Never `inconsistent`: a test over repeated runs may have been meant.
    """
    raise NotImplementedError


@check
def majority_baseline(accuracy: list[Number], majority: Number) -> Finding:
    """Accuracies against the share of the largest class; one below it is reported as `undetermined`."""
    raise NotImplementedError
