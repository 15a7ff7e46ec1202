"""The tables, figures, prose numbers and card of the chapter on qiu2025."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from mer_repro import plots, report
from mer_repro.audit import ledger
from mer_repro.papers.qiu2025 import ladder, study
from mer_repro.papers.qiu2025.names import (
    CLEAN,
    DATASETS,
    HEARD,
    IN_FOLD_TABLE,
    KEY,
    LABEL_ONLY,
    LABELS,
    LEAKING,
    LIKELY,
    METRICS,
    NETWORKS,
    ON_FOLDS,
    ON_LADDER,
    PROTOCOLS,
    RUNGS,
    SIDE_LABELS,
    TABLE_3,
    TABLE_3_CODE,
    TABLES,
    TARGETS,
    stated_r2,
)
from mer_repro.papers.qiu2025.verdicts import folds_score, gain, leak, verdicts
from mer_repro.results import Results, Score, stated
from mer_repro.tables import Column, Runs, Table, Text, address, grid, source
from mer_repro.verdicts import levelled_off

# The same songs under two splits -------------------------------------------------------------------------------------


def fold_table(results: Results, variants: Sequence[str] = IN_FOLD_TABLE, targets: Sequence[str] = TARGETS) -> Table:
    """R² of models with songs held out and split within songs, and the paired difference, per data set and target."""
    rows = []
    for dataset, target, variant in itertools.product(DATASETS, targets, variants):
        if len(
            runs := results.where(dataset=dataset, data="real", protocol=study.SIDES, variant=variant, target=target)
        ):
            added = leak(results, variant, target, dataset)
            strides = {run.parameters["stride"] for run in runs}
            used = ", ".join("all" if stride == 1 else f"1 in {stride}" for stride in sorted(strides))
            row = {"data": f"{DATASETS[dataset]}, {target}", "model": LABELS[variant], "labels": used}
            for side, says in SIDE_LABELS.items():
                row[f"R², {says}"] = (folds_score(results, side, variant, target, dataset), ".2")
            rows.append(row | {"difference": (added, "+.2"), "p": (Score(added.p) if added else None, ".3")})
    return Table(rows, "The same labels of the same songs under two splits (real data)")


#: Panels of the figure that carries the chapter.
PANELS = (("vgmidi", "arousal"), ("vgmidi", "valence"), ("deam", "arousal"), ("deam", "valence"))
#: How far below its row's line a side is drawn, and in what.
MARKS = {CLEAN: (plots.MUTED, "s", -0.13), LEAKING: (plots.MEASURED, "o", 0.13)}


def fold_figure(results: Results) -> plots.DescribedFigure:
    """The same predictors on the same songs, held out and split within songs, with the paired difference in figures."""
    import matplotlib.pyplot as plt

    plots.use_style()
    figure, axes = plt.subplots(2, 2, figsize=(10, 5.6), sharex=True, sharey=True)
    told = []
    run = results.where(protocol=study.SIDES, dataset=("vgmidi", "deam"))
    shown = [variant for variant in reversed(ON_FOLDS) if len(run.where(variant=variant))]
    for axis, (dataset, target) in zip(axes.flat, PANELS, strict=True):
        axis.set_title(f"{DATASETS[dataset]}, {target}", fontsize=11)
        axis.text(1.03, 1.02, "difference", fontsize=9, transform=axis.transAxes)
        for height, variant in enumerate(shown):
            for side, (colour, marker, shift) in MARKS.items():
                score = folds_score(results, side, variant, target, dataset)
                _draw(axis, score, height + shift, colour, marker, SIDE_LABELS[side])
            if added := leak(results, variant, target, dataset):
                axis.text(1.03, height, f"{added:+.2}", fontsize=8, va="center", transform=axis.get_yaxis_transform())
                told.append(f"{DATASETS[dataset]} {target}, {LABELS[variant]} {added:+.2}")
    for axis in axes[:, 0]:
        axis.set_yticks(range(len(shown)), [LABELS[variant] for variant in shown], fontsize=9)
    axes[0, 0].set_xlim(-0.2, 1.04)
    for axis in axes[-1]:
        axis.set_xlabel("R² (95 % interval over songs)")
    handles = dict(zip(*reversed(axes[0, 0].get_legend_handles_labels()), strict=True))
    figure.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=2, fontsize=10)
    return plots.described(
        figure,
        alt="Dot plot of R² of each predictor with songs held out and with the labels of every song split over the"
        f" same folds. What the split within songs adds: {'; '.join(told) or 'not run'}.",
        title="Split within songs, predictors that can tell songs apart score higher",
        note="Both sides test the same labels once each; at the right the paired difference with its 95 % interval.",
    )


#: Left end of the axes of R²: what lies beyond is drawn there.
LOWEST = -0.4


def _draw(axis, score: Score | None, height: float, colour: str, marker: str, label: str = "", **marks: str) -> None:
    """A score and its interval on a row; an arrow head where it lies beyond the left end. `marks`: of the artists."""
    if score is not None:
        axis.plot([max(score.low, LOWEST), score.high], [height] * 2, color=colour, linewidth=2, **marks)
        beyond = score.value < LOWEST
        axis.plot(max(score.value, LOWEST), height, "<" if beyond else marker, color=colour, label=label, **marks)


# Beside the paper's tables -------------------------------------------------------------------------------------------


def against_table(results: Results, target: str, dataset: str = LIKELY) -> Table:
    """Tables 1 and 2 beside predictors that use no audio, and on DEAM simple models: the paper's test row first."""
    table = TABLES[target]
    columns = METRICS | ({"mape": "MAPE"} if dataset == LIKELY else {})
    rows: list[dict[str, Any]] = []
    if dataset == LIKELY:
        names = [name for name in columns if name != "squared_pearson"]
        paper = {columns[name]: (stated(KEY, f"{table}.ours.testing.{name}"), ".3") for name in names}
        rows.append({"model": "the paper's network, test row", "protocol": "not stated"} | paper)
    for protocol, says in PROTOCOLS.items():
        of = results.where(dataset=dataset, target=target, protocol=protocol)
        # With songs held out, every predictor that uses no audio is the mean of all training labels.
        known = ("global_mean",) if protocol == "song_grouped" else tuple(LABEL_ONLY)
        for variant in known if dataset == LIKELY else ("global_mean", "ridge", "random_forest"):
            if len(runs := of.where(variant=variant)):
                row = {"model": LABELS[variant], "protocol": says}
                rows.append(row | {column: (runs.score(name), ".3") for name, column in columns.items()})
    return Table(rows, f"{target}, {DATASETS[dataset]} (real)")


