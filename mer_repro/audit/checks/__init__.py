"""All checks; each is a small pure function over exact intervals, registered by `mer_repro.audit.catalogue.check`.

``mer-repro audit --checks`` prints them with their roles and options.

Module `counts`: granularity, totals, splits, sizes.  `changes`: gains, orderings, significance.  `regression`: errors,
R2 and the variance they imply.  `classification`: precision, recall, F1, accuracy, supports.  `confusion`: binary
scores, scores that are one by definition, printed confusion matrices.  `inference`: p values, standard deviations and
errors, intervals.  `structure`: dimensions, receptive fields, time, parameters.  `tables`: the same thing stated twice,
copied cells, regularities.  `design`: what sample sizes leave of a design.  `statements`: two statements.
"""

from mer_repro.audit.catalogue import CHECKS
from mer_repro.audit.checks import (
    changes,
    classification,
    confusion,
    counts,
    design,
    inference,
    regression,
    statements,
    structure,
    tables,
)

__all__ = [
    "CHECKS",
    "changes",
    "classification",
    "confusion",
    "counts",
    "design",
    "inference",
    "regression",
    "statements",
    "structure",
    "tables",
]
