"""What the tables, figures and verdicts on qiu2025 look up: numbers of the ledger, scores of the records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mer_repro import report
from mer_repro.audit import ledger

if TYPE_CHECKING:
    import pandas as pd

KEY = "qiu2025"
METRICS = ("r2", "squared_pearson", "rmse", "mae", "mape")
#: Stands where a number would be whose runs are not recorded.
NOT_RUN = "(not run yet)"
#: With fewer splits than these no verdict is passed: two may agree by luck.
MINIMUM_SPLITS = 3


def printed(claim_id: str) -> str:
    """A number of the ledger exactly as the paper prints it."""
    return next(claim.value for claim in ledger.load(KEY).claims if claim.id == claim_id)


def stated(claim_id: str) -> float:
    """A number of the ledger as a float; percentages as fractions."""
    value = printed(claim_id)
    return float(value.rstrip("%")) / (100 if value.endswith("%") else 1)


def mean(records: list, metric: str) -> float:
    """Mean of a score over records."""
    return sum(record.metrics[metric] for record in records) / len(records)


def ids(records: list) -> tuple[str, ...]:
    """Ids of records, as a verdict lists them."""
    return tuple(record.id for record in records)


def summary(records: list) -> pd.DataFrame:
    """All scores over seeds, a row a cell; see `mer_repro.report.over_seeds`."""
    if not records:
        return report.as_frame([]).reindex(columns=["data", "dataset", "target", "protocol", "variant", "r2", "seeds"])
    return report.over_seeds(report.as_frame(records), METRICS)


@dataclass(frozen=True)
class Difference:
    """R² of one cell minus R² of another, paired by seed: mean, 95 % interval, number of seeds, records of both.

    With one seed there is no interval: `low` and `high` are nan.
    """

    mean: float
    low: float
    high: float
    seeds: int
    records: tuple[str, ...]

    def __str__(self) -> str:
        shown = f"{self.mean:+.3f}"
        return shown if self.low != self.low else f"{shown} [{self.low:+.3f}, {self.high:+.3f}]"

    @property
    def above_zero(self) -> bool:
        """Whether the whole interval is; never with fewer than `MINIMUM_SPLITS` splits."""
        return self.seeds >= MINIMUM_SPLITS and self.low > 0

    @property
    def below_zero(self) -> bool:
        """Whether the whole interval is; never with fewer than `MINIMUM_SPLITS` splits."""
        return self.seeds >= MINIMUM_SPLITS and self.high < 0


def difference(before: list, after: list, metric: str = "r2") -> Difference | None:
    """What `after` scores above `before` on the seeds that both have; None where there is none.

    A seed fixes the split, so that two cells of one protocol are compared on the same songs. Splits share training
    songs: the interval is that of `mer_repro.statistics.over_splits`.
    """
    from mer_repro.statistics import over_splits

    first, second = ({record.seed: record for record in records} for records in (before, after))
    seeds = sorted(first.keys() & second.keys())
    if not seeds:
        return None
    gains = [second[seed].metrics[metric] - first[seed].metrics[metric] for seed in seeds]
    used = ids([first[seed] for seed in seeds]) + ids([second[seed] for seed in seeds])
    if len(seeds) == 1:
        return Difference(gains[0], float("nan"), float("nan"), 1, used)
    counts = second[seeds[0]].counts
    return Difference(*over_splits(gains, counts["n_test"] / counts["n_train"]), len(seeds), used)
