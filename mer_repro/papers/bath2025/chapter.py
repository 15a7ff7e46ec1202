"""The tables, figures, quoted numbers and card of the chapter on bath2025."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mer_repro import plots, report, verdicts
from mer_repro.papers.bath2025 import heard, names, study
from mer_repro.papers.bath2025 import verdicts as rules
from mer_repro.papers.bath2025.names import TARGETS, of_model
from mer_repro.papers.bath2025.verdicts import (
    merge,
    models_differ,
    rivals_differ,
    selected,
    selection_adds,
    trained,
)
from mer_repro.results import Results, Score
from mer_repro.tables import Column, Runs, Table, Text, grid

KEY = names.KEY
#: Data sets on which the five models are compared, as `names.SETS` calls them; MERGE by its songs with audio.
COMPARED = {heard.DATASET: "MERGE's songs with audio"} | {d: names.SETS[d] for d in rules.COMPARED_ON[1:]}
#: Where figure 1 writes the names of models that would cover each other, in points from their marks.
AWAY = {
    (1, "valence"): (3, 5),
    (2, "valence"): (7, -2),
    (2, "arousal"): (-6, 7),
    (3, "arousal"): (-17, -9),
    (4, "arousal"): (6, -6),
    (5, "arousal"): (-17, 4),
}


# Experiment 1: labels ------------------------------------------------------------------------------------------------


def table_42(results: Results) -> Table:
    """Table 4.2 beside the same baselines computed from MERGE's labels, and four baselines more."""
    rows = []
    for variant, label in names.BASELINES.items():
        row: dict[str, Any] = {"baseline": label}
        for target in TARGETS:
            runs = merge(results, variant, target)
            claim = f"t4.2.{names.STATED_ROWS.get(variant)}.{target}.mae"
            row[f"{target} MAE, stated"] = results.stated(claim) if variant in names.STATED_ROWS else None
            row[f"{target} MAE, ours"] = (runs.score("mae"), ".4~")
            row[f"{target} R²"] = None if variant == "random" else (runs.score("r2"), ".3~")
        rows.append(row)
    model: dict[str, Any] = {"baseline": "the draft's CNN, configuration 2 (not rerun)"}
    model |= {f"{target} MAE, stated": results.stated(f"t4.2.cnn.{target}.mae") for target in TARGETS}
    return Table([*rows, model], "MERGE, official 70-15-15 split, test songs (real)")


def planes_table(results: Results) -> Table:
    """How empty the middle of each label plane is, and how coarse the labels are."""
    share = "%1"
    columns = (
        Column("songs", lambda one: one.metric("songs"), ",.0"),
        Column("valence in 0.4–0.6, %", lambda one: one.metric("valence_in_gap"), share),
        Column("arousal in 0.4–0.6, %", lambda one: one.metric("arousal_in_gap"), share),
        Column("kept by the rule, %", lambda one: one.metric("kept_on_ring"), share),
        Column("distinct pairs", lambda one: one.metric("distinct_pairs"), ",.0"),
        Column("test pairs seen in training, %", lambda one: one.metric("test_pairs_in_training"), share),
        Column("variance between quadrants, valence, %", lambda one: one.metric("valence_between_quadrants"), "%0"),
        Column("arousal, %", lambda one: one.metric("arousal_between_quadrants"), "%0"),
    )
    planes = results.where(data="real", variant="plane")
    return grid(planes, names.SETS, columns, "Label planes (real); labels mapped to 0 to 1", "data set", by="dataset")


