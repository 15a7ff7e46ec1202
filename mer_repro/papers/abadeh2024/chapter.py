"""The tables, figures, numbers and the head of the chapter on abadeh2024."""

from __future__ import annotations

from typing import Any

from mer_repro import plots, report
from mer_repro.papers.abadeh2024 import genres, study
from mer_repro.papers.abadeh2024.genres import n_classes
from mer_repro.papers.abadeh2024.names import (
    CONFIGURATIONS,
    FACTORS,
    GROUPED,
    KEY,
    LABELS,
    NAMES,
    REAL,
    RIVALS,
    SAME_ITEMS,
    SETTINGS,
    SIZES,
    STATED,
    STEPS,
    TIMES,
    TRAININGS,
)
from mer_repro.papers.abadeh2024.verdicts import (
    accuracy_stated,
    against,
    avoided_stated,
    cell,
    effect,
    gain,
    majority_stated,
    over_stated,
    skill,
    verdicts,
)
from mer_repro.results import Results, Score, Stated, difference, holm, shown
from mer_repro.tables import Claims, Runs, Table, Text
from mer_repro.verdicts import levelled_off


def _score(results: Results, dataset: str, variant: str, setting: str, metric: str, protocol: str = "users_apart"):
    return skill(cell(results, dataset, variant, setting, protocol), metric)


def _shares(runs: Results) -> list[float]:
    """Share of each genre among the items, from the confusion of any run with six classes."""
    sums = [sum(row) for row in next(iter(runs)).notes["confusion"]]
    return [n / sum(sums) for n in sums]


def data_table(results: Results) -> Table:
    """Who and how many, and how much the last genre says."""
    rows = []
    for dataset in NAMES:
        runs = cell(results, dataset, "majority", "genres_6")
        if len(runs):
            run, shares = next(iter(runs)), _shares(runs)
            row: dict[str, Any] = {"data": f"{NAMES[dataset]} ({run.data})"}
            row |= {"users": run.counts["n_users"], "items": f"{run.counts['n_items']:,}"}
            row |= {
                f"{name.replace('_', ' ')}, %": (Score(share, records=runs.ids), "%1")
                for name, share in zip(genres.GENRES, shares, strict=True)
            }
            row["persistence, %"] = (_score(results, dataset, "last_genre", "genres_6", "accuracy"), "%1~")
            row["two random steps agree, %"] = (Score(sum(s * s for s in shares), records=runs.ids), "%1")
            rows.append(row)
    return Table(rows, "Items: steps with at least one before them")


def baselines_table(results: Results, dataset: str) -> Table:
    """Simple models and the plain networks with six, four and three classes."""
    rows = []
    for variant in (*study.SIMPLE, "lstm", "gru"):
        row: dict[str, Any] = {"model": LABELS[variant]}
        for setting in SETTINGS:
            n = n_classes(setting)
            row[f"{n} classes, %"] = (_score(results, dataset, variant, setting, "accuracy"), "%1")
            row[f"kappa, {n}"] = (_score(results, dataset, variant, setting, "kappa"), ".2~")
        if len(results.where(dataset=dataset, variant=variant, protocol="users_apart", users=None)):
            rows.append(row)
    return Table(rows, f"{NAMES[dataset]} (real): accuracy with 95 % intervals over users, and Cohen's kappa")


def factorial_table(results: Results, dataset: str) -> Table:
    """The full factorial: classes, attention, stress, cell; the report's six numbers in their cells."""
    rows = []
    for variant in (*study.PLAIN_FACTORIAL, *study.STRESS_FACTORIAL):
        row: dict[str, Any] = {
            "cell": variant.partition("_")[0].upper(),
            "attention": "yes" if "attention" in variant else "no",
            "stress": "yes" if "stress" in variant else "no",
        }
        for setting in SETTINGS:
            stated = STATED.get((variant, setting))
            row[f"{n_classes(setting)}: report, %"] = (results.stated(stated), "%1") if stated else None
            row[f"{n_classes(setting)}: ours, %"] = (_score(results, dataset, variant, setting, "accuracy"), "%1")
        if len(results.where(dataset=dataset, variant=variant, protocol="users_apart", users=None)):
            rows.append(row)
    majority = "; ".join(
        f"{n_classes(s)} classes {found:%1~} %"
        for s in SETTINGS
        if (found := _score(results, dataset, "lstm", s, "majority"))
    )
    return Table(rows, f"{NAMES[dataset]} (real): accuracy, 95 % intervals over users; majority class: {majority}")


