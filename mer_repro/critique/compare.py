"""Superiority claims against runs: does the network beat its rival, and the best simple model?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mer_repro import paths
from mer_repro.critique import effects
from mer_repro.critique.effects import Effect
from mer_repro.critique.judgements import Cell, Comparison
from mer_repro.critique.rooms import Room
from mer_repro.results import Results
from mer_repro.runs.records import RecordStore, find

#: How a difference is told: by the sign of its interval.
OUTCOMES = {1: "better", 0: "cannot tell", -1: "worse"}


@dataclass(frozen=True)
class Trial:
    """One superiority claim on one set of runs.

    Attributes
    ----------
    comparison : the claim.
    cell : where it was tried; None where it was not rerun.
    network : the network's mean score; nan where it was not run.
    over_rival, over_simple : by how much it is better (positive: better, whatever the metric), or None.
    simple, simple_score : the best simple model and its mean score.
    """

    comparison: Comparison
    cell: Cell | None = None
    network: float = math.nan
    over_rival: Effect | None = None
    over_simple: Effect | None = None
    simple: str = ""
    simple_score: float = math.nan

    @property
    def verdict(self) -> str:
        """Whether the claim of superiority survives the best simple model."""
        if self.over_simple is None:
            return "not rerun"
        return {1: "survives", 0: "cannot tell", -1: "does not survive"}[self.over_simple.sign]


def trials(comparison: Comparison, room: Room) -> list[Trial]:
    """A claim on every cell where its network was run; one empty trial where it was run nowhere."""
    tried = [_trial(comparison, cell, room) for cell in comparison.cells]
    return [trial for trial in tried if trial.cell] or [Trial(comparison)]


def _trial(comparison: Comparison, cell: Cell, room: Room) -> Trial:
    where = cell.model_dump(exclude={"paper", "variant"})
    metric = comparison.metric

    def runs(variant: str) -> list:
        return find(room.records, **where, variant=variant)

    network = _score(runs(comparison.network), metric)
    if math.isnan(network):
        return Trial(comparison)
    sign = -1 if metric in effects.LOWER_IS_BETTER else 1
    splits = {run.seed for run in runs(comparison.network)}
    scores = {name: _score([r for r in runs(name) if r.seed in splits], metric) for name in comparison.simple}
    known = {name: score for name, score in scores.items() if not math.isnan(score)}
    best = max(known, key=lambda name: sign * known[name], default="")

    def lead(over: str | None) -> Effect | None:
        if not over:
            return None
        if found := _in_its_chapter(cell, room, comparison.network, over, metric):
            return found
        held = comparison.paired and effects.paired(runs(comparison.paired), f"{comparison.network}-{over}")
        return held or _turned(effects.contrast(runs(comparison.network), runs(over), metric), sign)

    over_simple = lead(best)
    return Trial(
        comparison, cell, network, lead(comparison.rival), over_simple, best, known.get(best, math.nan)
    )  # fmt: skip


def _in_its_chapter(cell: Cell, room: Room, better: str, worse: str, metric: str) -> Effect | None:
    """The difference as the paper's own chapter takes it, where it does so on the same test items."""
    if metric != "accuracy":
        return None
    where = cell.model_dump(exclude={"paper", "variant"})
    if room.key not in ON_SAME_ITEMS:
        results = Results(room.key, room.records, RecordStore(paths.records_home("full"))).where(**where)
        held = results.contrast(metric, {"variant": better}, {"variant": worse})
        seeds = len(results.where(variant=better))
        return (
            Effect(metric, held.value, held.low, held.high, seeds, "paired test items", held.records) if held else None
        )
    found = ON_SAME_ITEMS[room.key](room.records, cell, better, worse)
    if found is None:
        return None
    one, other = (find(room.records, **where, variant=name) for name in (better, worse))
    ids = tuple(record.id for record in (*one, *other))
    return Effect(metric, found.difference, found.low, found.high, len(one), "paired test items", ids)


def _gujar2026(records: list, cell: Cell, better: str, worse: str):
    from mer_repro.papers.gujar2026 import cells

    found = cells.difference(records, cell.dataset, better, worse, cell.target)
    return found.accuracy if found else None


#: Papers whose records hold the answers to every test item: (records, cell, better, worse) -> an object with
#: ``difference``, ``low`` and ``high`` of the accuracy, or None.
ON_SAME_ITEMS = {"gujar2026": _gujar2026}


def _score(runs: list, metric: str) -> float:
    """Mean over seeds; nan where there are none."""
    values = [run.metrics[metric] for run in runs if run.metrics.get(metric) is not None]
    return sum(values) / len(values) if values else math.nan


def _turned(effect: Effect | None, sign: int) -> Effect | None:
    """An error's difference turned round, so that more is better."""
    if effect is None or sign == 1:
        return effect
    return Effect(
        effect.metric, -effect.value, -effect.high, -effect.low, effect.seeds, effect.basis, effect.records
    )  # fmt: skip
