"""Checks of scores against the counts behind them: binary scores, averages over items, printed confusion matrices."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Literal

from mer_repro.audit.catalogue import COUNTED, check
from mer_repro.audit.finding import Finding, Reading, Row, decide, every_row
from mer_repro.audit.numbers import End, Interval, Number, Unusable, common, hull, in_unit
from mer_repro.audit.quantities import lookup
from mer_repro.errors import LedgerError

#: more pairs of hits than this are not tried one by one
MOST_PAIRS = 4_000_000
#: floating point may be off by this much; a score that misses by less is not accused
SLACK = 1e-9

_SINGLE_LABEL = ("accuracy", "micro_f1", "micro_precision", "micro_recall", "weighted_recall")
_BALANCED = ("balanced_accuracy", "macro_recall")


@check(takes={"scores": "accuracy error_rate balanced_accuracy precision recall f1"})
def identities(scores: list[Number], *, labels: Literal["single", "unstated"] = "unstated") -> Finding:
    """Scores of one evaluation that are one number by definition: micro F1 is accuracy, macro recall balanced accuracy.

    Where every item has one label and is given one: accuracy = micro precision = micro recall = micro F1 = weighted
    recall = 1 - error rate. options: ``labels`` is ``single`` if the paper says so; else several labels an item are a
    charitable reading.
    """

    def same(names: Sequence[str], why: str) -> Row | None:
        values = [score for score in scores if score.quantity in names and score.known]
        spans = [1 - v.feasible if v.quantity == "error_rate" else v.feasible for v in values]
        if len(values) < 2:
            return None
        rest = common(spans[:-1])
        text = ", ".join(f"{v.quantity} {v}" for v in values)
        allowed = rest if rest is None or values[-1].quantity != "error_rate" else 1 - rest
        readings = [Reading(why, common(spans) is not None, text, True, values[-1], allowed)]
        if labels == "unstated":
            readings.append(Reading("several labels per item", None, plain=False))
        return Row(tuple(values), tuple(readings), f"{text} are one number by definition ({why})")

    table = [same((*_SINGLE_LABEL, "error_rate"), "one label per item"), same(_BALANCED, "mean of the recalls")]
    return every_row(table, good="scores that are one number by definition agree")


@check(takes={"scores": "accuracy precision recall f1 specificity jaccard", "n": COUNTED, "classes": COUNTED})
def micro_scores(scores: list[Number], n: Number, classes: Number) -> Finding:
    """Averages over the items of `n` items in `classes` classes all follow from one number of hits.

    Precision, recall and F1 are hits / n; specificity is 1 - errors / (n (classes - 1)); accuracy is that share, or the
    mean accuracy of each class against the rest, 1 - 2 errors / (n classes), which some tools print.
    """
    items, kinds = n.items, classes.items
    if kinds < 2:
        raise Unusable("one class leaves nothing to confuse")
    known = [score for score in scores if score.known]
    if not known:
        raise Unusable("no score is printed")

    def hits_of(score: Number, against_rest: bool) -> range:
        value = score.share
        if lookup(score.quantity).family == "jaccard":  # hits / (2 n - hits), which rises with the hits
            span = Interval(*(2 * items * end / (1 + end) for end in (value.low, value.high)))
        else:
            specific = lookup(score.quantity).family == "specificity"
            errors = Fraction(items) * (kinds - 1 if specific else 1)
            errors = Fraction(items * kinds, 2) if against_rest and score.quantity == "accuracy" else errors
            span = items - (1 - value) * errors
        within = span.within(0, items)
        return within.integers() if within else range(0)

    readings = []
    for name, against in (("accuracy over items", False), ("accuracy of each class against the rest", True)):
        ranges = [hits_of(score, against) for score in known]
        shared = range(max(r.start for r in ranges), min(r.stop for r in ranges))
        text = ", ".join(f"{s.quantity} {s}: {_span(r)} hits" for s, r in zip(known, ranges, strict=True))
        readings.append(Reading(name, len(shared) > 0 and all(ranges), text))
    held = next((reading for reading in readings if reading.holds), None)
    shown = ", ".join(f"{score.quantity} {score}" for score in known)
    return decide(
        readings,
        good=f"One number of hits among {items} items gives {shown}.",
        open="",
        bad=f"No one number of hits among {items} items gives {shown} ({readings[0].arithmetic}).",
        witness={"reading": held.name} if held else None,
    )


def _span(hits: range) -> str:
    return "no" if not hits else f"{hits[0]}" if len(hits) == 1 else f"{hits[0]}..{hits[-1]}"


def _over(part, whole):
    """part / whole as numpy does it, not-a-number where nothing is divided by nothing."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(part, dtype=float) / np.asarray(whole, dtype=float)


