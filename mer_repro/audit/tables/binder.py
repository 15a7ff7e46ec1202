"""Binds checks by themselves: which of them the values of some tables allow, and under which readings.

A binding accuses only where the headers leave no doubt, or where most lines of a table follow a rule exactly and one
does not (`_evident`).  Where the headers leave another meaning open it is said in the binding's ``unless``, so that the
verdict is `undetermined` at worst.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from mer_repro.audit import quantities
from mer_repro.audit.checks.classification import harmonic
from mer_repro.audit.numbers import Interval, Number, Rounding, number
from mer_repro.audit.tables import headings
from mer_repro.audit.tables.interpret import Table, Value

#: more lines than this share must follow a rule exactly before an exception is an error
EVIDENT = Fraction(2, 3)
_ONE_NUMBER = {
    "accuracy", "error_rate", "micro_f1", "micro_precision", "micro_recall", "weighted_recall", "balanced_accuracy",
    "macro_recall",
}  # fmt: skip
_ONE_LABEL = re.compile(r"\bclass(?:es)?\b|per-class|class-wise|classif", re.I)
_MANY_LABELS = re.compile(
    r"multi-?label|entit(?:y|ies)|\bner\b|\bslots?\b|\bspans?\b|tagging|detect|extract|relation|event|link", re.I
)


@dataclass(slots=True)
class Bound:
    """A check with the values that it takes; becomes a `Binding` of a ledger.  `table` names where it comes from."""

    check: str
    claims: Mapping[str, Value | list[Value]]
    table: str
    options: dict[str, str] = field(default_factory=dict)
    unless: str = ""
    note: str = ""

    def values(self) -> list[Value]:
        """All values that the check takes, one list for all roles."""
        return [v for bound in self.claims.values() for v in (bound if isinstance(bound, list) else [bound])]


def stated(value: Value) -> Number:
    """A value as the checks see it."""
    return number(value.id, value.printed, value.unit, rounding(value), value.quantity)


def _interval(value: Value) -> Interval:
    interval = stated(value).interval
    assert interval is not None
    return interval


def rounding(value: Value) -> Rounding:
    """How a value was rounded: as its sentence says; counts are exact, all else to the nearest."""
    if value.rounding:
        return value.rounding
    known = quantities.quantities().get(value.quantity)
    return "exact" if known and known.whole else "nearest"


def bind(tables: list[Table]) -> list[Bound]:
    """All checks that bind themselves in these tables of one document."""
    found: list[Bound] = []
    for table in tables:
        for binder in (
            _ranges,
            _matrix,
            _identities,
            _triples,
            _report,
            _regression,
            _throughput,
            _trained,
            _sums,
            _means,
            _shares,
            _bold,
            _copied,
        ):
            found += binder(table)
    linked = [*_linked(tables), *_same_test_sets(tables)]
    again = {(one.check, one.table) for one in linked}
    return [one for one in found if (one.check, one.table) not in again] + linked + list(_across(tables))


def _ranges(table: Table) -> Iterator[Bound]:
    known = quantities.quantities()
    named = [v for v in table.values.values() if v.quantity and v.sure]
    values = [v for v in named if known[v.quantity].kind in ("score", "error")]
    if values:
        yield Bound("in_range", {"values": values}, table.name)


def _triples(table: Table) -> Iterator[Bound]:
    """Rows of precision, recall and F1; of single classes where the table is a report of one evaluation."""
    rows: dict[str, list[tuple[Value, Value, Value]]] = defaultdict(list)
    for group in table.groups().values():
        if {"precision", "recall", "f1"} <= set(group):
            f1, precision, recall = group["f1"], group["precision"], group["recall"]
            single = table.report and not table.report.get(f1.row) and not table.several
            if len({f1.unit, precision.unit, recall.unit}) == 1:
                rows["class" if single else "unstated"].append((f1, precision, recall))
    for average, found in rows.items():
        claims = {name: [row[k] for row in found] for k, name in enumerate(("f1", "precision", "recall"))}
        yield Bound("f1_from_precision_recall", claims, table.name, {"average": average})


def _classes(table: Table, family: str) -> dict[int, Value]:
    """The values of one quantity in a report's rows of classes, by row; empty unless there is just one such column."""
    columns = {v.column for v in table.values.values() if v.family == family and not table.report.get(v.row)}
    if len(columns) != 1:
        return {}
    return {v.row: v for v in table.values.values() if v.column in columns and not table.report.get(v.row)}


