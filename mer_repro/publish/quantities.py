"""One quantity, one value: no two places of the built book may print different values of one thing.

A number of ours is what its source says: a score or a difference, its metric and target, the cells that it is of. Which
of a cell's runs were taken, and how they were summed up, is not part of what it is: that is where two values come from.
Numbers that only a chapter's code derives have no such name and are not compared; what a paper states is compared with
its ledger by `mer_repro.publish.links`. Facts in prose are listed in ``quantities.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_NUMBER = re.compile(r"[+-]?\d+(?:\.(\d+))?")
REGISTRY = Path(__file__).with_suffix(".yaml")

#: With this page a book is a whole one, in which every phrase of the registry should be found.
WHOLE = "intro"

#: What a number is; two with one thing must agree.
Thing = tuple[Any, ...]


@dataclass(frozen=True)
class Printed:
    """A number where it stands: its page, its text, its value and half of its last digit in base units."""

    page: str
    text: str
    value: float
    half: float


def several(shown: Mapping[str, Mapping[str, Any]], built: Path) -> list[str]:
    """One line for each thing of which a built book prints two values, and for each phrase that it has no more.

    Parameters
    ----------
    shown : page -> what was linked there, as `links.write_log` keeps it. built : folder of the built pages.
    """
    found: dict[Thing, list[Printed]] = {}
    for name, page in shown.items():
        for entry in page["made"]:
            number = _read(name, entry["text"], "%" in entry["source"].get("style", ""))
            if number and (thing := of_source(entry["source"])):
                found.setdefault(thing, []).append(number)
    faults = []
    texts = {name: _text(place) for name in shown if (place := built / f"{name}.html").is_file()}
    for fact in _registry():
        places = list(_said(fact, texts))
        if WHOLE in texts:
            faults += [f"unseen: no page says “{p}” any more" for p in fact["phrases"] if not _any(p, texts)]
        if "ours" in fact:
            places += found.get(("score", fact["ours"]["metric"], (fact["ours"]["cell"],)), [])
        found[("fact", fact["quantity"])] = places
    return [*faults, *(_told(thing, places) for thing, places in found.items() if not _agree(places))]


def of_source(source: Mapping[str, Any]) -> Thing | None:
    """What a linked number is, from its source as `mer_repro.tables.source` gives it; None where nothing says it."""
    if "recipe" not in source:
        return None
    kind, metric, *rest = source["recipe"]
    target = rest[0] if kind in ("score", "point", "contrast") and rest else ""
    cells = tuple(sorted(source["records"]))
    if kind == "contrast":
        return "difference", metric, target, cells, tuple(sorted(source["against"]))
    # `Results.score` of a target and the metric that a record prints under both names are one thing.
    return "score", f"{target}_{metric}" if target else metric, cells


def _read(page: str, text: str, percent: bool) -> Printed | None:
    """The number at the start of a printed text, without its interval."""
    match = _NUMBER.match(text.replace("\u2212", "-").replace(",", ""))
    if not match:
        return None
    unit = 0.01 if percent else 1.0
    return Printed(page, text, float(match[0]) * unit, 0.5 * 10 ** -len(match[1] or "") * unit)


def _agree(places: list[Printed]) -> bool:
    """Whether some number rounds to each of what is printed."""
    low = max((p.value - p.half for p in places), default=0.0)
    high = min((p.value + p.half for p in places), default=0.0)
    return low <= high + 1e-9


def _told(thing: Thing, places: list[Printed]) -> str:
    at: dict[str, list[str]] = {}
    for place in places:
        at.setdefault(place.text, []).append(place.page)
    where = "; ".join(f"{text} in {', '.join(dict.fromkeys(pages))}" for text, pages in at.items())
    name = " ".join(" + ".join(part) if isinstance(part, tuple) else str(part) for part in thing if part)
    return f"several: {name}: {where}"


@cache
def _registry() -> list[dict[str, Any]]:
    import yaml

    return yaml.safe_load(REGISTRY.read_text(encoding="utf-8"))


def _said(fact: Mapping[str, Any], texts: Mapping[str, str]) -> Iterator[Printed]:
    for phrase in fact["phrases"]:
        for name, text in texts.items():
            for match in re.finditer(phrase, text):
                if number := _read(name, match[1], fact.get("unit") == "%"):
                    yield number


def _any(phrase: str, texts: Mapping[str, str]) -> bool:
    return any(re.search(phrase, text) for text in texts.values())


def _text(page: Path) -> str:
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    return re.sub(r"\s+", " ", (soup.find("article") or soup).get_text(""))
