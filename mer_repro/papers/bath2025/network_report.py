"""Tables, figures and verdicts on the five models: experiments 1 and 2 of bath2025 as they were rerun.

R² is against the mean of the training labels (`networks.clustering`), so that the mean baseline has 0 in every fold.
Intervals are over folds, which are few: they are wide, and that is what these runs can tell.
"""

from __future__ import annotations

from mer_repro import plots, report, statistics
from mer_repro.papers.bath2025 import study
from mer_repro.papers.bath2025.cells import MODEL_LABELS, SET_LABELS, TARGETS, mean, stated
from mer_repro.runs.records import find
from mer_repro.verdicts import Verdict

#: Between two frames of a spectrogram: 512 samples at 22,050 Hz.
HOP_SECONDS = 512 / 22_050
#: Test songs for every training song: a fifth of them to three fifths.
FOLD_SHARE = 1 / 3
#: What the towers are given, for captions.
GIVEN = {
    "vgmidi": "spectrograms and titles",
    "tcc_ceds": "four descriptors (so no convolutions) and lyrics",
    "deam": "openSMILE descriptors (so no convolutions)",
    "emotify": "spectrograms",
}
NOT_YET = "The runs that would tell are not recorded yet."


def trained(records: list, dataset: str) -> list:
    """The runs of the networks' experiment on one real data set."""
    runs = find(records, data="real", dataset=dataset)
    return [run for run in runs if study.EXPERIMENT_OF.get(run.protocol) == "networks"]


def over_folds(runs: list, variant: str, metric: str, anchor: str = "") -> tuple[float, float, float]:
    """Mean and interval over folds of a metric, or of its difference from the variant `anchor`; nan where not run."""
    scores = {run.seed: run.metrics[metric] for run in find(runs, variant=variant)}
    if anchor:
        others = {run.seed: run.metrics[metric] for run in find(runs, variant=anchor)}
        scores = {seed: scores[seed] - others[seed] for seed in scores.keys() & others.keys()}
    values = [scores[seed] for seed in sorted(scores)]
    if variant == anchor or not values:
        return (float("nan"),) * 3
    if len(values) == 1:
        return values[0], float("nan"), float("nan")
    return statistics.over_splits(values, FOLD_SHARE)


def networks_table(records: list, dataset: str) -> report.Table:
    """Scores of the models and of simple baselines on one data set, and the difference from Model 1."""
    import pandas as pd

    rows, runs = [], trained(records, dataset)
    for variant in present(runs):
        chosen = find(runs, variant=variant)
        row = {"model": MODEL_LABELS[variant]}
        for target in TARGETS:
            if f"{target}_r2_of_mean" in chosen[0].metrics:
                row[f"R² {target}"] = f"{mean(chosen, f'{target}_r2_of_mean'):.2f}"
        row["mean R²"] = report.interval(*over_folds(runs, variant, "r2_of_mean"), digits=2)
        row["less Model 1"] = report.interval(*over_folds(runs, variant, "r2_of_mean", "model_1"), digits=2)
        row["mean MAE"] = f"{mean(chosen, 'mae'):.3f}"
        row["weights"] = f"{chosen[0].notes['weights']:,}" if "weights" in chosen[0].notes else "–"
        row["seconds"] = f"{sum(run.seconds for run in chosen) / len(chosen):.0f}"
        rows.append(row)
    return report.Table(pd.DataFrame(rows), caption(runs, dataset))


def present(runs: list) -> list[str]:
    """The variants that were run, in the order of `MODEL_LABELS`."""
    return [variant for variant in MODEL_LABELS if find(runs, variant=variant)]


def caption(runs: list, dataset: str) -> str:
    """Data set, inputs, sizes and number of folds of some runs in a line."""
    if not runs:
        return f"{SET_LABELS[dataset]}: not run yet"
    counts = find(runs, seed=min(run.seed for run in runs))[0].counts
    folds = len({run.seed for run in runs})
    said = f"the first of {folds} folds; brackets: 95 % over folds" if folds > 1 else "one fold, so without intervals"
    return (
        f"{SET_LABELS[dataset]} (real), {GIVEN[dataset]}: {counts['n_train']} songs trained, {counts['n_test']} tested"
        f" in {said}"
    )


