"""What a difference between two sets of runs is worth, with an interval.

Where three or more random splits were run of both, the interval is that of `mer_repro.statistics.over_splits` over
the splits' differences. With fewer, it is put together from the two scores' own intervals over songs, artists or
users (Zou and Donner 2008: each end of the difference lies as far off as the two distances added in quadrature), as
if the two test sets were independent. Where they share songs, that is too wide rather than too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mer_repro import statistics

if TYPE_CHECKING:
    from mer_repro.runs.records import Record

#: With fewer splits, the spread over splits says too little about itself.
MINIMUM_SPLITS = 3
#: Scores of which less is better.
LOWER_IS_BETTER = ("mae", "rmse", "mse", "mape", "log_loss", "brier", "ece")


@dataclass(frozen=True)
class Effect:
    """A difference of a metric: value and 95 % interval (nan where there is none), seeds, basis, record ids.

    `basis` says where the interval comes from: "splits", "test items" or "paired test items".
    """

    metric: str
    value: float
    low: float
    high: float
    seeds: int
    basis: str
    records: tuple[str, ...] = ()

    @property
    def sign(self) -> int:
        """1 or -1 where the whole interval lies on one side of zero, otherwise 0."""
        if math.isnan(self.low) or math.isnan(self.high):
            return 0
        return 1 if self.low > 0 else -1 if self.high < 0 else 0

    def shown(self, digits: int = 2) -> str:
        """``+0.12 [0.05, 0.19]``."""
        ends = "" if math.isnan(self.low) else f" [{self.low:+.{digits}f}, {self.high:+.{digits}f}]"
        return f"{self.value:+.{digits}f}{ends}"


def contrast(
    of: Iterable[Record], against: Iterable[Record], metric: str, metric_against: str | None = None
) -> Effect | None:
    """The metric in one cell of a study minus that (or `metric_against`) in another, over the seeds that both have.

    Returns
    -------
    None where no seed has the metric in both.
    """
    rival = metric_against or metric
    one = {run.seed: run for run in of if _known(run, metric)}
    other = {run.seed: run for run in against if _known(run, rival)}
    seeds = sorted(one.keys() & other.keys())
    if not seeds:
        return None
    pairs = [(one[seed], other[seed]) for seed in seeds]
    differences = [a.metrics[metric] - b.metrics[rival] for a, b in pairs]
    ids = tuple(record.id for pair in pairs for record in pair)
    share = _test_share(pairs[0][0])
    if len(seeds) >= MINIMUM_SPLITS and share:
        return Effect(metric, *statistics.over_splits(differences, share), len(seeds), "splits", ids)
    value = sum(differences) / len(differences)
    below_a, above_a = _reach([a for a, _ in pairs], metric)
    below_b, above_b = _reach([b for _, b in pairs], rival)
    low, high = math.hypot(below_a, above_b), math.hypot(above_a, below_b)
    return Effect(metric, value, value - low, value + high, len(seeds), "test items", ids)


def paired(records: Iterable[Record], metric: str) -> Effect | None:
    """A difference that the runs themselves took on the same test items: means over seeds of value and interval."""
    runs = [record for record in records if _known(record, metric)]
    if not runs:
        return None
    ends = [record.intervals.get(metric, (math.nan, math.nan)) for record in runs]
    low, high = (_mean(_number(end[side]) for end in ends) for side in (0, 1))
    value = _mean(record.metrics[metric] for record in runs)
    ids = tuple(record.id for record in runs)
    return Effect(metric, value, low, high, len(runs), "paired test items", ids)


def swap(survey: dict, model: str, target: str) -> Effect | None:
    """What the exchange of DEAM's columns does to a model's R²: as published minus put right, from the data survey.

    The survey tells the difference the other way round, put right minus published.
    """
    for row in survey["swap"]["differences"]:
        if row["model"] == model and row["target"] == target:
            return Effect("r2", -row["difference"], -row["high"], -row["low"], 1, "paired test items")
    return None


def _known(record: Record, metric: str) -> bool:
    value = record.metrics.get(metric)
    return value is not None and not math.isnan(value)


def _test_share(record: Record) -> float | None:
    """Test items for every training item, or None where the record does not say."""
    counts = record.counts
    if counts.get("n_test") and counts.get("n_train"):
        return counts["n_test"] / counts["n_train"]
    folds = record.notes.get("folds") or record.parameters.get("folds")
    return 1 / (folds - 1) if folds else None


def _reach(runs: list[Record], metric: str) -> tuple[float, float]:
    """Mean distance of a score from the lower and from the upper end of its interval."""
    ends = [(run.metrics[metric], *map(_number, run.intervals.get(metric, (None, None)))) for run in runs]
    return _mean(value - low for value, low, _ in ends), _mean(high - value for value, _, high in ends)


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values)
