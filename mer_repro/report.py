"""What every chapter shows in the same way: records as a table, the ledger, the audit, the card at its top.

Functions return tables, or objects that a notebook shows as HTML; nothing here is computed that a test cannot reach.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mer_repro import audit, papers, paths, tables
from mer_repro.audit import finding, ledger
from mer_repro.runs.records import REPEATS, Record, RecordStore, cell_of

if TYPE_CHECKING:
    import pandas as pd

    from mer_repro.results import Results
    from mer_repro.verdicts import Verdict

#: Verdicts of the audit and of reruns as a reader sees them: a sign, so that colour is never the only difference.
SIGNS = {
    "inconsistent": "✗ inconsistent",
    "undetermined": "? undetermined",
    "consistent": "✓ consistent",
    "unsupported": "✗ unsupported",
    "undecided": "? undecided",
    "untestable": "– untestable",
    "not run": "· not run",
    "supported": "✓ supported",
}


def records(key: str, profile: str = "full") -> list[Record]:
    """The finished runs of a paper under a profile; an empty list where there are none yet."""
    return RecordStore(paths.records_home(profile)).all(key)


def is_draft(key: str) -> bool:
    """Whether a text is an unpublished draft, which is counted apart from papers."""
    return ledger.load(key).draft


def fidelity_table(key: str) -> tables.Table:
    """Every detail that a paper states about its networks and their training, and what became of it here."""
    import importlib

    details = importlib.import_module(f"mer_repro.papers.{key}.model").FIDELITY
    rows = [
        {
            "detail": row.detail,
            "where": row.where,
            "stated": row.stated,
            "what we did": row.done,
            "why": row.why,
            "possible": "yes" if row.possible else "no",
        }
        | ({"in its words": f"“{row.quote}”"} if row.quote else {})
        for row in details
    ]
    return tables.Table(rows, f"{len(details)} details", searchable=True)


def claims_table(key: str) -> tables.Table:
    """Every number and statement of a paper's ledger: id, place, what it is, what is printed."""
    book = ledger.load(key)
    rows = [
        {
            "id": tables.Claims(key, (claim.id,), anchor=True),
            "where": _place(claim.where),
            "what": claim.quantity.replace("_", " "),
            "printed": tables.Text.claim(
                claim.value + (f" ± {claim.spread}" if claim.spread else ""), book.full_id(claim.id)
            ),
            "unit": "" if claim.unit == "1" else claim.unit,
            "about": ", ".join(f"{name}: {value}" for name, value in claim.about.items()),
        }
        for claim in book.claims
    ]
    rows += [
        {
            "id": tables.Claims(key, (s.id,), anchor=True),
            "where": _place(s.where),
            "what": s.kind,
            "printed": s.says,
            "unit": "",
            "about": "",
        }
        for s in book.statements
    ]
    caption = f"{len(book.claims)} numbers and {len(book.statements)} statements of {key}"
    return tables.Table(rows, caption, searchable=True)


def _place(where: ledger.Place) -> str:
    """Section and, inside it, table with row and column, figure, equation or paragraph."""
    return str(where) if str(where).startswith(where.section) else f"{where.section}: {where}"


def audit_table(*keys: str) -> tables.Table:
    """Every check of the papers' numbers against each other, worst first; of all papers when none is named."""
    results = [result for key in keys or papers.paper_keys() for result in audit.run(key)]
    rows = [
        ({} if len(keys) == 1 else {"paper": result.paper})
        | {
            "verdict": SIGNS[result.verdict],
            "check": result.check.replace("_", " "),
            "finding": result.detail,
            "readings": "; ".join(_reading(reading) for reading in result.readings),
            "claims": tables.Claims(result.paper, tuple(c.removeprefix(f"{result.paper}.") for c in result.claims)),
        }
        for result in sorted(results, key=lambda result: finding.VERDICTS.index(result.verdict))
    ]
    return tables.Table(rows, f"{len(rows)} checks, worst first", searchable=True)


def untested_table(key: str, judged: list[Verdict], why: dict[str, str]) -> tables.Table:
    """The statements of a paper that neither a check nor a verdict bears on, with the reason where there is one.

    Parameters
    ----------
    judged : the paper's verdicts.
    why : statement id -> why nothing here tests it.

    Raises
    ------
    LedgerError
        If a reason is given for a statement that does not exist or that something does test.
    """
    from mer_repro.errors import LedgerError

    tested = {name for verdict in judged for name in verdict.about}
    tested |= {name.removeprefix(f"{key}.") for result in audit.run(key) for name in result.claims}
    open_ones = {s.id: s.says for s in ledger.load(key).statements if s.id not in tested}
    if idle := set(why) - set(open_ones):
        raise LedgerError(f"{key}: reasons for not testing {', '.join(sorted(idle))}, which are tested or not there.")
    rows = [
        {"statement": says, "why not": why.get(name, NOT_TESTED), "ledger": tables.Claims(key, (name,))}
        for name, says in open_ones.items()
    ]
    return tables.Table(rows, f"{len(rows)} statements that nothing here tests", searchable=True)


NOT_TESTED = "no run and no arithmetic of ours bears on it"


def _reading(reading: dict) -> str:
    """A convention that was tried, and whether the numbers fit it: ``points: 0.8 - 0.7 = 10 %, fits``."""
    outcome = {True: "fits", False: "does not fit", None: "cannot be decided"}[reading["holds"]]
    arithmetic = f": {reading['arithmetic']}" if reading["arithmetic"] else ""
    return f"{reading['reading']}{arithmetic} ({outcome})"


