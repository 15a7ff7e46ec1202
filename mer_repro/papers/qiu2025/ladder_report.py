"""The ladder of leaks, the ablations and the lag orders of qiu2025 as tables and figures."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from mer_repro import plots, report
from mer_repro.papers.qiu2025 import study
from mer_repro.papers.qiu2025.lookup import NOT_RUN, Difference, difference, mean, printed, stated, summary
from mer_repro.runs.records import find

if TYPE_CHECKING:
    import pandas as pd

CLEAN, LEAKING = ENDS = study.ENDS
HEARD = study.WITH_AUDIO
RUNG_LABELS = {
    "ladder_0_clean": "songs held out (clean)",
    "ladder_1_scaling": "+ scaling on all songs",
    "ladder_2_selection": "+ selection on all songs",
    "ladder_3_time": "+ time as an input",
    "ladder_4_windows": "+ windows split at random",
    "ladder_5_within_song": "+ split within every song",
    "ladder_6_lagged": "+ earlier labels as inputs",
}
MODEL_LABELS = {
    "global_mean": "mean of all training labels",
    "song_mean": "mean of the song's training labels",
    "linear_interpolation": "line between the song's training labels",
    "ridge": "ridge",
    "random_forest": "random forest",
    "cnn_bilstm": "CNN-BiLSTM as the paper states it",
    "no_cnn": "without CNN",
    "no_bilstm": "without BiLSTM",
    "neither": "without CNN and BiLSTM",
    "no_attention": "without attention",
    "multi_head": "multi-head attention instead",
    "softmax_output": "softmax over the one output, as stated",
    "min_max": "inputs scaled by range instead of z-scores",
    "trained_long": "trained long, never stopped early",
    "tpa_bilstm": "TPA-BiLSTM (Shih et al.), rebuilt",
    "released_code": "network of the released code",
    "code_no_cnn": "network of the code, without CNN",
    "code_no_bilstm": "network of the code, without BiLSTM",
    "code_neither": "network of the code, without both",
}
ON_LADDER = ("global_mean", "song_mean", "linear_interpolation", "ridge", "random_forest", "cnn_bilstm")
#: Rows of table 3 and the rebuilt variants that they are about.
TABLE_3 = {"cnn_bilstm": "t3.full", "no_cnn": "t3.no_cnn", "no_bilstm": "t3.no_bilstm", "neither": "t3.neither"}
DATASETS = {"vgmidi": "VGMIDI", "deam": "DEAM", "pmemo": "PMEmo"}


def cells(records: list, dataset: str = HEARD, target: str = "arousal") -> pd.DataFrame:
    """Scores of the ladder over seeds, a row a (rung, model); empty where no run is recorded yet."""
    chosen = find(records, dataset=dataset, target=target)
    return summary([record for record in chosen if record.protocol in RUNG_LABELS])


def runs(records: list, rung: str, model: str, dataset: str = HEARD, target: str = "arousal") -> list:
    """The records of a model on a rung; of what hears nothing, those of the rung with the same split."""
    if model in study.HEARING_NOTHING:
        rung = study.SAME_SPLIT[rung]
    return find(records, dataset=dataset, target=target, protocol=rung, variant=model)


def shown(found: list, metric: str = "r2", digits: int = 2) -> str:
    """A score of some records as the tables show it: mean over seeds and mean interval over songs."""
    if not found:
        return "–"
    low, high = (sum(record.intervals[metric][end] for record in found) / len(found) for end in (0, 1))
    return report.interval(mean(found, metric), low, high, digits=digits)


def seeds_of(found: list) -> int:
    return len({record.seed for record in found})


def ladder_table(records: list, target: str = "arousal", dataset: str = HEARD) -> report.Table:
    """R² of every model on every rung, with intervals over songs; the network's squared correlation."""
    import pandas as pd

    rows = []
    for rung, label in RUNG_LABELS.items():
        found = {model: runs(records, rung, model, dataset, target) for model in ON_LADDER}
        row = {"rung": label} | {MODEL_LABELS[model]: shown(of_model) for model, of_model in found.items()}
        network = found["cnn_bilstm"]
        row["squared Pearson of the network"] = f"{mean(network, 'squared_pearson'):.2f}" if network else "–"
        rows.append(row)
    table = pd.DataFrame(rows)
    table = _of_what_ran(table)
    seeds = sorted(
        {seeds_of(runs(records, rung, model, dataset, target)) for rung in ENDS for model in ON_LADDER} - {0}
    )
    caption = (
        f"R² for {target} on {DATASETS[dataset]} (real); splits and seeds: {' or '.join(map(str, seeds)) or 'none'}"
    )
    return report.Table(table, caption)