def _differences(found: dict[tuple[str, ...], Score | None], headings: tuple[str, ...], caption: str) -> Table:
    """A row per difference, with its p-value after Holm over the table."""
    rows = [
        dict(zip(headings, name, strict=True))
        | {
            "points of accuracy": (one, "+%1"), "p, Holm": (Score(one.p), ".3"),
            "detectable, points": (Score(one.detectable), "%1"),
        }
        for name, one in holm(found).items()
    ]  # fmt: skip
    return Table(rows, caption)


def effects_table(results: Results) -> Table:
    """What each factor adds, averaged over the other factors and seeds."""
    found = {
        (NAMES[dataset], says, str(n_classes(setting))): effect(factor, dataset, setting)(results)
        for dataset in REAL
        for factor, says in FACTORS.items()
        for setting in SETTINGS
    }
    return _differences(found, ("data", "factor", "classes"), "Main effects, averaged over the other factors (real)")


def rivals_table(results: Results) -> Table:
    """The plain LSTM with six classes against baselines without a network, on the same items."""
    found = {
        (NAMES[dataset], LABELS[rival]): against("lstm", rival, dataset)(results)
        for dataset in REAL
        for rival in ("majority", *RIVALS)
    }
    return _differences(found, ("data", "LSTM minus"), "Six classes, users apart, the seeds that both have (real)")


def same_items_table(results: Results) -> Table:
    """What training anew with fewer classes adds to the six-class model's predictions on the same items."""
    found = {
        (NAMES[dataset], says): gain(results, dataset, one, other, scored)
        for dataset in REAL
        for says, scored, one, other in SAME_ITEMS
    }
    return _differences(found, ("data", "what is added"), "On the same items, LSTM (real)")


def fewer_classes_table(results: Results) -> Table:
    """From six classes to three: accuracy beside the majority class of the same items, and both measures of skill."""
    rows = []
    for setting in SETTINGS:
        variant = "lstm_attention_stress" if setting == "genres_3" else "lstm"
        sizes = [f"{SIZES[setting]}.{genre}" for genre in genres.class_names(setting)]
        rows.append({
            "data": "the report", "who predicts": f"LSTM trained with {n_classes(setting)} classes"
            + ", attention and stress" * (setting == "genres_3"), "classes": n_classes(setting),
            "accuracy, %": (accuracy_stated(setting), "%0"),
            "majority class, %": (Score(majority_stated(setting)), "%1"),
            "points over it": (Score(over_stated(setting)), "+%0"),
            "relative error reduction, %": (Score(avoided_stated(setting)), "%0"),
            "source": Claims(KEY, (STATED[variant, setting], *sizes)),
        })  # fmt: skip
    for dataset in REAL:
        for says, variant, trained, scored in STEPS:
            runs, on = cell(results, dataset, variant, trained), "" if trained == scored else scored
            if len(runs):
                rows.append({
                    "data": f"{NAMES[dataset]} (real)", "who predicts": says, "classes": n_classes(scored),
                    "accuracy, %": (skill(runs, "accuracy", on), "%1"),
                    "majority class, %": (skill(runs, "majority", on), "%1~"),
                    "points over it": (skill(runs, "over_majority", on), "+%1"),
                    "relative error reduction, %": (skill(runs, "errors_avoided", on), "%1"),
                    "kappa": (skill(runs, "kappa", on), ".2~"), "source": Runs(runs.ids),
                })  # fmt: skip
    return Table(rows, "Each row is scored on the items of its number of classes, the majority class on the same items")