def spread_table(results: Results) -> Table:
    """Which labels can tables 1 to 3 be about? The standard deviation that they imply beside the data sets' own.

    R² and RMSE on one set of labels imply its standard deviation, RMSE / sqrt(1 - R²); where R² is a squared Pearson
    correlation, that is an upper bound. A data set's own is the RMSE of the mean of its labels. DEAM's -1..1 mapped to
    0..1 by (x + 1) / 2 has half its spread; by its smallest and largest label, a little more.
    """
    rows = []
    for says, target, row in (
        ("Table 1, test", "arousal", "t1.ours.testing"),
        ("Table 2, test", "valence", "t2.ours.testing"),
        ("Table 3, full model", "arousal", "t3.full"),
    ):
        r2, rmse = (stated(KEY, f"{row}.{name}").value for name in ("r2", "rmse"))
        cells = results.where(variant="global_mean", protocol="within_song_random", target=target)
        own = {name: cells.where(dataset=name).metric("rmse") for name in ("pmemo", "deam")}
        rows.append({"stated in": says, "target": target, "implied": (Score(rmse / (1 - r2) ** 0.5), ".3")})
        rows[-1] |= {f"{DATASETS[name]}, as published": (score, ".3") for name, score in own.items()}
        rows[-1]["DEAM, (x + 1) / 2"] = (_halved(own["deam"]), ".3")
        mape, mae = (stated(KEY, f"{row}.{name}").value for name in ("mape", "mae"))
        near = results.where(dataset=LIKELY, target=target, protocol="within_song_random", variant="song_mean")
        rows[-1]["MAPE / MAE, stated"] = (Score(mape / mae), ".2")
        rows[-1]["the same, PMEmo, song's mean label"] = (
            near.over(lambda run: run.metrics["mape"] / run.metrics["mae"], "mean of MAPE / MAE over runs"),
            ".2",
        )
    return Table(rows, "Standard deviation of the labels, and how large relative errors are beside absolute ones")


