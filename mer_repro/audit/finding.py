"""What a check answers: a verdict, why in one sentence, the readings tried, and a witness where one exists.

The rule of the whole audit: a convention that the paper leaves open (points or relative? macro or weighted? one run
or a mean of runs?) is tried in every reading.

- ``consistent``: some plain reading holds, one that a reader would take the words to mean.
- ``undetermined``: only a charitable reading holds, or the check only observes, or a number it needs is not there.
- ``inconsistent``: every reading fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mer_repro.audit.numbers import Interval, Number, nearest_printed
from mer_repro.errors import LedgerError

Verdict = Literal["consistent", "undetermined", "inconsistent"]
#: worst first
VERDICTS: tuple[Verdict, ...] = ("inconsistent", "undetermined", "consistent")


@dataclass(frozen=True, slots=True)
class Statement:
    """A paper's statement without a number, as the checks see it: its full id and our paraphrase."""

    id: str
    says: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand the numbers.

    Attributes
    ----------
    name : the convention, as a clause.
    holds : True or False; None where the numbers cannot decide it (then it counts as one that may hold).
    arithmetic : the calculation with its numbers.
    plain : False for a charitable reading: possible, but not what the words say.
    stated, allowed : a printed number and what this reading lets it be, where it is that number which is judged: the
        nearest value that would fit follows from them.
    """

    name: str
    holds: bool | None
    arithmetic: str = ""
    plain: bool = True
    stated: Number | None = None
    allowed: Interval | None = None


def fits(name: str, stated: Number, allowed: Interval, arithmetic: str = "", plain: bool = True) -> Reading:
    """The reading by which a printed number may be anything in `allowed` (base units)."""
    return Reading(name, stated.interval.overlaps(allowed), arithmetic, plain, stated, allowed)


def nearest_fit(readings: Iterable[Reading]) -> Number | None:
    """What is stated, with the nearest value that some reading allows in its place; None if no reading names one."""
    found = []
    for reading in readings:
        if reading.holds is False and reading.stated is not None and reading.allowed is not None:
            value = nearest_printed(reading.stated, reading.allowed)
            if value is not None:
                new = reading.stated.with_value(value)
                found.append((not reading.plain, abs(new.middle - reading.stated.middle), new))
    return min(found, key=lambda entry: entry[:2])[2] if found else None


def _with_nearest(sentence: str, readings: Iterable[Reading], template: str) -> str:
    """An accusation with the nearest value that would fit, unless it names it already."""
    fit = nearest_fit(readings)
    named = fit is None or re.search(rf"(?<![\d.,]){re.escape(fit.printed)}(?![\d]|[.,]\d)", sentence)
    several = len({reading.stated.id for reading in readings if reading.stated}) > 1
    return sentence if named else sentence + template.format(f"{fit} for {fit.name}" if fit and several else fit)


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one check.

    `blame` are the numbers that cannot stand together (all of them if empty); `fault` is the error of a check that
    failed itself.
    """

    verdict: Verdict
    detail: str
    readings: tuple[Reading, ...] = ()
    witness: dict | None = None
    blame: tuple[Number, ...] = field(default=())
    fault: str = ""


def verdict_of(readings) -> Verdict:
    """The rule above, applied to readings."""
    if any(reading.holds and reading.plain for reading in readings):
        return "consistent"
    if any(reading.holds is not False for reading in readings):
        return "undetermined"
    return "inconsistent"


def worst(verdicts) -> Verdict:
    """The worst of some verdicts; ``undetermined`` if there are none."""
    return min(verdicts, key=VERDICTS.index, default="undetermined")


def decide(readings, *, good: str, open: str, bad: str, witness=None, blame=()) -> Finding:
    """A finding whose verdict follows from the readings and picks its sentence.

    An accusation ends with the nearest value that would fit, where a reading names one.
    """
    readings = tuple(readings)
    verdict = verdict_of(readings)
    detail = {"consistent": good, "undetermined": open, "inconsistent": bad}[verdict]
    if verdict == "inconsistent":
        detail = _with_nearest(detail, readings, " The nearest that fits is {}.")
    return Finding(verdict, detail, readings, witness, tuple(blame))


def observe(detail: str, readings=(), witness=None, blame=()) -> Finding:
    """A finding that only reports: ``undetermined`` with the observation."""
    return Finding("undetermined", detail, tuple(readings), witness, tuple(blame))


def rows(**columns: Sequence[Number]) -> list[tuple[Number, ...]]:
    """Aligned columns as rows.  Raises LedgerError if their lengths differ."""
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        stated = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise LedgerError(f"the roles must list equally many claims, one a row, but have: {stated}")
    return list(zip(*columns.values(), strict=True))


@dataclass(frozen=True, slots=True)
class Row:
    """One row's part in a check of a table: its numbers, the readings tried, and what to say if it fails."""

    numbers: tuple[Number, ...]
    readings: tuple[Reading, ...]
    complaint: str

    @property
    def verdict(self) -> Verdict:
        """The verdict of this row alone, from its readings (`verdict_of`)."""
        return verdict_of(self.readings)


def every_row(table, *, good: str, witness=None) -> Finding:
    """A finding that is as bad as the worst row; rows with a number that is not printed (NAN) are passed over.

    `table` yields `Row` or None for a row passed over. `good` completes "In all n rows".
    """
    tested = [row for row in table if row is not None]
    if not tested:
        return observe("None of the numbers that this needs is printed.")
    verdict = worst(row.verdict for row in tested)
    readings = tuple(reading for row in tested for reading in row.readings)
    bad = [row for row in tested if row.verdict == verdict]
    if verdict == "consistent":
        detail = f"In all {len(tested)} rows {good}." if len(tested) > 1 else f"{good[0].upper()}{good[1:]}."
        return Finding(verdict, detail, readings, witness)
    count = f"{len(bad)} of {len(tested)} rows: " if len(tested) > 1 else ""
    shown = "; ".join(_complaint(row) for row in bad[:4]) + ("; and more" if len(bad) > 4 else "")
    blame = tuple(number for row in bad for number in row.numbers)
    return Finding(verdict, f"{count}{shown}.", readings, witness, blame)


def _complaint(row: Row) -> str:
    """What to say of a row, with the nearest value that would fit where it is accused."""
    if row.verdict != "inconsistent":
        return row.complaint
    return _with_nearest(row.complaint, row.readings, " (nearest that fits: {})")
