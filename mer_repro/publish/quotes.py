"""Numbers in a chapter's prose, and the records that each of them rests on.

A chapter's ``numbers(records)`` gives every number that its prose quotes. Which records a number rests on is not
written down by hand, where it could go out of date; it is found by leaving records out: a number rests on those without
which it would be another one. The book turns the number into a link to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mer_repro.runs.records import Record, cell_of

#: How an output of a notebook says what numbers rest on.
MIME = "application/vnd.mer-repro.quotes+json"

#: How the names of numbers begin that the paper states, and that lead to its ledger.
STATED = "stated_"

Numbers = Callable[[list[Record]], dict[str, str]]


@dataclass(frozen=True)
class Quotes:
    """The numbers of a chapter's prose.

    Attributes
    ----------
    shown : name -> the number as it appears.
    behind : name -> ids, without seed, of the records it rests on; empty for a number of the paper's own.
    """

    shown: dict[str, str]
    behind: dict[str, tuple[str, ...]]

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, object]:
        told = {name: {"shown": value, "records": list(self.behind[name])} for name, value in self.shown.items()}
        return {MIME: told, "text/plain": f"{len(self.shown)} numbers in the prose"}


def glued(numbers: Numbers, records: list[Record]) -> Quotes:
    """Glue every number of a chapter, so that its prose can say ``{glue:text}`name```, and tell what each rests on.

    Parameters
    ----------
    numbers : takes records, and gives the numbers by name as they are to appear. It is asked again with records left
        out, so it must do with any of them missing.
    records : what the chapter rests on.
    """
    from myst_nb import glue

    shown = numbers(records)
    for name, value in shown.items():
        glue(name, value, display=False)
    return Quotes(shown, behind(numbers, records))


def behind(numbers: Numbers, records: list[Record]) -> dict[str, tuple[str, ...]]:
    """Name of each number -> ids, without seed, of the records without which it would be another one."""
    whole = numbers(records)
    found: dict[str, list[str]] = {name: [] for name in whole}
    cells = list(dict.fromkeys(cell_of(record.id) for record in records))
    for cell, names in _telling(numbers, records, whole, cells):
        for name in names:
            found[name].append(cell)
    return {name: tuple(ids) for name, ids in found.items()}


def _telling(numbers: Numbers, records: list[Record], whole: dict, cells: list[str]) -> Iterator[tuple[str, list[str]]]:
    """(cell, names of the numbers that change without it), halving the cells for as long as something changes."""
    left = numbers([record for record in records if cell_of(record.id) not in set(cells)])
    changed = [name for name, value in whole.items() if left.get(name) != value]
    if len(cells) <= 1 or not changed:
        yield from ((cell, changed) for cell in cells if changed)
        return
    for half in (cells[: len(cells) // 2], cells[len(cells) // 2 :]):
        yield from _telling(numbers, records, whole, half)
