"""No check accuses an honest classification report; the one report with an impossible accuracy is found."""

import re
from pathlib import Path

import pytest

from mer_repro.audit import ledger, runner

REPORTS = dict(
    re.findall(r"^\[(\w+)\]\n(.*?)(?=^\[|\Z)", (Path(__file__).parent / "reports.txt").read_text(), re.M | re.S)
)
IMPOSSIBLE = {"fab_135": {"confusion_counts", "granularity"}}


def bound(name: str) -> ledger.Ledger:
    """A report as a ledger that binds every check which its columns feed."""
    claims, columns = [], {"precision": [], "recall": [], "f1": [], "support": []}
    checks, total, accuracy = [], None, None

    def state(id: str, quantity: str, value: str) -> str:
        claims.append({"id": id, "where": {"section": "report"}, "quantity": quantity, "unit": "1", "value": value})
        return id

    for k, line in enumerate(REPORTS[name].splitlines()):
        label, *values = re.split(r"\s{2,}", line.strip())
        if label == "accuracy":
            accuracy, total = state("accuracy", "accuracy", values[0]), state("total", "support", values[1])
            continue
        prefix = {"micro avg": "micro_", "macro avg": "macro_", "weighted avg": "weighted_"}.get(label, "")
        quantities = [prefix + "precision", prefix + "recall", prefix + "f1", "support"]

        ids = [state(f"r{k}.{q}", q, v) for q, v in zip(quantities, values, strict=True)]
        if not prefix:
            for column, id in zip(columns.values(), ids, strict=True):
                column.append(id)
            continue
        for q, id in zip(list(columns)[:3], ids, strict=False):
            if prefix != "micro_":
                roles = {"average": id, "per_class": q, "support": "support"}
                checks.append(("average_of_classes", roles, {}))
    triple = {q: list(columns)[k] for k, q in enumerate(("precision", "recall", "f1"))}
    checks.append(("f1_from_precision_recall", triple, {}))
    checks.append(("confusion_counts", {**triple, "support": "support", "accuracy": accuracy}, {"runs": "one"}))
    if accuracy:
        checks.append(("accuracy_from_recall", {"accuracy": accuracy, "recall": "recall", "support": "support"}, {}))
        checks.append(("granularity", {"values": [accuracy], "n": total}, {"runs": "one"}))
        checks.append(("sum_to_total", {"parts": "support", "total": total}, {}))
        identical = [c["id"] for c in claims if c["quantity"] in ("accuracy", "weighted_recall", "micro_f1")]
        checks.append(("identities", {"scores": identical}, {"labels": "single"}))
    checks.append(("in_range", {"values": [c["id"] for c in claims]}, {}))
    bindings = [
        {
            "id": f"k{k}",
            "check": check,
            "claims": {
                role: columns.get(ids, ids) if isinstance(ids, str) else ids for role, ids in roles.items() if ids
            },
            "options": options,
        }
        for k, (check, roles, options) in enumerate(checks)
    ]
    return ledger.build("report", claims, checks=bindings)


@pytest.mark.parametrize("name", REPORTS)
def test_only_what_is_impossible_is_accused(name):
    results = runner.audit(bound(name))
    assert not [result for result in results if result.fault]
    assert {r.check for r in results if r.verdict == "inconsistent"} == IMPOSSIBLE.get(name, set())