def curves_figure(records: list) -> plots.DescribedFigure:
    """Loss on training and validation songs, epoch by epoch, of the five models on the two sets with two inputs."""
    import matplotlib.pyplot as plt

    plots.use_style()
    figure, axes = plt.subplots(2, 5, figsize=(12, 4.6), sharex="row", sharey="row")
    for row, dataset in zip(axes, ("vgmidi", "tcc_ceds"), strict=True):
        for axis, variant in zip(row, study.MODELS, strict=True):
            for run in find(trained(records, dataset), variant=variant):
                axis.plot(run.curves["train_loss"], ":", color=plots.MUTED, label="training" if not run.seed else None)
                if "validation_loss" in run.curves:
                    label = "validation" if not run.seed else None
                    axis.plot(run.curves["validation_loss"], "-", color=plots.MEASURED, label=label)
            axis.set_title(f"{SET_LABELS[dataset]}, Model {variant[-1]}", fontsize=10)
        row[0].set_ylabel("squared error")
        if row[1].lines:
            row[1].legend(fontsize=8)
    for axis in axes[-1]:
        axis.set_xlabel("epoch")
    return plots.described(
        figure,
        alt="Ten small line charts of squared error against epochs, one for each of five models on two data sets, a"
        " line for each fold. Training loss, measured with dropout, falls; validation loss falls in the first epochs"
        " and then stays level.",
        caption="Learning curves, a line a fold. Training loss is measured with dropout; Model 1 has no validation.",
    )


# Central clustering ----------------------------------------------------------------------------------------------

CLUSTERED = ("ridge", "predicted_quadrant", "model_1", "model_2", "model_3", "model_4", "model_5")


def clustering_table(records: list) -> report.Table:
    """How close to the middle predictions keep: deviation, correlation, and shares between 0.4 and 0.6."""
    import pandas as pd

    rows = []
    for dataset in ("deam", "vgmidi", "tcc_ceds"):
        runs = trained(records, dataset)
        for target in TARGETS:
            for variant in [name for name in CLUSTERED if find(runs, variant=name)]:
                chosen = find(runs, variant=variant)
                rows.append(
                    {
                        "data, target": f"{SET_LABELS[dataset]}, {target}",
                        "model": MODEL_LABELS[variant],
                        "deviation, predicted to true": f"{mean(chosen, f'{target}_spread'):.2f}",
                        "correlation": f"{mean(chosen, f'{target}_correlation'):.2f}",
                        "predicted in 0.4–0.6": f"{mean(chosen, f'{target}_predicted_in_gap'):.0%}",
                        "true in 0.4–0.6": f"{mean(chosen, f'{target}_observed_in_gap'):.0%}",
                    }
                )
    return report.Table(pd.DataFrame(rows), "Central clustering; means over folds", searchable=True)


def clustering_figure(records: list) -> plots.DescribedFigure:
    """Deviation of the predictions over that of the labels against their correlation, a panel a data set."""
    import matplotlib.pyplot as plt

    plots.use_style()
    datasets = ("deam", "vgmidi", "tcc_ceds")
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.8), sharex=True, sharey=True)
    looks = {
        "ridge": ("s", plots.PALETTE[2], "ridge"),
        "predicted_quadrant": ("D", plots.PALETTE[4], "classifier"),
        "model_1": ("o", plots.PALETTE[5], "Model 1 (no dropout)"),
    }
    networks = ("^", plots.MEASURED, "Models 2 to 5")
    for axis, dataset in zip(axes, datasets, strict=True):
        axis.plot([0, 1], [0, 1], "--", color=plots.MUTED, label="least squared error")
        runs, named = trained(records, dataset), set()
        for variant in [name for name in CLUSTERED if find(runs, variant=name)]:
            marker, colour, label = looks.get(variant, networks)
            for target in TARGETS:
                place = [mean(find(runs, variant=variant), f"{target}_{name}") for name in ("correlation", "spread")]
                filled = colour if target == "arousal" else "none"
                shown = None if label in named else label
                axis.plot(*place, marker, color=colour, markerfacecolor=filled, markersize=7, label=shown)
                named.add(label)
        axis.set_title(SET_LABELS[dataset], fontsize=11)
        axis.set_xlabel("correlation with the labels")
    axes[0].set_ylabel("deviation, predicted to true")
    axes[0].legend(fontsize=8)
    return plots.described(
        figure,
        alt="Three scatter plots of how widely predictions spread against how well they correlate with labels. The"
        " classifier lies far above the diagonal; ridge lies near it; the networks with dropout lie below it, that is,"
        " nearer to the middle than their correlation asks for.",
        caption="Central clustering. On the dashed line the squared error is least; below it predictions keep to the"
        " middle more than they must, above it they are bolder than they should be. Filled: arousal; open: valence.",
    )


