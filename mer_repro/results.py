"""What chapters ask for: scores that know their records, and numbers that know their claim.

A `Score` is a value with its interval and the run records that it comes from; a `Stated` is a number of the ledger.
Both print themselves in the style that a column or a sentence asks for, and both carry what the book links them to, so
that nothing has to be found again in printed text.

How a score and a difference are made
-------------------------------------
Scores come from the evidence beside the records (`mer_repro.runs.evidence`), never from what a run printed of itself.
Runs of one cell that tested different groups are folds and are pooled; runs that tested the same groups (several
initialisations, partitions or seeds) are repeats, whose scores are averaged; runs on overlapping random test sets are
averaged, too. Intervals are percentile intervals of a bootstrap on two levels: groups (songs, artists, listeners) and
repeats are drawn with replacement, together. A difference (`Results.contrast`) is made in the same way from two cells
that tested the same groups, with the same draws for both; its p-value is two-sided. `holm` corrects a family of them.

Where runs were recorded without evidence, the mean of what they printed is shown, with the mean ends of their own
intervals, and `Score.how` says so; such scores have no contrast.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mer_repro import paths
from mer_repro.runs.records import Record, RecordStore, find

if TYPE_CHECKING:
    import numpy as np

    from mer_repro.runs.evidence import Evidence

DASH = "–"
MINUS = "\u2212"
#: Digits after which an end of an interval counts as zero.
MOST_DIGITS = 4
RESAMPLES, LEVEL = 2000, 0.95
#: With fewer groups a bootstrap interval is too narrow to be shown; `mer_repro.statistics` has its coverage.
MINIMUM_GROUPS = 10


def shown(value: float | None, style: str) -> str:
    """A number in a style: ".3" digits, "%1" a share as a percentage, "+" with its sign, "," with thousands.

    A true minus sign, no negative zero, a dash for what is undefined.
    """
    if value is None or math.isnan(value):
        return DASH
    percent, digits = "%" in style, style.strip("+%,.") or "0"
    text = f"{100 * value if percent else value:{',' * (',' in style)}.{digits}f}"
    if not text.strip("-0.,"):
        return text.lstrip("-")
    return text.replace("-", MINUS) if text.startswith("-") else "+" * ("+" in style) + text


def _end(value: float, style: str) -> str:
    """An end of an interval; of a difference, with as many digits as show on which side of zero it lies."""
    text = shown(value, style)
    if "+" not in style or not value or text.strip(f"+{MINUS}-0.,"):
        return text
    kind, digits = style.rstrip("0123456789"), int("".join(filter(str.isdigit, style)) or 0)
    return shown(value, f"{kind}{digits + 1}") if digits >= MOST_DIGITS else _end(value, f"{kind}{digits + 1}")


@dataclass(frozen=True)
class Score:
    """A number of ours.

    Attributes
    ----------
    value, low, high : the number and its 95 % interval; nan where there is none.
    p : two-sided p-value of a difference, corrected where `holm` did; nan for a score.
    se : standard error from the resamples, nan where there is none.
    records : ids of the records that it comes from.
    how : in words, how it was made of them.
    recipe : how a program makes it again, see `recompute`; empty where only the chapter's own code can.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan
    se: float = math.nan
    records: tuple[str, ...] = ()
    how: str = ""
    recipe: tuple[Any, ...] = ()

    def __format__(self, style: str) -> str:
        """``0.975 [0.971, 0.979]`` in a style of `shown`; a trailing "~" leaves the interval out."""
        bare, style = style.endswith("~"), style.rstrip("~") or ".3"
        text = shown(self.value, style)
        if bare or math.isnan(self.low) or text == DASH:
            return text
        return f"{text} [{_end(self.low, style)}, {_end(self.high, style)}]"

    @property
    def datasets(self) -> tuple[str, ...]:
        """The data sets of its records, each once."""
        return tuple(dict.fromkeys(name.split(".")[1] for name in self.records))

    @property
    def detectable(self) -> float:
        """The smallest true difference that a test at the 5 % level would have found four times in five."""
        from mer_repro import statistics

        return math.nan if math.isnan(self.se) else statistics.smallest_detectable_difference(self.se)


