"""What is known to be wrong with each data set: ``errata.yaml``, joined with what the checks measured.

Conventions
-----------
An erratum says `what` is wrong, what it `concerns`, who `reported_by` first, and how the loader `handled` it. Its
evidence is a finding of the committed survey of the real files (``results/data/survey.json``), so that no number is
typed here; where no finding measures it, the file says the evidence in words.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from mer_repro import paths
from mer_repro.data import registry
from mer_repro.data.declaration import document
from mer_repro.errors import DataError, require_choice

LIST = Path(__file__).with_name("errata.yaml")
SURVEY = paths.PROJECT / "results" / "data" / "survey.json"


@dataclass(frozen=True)
class Erratum:
    """One thing that is wrong with a set, in the copies seen.

    finding : the finding of `validate` that measures it, "" where none does.
    numbers : its figures by name.
    """

    dataset: str
    what: str
    concerns: str
    evidence: str
    reported_by: str
    handled: str
    finding: str = ""
    numbers: dict[str, float] | None = None


def errata(name: str | None = None, survey: Path = SURVEY) -> list[Erratum]:
    """The errata of one data set, or of all.

    Raises
    ------
    ParameterError
        If there is no such data set.
    DataError
        If the list names a finding that the survey does not have.
    """
    names = list(document("errata")) if name is None else [require_choice("data set", name, registry.DATASETS)]
    try:
        surveyed = json.loads(survey.read_text(encoding="utf-8"))["sets"]
    except FileNotFoundError:  # an installed package has no survey beside it
        surveyed = None
    return [_erratum(key, entry, surveyed) for key in names for entry in document("errata").get(key, [])]


def _erratum(name: str, entry: dict, surveyed: dict | None) -> Erratum:
    finding = entry.get("finding", "")
    fields = {key: entry[key] for key in ("what", "concerns", "reported_by", "handled")}
    if not finding:
        return Erratum(name, evidence=entry["evidence"], **fields)
    if surveyed is None:
        return Erratum(name, evidence=f"see: mer-repro data verify {name}", finding=finding, **fields)
    found = next((f for f in surveyed.get(name, {}).get("findings", []) if f["check"] == finding), None)
    if found is None:
        raise DataError(
            LIST,
            found=f"the finding '{finding}' of {name}",
            expected="a finding of the committed survey",
            todo="Make the survey again (mer-repro data survey --write), or correct the name.",
        )
    return Erratum(name, evidence=found["says"], finding=finding, numbers=found["numbers"], **fields)


def same_song(name: str) -> list[list]:
    """Groups of song_ids that are one recording although artist or title differ, as reported."""
    return [group for entry in document("errata").get(name, []) for group in entry.get("same_song", [])]


def as_rows(found: list[Erratum]) -> list[dict]:
    """Plain dictionaries, as ``--json`` prints them."""
    return [asdict(erratum) for erratum in found]