def _one_label(table: Table) -> bool:
    said = f"{table.grid.caption} {table.grid.rows[0][0].text}"
    accuracy = any(v.quantity == "accuracy" for v in table.values.values())
    many = _MANY_LABELS.search(said) or "micro" in table.report.values()
    return bool(accuracy or _ONE_LABEL.search(said)) and not many


def _identities(table: Table) -> Iterator[Bound]:
    """Scores of one evaluation that are one number by definition, such as accuracy and micro F1."""
    groups: dict[tuple, list[Value]] = defaultdict(list)
    for value in table.values.values():
        if value.quantity in _ONE_NUMBER:
            groups[value.group].append(value)
    for scores in groups.values():
        if len({v.quantity for v in scores}) == len(scores) > 1:
            options = {"labels": "single" if _one_label(table) else "unstated"}
            yield Bound("identities", {"scores": scores}, table.name, options)


def matrix(table: Table) -> list[list[Value]]:
    """The cells of a printed confusion matrix: as many rows as columns, of the same names; else empty."""
    rows = [r for r in table.rows if not headings.aggregate(table.rows[r].text)]
    columns = [c for c in table.columns if not headings.aggregate(table.columns[c].text)]
    named = len(rows) == len(columns) > 1 and all(
        headings.same(table.rows[r].text, table.columns[c].text) for r, c in zip(rows, columns, strict=True)
    )
    complete = named and all((r, c) in table.values for r in rows for c in columns)
    return [[table.values[r, c] for c in columns] for r in rows] if complete else []


def _counts(cells: list[list[Value]]) -> bool:
    """Whether the cells are counts, also as means over repetitions, and no shares of rows or columns."""
    lines = [*cells, *zip(*cells, strict=True)]
    sums = [sum(float(v.printed.replace(",", "")) for v in line) for line in lines]
    size = len(cells)
    shares = [
        all(abs(s - whole) < whole / 20 for s in side) for side in (sums[:size], sums[size:]) for whole in (1, 100)
    ]
    return not any(shares)


def _matrix(table: Table) -> Iterator[Bound]:
    """A printed confusion matrix: its cells get their quantity, and shares must add up to 1 by rows or by columns."""
    cells = matrix(table)
    if not cells or not re.search(
        r"confusion|predict|actual|true", f"{table.grid.caption} {table.grid.rows[0][0].text}", re.I
    ):
        return
    counts = _counts(cells)
    flat = [value for row in cells for value in row]
    highest = max(float(value.printed.replace(",", "")) for value in flat)
    for value in flat:
        value.quantity, value.unit = ("cell", "items") if counts else ("class_share", "%" if highest > 1.5 else "1")
    if not counts:
        yield Bound("matrix_scores", {"cells": flat}, table.name, {"entries": "shares"})


def _same_test_sets(tables: list[Table]) -> Iterator[Bound]:
    """Confusion matrices of the same classes whose captions name the same data, or none: each with the first."""
    sets: dict[tuple, list[tuple[Table, list[Value]]]] = defaultdict(list)
    for table in tables:
        cells = matrix(table)
        if cells and cells[0][0].quantity == "cell":
            data = re.search(r"\bon (.+)", table.grid.caption)
            key = (headings.plain(data[1]) if data else "", *(headings.plain(row[0].label) for row in cells))
            sets[key].append((table, [value for row in cells for value in row]))
    for (_, first), *rest in sets.values():
        for table, second in rest:
            claims = {"first": first, "second": second}
            yield Bound("same_test_set", claims, table.name, unless="the models were tested on different items")


def _report(table: Table) -> Iterator[Bound]:
    """A report by class: its averages, its accuracy, and the confusion matrix behind it."""
    if not table.report:
        return
    support = _classes(table, "support")
    families = {family: _classes(table, family) for family in ("precision", "recall", "f1")}
    rows = [row for row, kind in table.report.items() if not kind]
    for (row, _), value in sorted(table.values.items()):
        kind, per_class = table.report.get(row, ""), families.get(value.family, {})
        if kind in ("macro", "weighted", "mean") and per_class and set(per_class) == set(rows):
            yield from _average(table, value, kind, [per_class[r] for r in rows], support, rows)
    complete = [f for f, by in families.items() if set(by) == set(rows)]
    if set(support) != set(rows) or not {"precision", "recall"} <= set(complete):
        return
    accuracy = next((v for v in table.values.values() if v.quantity == "accuracy" and v.unit != "items"), None)
    yield from _one_evaluation(table, rows, {**families, "support": support}, accuracy)


