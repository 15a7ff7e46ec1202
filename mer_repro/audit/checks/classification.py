"""Checks of classification scores: F1, averages over classes, and the confusion counts that a table implies."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from mer_repro.audit.catalogue import COUNTED, check
from mer_repro.audit.finding import Finding, Reading, Row, decide, every_row, fits, observe, rows
from mer_repro.audit.numbers import End, Interval, Number, Unusable, in_unit, sum_of
from mer_repro.audit.quantities import lookup
from mer_repro.errors import LedgerError

#: more ways than this in which a class's scores can come about are not tried one by one
_MOST_COUNTS = 30


#: seconds that integer programming may take before the answer is open
PATIENCE = 2


def harmonic(precision: Interval, recall: Interval) -> Interval:
    """F1 = 2PR / (P + R) of shares, which rises with both; 0 where both are 0."""

    def f1(p, r):
        return 2 * p * r / (p + r) if p + r else Fraction(0)

    p, r = (
        Interval(min(max(end.low, Fraction(0)), Fraction(1)), min(max(end.high, Fraction(0)), Fraction(1)))
        for end in (precision, recall)
    )
    return Interval(f1(p.low, r.low), f1(p.high, r.high))


@check(takes={"f1": "f1", "precision": "precision", "recall": "recall"})
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
        readings = [fits(f"{score.name}: 2PR / (P + R)", score, expected, text)]
        if average == "unstated":
            below = Interval(Fraction(0), expected.high)
            readings.append(fits(f"{score.name}: mean of the classes' F1", score, below, "at most 2PR / (P + R)"))
        complaint = f"F1 {score} ({score.name}) does not follow from precision {p} and recall {r}"
        return Row((score, p, r), tuple(readings), f"{complaint}, which give {in_unit(expected, score.unit)}")

    table = rows(f1=f1, precision=precision, recall=recall)
    return every_row((row(*entry) for entry in table), good="F1 follows from precision and recall")


@check(takes={"support": COUNTED})
def average_of_classes(average: Number, per_class: list[Number], support: Sequence[Number] = ()) -> Finding:
    """An average over classes is their plain mean (macro) or the mean weighted by `support` (aligned)."""
    families = {lookup(number.quantity).family for number in [average, *per_class]}
    if len(families) > 1:
        raise LedgerError(f"average_of_classes needs one quantity, but has {' and '.join(sorted(families))}")
    macro = sum_of(per_class) / len(per_class)
    means = {"mean of the classes": macro}
    if support:
        pairs = rows(per_class=per_class, support=support)
        if all(s.integer == 0 for s in support):
            raise Unusable("no class holds an item")
        weighted = sum((n.interval * s.integer for n, s in pairs), Interval.exactly(0))
        means["weighted by support"] = weighted / sum(s.integer for s in support)
    readings = [fits(name, average, mean, in_unit(mean, average.unit)) for name, mean in means.items()]
    held = next((reading.name for reading in readings if reading.holds), "")
    tried = ", ".join(f"{reading.name} {reading.arithmetic}" for reading in readings)
    return decide(
        readings, good=f"{average} is the {held}.", open="", bad=f"{average} is not an average of the classes: {tried}."
    )


@check(takes={"accuracy": "accuracy", "recall": "recall", "support": COUNTED})
def accuracy_from_recall(accuracy: Number, recall: list[Number], support: list[Number]) -> Finding:
    """Accuracy = sum of recall x support / items: per-class recalls leave no freedom, also as means over runs.

    One run: hits are whole numbers (plain).  Mean over runs of one test set: the same sum with any real hits.
    """
    pairs = rows(recall=recall, support=support)
    items = sum(s.integer for s in support)
    if items < 1:
        raise Unusable("no class holds an item")
    hits = [(r.share * s.integer).integers() for r, s in pairs]
    real = sum((r.share * s.integer for r, s in pairs), Interval.exactly(0)) / items
    readings = []
    if all(hits):
        whole = Interval(Fraction(sum(h[0] for h in hits), items), Fraction(sum(h[-1] for h in hits), items))
        text = f"{' + '.join(str(h[0]) if len(h) == 1 else f'{h[0]}..{h[-1]}' for h in hits)} of {items}"
        readings.append(fits("one run", accuracy, whole, f"{text} = {in_unit(whole, accuracy.unit)}"))
    mean = f"sum of recall x support / {items} = {in_unit(real, accuracy.unit)}"
    readings.append(fits("mean over several runs", accuracy, real, mean, plain=False))
    return decide(
        readings,
        good=f"Accuracy {accuracy} follows from the recalls and supports.",
        open=f"Accuracy {accuracy} follows from the recalls and supports only as a mean over several runs.",
        bad=f"The recalls and supports give an accuracy of {in_unit(real, accuracy.unit)}, not {accuracy}.",
    )


@check(
    takes={"precision": "precision", "recall": "recall", "support": COUNTED, "f1": "f1", "accuracy": "accuracy"},
)
def confusion_counts(
    precision: list[Number],
    recall: list[Number],
    support: list[Number],
    f1: Sequence[Number] = (),
    accuracy: Number | None = None,
    *,
    runs: Literal["one", "unstated"] = "unstated",
) -> Finding:
    """Per-class precision and recall with supports imply counts of hits and predictions that must be whole and add up.

    Gives a confusion matrix (true class by predicted class) as witness where one exists.  options: ``runs`` is ``one``
    if the paper describes one run; a mean over several escapes, and with ``unstated`` the check answers at worst
    `undetermined`.  A class without items shows that the classes listed were chosen by hand, so that predictions may
    be of others (charitable).
    """
    columns = rows(precision=precision, recall=recall, support=support, **({"f1": list(f1)} if f1 else {}))
    table = [Class(*row) for row in columns]
    items = sum(one.size for one in table)
    counts = [one.counts(items) for one in table]
    possible, matrix, many = _solve(table, counts, accuracy)
    named = "many" if many else " + ".join(_span(options) for options in counts)
    readings = [Reading("one run", possible, f"predictions {named} against {items} items")]
    if any(one.size == 0 for one in table):
        readings.append(Reading("predictions of classes that are not listed", None, plain=False))
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
    if possible is False and len(readings) == 1:
        bad += _repair(table, accuracy)
    return decide(
        readings,
        good=f"A confusion matrix of {items} items gives these numbers.",
        open=f"{bad} Only {' or '.join(reading.name for reading in readings[1:])} could."
        if possible is False
        else f"Whether a confusion matrix of {items} items gives these numbers was not found out.",
        bad=bad,
        witness={"classes": [r.name for r in recall], "matrix": matrix} if matrix else None,
    )


def _solve(table: list[Class], counts, accuracy: Number | None) -> tuple[bool | None, list[list[int]] | None, bool]:
    """Whether a matrix exists (None: not found out), the matrix, and whether there were too many counts to try."""
    if not all(counts):
        return False, None, False
    if any(len(options) >= _MOST_COUNTS for options in counts):
        return *_matrix_by_programming(table, accuracy), True
    matrix = _confusion_matrix(table, counts, accuracy)
    return matrix is not None, matrix, False


#: units of the last digit by which one number is changed to find out what would fit
_STEPS = [sign * step for step in range(1, 6) for sign in (-1, 1)]
_MOST_CLASSES = 12


def _repair(table: list[Class], accuracy: Number | None) -> str:
    """The nearest change of one printed score that makes a matrix possible, as a sentence; empty if none is found."""
    items = sum(one.size for one in table)
    unchanged = [one.counts(items) for one in table]
    places = [(k, name) for k in range(len(table)) for name in ("precision", "recall", "f1")]
    for step in _STEPS if len(table) <= _MOST_CLASSES else ():
        for k, name in [*places, (-1, "accuracy")]:
            old = accuracy if k < 0 else getattr(table[k], name)
            if old is None:
                continue
            new, changed, counts = old.stepped(step), list(table), list(unchanged)
            if not 0 <= new.middle <= 1:
                continue
            if k >= 0:
                changed[k] = dataclasses.replace(table[k], **{name: new})
                counts[k] = changed[k].counts(items)
            few = all(0 < len(options) < _MOST_COUNTS for options in counts)
            if few and _solve(changed, counts, new if k < 0 else accuracy)[0]:
                return f" With {new} in place of {old} for {old.name} there would be one."
    return ""


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
    f1: Number | None = None

    @property
    def size(self) -> int:
        """Items of the class, a whole number."""
        return self.support.integer

    def counts(self, items: int) -> list[tuple[int, int]]:
        """The (predictions, hits) among `items` that print these scores; the first `_MOST_COUNTS` if there are more."""
        found: list[tuple[int, int]] = []
        share = self.precision.share
        score = self.f1.share if self.f1 else Interval(Fraction(0), Fraction(1))
        for hits in (self.recall.share * self.size).integers():
            least: End = Fraction(hits)
            most: End = Fraction(hits + items - self.size)  # wrong ones are items of other classes
            for interval, parts, rest in ((share, hits, 0), (score, 2 * hits, self.size)):
                if (parts and interval.high <= 0) or (not parts and interval.low > 0):
                    most = least - 1  # some hits and a score of nothing, or no hit and a score
                elif parts:
                    least = max(least, parts / interval.high - rest)
                    most = min(most, parts / interval.low - rest) if interval.low > 0 else most
            for named in range(math.ceil(least), math.floor(most) + 1):
                found.append((named, hits))
                if len(found) >= _MOST_COUNTS:
                    return found
        return found


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
    allowed = accuracy.share * items if accuracy else Interval(Fraction(least), Fraction(most))
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


def _matrix_by_programming(table: list[Class], accuracy: Number | None) -> tuple[bool | None, list[list[int]] | None]:
    """`_confusion_matrix` where the counts are too many to try: scipy's integer programming over the cells.

    Its tolerances let a matrix pass that misses a score by less than 1e-7, so that 'none' is certain and a matrix is
    tested exactly; after `PATIENCE` seconds the answer is None.
    """
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
        share, found = one.precision.share, one.recall.share
        require(hit, found.low * one.size, found.high * one.size)
        require(hit - float(share.low) * column, 0, np.inf)
        require(hit - float(share.high) * column, -np.inf, 0)
        if one.f1 is not None:
            score = one.f1.share
            require(2 * hit - float(score.low) * column, score.low * one.size, np.inf)
            require(2 * hit - float(score.high) * column, -np.inf, score.high * one.size)
    if accuracy is not None:
        items = sum(supports)
        require(np.eye(size), accuracy.share.low * items, accuracy.share.high * items)
    solution = milp(
        np.zeros(size * size),
        constraints=LinearConstraint(np.array(conditions), lower, upper),
        integrality=np.ones(size * size),
        bounds=Bounds(0, np.repeat(supports, size)),
        options={"time_limit": PATIENCE},
    )
    if solution.status == _INFEASIBLE:
        return False, None
    if solution.x is None:
        return None, None
    matrix = np.rint(solution.x).astype(int).reshape(size, size).tolist()
    return (True, matrix) if _prints(matrix, table, accuracy) else (None, None)


_INFEASIBLE = 2  # scipy.optimize.milp's status


def _prints(matrix: list[list[int]], table: list[Class], accuracy: Number | None) -> bool:
    """Whether a matrix has the sizes and the printed scores of a table, exactly."""
    hits = sum(matrix[k][k] for k in range(len(table)))
    if accuracy and not accuracy.share.contains(Fraction(hits, sum(map(sum, matrix)))):
        return False
    for k, one in enumerate(table):
        named, hit = sum(row[k] for row in matrix), matrix[k][k]
        scores = ((one.precision, hit, named), (one.recall, hit, one.size), (one.f1, 2 * hit, one.size + named))
        if sum(matrix[k]) != one.size or not all(
            score is None or score.share.contains(Fraction(part, whole) if whole else Fraction(0))
            for score, part, whole in scores
        ):
            return False
    return True


@check(takes={"accuracy": "accuracy", "macro_f1": "f1", "shares": "@share", "n": COUNTED})
def accuracy_and_macro_f1(accuracy: Number, macro_f1: Number, shares: list[Number], n: Number) -> Finding:
    """Searches a confusion matrix on `n` items with these class shares that has both scores.

    Errors are moved step by step from the smallest classes to the largest, which takes macro F1 from low to high at the
    same accuracy, and redirected among the wrong classes in between.  Finding none proves nothing: the answer is then
    `undetermined`.
    """
    items = n.items
    sizes = sorted(round(share.middle * items) for share in shares)
    sizes[-1] += items - sum(sizes)
    errors = items - round(accuracy.middle * items)
    if len(sizes) < 2 or sizes[0] < 0 or not 0 <= errors <= items or not macro_f1.interval.finite:
        raise Unusable(f"shares of {', '.join(map(str, shares))} and an accuracy of {accuracy} describe no test set")
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
    walk.sort(key=lambda matrix: max(wanted.low - _macro_f1(matrix), _macro_f1(matrix) - wanted.high))
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
    return sum(scores, Fraction(0)) / len(scores)