def _kappa(tp, fp, fn, tn):
    total = tp + fp + fn + tn
    chance = _over((tp + fp) * (tp + fn) + (fn + tn) * (fp + tn), total * total)
    return _over(_over(tp + tn, total) - chance, 1 - chance)


#: quantity -> its definition from hits and misses (arrays)
BINARY: dict[str, Callable] = {
    "accuracy": lambda tp, fp, fn, tn: _over(tp + tn, tp + fp + fn + tn),
    "error_rate": lambda tp, fp, fn, tn: _over(fp + fn, tp + fp + fn + tn),
    "recall": lambda tp, fp, fn, tn: _over(tp, tp + fn),
    "specificity": lambda tp, fp, fn, tn: _over(tn, tn + fp),
    "precision": lambda tp, fp, fn, tn: _over(tp, tp + fp),
    "npv": lambda tp, fp, fn, tn: _over(tn, tn + fn),
    "false_positive_rate": lambda tp, fp, fn, tn: _over(fp, tn + fp),
    "false_negative_rate": lambda tp, fp, fn, tn: _over(fn, tp + fn),
    "f1": lambda tp, fp, fn, tn: _over(2 * tp, 2 * tp + fp + fn),
    "jaccard": lambda tp, fp, fn, tn: _over(tp, tp + fp + fn),
    "balanced_accuracy": lambda tp, fp, fn, tn: (_over(tp, tp + fn) + _over(tn, tn + fp)) / 2,
    "g_mean": lambda tp, fp, fn, tn: (_over(tp, tp + fn) * _over(tn, tn + fp)) ** 0.5,
    "fowlkes_mallows": lambda tp, fp, fn, tn: (_over(tp, tp + fp) * _over(tp, tp + fn)) ** 0.5,
    "informedness": lambda tp, fp, fn, tn: _over(tp, tp + fn) + _over(tn, tn + fp) - 1,
    "markedness": lambda tp, fp, fn, tn: _over(tp, tp + fp) + _over(tn, tn + fn) - 1,
    "mcc": lambda tp, fp, fn, tn: _over(
        tp * tn - fp * fn, ((tp + fp) * 1.0 * (tp + fn) * (tn + fp) * (tn + fn)) ** 0.5
    ),
    "kappa": _kappa,
}