def _of_what_ran(table: pd.DataFrame) -> pd.DataFrame:
    """The table without models that did not run; one line that says so where none did."""
    kept = table.loc[:, [column for column in table if not (table[column] == "–").all()]]
    return kept if kept.shape[1] > 1 else kept.head(1).assign(**{kept.columns[0]: "no run is recorded yet"})


def steps(records: list, model: str, dataset: str = HEARD, target: str = "arousal") -> dict[str, Difference]:
    """What each rung adds to a model's R² over the rung below it, paired by seed; rungs without both are left out."""
    rungs = list(RUNG_LABELS)
    found = {
        rung: difference(runs(records, below, model, dataset, target), runs(records, rung, model, dataset, target))
        for below, rung in itertools.pairwise(rungs)
    }
    return {rung: gain for rung, gain in found.items() if gain is not None}


def inflation_table(records: list, target: str = "arousal", dataset: str = HEARD) -> report.Table:
    """What each leak adds to R², with intervals over splits; last, what calling a squared correlation R² adds."""
    import pandas as pd

    models = ("song_mean", "ridge", "random_forest", "cnn_bilstm")
    by_model = {model: steps(records, model, dataset, target) for model in models}
    rows = []
    for rung in list(RUNG_LABELS)[1:]:
        gains = {MODEL_LABELS[model]: by_model[model].get(rung) for model in models}
        rows.append({"leak": RUNG_LABELS[rung]} | {label: str(gain or "–") for label, gain in gains.items()})
    for rung, label in ((CLEAN, "squared Pearson called R², clean"), (LEAKING, "the same, released code's split")):
        row = {"leak": label}
        for model in models:
            found = [
                record
                for record in runs(records, rung, model, dataset, target)
                if not math.isnan(record.metrics["squared_pearson"])
            ]
            row[MODEL_LABELS[model]] = f"{mean(found, 'squared_pearson') - mean(found, 'r2'):+.3f}" if found else "–"
        rows.append(row)
    row = {"leak": "all from clean to the released code's split"}
    for model in models:
        ends = [runs(records, rung, model, dataset, target) for rung in ENDS]
        row[MODEL_LABELS[model]] = str(difference(*ends) or "–")
    table = pd.DataFrame([*rows, row])
    table = _of_what_ran(table)
    return report.Table(table, f"Inflation of R² for {target} on {DATASETS[dataset]}, in R², by leak")


