"""Checks of tables: the same quantity stated twice, cells copied, regularities that measurements would not show."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from math import prod

from mer_repro.audit.catalogue import check
from mer_repro.audit.checks.changes import less_is_better
from mer_repro.audit.finding import Finding, Reading, Row, decide, every_row, fits, observe, rows
from mer_repro.audit.numbers import Interval, Number, common, in_unit
from mer_repro.errors import LedgerError

#: fewer rows than this show no regularity
LEAST_ROWS = 4
LEAST_DIGITS = 7
#: regularities that chance brings more often than this are none
RARE = Fraction(1, 1000)


@check(alike=("values",))
def repeated(values: list[Number]) -> Finding:
    """The same quantity stated more than once: the intervals share a point (0.704 and 70.4 % do).

    Where a second run may explain the difference, say so in the binding's ``unless``.
    """
    known = [value for value in values if value.known]
    text = ", ".join(f"{value.meant} ({value.name})" for value in known)
    if len(known) < 2:
        return observe("Fewer than two of the places print a number.")
    same = common(value.interval for value in known) is not None
    return decide(
        [Reading("one value behind all", same, text, True, known[-1], common(v.interval for v in known[:-1]))],
        good=f"{'The same value' if all(v.meant == str(v) for v in known) else 'One value fits'} in"
        f" {len(known)} places: {text}.",
        open="",
        bad=f"Not the same value: {text}.",
    )


@check(cut=False)
def copied_cells(cells: list[Number]) -> Finding:
    """Cells that independent measurement would not make equal: equal ones (value and spread) are `undetermined`."""
    places = defaultdict(list)
    for cell in cells:
        if cell.known:
            places[(cell.interval, cell.spread)].append(cell)
    equal = [group for group in places.values() if len(group) > 1]
    if not equal:
        count = sum(map(len, places.values()))
        return Finding("consistent" if count > 1 else "undetermined", f"{count} printed cells, all different.")
    shown = "; ".join(
        f"{group[0]}{' with its spread' if group[0].spread else ''} in {', '.join(cell.name for cell in group)}"
        for group in equal
    )
    blame = tuple(cell for group in equal for cell in group)
    return observe(f"The same number stands in several cells: {shown}.", blame=blame)


@check
def cited_cells(stated: list[Number], cited: list[Number]) -> Finding:
    """Aligned: a number taken from another paper's table is the number there, or that number with fewer digits."""

    def row(here: Number, there: Number) -> Row | None:
        if not (here.known and there.known):
            return None
        reading = fits(f"{here.name} as in the source", here, there.interval, f"{here} against {there}")
        return Row((here,), (reading,), f"{here} ({here.name}) stands in the source as {there}")

    return every_row((row(*pair) for pair in rows(stated=stated, cited=cited)), good="the number is that of the source")


@check(cut=False, alike=("first", "second"))
def constant_offset(first: list[Number], second: list[Number]) -> Finding:
    """Aligned columns: a difference that is the same in every row to the last digit is reported as `undetermined`.

    Four rows or more; independent measurements would differ in the last digit.
    """
    known = [(a, b) for a, b in rows(first=first, second=second) if a.known and b.known]
    if not known:
        return observe("No row prints both numbers.")
    steps = [b.middle - a.middle for a, b in known]
    unit = "points" if first[0].unit == "%" else first[0].unit
    text = ", ".join(in_unit(Interval.exactly(step), unit) for step in steps)
    if len(steps) >= LEAST_ROWS and len(set(steps)) == 1 and steps[0] != 0:
        return observe(
            f"The two columns differ by the same {in_unit(Interval.exactly(steps[0]), unit)} in all {len(steps)} rows.",
            (Reading("difference by row", None, text),),
        )
    return Finding("consistent", "The columns' differences vary.", (Reading("difference by row", True, text),))


@check(cut=False)
def trained_better_than_tested(training: list[Number], testing: list[Number]) -> Finding:
    """Aligned: scores on training data at least as good as on test data; the reverse is reported as `undetermined`."""

    def row(trained: Number, tested: Number) -> Row | None:
        if not (trained.known and tested.known):
            return None
        if trained.quantity != tested.quantity:
            raise LedgerError(f"{trained.name} is {trained.quantity}, but {tested.name} is {tested.quantity}")
        lower, higher = (trained, tested) if less_is_better(trained.quantity) else (tested, trained)
        holds = None if higher.interval.below(lower.interval) else True
        text = f"training {trained} ({trained.name}), test {tested}"
        reading = Reading(trained.name, holds, text)
        return Row(
            (trained, tested), (reading,), f"{trained.quantity} is better on test data ({tested}) than on training"
        )

    pairs = rows(training=training, testing=testing)
    return every_row((row(*pair) for pair in pairs), good="no score is better on test data than on training data")


@check(cut=False)
def terminal_digits(values: list[Number]) -> Finding:
    """Counts or scores whose last digits are all 0 or 5 are reported as `undetermined` (seven or more values)."""
    digits = [str(value.value.as_tuple().digits[-1]) for value in values if value.value is not None]
    if len(digits) >= LEAST_DIGITS and set(digits) <= {"0", "5"}:
        return observe(f"All {len(digits)} values end in 0 or 5.", (Reading("last digits", None, " ".join(digits)),))
    return Finding("consistent", "The last digits vary.", (Reading("last digits", True, " ".join(digits)),))


@check(cut=False, takes={"rmse": "rmse", "mse": "mse"})
def roots_of_rounded_mse(rmse: list[Number], mse: list[Number]) -> Finding:
    """Aligned rows: RMSE that are all roots of the MSE as printed were computed from the rounded MSE.

    Such RMSE have no digits of their own, so that a check of digits must use the MSE: `undetermined` if RMSE rooted
    before rounding would all agree with the printed MSE by a chance below 1 in 1,000 (grid of RMSE over the width of
    the root of each MSE, multiplied over rows).
    """
    known = [(root, square) for root, square in rows(rmse=rmse, mse=mse) if root.known and square.known]
    known = [pair for pair in known if all(number.interval.finite and number.middle >= 0 for number in pair)]
    if not known:
        return observe("No row prints both numbers.")
    agree = [root.interval.overlaps(Interval.exactly(square.middle).root()) for root, square in known]
    widths = [(root.interval, square.interval.root()) for root, square in known]
    chance = prod(
        min(Fraction(1), (grid.high - grid.low) / (root.high - root.low))
        for grid, root in widths
        if root.high > root.low
    )
    text = f"{sum(agree)} of {len(agree)} RMSE are the root of the printed MSE; chance {float(chance):.1g}"
    if all(agree) and chance < RARE:
        return observe(
            f"All {len(known)} RMSE are roots of the MSE as printed, not of the MSE before rounding.",
            (Reading("rooted after rounding", None, text),),
        )
    return Finding("consistent", "The RMSE may come from unrounded MSE.", (Reading("digits", True, text),))
