"""Fidelity tables repeat the ledger's numbers exactly and say why a detail cannot be followed."""

import importlib
import importlib.util

import pytest

from mer_repro import fidelity
from mer_repro.audit import ledger
from mer_repro.papers import paper_keys

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


def test_frame_for_readers():
    rows = [
        fidelity.Detail("width", "table 1", "128", "128"),
        fidelity.Detail("x", "y", "z", "-", "no", possible=False),
    ]
    frame = fidelity.as_frame(rows)
    assert list(frame.columns) == ["detail", "where", "stated", "what we did", "why", "possible"]
    assert frame["possible"].tolist() == ["yes", "no"]