def ladder_figure(records: list, target: str = "arousal") -> plots.DescribedFigure:
    """R² climbing the ladder, and what each rung adds to the network's."""
    import matplotlib.pyplot as plt

    plots.use_style()
    figure, (axis, gains) = plt.subplots(1, 2, figsize=(10, 4.6), sharey=True, width_ratios=(3, 2))
    heights = {rung: -index for index, rung in enumerate(RUNG_LABELS)}
    models = ("song_mean", "ridge", "random_forest", "cnn_bilstm")
    for model, colour, marker in zip(models, (plots.MUTED, *plots.PALETTE[2:4], plots.MEASURED), "sv^o", strict=True):
        found = {rung: runs(records, rung, model, target=target) for rung in RUNG_LABELS}
        found = {rung: of_rung for rung, of_rung in found.items() if of_rung}
        values = [max(mean(of_rung, "r2"), LOWEST) for of_rung in found.values()]
        at = [heights[rung] for rung in found]
        axis.plot(values, at, marker=marker, color=colour, linewidth=1, label=MODEL_LABELS[model])
    claim = {"arousal": "t1.ours.testing.r2", "valence": "t2.ours.testing.r2"}[target]
    axis.axvline(stated(claim), color=plots.STATED, linestyle="--", label=f"the paper, {printed(claim)}")
    axis.set_yticks(list(heights.values()), list(RUNG_LABELS.values()))
    axis.set_xlabel(f"R² for {target}, test measures of VGMIDI")
    figure.legend(loc="outside lower center", ncols=3, fontsize=9)
    added = steps(records, "cnn_bilstm", target=target)
    for rung, gain in added.items():
        gains.plot([gain.low, gain.high], [heights[rung]] * 2, color=plots.MEASURED, linewidth=2)
        gains.plot(gain.mean, heights[rung], "o", color=plots.MEASURED)
    gains.axvline(0, color=plots.MUTED, linewidth=1)
    gains.set_xlabel("what the rung adds to the network's R²")
    described = "; ".join(f"{RUNG_LABELS[rung]} {gain}" for rung, gain in added.items())
    return plots.described(
        figure,
        alt=f"Left: R² for {target} of four models on seven rungs of leaks, with the paper's value as a line. Right:"
        f" what each rung adds to the network's R², with intervals: {described}.",
        caption="One leak more on every rung, from top to bottom. Right: 95 % intervals over splits. Not the paper's"
        " data set: compare the steps.",
    )


#: Left end of the axes of R²: what lies beyond is drawn there.
LOWEST = -0.6


#: Rows of the comparison, from top to bottom: label, claim, rebuilt variant, target.
COMPARED = (
    ("network, arousal (table 1)", "t1.ours.testing.r2", "cnn_bilstm", "arousal"),
    ("network, valence (table 2)", "t2.ours.testing.r2", "cnn_bilstm", "valence"),
    ("TPA-BiLSTM, arousal (table 1)", "t1.tpa.testing.r2", "tpa_bilstm", "arousal"),
    ("network, arousal (table 3)", "t3.full.r2", "cnn_bilstm", "arousal"),
    ("without CNN (table 3)", "t3.no_cnn.r2", "no_cnn", "arousal"),
    ("without BiLSTM (table 3)", "t3.no_bilstm.r2", "no_bilstm", "arousal"),
    ("without both (table 3)", "t3.neither.r2", "neither", "arousal"),
)
#: Rung -> colour, marker, label, and how far above the paper's mark it is drawn.
COMPARED_ON = {
    CLEAN: (plots.MUTED, "s", "ours, songs held out", -0.15),
    LEAKING: (plots.MEASURED, "o", "ours, released code's split", 0.15),
}


def comparison_figure(records: list) -> plots.DescribedFigure:
    """The paper's R² beside ours of the same networks, clean and under the released code's split, with intervals."""
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    plots.use_style()
    figure, axis = plt.subplots(figsize=(8, 4.2))
    told = [_compare(axis, records, -place, *row) for place, row in enumerate(COMPARED)]
    axis.set_yticks([-place for place in range(len(COMPARED))], [label for label, *_ in COMPARED])
    axis.set(xlabel="R²", xlim=(LOWEST - 0.05, 1.02))
    marks = [(plots.STATED, "X", "the paper")] + [mark[:3] for mark in COMPARED_ON.values()]
    handles = [Line2D([], [], color=colour, marker=mark, linestyle="", label=label) for colour, mark, label in marks]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=9)
    return plots.described(
        figure,
        alt=f"Dot plot of R², the paper's beside ours. {'. '.join(told)}.",
        caption="The paper on PMEmo or DEAM, ours on VGMIDI: the data differ, the pattern may be compared. Bars are"
        f" 95 % intervals over songs; what is below {LOWEST} is drawn at the left edge.",
    )


