"""Superiority claims against runs: does the network beat its rival, and the best simple model?

Differences are those of `mer_repro.results`: on the same test items, the same draws for both sides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from mer_repro.critique.curated import Cell, Comparison
from mer_repro.critique.rooms import Room
from mer_repro.results import Results, Score, difference

#: Scores of which less is better.
LOWER_IS_BETTER = ("mae", "rmse", "mse", "mape", "log_loss", "calibration_error")


@dataclass(frozen=True)
class Trial:
    """One superiority claim on one set of runs.

    Attributes
    ----------
    comparison : the claim.
    cell : where it was tried; None where it was not rerun.
    network : the network's score, or None.
    over_rival, over_simple : by how much it is better (positive: better, whatever the metric), or None.
    simple, simple_score : the best simple model on the test data, and its score.
    """

    comparison: Comparison
    cell: Cell | None = None
    network: Score | None = None
    over_rival: Score | None = None
    over_simple: Score | None = None
    simple: str = ""
    simple_score: Score | None = None

    @property
    def verdict(self) -> str:
        """The network beside the best simple model: "better", "cannot tell", "worse", or why there is no comparison."""
        if self.cell is None:
            return "not rerun"
        if self.over_simple is None:
            return "no evidence kept"
        return outcome(self.over_simple)


def sign(score: Score) -> int:
    """1 or -1 where the whole interval lies on one side of zero, otherwise 0."""
    return 1 if score.low > 0 else -1 if score.high < 0 else 0


def outcome(score: Score) -> str:
    """ "better", "cannot tell" or "worse"."""
    return {1: "better", 0: "cannot tell", -1: "worse"}[sign(score)]


def trials(comparison: Comparison, room: Room) -> list[Trial]:
    """A claim on every cell where its network was run; one empty trial where it was run nowhere."""
    tried = [_trial(comparison, cell, room.runs) for cell in comparison.cells if room.runs]
    return [trial for trial in tried if trial.cell] or [Trial(comparison)]


def runs_of(cell: Cell, runs: Results, variant: str | None = None) -> Results:
    """The runs of a cell, or of another variant in its place."""
    return runs.where(**cell.where() | {"variant": variant or cell.variant})


def _trial(comparison: Comparison, cell: Cell, runs: Results) -> Trial:
    metric, turn = comparison.metric, -1 if comparison.metric in LOWER_IS_BETTER else 1
    of_network = runs_of(cell, runs, comparison.network)
    network = of_network.score(metric, cell.column)
    if network is None:
        return Trial(comparison)
    scores = {name: runs_of(cell, runs, name).score(metric, cell.column) for name in comparison.simple}
    known = {name: score for name, score in scores.items() if score is not None}
    best = max(known, key=lambda name: turn * known[name].value, default="")

    def lead(over: str | None) -> Score | None:
        found = difference(metric, of_network, runs_of(cell, runs, over), cell.column) if over else None
        return turned(found) if found and turn < 0 else found

    return Trial(comparison, cell, network, lead(comparison.rival), lead(best), best, known.get(best))


def turned(score: Score) -> Score:
    """An error's difference turned round, so that more is better; a program makes it again before it is turned."""
    return replace(score, value=-score.value, low=-score.high, high=-score.low, recipe=())
