"""The figures of the chapter on abadeh2024, all from the ledger and the run records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mer_repro import plots
from mer_repro.papers.abadeh2024 import genres, study
from mer_repro.papers.abadeh2024.cells import (
    FACTORS,
    LABELS,
    NAMES,
    REAL,
    SETTINGS,
    by_setting,
    effects,
    majority_of_table,
    percent,
    points,
    stated_accuracy,
)
from mer_repro.papers.abadeh2024.genres import n_classes
from mer_repro.runs.records import find

if TYPE_CHECKING:
    from mer_repro.runs.records import Record


def fewer_classes_figure(records: list[Record]) -> plots.DescribedFigure:
    """Accuracy rises with fewer classes for everybody: the report, the LSTM, and three that learn nothing."""
    import matplotlib.pyplot as plt

    plots.use_style()
    figure, axes = plt.subplots(1, 3, figsize=(9, 4.2), sharey=True)
    lines = {"majority": "o:", "last_genre": "s:", "user_majority": "^:", "lstm": "o-"}
    colours = dict(zip(lines, (plots.MUTED, *plots.PALETTE[2:4], plots.MEASURED), strict=True))
    places = range(len(SETTINGS))
    told = []
    for axis, dataset in zip(axes[1:], REAL, strict=True):
        cells = by_setting(records, dataset)
        for variant, style in lines.items():
            shown = [cells.get((variant, setting), {}).get("accuracy", float("nan")) for setting in SETTINGS]
            axis.plot(places, [100 * value for value in shown], style, color=colours[variant], label=LABELS[variant])
            told.append(f"{NAMES[dataset]}, {LABELS[variant]}: " + ", ".join(percent(value) for value in shown))
        axis.set_title(f"{NAMES[dataset]} (real)", fontsize=11)
    stated = [stated_accuracy(setting) for setting in SETTINGS]
    commonest = [majority_of_table(setting) for setting in SETTINGS]
    axes[0].plot(places, [100 * v for v in stated], "D-", color=plots.STATED, label="LSTM, as stated")
    axes[0].plot(
        places, [100 * v for v in commonest], "o:", color=plots.MUTED, label="the commonest genre of its tables"
    )
    axes[0].set_title("the report", fontsize=11)
    axes[0].set_ylabel("accuracy in %")
    for axis in axes:
        axis.set_xticks(places, [n_classes(setting) for setting in SETTINGS])
        axis.set_xlabel("classes")
    axes[0].legend(fontsize=9, loc="upper left")
    axes[1].legend(fontsize=9, loc="upper left")
    report_told = ", ".join(percent(value) for value in stated)
    return plots.described(
        figure,
        alt=f"Accuracy with six, four and three classes. The report's LSTM: {report_told}; the commonest genre of its"
        f" tables: {', '.join(percent(value) for value in commonest)}. " + "; ".join(told) + ".",
        caption="Fewer classes raise everybody's accuracy. At three, the report also adds attention and stress; ours"
        " is the plain LSTM throughout.",
    )


def effects_figure(records: list[Record]) -> plots.DescribedFigure:
    """Main effects of attention, stress and cell, in points, with intervals over users."""
    import matplotlib.pyplot as plt

    plots.use_style()
    found = effects(records)
    figure, axis = plt.subplots(figsize=(8, 0.9 + 0.32 * max(len(found), 3)))
    labels, told = [], []
    for height, ((dataset, factor, setting), one) in enumerate(reversed(found.items())):
        colour = plots.MEASURED if dataset == "situnes" else plots.PALETTE[2]
        axis.errorbar(
            100 * one.difference,
            height,
            xerr=[[100 * (one.difference - one.low)], [100 * (one.high - one.difference)]],
            fmt="o" if dataset == "situnes" else "s",
            color=colour,
            capsize=3,
        )
        labels.append(f"{NAMES[dataset]}: {FACTORS[factor]}, {n_classes(setting)} classes")
        told.append(f"{labels[-1]} {points(one)}")
    axis.axvline(0, color=plots.MUTED, linewidth=1)
    axis.set_yticks(range(len(labels)), labels, fontsize=9)
    axis.set_xlabel("points of accuracy that it adds (95 % interval over users)")
    return plots.described(
        figure,
        alt="Main effects in points of accuracy. " + ("; ".join(reversed(told)) or "not recorded yet") + ".",
        caption="What attention, stress and an LSTM in place of a GRU add when each varies alone (real data).",
    )


def confusion_figure(records: list[Record], dataset: str) -> plots.DescribedFigure:
    """Which genre for which, LSTM, all seeds together; rows add up to 100 %."""
    import matplotlib.pyplot as plt
    import numpy as np

    plots.use_style()
    wanted = {"dataset": dataset, "variant": "lstm", "protocol": "users_apart"}
    settings = [setting for setting in SETTINGS if find(records, target=setting, **wanted)] or [SETTINGS[0]]
    sizes = [n_classes(setting) for setting in settings]
    figure, axes = plt.subplots(
        1, len(settings), figsize=(1 + 0.7 * sum(sizes), 3.9), width_ratios=sizes, squeeze=False
    )
    axes, told = axes[0], []
    for axis, setting in zip(axes, settings, strict=True):
        names = [name.replace("_", " ") for name in genres.class_names(setting)]
        runs = find(records, target=setting, **wanted)
        counts = np.sum([run.notes["confusion"] for run in runs], axis=0) if runs else np.zeros((len(names),) * 2)
        shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=100)
        axis.grid(False)
        for (row, column), share in np.ndenumerate(shares):
            colour = "white" if share > 55 else "black"
            axis.text(column, row, f"{share:.0f}", ha="center", va="center", color=colour, fontsize=9)
        axis.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=9)
        axis.set_yticks(range(len(names)), names, fontsize=9)
        axis.set_xlabel("called")
        told.append(
            f"{n_classes(setting)} classes: " + ", ".join(f"{n} {shares[k, k]:.0f} %" for k, n in enumerate(names))
        )
    axes[0].set_ylabel("is")
    return plots.described(
        figure,
        alt=f"Confusion matrices of the LSTM on {NAMES[dataset]}; right answers, " + "; ".join(told) + ".",
        caption=f"Share of each genre's items, in %; {NAMES[dataset]} (real), users apart, all seeds together.",
    )


def reliability_figure(records: list[Record]) -> plots.DescribedFigure:
    """Stated confidence against accuracy, six classes."""
    import matplotlib.pyplot as plt
    import numpy as np

    plots.use_style()
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.9), sharey=True)
    told = []
    styles = {
        "markov_user": ("s:", plots.PALETTE[2]),
        "boosting": ("^--", plots.PALETTE[3]),
        "lstm": ("o-", plots.MEASURED),
    }
    for axis, dataset in zip(axes, REAL, strict=True):
        axis.plot([0, 100], [0, 100], color=plots.MUTED, linewidth=1)
        for variant, (style, colour) in styles.items():
            runs = find(records, dataset=dataset, variant=variant, target="genres_6", protocol="users_apart", seed=0)
            if not runs:
                continue
            curves = runs[0].curves
            stated, observed = (
                100 * np.array(curves[f"reliability_{name}"], dtype=float) for name in ("confidence", "accuracy")
            )
            enough = np.array(curves["reliability_share"], dtype=float) >= 0.01
            axis.plot(stated[enough], observed[enough], style, color=colour, label=LABELS[variant])
            told.append(
                f"{NAMES[dataset]}, {LABELS[variant]}: error {percent(runs[0].metrics['calibration_error'])} points"
            )
        axis.set_title(f"{NAMES[dataset]} (real)", fontsize=11)
        axis.set_xlabel("confidence in %")
    axes[0].set_ylabel("right in %")
    axes[0].legend(fontsize=9)
    return plots.described(
        figure,
        alt="Reliability: how often answers of a stated confidence are right. " + "; ".join(told) + ".",
        caption="On the line, confidence is kept. Bins with less than 1 % of the items are not drawn; seed 0.",
    )


def tsne_figure(records: list[Record], dataset: str) -> plots.DescribedFigure:
    """t-SNE of the LSTM's last layer beside one of the raw last genre; coloured by next and by last genre."""
    import matplotlib.pyplot as plt
    import numpy as np

    plots.use_style()
    figure, axes = plt.subplots(2, 2, figsize=(8, 7))
    runs = find(records, dataset=dataset, variant="tsne")
    told = "not recorded yet"
    for run in runs[:1]:
        for row, (space, space_name) in zip(axes, (("layer", "last layer"), ("raw", "raw last genre")), strict=True):
            for axis, (kind, kind_name) in zip(row, (("next", "next genre"), ("last", "last genre")), strict=True):
                labels = np.array(run.curves[f"{kind}_genre"], dtype=int)
                x, y = (np.array(run.curves[f"{space}_{name}"]) for name in "xy")
                for genre, name in enumerate(genres.GENRES):
                    chosen = labels == genre
                    colour = plots.PALETTE[genre]
                    axis.scatter(x[chosen], y[chosen], s=9, color=colour, label=name.replace("_", " "), alpha=0.8)
                axis.set_title(f"{space_name}, coloured by the {kind_name}", fontsize=10)
                axis.set_xticks([])
                axis.set_yticks([])
        axes[0, 0].legend(fontsize=8, markerscale=1.5)
        told = "; ".join(
            f"an item's {study.NEIGHBOURS} nearest in the {name} share its next genre in"
            f" {percent(run.metrics[f'{space}_shares_next'])} % and its last in"
            f" {percent(run.metrics[f'{space}_shares_last'])} %"
            for space, name in (("layer", "last layer"), ("raw", "raw last genre"))
        )
    return plots.described(
        figure,
        alt=f"Four t-SNE maps of test items of {NAMES[dataset]}: {told}.",
        caption=f"t-SNE of test items, {NAMES[dataset]} (real), LSTM with six classes, first fold.",
    )
