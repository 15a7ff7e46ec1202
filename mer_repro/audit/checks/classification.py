"""Checks of classification scores: F1, averages over classes, and the confusion counts that a table implies."""

from __future__ import annotations

from mer_repro.audit.catalogue import check
from mer_repro.audit.finding import Finding
from mer_repro.audit.numbers import Number


@check
def f1_from_precision_recall(
    f1: list[Number], precision: list[Number], recall: list[Number], *, average: str = "class"
) -> Finding:
    """Aligned rows: F1 = 2PR / (P + R).

    options: ``average`` is ``class`` for rows of single classes (and binary or micro scores); ``unstated`` for averages
    over classes, where the mean of the classes' F1 may also be meant, which is at most 2PR / (P + R).
    """
    raise NotImplementedError


@check
def average_of_classes(average: Number, per_class: list[Number], support: list[Number] = ()) -> Finding:
    """An average over classes is their plain mean (macro) or the mean weighted by `support` (aligned)."""
    raise NotImplementedError


@check
def accuracy_from_recall(accuracy: Number, recall: list[Number], support: list[Number]) -> Finding:
    """Accuracy = sum of recall x support / items: per-class recalls leave no freedom, also as means over runs."""
    raise NotImplementedError


@check
def confusion_counts(
    precision: list[Number],
    recall: list[Number],
    support: list[Number],
    f1: list[Number] = (),
    accuracy: Number | None = None,
    *,
    runs: str = "unstated",
) -> Finding:
    """Per-class precision and recall with supports imply counts of hits and predictions that must be whole and add up.

    Gives a confusion matrix as witness where one exists.  options: ``runs`` is ``one`` if the paper says so; with
    ``unstated`` the mean over several runs that stay within 5 points of it is tried too.
    """
    raise NotImplementedError


@check
def accuracy_and_macro_f1(accuracy: Number, macro_f1: Number, shares: list[Number], n: Number) -> Finding:
    """Searches a confusion matrix on `n` items with these class shares that has both scores."""
    raise NotImplementedError