def planes_figure(results: Results) -> plots.DescribedFigure:
    """Where songs lie on the valence-arousal plane, a panel per data set; the reported gap is outlined."""
    import matplotlib.pyplot as plt
    import numpy as np

    from mer_repro.papers.bath2025 import planes

    plots.use_style()
    chosen = [run for name in names.SETS for run in results.where(data="real", variant="plane", dataset=name)]
    figure, axes = plt.subplots(1, max(1, len(chosen)), figsize=(3.1 * max(1, len(chosen)), 3.4), squeeze=False)
    for axis, record in zip(axes[0], chosen, strict=False):
        counts = np.array(record.notes["plane"], dtype=float).T
        axis.imshow(counts, origin="lower", extent=(0, 1, 0, 1), cmap="Blues", vmax=np.quantile(counts, 0.99))
        for low, high, span in ((*planes.GAP, axis.axvspan), (*planes.GAP, axis.axhspan)):
            span(low, high, facecolor="none", edgecolor=plots.STATED, linestyle="--")
        axis.set_title(names.SETS[record.dataset], fontsize=11)
        axis.set_xlabel("valence")
        axis.grid(False)
    axes[0, 0].set_ylabel("arousal")
    inside = rules.plane("arousal_in_gap")(results)
    return plots.described(
        figure,
        alt="Heat maps of songs over valence and arousal. In MERGE two clusters lie left and right of a thin vertical"
        f" strip around valence 0.5, while {inside or Score(float('nan')):%0} % of its songs lie inside the horizontal"
        " strip of arousal 0.4 to 0.6. In the other data sets both strips hold many songs.",
        title="MERGE has a gap in valence alone",
        note="Dashed: the ranges that section 4.1 reports as emptied by MERGE's authors.",
    )


def simulated_table(results: Results) -> Table:
    """MAE over RMSE of the stated models beside that of simulated predictors of the same R²."""
    rows = []
    for target in TARGETS:
        for number in range(1, 6):
            r2 = results.stated(of_model(number, target, "r2"))
            row: dict[str, Any] = {
                "model": f"Model {number}, {target}",
                "R², stated": r2,
                "MAE / RMSE, stated": f"{rules.stated_ratio(number, target):.3f}",
            }
            for variant, label in names.SIMULATED.items():
                found = rules.simulated(results, variant, target, "r2", r2.value)
                low, high = (found[f"ratio_{end}"].value for end in ("low", "high"))
                row[label] = (replace(found["ratio"], low=low, high=high), ".3")
            rows.append(row)
    return Table(rows, "Shape of the errors at equal R²; brackets: 95 % of simulations", searchable=True)


def simulated_figure(results: Results) -> plots.DescribedFigure:
    """MAE against R² of simulated predictors, and where the five models lie."""
    import matplotlib.pyplot as plt

    plots.use_style()
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.8))
    lines = (":", "--", (0, (1, 1)), "-.", "-")
    for axis, target in zip(axes, TARGETS, strict=True):
        for (variant, label), line, colour in zip(names.SIMULATED.items(), lines, plots.PALETTE, strict=False):
            for run in merge(results, variant, target):
                axis.plot(run.curves["r2"], run.curves["mae"], linestyle=line, color=colour, label=label)
        for number in range(1, 6):
            place = [results.stated(of_model(number, target, score)).value for score in ("r2", "mae")]
            axis.plot(*place, "D", color=plots.STATED, markersize=5)
            shift = AWAY.get((number, target), (4, 4))
            axis.annotate(f"M{number}", place, xytext=shift, textcoords="offset points", fontsize=8)
        maes = [results.stated(of_model(n, target, "mae")).value for n in range(1, 6)]
        axis.set(xlim=(0.2, 0.8), ylim=(min(maes) * 0.6, max(maes) * 1.3), title=target, xlabel="R²")
    axes[0].set_ylabel("mean absolute error")
    axes[1].legend(fontsize=8)
    return plots.described(
        figure,
        alt="Two line charts of mean absolute error against R². For valence the five stated models lie above all hard"
        " classifiers; for arousal they lie on or near the hard classifier that errs near the middle and the"
        " probability-weighted one.",
        title="Simulated hard classifiers come near the stated errors for arousal, not for valence",
        note="MAE against R² of simulated predictors and of the draft's five models (M1 to M5).",
    )