def _average(table: Table, value: Value, kind: str, per_class: list[Value], support, rows) -> Iterator[Bound]:
    weighted = set(support) == set(rows)
    if kind != "macro" and not weighted:
        return
    group = {v.family: v for v in table.values.values() if v.row == value.row}
    unless = ""
    if value.family == "f1" and {"precision", "recall"} <= set(group):
        whole = harmonic(_interval(group["precision"]), _interval(group["recall"]))
        if _interval(value).overlaps(whole):
            unless = "the average F1 was taken from the averages of precision and recall"
    claims: dict[str, Value | list[Value]] = {"average": value, "per_class": per_class}
    if weighted:
        claims["support"] = [support[row] for row in rows]
    yield Bound("average_of_classes", claims, table.name, unless=unless)


def _one_evaluation(table: Table, rows, columns, accuracy: Value | None) -> Iterator[Bound]:
    """What one evaluation of single labels implies: whole counts, predictions that add up, accuracy from recalls."""
    totals = {v.printed: v for v in table.values.values() if v.family == "support" and table.report.get(v.row)}
    for total in totals.values():
        parts = [columns["support"][row] for row in rows]
        yield Bound("sum_to_total", {"parts": parts, "total": total}, table.name)
    complete = [name for name in ("precision", "recall", "support", "f1") if set(columns[name]) == set(rows)]
    claims: dict[str, Value | list[Value]] = {name: [columns[name][row] for row in rows] for name in complete}
    single = _one_label(table)
    unless = "" if single else "an item may have several labels, or none"
    if accuracy:
        yield Bound(
            "accuracy_from_recall",
            {"accuracy": accuracy, "recall": claims["recall"], "support": claims["support"]},
            table.name,
            unless=unless,
        )
        claims["accuracy"] = accuracy
    options = {"runs": "unstated" if table.several else "one"}
    yield Bound("confusion_counts", claims, table.name, options, unless)


def _regression(table: Table) -> Iterator[Bound]:
    """Errors of one model on one thing against each other, and the variance that they imply."""
    groups = list(table.groups().values())
    pairs = {
        "mae_at_most_rmse": ("mae", "rmse"),
        "rmse_is_root_of_mse": ("rmse", "mse"),
        "r2_at_most_squared_correlation": ("r2", "correlation"),
        "ccc_at_most_correlation": ("ccc", "correlation"),
    }
    for check, (first, second) in pairs.items():
        found = [(g[first], g[second]) for g in groups if {first, second} <= set(g)]
        found = [(a, b) for a, b in found if a.unit == b.unit or first == "r2"]
        if found:
            one, other = (list(column) for column in zip(*found, strict=True))
            unless = "both are means over several runs" if table.several and check == "rmse_is_root_of_mse" else ""
            yield Bound(check, {first: one, second: other}, table.name, unless=unless)
    sets: dict[tuple, list[tuple[Value, Value]]] = defaultdict(list)
    for group in groups:
        error = group.get("mse") or group.get("rmse")
        if "r2" in group and error and not table.apart:
            r2 = group["r2"]
            sets[r2.where, r2.section, r2.kept, r2.part].append((r2, error))
    for found in sets.values():
        if len(found) > 1 and len({error.quantity for _, error in found}) == 1:
            r2s, errors = (list(column) for column in zip(*found, strict=True))
            yield Bound("implied_variance", {"r2": r2s, "rmse": errors}, table.name)


def _throughput(table: Table) -> Iterator[Bound]:
    groups = table.groups().values()
    by_row: dict[int, dict[str, Value]] = defaultdict(dict)
    for group in groups:
        for family, value in group.items():
            by_row[value.row][family] = value
    found = [g for g in by_row.values() if {"throughput", "batch_size", "latency"} <= set(g)]
    if found:
        claims = {
            role: [group[name] for group in found]
            for role, name in (("stated", "throughput"), ("batch", "batch_size"), ("latency", "latency"))
        }
        yield Bound("throughput", claims, table.name, unless="several batches are under way at a time")


