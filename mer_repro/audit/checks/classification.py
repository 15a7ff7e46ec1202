"""Checks of classification scores: F1, averages over classes, and the confusion counts that a table implies."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from mer_repro.audit.catalogue import check
from mer_repro.audit.finding import Finding, Reading, Row, decide, every_row, observe, rows
from mer_repro.audit.numbers import Interval, Number, in_unit

#: more ways than this in which a class's scores can come about are not tried one by one
_MOST_COUNTS = 30


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
    table = [
        Class(*row) for row in rows(precision=precision, recall=recall, support=support, f1=f1 or [None] * len(recall))
    ]
    items = sum(one.size for one in table)
    counts = [one.counts() for one in table]
    many = any(len(options) == _MOST_COUNTS for options in counts)
    matrix = _matrix_by_programming(table, accuracy) if many else _confusion_matrix(table, counts, accuracy)
    named = "many" if many else " + ".join(_span(options) for options in counts)
    readings = [Reading("one run", matrix is not None, f"predictions {named} against {items} items")]
    if runs == "unstated":
        readings.append(Reading("mean over several runs", None, plain=False))
    bad = f"No confusion matrix of {items} items gives these precisions, recalls and accuracy."
    if not all(counts):
        bad = "No whole numbers of hits and predictions give these precisions and recalls."
    elif not many:
        least, most = (sum(end(options)[0] for options in counts) for end in (min, max))
        if not least <= items <= most:
            implied = f"{least} to {most}" if least != most else f"{least}"
            bad = f"The precisions and recalls imply {implied} predictions for {items} items."
    return decide(
        readings,
        good=f"A confusion matrix of {items} items gives these numbers.",
        open=f"{bad} Only a mean over several runs could.",
        bad=bad,
        witness={"classes": [r.name for r in recall], "matrix": matrix} if matrix else None,
    )


def _span(counts: list[tuple[int, int]]) -> str:
    """The predictions in some counts: '886', '886..889' or 'none'."""
    least, most = (end(counts)[0] if counts else None for end in (min, max))
    return "none" if least is None else f"{least}" if least == most else f"{least}..{most}"


@dataclass(frozen=True, slots=True)
class Class:
    """One class of a table: its printed scores, F1 optional."""

    precision: Number
    recall: Number
    support: Number
    f1: Number | None

    @property
    def size(self) -> int:
        return self.support.integer

    def counts(self) -> list[tuple[int, int]]:
        """The (predictions, hits) that print these scores; the first `_MOST_COUNTS` of them if there are more."""
        low, high = self.precision.interval.low, self.precision.interval.high
        found = []
        for hits in (self.recall.interval * self.size).integers():
            least = math.ceil(hits / high) if high > 0 else 0
            most = math.floor(hits / low) if low > 0 else least + _MOST_COUNTS
            for named in range(max(least, hits), most + 1):
                share = Fraction(hits, named) if named else Fraction(0)
                if self.precision.interval.contains(share) and self._prints_f1(named, hits):
                    found.append((named, hits))
                if len(found) >= _MOST_COUNTS:
                    return found
        return found

    def _prints_f1(self, named: int, hits: int) -> bool:
        return self.f1 is None or self.f1.interval.contains(Fraction(2 * hits, self.size + named))


def _confusion_matrix(table: list[Class], counts, accuracy: Number | None) -> list[list[int]] | None:
    """A whole confusion matrix with the printed scores, or None if there is none.

    Tries every total of hits: classes' counts with that total whose predictions add up to all items, and whose errors
    can be named other classes, which is so if no class takes part (as true or as named) in more errors than there are.
    """
    if not all(counts):
        return None
    sizes = [one.size for one in table]
    items = sum(sizes)
    least, most = (sum(end(hits for _, hits in options) for options in counts) for end in (min, max))
    allowed = accuracy.interval * items if accuracy else Interval.exactly(0) + Interval(least, most)
    for total in range(max(least, math.ceil(allowed.low)), min(most, math.floor(allowed.high)) + 1):
        errors = items - total
        open_counts = [
            [(named, hits) for named, hits in options if size + named - 2 * hits <= errors]
            for size, options in zip(sizes, counts, strict=True)
        ]
        chosen = _choose(open_counts, items, total)
        if chosen:
            return _place_errors(
                [hits for _, hits in chosen],
                [size - hits for size, (_, hits) in zip(sizes, chosen, strict=True)],
                [named - hits for named, hits in chosen],
            )
    return None


def _choose(counts: list[list[tuple[int, int]]], items: int, total: int) -> list[tuple[int, int]] | None:
    """One (predictions, hits) from each list so that they add up to (items, total), or None."""
    reached: dict[tuple[int, int], list[tuple[int, int]]] = {(0, 0): []}
    for options in counts:
        reached = {
            (predictions + named, hit + hits): [*path, (named, hits)]
            for (predictions, hit), path in reached.items()
            for named, hits in options
            if predictions + named <= items and hit + hits <= total
        }
    return reached.get((items, total))


def _place_errors(hits: list[int], missed: list[int], wrong: list[int]) -> list[list[int]]:
    """The matrix with these hits, row sums of errors `missed` and column sums of errors `wrong`, none on the diagonal.

    Errors are placed for the class that still takes part in most of them, as many at once as leave no third class with
    more errors than remain.
    """
    size = range(len(hits))
    matrix = [[hits[i] if i == j else 0 for j in size] for i in size]
    missed, wrong = list(missed), list(wrong)
    while any(missed):
        busy = sorted(size, key=lambda k: missed[k] + wrong[k], reverse=True)
        if missed[busy[0]]:
            true, named = busy[0], next(k for k in busy[1:] if wrong[k])
        else:
            true, named = next(k for k in busy[1:] if missed[k]), busy[0]
        third = max((missed[k] + wrong[k] for k in size if k not in (true, named)), default=0)
        step = max(1, min(missed[true], wrong[named], sum(missed) - third))
        matrix[true][named] += step
        missed[true], wrong[named] = missed[true] - step, wrong[named] - step
    return matrix


def _matrix_by_programming(table: list[Class], accuracy: Number | None) -> list[list[int]] | None:
    """`_confusion_matrix` where the counts are too many to try: scipy's integer programming over the cells."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    size, supports = len(table), [one.size for one in table]
    conditions, lower, upper = [], [], []

    def require(coefficients, low, high):
        conditions.append(coefficients.ravel())
        lower.append(float(low) - 1e-7)
        upper.append(float(high) + 1e-7)

    for k, one in enumerate(table):
        row, column, hit = (np.zeros((size, size)) for _ in range(3))
        row[k, :], column[:, k], hit[k, k] = 1, 1, 1
        require(row, one.size, one.size)
        require(hit, one.recall.interval.low * one.size, one.recall.interval.high * one.size)
        require(hit - float(one.precision.interval.low) * column, 0, np.inf)
        require(hit - float(one.precision.interval.high) * column, -np.inf, 0)
        if one.f1 is not None:
            require(2 * hit - float(one.f1.interval.low) * column, one.f1.interval.low * one.size, np.inf)
            require(2 * hit - float(one.f1.interval.high) * column, -np.inf, one.f1.interval.high * one.size)
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
