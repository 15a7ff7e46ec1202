"""The figures of the chapter on gujar2026, all from the ledger and the run records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mer_repro import plots
from mer_repro.papers.gujar2026.cells import (
    BIMODAL,
    DATASETS,
    LABELS,
    MOODS,
    STAGE_LABELS,
    STATED_BATCHES,
    STATED_ROWS,
    by_variant,
    latencies,
    percent,
    stated,
    summary,
)
from mer_repro.runs.records import find

if TYPE_CHECKING:
    from mer_repro.runs.records import Record

LADDER = ("majority", "audio_only", "text_only", "late_fusion", "concatenation", "attention", "boosting_descriptors")


def ladder_figure(records: list[Record]) -> plots.DescribedFigure:
    """The ladder of modalities: the paper's four rows, and ours on two real data sets."""
    import matplotlib.pyplot as plt

    plots.use_style()
    panels = [dataset for dataset in BIMODAL if len(summary(records, dataset))]
    figure, axes = plt.subplots(len(panels), 1, figsize=(8, 1.0 + 2.9 * len(panels)), sharex=True, squeeze=False)
    told = []
    for axis, dataset in zip(axes[:, 0], panels, strict=True):
        cells = by_variant(records, dataset)
        rungs = [variant for variant in LADDER if variant in cells.index]
        for height, variant in enumerate(reversed(rungs)):
            _draw_rung(axis, height, cells.loc[variant], STATED_ROWS.get(variant))
        axis.set_yticks(range(len(rungs)), [LABELS[variant] for variant in reversed(rungs)], fontsize=10)
        axis.set_title(f"{DATASETS[dataset]} (real)", fontsize=10)
        told.append(f"{dataset}: " + ", ".join(f"{LABELS[v]} {percent(cells.loc[v, 'accuracy'])} %" for v in rungs))
    axes[-1, 0].set_xlabel("accuracy in % (95 % interval over artists)")
    axes[0, 0].legend(loc="lower left", bbox_to_anchor=(0, 1.1), ncols=2, fontsize=10)
    return plots.described(
        figure,
        alt="Dot plot of accuracy for one modality and for both. " + "; ".join(told) + ". The paper's four values rise"
        " from audio to text to late fusion to attention.",
        caption="The paper's ladder (DEAM) beside ours. Their data is not ours: compare the steps, not the heights.",
    )


def _draw_rung(axis, height: int, cell, stated_row: str | None) -> None:
    low, high = 100 * cell["accuracy_low"], 100 * cell["accuracy_high"]
    label = "ours" if height == 0 else None
    axis.plot([low, high], [height] * 2, color=plots.MEASURED, linewidth=2, zorder=2)
    axis.plot(100 * cell["accuracy"], height, "o", color=plots.MEASURED, markersize=8, label=label)
    if stated_row:
        label = "the paper, DEAM" if stated_row == "ours" else None
        axis.plot(stated(f"t2.{stated_row}.accuracy"), height, "D", color=plots.STATED, markersize=7, label=label)


def attention_figure(records: list[Record]) -> plots.DescribedFigure:
    """Where the attention looks on planted songs, by which modality informs, with and without modality dropout."""
    import matplotlib.pyplot as plt
    import numpy as np

    plots.use_style()
    shown = ("attention", "attention_alone", "attention_modality_dropout")
    figure, axes = plt.subplots(1, 3, figsize=(9, 3.6), sharey=True)
    told = []
    for axis, condition in zip(axes, ("one_sided", "marked", "misleading"), strict=True):
        for place, variant in enumerate(shown):
            runs = find(records, dataset="planted", target=condition, variant=variant)
            if not runs:
                continue
            for shift, (name, colour) in enumerate((("audio", plots.MEASURED), ("text", plots.PALETTE[2]))):
                label, curves = f"the {name} informs", [r.curves.get(f"weight_{name}_informs") for r in runs]
                if not all(curves):
                    continue
                quantiles = np.mean(curves, axis=0)
                x = place + 0.3 * shift - 0.15
                axis.plot([x, x], quantiles[[0, 4]], color=colour, linewidth=1)
                axis.plot([x, x], quantiles[[1, 3]], color=colour, linewidth=5, solid_capstyle="butt")
                axis.plot(x, quantiles[2], "o", color=colour, markersize=9, label=label if place == 0 else None)
                told.append(f"{condition}, {variant.replace('_', ' ')}, {label}: median {quantiles[2]:.2f}")
        axis.set_xticks(range(len(shown)), ["as\nstated", "nothing\nbeside", "modality\ndropout"], fontsize=10)
        axis.set_xlim(-0.6, len(shown) - 0.4)
        axis.set_ylim(-0.02, 1.02)
        axis.set_title(condition.replace("_", " "))
    axes[0].set_ylabel("weight of the audio")
    axes[1].legend(fontsize=9, loc="lower left", bbox_to_anchor=(0, 1.08), ncols=2)
    return plots.described(
        figure,
        alt="Weights of the audio in planted songs. " + "; ".join(told) + ".",
        caption="Attention on generated test songs: median, middle half, and 5 to 95 %; means over folds.",
    )