def _trained(table: Table) -> Iterator[Bound]:
    """The same model's scores on training and on test data, told apart by the names of rows or columns."""
    parts: dict[tuple, dict[str, Value]] = defaultdict(dict)
    for value in table.values.values():
        if value.part and value.quantity:
            rest = re.sub(
                "|".join(p.pattern for p in headings.PARTS.values()), "", f"{value.label} {value.where}", flags=re.I
            )
            parts[value.quantity, headings.plain(rest)].setdefault(value.part, value)
    found = [
        by for (name, _), by in parts.items() if {"training", "testing"} <= set(by) and name not in ("count", "support")
    ]
    if found and all(quantities.quantities()[by["training"].quantity].better != "none" for by in found):
        claims = {part: [by[part] for by in found] for part in ("training", "testing")}
        yield Bound("trained_better_than_tested", claims, table.name)


def _lines(table: Table, kind: str) -> list[tuple[list[Value], Value]]:
    """Rows and columns with an aggregate of this kind at their end (or start): the parts with it."""
    found = []
    values = list(table.values.values())
    for value in values:
        if headings.aggregate(value.label) == kind:
            parts = [
                v for v in values if v.column == value.column and v.row != value.row and v.section == value.section
            ]
            parts = [v for v in parts if not headings.aggregate(v.label)]
            if {v.row for v in parts} | {value.row} >= {
                r
                for r in table.rows
                if not headings.aggregate(table.rows[r].text) and table.sections[r] == value.section
            }:
                found.append((parts, value))
        if headings.aggregate(value.header) == kind:
            parts = [v for v in values if v.row == value.row and v.column != value.column]
            parts = [v for v in parts if not headings.aggregate(v.header)]
            columns = {c for c, h in table.columns.items() if not headings.aggregate(h.text)}
            if {v.column for v in parts} == columns:
                found.append((parts, value))
    return [(parts, value) for parts, value in found if len(parts) > 1]


def _evident(fits: list[bool]) -> bool:
    """Whether a rule that holds in these lines is more than chance: in two lines or more, and in most."""
    return sum(fits) >= 2 and sum(fits) >= EVIDENT * len(fits)


def _plain_interval(value: Value, quantity: str) -> Interval:
    interval = number(value.id, value.printed, "1", "exact" if quantity == "count" else "nearest").interval
    assert interval is not None
    return interval


def _sums(table: Table) -> Iterator[Bound]:
    """Totals of counts: rows and columns called total or sum, where most of them are the sums of their parts."""
    lines = [
        (parts, total)
        for parts, total in _lines(table, "total")
        if all(re.fullmatch(r"[\d,]+", v.printed) and v.unit != "%" for v in [*parts, total])
    ]
    lines = [(parts, total) for parts, total in lines if not _greatest(parts, total)]
    fits = [_total(parts) == _total([total]) for parts, total in lines]
    if not any(fits):
        return
    unless = "" if _evident(fits) else "the rows or columns are not all the parts of this total, or overlap"
    for parts, total in lines:
        for value in (*parts, total):
            value.quantity, value.unit = value.quantity or "count", "items"
        yield Bound("sum_to_total", {"parts": parts, "total": total}, table.name, unless=unless)


def _greatest(parts: list[Value], total: Value) -> bool:
    """Whether what is called total is the greatest of its parts, or says that it counts each thing once."""
    once = re.search(
        r"max|depth|avg|average|mean|median|uniq|distinct|vocab|types", f"{total.header} {total.label}", re.I
    )
    return bool(once) or _total([total]) <= max(_total([part]) for part in parts)


def _total(values: list[Value]) -> int:
    return sum(int(value.printed.replace(",", "")) for value in values)


def _means(table: Table) -> Iterator[Bound]:
    """Averages of rows and columns, where most of them are the plain means of what stands beside them."""
    if table.report:
        return
    lines = [
        (parts, mean)
        for parts, mean in _lines(table, "mean")
        if len({p.quantity for p in parts} | {mean.quantity}) == 1
    ]
    fits = []
    for parts, mean in lines:
        middle = sum((_plain_interval(p, "") for p in parts), Interval.exactly(0)) / len(parts)
        fits.append(middle.overlaps(_plain_interval(mean, "")))
    if _evident(fits):
        for parts, mean in lines:
            yield Bound("average_of_classes", {"average": mean, "per_class": parts}, table.name)