@check(takes={"scores": " ".join([*BINARY, "fbeta"]), "positives": COUNTED, "negatives": COUNTED, "beta": "constant"})
def binary_scores(
    scores: list[Number],
    positives: Number,
    negatives: Number,
    beta: Number | None = None,
    *,
    runs: Literal["one", "unstated"] = "unstated",
) -> Finding:
    """Scores of one test set with `positives` and `negatives` follow from one pair of hits, which is searched.

    Takes every binary score of the vocabulary; F-beta with `beta` bound.  An undefined score (nothing divided by
    nothing) may be printed as 0 or 1. options: ``runs`` is ``one`` if the paper describes one run; a mean over several
    escapes.

    Source: Fazekas and Kovács, Testing the consistency of performance scores reported for binary classification
    problems, Applied Soft Computing 2024 (the same question by interval arithmetic).
    """
    import numpy as np

    p, n = positives.items, negatives.items
    known = [score for score in scores if score.known]
    if not known:
        raise Unusable("no score is printed")
    tp, tn = _candidates(known, p, n)
    fits_all = np.ones(tp.shape, dtype=bool)
    masks, values = [], []
    for score in known:
        value = _binary(score, tp, n - tn, p - tp, tn, beta)
        low, high = float(score.interval.low) - SLACK, float(score.interval.high) + SLACK
        undefined = np.isnan(value) & ((low <= 0) | (high >= 1))
        masks.append(((value >= low) & (value <= high)) | undefined)
        values.append(value)
        fits_all &= masks[-1]
    found = np.flatnonzero(fits_all)
    shown = ", ".join(f"{score.quantity} {score}" for score in known)
    readings = [Reading("one run", bool(found.size), shown)]
    if not found.size:
        readings += _each_alone(known, masks, values)
    if runs == "unstated":
        readings.append(Reading("mean over several runs", None, plain=False))
    bad = f"No numbers of hits among {p} positives and {n} negatives give {shown}."
    witness = {"true_positives": int(tp[found[0]]), "true_negatives": int(tn[found[0]])} if found.size else None
    return decide(
        readings,
        good=f"{p} positives and {n} negatives can give {shown}.",
        open=f"{bad} Only a mean over several runs could.",
        bad=bad,
        witness=witness,
    )


def _candidates(known: list[Number], p: int, n: int):
    """All pairs of true positives and true negatives as two flat arrays, narrowed by recall and specificity."""
    import numpy as np

    tp_range, tn_range = range(p + 1), range(n + 1)
    for score in known:
        value = 1 - score.feasible if score.quantity.startswith("false_") else score.feasible
        if score.quantity in ("recall", "false_negative_rate"):
            tp_range = _narrowed(tp_range, (value * p).integers())
        elif score.quantity in ("specificity", "false_positive_rate"):
            tn_range = _narrowed(tn_range, (value * n).integers())
    if len(tp_range) * len(tn_range) > MOST_PAIRS:
        raise Unusable(f"{p} positives and {n} negatives leave too many pairs of hits to try")
    tp, tn = np.meshgrid(np.array(tp_range, dtype=np.int64), np.array(tn_range, dtype=np.int64))
    return tp.ravel(), tn.ravel()


def _narrowed(one: range, other: range) -> range:
    """What two ranges share, with one more at either end, so that what nearly fits is still there to be named."""
    return range(max(one.start, other.start - 1), min(one.stop, other.stop + 1))


def _binary(score: Number, tp, fp, fn, tn, beta: Number | None):
    if score.quantity not in (*BINARY, "fbeta"):
        raise LedgerError(f"binary_scores takes no {score.quantity}")
    if score.quantity != "fbeta":
        return BINARY[score.quantity](tp, fp, fn, tn)
    if beta is None:
        raise LedgerError("binary_scores needs 'beta' for fbeta")
    square = float(beta.middle) ** 2
    return _over((1 + square) * tp, (1 + square) * tp + fp + square * fn)


def _each_alone(known: list[Number], masks, values) -> list[Reading]:
    """For each score the nearest value that hits with all the other scores would give it."""
    import numpy as np

    readings = []
    for k, score in enumerate(known):
        others = np.ones(values[k].shape, dtype=bool)
        for j, mask in enumerate(masks):
            others &= mask if j != k else True
        possible = values[k][others & ~np.isnan(values[k])]
        if possible.size:
            nearest = possible[np.argmin(np.abs(possible - float(score.middle)))]
            readings.append(
                Reading(f"another {score.name}", False, "", True, score, Interval.exactly(Fraction(float(nearest))))
            )
    return readings


