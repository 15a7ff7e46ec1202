"""Records and ledger numbers as the chapter's tables ask for them, and the names that readers see."""

from __future__ import annotations

from functools import cache

from mer_repro import report
from mer_repro.audit import ledger
from mer_repro.papers.bath2025 import study

KEY = study.KEY
TARGETS = study.TARGETS
MODEL_LABELS = {
    "mean": "mean of the training labels",
    "quadrant_centre": "told the quadrant: its mean",
    "predicted_quadrant": "classifier: mean of the predicted quadrant",
    "ridge": "ridge",
    "boosting": "gradient boosting",
    "network": "small network",
    "model_1": "Model 1: light VGG",
    "model_2": "Model 2: + batch norm, dropout",
    "model_3": "Model 3: + attention",
    "model_4": "Model 4: two convolutions a block",
    "model_5": "Model 5: encoder trained",
    "model_2_audio": "Model 2, audio alone",
    "model_2_lyrics": "Model 2, text alone",
}
SET_LABELS = {"merge": "MERGE", "deam": "DEAM", "vgmidi": "VGMIDI", "tcc_ceds": "tcc_ceds", "emotify": "Emotify"}


def printed(claim_id: str) -> str:
    """A number of the ledger exactly as the paper prints it."""
    return _printed()[claim_id]


@cache
def _printed() -> dict[str, str]:
    """All numbers of the ledger: reading it takes a second, and tables quote a hundred."""
    return {claim.id: claim.value for claim in ledger.load(KEY).claims}


def stated(claim_id: str) -> float:
    """A number of the ledger as a float."""
    return float(printed(claim_id))


def mean(records: list, metric: str) -> float:
    """Mean of a metric over records; nan where there are none or one lacks it."""
    values = [record.metrics.get(metric, float("nan")) for record in records]
    return sum(values) / len(values) if values else float("nan")


def bounds(records: list, metric: str) -> tuple[float, float]:
    """Mean ends of a metric's interval over records: the interval of a typical split."""
    ends = [record.intervals[metric] for record in records if None not in record.intervals.get(metric, [None])]
    if not ends:
        return float("nan"), float("nan")
    return tuple(sum(end[side] for end in ends) / len(ends) for side in (0, 1))


def shown(records: list, metric: str, digits: int = 3) -> str:
    """A metric over records with its interval, as a table's cell."""
    return report.interval(mean(records, metric), *bounds(records, metric), digits)