def _shares(table: Table) -> Iterator[Bound]:
    """Columns and rows of percentages that add up to 100, where most do."""
    for axis in (0, 1):
        lines: dict[tuple, list[Value]] = defaultdict(list)
        for place, value in table.values.items():
            lines[place[axis], value.section].append(value)
        percent = [
            line
            for line in lines.values()
            if len(line) > 2 and all(v.quantity in ("", "percentage", "class_share", "proportion") for v in line)
        ]
        sums = [sum((_plain_interval(v, "") for v in line), Interval.exactly(0)) for line in percent]
        fits = [
            total.contains(100) and all("." in v.printed for v in line)
            for total, line in zip(sums, percent, strict=True)
        ]
        near = [total.overlaps(Interval.exactly(100) + Interval(Fraction(-5), Fraction(5))) for total in sums]
        if percent and _evident(fits) and all(near):
            for line in percent:
                for value in line:
                    value.quantity, value.unit = value.quantity or "percentage", "%"
                yield Bound("sum_to_total", {"parts": line}, table.name)
            return


def _bold(table: Table) -> Iterator[Bound]:
    """Bold cells against the others of their column, where bold marks the best in most columns."""
    known = quantities.quantities()
    columns: dict[tuple, list[Value]] = defaultdict(list)
    for (_, column), value in table.values.items():
        if value.quantity and known[value.quantity].better != "none" and not headings.aggregate(value.label):
            columns[column, value.section, value.kept, value.quantity].append(value)
    tried = []
    for values in columns.values():
        bold, rest = [v for v in values if v.bold], [v for v in values if not v.bold]
        if len(bold) == 1 and len(rest) > 1:
            sign = -1 if known[bold[0].quantity].better == "lower" else 1
            first = sign * stated(bold[0]).middle
            ahead = [first >= sign * stated(v).middle for v in rest]
            if any(ahead):  # a column whose worst is bold is of something else than was read
                tried.append((bold, rest, all(ahead)))
    if not table.apart and _evident([best for *_, best in tried]):
        for bold, rest, _ in tried:
            claims = {"marked": bold, "others": rest}
            yield Bound("marked_best", claims, table.name, unless="bold marks something else here")


def _copied(table: Table) -> Iterator[Bound]:
    """Scores with a spread: the same score with the same spread in two cells."""
    places: dict[tuple, list[Value]] = defaultdict(list)
    for value in table.values.values():
        if value.spread and value.quantity and len(value.printed.strip("0.")) > 2:
            places[value.printed, value.spread].append(value)
    for cells in places.values():
        if len({v.row for v in cells}) < len(cells) or len({v.column for v in cells}) < len(cells):
            yield Bound("copied_cells", {"cells": cells}, table.name)


def _linked(tables: list[Table]) -> Iterator[Bound]:
    """A report by class without accuracy, and another table whose row prints the same averages and an accuracy."""
    for report in tables:
        macro = [row for row, kind in report.report.items() if kind in ("macro", "weighted", "mean")]
        if not macro or any(v.quantity == "accuracy" for v in report.values.values()) or not _one_label(report):
            continue
        support = _classes(report, "support")
        rows = [row for row, kind in report.report.items() if not kind]
        families = {family: _classes(report, family) for family in ("precision", "recall", "f1")}
        if any(set(by) != set(rows) for by in (support, families["recall"])):
            continue
        average = {v.family: v.printed for v in report.values.values() if v.row == macro[0] and v.family in families}
        for other in tables:
            for group in other.groups().values() if other is not report else ():
                if (
                    "accuracy" in group
                    and len(average) == 3
                    and all(name in group and group[name].printed == printed for name, printed in average.items())
                ):
                    yield from _one_evaluation(report, rows, {**families, "support": support}, group["accuracy"])


def _across(tables: list[Table]) -> Iterator[Bound]:
    """Sections of one table that add up to the cells of another: two totals at least must agree to accuse a third."""
    for table in tables:
        sections: dict[str, list[Value]] = defaultdict(list)
        for value in table.values.values():
            if value.quantity == "count":
                sections[value.section or value.lead].append(value)
        if len(sections) < 2:
            continue
        for other in tables:
            totals = [v for v in other.values.values() if v.quantity == "count"] if other is not table else []
            pairs = [
                (parts, total)
                for name, parts in sections.items()
                for total in totals
                if headings.same(total.header, name) or headings.same(total.label, name)
            ]
            fits = [_total(parts) == _total([total]) for parts, total in pairs]
            if _evident(fits):
                for parts, total in pairs:
                    yield Bound("sum_to_total", {"parts": parts, "total": total}, table.name)