# The doughnut --------------------------------------------------------------------------------------------------------


def rivals_table(results: Results) -> Table:
    """R² of hard and weighted classes and of regression on the same songs, whole and with the middle removed."""
    rows = []
    for dataset in names.DOUGHNUT_SETS:
        for target in TARGETS:
            for selection in ("whole", "ring"):
                chosen = selected(results, dataset, target, selection)
                row: dict[str, Any] = {
                    "data, target": f"{names.SETS[dataset]}, {target}",
                    "songs": names.SELECTIONS[selection],
                }
                for variant in ("predicted_quadrant", "weighed_logistic", "ridge", "weighed_boosting", "boosting"):
                    row[names.MODELS[variant]] = (chosen.where(variant=variant).score("r2"), ".2")
                for name, pair in names.RIVALS.items():
                    gap = rivals_differ(dataset, target, selection, *pair)(results)
                    row[f"classification minus regression, {names.RIVAL_NAMES[name]}"] = (gap, "+.2")
                rows.append(row)
    return Table(
        rows,
        "R² of hard and probability-weighted classification and of regression (real), same songs, paired by artist",
        searchable=True,
    )


def rivals_figure(results: Results) -> plots.DescribedFigure:
    """Paired differences of probability-weighted classes and regression: every pair of models, with and without the
    middle; filled where the middle is removed or, for MERGE, was removed by its authors."""
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    plots.use_style()
    figure, axis = plt.subplots(figsize=(8.5, 4.2))
    looks = {"trees": ("o", plots.MEASURED), "linear": ("s", plots.PALETTE[1]), "frozen": ("D", plots.PALETTE[2])}
    places, told, gaps = [], [], []

    def draw(find: rules.Find, name: str, offset: float, filled: bool, what: str) -> None:
        if gap := find(results):
            marker, colour = looks[name]
            gaps.append((gap, filled))
            told.append(f"{places[-1]}, {what}, {names.RIVAL_NAMES[name]}: {gap:+.2}")
            height = 1 - len(places) + offset
            axis.plot([gap.low, gap.high], [height] * 2, color=colour, lw=1.2)
            axis.plot(gap.value, height, marker, color=colour, ms=5, markerfacecolor=colour if filled else "white")

    for dataset in names.DOUGHNUT_SETS:
        for target in TARGETS:
            places.append(f"{names.SETS[dataset]}, {target}")
            for k, (selection, name) in enumerate((s, n) for n in names.RIVALS for s in ("ring", "whole")):
                find = rivals_differ(dataset, target, selection, *names.RIVALS[name])
                draw(find, name, 0.3 - 0.2 * k, selection == "ring", names.SELECTIONS[selection])
    for target in TARGETS:
        places.append(f"MERGE with audio, {target}")
        for k, (name, pair) in enumerate(names.HEARD_RIVALS.items()):
            find = rules.differ_on_merge(target, *pair)
            draw(find, name, 0.25 - 0.25 * k, target == "valence", "its own songs")
    axis.axvline(0, color=plots.MUTED, lw=1)
    axis.set_yticks(range(0, -len(places), -1), places)
    axis.set_xlabel("R² of probability-weighted classification minus R² of regression")
    keys = [
        Line2D([], [], marker=marker, color=colour, lw=1.2, label=names.RIVAL_NAMES[name])
        for name, (marker, colour) in looks.items()
    ]
    axis.legend(handles=keys, fontsize=9)

    def counts(filled: bool) -> str:
        chosen = [gap for gap, of in gaps if of == filled]
        better, worse = sum(gap.low > 0 for gap in chosen), sum(gap.high < 0 for gap in chosen)
        return f"better than regression in {better} of {len(chosen)} comparisons, worse in {worse}"

    return plots.described(
        figure,
        alt="Paired differences with 95 % intervals over artists. " + "; ".join(told) + ".",
        title=f"Where the middle is empty, weighing classes is {counts(True)}",
        note="Filled: the middle of the label plane removed (of MERGE, valence alone has a gap). Open: with the middle;"
        f" there weighing is {counts(False)}.",
    )


