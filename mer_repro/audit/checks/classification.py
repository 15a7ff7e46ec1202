"""Checks of classification scores: F1, averages over classes, and the confusion counts that a table implies."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Literal

from mer_repro.audit.catalogue import check
from mer_repro.audit.finding import Finding, Reading, Row, decide, every_row, observe, rows
from mer_repro.audit.numbers import Interval, Number, in_unit


def harmonic(precision: Interval, recall: Interval) -> Interval:
    """F1 = 2PR / (P + R), which rises with both; 0 where both are 0."""

    def f1(p, r):
        return 2 * p * r / (p + r) if p + r else Fraction(0)

    low = f1(max(precision.low, Fraction(0)), max(recall.low, Fraction(0)))
    return Interval(low, f1(precision.high, recall.high))


@check
def f1_from_precision_recall(
    f1: list[Number],
    precision: list[Number],
    recall: list[Number],
    *,
    average: Literal["class", "unstated"] = "class",
) -> Finding:
    """Aligned rows: F1 = 2PR / (P + R).

    options: ``average`` is ``class`` for rows of single classes (and binary or micro scores); ``unstated`` for averages
    over classes, where the mean of the classes' F1 may also be meant, which is at most 2PR / (P + R) because that is
    concave in both.
    """

    def row(score: Number, p: Number, r: Number) -> Row | None:
        if not (score.known and p.known and r.known):
            return None
        expected = harmonic(p.interval, r.interval)
        text = f"2 x {p} x {r} / ({p} + {r}) = {in_unit(expected, score.unit)} against {score}"
        readings = [Reading(f"{score.name}: 2PR / (P + R)", score.interval.overlaps(expected), text)]
        if average == "unstated":
            below = score.interval.low <= expected.high
            readings.append(Reading(f"{score.name}: mean of the classes' F1", below, "at most 2PR / (P + R)"))
        complaint = f"F1 {score} ({score.name}) does not follow from precision {p} and recall {r}"
        return Row((score, p, r), tuple(readings), f"{complaint}, which give {in_unit(expected, score.unit)}")

    table = rows(f1=f1, precision=precision, recall=recall)
    return every_row((row(*entry) for entry in table), good="F1 follows from precision and recall")


@check
def average_of_classes(average: Number, per_class: list[Number], support: list[Number] = ()) -> Finding:
    """An average over classes is their plain mean (macro) or the mean weighted by `support` (aligned)."""
    macro = sum((n.interval for n in per_class), Interval.exactly(0)) / len(per_class)
    means = {"mean of the classes": macro}
    if support:
        pairs = rows(per_class=per_class, support=support)
        total = sum((s.interval for s in support), Interval.exactly(0))
        weighted = sum((n.interval * s.interval for n, s in pairs), Interval.exactly(0)) / total
        means["weighted by support"] = weighted
    readings = [
        Reading(name, average.interval.overlaps(mean), in_unit(mean, average.unit)) for name, mean in means.items()
    ]
    held = next((reading.name for reading in readings if reading.holds), "")
    tried = ", ".join(f"{reading.name} {reading.arithmetic}" for reading in readings)
    return decide(
        readings, good=f"{average} is the {held}.", open="", bad=f"{average} is not an average of the classes: {tried}."
    )


@check
def accuracy_from_recall(accuracy: Number, recall: list[Number], support: list[Number]) -> Finding:
    """Accuracy = sum of recall x support / items: per-class recalls leave no freedom, also as means over runs.

    One run: hits are whole numbers (plain).  Mean over runs of one test set: the same sum with any real hits.
    """
    pairs = rows(recall=recall, support=support)
    items = sum(s.integer for s in support)
    hits = [(r.interval * s.integer).integers() for r, s in pairs]
    real = sum((r.interval * s.integer for r, s in pairs), Interval.exactly(0)) / items
    readings = []
    if all(hits):
        whole = Interval(Fraction(sum(h[0] for h in hits), items), Fraction(sum(h[-1] for h in hits), items))
        text = f"{' + '.join(str(h[0]) if len(h) == 1 else f'{h[0]}..{h[-1]}' for h in hits)} of {items}"
        readings.append(
            Reading("one run", accuracy.interval.overlaps(whole), f"{text} = {in_unit(whole, accuracy.unit)}")
        )
    mean = f"sum of recall x support / {items} = {in_unit(real, accuracy.unit)}"
    readings.append(Reading("mean over several runs", accuracy.interval.overlaps(real), mean, plain=False))
    return decide(
        readings,
        good=f"Accuracy {accuracy} follows from the recalls and supports.",
        open=f"Accuracy {accuracy} follows from the recalls and supports only as a mean over several runs.",
        bad=f"The recalls and supports give an accuracy of {in_unit(real, accuracy.unit)}, not {accuracy}.",
    )


@check
def confusion_counts(
    precision: list[Number],
    recall: list[Number],
    support: list[Number],
    f1: list[Number] = (),
    accuracy: Number | None = None,
    *,
    runs: Literal["one", "unstated"] = "unstated",
) -> Finding:
    """Per-class precision and recall with supports imply counts of hits and predictions that must be whole and add up.

    Gives a confusion matrix (true class by predicted class) as witness where one exists.  options: ``runs`` is ``one``
    if the paper describes one run; a mean over several escapes, and with ``unstated`` the check answers at worst
    `undetermined`.
    """
    table = rows(precision=precision, recall=recall, support=support, f1=list(f1) or [None] * len(recall))
    items = sum(s.integer for s in support)
    spans = [_predicted_span(*entry) for entry in table]
    text = " + ".join(f"{span[0]}..{span[1]}" if span else "none" for span in spans)
    least, most = (sum(span[end] for span in spans) if all(spans) else None for end in (0, 1))
    whole = least is not None and least <= items <= most
    matrix = _confusion_matrix(table, accuracy) if whole else None
    arithmetic = f"predicted {text} = {least}..{most} against {items} items"
    readings = [Reading("one run", matrix is not None, arithmetic)]
    if runs == "unstated":
        readings.append(Reading("mean over several runs", None, plain=False))
    count = f"{least} to {most}" if least != most else f"{least}"
    bad = (
        "No whole numbers of hits and predictions give these precisions and recalls."
        if least is None
        else f"The precisions and recalls imply {count} predictions for {items} items."
        if not whole
        else f"No confusion matrix of {items} items gives these precisions, recalls and accuracy."
    )
    names = [r.name for r in recall]
    return decide(
        readings,
        good=f"A confusion matrix of {items} items gives these numbers.",
        open=f"{bad} Only a mean over several runs could.",
        bad=bad,
        witness={"classes": names, "matrix": matrix} if matrix else None,
    )


def _predicted_span(precision: Number, recall: Number, support: Number, f1: Number | None) -> tuple[int, int] | None:
    """Least and greatest whole number of predictions of a class; None if there is none."""
    counts: list[int] = []
    for hits in (recall.interval * support.integer).integers():
        if hits == 0:
            return (0, 10**9)  # no hit says nothing about the number of predictions but that precision is 0
        for predicted in (hits / precision.interval).integers():
            if f1 is None or f1.interval.contains(Fraction(2 * hits, support.integer + predicted)):
                counts.append(predicted)
    return (min(counts), max(counts)) if counts else None


def _confusion_matrix(table, accuracy: Number | None) -> list[list[int]] | None:
    """A whole confusion matrix with the printed scores, or None if there is none; scipy's MILP over its cells."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    size = len(table)
    supports = [support.integer for _, _, support, _ in table]
    conditions, lower, upper = [], [], []

    def require(coefficients, low, high):
        conditions.append(coefficients.ravel())
        lower.append(float(low) - 1e-7)
        upper.append(float(high) + 1e-7)

    for k, (precision, recall, support, f1) in enumerate(table):
        row, column, hit = (np.zeros((size, size)) for _ in range(3))
        row[k, :], column[:, k], hit[k, k] = 1, 1, 1
        require(row, support.integer, support.integer)
        require(hit, recall.interval.low * support.integer, recall.interval.high * support.integer)
        require(hit - float(precision.interval.low) * column, 0, np.inf)
        require(hit - float(precision.interval.high) * column, -np.inf, 0)
        if f1 is not None:
            require(2 * hit - float(f1.interval.low) * column, f1.interval.low * support.integer, np.inf)
            require(2 * hit - float(f1.interval.high) * column, -np.inf, f1.interval.high * support.integer)
    if accuracy is not None:
        items = sum(supports)
        require(np.eye(size), accuracy.interval.low * items, accuracy.interval.high * items)
    solution = milp(
        np.zeros(size * size),
        constraints=LinearConstraint(np.array(conditions), lower, upper),
        integrality=np.ones(size * size),
        bounds=Bounds(0, np.repeat(supports, size)),
    )
    return None if solution.x is None else np.rint(solution.x).astype(int).reshape(size, size).tolist()