def _halved(score: Score | None) -> Score | None:
    return score and Score(score.value / 2, records=score.records, how=f"half of {score.how}")


def implied_determination(results: Results, target: str) -> Score | None:
    """The coefficient of determination that the stated RMSE has on PMEmo's labels, whatever was called R²."""
    rmse = stated(KEY, f"{TABLES[target]}.ours.testing.rmse").value
    spread = results.where(dataset=LIKELY, variant="global_mean", protocol="within_song_random", target=target).metric(
        "rmse"
    )
    how = "1 - (stated RMSE / standard deviation of the labels)²"
    return spread and Score(1 - (rmse / spread.value) ** 2, records=spread.records, how=how)


# The network and its ablations ---------------------------------------------------------------------------------------


def rung(results: Results, name: str, variant: str, target: str = "arousal", dataset: str = HEARD) -> Results:
    """The runs of a model on a rung; of a label-only model, those of the rung with the same split."""
    name = study.SAME_SPLIT[name] if variant in study.HEARING_NOTHING else name
    return results.where(dataset=dataset, data="real", target=target, protocol=name, variant=variant)


def ladder_table(results: Results, target: str = "arousal", dataset: str = HEARD) -> Table:
    """R² of every simple model on every rung."""
    rows = []
    for name, says in RUNGS.items():
        row: dict[str, Any] = {"rung": says}
        for variant in ON_LADDER:
            if len(runs := rung(results, name, variant, target, dataset)):
                row[LABELS[variant]] = (runs.score("r2"), ".2")
        rows.append(row)
    known = [row for row in rows if len(row) > 1]
    return Table(known, f"R² for {target} on {DATASETS[dataset]} (real), random splits")


#: Parts of the interactive ladder: PMEmo's models have the time alone, and DEAM's descriptors do not move in a song.
LADDERS = tuple(itertools.product(("vgmidi", "deam"), TARGETS))
#: Model -> its place on a rung, its colour and its marker.
LADDER_LOOKS = {
    variant: (0.24 - 0.16 * row, plots.PALETTE[colour], marker)
    for row, (variant, colour, marker) in enumerate(zip(ON_LADDER, (0, 1, 2, 4), "Dso^", strict=True))
}


def ladder_figure(results: Results) -> plots.DescribedFigure:
    """R² of every simple model on every rung, one data set and target at a time, each point a link to its records."""
    import matplotlib.pyplot as plt

    plots.use_style()
    figure, axis = plt.subplots(figsize=(10, 4.6))
    told, choices = [], [f"{DATASETS[dataset]}, {target}" for dataset, target in LADDERS]
    for number, (dataset, target) in enumerate(LADDERS):
        for variant, (shift, colour, marker) in LADDER_LOOKS.items():
            scores = {name: rung(results, name, variant, target, dataset).score("r2") for name in RUNGS}
            for place, (name, score) in enumerate(scores.items()):
                if score is not None:
                    hover = plots.part(number, f"{LABELS[variant]}, {RUNGS[name]}: {score:.2}")
                    _draw(axis, score, shift - place, colour, marker, gid=hover, url=f"../{address(source(score))}")
            known = ", ".join(f"{score:.2~}" for score in scores.values() if score)
            told.append(f"{choices[number]}, {LABELS[variant]} {known or 'not run'}")
    for variant, (_, colour, marker) in LADDER_LOOKS.items():
        axis.plot([], [], marker, color=colour, label=LABELS[variant])
    axis.set_yticks([-place for place in range(len(RUNGS))], list(RUNGS.values()), fontsize=10)
    axis.set_xlim(LOWEST - 0.02, 1.02)
    axis.set_ylim(-len(RUNGS) + 0.5, 0.5)
    axis.set_xlabel("R² (95 % interval over songs and splits)")
    figure.legend(loc="outside upper left", ncols=2, fontsize=10)
    return plots.described(
        figure,
        alt=f"R² of four models on seven rungs of leaks, from clean to leaking. {'; '.join(told)}.",
        title="R² rises where labels are split within songs, and again where earlier labels are inputs",
        note="Random splits; the clean ones of VGMIDI test 20 songs. An arrow head marks what lies further left; a"
        " point leads to its runs.",
        choice=plots.Choice("Labels", tuple(choices)),
    )