def effects_table(results: Results) -> Table:
    """What a larger variance and what the gap itself add to R², at equal numbers of songs."""
    pairs = {
        "larger variance": ("same_spread", "same_size"),
        "the gap itself": ("ring", "same_spread"),
        "both together": ("ring", "same_size"),
    }
    rows = []
    for dataset in names.DOUGHNUT_SETS:
        for target in TARGETS:
            for variant in study.SIMPLE:
                row: dict[str, Any] = {
                    "data, target": f"{names.SETS[dataset]}, {target}",
                    "model": names.MODELS[variant],
                }
                for label, pair in pairs.items():
                    row[f"R² from {label}"] = (selection_adds(dataset, target, variant, *pair)(results), "+.2")
                rows.append(row)
    return Table(rows, "Change of R² (real); brackets: Student's 95 % interval over seeds", searchable=True)


# The five models -----------------------------------------------------------------------------------------------------


def merge_table(results: Results) -> Table:
    """The models on MERGE's own songs whose audio is available, beside simple rivals."""
    of = results.where(data="real", dataset=heard.DATASET)
    audio = [name for name in heard.VARIANTS if name not in heard.WORDED]
    rows = [row for name in audio if (row := _heard(of.where(variant=name, frames=None), names.HEARD[name]))]
    for name, frames in sorted({(run.variant, run.factors["frames"]) for run in of if "frames" in run.factors}):
        longer = f"{names.HEARD[name]}, {frames * names.HOP_SECONDS:.1f} s of each clip"
        rows.append(_heard(of.where(variant=name, frames=frames), longer))
    seconds = rules.heard_seconds(results)
    given = f"; networks read {seconds:.1} s of a clip unless a row says so, other models the whole" if seconds else ""
    return Table(rows, f"R² on MERGE's own songs whose audio is available (real), audio alone{given}")


def _heard(of: Results, model: str) -> dict[str, Any] | None:
    """A row of R² by target and division of the songs; None where nothing was run."""
    cells = {
        "artist-disjoint folds": of.where(protocol=heard.FOLDS),
        "official split": of.where(protocol=heard.OFFICIAL),
    }
    if not len(of):
        return None
    row: dict[str, Any] = {"model": model}
    for target in TARGETS:
        row |= {f"R² {target}, {says}": (runs.score("r2", target), ".2") for says, runs in cells.items()}
    return row | {"runs": Runs(of.ids)}


def words_table(results: Results) -> Table:
    """Titles and mood words in place of the lyrics, on the same songs; first what reads audio alone."""
    of = results.where(data="real", dataset=heard.DATASET, frames=None)
    shown = ("frozen_ridge", "model_2", *heard.WORDED)
    rows = [row for name in shown if (row := _heard(of.where(variant=name), names.HEARD[name]))]
    return Table(rows, "R² on MERGE's own songs (real), words of ours in place of the lyrics")


def networks_table(results: Results, dataset: str) -> Table:
    """Scores of the models and of simple baselines on one data set, and the difference from Model 1."""
    runs = trained(results, dataset)
    targets = TARGETS if dataset != "emotify" else ()
    columns = [Column(f"R² {target}", "r2", ".2", target) for target in targets]
    columns += [] if targets else [Column("mean R² of nine emotions", lambda one: one.metric("r2"), ".2")]
    columns += [
        Column("parameters", lambda one: one.over(lambda run: run.notes.get("weights"), "as recorded"), ",.0"),
        Column("seconds per run", lambda one: one.over(lambda run: run.seconds, "mean of runs"), ".0"),
        Column("runs", lambda one: Runs(one.ids)),
    ]
    return grid(runs, labels(dataset), columns, caption(runs, dataset))


