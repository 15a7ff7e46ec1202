"""Runs the checks that a ledger binds and gathers their verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from mer_repro.audit import ledger
from mer_repro.audit.catalogue import CHECKS, NEVER_CUT, Role, bound_ids, roles
from mer_repro.audit.finding import VERDICTS, Finding, Reading, Statement
from mer_repro.audit.numbers import Number, number
from mer_repro.errors import LedgerError

CUT_OFF = "digits cut off instead of rounded"


@dataclass(frozen=True, slots=True)
class Result:
    """One check's verdict on one paper.

    Attributes
    ----------
    paper : citation key.
    check : name of the check, a function of `mer_repro.audit.checks`.
    claims : full ids of the claims concerned: those that cannot stand together, or all that were tested.
    verdict : ``consistent``, ``undetermined`` or ``inconsistent``.
    detail : one sentence for a reader.
    readings : dictionaries ``{reading, holds, plain, arithmetic}``, every convention that was tried.
    witness : an example that proves the verdict (a confusion matrix, whole counts), or None.
    binding : id of the binding in the ledger.
    fault : where the check itself failed, the error: a fault of this audit, never of the paper; else empty.
    """

    paper: str
    check: str
    claims: list[str]
    verdict: str
    detail: str
    readings: list[dict]
    witness: dict | None
    binding: str
    fault: str = ""

    def entry(self) -> dict:
        """What ``mer-repro audit --json`` prints."""
        return {name: value for name, value in asdict(self).items() if name not in ("binding", "fault")}


def run(key: str) -> list[Result]:
    """Audit one paper; results worst first, otherwise in the order of the ledger.

    Raises
    ------
    ParameterError
        If there is no such paper.
    LedgerError
        If the ledger is broken, or binds a check to claims that it cannot take.
    """
    return audit(ledger.load(key))


def audit(paper: ledger.Ledger) -> list[Result]:
    """Audit a ledger that is already loaded (see `run`) or made with `ledger.build`."""
    results = [_result(paper, binding, finding) for binding, finding in findings(paper)]
    return sorted(results, key=lambda result: VERDICTS.index(result.verdict))


def findings(paper: ledger.Ledger) -> Iterator[tuple[ledger.Binding, Finding]]:
    """Every binding of a ledger with what its check finds, in the order of the ledger."""
    rounded = _bindable(paper)
    for binding in paper.checks:
        finding = _call(paper, binding, rounded)
        if finding.verdict == "inconsistent" and binding.check not in NEVER_CUT:
            bound = {name for role in binding.claims for name in bound_ids(binding.claims, role)}
            cut = {**rounded, **paper.numbers(cut=True, only=bound)}
            finding = _excuse_cut_digits(finding, _call(paper, binding, cut))
        if finding.verdict == "inconsistent" and binding.unless:
            finding = _excuse(finding, binding.unless)
        yield binding, finding


def as_frame(results: Iterable[Result]):
    """Results as a pandas DataFrame, one row each: paper, verdict, check, detail, claims, readings, witness."""
    import pandas as pd

    columns = ["paper", "verdict", "check", "detail", "claims", "readings", "witness"]
    return pd.DataFrame([result.entry() for result in results], columns=columns)


def _bindable(paper: ledger.Ledger) -> dict[str, Number | Statement]:
    """The claims and statements of a ledger by their ids there."""
    return {**paper.numbers(), **{s.id: Statement(paper.full_id(s.id), s.says) for s in paper.statements}}


def _fact(name: str, role: Role) -> Number | Statement:
    fact = ledger.facts()[name]
    if role.statement:
        return Statement(f"facts.{name}", fact.says)
    return number(f"facts.{name}", fact.value, fact.unit, fact.rounding)


def _bound(binding: ledger.Binding, bindable: dict) -> dict:
    """The check's arguments: claims first, then facts, where both are bound to one role."""
    arguments = {}
    for role in roles(binding.check).values():
        bound = [bindable[name] for name in bound_ids(binding.claims, role.name)]
        bound += [_fact(name, role) for name in bound_ids(binding.facts, role.name)]
        if bound:
            arguments[role.name] = bound if role.many else bound[0]
    return arguments


def _call(paper: ledger.Ledger, binding: ledger.Binding, bindable: dict) -> Finding:
    """The check's finding; a fault of the check itself is reported as ours and costs no other check its verdict."""
    try:
        return CHECKS[binding.check](**_bound(binding, bindable), **binding.options)
    except LedgerError as error:
        raise LedgerError(f"{paper.paper}, check '{binding.id}' ({binding.check}): {error}") from error
    except Exception as error:
        fault = f"{type(error).__name__}: {error}"
        return Finding(
            "undetermined", f"A fault of this audit, not of the paper: the check ended with {fault}.", fault=fault
        )


def _excuse_cut_digits(rounded: Finding, cut: Finding) -> Finding:
    """`rounded` is inconsistent; if it is not with digits cut off, that is a charitable reading."""
    holds = cut.verdict != "inconsistent"
    reading = Reading(CUT_OFF, holds, plain=False)
    if not holds:
        return Finding("inconsistent", rounded.detail, (*rounded.readings, reading), rounded.witness, rounded.blame)
    detail = f"{rounded.detail} It would hold with {CUT_OFF}."
    return Finding("undetermined", detail, (*rounded.readings, reading), cut.witness, rounded.blame)


def _excuse(finding: Finding, unless: str) -> Finding:
    """An innocent reading that arithmetic cannot test makes the verdict `undetermined`."""
    reading = Reading(unless, None, plain=False)
    detail = f"{finding.detail} Unless {unless}."
    return Finding("undetermined", detail, (*finding.readings, reading), finding.witness, finding.blame)


def _sentence(note: str) -> str:
    return note[0].upper() + note[1:] + ("" if note.endswith(".") else ".")


def _result(paper: ledger.Ledger, binding: ledger.Binding, finding: Finding) -> Result:
    blamed = list(dict.fromkeys(n.id for n in finding.blame if not n.id.startswith("facts.")))
    bound = [name for role in binding.claims for name in bound_ids(binding.claims, role)]
    return Result(
        paper=paper.paper,
        check=binding.check,
        claims=blamed or list(dict.fromkeys(paper.full_id(name) for name in bound)),
        verdict=finding.verdict,
        detail=finding.detail + (f" {_sentence(binding.note)}" if binding.note else ""),
        readings=[
            {"reading": r.name, "holds": r.holds, "plain": r.plain, "arithmetic": r.arithmetic}
            for r in finding.readings
        ],
        witness=finding.witness,
        binding=binding.id,
        fault=finding.fault,
    )
