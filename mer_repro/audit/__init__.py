"""The audit: tests the numbers that a paper states against each other, without any data.

    from mer_repro import audit
    results = audit.run("qiu2025")      # list of Result, worst first
    audit.as_frame(results)             # the same as a DataFrame

`ledger` reads what a paper states, `numbers` turns printed numbers into intervals, `checks` holds the checks, `runner`
runs them, `validation` measures how often they are right.
"""

from mer_repro.audit.runner import Result, as_frame, audit, run

__all__ = ["Result", "as_frame", "audit", "run"]