def protocols_table(results: Results) -> Table:
    """Users apart against sessions mixed, six classes."""
    rows = []
    for dataset in REAL:
        for variant in (*study.SIMPLE, "lstm"):
            apart, mixed = (_score(results, dataset, variant, "genres_6", "accuracy", p) for p in study.PROTOCOLS)
            if apart and mixed:
                runs = cell(results, dataset, variant, "genres_6", study.PROTOCOLS)
                more = Score(mixed.value - apart.value, records=runs.ids, how="difference of the two scores")
                rows.append({
                    "data": NAMES[dataset], "model": LABELS[variant], "users apart, %": (apart, "%1"),
                    "sessions mixed, %": (mixed, "%1"), "points": (more, "+%1"),
                })  # fmt: skip
    return Table(rows, "Six classes (real)")


def stress_table(results: Results) -> Table:
    """When the stress was measured, and what it is worth: accuracy, and log loss, which sees smaller gains."""
    rows = []
    for dataset in study.WITH_TIMING:
        for says, variants in TIMES.items():
            row: dict[str, Any] = {"data": NAMES[dataset], "stress measured": says}
            for name, variant in zip(("logistic regression", "LSTM"), variants, strict=True):
                row[f"{name}, %"] = (_score(results, dataset, variant, "genres_6", "accuracy"), "%1")
                row[f"{name}, log loss"] = (_score(results, dataset, variant, "genres_6", "log_loss"), ".3~")
            if len(results.where(dataset=dataset, variant=variants)):
                rows.append(row)
    return Table(rows, "Six classes: SiTunes (real), synthetic histories (generated)")


def group_table(results: Results) -> Table:
    """What the group label is worth where a group effect was planted."""
    rows = []
    for variant in GROUPED:
        runs = cell(results, "planted", variant, "genres_6")
        says = {"logistic": "logistic regression, no label", "lstm": "LSTM, true label"}.get(variant, LABELS[variant])
        if len(runs):
            row = {"model": says, "accuracy, %": (runs.score("accuracy"), "%1")}
            rows.append(row | {"log loss": (runs.score("log_loss"), ".3~"), "seeds": Runs(runs.ids)})
    return Table(rows, "Synthetic histories (generated), six classes")


def planted_table(results: Results) -> Table:
    """How near each comes to an oracle that knows how the histories were made."""
    rows = [
        {"model": LABELS[variant]}
        | {f"{n_classes(s)} classes, %": (_score(results, "planted", variant, s, "accuracy"), "%1") for s in SETTINGS}
        for variant in ("best", *study.SIMPLE, "lstm")
        if len(cell(results, "planted", variant, "genres_6"))
    ]
    return Table(rows, "Synthetic histories (generated)")


def _sized(results: Results, dataset: str) -> dict[int, dict[str, Results]]:
    """Number of users -> variant -> its runs of the curve of sizes, ascending."""
    of = results.where(dataset=dataset, protocol="users_apart", target="genres_6")
    return {
        users: {name: of.where(users=users, variant=name) for name in study.SIZED}
        for users in sorted(of.values("users"))
    }


def sizes_table(results: Results) -> Table:
    """Score against the number of listeners: accuracy, and the LSTM by both measures of skill."""
    rows = []
    for dataset in ("hetrec2011_lastfm", "planted"):
        for users, runs in _sized(results, dataset).items():
            row: dict[str, Any] = {"data": NAMES[dataset], "users": f"{users:,}"}
            row["items"] = f"{max((run.counts['n_items'] for one in runs.values() for run in one), default=0):,}"
            row |= {f"{LABELS[name]}, %": (one.score("accuracy"), "%1~") for name, one in runs.items()}
            row["majority class of tested items, %"] = (skill(runs["lstm"], "majority"), "%1~")
            row["LSTM minus that, points"] = (runs["lstm"].score("over_majority"), "+%1")
            row["LSTM, relative error reduction, %"] = (skill(runs["lstm"], "errors_avoided"), "%1~")
            row["LSTM minus last genre, points"] = (difference("accuracy", runs["lstm"], runs["last_genre"]), "+%1")
            rows.append(row)
    return Table(rows, "Six classes, users apart: HetRec (real) and synthetic histories (generated)")


