"""What is known of one paper, gathered through the same functions that its own chapter uses."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mer_repro import audit, papers, report
from mer_repro.audit import finding, ledger
from mer_repro.results import Results
from mer_repro.runs.study import study_keys

if TYPE_CHECKING:
    from mer_repro.audit.runner import Result
    from mer_repro.runs.records import Record
    from mer_repro.verdicts import Verdict

#: This study stands in the tables beside the papers, under the name of its package.
THIS_STUDY = "mer_repro"
#: What the matrix says of an entry that no check concerns, and of one that a check took up while it blamed others.
NOT_CHECKED, NOT_BLAMED = "not checked", "checked, others blamed"
NOT_RERUN, NOT_JUDGED = "not rerun", "not judged"


@dataclass(frozen=True)
class Room:
    """One paper.

    Attributes
    ----------
    key : citation key.
    book : its ledger.
    results : its audit, worst first.
    records : its finished runs; empty where it was not rerun.
    verdicts : what the reruns say; empty where it was not rerun.
    """

    key: str
    book: ledger.Ledger
    results: list[Result] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def rerun(self) -> bool:
        """Whether any run of it is recorded."""
        return bool(self.records)

    def printed(self, claim_id: str) -> str:
        """A number of the ledger exactly as the paper prints it. Raises KeyError where there is none."""
        return self._values[claim_id]

    def stated(self, claim_id: str) -> float:
        """A number of the ledger as a float; percentages as fractions. Raises KeyError, ValueError."""
        value = self.printed(claim_id)
        percent = value.endswith("%") or self._units[claim_id] == "%"
        return float(value.rstrip("%").lstrip("+").replace(",", "")) / (100 if percent else 1)

    @property
    def _values(self) -> dict[str, str]:
        return {claim.id: claim.value for claim in self.book.claims}

    @property
    def _units(self) -> dict[str, str]:
        return {claim.id: claim.unit for claim in self.book.claims}

    def audited(self) -> dict[str, str]:
        """Ledger id -> worst verdict of the checks that concern it, `NOT_BLAMED`, or `NOT_CHECKED`."""
        concerned: dict[str, list[str]] = {}
        for result in self.results:
            for claim in result.claims:
                concerned.setdefault(claim.removeprefix(f"{self.key}."), []).append(result.verdict)
        bound = {name for check in self.book.checks for role in check.claims.values() for name in _listed(role)}
        return {
            entry.id: finding.worst(concerned[entry.id])
            if entry.id in concerned
            else NOT_BLAMED
            if entry.id in bound
            else NOT_CHECKED
            for entry in (*self.book.claims, *self.book.statements)
        }

    def judged(self) -> dict[str, str]:
        """Ledger id -> verdicts of the reruns that rest on it, joined; `NOT_JUDGED`; or `NOT_RERUN` throughout."""
        about: dict[str, list[str]] = {}
        for verdict in self.verdicts:
            for name in verdict.about:
                about.setdefault(name, []).append(verdict.judgement)
        otherwise = NOT_JUDGED if self.rerun else NOT_RERUN
        return {
            entry.id: ", ".join(dict.fromkeys(about[entry.id])) if entry.id in about else otherwise
            for entry in (*self.book.claims, *self.book.statements)
        }


def _listed(role: str | list[str]) -> list[str]:
    return [role] if isinstance(role, str) else role


def enter(key: str, profile: str = "full") -> Room:
    """Everything known of one paper; without a study or without records it stands as not rerun."""
    records = report.records(key, profile) if key in study_keys() else []
    return Room(key, ledger.load(key), audit.run(key), records, _verdicts(key, profile) if records else [])


def _verdicts(key: str, profile: str) -> list[Verdict]:
    room = f"mer_repro.papers.{key}"
    if importlib.util.find_spec(f"{room}.verdicts"):
        return importlib.import_module(f"{room}.verdicts").verdicts(Results.load(key, profile))
    return importlib.import_module(f"{room}.report").verdicts(report.records(key, profile))


def enter_all(profile: str = "full") -> list[Room]:
    """All papers of this study."""
    return [enter(key, profile) for key in papers.paper_keys()]