def labels(dataset: str) -> dict[str, str]:
    """What the models are called on a data set: without convolutions where it has descriptors instead of audio."""
    return names.MODELS | (names.DESCRIBED if dataset in ("deam", "tcc_ceds") else {})


def caption(runs: Results, dataset: str) -> str:
    """Data set, inputs, sizes and number of folds of some runs in a line."""
    if not len(runs):
        return f"{names.SETS[dataset]} (real)"
    counts = min(runs, key=lambda run: run.seed).counts
    folds = len(runs.values("seed"))
    return (
        f"{names.SETS[dataset]} (real), {names.GIVEN[dataset]}: {counts['n_train']} songs to train on and"
        f" {counts['n_test']} to test on in the first of {folds} folds"
    )


def gaps_table(results: Results) -> Table:
    """Paired differences between the models, by data set and target."""
    pairs = (("model_2", "model_1"), ("model_3", "model_2"), ("model_4", "model_2"), ("model_5", "model_3"))
    rows = []
    for of, against in pairs:
        for dataset, label in COMPARED.items():
            found = {t: models_differ(dataset, t, of, against)(results) for t in TARGETS}
            if any(found.values()):
                row = {"models": f"{of.replace('model_', 'Model ')} minus {against.replace('model_', 'Model ')}"}
                row["data"] = label
                rows.append(row | {f"R² {target}": (gap, "+.2") for target, gap in found.items()})
    return Table(rows, "Differences between the models (real), paired on the same songs")


def clustering_table(results: Results) -> Table:
    """How close to the middle predictions keep: standard deviations, correlation, and shares between 0.4 and 0.6."""
    variants = ("ridge", "predicted_quadrant", *study.MODELS)
    rows = []
    for dataset in names.DOUGHNUT_SETS:
        for target in TARGETS:
            for variant in variants:
                one = trained(results, dataset).where(variant=variant)
                if len(one):
                    rows.append(
                        {
                            "data, target": f"{names.SETS[dataset]}, {target}",
                            "model": labels(dataset)[variant],
                            "SD, predicted to true": (one.metric(f"{target}_spread"), ".2"),
                            "correlation": (one.metric(f"{target}_correlation"), ".2"),
                            "predicted in 0.4–0.6, %": (one.metric(f"{target}_predicted_in_gap"), "%0"),
                            "true in 0.4–0.6, %": (one.metric(f"{target}_observed_in_gap"), "%0"),
                        }
                    )
    return Table(rows, "How far predictions keep to the middle (real); means over folds", searchable=True)


def clustering_figure(results: Results) -> plots.DescribedFigure:
    """Standard deviation of the predictions over that of the labels against their correlation, a panel per set."""
    import matplotlib.pyplot as plt

    plots.use_style()
    datasets = names.DOUGHNUT_SETS
    figure, axes = plt.subplots(1, len(datasets), figsize=(12, 3.4), sharex=True, sharey=True)
    looks = {
        "ridge": ("s", plots.PALETTE[1], "ridge"),
        "predicted_quadrant": ("D", plots.PALETTE[2], "hard classifier"),
        "model_1": ("o", plots.PALETTE[3], "Model 1 (no dropout)"),
    }
    told, below = [], []
    for axis, dataset in zip(axes, datasets, strict=True):
        axis.plot([0, 1], [0, 1], "--", color=plots.MUTED, label="least squared error")
        named = set()
        for variant in ("ridge", "predicted_quadrant", *study.MODELS):
            one = trained(results, dataset).where(variant=variant)
            marker, colour, label = looks.get(variant, ("^", plots.MEASURED, "Models 2 to 5"))
            for target in TARGETS if len(one) else ():
                place = [one.metric(f"{target}_{name}") for name in ("correlation", "spread")]
                if all(place):
                    below.append(place[1].value < place[0].value)
                    filled = colour if target == "arousal" else "none"
                    legend = None if label in named else label
                    axis.plot(
                        place[0].value, place[1].value, marker, color=colour, markerfacecolor=filled, label=legend
                    )
                    named.add(label)
                    if variant == "model_2":
                        told.append(f"{names.SETS[dataset]}, {target}: Model 2 {place[1]:.2~} at {place[0]:.2~}")
        axis.set(title=names.SETS[dataset], xlabel="correlation with the labels")
    axes[0].set_ylabel("SD, predicted to true")
    axes[0].legend(fontsize=8)
    return plots.described(
        figure,
        alt="Scatter plots, a panel per data set, of the standard deviation of predictions, relative to that of"
        " the labels, against their correlation with the labels; on the diagonal squared error is least. "
        + "; ".join(told)
        + ".",
        title=f"{sum(below)} of {len(below)} sets of predictions vary less than squared error asks for",
        note="How far predictions keep to the middle. Below the dashed line they vary less than squared error asks"
        " for, above it more. Model 1 has neither dropout nor early stopping. Filled: arousal; open: valence.",
    )