def audit_counts() -> pd.DataFrame:
    """Claims, statements and verdicts of the audit, a row a paper and one for all; the columns are counts."""
    import pandas as pd

    rows = []
    for key in papers.paper_keys():
        book, results = ledger.load(key), audit.run(key)
        row = {"paper": key, "numbers": len(book.claims), "statements": len(book.statements), "checks": len(results)}
        rows.append(row | {v: sum(result.verdict == v for result in results) for v in finding.VERDICTS})
    table = pd.DataFrame(rows)
    return pd.concat([table, table.sum(numeric_only=True).to_frame().T.assign(paper="all")])[table.columns]


#: What a card links to: headings that every chapter has, and pages made for every paper.
SECTIONS = {
    "Verdicts": "#verdicts",
    "Evidence": "../evidence/{key}.html",
    "Ledger": "../evidence/{key}.html#what-the-paper-states",
    "Audit": "../evidence/{key}.html#what-its-numbers-can-and-cannot-mean",
    "Runs": "../records/{key}.html",
    "Reproduce": "#reproduce-this-page",
}


def card(
    results: Results, judged: list[Verdict], theirs: tables.Text, ours: tables.Text, note: str = ""
) -> tables.Table:
    """The head of a paper's chapter: the tally of its verdicts, its headline verdict word for word, both numbers, cost.

    Parameters
    ----------
    results, judged : everything recorded of the paper, and its verdicts, one of them marked as the headline.
    theirs, ours : the paper's number and ours, and what they are.
    note : what a reader has to know before anything else, e.g. that no network was trained at full size.
    """
    from mer_repro import verdicts

    main = verdicts.headline(judged)
    look = [tables.Link(label, address.format(key=results.key)) for label, address in SECTIONS.items()]
    rows = {
        "Verdicts": verdicts.tally(judged),
        "The claim": main.claim,
        "Its verdict": tables.Text.of("{says}. {because}", says=main.says, because=main.because),
        "Their number": theirs,
        "Our number": ours,
        "Data": ", ".join(f"{d} ({kind})" for d, kind in sorted({(r.dataset, r.data) for r in results})),
        "Cost": _cost(results),
        **({"Note": note} if note else {}),
        "Look closer": tables.Text.join(look, " · "),
    }
    return tables.Table([{"": name, " ": cell} for name, cell in rows.items()], kind="mer-card")


#: The same of every paper until its authors are asked; `book/how_to_read.md` says so, too.
COMMUNICATION = (
    "None yet: the authors have not been asked. What they could answer is written by us; how they can answer, and how"
    " errors are corrected, is told on the page on reading this book."
)


def summary(results: Results, judged: list[Verdict], easy: str, hard: str) -> tables.Table:
    """The summary that the Machine Learning Reproducibility Challenge asks of a report, under its six headings.

    Parameters
    ----------
    results, judged : as for `card`.
    easy, hard : what of the reproduction was, in a sentence or two.
    """
    import importlib

    from mer_repro import verdicts

    main = verdicts.headline(judged)
    details = importlib.import_module(f"mer_repro.papers.{results.key}.model").FIDELITY
    blocked = sum(not row.possible for row in details)
    data = ", ".join(sorted({f"{r.dataset} ({r.data})" for r in results}))
    method = (
        "The networks are rebuilt in PyTorch from the text. Details of it that cannot be followed as they stand:"
        f" {blocked} of {len(details)} (listed below). {_cost(results)}. Data: {data}."
    )
    rows = {
        "Scope of reproducibility": tables.Text.of(
            "{n} claims, the first of them: {claim}", n=str(len(judged)), claim=main.claim
        ),
        "Methodology": method,
        "Results": tables.Text.of(
            "{tally}. On the first: {because}", tally=verdicts.tally(judged), because=main.because
        ),
        "What was easy": easy,
        "What was difficult": hard,
        "Communication with original authors": COMMUNICATION,
    }
    found = [{"": name, " ": cell} for name, cell in rows.items()]
    return tables.Table(found, "Summary under the headings of the Machine Learning Reproducibility Challenge")


def _cost(results: Results) -> str:
    minutes, seconds = divmod(round(sum(run.seconds for run in results)), 60)
    devices = ", ".join(sorted({run.device for run in results})) or "nothing yet"
    return f"{len(results):,} runs, {minutes} min {seconds} s of computing on {devices}"


def measured_here(key: str, profile: str, overrides: dict | None, metrics: tuple[str, ...]) -> tables.Table:
    """Run what a study is missing under a profile on this machine, and show its scores.

    The full profile is only shown: `mer-repro run` is what makes its runs, and a page never starts hours of them.

    Parameters
    ----------
    overrides : top-level parameters that stand above the profile's file.
    metrics : names of the scores to show, where a run has them.
    """
    from mer_repro.results import Results, counted
    from mer_repro.runs.sweep import measured

    committed = profile == "full" and not overrides
    store = RecordStore(paths.records_home(profile))
    shown = Results(key, store.all(key) if committed else measured(key, profile, overrides or {}), store)
    cells: dict[str, list[Record]] = {}
    for run in shown:
        cells.setdefault(cell_of(run.id), []).append(run)
    rows = []
    for repeats in cells.values():
        runs, first = Results(key, repeats, store), repeats[0]
        place = {"data": f"{first.dataset} ({first.data})"}
        place |= {name: getattr(first, name) for name in ("protocol", "variant", "target")}
        varied = [f"{name} {value}" for name, value in first.factors.items() if name not in REPEATS]
        place["factors"] = ", ".join(varied) or tables.DASH
        for name in metrics:
            if (value := runs.point(name)) is not None:
                # Only committed records have a page to lead to.
                value = value if committed else replace(value, records=())
                count = tables.Runs(runs.ids) if committed else counted(len(runs), "run")
                rows.append(place | {"score": name, "value": (value, ".3"), "runs": count})
    return tables.Table(rows, f"The {profile} profile on this machine", searchable=True)