@check(takes={"scores": "accuracy recall specificity balanced_accuracy", "positives": COUNTED, "negatives": COUNTED})
def scores_over_folds(scores: list[Number], positives: Number, negatives: Number, folds: Number) -> Finding:
    """Means over stratified folds (mean of each fold's score) of accuracy, recall, specificity and balanced accuracy.

    `positives` and `negatives` are dealt over the folds as evenly as possible; the sums of hits in folds of one size
    must be whole.  Found by integer programming; a set of scores that misses by less than its tolerance is not accused.

    Source: as `binary_scores`; the case of folds.
    """
    p, n, k = positives.items, negatives.items, folds.items
    known = [score for score in scores if score.known]
    if min(p, n) < k or not known:
        raise Unusable(f"{p} positives and {n} negatives cannot be dealt over {k} folds with scores of their own")
    more_p, more_n = p % k, n % k
    shown = ", ".join(f"{score.quantity} {score}" for score in known)

    ways = []
    for both in range(max(0, more_p + more_n - k), min(more_p, more_n) + 1):  # folds with one more of either
        sizes = {
            (p // k + 1, n // k + 1): both,
            (p // k + 1, n // k): more_p - both,
            (p // k, n // k + 1): more_n - both,
            (p // k, n // k): k - more_p - more_n + both,
        }
        ways.append([(a, b, m) for (a, b), m in sizes.items() if m])
    nearest = [_nearest_in_folds(known, 0, way, k) for way in ways]
    within = known[0].interval
    within = Interval(within.low - Fraction(SLACK), within.high + Fraction(SLACK))
    holds = True if any(within.contains(mean) for mean in nearest if mean is not None) else None
    if holds is None and None not in nearest:
        holds = False
    readings = [Reading("mean of the folds' scores", holds, shown)]
    for free, score in enumerate(known if holds is False else []):
        means = [_nearest_in_folds(known, free, way, k) for way in ways]
        finite = [Fraction(mean) for mean in means if mean is not None and math.isfinite(mean)]
        if finite:
            _, mean = min((abs(mean - score.middle), mean) for mean in finite)
            readings.append(Reading(f"another {score.name}", False, "", True, score, Interval.exactly(mean)))
    name = f"{p} positives and {n} negatives over {k} folds"
    return decide(
        readings,
        good=f"{name} can give {shown}.",
        open=f"Whether {name} give {shown} was not found out.",
        bad=f"No whole numbers of hits in {name} give {shown}.",
    )


def _nearest_in_folds(known: list[Number], free: int, sizes: list[tuple[int, int, int]], k: int) -> End | None:
    """The mean of one score (`free`) nearest to the printed one that hits with the other scores give.

    Folds are (positives, negatives, number of such folds); infinite if there are no such hits, None if not found out.
    """
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    parts: dict[str, Callable] = {
        "recall": lambda a, b: (1 / a, 0.0),
        "specificity": lambda a, b: (0.0, 1 / b),
        "accuracy": lambda a, b: (1 / (a + b), 1 / (a + b)),
        "balanced_accuracy": lambda a, b: (0.5 / a, 0.5 / b),
    }
    if unknown := {lookup(score.quantity).family for score in known} - set(parts):
        raise LedgerError(f"scores_over_folds takes {', '.join(parts)}, not {', '.join(unknown)}")
    matrix = np.array([[part for a, b, _ in sizes for part in parts[lookup(s.quantity).family](a, b)] for s in known])
    hits = np.array([most for a, b, m in sizes for most in (a * m, b * m)], dtype=float)
    low = np.array([k * float(score.interval.low) - SLACK for score in known])
    high = np.array([k * float(score.interval.high) + SLACK for score in known])
    low[free], high[free] = -np.inf, np.inf
    stated, row = k * float(known[free].middle), matrix[free]
    away = np.append(np.zeros(len(hits)), 1)  # the distance from what is printed, which is made least
    solved = milp(
        away,
        constraints=[
            LinearConstraint(np.column_stack([matrix, np.zeros(len(known))]), low, high),
            LinearConstraint(np.append(row, -1), -np.inf, stated),
            LinearConstraint(np.append(row, 1), stated, np.inf),
        ],
        integrality=1 - away,
        bounds=Bounds(0, np.append(hits, np.inf)),
        options={"time_limit": 1},
    )
    if solved.status == 2:
        return math.inf
    return None if solved.x is None else Fraction(float(row @ np.rint(solved.x[:-1])) / k)


Matrix = list[list[Interval]]


@check(
    takes={
        "cells": "cell @count @share @score",
        "accuracy": "accuracy",
        "precision": "precision",
        "recall": "recall",
        "f1": "f1",
        "support": COUNTED,
        "total": COUNTED,
    }
)
def matrix_scores(
    cells: list[Number],
    accuracy: Number | None = None,
    precision: Sequence[Number] = (),
    recall: Sequence[Number] = (),
    f1: Sequence[Number] = (),
    support: Sequence[Number] = (),
    total: Number | None = None,
    *,
    rows_are: Literal["true", "predicted", "unstated"] = "unstated",
    entries: Literal["counts", "shares"] = "counts",
) -> Finding:
    """What a printed confusion matrix (`cells`, row by row) says of the scores printed with it.

    With counts: accuracy, each class's precision, recall and F1, supports and the total follow.  With shares, each row
    (or each column) adds up to 1 and its cell on the diagonal is a recall (or a precision), accuracy needs `support`.
    options: ``rows_are`` says what a row is; where that is unstated both are tried.
    """
    matrix = _square(cells)
    readings = []
    for rows_true in (True, False) if rows_are == "unstated" else (rows_are == "true",):
        turned = matrix if rows_true else [list(column) for column in zip(*matrix, strict=True)]
        name = "rows are true classes" if rows_true else "rows are predicted classes"
        if entries == "counts":
            implied = _from_counts(turned)
            readings.append((name, implied))
        else:
            for by_row in (True, False):
                way = "true" if by_row else "predicted"
                readings.append((f"{name}, shares of each {way} class", _from_shares(turned, by_row, support)))
    printed = {"accuracy": [accuracy], "precision": precision, "recall": recall, "f1": f1}
    printed |= {"support": support, "total": [total]}
    tested = [_compared(name, implied, printed) for name, implied in readings]
    best = min(tested, key=lambda entry: len(entry[1]))
    misses = "; ".join(f"{number.quantity} {number} ({number.name}) would be {value}" for number, value in best[1][:4])
    good = next((reading.name for reading, _ in tested if reading.holds), "")
    return decide(
        [reading for reading, _ in tested],
        good=f"The matrix gives what is printed with it ({good}).",
        open="",
        bad=f"The matrix contradicts what is printed with it ({best[0].name}): {misses}."
        if misses
        else f"The shares do not add up to 1 ({best[0].name}).",
        blame=[number for number, _ in best[1]],
    )


def _square(cells: Sequence[Number]) -> Matrix:
    size = math.isqrt(len(cells))
    if size < 2 or size * size != len(cells):
        raise LedgerError(f"a confusion matrix needs a square number of cells, row by row, but has {len(cells)}")
    return [[cell.interval for cell in cells[k * size : (k + 1) * size]] for k in range(size)]


def _total(values) -> Interval:
    return sum(values, Interval.exactly(0))


def _ratio(part: Interval, rest: Interval) -> Interval:
    """part / (part + rest) of intervals that are not negative; 0 to 1 where both may be nothing."""
    low = part.low / (part.low + rest.high) if part.low + rest.high > 0 else Fraction(0)
    high = part.high / (part.high + rest.low) if part.high + rest.low > 0 else Fraction(1 if part.high else 0)
    return Interval(low, high) if part.high + rest.high > 0 else Interval.exactly(0)


def _from_counts(matrix: Matrix) -> dict[str, list[Interval]]:
    """What a matrix of counts (true class by predicted class) implies."""
    if not all(cell.finite and cell.low >= 0 for row in matrix for cell in row):
        raise Unusable("a cell is no count")
    size = range(len(matrix))
    hits = [matrix[k][k] for k in size]
    missed = [_total(matrix[k][j] for j in size if j != k) for k in size]
    wrong = [_total(matrix[j][k] for j in size if j != k) for k in size]
    return {
        "accuracy": [_ratio(_total(hits), _total(missed))],
        "precision": [_ratio(hit, rest) for hit, rest in zip(hits, wrong, strict=True)],
        "recall": [_ratio(hit, rest) for hit, rest in zip(hits, missed, strict=True)],
        "f1": [_ratio(hit * 2, a + b) for hit, a, b in zip(hits, missed, wrong, strict=True)],
        "support": [hit + rest for hit, rest in zip(hits, missed, strict=True)],
        "total": [_total(cell for row in matrix for cell in row)],
    }


def _from_shares(matrix: Matrix, by_row: bool, support: Sequence[Number]) -> dict[str, list[Interval]]:
    """What a matrix of shares of true (or of predicted) classes implies; ``sums`` are what must be 1."""
    size = range(len(matrix))
    sums = [_total(matrix[k]) if by_row else _total(row[k] for row in matrix) for k in size]
    implied = {"sums": sums, "recall" if by_row else "precision": [matrix[k][k] for k in size]}
    if by_row and len(support) == len(matrix) and all(n.known for n in support):
        items = sum(n.integer for n in support)
        if items > 0:
            hits = _total(matrix[k][k] * support[k].integer for k in size)
            implied["accuracy"] = [hits / items]
    return implied


def _compared(name: str, implied: dict, printed: dict) -> tuple[Reading, list[tuple[Number, str]]]:
    """The reading of a matrix in one way, and the printed numbers that it contradicts, with what they would be."""
    misses, first = [], None
    for quantity, numbers in printed.items():
        values = implied.get(quantity, [])
        for number, value in zip(numbers, values, strict=False):
            if number is not None and number.known and not number.interval.overlaps(value):
                misses.append((number, in_unit(value, number.unit)))
                first = first or (number, value)
    adds = all(total.overlaps(1) for total in implied.get("sums", []))
    text = ", ".join(f"{number.name} {value}" for number, value in misses[:4])
    stated, allowed = first or (None, None)
    return Reading(name, adds and not misses, text, True, stated, allowed), misses


@check
def same_test_set(
    first: list[Number], second: list[Number], *, rows_are: Literal["true", "predicted", "unstated"] = "unstated"
) -> Finding:
    """Two confusion matrices of counts over one test set (row by row, classes in one order) share the class sizes.

    options: ``rows_are`` says what a row is; where that is unstated both are tried.
    """
    matrices = [_square(cells) for cells in (first, second)]
    if len(matrices[0]) != len(matrices[1]):
        raise LedgerError("the two matrices have different numbers of classes")
    readings, shown = [], []
    for rows_true in (True, False) if rows_are == "unstated" else (rows_are == "true",):
        name = "rows are true classes" if rows_true else "columns are true classes"
        sums = [[_total(r) for r in (m if rows_true else zip(*m, strict=True))] for m in matrices]
        holds = all(a.overlaps(b) for a, b in zip(*sums, strict=True))
        text = " against ".join(", ".join(map(str, side)) for side in sums)
        readings.append(Reading(name, holds, text))
        shown.append(f"{text} if {name}")
    off = [abs(a - b) for a, b in zip(*sums, strict=True)]
    return decide(
        readings,
        good="Both matrices have the same class sizes.",
        open="",
        bad=f"The matrices cannot be of one test set: class sizes {'; '.join(shown)}."
        f" Cells would have to change by {hull(off)}.",
    )