# Experiment 3 and table 3.1 ------------------------------------------------------------------------------------------


def congruence_table(results: Results) -> Table:
    """AUCs of learned congruence and its rank correlation with the regression's absolute error."""
    rows = []
    for data in ("real", "twin"):
        for protocol, says in names.CONGRUENCE.items():
            for negatives in ("easy", "hard"):
                runs = results.where(data=data, protocol=protocol, variant=negatives)
                if len(runs):
                    row: dict[str, Any] = {"songs": f"tcc_ceds ({data}), {says}", "negatives": negatives}
                    for name in ("easy", "hard", "swapped"):
                        row[f"AUC, {name}"] = (runs.metric(f"auc_{name}"), ".3")
                    for target in TARGETS:
                        row[f"rank correlation, {target}"] = (runs.score(f"rank_{target}"), ".2")
                        row[f"given extremity, {target}"] = (runs.metric(f"rank_{target}_given_extremity"), ".2")
                        row[f"error, swapped to own, {target}"] = (runs.metric(f"error_ratio_{target}"), ".2")
                    rows.append(row)
    return Table(rows, "Congruence and error on test songs; means over seeds", searchable=True)


def timing_table(results: Results) -> Table:
    """Table 3.1 beside our times by both clocks, with decoding and a library's start-up apart from its work."""
    runs = results.where(data="real", protocol="timing")
    timed = {name: runs.where(variant=name) for name in (*names.TIMED, "cnn")}
    asked = [("decoding a clip, before any of these", "librosa", "decode")]
    for name, label in names.TIMED.items():
        asked += [
            (f"{label}: first clip in a fresh process", name, "cold"),
            (f"{label}: every later clip", name, "warm"),
        ]
    asked.append(("ten epochs of Model 1 on simulated clips", "cnn", "ten_epochs"))
    rows: list[dict[str, Any]] = [
        {
            "what": what,
            "processor, s": (timed[v].metric(f"{n}_cpu"), ".3"),
            "wall, s": (timed[v].metric(f"{n}_wall"), ".3"),
        }
        for what, v, n in asked
        if len(timed[v])
    ]
    unknown = "task and number of files not stated"
    simulated = "a simple CNN on simulated data, sizes not stated"
    for row, label, given in (
        ("librosa", "audio by librosa", unknown),
        ("torchaudio", "audio by Torchaudio", unknown),
        ("cnn", "ten epochs", simulated),
    ):
        for place, machine in (("mac", "laptop"), ("colab", "cloud GPU")):
            what = f"table 3.1: {label}, {machine}; {given}"
            rows.append({"what": what, "wall, s": results.stated(f"t3.1.{row}.{place}")})
    return Table(rows, "Seconds; ours on one CPU thread of a shared machine, so read processor time", searchable=True)


# The page ------------------------------------------------------------------------------------------------------------