def sizes_figure(results: Results) -> plots.DescribedFigure:
    """Accuracy against the number of items, networks beside simple models, on a logarithmic axis."""
    import matplotlib.pyplot as plt

    plots.use_style()
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.9))
    looks = dict(zip(study.SIZED, ((plots.MUTED, "s"), (plots.PALETTE[1], "v"), (plots.PALETTE[2], "D"),
                                   (plots.PALETTE[3], "^"), (plots.MEASURED, "o")), strict=True))  # fmt: skip
    told, curves = [], {}
    for axis, dataset in zip(axes, ("hetrec2011_lastfm", "planted"), strict=True):
        sized = _sized(results, dataset)
        for name, (colour, marker) in looks.items():
            places = [(next(iter(runs[name])).counts["n_items"], runs[name].score("accuracy"))
                      for runs in sized.values() if len(runs[name])]  # fmt: skip
            if not places:
                continue
            items, scores = zip(*places, strict=True)
            axis.plot(items, [100 * one.value for one in scores], marker=marker, color=colour, label=LABELS[name])
            if name == "lstm":
                curves[NAMES[dataset]] = scores
                axis.fill_between(
                    items, [100 * s.low for s in scores], [100 * s.high for s in scores], color=colour, alpha=0.15, lw=0
                )
            told.append(f"{NAMES[dataset]}, {LABELS[name]}: {scores[0]:%1~} % at {items[0]:,} items, {scores[-1]:%1~} %"
                        f" at {items[-1]:,}")  # fmt: skip
        axis.set(xscale="log", title=NAMES[dataset], xlabel="items (logarithmic)")
        axis.minorticks_off()
        axis.set_xticks(items, [f"{n:,}" for n in items])
    axes[0].set_ylabel("accuracy in %")
    handles = dict(zip(*reversed(axes[0].get_legend_handles_labels()), strict=True))
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3, fontsize=9)
    return plots.described(
        figure,
        alt=f"Line charts of accuracy against the number of items. {'; '.join(told) or 'not run'}.",
        title=_gains(curves),
        note="Items of more and more listeners. Band: 95 % interval of the LSTM over users; simple models are bare"
        " lines. The vertical axes differ.",
    )


def _gains(curves: dict[str, tuple[Score, ...]]) -> str:
    """Where the largest set's score lies above the smallest set's interval, in words."""
    gains = [name for name, scores in curves.items() if scores[-1].value > scores[0].high]
    return f"With more listeners the LSTM gains on {' and on '.join(gains) or 'neither set'}"


def training_table(results: Results) -> Table:
    """Other forms and trainings against the plain LSTM, six classes, on the seeds that both have."""
    rows = []
    for dataset in REAL:
        for variant in TRAININGS:
            runs = cell(results, dataset, variant, "genres_6")
            if len(runs):
                minus = against(variant, "lstm", dataset)(results) if variant != "lstm" else None
                epochs = runs.over(lambda run: sum(run.notes["epochs_run"]) / len(run.notes["epochs_run"]))
                rows.append({
                    "data": NAMES[dataset], "model": LABELS[variant],
                    "accuracy, %": (runs.score("accuracy"), "%1"), "macro F1, %": (runs.score("macro_f1"), "%1~"),
                    "minus LSTM, same seeds": (minus, "+%1"), "epochs": (epochs, ".0"),
                    "converged": f"{sum(map(levelled_off, runs))} of {len(runs)}", "seeds": Runs(runs.ids),
                })  # fmt: skip
    return Table(rows, "Six classes, users apart (real)")


def calibration_table(results: Results) -> Table:
    """Expected calibration error and log loss, six classes."""
    rows = []
    for dataset in REAL:
        for variant in ("majority", "markov_user", "logistic", "boosting", "lstm", "gru", "lstm_oversampled"):
            runs = cell(results, dataset, variant, "genres_6")
            if len(runs):
                row = {"data": NAMES[dataset], "model": LABELS[variant]}
                row["calibration error, points"] = (runs.score("calibration_error"), "%1~")
                rows.append(row | {"log loss": (runs.score("log_loss"), ".3")})
    return Table(rows, "Six classes, users apart (real); ten bins")