@dataclass(frozen=True)
class Stated:
    """A number of a paper's: as printed, and in base units (a percentage is a share).

    Attributes
    ----------
    claim : full id in the ledger, e.g. ``qiu2025.t1.ours.testing.r2``.
    printed : exactly as the paper prints it.
    value : the middle of what was printed, in base units.
    """

    claim: str
    printed: str
    value: float

    def __format__(self, style: str) -> str:
        """As printed, or in a style of `shown`."""
        return shown(self.value, style.rstrip("~")) if style else self.printed

    def __str__(self) -> str:
        return self.printed


def stated(key: str, claim: str) -> Stated:
    """A number of a paper's ledger. Raises `LedgerError` naming the nearest id, and who asks, where there is none."""
    from mer_repro.audit import ledger
    from mer_repro.errors import LedgerError, closest

    numbers = _numbers(key)
    if claim not in numbers:
        room = [Path(frame.filename) for frame in traceback.extract_stack() if f"papers/{key}/" in frame.filename]
        who = f", which {room[-1].name} asks for" if room else ""
        raise LedgerError(f"The ledger of {key} has no claim '{claim}'{who}.{closest(claim, numbers)}")
    number = numbers[claim]
    return Stated(ledger.load(key).full_id(claim), number.printed, float(number.middle))


@lru_cache(maxsize=16)
def _numbers(key: str) -> dict[str, Any]:
    from mer_repro.audit import ledger

    return ledger.load(key).numbers()