def clustered(records: list, dataset: str, variants: tuple[str, ...]) -> list[tuple[float, float]]:
    """(deviation ratio, correlation) of each target and variant on a data set, as far as it was run."""
    runs = trained(records, dataset)
    return [
        (mean(find(runs, variant=v), f"{t}_spread"), mean(find(runs, variant=v), f"{t}_correlation"))
        for t in TARGETS
        for v in variants
        if find(runs, variant=v)
    ]


# Verdicts --------------------------------------------------------------------------------------------------------


def comparison(records: list, variant: str, anchor: str, datasets: tuple[str, ...]) -> dict[str, tuple]:
    """Difference of mean R² of two models with its interval, by data set, as far as both were run."""
    found = {d: over_folds(trained(records, d), variant, "r2_of_mean", anchor) for d in datasets}
    return {dataset: edges for dataset, edges in found.items() if edges[0] == edges[0]}


def compared(differences: dict[str, tuple]) -> str:
    """Differences in words: "VGMIDI 0.02 [-0.10, 0.14], ..."."""
    return ", ".join(f"{SET_LABELS[d]} {report.interval(*edges, digits=2)}" for d, edges in differences.items())


EVERYWHERE = ("vgmidi", "tcc_ceds", "deam", "emotify")


def verdicts(records: list) -> list[Verdict]:
    """What the reruns say of the dissertation's claims about its five models."""
    return [
        _model_verdict(
            records, 2, "Batch norm, dropout and a schedule (Model 2) improve R² much.", ("s.model2_improves",), 1
        ),
        _model_verdict(
            records,
            3,
            "Feature-wise attention (Model 3) makes every score slightly worse.",
            ("s.model3_all_worse",),
            -1,
        ),
        _cost_verdict(records),
        _unfrozen_verdict(records),
        _harder_verdict(records),
        _text_verdict(records),
        _clustering_verdict(records),
    ]


def _ids(runs: list) -> tuple[str, ...]:
    return tuple(run.id for run in runs)


def _runs(records: list, variants: tuple[str, ...], datasets: tuple[str, ...]) -> list:
    return [run for d in datasets for run in trained(records, d) if run.variant in variants]


def _model_verdict(records: list, number: int, says: str, about: tuple[str, ...], sign: int) -> Verdict:
    """Is Model `number` better (`sign` 1) or worse (-1) than the one before it, beyond the interval, on every set?"""
    pair = (f"model_{number}", f"model_{number - 1}")
    found = comparison(records, *pair, EVERYWHERE)
    if not found:
        return Verdict(says, about, "undecided", NOT_YET)
    measured = [edges for edges in found.values() if edges[1] == edges[1]]
    as_said = sum((low > 0) if sign > 0 else (high < 0) for _, low, high in measured)
    otherwise = sum((high < 0) if sign > 0 else (low > 0) for _, low, high in measured)
    because = (
        f"R² of Model {number} less that of Model {number - 1}: {compared(found)}. Of the {len(measured)} sets with"
        f" several folds it is as claimed, beyond the interval, on {as_said} and the other way on {otherwise}; none of"
        " these has MERGE's labels, and only those with spectrograms have convolutions."
    )
    # The claim is about MERGE: other sets can agree with it, and cannot refute it.
    judgement = "supported" if measured and as_said == len(measured) else "undecided"
    return Verdict(says, about, judgement, because, _ids(_runs(records, pair, EVERYWHERE)))


#: Two models score alike where the interval of their difference in R² stays within this.
ALIKE = 0.1