def ablation_table(results: Results) -> Table:
    """Table 3's rows and the rival beside the rebuilt variants, with songs held out and labels split within songs."""
    rows = []
    for variant, label in NETWORKS.items():
        row: dict[str, Any] = {"model": label, "paper": _stated_row(variant)}
        if variant != "lagged" and len(results.where(protocol=study.SIDES, dataset=HEARD, variant=variant)):
            for side, says in SIDE_LABELS.items():
                row[says] = (folds_score(results, side, variant), ".2")
            against = "released_code" if variant in TABLE_3_CODE else "cnn_bilstm"
            if variant != against:
                for side, says in SIDE_LABELS.items():
                    row[f"less the full network, {says}"] = (gain(results, variant, against, side), "+.2")
            rows.append(row)
    return Table(rows, "R² for arousal; ours on the folds of VGMIDI (real)")


def _stated_row(variant: str):
    if variant == "tpa_bilstm":
        return stated(KEY, "t1.tpa.testing.r2"), ".3"
    claims = TABLE_3 | TABLE_3_CODE
    return (stated(KEY, f"{claims[variant]}.r2"), ".3") if variant in claims else None


#: A squared correlation below the first and an RMSE above the second, in standard deviations of the labels, make a row
#: like table 3's without CNN.
UNRELATED, FAR_OFF = 0.02, 1.5


def pattern_table(results: Results) -> Table:
    """Table 3 and the rebuilt variants in two numbers that do not depend on the labels' scale.

    The squared correlation is what the public code calls R²; RMSE is in standard deviations of the labels, which for
    table 3 its full row implies.
    """
    spread = stated(KEY, "t3.full.rmse").value / (1 - stated(KEY, "t3.full.r2").value) ** 0.5
    rows = []
    for says, claim in zip(("full model", "w/o CNN", "w/o BiLSTM", "w/o both"), TABLE_3.values(), strict=True):
        explained, rmse = (stated(KEY, f"{claim}.{name}") for name in ("r2", "rmse"))
        rows.append(_pattern_row(f"table 3, {says}", "PMEmo, paper", explained, Score(rmse.value / spread)))
    for variant in (*TABLE_3, *TABLE_3_CODE, "softmax_output"):
        if len(runs := results.where(dataset=HEARD, protocol=LEAKING, variant=variant, target="arousal")):
            rows.append(_pattern_row(LABELS[variant], "VGMIDI, ours", *_pattern(runs)))
    largest = results.where(dataset=LIKELY, target="arousal", variant="training_maximum", protocol="within_song_random")
    if len(largest):
        rows.append(_pattern_row(LABELS["training_maximum"], "PMEmo, ours", *_pattern(largest)))
    return Table(rows, "Table 3's pattern, and what makes it, labels split within songs")


def _pattern(runs: Results) -> tuple[Score | None, Score | None]:
    far = runs.over(lambda run: (1 - run.metrics["r2"]) ** 0.5, "mean of sqrt(1 - R²) over runs")
    return runs.metric("squared_pearson"), far


def _pattern_row(model: str, data: str, explained, far: Score | None) -> dict[str, Any]:
    constant = explained is None
    alike = far is not None and (constant or explained.value < UNRELATED) and far.value > FAR_OFF
    return {
        "model": model,
        "data": data,
        "squared Pearson": "none: a constant" if constant else (explained, ".3"),
        "RMSE / standard deviation of the labels": (far, ".2"),
        "like the row w/o CNN": "yes" if alike else "no",
    }


# Lag orders and the composite score ----------------------------------------------------------------------------------

PARTS, INDICATORS = ("train", "test", "validation"), ("r2", "mae", "rmse", "mape")


#: Rows of `lag_table`: what is lagged, the variant, and the note that lists the lengths of its curve.
LAGGED = (
    ("frames of audio, VGMIDI, ridge", "window_lengths", "lengths"),
    ("past labels, PMEmo, ridge", "lag_orders", "lag_orders"),
)