@dataclass(frozen=True)
class Results:
    """The records of one paper; `where` narrows them, `score` and `contrast` sum them up.

    Parameters
    ----------
    key : citation key.
    records : see `load`.
    store : where the records and their evidence lie.
    """

    key: str
    records: Sequence[Record] = field(repr=False)
    store: RecordStore = field(repr=False)

    @classmethod
    def load(cls, key: str, profile: str = "full") -> Results:
        """The finished runs of a paper under a profile; none is fine."""
        store = RecordStore(paths.records_home(profile))
        return cls(key, store.all(key), store)

    def where(self, **wanted: Any) -> Results:
        """The records whose fields or factors have these values; a tuple stands for any of its members."""
        return Results(self.key, find(self.records, **wanted), self.store)

    def filter(self, keep: Callable[[Record], bool]) -> Results:
        """The records that `keep` accepts."""
        return Results(self.key, [record for record in self.records if keep(record)], self.store)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the records."""
        return tuple(record.id for record in self.records)

    def values(self, name: str) -> list[Any]:
        """The values of a field or factor among the records, each once, in order."""
        found = [r.factors.get(name) if name not in Record.__dataclass_fields__ else getattr(r, name) for r in self]
        return list(dict.fromkeys(value for value in found if value is not None))

    def stated(self, claim: str) -> Stated:
        """A number of the paper's ledger; see the function of that name."""
        return stated(self.key, claim)

    def score(self, metric: str, target: str = "") -> Score | None:
        """A score of one cell: pooled over folds, averaged over repeats, with its interval; None without runs.

        Parameters
        ----------
        metric : a score that evidence gives (`metrics.scores_from_sums`, `metrics.scores_from_confusion`, "log_loss",
            "calibration_error", "auc", "auc@7": of targets of at least 7), or anything that records hold as a metric.
        target : of a run that predicts several, which.
        """
        layers = self._layers(target)
        if layers and not math.isnan(value := _mean_score(metric, layers)):
            low, high, se = _quantiles(_bootstrap(metric, layers))
            recipe = ("score", metric, target)
            return Score(value, low, high, se=se, records=self.ids, how=_how(self.records, layers), recipe=recipe)
        return self._printed(f"{target}_{metric}" if target else metric)

    def point(self, metric: str, target: str = "") -> Score | None:
        """As `score`, without the interval, which takes most of the time."""
        layers = self._layers(target)
        if layers and not math.isnan(value := _mean_score(metric, layers)):
            how = _how(self.records, layers).partition("; bootstrap")[0]
            return Score(value, records=self.ids, how=how, recipe=("point", metric, target))
        return self.metric(f"{target}_{metric}" if target else metric)

    def contrast(
        self, metric: str, of: Mapping[str, Any], against: Mapping[str, Any], target: str = ""
    ) -> Score | None:
        """A score of the cell `of` minus that of `against` on the same test items; None where either lacks evidence.

        Parameters
        ----------
        metric, target : as for `score`; "a|b" where the two cells call the target differently, "|b" where the first has
            no name for it.
        of, against : what narrows these results to each of the two cells.
        """
        return difference(metric, self.where(**of), self.where(**against), target)

    def over(
        self, take: Callable[[Record], float | None], how: str = "mean over runs", interval: bool = False
    ) -> Score | None:
        """The mean of anything that the records hold; with `interval`, Student's over independent runs.

        Runs of which `take` gives None or nan are left out; None where that leaves none.
        """
        taken = [(take(run), run.id) for run in self.records]
        known = [(float(v), name) for v, name in taken if v is not None and not math.isnan(v)]
        if not known:
            return None
        values = [value for value, _ in known]
        low, high, se = student(values) if interval else (math.nan,) * 3
        ids = tuple(name for _, name in known)
        return Score(sum(values) / len(values), low, high, se=se, records=ids, how=f"{how}, {counted(len(ids), 'run')}")

    def metric(self, name: str, interval: bool = False) -> Score | None:
        """The mean of a metric as the records hold it: timings, shares and counts that no evidence gives."""
        found = self.over(lambda run: run.metrics.get(name), f"mean of {name} as recorded", interval)
        return replace(found, recipe=("metric", name, interval)) if found else None

    def _printed(self, name: str) -> Score | None:
        """What runs without evidence say of themselves: the mean, and the mean ends of their own intervals."""
        known = Results(self.key, [r for r in self if not math.isnan(r.metrics.get(name, math.nan))], self.store)
        found = known.metric(name)
        ends = [r.intervals[name] for r in known if None not in r.intervals.get(name, [None])]
        if not found or not ends:
            return found
        low, high = (sum(end[side] for end in ends) / len(ends) for side in (0, 1))
        how = f"mean over {counted(len(known), 'run')} and mean ends of their own intervals; no evidence kept"
        return replace(found, low=low, high=high, how=how, recipe=("printed", name))

    @cached_property
    def _evidence(self) -> list[tuple[Record, dict[str, Evidence]]]:
        return [(run, _evidence(self.store, run)) for run in self.records if run.evidence]

    def _layers(self, target: str = "") -> list[Evidence]:
        """Evidence of each repeat of a cell, its folds pooled; empty where any run was recorded without.

        Runs that share seed and initialisation and differ in ``fold`` are folds, and so are runs without that factor
        that tested different groups.
        """
        from mer_repro.runs import evidence

        parts = [(run, found[target]) for run, found in self._evidence if target in found]
        if len(parts) < len(self.records):
            return []
        layers: dict[Any, list[Evidence]] = {}
        for run, part in parts:
            if "fold" in run.factors:
                place: Any = (run.seed, run.factors.get("init"))
            else:
                place = next((n for n, held in layers.items() if _disjoint(part, held)), len(layers))
            layers.setdefault(place, []).append(part)
        return [evidence.pooled(held) for held in layers.values()]


def difference(metric: str, of: Results, against: Results, target: str = "") -> Score | None:
    """A score of the cell `of` minus that of `against`; see `Results.contrast`."""
    first, apart, second = target.partition("|")
    blocks = _blocks(of._layers(first), against._layers(second if apart else first))
    if not blocks or any(math.isnan(_mean_score(metric, side)) for block in blocks for side in block):
        return None
    value = _mean([_mean_score(metric, one) - _mean_score(metric, other) for one, other in blocks])
    drawn = _bootstrap_difference(metric, blocks)
    low, high, se = _quantiles(drawn)
    how = f"difference on the same items: {_how(of.records, blocks[0][0])}"
    recipe = ("contrast", metric, target, len(of))
    return Score(value, low, high, _two_sided(drawn), se, of.ids + against.ids, how, recipe)