@check
def accuracy_and_macro_f1(accuracy: Number, macro_f1: Number, shares: list[Number], n: Number) -> Finding:
    """Searches a confusion matrix on `n` items with these class shares that has both scores.

    Errors are moved step by step from the smallest classes to the largest, which takes macro F1 from low to high at the
    same accuracy, and redirected among the wrong classes in between.  Finding none proves nothing: the answer is then
    `undetermined`.
    """
    items = n.integer
    sizes = sorted(round(share.middle * items) for share in shares)
    sizes[-1] += items - sum(sizes)
    errors = items - round(accuracy.middle * items)
    ends = [_macro_f1(_matrix_with_errors(sizes, errors - moved, moved)) for moved in (0, errors)]
    text = f"macro F1 from {float(min(ends)):.3f} to {float(max(ends)):.3f} at accuracy {accuracy}"
    found = _search_matrix(sizes, errors, macro_f1.interval)
    if found is None or not accuracy.interval.contains(Fraction(items - errors, items)):
        return observe(f"No confusion matrix with accuracy {accuracy} and macro F1 {macro_f1} was found ({text}).")
    reading = Reading("one run", True, text)
    detail = f"A confusion matrix of {items} items has accuracy {accuracy} and macro F1 {macro_f1}."
    return Finding("consistent", detail, (reading,), {"class_sizes": sizes, "matrix": found})