def widths_table() -> Table:
    """Each configuration's step width when steps are one-hot over six genres, and over the classes predicted."""
    from mer_repro.papers.abadeh2024.model import Config
    from mer_repro.results import stated

    width = stated(KEY, "text.embedding_dimension")
    rows = []
    for says, options in CONFIGURATIONS:
        row: dict[str, Any] = {"configuration": says, "stated": width}
        readings = {"six genres in a step": {}, "the predicted classes in a step": {"genres": options["classes"]}}
        for name, more in readings.items():
            found = Config(**options, **more).step_width
            row[name] = f"{found}{'' if found == width.value else ' (contradicts)'}"
        rows.append(row)
    return Table(rows, "Width of a step's vector")


# Figures -----------------------------------------------------------------------------------------------------------


def fewer_classes_figure(results: Results) -> plots.DescribedFigure:
    """Accuracy with fewer classes: the report, the LSTM, and three that learn nothing."""
    import matplotlib.pyplot as plt

    plots.use_style()
    figure, axes = plt.subplots(1, 3, figsize=(9, 4.2), sharey=True)
    lines = {"majority": "o:", "last_genre": "s:", "user_majority": "^:", "lstm": "o-"}
    colours = dict(zip(lines, (plots.MUTED, *plots.PALETTE[1:3], plots.MEASURED), strict=True))
    places, told = range(len(SETTINGS)), []
    for axis, dataset in zip(axes[1:], REAL, strict=True):
        for variant, style in lines.items():
            of, metric = ("lstm", "majority") if variant == "majority" else (variant, "accuracy")
            label = "majority class" if variant == "majority" else LABELS[variant]
            found = [_score(results, dataset, of, setting, metric) for setting in SETTINGS]
            values = [100 * one.value if one else float("nan") for one in found]
            axis.plot(places, values, style, color=colours[variant], label=label)
            if variant == "lstm" and None not in found:
                low, high = [100 * one.low for one in found], [100 * one.high for one in found]
                axis.vlines(places, low, high, color=colours[variant])
            told.append(f"{NAMES[dataset]}, {label}: " + ", ".join(f"{value:.1f}" for value in values))
        axis.set_title(f"{NAMES[dataset]} (real)", fontsize=11)
    stated = [100 * accuracy_stated(setting).value for setting in SETTINGS]
    largest = [100 * majority_stated(setting) for setting in SETTINGS]
    axes[0].plot(places, stated, "D-", color=plots.STATED, label="LSTM, as stated")
    axes[0].plot(places, largest, "o:", color=plots.MUTED, label="majority class")
    axes[0].set_title("the report", fontsize=11)
    axes[0].set_ylabel("accuracy, %")
    for axis in axes:
        axis.set_xticks(places, [n_classes(setting) for setting in SETTINGS])
        axis.set_xlabel("classes")
    axes[0].set_xticks(places, [*map(n_classes, SETTINGS[:-1]), f"{n_classes(SETTINGS[-1])},\nattention,\nstress"])
    handles = {label: line for axis in axes for line, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3, fontsize=9)
    told.insert(0, "the report's LSTM: " + ", ".join(f"{value:.1f}" for value in stated))
    return plots.described(
        figure,
        alt="Accuracy with six, four and three classes. " + "; ".join(told) + ".",
        title="From four classes to three every model's accuracy rises, the majority class's too",
        note="Bars: 95 % interval of our LSTM over users; it is the plain LSTM throughout. The report's majority class"
        " is that of its tables.",
    )


def effects_figure(results: Results) -> plots.DescribedFigure:
    """Main effects of attention, stress and cell, in points, with intervals over users."""
    import matplotlib.pyplot as plt

    plots.use_style()
    found = {
        (dataset, f"{NAMES[dataset]}: {says}, {n_classes(setting)} classes"): one
        for dataset in REAL
        for factor, says in FACTORS.items()
        for setting in SETTINGS
        if (one := effect(factor, dataset, setting)(results))
    }
    figure, axis = plt.subplots(figsize=(8, 0.9 + 0.32 * max(len(found), 3)))
    for height, ((dataset, _), one) in enumerate(reversed(found.items())):
        first = dataset == REAL[0]
        colour, marker = (plots.MEASURED, "o") if first else (plots.PALETTE[1], "s")
        axis.plot([100 * one.low, 100 * one.high], [height] * 2, color=colour)
        axis.plot(100 * one.value, height, marker, color=colour)
    axis.axvline(0, color=plots.MUTED, linewidth=1)
    axis.set_yticks(range(len(found)), [label for _, label in reversed(found)], fontsize=9)
    axis.set_xlabel("points of accuracy that it adds (95 % interval over users and trainings)")
    told = "; ".join(f"{label} {one:+%1}" for (_, label), one in found.items())
    return plots.described(
        figure,
        alt=f"Main effects in points of accuracy. {told or 'not recorded yet'}.",
        title=f"Of {len(found)} effects of attention, stress and cell,"
        f" {sum(one.low > 0 or one.high < 0 for one in found.values())} differ from zero",
        note="What attention, stress and an LSTM in place of a GRU add when each varies alone (real data); unadjusted"
        " intervals.",
    )