def recompute(recipe: Sequence[Any], records: Results) -> Score | None:
    """A score made again from its records by its recipe; `records` in the order of `Score.records`.

    Raises
    ------
    ValueError
        If the recipe is empty or unknown: then only the chapter's own code makes the number.
    """
    kind, *rest = recipe or ("",)
    if kind == "score":
        return records.score(*rest)
    if kind == "point":
        return records.point(*rest)
    if kind == "contrast":
        metric, target, n = rest
        of, against = (Results(records.key, part, records.store) for part in (records.records[:n], records.records[n:]))
        return difference(metric, of, against, target)
    if kind == "metric":
        return records.metric(*rest)
    if kind == "printed":
        return records._printed(*rest)
    raise ValueError(f"No recipe is called '{kind}'.")


def holm(scores: Mapping[Any, Score | None]) -> dict[Any, Score]:
    """A family of differences with p-values after Holm (1979); what could not be made is left out."""
    from statsmodels.stats.multitest import multipletests

    known = {name: score for name, score in scores.items() if score and not math.isnan(score.p)}
    corrected = multipletests([score.p for score in known.values()], method="holm")[1] if known else []
    found = {name: replace(s, p=float(p)) for (name, s), p in zip(known.items(), corrected, strict=True)}
    return {name: found.get(name, score) for name, score in scores.items() if score}


def mcnemar(of: Results, against: Results, target: str = "") -> Score | None:
    """Difference of accuracies on the same independent items with the exact p-value of McNemar's test (1947).

    None unless both are one run each with evidence, and every group is one item.
    """
    from statsmodels.stats.contingency_tables import mcnemar as exact

    one, other = of._layers(target), against._layers(target)
    if len(one) != 1 or not _blocks(one, other) or not one[0].singletons or one[0].counts is None:
        return None
    first, second = one[0].right(), other[0].right()
    only = [int((first & ~second).sum()), int((second & ~first).sum())]
    p = float(exact([[0, only[0]], [only[1], 0]], exact=True).pvalue) if sum(only) else 1.0
    how = f"exact McNemar test; {only[0]} items only the first has right, {only[1]} only the second"
    return Score(float(first.mean() - second.mean()), p=p, records=of.ids + against.ids, how=how)


def student(values: Sequence[float]) -> tuple[float, float, float]:
    """(low, high, standard error) of the mean of independent values; nan of fewer than two."""
    import numpy as np
    from scipy.stats import t

    if len(values) < 2:
        return (math.nan,) * 3
    se = float(np.std(values, ddof=1)) / len(values) ** 0.5
    half_width = t.ppf((1 + LEVEL) / 2, len(values) - 1) * se
    return _mean(values) - half_width, _mean(values) + half_width, se


# Resampling ----------------------------------------------------------------------------------------------------------

#: Of each side of a difference, the repeats that tested the same items.
_Block = tuple[list["Evidence"], list["Evidence"]]
_EVIDENCE: dict[tuple[str, str], dict[str, Any]] = {}


def _evidence(store: RecordStore, run: Record) -> dict[str, Evidence]:
    """A run's evidence, read once per process: its file's name tells its content."""
    name = (str(store.folder), run.evidence or "")
    if name not in _EVIDENCE:
        _EVIDENCE[name] = store.evidence(run)
    return _EVIDENCE[name]


def _disjoint(part: Evidence, held: list[Evidence]) -> bool:
    import numpy as np

    return not any(np.isin(part.groups, other.groups, assume_unique=True).any() for other in held)


