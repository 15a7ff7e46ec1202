"""Checks of tables: the same quantity stated twice, cells copied, regularities that measurements would not show."""

from __future__ import annotations

from mer_repro.audit.catalogue import check
from mer_repro.audit.finding import Finding
from mer_repro.audit.numbers import Number


@check
def repeated(values: list[Number]) -> Finding:
    """The same quantity stated more than once: the intervals share a point (0.704 and 70.4 % do).

    Where a second run may explain the difference, say so in the binding's ``unless``.
    """
    raise NotImplementedError


@check
def copied_cells(cells: list[Number]) -> Finding:
    """Cells that independent measurement would not make equal: equal ones (value and spread) are `undetermined`."""
    raise NotImplementedError


@check
def constant_offset(first: list[Number], second: list[Number]) -> Finding:
    """Aligned columns: a difference that is the same in every row to the last digit is reported as `undetermined`."""
    raise NotImplementedError


@check
def trained_better_than_tested(training: list[Number], testing: list[Number]) -> Finding:
    """Aligned: scores on training data at least as good as on test data; the reverse is reported as `undetermined`."""
    raise NotImplementedError


@check
def terminal_digits(values: list[Number]) -> Finding:
    """Counts or scores whose last digits are all 0 or 5 are reported as `undetermined` (seven or more values)."""
    raise NotImplementedError