def _cost_verdict(records: list) -> Verdict:
    """Only sets with spectrograms have a second convolution."""
    says, about = "Two convolutions a block (Model 4) score like Model 2 and cost more.", ("s.model4_similar",)
    sets = ("vgmidi", "emotify")
    found = comparison(records, "model_4", "model_2", sets)
    if not found:
        return Verdict(says, about, "undecided", NOT_YET)
    cost = {d: _epoch_seconds(records, d, "model_4") / _epoch_seconds(records, d, "model_2") for d in found}
    dearer = ", ".join(f"{SET_LABELS[d]} {ratio:.1f}" for d, ratio in cost.items())
    measured = [edges for edges in found.values() if edges[1] == edges[1]]
    alike = bool(measured) and all(abs(edge) < ALIKE for _, *edges in measured for edge in edges)
    because = (
        f"R² of Model 4 less that of Model 2: {compared(found)}; time of an epoch, times as long: {dearer}."
        f" Alike is less than {ALIKE} apart; the intervals {'stay within' if alike else 'reach beyond'} that."
    )
    judgement = "supported" if alike and min(cost.values()) > 1 else "undecided"
    return Verdict(says, about, judgement, because, _ids(_runs(records, ("model_2", "model_4"), sets)))


def _epoch_seconds(records: list, dataset: str, variant: str) -> float:
    runs = find(trained(records, dataset), variant=variant)
    return sum(run.seconds for run in runs) / sum(run.notes["epochs"] for run in runs)


def _unfrozen_verdict(records: list) -> Verdict:
    says = "Training the lyric encoder, too (Model 5), makes the scores worse and overfits."
    about = ("s.model5_degraded", "s.model5_degraded_again", "s.model5_overfits")
    sets = ("vgmidi", "tcc_ceds")
    found = comparison(records, "model_5", "model_3", sets)
    if not found:
        return Verdict(says, about, "undecided", NOT_YET)
    gaps = []
    for dataset in found:
        for variant in ("model_3", "model_5"):
            runs = find(trained(records, dataset), variant=variant)
            last = [run.curves["train_loss"][-1] / min(run.curves["validation_loss"]) for run in runs]
            gaps.append(f"{SET_LABELS[dataset]} Model {variant[-1]} {sum(last) / len(last):.2f}")
    worse = sum(edges[2] < 0 for edges in found.values())
    because = (
        f"R² of Model 5 less that of Model 3, which differs in nothing else: {compared(found)}. Last training loss over"
        f" best validation loss: {', '.join(gaps)}. One learning rate for all models and a smaller encoder; table 4.1"
        " itself has Model 5 worse for arousal and near the best for valence."
    )
    judgement = "supported" if worse == len(found) else "undecided"
    return Verdict(says, about, judgement, because, _ids(_runs(records, ("model_3", "model_5"), sets)))


def _harder_verdict(records: list) -> Verdict:
    says = "Valence is harder to predict than arousal; that Model 1 does better on valence is against the rule."
    about = ("s.valence_harder", "s.model1_valence_above_arousal")
    sets = tuple(d for d in ("vgmidi", "tcc_ceds", "deam") if trained(records, d))
    if not sets:
        return Verdict(says, about, "undecided", NOT_YET)
    parts, easier, cells = [], 0, 0
    above = [f"{n}" for n in range(1, 6) if stated(f"t4.1.m{n}.valence.r2") > stated(f"t4.1.m{n}.arousal.r2")]
    for dataset in sets:
        runs = trained(records, dataset)
        for variant in ("ridge", "model_1"):
            pair = [over_folds(runs, variant, f"{target}_r2_of_mean")[0] for target in TARGETS]
            cells, easier = cells + 1, easier + (pair[1] > pair[0])
            parts.append(f"{SET_LABELS[dataset]} {variant.replace('model_', 'Model ')} {pair[0]:.2f} and {pair[1]:.2f}")
    because = (
        f"R² of valence and arousal: {'; '.join(parts)}. Arousal is easier in {easier} of {cells}. Table 4.1 has"
        f" it the other way for Models {', '.join(above)}: MERGE's valence, split in two clusters, may be the easier"
        " one there."
    )
    judgement = "supported" if easier == cells else "undecided"
    return Verdict(says, about, judgement, because, _ids(_runs(records, ("ridge", "model_1"), sets)))