def _compare(axis, records: list, height: int, label: str, claim: str, model: str, target: str) -> str:
    """Draw one row of the comparison, and say in words what it shows."""
    axis.plot(stated(claim), height, "X", color=plots.STATED, markersize=9)
    told = f"{label}: paper {printed(claim)}"
    for rung, (colour, marker, name, shift) in COMPARED_ON.items():
        if found := runs(records, rung, model, target=target):
            low, high = (sum(record.intervals["r2"][end] for record in found) / len(found) for end in (0, 1))
            axis.plot([max(low, LOWEST), high], [height + shift] * 2, color=colour, linewidth=2)
            axis.plot(max(mean(found, "r2"), LOWEST), height + shift, marker, color=colour)
            told += f", {name} {mean(found, 'r2'):.2f}"
    return told


def courses_figure(records: list) -> plots.DescribedFigure | str:
    """Label and prediction over time for three songs that a rule picked, clean and under the released code's split."""
    import matplotlib.pyplot as plt

    first = [find(runs(records, rung, "cnn_bilstm"), seed=0) for rung in ENDS]
    if not all(first):
        return NOT_RUN
    clean, leaking = (found[0].notes["courses"] for found in first)
    plots.use_style()
    figure, axes = plt.subplots(1, len(clean), figsize=(10, 3.2), sharey=True)
    told = []
    for axis, (song, course), place in zip(axes, clean.items(), ("least", "median", "most"), strict=True):
        axis.plot(course["time"], course["label"], color=plots.PALETTE[-1], linewidth=1.5, label="label")
        axis.plot(
            course["time"],
            course["predicted"],
            color=plots.MUTED,
            marker="s",
            markersize=4,
            linewidth=1,
            label="predicted, song held out",
        )
        other = leaking.get(song, {"time": [], "predicted": []})
        axis.plot(
            other["time"], other["predicted"], "o", color=plots.MEASURED, label="predicted, moments of it in training"
        )
        axis.set(title=f"moves {place}", xlabel="time (s)")
        error = sum(abs(a - b) for a, b in zip(course["label"], course["predicted"], strict=True)) / len(
            course["label"]
        )
        told.append(f"{place}: mean absolute error {error:.2f} with the song held out")
    axes[0].set_ylabel("arousal (-1 to 1)")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=9)
    return plots.described(
        figure,
        alt="Arousal over time in three songs: the listeners' label as a line, the network's predictions with the"
        " song held out, and its predictions of single moments when others of the song were trained on."
        f" {'; '.join(told)}.",
        caption="The songs are not chosen by looks: of the test songs of the first split, those whose label moves"
        " least, as much as the median, and most.",
    )


def training_figure(records: list) -> plots.DescribedFigure | str:
    """Loss by epoch of the network trained long, on the clean rung and under the released code's split."""
    import matplotlib.pyplot as plt
    import numpy as np

    trained_long = [find(runs(records, rung, "trained_long"), seed=0) for rung in ENDS]
    if not all(trained_long):
        return NOT_RUN
    plots.use_style()
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True)
    told = []
    for axis, rung, title in zip(axes, ENDS, ("songs held out", "the released code's split"), strict=True):
        for record in runs(records, rung, "cnn_bilstm"):
            curve = record.curves["validation_loss"]
            axis.plot(range(1, len(curve) + 1), curve, color=plots.PALETTE[5], linewidth=1)
        (long,) = find(runs(records, rung, "trained_long"), seed=0)
        epochs = range(1, len(long.curves["train_loss"]) + 1)
        axis.plot(epochs, long.curves["train_loss"], color=plots.MUTED, linestyle="--", label="training")
        axis.plot(epochs, long.curves["validation_loss"], color=plots.MEASURED, label="validation")
        best = int(np.argmin(long.curves["validation_loss"]))
        axis.plot(best + 1, long.curves["validation_loss"][best], "o", color=plots.STATED, label="best epoch")
        axis.set(title=title, xlabel="epoch", yscale="log")
        told.append(f"{title}: validation loss is best in epoch {best + 1} of {len(epochs)}")
    axes[0].set_ylabel("mean squared error")
    axes[1].legend()
    return plots.described(
        figure,
        alt=f"Training and validation loss of one network that never stops early, by epoch. {'; '.join(told)}.",
        caption="Dark: one seed trained long. Light: validation loss of the runs that the tables are about, which"
        " stop early.",
    )