def confusion_figure(records: list[Record]) -> plots.DescribedFigure:
    """Which moods attention fusion and words alone mistake for which, tcc_ceds, all folds; rows add to 100 %."""
    import matplotlib.pyplot as plt
    import numpy as np

    plots.use_style()
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), sharey=True)
    told = []
    for axis, variant in zip(axes, ("attention", "text_only"), strict=True):
        runs = find(records, dataset="tcc_ceds", variant=variant)
        counts = np.sum([record.notes["confusion"] for record in runs], axis=0)
        shares = 100 * counts / counts.sum(axis=1, keepdims=True)
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=100)
        axis.grid(False)
        for (row, column), share in np.ndenumerate(shares):
            colour = "white" if share > 55 else "black"
            axis.text(column, row, f"{share:.0f}", ha="center", va="center", color=colour, fontsize=11)
        axis.set_xticks(range(4), MOODS)
        axis.set_yticks(range(4), MOODS)
        axis.set_xlabel("called")
        axis.set_title(LABELS[variant], fontsize=11)
        told.append(f"{LABELS[variant]}: " + ", ".join(f"{m} {shares[k, k]:.0f} %" for k, m in enumerate(MOODS)))
    axes[0].set_ylabel("is")
    return plots.described(
        figure,
        alt="Two confusion matrices; right answers by mood: " + "; ".join(told) + ".",
        caption="Share of each mood's test songs, in %; tcc_ceds (real), all folds together.",
    )


def latency_figure(records: list[Record]) -> plots.DescribedFigure:
    """Latency against batch size: the paper's table 4, our stages, and the floor of each."""
    import matplotlib.pyplot as plt

    plots.use_style()
    figure, axis = plt.subplots(figsize=(8, 4))
    batches = list(STATED_BATCHES)
    paper = [stated(f"t4.{name}.latency") for name in STATED_BATCHES.values()]
    axis.plot(batches, paper, "D--", color=plots.STATED, label="the paper (GPU, not named)")
    told = [f"the paper rises from {paper[0]:.0f} to {paper[-1]:.0f} ms"]
    for (stage, cells), colour in zip(latencies(records).groupby("stage", sort=False), plots.PALETTE[2:], strict=False):
        axis.plot(cells["batch"], cells["ms"], "o-", color=colour, label=f"one core: {STAGE_LABELS[stage]}")
        axis.plot(cells["batch"], cells["floor_ms"], ":", color=colour)
        first, last = cells.iloc[0], cells.iloc[-1]
        told.append(
            f"{STAGE_LABELS[stage]} from {first.ms:.0f} ms at {first.batch} to {last.ms:.0f} ms at {last.batch}"
        )
    axis.set(xscale="log", yscale="log", xlabel="songs in a batch", ylabel="ms a batch")
    axis.set_xticks(batches, [str(batch) for batch in batches])
    axis.legend(fontsize=9)
    return plots.described(
        figure,
        alt="Latency against batch size on logarithmic axes: " + "; ".join(told) + ".",
        caption="Latency of a batch. Dotted: the floor, from operations and bytes at this core's measured peak.",
    )
