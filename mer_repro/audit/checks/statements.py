"""Checks of statements against each other, where no number can decide."""

from __future__ import annotations

from mer_repro.audit.catalogue import check
from mer_repro.audit.finding import Finding, Statement, observe


@check
def opposed(statement: Statement, other: Statement) -> Finding:
    """Two statements of one paper that are hard to hold at once; words leave room, so both are only reported.

    Never `inconsistent`: where numbers can decide (an ordering, a dimension), bind the check that tests them.
    """
    return observe(f"The paper says: {statement.says} And elsewhere: {other.says}")