def lag_table(results: Results, target: str = "arousal") -> Table:
    """R² by how much is lagged, in both readings: windows of audio on VGMIDI, past labels on PMEmo."""
    rows = []
    of_network = results.where(variant="lagged", target=target)
    for side, says in SIDE_LABELS.items():
        if len(runs := of_network.where(protocol=side)):
            scores = {str(order): (runs.where(length=order).score("r2"), ".3") for order in ladder.LENGTHS}
            row = {"what is lagged": "frames of audio, VGMIDI, CNN-BiLSTM", "protocol": f"{says}, folds"}
            rows.append(row | scores | {"runs": Runs(runs.ids)})
    for says, variant, lengths in LAGGED:
        cells = results.where(variant=variant, target=target)
        for protocol in dict.fromkeys(run.protocol for run in cells):
            of = cells.where(protocol=protocol)
            known = next(iter(of)).notes[lengths]
            row: dict[str, Any] = {"what is lagged": says, "protocol": (RUNGS | PROTOCOLS)[protocol]}
            for order in ladder.LENGTHS:
                place = known.index(order)
                row[str(order)] = (of.over(lambda run, at=place: run.curves["test_r2"][at]), ".3")
            rows.append(row | {"runs": Runs(of.ids)})
    return Table(rows, f"R² for {target} by lag order")


def weights_table(results: Results) -> Table:
    """The entropy weights of our lag orders, mean over splits, beside the two that the paper prints per target."""
    printed = {
        ("test_mape", "arousal"): "weights.arousal_highest",
        ("train_r2", "arousal"): "weights.arousal_lowest",
        ("test_mape", "valence"): "weights.valence_highest",
    }
    found = {target: _entropy_weights(results, target) for target in TARGETS}
    rows = []
    for name in (f"{part}_{indicator}" for part in PARTS for indicator in INDICATORS):
        part, indicator = name.split("_")
        row: dict[str, Any] = {"indicator": f"{indicator.upper().replace('R2', 'R²')}, {part}"}
        for target, weights in found.items():
            claim = printed.get((name, target))
            row[f"{target}: paper, %"] = (stated(KEY, claim), "%1") if claim else None
            row[f"{target}: ours, %"] = (weights.get(name), "%1")
        rows.append(row)
    return Table(rows if any(found.values()) else [], "Entropy weights of twelve indicators, past labels on PMEmo")


def _entropy_weights(results: Results, target: str) -> dict[str, Score]:
    import numpy as np

    from mer_repro.papers.qiu2025 import entropy_weight

    runs = results.where(variant="lag_orders", target=target, protocol="within_song_random")
    names = [f"{part}_{indicator}" for part in PARTS for indicator in INDICATORS]
    higher = np.array([name.endswith("_r2") for name in names])
    tables = [np.array([run.curves[name] for name in names]).T for run in runs]  # (lag order, indicator)
    if not tables:
        return {}
    mean = np.mean([entropy_weight.weights(entropy_weight.normalise(table, higher)) for table in tables], axis=0)
    return {
        name: Score(float(value), records=runs.ids, how="entropy weight, mean over splits")
        for name, value in zip(names, mean, strict=True)
    }


# Prose and card ------------------------------------------------------------------------------------------------------


def numbers(results: Results) -> dict[str, Any]:
    """The numbers that the chapter's prose quotes, by the name under which it glues them."""
    facts = ledger.facts()
    quoted: dict[str, Any] = {
        "stated_arousal": stated(KEY, stated_r2("arousal")),
        "stated_valence": stated(KEY, stated_r2("valence")),
        "stated_ablation": stated(KEY, "t3.full.r2"),
        "stated_no_cnn": stated(KEY, "t3.no_cnn.r2"),
        "stated_neither": stated(KEY, "t3.neither.r2"),
        "stated_best_lag": stated(KEY, "lag.best"),
        "stated_share_train": stated(KEY, "data.share_train"),
        "stated_share_test": stated(KEY, "data.share_test"),
    }
    for target in TARGETS:
        for name, protocol in (("leaking", "within_song_random"), ("clean", "song_grouped")):
            rule = results.where(dataset=LIKELY, target=target, variant="song_mean", protocol=protocol)
            quoted[f"{name}_{target}"] = (rule.score("r2"), ".3~")
        quoted[f"determination_{target}"] = (implied_determination(results, target), ".3")
    quoted["leak_vgmidi_cnn_bilstm_arousal"] = (leak(results, "cnn_bilstm"), "+.2")
    for side, name in ((CLEAN, "held"), (LEAKING, "torn")):
        for dataset, target in LADDERS:
            score = folds_score(results, side, "cnn_bilstm", target, dataset)
            quoted[f"{name}_{dataset}_{target}"] = (score, ".2~" if target == "arousal" else ".2")
        trees = folds_score(results, side, "extra_trees_thinned")
        quoted[f"{name}_trees"] = (trees, ".2~")
        quoted[f"{name}_code_bilstm"] = (folds_score(results, side, "code_bilstm"), ".2")
        quoted[f"{name}_over_trees"] = (gain(results, "cnn_bilstm", "extra_trees_thinned", side), "+.2")
    trainings = results.where(dataset=HEARD, data="real", protocol=study.SIDES, variant="cnn_bilstm")
    levelled = sum(map(levelled_off, trainings))
    quoted["levelled_trainings"] = f"{levelled} of {len(trainings)}" if len(trainings) else "–"
    for target in TARGETS:
        quoted[f"public_forest_{target}"] = facts[f"qiu_code_forest_{target}"].value
    code = next(iter(results.where(variant="code_bilstm", protocol=LEAKING)), None)
    quoted["code_batch_size"] = str(code.parameters["code_batch_size"]) if code else "–"
    return quoted