def numbers(results: Results) -> dict[str, Any]:
    """The numbers that the chapter's prose quotes, by the name under which it glues them."""
    of_plane = {name: rules.plane(name)(results) for name in ("songs", "distinct_pairs", "test_songs")}
    found: dict[str, Any] = {f"{name}_inside": (rules.songs_inside(name)(results), ",.0") for name in TARGETS}
    found["both_inside"] = (rules.songs_inside("both_in_gap")(results), ",.0")
    found |= {f"stated_{name}": results.stated(f"text.{name}") for name in ("gap_low", "gap_high", "frames")}
    found |= {name: (score, ",.0") for name, score in of_plane.items()}
    found["kept_on_ring"] = (rules.songs_inside("kept_on_ring")(results), ",.0")
    found["pairs_seen"] = (
        merge(results, "plane").over(
            lambda run: run.metrics["test_pairs_in_training"] * run.metrics["test_songs"], "share of the test songs"
        ),
        ",.0",
    )
    for target in TARGETS:
        stated = {s: results.stated(of_model(2, target, s)) for s in ("r2", "mae")}
        found |= {f"stated_{score}_{target}": number for score, number in stated.items()}
        found[f"oracle_r2_{target}"] = (merge(results, "quadrant_centre", target).score("r2"), ".2~")
        for variant in names.SIMULATED:
            at = rules.simulated(results, variant, target, "r2", stated["r2"].value)
            found |= {f"{variant}_mae_{target}": (at["mae"], ".4"), f"{variant}_right_{target}": (at["accuracy"], "%0")}
        for kind in ("seen", "unseen"):
            found[f"{kind}_mae_{target}"] = (merge(results, "quadrant_centre", target).metric(f"{kind}_mae"), ".3")
        for variant in ("soft_classifier", "regressor"):
            found[f"{variant}_fits_{target}"] = (rules.models_within(variant, target)(results), ".0")
        for selection in ("whole", "ring"):
            for name, pair in names.RIVALS.items():
                gap = rivals_differ("deam", target, selection, *pair)(results)
                found[f"{name}_{selection}_{target}"] = (gap, "+.2")
    models = trained(results, "vgmidi").where(variant="model_1")
    for name in ("frames", "epochs"):
        found[f"network_{name}"] = (models.over(lambda run, n=name: run.parameters[n], "as set"), ".0")
    found["network_seconds"] = (models.over(lambda run: run.parameters["frames"] * names.HOP_SECONDS, "as set"), ".1")
    for target in TARGETS:
        of = results.where(data="real", dataset=heard.DATASET, variant="frozen_weighed", protocol=heard.FOLDS)
        found[f"heard_frozen_weighed_{target}"] = (of.score("r2", target), ".2")
        for name, pair in names.HEARD_RIVALS.items():
            found[f"heard_{name}_{target}"] = (rules.differ_on_merge(target, *pair)(results), "+.2")
        told = results.where(data="real", dataset=heard.DATASET, variant="moods_ridge", protocol=heard.FOLDS)
        found[f"heard_moods_{target}"] = (told.score("r2", target), ".2~")
        found[f"heard_title_adds_{target}"] = (
            rules.differ_on_merge(target, "frozen_title_ridge", "frozen_ridge")(results),
            "+.2",
        )
    found["margin"] = (rules.MARGIN, ".2")
    found["heard_songs"] = (rules.heard_songs()(results), ",.0")
    found |= {f"heard_{part}": (rules.heard_songs(part)(results), ",.0") for part in ("train", "test")}
    found |= {"heard_seconds": (rules.heard_seconds(results), ".1")}
    found |= {"heard_epochs": (rules.heard_setting("epochs")(results), ".0")}
    own = results.where(data="real", protocol="as_published", variant="easy")
    found |= {f"rank_{target}": (own.score(f"rank_{target}"), ".2") for target in TARGETS}
    found |= {f"auc_{kind}": (own.metric(f"auc_{kind}"), ".2") for kind in ("easy", "hard")}
    control = results.where(data="real", protocol="half_swapped", variant="easy")
    found["auc_swapped"] = (control.metric("auc_swapped"), ".2")
    return found


