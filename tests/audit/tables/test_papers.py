"""The five papers' tables without their ledgers' bindings: the same contradictions, and no others.

The tables are set again from the ledgers' claims, as Markdown; the sentences are ours.
"""

import functools

import pytest

from mer_repro import audit
from mer_repro.audit import ledger, tables
from mer_repro.papers import paper_keys

#: what the papers say of their tables, in our words; {numbers} are claims. None of bath2025: its text awaits rewriting.
SENTENCES = {
    "bai2026": [
        "Ours has approximately {abstract.accuracy_gain}% higher accuracy than the baselines.",
        "The data set holds about {sec411.lastfm_users} users. Matched by their ids, {sec411.users} users remain.",
    ],
    "gujar2026": [
        "In Table 6 the highest F1 of {sec73.f1_happy}% is Happy's. The highest F1 of {sec73.f1_calm}% is Calm's."
    ],
    "qiu2025": [
        "Our model is compared with MCAN in Table 1. It shows a {text.accuracy_gain_arousal}% increase in accuracy and "
        "a {text.mae_gain_arousal}% decrease in MAE.",
        "Our model is compared with MCAN in Table 2. It improves RMSE by {text.rmse_gain_valence}% and MAE by "
        "{text.mae_gain_valence}%.",
    ],
}
#: words of captions that tell what is counted or classified
CAPTIONS = {
    ("abadeh2024", "II"): "Number of sessions",
    ("abadeh2024", "III"): "Number of sessions",
    ("gujar2026", "6"): "Scores by class",
}


def markdown(paper: ledger.Ledger, name: str) -> str:
    """One table of a paper, set from its claims: rows 'a / b' have two names."""
    claims = [claim for claim in paper.claims if claim.where.table == name and claim.where.row and claim.where.column]
    if not claims:
        return ""
    columns = list(dict.fromkeys(claim.where.column for claim in claims))
    rows = list(dict.fromkeys(claim.where.row for claim in claims))
    depth = max(len(row.split(" / ")) for row in rows)
    cells = {(c.where.row, c.where.column): c.value + (f" ± {c.spread}" if c.spread else "") for c in claims}
    head = ["Name", "Of", "On"][:depth] + columns
    lines = [head, ["---"] * len(head)]
    for row in rows:
        names = [*row.split(" / "), "", ""][:depth]
        lines.append(names + [cells.get((row, column), "-") for column in columns])
    return f"Table {name}: {CAPTIONS.get((paper.paper, name), 'Scores')}\n\n" + "\n".join(
        "| " + " | ".join(line) + " |" for line in lines
    )


@functools.cache
def found(key: str, only: str = "") -> tables.Audited:
    paper = ledger.load(key)
    values = {claim.id: claim.value for claim in paper.claims}
    names = [only] if only else dict.fromkeys(claim.where.table for claim in paper.claims if claim.where.table)
    said = [] if only else SENTENCES.get(key, [])
    for number, value in values.items():
        said = [sentence.replace(f"{{{number}}}", value) for sentence in said]
    return tables.audit_text("\n\n".join([*(markdown(paper, name) for name in names), *said]), "md", key)


def places(paper: ledger.Ledger, result) -> set[tuple]:
    """The cells that a result concerns, as (table, row, column); the printed numbers where sentences are concerned."""
    claims = {f"{paper.paper}.{claim.id}": claim for claim in paper.claims}
    concerned = [claims[name] for name in result.claims]
    if result.check in ("ordering", "stated_change", "at_most"):
        return {
            claim.value.rstrip("0") for claim in concerned if result.check != "stated_change" or not claim.where.table
        }
    rows = [(c.where.row or "").replace("3*", "").replace(" / ", " ").casefold() for c in concerned]
    return {(claim.where.table, row, claim.where.column) for claim, row in zip(concerned, rows, strict=True)}


def contradictions(key: str) -> list[tuple[str, set[tuple]]]:
    """Check and cells of each contradiction that the ledger's bindings prove."""
    paper = ledger.load(key)
    return [(r.check, places(paper, r)) for r in audit.run(key) if r.verdict == "inconsistent"]


#: What a table by itself is charged with and the paper is not. A table alone is read as one run, and gujar2026 states
#: no number of runs; qiu2025's gains may be of the optimised version that its next sentence names without its scores.
ALONE = [("gujar2026", "confusion_counts"), ("qiu2025", "stated_change")]


def matched(key: str) -> tuple[list, list]:
    """The ledger's contradictions that the tables alone give too, and what the tables give beyond them."""
    known, auto = contradictions(key), found(key)
    given = [(r.check, places(auto.ledger, r)) for r in auto.results if r.verdict == "inconsistent"]

    def alike(one, other) -> bool:
        return one[0] == other[0] and len(one[1] & other[1]) * 2 > min(len(one[1]), len(other[1]))

    hits = [one for one in known if any(alike(one, other) for other in given)]
    beyond = [o for o in given if (key, o[0]) not in ALONE and not any(alike(one, o) for one in known)]
    return hits, beyond


def test_the_tables_alone_prove_all_but_two_of_the_contradictions_and_accuse_nothing_else():
    hits, beyond = zip(*(matched(key) for key in paper_keys()), strict=True)
    assert sum(map(len, hits)) == sum(len(contradictions(key)) for key in paper_keys()) - 2 > 6
    assert [other for paper in beyond for other in paper] == []


@pytest.mark.parametrize(
    ("key", "table", "check"), [("gujar2026", "6", "confusion_counts"), ("qiu2025", "1", "mae_at_most_rmse")]
)
def test_a_single_pasted_table_gives_its_contradiction(key, table, check):
    [result] = [r for r in found(key, table).results if r.verdict == "inconsistent"]
    doubted = [r for r in audit.run(key) if r.check == check and r.verdict != "consistent"]  # see ALONE
    concerned = [places(ledger.load(key), r) for r in doubted]
    expected = [cells for cells in concerned if any(c[0] == table for c in cells)]
    assert result.check == check and places(found(key, table).ledger, result) == set().union(*expected)


def test_the_ledger_that_is_written_audits_to_the_same_results():
    from mer_repro.audit.tables import report

    audited = found("gujar2026")
    again = audit.audit(ledger.read(report.ledger_text(audited)))
    assert [result.entry() for result in again] == [result.entry() for result in audited.results]