def card(results: Results) -> Table:
    """The head of the chapter."""
    theirs = Text.of("R² {r2} (arousal, test; split not stated)", r2=stated(KEY, stated_r2("arousal")))
    rule = results.where(dataset=LIKELY, target="arousal", variant="song_mean", protocol="within_song_random")
    ours = Text.of(
        "none on the paper's features, which we lack. Arousal, split within songs: R² {rule:.3~} on PMEmo for the mean"
        " of a song's other labels, without audio; {torn:.2~} for the rebuilt network on VGMIDI, which has {held:.2~}"
        " with songs held out",
        rule=rule.score("r2"),
        torn=folds_score(results, LEAKING, "cnn_bilstm"),
        held=folds_score(results, CLEAN, "cnn_bilstm"),
    )
    note = "The network's runs on the folds are not all recorded yet."
    return report.card(results, verdicts(results), theirs, ours, "" if leak(results, "cnn_bilstm") else note)


#: Statement -> why no run and no check of ours bears on it.
NOT_TESTED = {
    **dict.fromkeys(
        (
            "s.residual_blocks", "s.max_pooling", "s.forward_fill", "s.zscore", "s.feature_selection",
            "s.adam_early_stopping", "s.noise_augmentation",
        ),
        "a step that the rebuilt study follows; see the table of details",
    ),
    "s.word2vec_input": "the input has no words; see the table of details",
    "s.matlab": "needs the authors' machine; the public code agrees with it",
    "s.ablation_pmemo": "our copy of PMEmo has no audio features; the ablations are rerun on VGMIDI",
    "s.code_public": 'a repository of this name exists; "What the public code does" lists what it lacks',
    "s.mcan_best": "needs the other studies",
}  # fmt: skip


def untested_table(results: Results) -> Table:
    """The paper's statements that nothing here tests."""
    return report.untested_table(KEY, verdicts(results), NOT_TESTED)


def profile_table(results: Results, names: Iterable[str] = ("stride", "trees", "epochs", "patience")) -> Table:
    """The settings of the runs on the folds, as the records hold them."""
    of = results.where(protocol=CLEAN)
    columns = [Column(name, lambda runs, name=name: _setting(runs, name)) for name in names]
    return grid(of, DATASETS, columns, "Settings on the folds", heading="data", by="dataset")


def _setting(runs: Results, name: str) -> str:
    return ", ".join(sorted({str(run.parameters[name]) for run in runs if name in run.parameters})) or "–"


#: Of the reproduction, for `summary`.
EASY = (
    "The data are public, a public repository shows how such splits are made, and the label-only rule that decides most"
    " verdicts runs in seconds."
)
HARD = (
    "The text does not say what its split divides, nor on which data set tables 1 and 2 were measured; PMEmo's and"
    " DEAM's audio features frame by frame were not at hand, so networks were trained on VGMIDI."
)


def summary(results: Results) -> Table:
    """The chapter under the headings of the reproducibility challenge."""
    return report.summary(results, verdicts(results), EASY, HARD)