def ablation_table(records: list) -> report.Table:
    """Table 3's rows and the rivals beside the rebuilt variants at the two ends of the ladder."""
    import pandas as pd

    stated_r2 = {model: printed(f"{claim}.r2") for model, claim in TABLE_3.items()}
    stated_r2["tpa_bilstm"] = f"{printed('t1.tpa.testing.r2')} (table 1)"
    rows = []
    for model, label in MODEL_LABELS.items():
        found = [runs(records, rung, model) for rung in ENDS]
        if model in ON_LADDER[:-1] or model.startswith("code_") or not any(found):
            continue
        row = {"model": label, "the paper's R²": stated_r2.get(model, "–")}
        for rung, of_rung, name in zip(ENDS, found, ("songs held out", "released code's split"), strict=True):
            row[f"ours, {name}"] = shown(of_rung)
            change = difference(runs(records, rung, "cnn_bilstm"), of_rung) if model != "cnn_bilstm" else None
            row[f"against the full network, {name}"] = str(change or "–")
        row["seeds"] = " / ".join(str(seeds_of(of_rung)) for of_rung in found)
        rows.append(row)
    return report.Table(pd.DataFrame(rows), "R² for arousal; ours on VGMIDI (real), paired by split")


#: What table 3 looks like in two numbers: a squared correlation below the first and an RMSE above the second, in
#: standard deviations of the labels, make a row like the one without CNN.
UNRELATED, FAR_OFF = 0.02, 1.5


def deviations(r2: float) -> float:
    """RMSE in standard deviations of the labels, from R²."""
    return (1 - r2) ** 0.5


def pattern_table(records: list) -> report.Table:
    """Table 3 and the rebuilt variants in the same two numbers, which do not depend on the labels' scale.

    The squared correlation is what the released code calls R²; a constant has none. RMSE is in standard deviations
    of the labels; for table 3 its full row implies that deviation.
    """
    import pandas as pd

    spread = stated("t3.full.rmse") / deviations(stated("t3.full.r2"))
    rows = [
        _pattern_row(f"table 3, {name}", "PMEmo, paper", stated(f"{claim}.r2"), stated(f"{claim}.rmse") / spread)
        for name, claim in zip(("full model", "w/o CNN", "w/o BiLSTM", "w/o both"), TABLE_3.values(), strict=True)
    ]
    for label, source, found in could_explain(records):
        far = sum(deviations(record.metrics["r2"]) for record in found) / len(found)
        rows.append(_pattern_row(label, source, mean(found, "squared_pearson"), far))
    return report.Table(pd.DataFrame(rows), "Table 3's pattern, and who makes it under the released code's split")


def _pattern_row(model: str, source: str, explained: float, far: float) -> dict[str, str]:
    constant = explained != explained
    alike = (constant or explained < UNRELATED) and far > FAR_OFF
    return {
        "model": model,
        "data": source,
        "squared Pearson": "none: a constant" if constant else f"{explained:.3f}",
        "RMSE / deviation of the labels": f"{far:.2f}",
        "like the row w/o CNN": "yes" if alike else "no",
    }


