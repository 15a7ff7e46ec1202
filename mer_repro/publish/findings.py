"""The study's main findings in three sentences and a picture, and every paper's headline verdict at a glance.

Every number comes from ledgers, audit, run records and the committed survey of the data sets and carries its source;
`tools/readme.py` writes the sentences into the README.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mer_repro import plots, report, verdicts
from mer_repro.results import Results, Score, Stated, stated
from mer_repro.tables import Link, Table, Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What is compared: the paper, the label-only rule, the data set whose labels its tables fit.
PAPER, RULE, DATASET = "qiu2025", "song_mean", "pmemo"
STATED = {"arousal": "t1.ours.testing.r2", "valence": "t2.ours.testing.r2"}
PROTOCOLS = {
    "within_song_random": "frames of the test songs in training",
    "song_grouped": "test songs held out",
}
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def claimed() -> dict[str, Stated]:
    """R² as the paper states it, by target."""
    return {target: stated(PAPER, claim) for target, claim in STATED.items()}


def measured() -> dict[tuple[str, str], Score]:
    """R² of the label-only rule, by (target, protocol)."""
    runs = Results.load(PAPER).where(dataset=DATASET, data="real", variant=RULE)
    found = {(t, p): runs.where(target=t, protocol=p).score("r2") for t in STATED for p in PROTOCOLS}
    return {place: score for place, score in found.items() if score is not None}


def texts(keys: Iterable[str]) -> str:
    """ "four papers and a draft": how many, in words, drafts apart."""
    drafts = [key for key in keys if report.is_draft(key)]
    papers = len(list(keys)) - len(drafts)
    named = WORDS[papers] if papers < len(WORDS) else str(papers)
    more = {0: "", 1: " and a draft"}.get(len(drafts), f" and {len(drafts)} drafts")
    return f"{named} paper{'s' * (papers != 1)}{more}"


def leak(dataset: str) -> Score | None:
    """What a split within songs adds to the R² of the rebuilt network for arousal, as the paper's room works it out."""
    import importlib

    room = importlib.import_module(f"mer_repro.papers.{PAPER}.verdicts")
    return room.leak(Results.load(PAPER), "cnn_bilstm", dataset=dataset)


def sentences() -> list[Text]:
    """The three findings; their numbers know their sources."""
    from mer_repro import papers
    from mer_repro.critique.data_chapter import figures, survey

    ours, theirs = measured(), claimed()
    cells = {f"{t}_{p}": (ours.get((t, p)), ".3~") for t in STATED for p in PROTOCOLS}
    counts, data = report.audit_counts().iloc[-1], figures.numbers(survey.read())
    return [
        Text.of(
            "**A split can be the result.** A network is published with R² {arousal} (arousal) and {valence} (valence)."
            " The mean of a song's training labels, which uses no audio, scores {arousal_within_song_random} and"
            " {valence_within_song_random} on PMEmo when frames of the test songs are in training, as in the public"
            " code that we take to be the authors', and {arousal_song_grouped} and {valence_song_grouped} when songs"
            " are held out, where it can only give the overall mean. The rebuilt network itself gains"
            " {vgmidi} on VGMIDI and {deam} on DEAM from such a split.",
            **{name: (leak(name), "+.2") for name in ("vgmidi", "deam")},
            **theirs,
            **cells,
        ),
        Text.of(
            "**Numbers on paper disagree.** {texts} state {numbers} numbers. Of {checks} checks over them,"
            " {inconsistent} find numbers, or sentences about them, that cannot all be right, whatever they were"
            " measured on.",
            texts=texts(papers.paper_keys()).capitalize(),
            **{name: str(counts[name]) for name in ("checks", "numbers", "inconsistent")},
        ),
        Text.of(
            "**Labels need a look before models do.** {swapped} songs of DEAM have valence and arousal in each other's"
            " columns, and {seen} of MERGE's official test songs carry exactly the label of a training song.",
            swapped=data["swapped_songs"],
            seen=data["merge_seen"],
        ),
    ]


def description() -> str:
    """What the picture shows, for those who cannot see it; with its numbers."""
    ours, theirs = measured(), claimed()
    parts = []
    for target in STATED:
        shown = [f"{ours[target, p]:.3~} with {says}" for p, says in PROTOCOLS.items() if (target, p) in ours]
        parts.append(f"{target}: {', '.join(shown)}, {theirs[target]} stated for the network")
    return f"R² on PMEmo of the mean of a song's training labels, which uses no audio. {'; '.join(parts)}."


def figure() -> Figure:
    """The first finding as a dot plot."""
    import matplotlib.pyplot as plt

    plots.use_style()
    drawing, axis = plt.subplots(figsize=(8, 2.4))
    styles = {"within_song_random": (plots.MEASURED, "o"), "song_grouped": (plots.MUTED, "s")}
    heights = {target: -index for index, target in enumerate(STATED)}
    for (target, protocol), score in measured().items():
        colour, marker = styles[protocol]
        label = f"label-only, {PROTOCOLS[protocol]}" if target == "arousal" else None
        axis.plot([score.low, score.high], [heights[target]] * 2, color=colour, linewidth=2)
        axis.plot(score.value, heights[target], marker, color=colour, markersize=9, label=label)
        axis.annotate(f"{score:.3~}", (score.value, heights[target] + 0.22), ha="center", color=colour, fontsize=9)
    for target, number in claimed().items():
        ends = [heights[target] - 0.3, heights[target] + 0.3]
        label = "the published network" if target == "arousal" else None
        axis.plot([number.value] * 2, ends, color=plots.STATED, linestyle="--", linewidth=2, label=label)
        axis.annotate(str(number), (number.value, ends[1] + 0.02), ha="center", color=plots.STATED, fontsize=9)
    axis.set_yticks(list(heights.values()), list(heights))
    axis.set_xlim(right=1.1)
    axis.set(
        ylim=(-1.5, 0.7), xlabel="R² (label-only: PMEmo, 95 % interval over songs; published: data set not stated)"
    )
    title = "Without any audio, a song's mean label scores high where frames are split within songs, and only there"
    axis.set_title(title, fontsize=11, loc="left")
    axis.legend(loc="center", bbox_to_anchor=(0.45, 0.5), fontsize=9)
    return drawing


def glance(keys: Iterable[str]) -> Table:
    """A row for each paper: the claim of its headline verdict, the verdict, its reason, and the tally of all."""
    rows = []
    for key in keys:
        judged = verdicts.judge(verdicts.of_paper(key), Results.load(key))
        main = verdicts.headline(judged)
        rows.append(
            {
                "paper": Link(key + (" (draft)" if report.is_draft(key) else ""), f"papers/{key}.html"),
                "claims": main.claim,
                "verdict": main.says,
                "because": main.because,
                "all its verdicts": verdicts.tally(judged),
            }
        )
    return Table(rows, kind="mer-stack")


def picture() -> str:
    """The figure as SVG that carries its own description."""
    import matplotlib.pyplot as plt

    drawing, buffer = figure(), io.StringIO()
    metadata = {"Date": None, "Description": description()}
    drawing.savefig(buffer, format="svg", metadata=metadata, bbox_inches="tight", facecolor="white")
    plt.close(drawing)
    return buffer.getvalue()
