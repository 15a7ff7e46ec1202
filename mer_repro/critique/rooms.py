"""What is known of one paper, gathered through the same functions that its own chapter uses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mer_repro import audit, papers
from mer_repro import verdicts as rules
from mer_repro.audit import finding, ledger
from mer_repro.results import Results, Stated, stated
from mer_repro.runs.study import study_keys

if TYPE_CHECKING:
    from mer_repro.audit.runner import Result
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
    runs : its finished runs with their evidence; None or empty where it was not rerun.
    verdicts : what the reruns say; empty where it was not rerun.
    """

    key: str
    book: ledger.Ledger
    results: list[Result] = field(default_factory=list)
    runs: Results | None = None
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def rerun(self) -> bool:
        """Whether any run of it is recorded."""
        return self.runs is not None and len(self.runs) > 0

    def stated(self, claim_id: str) -> Stated:
        """A number of the ledger, in base units. Raises `LedgerError` where there is none."""
        return stated(self.key, claim_id)

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
    runs = Results.load(key, profile) if key in study_keys() else None
    judged = rules.judge(rules.of_paper(key), runs) if runs else []
    return Room(key, ledger.load(key), audit.run(key), runs, judged)


def enter_all(profile: str = "full") -> list[Room]:
    """All papers of this study."""
    return [enter(key, profile) for key in papers.paper_keys()]