def _text_verdict(records: list) -> Verdict:
    says, about = "Lyrics alone predict valence much better than audio alone.", ("s.lyrics_beat_audio",)
    runs = trained(records, "tcc_ceds")
    gap = over_folds(runs, "model_2_lyrics", "valence_r2_of_mean", "model_2_audio")
    if gap[0] != gap[0]:
        return Verdict(says, about, "undecided", NOT_YET)
    because = (
        f"On tcc_ceds R² for valence of Model 2 on lyrics alone less that on four audio descriptors alone is"
        f" {report.interval(*gap, digits=2)}. Its labels come from a service that computed them from audio, which"
        " favours audio; the claim is about listeners' labels."
    )
    return Verdict(says, about, "undecided", because, _ids(find(runs, variant="model_2_lyrics")))


def _clustering_verdict(records: list) -> Verdict:
    """Section 5.2.2 is a heading without text; the answer is ours."""
    says = "Predictions cluster at the middle on a second data set, too (the dissertation's open question)."
    about = ("s.experiment2_done",)
    places = clustered(records, "deam", ("model_2", "model_3", "model_4"))
    if not places:
        return Verdict(says, about, "undecided", NOT_YET)
    below = sum(spread < correlation for spread, correlation in places)
    runs = trained(records, "deam")
    shares = ", ".join(
        f"{target} {mean(find(runs, variant='model_2'), f'{target}_predicted_in_gap'):.0%} predicted and"
        f" {mean(runs, f'{target}_observed_in_gap'):.0%} true"
        for target in TARGETS
    )
    ridge = clustered(records, "deam", ("ridge",))
    because = (
        f"On DEAM predictions of Models 2 to 4 spread less than their correlation asks for in {below} of {len(places)}"
        f" cases. Between 0.4 and 0.6 lie, for Model 2, {shares}. Ridge spreads by"
        f" {', '.join(f'{s:.2f} at a correlation of {c:.2f}' for s, c in ridge)}: any regression keeps to the middle,"
        " dropout and early stopping add to it, and a gap in the labels is not needed."
    )
    judgement = "supported" if below > len(places) / 2 else "unsupported"
    return Verdict(says, about, judgement, because, _ids(_runs(records, ("model_2", "model_3", "model_4"), ("deam",))))


# Numbers for the prose -------------------------------------------------------------------------------------------


def numbers(records: list) -> dict[str, str]:
    """The sizes and scores that the chapter's prose quotes about the networks."""
    names = ("frames", "seconds", "epochs")
    quoted = dict.fromkeys([f"network_{name}" for name in names], "–")
    quoted |= dict.fromkeys(("lyric_songs", "described_epochs", "deam_songs"), "–")
    runs = find(trained(records, "vgmidi"), variant="model_1")
    if runs:
        given = runs[0].parameters
        quoted |= {"network_frames": f"{given['frames']}", "network_epochs": f"{given['epochs']}"}
        quoted["network_seconds"] = f"{given['frames'] * HOP_SECONDS:.1f}"
    for run in find(trained(records, "tcc_ceds"), variant="model_1")[:1]:
        quoted |= {"lyric_songs": f"{run.parameters['songs']}", "described_epochs": f"{run.parameters['epochs']}"}
    for run in trained(records, "deam")[:1]:
        quoted["deam_songs"] = f"{sum(run.counts[f'n_{part}'] for part in ('train', 'validation', 'test')):,}"
    for dataset in ("vgmidi", "tcc_ceds", "deam"):
        chosen = trained(records, dataset)
        for variant in ("ridge", "predicted_quadrant", "quadrant_centre", "model_1"):
            score = over_folds(chosen, variant, "r2_of_mean")[0]
            quoted[f"{dataset}_{variant}"] = f"{score:.2f}" if score == score else "–"
    pairs = {
        "unfrozen": ("tcc_ceds", "model_5", "model_3"),
        "text_added": ("tcc_ceds", "model_2", "model_2_audio"),
        "regularised": ("deam", "model_2", "model_1"),
        "gated": ("deam", "model_3", "model_2"),
    }
    for name, (dataset, variant, anchor) in pairs.items():
        quoted[name] = report.interval(*over_folds(trained(records, dataset), variant, "r2_of_mean", anchor), digits=2)
    for variant in ("ridge", "model_2"):
        places = clustered(records, "deam", (variant,))
        for target, (spread, correlation) in zip(TARGETS, places, strict=False):
            quoted |= {f"spread_{variant}_{target}": f"{spread:.2f}", f"r_{variant}_{target}": f"{correlation:.2f}"}
    return quoted