def could_explain(records: list) -> list[tuple[str, str, list]]:
    """Label, data and records of every model whose row could be the one without CNN, or the one without both."""
    variants = (*TABLE_3, "released_code", "code_no_cnn", "code_no_bilstm", "code_neither", "softmax_output")
    rows = [(MODEL_LABELS[variant], "VGMIDI, ours", runs(records, LEAKING, variant)) for variant in variants]
    largest = find(
        records, dataset="pmemo", target="arousal", variant="training_maximum", protocol="within_song_random"
    )
    rows.append(("largest training label, whatever is heard", "PMEmo, ours", largest))
    return [row for row in rows if row[2]]


def is_like_row_without_cnn(found: list) -> bool:
    """Whether these records score as table 3's row without CNN does."""
    explained = mean(found, "squared_pearson")
    far = sum(deviations(record.metrics["r2"]) for record in found) / len(found)
    return (explained != explained or explained < UNRELATED) and far > FAR_OFF


# Lag orders and the composite score --------------------------------------------------------------------------------

PARTS = ("train", "test", "validation")
INDICATORS = ("r2", "mae", "rmse", "mape")


def lag_figure(records: list) -> plots.DescribedFigure:
    """R² against the lag order in both readings, and the composite score: what there is to gain."""
    import matplotlib.pyplot as plt
    import numpy as np

    plots.use_style()
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.2))
    lowest = 1.0
    for target, colour in (("arousal", plots.MEASURED), ("valence", plots.PALETTE[2])):
        found = find(records, variant="lag_orders", target=target, protocol="song_grouped")
        for axis, curve in zip(axes, ("test_r2", "composite"), strict=False):
            average = np.mean([record.curves[curve] for record in found], axis=0)
            axis.plot(found[0].notes["lag_orders"], average, color=colour, label=target)
            lowest = min(lowest, average.min()) if curve == "test_r2" else lowest
    told = []
    for rung, colour, name in (
        (CLEAN, plots.MUTED, "songs held out"),
        (LEAKING, plots.MEASURED, "released code's split"),
    ):
        if found := find(records, variant="window_lengths", target="arousal", protocol=rung):
            average = np.mean([record.curves["test_r2"] for record in found], axis=0)
            axes[2].plot(found[0].notes["lengths"], average, color=colour, marker="o", label=name)
            told.append(f"{name} from {average[0]:.2f} to {average[-1]:.2f}")
    axes[0].set(title="labels lagged (PMEmo)", xlabel="lag order", ylabel="R² on test songs", ylim=(0.9, 1.0))
    axes[1].set(title="the same, composite score", xlabel="lag order", ylim=(0, 1))
    axes[2].set(title="frames heard (VGMIDI)", xlabel="frames in the window", ylabel="R² on test labels")
    axes[1].legend()
    axes[2].legend(fontsize=9)
    return plots.described(
        figure,
        alt="Three panels. Left: a linear model that sees only earlier labels has an R² of at least"
        f" {lowest:.2f} on held-out songs from the first lag on, and stays there. Middle: its composite score still"
        f" moves between low and high values. Right: ridge on windows of 1 to 25 frames; R² goes {'; '.join(told)}.",
        caption="Two readings of the lag order. Left and middle: past labels are the only input. Right: past sound is.",
    )


def entropy_weights(records: list, target: str, protocol: str) -> dict[str, tuple[float, float]] | None:
    """Weight of each indicator of equations (2) to (7) over our lag orders, mean over seeds.

    Returns
    -------
    "test_mape" etc. -> (weight from normalised scores, weight from raw ones, as equation (4) is printed); None without
    records.
    """
    import numpy as np

    from mer_repro.papers.qiu2025 import entropy_weight

    found = find(records, variant="lag_orders", target=target, protocol=protocol)
    if not found:
        return None
    names = [f"{part}_{indicator}" for part in PARTS for indicator in INDICATORS]
    higher = np.array([name.endswith("_r2") for name in names])
    both = []
    for record in found:
        scores = np.array([record.curves[name] for name in names]).T  # (lag order, indicator)
        both.append([entropy_weight.weights(entropy_weight.normalise(scores, higher)), entropy_weight.weights(scores)])
    normalised, raw = np.mean(both, axis=0)
    return {name: (float(a), float(b)) for name, a, b in zip(names, normalised, raw, strict=True)}


