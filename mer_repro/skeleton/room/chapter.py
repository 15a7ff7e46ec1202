"""The tables, figures, quoted numbers and card of the chapter on newkey2030."""

from __future__ import annotations

from typing import Any

from mer_repro import plots, report, verdicts
from mer_repro.papers.newkey2030 import names, study
from mer_repro.papers.newkey2030.verdicts import RULES
from mer_repro.results import Results
from mer_repro.tables import Column, Table, Text, grid

KEY = study.KEY
SCORES = (Column("RMSE", "rmse"), Column("MAE", "mae"), Column("R²", "r2"))


def numbers(results: Results) -> dict[str, Any]:
    """The numbers that the chapter's prose quotes, by the name under which it glues them."""
    return {
        "stated_rmse": results.stated("t1.ours.rmse"),
        "network_rmse": (results.where(variant="network", data="real").score("rmse"), ".3"),
    }


def scores(results: Results) -> Table:
    """The paper's row first, then ours, pooled over the folds, with 95 % intervals over songs."""
    ours = grid(results, names.LABELS, SCORES, "Arousal of DEAM's songs, every song tested once")
    stated = {score: results.stated(claim) for score, claim in names.STATED["network"].items()}
    paper = {"model": "the paper's network", "RMSE": stated["rmse"], "MAE": stated["mae"]}
    return Table([paper, *ours.rows], ours.caption)


def figure(results: Results) -> plots.DescribedFigure:
    """RMSE of every variant with its interval, beside the paper's."""
    import matplotlib.pyplot as plt

    plots.use_style()
    drawing, axis = plt.subplots(figsize=(8, 2.2))
    found = {label: results.where(variant=name).score("rmse") for name, label in names.LABELS.items()}
    known = {label: score for label, score in found.items() if score}
    for height, score in enumerate(known.values()):
        axis.plot([score.low, score.high], [height] * 2, color=plots.MEASURED, linewidth=2)
        axis.plot(score.value, height, "o", color=plots.MEASURED)
    axis.set_yticks(range(len(known)), list(known))
    stated = results.stated("t1.ours.rmse")
    axis.axvline(stated.value, color=plots.STATED, linestyle="--", label="the paper")
    axis.set_xlabel("RMSE on test songs (95 % interval over songs)")
    axis.legend()
    shown = "; ".join(f"{label} {score:.2}" for label, score in known.items()) or "none recorded yet"
    return plots.described(drawing, alt=f"RMSE beside the paper's {stated}: {shown}.", title="Ours beside the paper's")


def card(results: Results) -> Table:
    """The head of the chapter."""
    quoted = numbers(results)
    theirs = Text.of("RMSE {stated_rmse} (arousal, test)", **quoted)
    ours = Text.of("RMSE {network_rmse}", **quoted)
    return report.card(results, verdicts.judge(RULES, results), theirs, ours)


def verdict_table(results: Results) -> Table:
    """What the reruns say of the paper's claims."""
    return verdicts.table(KEY, verdicts.judge(RULES, results))


def summary(results: Results) -> Table:
    """The chapter under the headings of the reproducibility challenge: what was easy, what was difficult."""
    easy, hard = "The loader, the folds and the mean were there.", "To be said once the network is the paper's."
    return report.summary(results, verdicts.judge(RULES, results), easy, hard)


def measured_here(profile: str, overrides: dict | None = None) -> Table:
    """What a profile gives on this machine."""
    return report.measured_here(KEY, profile, overrides, ("rmse", "r2"))