def card(results: Results) -> Table:
    """The head of the chapter."""
    stated = {target: results.stated(of_model(2, target, "r2")) for target in TARGETS}
    quoted = numbers(results)
    return report.card(
        results,
        rules.verdicts(results),
        theirs=Text.of("R² {valence} for valence and {arousal} for arousal (Model 2, MERGE)", **stated),
        ours=Text.of(
            "none: the model was not rerun on its data. On MERGE's songs with audio, R² for valence of"
            " probability-weighted classification minus regression: {heard_trees_valence} (boosted trees),"
            " {heard_linear_valence} and {heard_frozen_valence} (linear models; mel bands, frozen pretrained network)",
            **quoted,
        ),
        note="See the box above. No network here was trained on full clips. Emotify has nine emotions and no valence"
        " or arousal; only networks were run on it.",
    )


def verdict_table(results: Results) -> Table:
    """What the reruns say of the dissertation's claims."""
    return verdicts.table(KEY, rules.verdicts(results))


def measured_here(profile: str, overrides: dict | None = None) -> Table:
    """What a profile gives on this machine."""
    return report.measured_here(KEY, profile, overrides, ("r2", "mae", "auc_easy"))


_FOLLOWED = "a setting that the rebuilt networks follow"
_LITERATURE = "about other work"
_OPEN = "the draft gives no number, data set or setting yet"
UNTESTED: dict[str, str] = {
    "s.gpu_training": "a choice, without figures",
    "s.cloud_removes_latency": "about the author's machines, without figures",
    "s.scheduler": _FOLLOWED,
    "s.bert_frozen": _FOLLOWED,
    "s.model1_channels": _FOLLOWED,
    "s.model4_attention": _FOLLOWED,
    "s.model3_attention": "a setting; how it was read is said where the networks are rebuilt",
    "s.bert_base": "a setting; another encoder stands in here",
    "s.louro_cnn_not_used": "a choice, and its reason is about other work",
    "s.louro_cnn_used": "in the draft's working notes, which are not judged",
    "s.no_normalisation": "a setting; here the reference leaves test songs out",
    "s.length_standardised": "needs the audio of all of MERGE's songs",
    "s.cross_reference_open": "a place that is still open in the draft",
    "s.model1_valence_above_arousal": "the order of two printed numbers, which the audit checks",
    "s.model1_beats_literature": "the scores of the other work are not given",
    "s.model1_competitive": "the scores of the other work are not given",
    "s.lyrics_beat_audio": "about other work, in the draft's working notes, which are not judged",
    "s.experiment2_done": _OPEN,
    "s.experiment3_done": _OPEN,
    "s.valence_harder": _LITERATURE,
    "s.feng_first": _LITERATURE,
    "s.no_precedent": _LITERATURE,
    "s.no_precedent_again": _LITERATURE,
    "s.no_precedent_third": _LITERATURE,
    "s.merge_largest": _LITERATURE,
    "s.pyrovolakis_rates": _LITERATURE,
}


def untested_table(results: Results) -> Table:
    """Statements that neither a check nor a verdict bears on."""
    return report.untested_table(KEY, rules.verdicts(results), UNTESTED)


#: Of the reproduction, for `summary`.
EASY = (
    "MERGE's labels and official parts are public, and what a predictor of either kind could score can be simulated"
    " from them alone."
)
HARD = (
    "MERGE's lyrics and the sound of most of its songs were not at hand; parts of the draft are still to be written,"
    " and the networks were trained on parts of clips for few epochs."
)


def summary(results: Results) -> Table:
    """The chapter under the headings of the reproducibility challenge."""
    return report.summary(results, rules.verdicts(results), EASY, HARD)
