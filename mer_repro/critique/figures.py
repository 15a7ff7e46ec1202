"""The figures of the chapter 'Critique'."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mer_repro import plots
from mer_repro.audit import finding
from mer_repro.critique import chapter, precision
from mer_repro.critique.rooms import NOT_RERUN
from mer_repro.verdicts import JUDGEMENTS

if TYPE_CHECKING:
    import pandas as pd

    from mer_repro.critique.rooms import Room

#: A colour, and a hatching for readers who cannot tell it, for every verdict.
LOOKS = {
    "inconsistent": ("#CC79A7", "///"),
    "undetermined": ("#B8D4E8", ""),
    "consistent": ("#009E73", ".."),
    "supported": ("#009E73", ".."),
    "unsupported": ("#CC79A7", "///"),
    "undecided": ("#B8D4E8", ""),
    "not run": ("#DDDDDD", ""),
    "untestable": ("#BBBBBB", "xx"),
}


def overview(rooms: list[Room]) -> plots.DescribedFigure:
    """Checks of the audit and judged claims of the reruns, by verdict and paper."""
    import matplotlib.pyplot as plt

    plots.use_style()
    counts = chapter.matrix_counts(rooms).set_index("paper")
    figure, axes = plt.subplots(1, 2, figsize=(9, 0.46 * len(counts) + 1.5), sharey=True)
    for axis, kinds, title in (
        (axes[0], finding.VERDICTS, "audit: checks"),
        (axes[1], JUDGEMENTS, "reruns: judged claims"),
    ):
        left = 0 * counts["checks"]
        for kind in kinds:
            colour, hatch = LOOKS[kind]
            bars = axis.barh(
                counts.index, counts[kind], left=left, color=colour, hatch=hatch, edgecolor="white", label=kind
            )
            labels = [str(count) if count else "" for count in counts[kind]]
            for text in axis.bar_label(bars, labels, label_type="center", fontsize=9):
                if text.get_text():
                    text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.8})
            left = left + counts[kind]
        axis.set_title(title, fontsize=11)
        axis.legend(fontsize=9, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.1))
        axis.grid(axis="y", visible=False)
    for place, room in enumerate(rooms):
        if not room.rerun:
            axes[1].text(0.2, place, NOT_RERUN, va="center", fontsize=10, color=plots.MUTED)
    axes[0].invert_yaxis()
    told = "; ".join(
        f"{key}: checks {', '.join(f'{row[kind]} {kind}' for kind in finding.VERDICTS)}, "
        + (f"claims {', '.join(f'{row[kind]} {kind}' for kind in JUDGEMENTS)}" if row["judged"] else NOT_RERUN)
        for key, row in counts.iterrows()
    )
    return plots.described(
        figure,
        alt=f"Two stacked bar charts, a bar a paper. {told}.",
        title=f"Most often a check of printed numbers is {_commonest(counts, finding.VERDICTS)}, and a claim of a model"
        f" {_commonest(counts, JUDGEMENTS)}",
        note="Left: answers of the checks over a paper's own numbers. Right: what reruns say of its claims.",
    )


def _commonest(counts: pd.DataFrame, kinds: Sequence[str]) -> str:
    return str(counts[list(kinds)].sum().idxmax())


def inflations(rooms: list[Room], survey: dict) -> plots.DescribedFigure:
    """Every measured inflation of R², with its interval."""
    import matplotlib.pyplot as plt

    plots.use_style()
    found = [(leak, says, change) for leak, says, metric, change in chapter.measured(rooms, survey) if metric == "r2"]
    figure, axis = plt.subplots(figsize=(9, 1.0 + 0.36 * len(found)))
    colours = dict(zip(dict.fromkeys(leak.type for leak, _, _ in found), plots.PALETTE, strict=False))
    markers = dict(zip(colours, "osD^vPX*<", strict=False))
    labelled = set()
    for place, (leak, _, effect) in enumerate(found):
        look = {"color": colours[leak.type]}
        axis.plot([max(effect.low, -LIMIT), min(effect.high, LIMIT)], [place, place], linewidth=2, **look)
        label = None if leak.type in labelled else leak.type
        labelled.add(leak.type)
        axis.plot(effect.value, place, markers[leak.type], markersize=8, label=label, **look)
    axis.axvline(0, color=plots.MUTED, linewidth=1)
    axis.set_xlim(-LIMIT, LIMIT)
    axis.set_yticks(range(len(found)), [textwrap.fill(says, 52) for _, says, _ in found], fontsize=9)
    axis.invert_yaxis()
    axis.set_xlabel("change of R² (95 % interval)")
    axis.legend(fontsize=9, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(colours))
    told = "; ".join(f"{says}, {leak.type}: {effect:+.2}" for leak, says, effect in found)
    return plots.described(
        figure,
        alt=f"Dot plot of changes of R², a row a measured leak. {told}.",
        title="What adds most to R² here: " + max(found, key=lambda one: one[2].value)[1],
        note="Leaks and distortions that were measured; intervals are cut off at the edges.",
    )


#: Where the axis of changes ends; single splits of few songs have intervals far beyond.
LIMIT = 1.2


#: Correlations of two models' errors that a reader chooses from.
CORRELATIONS = tuple(step / 10 for step in range(10))


def detectable(rooms: list[Room]) -> plots.DescribedFigure:
    """Stated differences of accuracy beside the smallest detectable ones, by how alike two models' errors are."""
    import matplotlib.pyplot as plt

    plots.use_style()
    compared: dict[tuple[str, str], list[dict]] = {}
    for row in chapter.precision_rows(rooms):
        if row["kind"] == "accuracy":
            compared.setdefault((row["paper"], row["says"]), []).append(row)
    figure, axis = plt.subplots(figsize=(10, 1.2 + 0.36 * len(compared)))
    told = []
    for place, ((paper, says), readings) in enumerate(compared.items()):
        difference = 100 * (readings[0]["better"] - readings[0]["worse"])
        for number, correlation in enumerate(CORRELATIONS):
            floors = [
                100 * precision.detectable(row["better"], row["worse"], row["items"], correlation) for row in readings
            ]
            axis.plot([0, max(floors)], [place] * 2, color="#BBBBBB", linewidth=7, solid_capstyle="butt", zorder=1,
                      gid=plots.part(number))  # fmt: skip
            for row, floor in zip(readings, floors, strict=True):
                hover = f"{row['items']:,} items, {row['reading']}: {floor:.1f} points"
                axis.plot(floor, place, "|", color=plots.MEASURED, markersize=13, markeredgewidth=2.5, zorder=2,
                          gid=plots.part(number, hover))  # fmt: skip
        axis.plot(difference, place, "D", color=plots.STATED, markersize=7, zorder=3)
        independent = (f"{100 * row['overlaps'].detectable:.1f} with {row['items']:,} items" for row in readings)
        told.append(f"{paper}, {says}: {difference:.1f} stated, {', '.join(independent)}")
    axis.plot([], [], "D", color=plots.STATED, label="difference that the paper states")
    axis.plot([], [], "|", color=plots.MEASURED, markersize=13, label="smallest difference found with a power of 80 %")
    axis.set_yticks(range(len(compared)), [f"{paper}: {says}" for paper, says in compared], fontsize=9)
    axis.set_ylim(len(compared) - 0.4, -0.6)
    axis.set_xlim(0, None)
    axis.set_xlabel("percentage points of accuracy")
    figure.legend(fontsize=9, loc="outside upper left", ncols=2)
    return plots.described(
        figure,
        alt="Stated differences of accuracy, and the smallest detectable ones if errors are independent. "
        + "; ".join(told) + ".",
        title="The more alike two models' errors are, the smaller a difference a test can be relied on to show",
        note="A stated difference inside the grey bar is smaller than that, under at least one reading of the test's"
        " size (a tick each).",
        choice=plots.Choice("Correlation of the two models' errors", tuple(f"{one:.1f}" for one in CORRELATIONS),
                            slider=True),
    )  # fmt: skip