def confusion_figure(results: Results, dataset: str) -> plots.DescribedFigure:
    """Which genre for which, LSTM, all seeds together; rows add up to 100 %."""
    import matplotlib.pyplot as plt
    import numpy as np

    plots.use_style()
    sizes = [n_classes(setting) for setting in SETTINGS]
    figure, axes = plt.subplots(1, len(SETTINGS), figsize=(1 + 0.7 * sum(sizes), 4.1), width_ratios=sizes)
    told, most = [], ""
    for axis, setting in zip(axes, SETTINGS, strict=True):
        names = [name.replace("_", " ") for name in genres.class_names(setting)]
        runs = cell(results, dataset, "lstm", setting)
        counts = np.sum([run.notes["confusion"] for run in runs], axis=0) if len(runs) else np.zeros((len(names),) * 2)
        shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        # Of the six classes, the one that is predicted more often than it is true, by most.
        most = most or names[int(np.argmax(counts.sum(axis=0) - counts.sum(axis=1)))]
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=100)
        axis.grid(False)
        for (row, column), share in np.ndenumerate(shares):
            colour = "white" if share > 55 else "black"
            axis.text(column, row, f"{share:.0f}", ha="center", va="center", color=colour, fontsize=9)
        axis.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=9)
        axis.set_yticks(range(len(names)), names, fontsize=9)
        axis.set_title(f"{n_classes(setting)} classes", fontsize=10)
        axis.set_xlabel("predicted")
        right = ", ".join(f"{name} {shares[k, k]:.0f} %" for k, name in enumerate(names))
        told.append(f"{n_classes(setting)} classes: {right}")
    axes[0].set_ylabel("true")
    return plots.described(
        figure,
        alt=f"Confusion matrices of the LSTM on {NAMES[dataset]}; right predictions, " + "; ".join(told) + ".",
        title=f"On {NAMES[dataset]} the LSTM predicts {most} too often",
        note=f"Share of each genre's items, in %; {NAMES[dataset]} (real), users apart, all seeds together.",
    )


def neighbours_table(results: Results) -> Table:
    """What t-SNE maps of the last layer can show: whether near items share their next genre, or their last."""
    rows = []
    for dataset in REAL:
        runs = results.where(dataset=dataset, variant="tsne")
        for name, says in (
            ("layer", "last layer of the LSTM"),
            ("raw", "last genre alone"),
            ("chance", "any two items"),
        ):
            if len(runs):
                rows.append({
                    "data": f"{NAMES[dataset]} (real)", "neighbours in": says,
                    "share the next genre, %": (runs.metric(f"{name}_shares_next"), "%1"),
                    "share the last genre, %": (runs.metric(f"{name}_shares_last"), "%1"), "runs": Runs(runs.ids),
                })  # fmt: skip
    return Table(rows, f"Each item's {study.NEIGHBOURS} nearest test items, six classes, first fold")


# Prose and head ----------------------------------------------------------------------------------------------------


def _both_stated(results: Results, setting: str) -> list[tuple[Stated, str]]:
    """The accuracies that the report states for its LSTM and its GRU, as cells."""
    return [(results.stated(claim), "%0") for (_, of), claim in STATED.items() if of == setting]


