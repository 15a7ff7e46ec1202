"""Fidelity tables repeat the ledger's numbers exactly and say why a detail cannot be followed."""

import importlib
import importlib.util
import re

import pytest

from mer_repro import fidelity, paths
from mer_repro.audit import ledger
from mer_repro.papers import paper_keys

#: Where the papers' texts lie on machines that have them, and the papers all of whose details quote theirs.
PAPERS, QUOTED = paths.PROJECT.parent / "shared" / "papers", ("abadeh2024", "bai2026")
WITH_NETWORKS = [key for key in paper_keys() if importlib.util.find_spec(f"mer_repro.papers.{key}.model")]


@pytest.mark.parametrize("key", WITH_NETWORKS)
def test_stated_numbers_are_the_ledgers_and_what_is_impossible_has_a_reason(key):
    rows = importlib.import_module(f"mer_repro.papers.{key}.model").FIDELITY
    printed = {claim.id: claim.value for claim in ledger.load(key).claims}
    for row in rows:
        assert row.where and row.stated and row.done, row
        assert row.why or row.possible, f"no reason: {row}"
        for claim in row.claims:
            assert claim in printed, (
                f"model.py names the claim '{claim}', which the ledger of {key} does not have: {row}"
            )
            assert printed[claim] in row.stated, f"{claim} is printed as {printed[claim]!r}: {row}"
    assert len({row.detail for row in rows}) == len(rows)


def words(text):
    """Letters and digits alone, as words: what Markdown, LaTeX and line ends leave of a text."""
    return " ".join(re.findall(r"[a-z0-9]+", re.sub(r"\\[a-zA-Z]+", " ", text).lower()))


@pytest.mark.parametrize("key", WITH_NETWORKS)
def test_what_a_paper_is_said_to_state_or_to_lack_has_a_place_in_it(key):
    """A list of references was once said to end before its last entry."""
    rows = importlib.import_module(f"mer_repro.papers.{key}.model").FIDELITY
    paper = PAPERS / f"{key}.md"
    text = words(paper.read_text(encoding="utf-8")) if paper.is_file() else None
    for row in rows:
        assert row.quote or key not in QUOTED, f"no quote: {row.detail}"
        assert len(row.quote.split()) <= fidelity.LONGEST_QUOTE, row.quote
        assert text is None or words(row.quote) in text, f"not in the paper: {row.quote}"


def test_frame_for_readers():
    rows = [
        fidelity.Detail("width", "table 1", "128", "128"),
        fidelity.Detail("x", "y", "z", "-", "no", possible=False),
    ]
    frame = fidelity.as_frame(rows)
    assert list(frame.columns) == ["detail", "where", "stated", "what we did", "why", "possible"]
    assert frame["possible"].tolist() == ["yes", "no"]