def _blocks(of: list[Evidence], against: list[Evidence]) -> list[_Block]:
    """Layers of both sides that tested the same items, side by side; empty where a layer has no partner."""
    import numpy as np

    def same(one: Evidence, other: Evidence) -> bool:
        return np.array_equal(one.groups, other.groups) and np.array_equal(one.sizes, other.sizes)

    blocks: list[_Block] = []
    for side, layers in enumerate((of, against)):
        for layer in layers:
            block = next((b for b in blocks if same((b[0] or b[1])[0], layer)), None)
            if block is None:
                blocks.append(block := ([], []))
            block[side].append(layer)
    return blocks if all(one and other for one, other in blocks) else []


def _mean_score(metric: str, layers: list[Evidence]) -> float:
    return _mean([layer.score(metric) for layer in layers])


def _bootstrap(metric: str, layers: list[Evidence]) -> np.ndarray:
    """The mean score over layers in every resample of groups and layers, (RESAMPLES,); empty with too few groups."""
    import numpy as np

    universe = np.unique(np.concatenate([layer.groups for layer in layers]))
    if len(universe) < MINIMUM_GROUPS:
        return np.empty(0)
    weights = _draws(len(universe), 0)
    found = np.stack([layer.resampled(metric, weights[:, np.searchsorted(universe, layer.groups)]) for layer in layers])
    return _mixed(found, 1)


def _bootstrap_difference(metric: str, blocks: list[_Block]) -> np.ndarray:
    """As `_bootstrap`, of a difference: groups are drawn for both sides together; repeats on the same items for each
    side by itself, since they were trained apart; different test sets for both together."""
    import numpy as np

    universe = np.unique(np.concatenate([one[0].groups for one, _ in blocks]))
    if len(universe) < MINIMUM_GROUPS:
        return np.empty(0)
    weights, found = _draws(len(universe), 0), []
    for one, other in blocks:
        drawn = weights[:, np.searchsorted(universe, one[0].groups)]
        sides = [np.stack([layer.resampled(metric, drawn) for layer in side]) for side in (one, other)]
        found.append(_mixed(sides[0], 1) - _mixed(sides[1], 2))
    return _mixed(np.stack(found), 3)


def _mixed(scores: np.ndarray, stream: int) -> np.ndarray:
    """Scores (layers, resamples) averaged over layers that are drawn with replacement in every resample."""
    if len(scores) == 1:
        return scores[0]
    return (_draws(len(scores), stream).T * scores).sum(axis=0) / len(scores)


@lru_cache(maxsize=64)
def _draws(n: int, stream: int) -> np.ndarray:
    """How often each of n things is in each resample, (RESAMPLES, n); the same for everybody who asks."""
    import numpy as np

    return np.random.default_rng([stream, n]).multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(float)


def _quantiles(values: np.ndarray) -> tuple[float, float, float]:
    """(low, high, standard error) of resampled values; nan without any."""
    import numpy as np

    if not np.isfinite(values).any():
        return (math.nan,) * 3
    low, high = np.nanquantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high), float(np.nanstd(values, ddof=1))


def _two_sided(differences: np.ndarray) -> float:
    """How often a resample falls on the other side of zero, twice; one more on each side, for the data themselves."""
    import numpy as np

    n = int(np.isfinite(differences).sum())
    beyond = 1 + min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    return min(1.0, 2 * beyond / (n + 1)) if n else math.nan


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def counted(n: int, what: str) -> str:
    """``1 run``, ``1,200 runs``."""
    return f"{n:,} {what}{'s' * (n != 1)}"


def _how(runs: Sequence[Record], layers: list[Evidence]) -> str:
    groups = max(len(layer.groups) for layer in layers)
    parts = [f"{counted(layers[0].n_items, 'item')} in {counted(groups, 'group')}"]
    if len(layers) < len(runs):
        parts.append(f"{len(runs) // len(layers)} folds pooled")
    if len(layers) > 1:
        parts.append(f"mean of {len(layers)} repeats")
    return ", ".join(parts) + f"; bootstrap over groups{' and repeats' * (len(layers) > 1)}"