def weights_table(records: list) -> report.Table:
    """The entropy weights of our lag orders beside the two that the paper prints a target."""
    import pandas as pd

    printed_weights = {
        ("test_mape", "arousal"): "weights.arousal_highest",
        ("train_r2", "arousal"): "weights.arousal_lowest",
        ("test_mape", "valence"): "weights.valence_highest",
    }
    by_target = {target: entropy_weights(records, target, "within_song_random") for target in ("arousal", "valence")}
    rows = []
    for name in by_target["arousal"] or ():
        part, indicator = name.split("_")
        row = {"indicator": f"{indicator.upper().replace('R2', 'R²')}, {part}"}
        for target, weights in by_target.items():
            claim = printed_weights.get((name, target))
            row[f"{target}: the paper"] = f"{printed(claim)} %" if claim else "–"
            row[f"{target}: ours"] = f"{100 * weights[name][0]:.1f} %"
            row[f"{target}: ours, equation (4) as printed"] = f"{100 * weights[name][1]:.1f} %"
        rows.append(row)
    return report.Table(pd.DataFrame(rows), "Entropy weights of twelve indicators, past labels on PMEmo")


# What the paper does to its data, and what became of it --------------------------------------------------------------


def preparation_table(records: list) -> report.Table:
    """Forward fill, scaling, selection, softmax: where each is implemented and what it does to our runs."""
    import pandas as pd

    heard = [record for record in records if "descriptors_kept" in record.notes and record.dataset != "pmemo"]
    filled = sum(record.notes["missing_values_filled"] for record in heard)
    kept = {
        dataset: sorted(
            record.notes["descriptors_kept"]
            for record in find(heard, dataset=dataset, variant="ridge")
            if record.protocol == CLEAN
        )
        for dataset in ("vgmidi", "deam")
    }
    of = {dataset: find(heard, dataset=dataset, variant="ridge") for dataset in kept}
    selection = "; ".join(
        f"{counts[0]} to {counts[-1]} of {of[dataset][0].notes['descriptors']} stay on {DATASETS[dataset]}"
        for dataset, counts in kept.items()
        if counts
    )
    ranges = [difference(runs(records, rung, "cnn_bilstm"), runs(records, rung, "min_max")) or "–" for rung in ENDS]
    softmax = [shown(runs(records, rung, "softmax_output")) for rung in ENDS]
    held, within = "with songs held out", "under the released code's split"
    rows = [
        (
            "missing values are filled forward",
            "windows.forward_filled, song by song",
            f"{filled} values were missing in the descriptors at hand",
        ),
        (
            "z-scores (the code: range 0 to 1)",
            "ladder.scaled_frames",
            f"range for z-scores changes the network's R² by {ranges[0]} {held}, by {ranges[1]} {within}",
        ),
        (
            f"selection by forest importance {printed('settings.importance_threshold')}",
            "ladder.feature_importance, above_threshold",
            selection or "–",
        ),
        (
            "softmax over the output",
            'model.PaperNetwork, output="softmax"',
            f"says 1 whatever it hears: R² {softmax[0]} {held}, {softmax[1]} {within}",
        ),
        (
            "composite score, equations (2) to (8)",
            "entropy_weight.composite_scores",
            "stretches differences in the fourth digit to the whole range; see the lag orders",
        ),
    ]
    return report.Table(
        pd.DataFrame(rows, columns=["the paper", "here", "what it does"]), "Steps of the paper's pipeline"
    )
