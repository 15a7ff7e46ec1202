"""Every score of the study again, from committed evidence alone."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from mer_repro import paths
from mer_repro.runs.records import Record, RecordStore

#: Evidence is stored in single precision; scores computed from it may differ from a run's own by this much.
TOLERANCE = 1e-4
#: Areas under a ROC curve count pairs; where a model says nearly the same of everybody, single precision makes pairs
#: equal.
TOLERANCE_OF_AREAS = 1e-3


@dataclass
class Rescore:
    """What rescoring a paper found.

    Attributes
    ----------
    paper : citation key.
    runs, with_evidence : finished runs, and those whose evidence is kept.
    scores : metrics of the records that were computed again.
    largest_difference : between a record's metric and the one from its evidence.
    compared_with_predictions : runs whose predictions are on this machine and give the same evidence.
    faults : one line for each that differs by more than `TOLERANCE`, or `TOLERANCE_OF_AREAS`.
    seconds : it took.
    """

    paper: str
    runs: int = 0
    with_evidence: int = 0
    scores: int = 0
    largest_difference: float = 0.0
    compared_with_predictions: int = 0
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether all evidence agrees with its record."""
        return not self.faults

    def as_dict(self) -> dict[str, Any]:
        """JSON types only."""
        return asdict(self) | {"ok": self.ok}


def rescore(key: str, profile: str = "full") -> Rescore:
    """Compute every score of a paper's runs from their evidence, and compare with what the runs recorded.

    Where a run's predictions are on this machine, its evidence is also made of them again.

    Raises
    ------
    RecordError
        If a record or its evidence is damaged or missing.
    """
    began, store = time.monotonic(), RecordStore(paths.records_home(profile))
    found = Rescore(key)
    for record in store.all(key):
        found.runs += 1
        if record.evidence:
            found.with_evidence += 1
            _compare(found, store, record)
    found.seconds = round(time.monotonic() - began, 2)
    return found


def _compare(found: Rescore, store: RecordStore, record: Record) -> None:
    import numpy as np

    from mer_repro.runs import evidence

    kept = store.evidence(record)
    for target, one in kept.items():
        for name, value in record.metrics.items():
            metric = name.removeprefix(f"{target}_") if target else name
            if (target and metric == name) or math.isnan(again := one.score(metric)) or math.isnan(value):
                continue
            found.scores += 1
            gap = abs(again - value)
            found.largest_difference = max(found.largest_difference, gap)
            tolerance = TOLERANCE_OF_AREAS if metric.startswith("auc") else TOLERANCE * max(1.0, abs(value))
            if gap > tolerance:
                found.faults.append(f"{record.id}: {name} recorded {value:.6g}, from evidence {again:.6g}")
    if record.predictions and (store.folder / record.paper / record.predictions).is_file():
        made = evidence.of(store.predictions(record), record.dataset)
        same = all(np.allclose(made[t].sizes, one.sizes) and _alike(made[t], one) for t, one in kept.items())
        found.compared_with_predictions += same
        if not same:
            found.faults.append(f"{record.id}: its predictions give other evidence")


def _alike(one: Any, other: Any) -> bool:
    import numpy as np

    if one.sums is not None:
        return bool(np.allclose(one.sums, other.sums, rtol=1e-4, atol=1e-3))
    return bool((one.counts == other.counts).all())
