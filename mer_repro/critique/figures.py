"""The figures of the chapter 'Critique'."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from mer_repro import plots
from mer_repro.audit import finding
from mer_repro.critique import chapter
from mer_repro.critique.rooms import NOT_RERUN
from mer_repro.verdicts import JUDGEMENTS

if TYPE_CHECKING:
    from mer_repro.critique.rooms import Room

#: A colour, and a hatching for readers who cannot tell it, for every verdict.
LOOKS = {
    "inconsistent": ("#D55E00", "///"),
    "undetermined": ("#E69F00", ""),
    "consistent": ("#009E73", ".."),
    "supported": ("#009E73", ".."),
    "unsupported": ("#D55E00", "///"),
    "undecided": ("#E69F00", ""),
    "not run": ("#E3E3E3", ""),
    "untestable": ("#BBBBBB", "xx"),
}


def overview(rooms: list[Room]) -> plots.DescribedFigure:
    """Checks of the audit and judged claims of the reruns, by verdict and paper."""
    import matplotlib.pyplot as plt

    plots.use_style()
    counts = chapter.matrix_counts(rooms).set_index("paper")
    figure, axes = plt.subplots(1, 2, figsize=(9, 0.55 * len(counts) + 1.6), sharey=True)
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
        caption="Left: answers of the checks over a paper's own numbers. Right: what reruns say of its claims.",
    )


def inflations(rooms: list[Room], survey: dict) -> plots.DescribedFigure:
    """Every measured inflation of R², with its interval."""
    import matplotlib.pyplot as plt

    plots.use_style()
    found = [entry for entry in chapter.measured(rooms, survey) if entry[2].metric == "r2"]
    figure, axis = plt.subplots(figsize=(9, 1.0 + 0.42 * len(found)))
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
    told = "; ".join(f"{says}, {leak.type}: {chapter.shown(effect)}" for leak, says, effect in found)
    return plots.described(
        figure,
        alt=f"Dot plot of changes of R², a row a measured leak. {told}.",
        caption="What leaks and distortions were measured to do to R² here; intervals are cut off at the edges.",
    )


#: Where the axis of changes ends; single splits of few songs have intervals far beyond.
LIMIT = 1.2


def detectable(rooms: list[Room]) -> plots.DescribedFigure:
    """Stated differences of accuracy beside the smallest one that the test size could have shown."""
    import matplotlib.pyplot as plt

    plots.use_style()
    rows = [row for row in chapter.precision_rows(rooms) if row["kind"] == "accuracy"]
    figure, axis = plt.subplots(figsize=(9, 1.2 + 0.44 * len(rows)))
    told = []
    for place, row in enumerate(rows):
        difference, floor = 100 * (row["better"] - row["worse"]), 100 * row["overlaps"].detectable
        axis.plot([0, floor], [place, place], color="#BBBBBB", linewidth=7, solid_capstyle="butt", zorder=1)
        axis.plot(floor, place, "|", color=plots.MEASURED, markersize=13, markeredgewidth=2.5, zorder=2)
        axis.plot(difference, place, "D", color=plots.STATED, markersize=7, zorder=3)
        told.append(f"{row['paper']}, {row['says']}, {row['items']:,} items: {difference:.1f} of {floor:.1f} points")
    axis.plot([], [], "D", color=plots.STATED, label="difference that the paper states")
    axis.plot([], [], "|", color=plots.MEASURED, markersize=13, markeredgewidth=2.5, label=DETECTABLE_LABEL)
    labels = [f"{row['paper']}: {row['says']}\n{row['items']:,} items, {row['reading']}" for row in rows]
    axis.set_yticks(range(len(rows)), labels, fontsize=9)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.set_xlim(0, None)
    axis.set_xlabel("percentage points of accuracy")
    axis.legend(fontsize=9, loc="lower right", bbox_to_anchor=(1, 1))
    return plots.described(
        figure,
        alt="Stated differences of accuracy and the smallest detectable ones. " + "; ".join(told) + ".",
        caption="A stated difference inside the grey bar is smaller than what the test could be relied on to show.",
    )


DETECTABLE_LABEL = "smallest difference found with a power of 80 %, errors independent"
