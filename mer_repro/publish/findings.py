"""The study's main findings in three sentences and a picture: what the README and the book's first page open with;
and every paper's claim and verdict at a glance.

Every number comes from ledgers, audit, run records and the committed survey of the data sets; `tools/readme.py` writes
them into the README.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from mer_repro import plots, report
from mer_repro.audit import ledger

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What is compared: the paper, the rule that hears nothing, the data set whose labels its tables fit.
PAPER, RULE, DATASET = "qiu2025", "song_mean", "pmemo"
STATED = {"arousal": "t1.ours.testing.r2", "valence": "t2.ours.testing.r2"}
PROTOCOLS = {"within_song_random": "test songs' moments in training", "song_grouped": "test songs held out"}


def stated() -> dict[str, str]:
    """R² as the paper prints it, by target."""
    printed = {claim.id: claim.value for claim in ledger.load(PAPER).claims}
    return {target: printed[claim] for target, claim in STATED.items()}


def measured() -> dict[tuple[str, str], tuple[float, float, float]]:
    """R² of the rule with the ends of its interval, means over seeds, by (target, protocol)."""
    records = [
        record
        for record in report.records(PAPER)
        if (record.dataset, record.variant, record.data) == (DATASET, RULE, "real") and record.protocol in PROTOCOLS
    ]
    cells = report.over_seeds(report.as_frame(records), ["r2"]).itertuples()
    return {(cell.target, cell.protocol): (cell.r2, cell.r2_low, cell.r2_high) for cell in cells}


#: Takes a number as text and the id of the record or claim that it comes from.
Link = Callable[[str, str], str]


def _plain(number: str, source: str) -> str:
    return number


def sentences(to_record: Link = _plain, to_claim: Link = _plain) -> str:
    """The three findings as a Markdown list, a line each.

    Parameters
    ----------
    to_record, to_claim : take a number and the id of what it comes from, and make a link of it; plain text by default.
    """
    from mer_repro.data import figures, survey

    ours = measured()
    theirs = {target: to_claim(number, f"{PAPER}.{STATED[target]}") for target, number in stated().items()}
    leaking, clean = (
        {
            target: to_record(f"{ours[target, protocol][0]:.3f}", f"{PAPER}.{DATASET}.real.{protocol}.{RULE}.{target}")
            for target in STATED
        }
        for protocol in PROTOCOLS
    )
    audit, data = report.audit_counts().iloc[-1], figures.numbers(survey.read())
    return "\n".join(
        [
            f"1. **A split can be the result.** A network is published with R² {theirs['arousal']} (arousal) and"
            f" {theirs['valence']} (valence). The mean of a song's training labels, which hears no music, scores"
            f" {leaking['arousal']} and {leaking['valence']} on PMEmo when moments of the test songs are in training,"
            f" as in the released code, and {clean['arousal']} and {clean['valence']} when songs are held out.",
            f"2. **Numbers on paper disagree.** Of {audit['checks']} checks over {audit['numbers']} numbers that the"
            f" papers state, {audit['inconsistent']} find numbers that cannot all be right, whatever they were"
            " measured on.",
            f"3. **Labels need a look before models do.** {data['swapped_songs']} songs of DEAM have valence and"
            f" arousal in each other's columns, and {data['merge_seen']} of MERGE's official test songs carry exactly"
            " the label of a training song.",
        ]
    )


def description() -> str:
    """What the picture shows, for those who cannot see it; with its numbers."""
    ours, theirs = measured(), stated()
    parts = [
        f"{target}: {ours[target, 'within_song_random'][0]:.3f} with moments of the test songs in training,"
        f" {ours[target, 'song_grouped'][0]:.3f} with songs held out, {theirs[target]} stated for the network"
        for target in STATED
    ]
    return f"R² on PMEmo of the mean of a song's training labels, which hears no music. {'; '.join(parts)}."


def figure() -> Figure:
    """The first finding as a dot plot."""
    import matplotlib.pyplot as plt

    plots.use_style()
    drawing, axis = plt.subplots(figsize=(8, 2.3))
    styles = {"within_song_random": (plots.MEASURED, "o"), "song_grouped": (plots.MUTED, "s")}
    heights = {target: -index for index, target in enumerate(STATED)}
    for (target, protocol), (value, low, high) in measured().items():
        colour, marker = styles[protocol]
        label = f"hears nothing, {PROTOCOLS[protocol]}" if target == "arousal" else None
        axis.plot([low, high], [heights[target]] * 2, color=colour, linewidth=2)
        axis.plot(value, heights[target], marker, color=colour, markersize=9, label=label)
        axis.annotate(f"{value:.3f}", (value, heights[target] + 0.22), ha="center", color=colour, fontsize=9)
    for target, value in stated().items():
        ends = [heights[target] - 0.3, heights[target] + 0.3]
        label = "the published network" if target == "arousal" else None
        axis.plot([float(value)] * 2, ends, color=plots.STATED, linestyle="--", linewidth=2, label=label)
        axis.annotate(value, (float(value), ends[1] + 0.02), ha="center", color=plots.STATED, fontsize=9)
    axis.set_yticks(list(heights.values()), list(heights))
    axis.set_xlim(right=1.1)
    axis.set(ylim=(-1.5, 0.7), xlabel="R² on PMEmo's test moments (95 % interval over songs)")
    axis.legend(loc="center", bbox_to_anchor=(0.45, 0.5), fontsize=9)
    return drawing


def glance(keys: Iterable[str]) -> str:
    """A row for each paper that has a chapter, as MyST: its main claim, its number beside ours, the reruns' verdict."""
    lines = ["| paper | claims | states | we find | verdict |", "|---|---|---|---|---|"]
    for key in keys:
        cells = [f"{{doc}}`{key} <papers/{key}>`", *map(report.escaped, _at_a_glance(key))]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([":::{table}", ":class: mer-table", "", *lines, ":::"]) + "\n"


def _at_a_glance(key: str) -> list[str]:
    card = importlib.import_module(f"mer_repro.papers.{key}.report").card(report.records(key))
    return [card.claim, card.theirs, card.ours, report.SIGNS[card.verdict]]


def picture() -> str:
    """The figure as SVG that carries its own description."""
    import io

    import matplotlib.pyplot as plt

    drawing, buffer = figure(), io.StringIO()
    metadata = {"Date": None, "Description": description()}
    drawing.savefig(buffer, format="svg", metadata=metadata, bbox_inches="tight", facecolor="white")
    plt.close(drawing)
    return buffer.getvalue()