def _search_matrix(sizes: list[int], errors: int, wanted: Interval) -> list[list[int]] | None:
    """A matrix whose macro F1 lies in `wanted`: the nearest step of the walk, then its errors redirected one by one."""
    step = max(1, errors // 200)
    walk = [_matrix_with_errors(sizes, errors - moved, moved) for moved in range(0, errors + 1, step)]
    walk.sort(key=lambda matrix: abs(_macro_f1(matrix) - (wanted.low + wanted.high) / 2))
    for matrix in walk[:10]:
        if wanted.contains(_macro_f1(matrix)):
            return matrix
        for true, named, other in itertools.permutations(range(len(sizes)), 3):
            redirected = [list(row) for row in matrix]
            for _ in range(min(40, matrix[true][named])):
                redirected[true][named] -= 1
                redirected[true][other] += 1
                if wanted.contains(_macro_f1(redirected)):
                    return redirected
    return None


def _matrix_with_errors(sizes: list[int], from_small: int, from_large: int) -> list[list[int]]:
    """Classes by rising size; errors of the smallest classes name the largest one, errors of the largest the next."""
    last = len(sizes) - 1
    matrix = [[size if i == j else 0 for j in range(len(sizes))] for i, size in enumerate(sizes)]
    for order, left in ((range(last + 1), from_small), (range(last, -1, -1), from_large)):
        for true in order:
            step = min(left, matrix[true][true])
            matrix[true][true] -= step
            matrix[true][last if true != last else last - 1] += step
            left -= step
    return matrix


def _macro_f1(matrix: list[list[int]]) -> Fraction:
    scores = []
    for k, row in enumerate(matrix):
        counted = sum(row) + sum(other[k] for other in matrix)
        scores.append(Fraction(2 * row[k], counted) if counted else Fraction(0))
    return sum(scores) / len(scores)