def numbers(results: Results) -> dict[str, Any]:
    """The numbers that the chapter's prose quotes, by the name under which it glues them."""
    quoted: dict[str, Any] = {"stated_width": results.stated("text.embedding_dimension")}
    for setting in SETTINGS:
        n = n_classes(setting)
        quoted[f"stated_{n}"], quoted[f"stated_gru_{n}"] = _both_stated(results, setting)
        quoted[f"table_majority_{n}"] = (Score(majority_stated(setting)), "%1")
        quoted[f"stated_over_{n}"] = (Score(over_stated(setting)), "%0")
        quoted[f"stated_avoided_{n}"] = (Score(avoided_stated(setting)), "%0")
    quoted["stated_samples"] = shown(sum(results.stated(f"t4.{name}").value for name in genres.GENRES), ",.0")
    for variant in ("best", "last_genre", "lstm", "lstm_stress_before"):
        quoted[f"planted_{variant}"] = (_score(results, "planted", variant, "genres_6", "accuracy"), "%1~")
    for dataset, name in zip(REAL, ("situnes", "hetrec"), strict=True):
        for variant in ("last_genre", "lstm", *(["user_majority"] if name == "hetrec" else [])):
            quoted[f"{name}_{variant}_6"] = (_score(results, dataset, variant, "genres_6", "accuracy"), "%1~")
        six = cell(results, dataset, "lstm", "genres_6")
        quoted[f"{name}_majority_6"] = (skill(six, "majority"), "%1~")
        for metric, called in (("accuracy", "restricted"), ("majority", "restricted_majority")):
            quoted[f"{name}_{called}"] = (skill(six, metric, "genres_3"), "%1~")
        quoted[f"{name}_seeds"] = str(len(six.values("seed")))
    hetrec = cell(results, REAL[1], "majority", "genres_6")
    quoted["hetrec_users"] = str(next(iter(hetrec)).counts["n_users"]) if len(hetrec) else None
    for dataset, name in ((REAL[1], "hetrec"), ("planted", "planted")):
        sized = _sized(results, dataset)
        for which, users in (("least", min(sized, default=0)), ("most", max(sized, default=0))):
            runs = sized.get(users, {})
            for variant in study.SIZED:
                quoted[f"{which}_{name}_{variant}"] = (runs[variant].score("accuracy") if runs else None, "%1~")
            quoted[f"{which}_{name}_users"] = f"{users:,}"
            over = difference("accuracy", runs["lstm"], runs["boosting"]) if runs else None
            quoted[f"{which}_{name}_over_boosting"] = (over, "+%1")
    quoted["simple_seeds"] = str(len(cell(results, REAL, "logistic", "genres_6").values("seed")))
    return quoted


def card(results: Results) -> Table:
    """The head of the chapter."""
    six, four, three = (Text.join(_both_stated(results, setting), " / ") for setting in SETTINGS)
    theirs = Text.of(
        "LSTM / GRU {six}, {four}, {three} % with six, four, three classes (tweets, not published); the LSTM about"
        " {over} points above the majority class of its own tables",
        six=six, four=four, three=three,
        over=", ".join(shown(over_stated(s), "%0") for s in SETTINGS),
    )  # fmt: skip
    parts = [
        Text.of(
            "{name} {lstm:%1~} / {gru:%1~} / {last:%1~} / {majority:%1~} %", name=NAMES[dataset],
            **{
                short: _score(results, dataset, variant, "genres_6", metric)
                for short, variant, metric in (
                    ("lstm", "lstm", "accuracy"), ("gru", "gru", "accuracy"), ("last", "last_genre", "accuracy"),
                    ("majority", "lstm", "majority"),
                )
            },
        )
        for dataset in REAL
    ]  # fmt: skip
    ours = Text.join(["six classes, LSTM / GRU / persistence / majority class: ", Text.join(parts, ", ")], "")
    note = (
        "A project report without date or venue; its data are not published, and ours are other people's listening and"
        " tagging, less of it."
    )
    return report.card(results, verdicts(results), theirs, ours, note)


#: Of the reproduction, for `summary`.
EASY = (
    "The networks are small and stated in full, so that all combinations of the factors could be run in folds of"
    " listeners."
)
HARD = (
    "The tweets and their labels are not public; the public histories are of fewer or other people, have other genres,"
    " and no stress inferred from tweets."
)


def summary(results: Results) -> Table:
    """The chapter under the headings of the reproducibility challenge."""
    return report.summary(results, verdicts(results), EASY, HARD)
