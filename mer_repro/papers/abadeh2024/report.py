"""The tables, figures and verdicts of the chapter on abadeh2024, all from the ledger and the run records.

Records hold every answer, so that any two models are compared here on the same items, by resampling users.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mer_repro import plots, report
from mer_repro.audit import ledger
from mer_repro.papers.abadeh2024 import genres, study
from mer_repro.verdicts import Verdict

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from mer_repro.papers.abadeh2024.skill import Difference
    from mer_repro.records import Record

KEY = study.KEY
SETTINGS = tuple(genres.SETTINGS)
REAL = ("situnes", "hetrec2011_lastfm")
NAMES = {"situnes": "SiTunes", "hetrec2011_lastfm": "HetRec", "planted": "planted histories"}
LABELS = {
    "majority": "the commonest genre",
    "user_majority": "the person's commonest genre so far",
    "last_genre": "the last genre again",
    "markov_global": "Markov chain, all users",
    "markov_user": "Markov chain, per user, smoothed",
    "logistic": "logistic regression, last three steps",
    "boosting": "gradient boosting, counts and recency",
    "logistic_stress": "logistic regression",
    "logistic_stress_before": "logistic regression",
    "logistic_stress_leak": "logistic regression",
    "logistic_group": "logistic regression, true label",
    "logistic_group_shuffled": "logistic regression, label of another person",
    "lstm": "LSTM",
    "gru": "GRU",
    "lstm_attention": "LSTM, attention",
    "gru_attention": "GRU, attention",
    "lstm_stress": "LSTM, stress",
    "gru_stress": "GRU, stress",
    "lstm_attention_stress": "LSTM, attention, stress",
    "gru_attention_stress": "GRU, attention, stress",
    "lstm_oversampled": "LSTM, oversampling",
    "lstm_patience_5": "LSTM, patience 5",
    "lstm_no_group": "LSTM, no label",
    "lstm_group_shuffled": "LSTM, label of another person",
    "seq2seq_lstm": "Seq2Seq, LSTM",
    "seq2seq_gru": "Seq2Seq, GRU",
    "seq2seq_lstm_attention": "Seq2Seq, LSTM, attention",
    "best": "whoever knows how the histories were made",
}
#: What the report states of a cell of the factorial: (variant, setting) -> ledger id.
STATED = {
    ("lstm", "genres_6"): "t7.g6.lstm.accuracy",
    ("gru", "genres_6"): "t7.g6.gru.accuracy",
    ("lstm", "genres_4"): "t7.g4.lstm.accuracy",
    ("gru", "genres_4"): "t7.g4.gru.accuracy",
    ("lstm_attention_stress", "genres_3"): "t7.g3.lstm.accuracy",
    ("gru_attention_stress", "genres_3"): "t7.g3.gru.accuracy",
}
METRICS = ("accuracy", "kappa", "over_majority", "macro_f1", "calibration_error", "log_loss")
NOT_YET = "The runs that would tell are not recorded yet."
#: The level of all tests, after Holm's correction within a table.
LEVEL = 0.05


def printed(claim_id: str) -> str:
    """A number of the ledger exactly as the report prints it."""
    return next(claim.value for claim in ledger.load(KEY).claims if claim.id == claim_id)


def percent(share: float | None) -> str:
    """0.8463 as "84.6"; a dash where there is nothing."""
    return "–" if share is None or share != share else f"{100 * share:.1f}"


def points(found: Difference) -> str:
    """ "+1.2 [-0.4, +2.9]" from a difference in shares."""
    return f"{100 * found.difference:+.1f} [{100 * found.low:+.1f}, {100 * found.high:+.1f}]"


def p_value(p: float) -> str:
    """A p-value in three digits; what resampling cannot tell from zero as such."""
    return "–" if p != p else "< 0.002" if p < 0.002 else f"{p:.3f}"


def _table(rows: Iterable[dict], caption: str) -> report.Table:
    """Rows as a table; cells that a row lacks get a dash, and no rows a sentence."""
    import pandas as pd

    frame = pd.DataFrame(list(rows) or [{"runs": "not recorded yet"}])
    return report.Table(frame.fillna("–").astype(str), caption)


def _find(records: list[Record], **wanted: str) -> list[Record]:
    """The records whose fields have these values."""
    return [record for record in records if all(getattr(record, name) == value for name, value in wanted.items())]


def summary(records: list[Record], dataset: str, protocol: str = "users_apart") -> pd.DataFrame:
    """Means over seeds, a row a (variant, target): the metrics with ``_low`` and ``_high``, and `seeds`."""
    import pandas as pd

    chosen = [r for r in _find(records, dataset=dataset, protocol=protocol) if r.variant != "tsne"]
    if not chosen:
        return pd.DataFrame(columns=["variant", "target", *METRICS])
    frame = report.as_frame(chosen)
    names = [f"{metric}{end}" for metric in METRICS for end in ("", "_low", "_high")]
    frame = frame.reindex(columns=list(dict.fromkeys([*frame.columns, *names])))
    return report.over_seeds(frame, METRICS)


def _cells(records: list[Record], dataset: str, protocol: str = "users_apart") -> dict[tuple[str, str], dict]:
    """`summary` by (variant, setting)."""
    found = summary(records, dataset, protocol)
    return {(row["variant"], row["target"]): row for row in found.to_dict("records")}


def _accuracy(cell: dict | None) -> str:
    if cell is None:
        return "–"
    low, high = cell["accuracy_low"], cell["accuracy_high"]
    return f"{percent(cell['accuracy'])} [{percent(low)}, {percent(high)}]"


# The same items ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Items:
    """All items of a data set: genre to be predicted, last genre, user; (items,) each."""

    genre: np.ndarray
    last: np.ndarray
    user: np.ndarray


def items(records: list[Record], dataset: str) -> Items | None:
    """The items, as the majority's record has them; None where there is none yet."""
    import numpy as np

    for record in _find(records, dataset=dataset, variant="majority"):
        genre, last = (np.array(list(record.notes[name]), dtype=int) for name in ("genre", "last"))
        return Items(genre, last, np.repeat(np.arange(record.counts["n_users"]), record.notes["items_of_user"]))
    return None


def right(
    records: list[Record],
    dataset: str,
    variant: str,
    trained: str,
    scored: str,
    seeds: Iterable[int] | None = None,
    protocol: str = "users_apart",
) -> tuple[np.ndarray, set[int]] | None:
    """How often each item of the setting `scored` was answered right, a mean over seeds, by what was trained on
    `trained`; and the seeds. None where there is no run."""
    import numpy as np

    asked = items(records, dataset)
    runs = _find(records, dataset=dataset, variant=variant, target=trained, protocol=protocol)
    runs = [run for run in runs if seeds is None or run.seed in seeds]
    if asked is None or not runs:
        return None
    true = genres.classes_of(asked.genre, scored)
    kept = true != genres.LEFT_OUT
    answered = [np.array(list(run.notes["answers"][scored]))[kept].astype(int) == true[kept] for run in runs]
    return np.mean(answered, axis=0), {run.seed for run in runs}


def compare(
    records: list[Record],
    dataset: str,
    pairs: Sequence[tuple[str, str, str, str]],
    scored: str,
) -> Difference | None:
    """Accuracy of the first of each pair minus that of the second, the mean over pairs, on the same items and folds.

    Parameters
    ----------
    pairs : (variant, setting it was trained on) of the first and of the second, flat.
    scored : the setting whose items and classes are scored.
    """
    import numpy as np

    from mer_repro.papers.abadeh2024 import skill

    gains = []
    for better, better_on, worse, worse_on in pairs:
        one, other = (right(records, dataset, *cell, scored) for cell in ((better, better_on), (worse, worse_on)))
        if one is None or other is None:
            continue
        seeds = one[1] & other[1]
        if seeds:
            one, other = (
                right(records, dataset, *cell, scored, seeds) for cell in ((better, better_on), (worse, worse_on))
            )
            gains.append(np.stack([one[0], other[0]]))
    if not gains:
        return None
    asked = items(records, dataset)
    kept = genres.classes_of(asked.genre, scored) != genres.LEFT_OUT
    first, second = np.mean(gains, axis=0)
    return skill.difference(first, second, asked.user[kept])


def pairs_of_factor(factor: str, setting: str, dataset: str) -> list[tuple[str, str, str, str]]:
    """The cells of the factorial that differ in one factor alone, as `compare` takes them."""
    names = [*study.PLAIN_FACTORIAL, *(study.STRESS_FACTORIAL if dataset in study.WITH_STRESS else ())]
    if factor == "cell":
        twins = [(name, name.replace("lstm", "gru")) for name in names if name.startswith("lstm")]
    else:
        twins = [(name, name.replace(f"_{factor}", "")) for name in names if f"_{factor}" in name]
    return [(first, setting, second, setting) for first, second in twins]


FACTORS = {"attention": "attention", "stress": "stress", "cell": "LSTM in place of GRU"}


def effects(records: list[Record]) -> dict[tuple[str, str, str], Difference]:
    """(data set, factor, setting) -> what the factor adds, averaged over all other factors."""
    found = {}
    for dataset in REAL:
        for factor in FACTORS:
            for setting in SETTINGS:
                one = compare(records, dataset, pairs_of_factor(factor, setting, dataset), setting)
                if one is not None:
                    found[dataset, factor, setting] = one
    return found


def _holm(found: dict) -> dict:
    from mer_repro.papers.abadeh2024 import skill

    return skill.holm(found)


# Tables ------------------------------------------------------------------------------------------------------------


def data_table(records: list[Record]) -> report.Table:
    """Who and how many, and how much the last genre says."""
    import numpy as np

    rows = []
    for dataset in (*REAL, "planted"):
        asked = items(records, dataset)
        if asked is None:
            continue
        run = _find(records, dataset=dataset, variant="majority")[0]
        shares = np.bincount(asked.genre, minlength=len(genres.GENRES)) / len(asked.genre)
        row = {"data": f"{NAMES[dataset]} ({run.data})", "users": run.counts["n_users"], "items": len(asked.genre)}
        row |= {
            f"{name.replace('_', ' ')}, %": percent(share) for name, share in zip(genres.GENRES, shares, strict=True)
        }
        row["last genre again, %"] = percent(float(np.mean(asked.genre == asked.last)))
        row["two steps drawn at random agree, %"] = percent(float((shares**2).sum()))
        rows.append(row)
    return _table(rows, "Items: steps with at least one before them")


def ladder(records: list[Record], dataset: str) -> report.Table:
    """Simple rivals and the plain networks with six, four and three classes."""
    cells = _cells(records, dataset)
    rows = []
    for variant in (*study.SIMPLE, "lstm", "gru"):
        row = {"model": LABELS[variant]}
        for setting in SETTINGS:
            cell = cells.get((variant, setting))
            row[f"{_n(setting)} classes, %"] = _accuracy(cell)
            row[f"kappa, {_n(setting)}"] = "–" if cell is None else f"{cell['kappa']:.2f}"
        if row[f"{_n(SETTINGS[0])} classes, %"] != "–":
            rows.append(row)
    return _table(rows, f"{NAMES[dataset]} (real): accuracy with 95 % intervals over users, and Cohen's kappa")


def _n(setting: str) -> str:
    return setting.removeprefix("genres_")


def factorial_table(records: list[Record], dataset: str) -> report.Table:
    """The full factorial: classes, attention, stress, cell; the report's six numbers in their cells."""
    cells = _cells(records, dataset)
    rows = []
    for variant in (*study.PLAIN_FACTORIAL, *study.STRESS_FACTORIAL):
        row = {
            "cell": variant[: variant.find("_") if "_" in variant else None].upper(),
            "attention": "yes" if "attention" in variant else "no",
            "stress": "yes" if "stress" in variant else "no",
        }
        for setting in SETTINGS:
            cell = cells.get((variant, setting))
            stated = STATED.get((variant, setting))
            row[f"{_n(setting)}: report"] = printed(stated) if stated else "not run"
            row[f"{_n(setting)}: ours, %"] = _accuracy(cell)
            row[f"{_n(setting)}: kappa"] = "–" if cell is None else f"{cell['kappa']:.2f}"
        if any((variant, setting) in cells for setting in SETTINGS):
            rows.append(row)
    seeds = {cell["seeds"] for (variant, _), cell in cells.items() if variant in study.PLAIN_FACTORIAL}
    told = f"; seeds: {min(seeds)}" if seeds else ""
    return _table(rows, f"{NAMES[dataset]} (real): accuracy, 95 % intervals over users{told}")


def effects_table(records: list[Record]) -> report.Table:
    """What each factor adds, with Holm's correction over the whole table."""
    found = effects(records)
    corrected = _holm(found)
    rows = [
        {
            "data": NAMES[dataset],
            "factor": FACTORS[factor],
            "classes": _n(setting),
            "points of accuracy": points(one),
            "p": p_value(one.p_value),
            "p, Holm": p_value(corrected[dataset, factor, setting]),
        }
        for (dataset, factor, setting), one in found.items()
    ]
    return _table(rows, "Main effects, averaged over the other factors and seeds (real)")


#: The way from six classes to three: (what answers, trained on, scored on).
STEPS = (
    ("LSTM with six classes", "lstm", "genres_6", "genres_6"),
    ("the same answers, electronic and jazz counted as others", "lstm", "genres_6", "genres_4"),
    ("LSTM trained with four classes", "lstm", "genres_4", "genres_4"),
    ("LSTM with six classes, asked for one of three", "lstm", "genres_6", "genres_3"),
    ("LSTM trained with three classes", "lstm", "genres_3", "genres_3"),
    ("LSTM with three classes, attention and stress", "lstm_attention_stress", "genres_3", "genres_3"),
)


def majority_of_table(setting: str) -> float:
    """The share of the commonest class among the report's own samples (tables IV, V, VI)."""
    table = {"genres_6": "t4", "genres_4": "t5", "genres_3": "t6"}[setting]
    counts = [int(printed(f"{table}.{name}")) for name in genres.class_names(setting)]
    return max(counts) / sum(counts)


def fewer_classes_table(records: list[Record]) -> report.Table:
    """From six classes to three: how much of the accuracy moves before anything is trained anew."""
    cells = {dataset: _cells(records, dataset) for dataset in REAL}
    rows = []
    for says, variant, trained, scored in STEPS:
        row = {"who answers": says, "items": f"{_n(scored)} classes"}
        stated = STATED.get((variant, scored)) if trained == scored else None
        row["report, %"] = percent(float(printed(stated))) if stated else "–"
        row["report, over its commonest class"] = (
            f"{100 * (float(printed(stated)) - majority_of_table(scored)):+.1f}" if stated else "–"
        )
        for dataset in REAL:
            prefix = "" if trained == scored else f"{scored}_"
            runs = _find(records, dataset=dataset, variant=variant, target=trained, protocol="users_apart")
            if not runs:
                continue
            row[f"{NAMES[dataset]}, %"] = percent(_mean(run.metrics[f"{prefix}accuracy"] for run in runs))
            row[f"{NAMES[dataset]}, over the commonest"] = (
                f"{100 * _mean(run.metrics[f'{prefix}over_majority'] for run in runs):+.1f}"
            )
            row[f"{NAMES[dataset]}, kappa"] = f"{_mean(run.metrics[f'{prefix}kappa'] for run in runs):.2f}"
        rows.append(row)
    return _table(rows if any(cells.values()) else [], "The same items in each block; real data")


SAME_ITEMS = (
    ("training with four classes", "genres_4", [("lstm", "genres_4", "lstm", "genres_6")]),
    ("training with three classes", "genres_3", [("lstm", "genres_3", "lstm", "genres_6")]),
    ("attention and stress, three classes", "genres_3", [("lstm_attention_stress", "genres_3", "lstm", "genres_3")]),
)


def same_items_table(records: list[Record]) -> report.Table:
    """What training anew with fewer classes adds to the six-class model's answers on the same items."""
    found = {
        (dataset, says): (scored, compare(records, dataset, pairs, scored))
        for dataset in REAL
        for says, scored, pairs in SAME_ITEMS
    }
    found = {name: one for name, one in found.items() if one[1] is not None}
    corrected = _holm({name: one[1] for name, one in found.items()})
    rows = [
        {
            "data": NAMES[name[0]],
            "what is added": name[1],
            "points of accuracy": points(one),
            "p": p_value(one.p_value),
            "p, Holm": p_value(corrected[name]),
        }
        for name, (_, one) in found.items()
    ]
    return _table(rows, "On the same items, LSTM (real)")


RIVALS = ("last_genre", "user_majority", "markov_user", "logistic", "boosting")


def rivals_table(records: list[Record]) -> report.Table:
    """The plain LSTM with six classes against what needs no network, on the same items."""
    found = {
        (dataset, rival): compare(records, dataset, [("lstm", "genres_6", rival, "genres_6")], "genres_6")
        for dataset in REAL
        for rival in ("majority", *RIVALS)
    }
    found = {name: one for name, one in found.items() if one is not None}
    corrected = _holm(found)
    rows = [
        {
            "data": NAMES[dataset],
            "LSTM minus": LABELS[rival],
            "points of accuracy": points(one),
            "p": p_value(one.p_value),
            "p, Holm": p_value(corrected[dataset, rival]),
        }
        for (dataset, rival), one in found.items()
    ]
    return _table(rows, "Six classes, users apart (real)")


def protocols_table(records: list[Record]) -> report.Table:
    """Users apart against sessions mixed, six classes."""
    rows = []
    for dataset in REAL:
        apart, mixed = (_cells(records, dataset, protocol) for protocol in study.PROTOCOLS)
        for variant in (*study.SIMPLE, "lstm", "gru"):
            cell = variant, "genres_6"
            if cell in apart and cell in mixed:
                gain = mixed[cell]["accuracy"] - apart[cell]["accuracy"]
                rows.append(
                    {
                        "data": NAMES[dataset],
                        "model": LABELS[variant],
                        "users apart, %": _accuracy(apart[cell]),
                        "sessions mixed, %": _accuracy(mixed[cell]),
                        "points": f"{100 * gain:+.1f}",
                    }
                )
    return _table(rows, "Six classes (real)")


TIMES = {
    "none": ("logistic", "lstm"),
    "after each step (the report's)": ("logistic_stress", "lstm_stress"),
    "just before the step to be predicted": ("logistic_stress_before", "lstm_stress_before"),
    "after the step to be predicted (a leak)": ("logistic_stress_leak", "lstm_stress_leak"),
}


def stress_table(records: list[Record]) -> report.Table:
    """When the stress was measured, and what it is worth: accuracy, and log loss, which sees smaller gains."""
    rows = []
    for dataset in study.WITH_TIMING:
        cells = _cells(records, dataset)
        for says, variants in TIMES.items():
            row = {"data": NAMES[dataset], "stress measured": says}
            for name, variant in zip(("logistic regression", "LSTM"), variants, strict=True):
                cell = cells.get((variant, "genres_6"))
                row[f"{name}, %"] = _accuracy(cell)
                row[f"{name}, log loss"] = "–" if cell is None else f"{cell['log_loss']:.3f}"
            if cells:
                rows.append(row)
    return _table(rows, "Six classes: SiTunes (real), planted histories (generated)")


def group_table(records: list[Record]) -> report.Table:
    """What the group label is worth where a group effect was planted."""
    cells = _cells(records, "planted")
    rows = []
    for variant in (
        "logistic",
        "logistic_group",
        "logistic_group_shuffled",
        "lstm_no_group",
        "lstm",
        "lstm_group_shuffled",
    ):
        cell = cells.get((variant, "genres_6"))
        says = {"logistic": "logistic regression, no label", "lstm": "LSTM, true label"}.get(variant, LABELS[variant])
        if cell is not None:
            row = {"model": says, "accuracy, %": _accuracy(cell), "log loss": f"{cell['log_loss']:.3f}"}
            rows.append(row)
    return _table(rows, "Planted histories (generated), six classes")


def planted_table(records: list[Record]) -> report.Table:
    """How near each comes to whoever knows how the histories were made."""
    cells = _cells(records, "planted")
    rows = [
        {"model": LABELS[variant]}
        | {f"{_n(setting)} classes, %": _accuracy(cells.get((variant, setting))) for setting in SETTINGS}
        for variant in ("best", *study.SIMPLE, "lstm")
        if (variant, "genres_6") in cells
    ]
    return _table(rows, "Planted histories (generated)")


TRAININGS = ("lstm", "lstm_oversampled", "lstm_patience_5", "seq2seq_lstm", "seq2seq_gru", "seq2seq_lstm_attention")


def training_table(records: list[Record]) -> report.Table:
    """Oversampling, patience 5 and Seq2Seq against the plain LSTM, six classes, on the seeds that all have."""
    rows = []
    for dataset in REAL:
        for variant in TRAININGS:
            runs = _find(records, dataset=dataset, variant=variant, target="genres_6", protocol="users_apart")
            if not runs:
                continue
            pair = [(variant, "genres_6", "lstm", "genres_6")]
            against = compare(records, dataset, pair, "genres_6") if variant != "lstm" else None
            rows.append(
                {
                    "data": NAMES[dataset],
                    "model": LABELS[variant],
                    "accuracy, %": percent(_mean(run.metrics["accuracy"] for run in runs)),
                    "macro F1, %": percent(_mean(run.metrics["macro_f1"] for run in runs)),
                    "minus LSTM, points": "–" if against is None else points(against),
                    "p": "–" if against is None else p_value(against.p_value),
                    "epochs": f"{_mean(e for run in runs for e in run.notes['epochs_run']):.0f}",
                    "seeds": str(len(runs)),
                }
            )
    return _table(rows, "Six classes, users apart (real)")


def calibration_table(records: list[Record]) -> report.Table:
    """Expected calibration error and log loss, six classes."""
    rows = []
    for dataset in REAL:
        cells = _cells(records, dataset)
        for variant in ("majority", "markov_user", "logistic", "boosting", "lstm", "gru", "lstm_oversampled"):
            cell = cells.get((variant, "genres_6"))
            if cell is not None:
                row = {"data": NAMES[dataset], "model": LABELS[variant]}
                row["calibration error, points"] = percent(cell["calibration_error"])
                rows.append(row | {"log loss": f"{cell['log_loss']:.3f}"})
    return _table(rows, "Six classes, users apart (real); ten bins")


#: Configurations of the report and the width of their step vectors, under the two readings of the genre's one-hot code.
CONFIGURATIONS = (
    ("six classes (table IV)", {"classes": 6}),
    ("four classes (table V)", {"classes": 4}),
    ("three classes (table VI)", {"classes": 3}),
    ("three classes, attention", {"classes": 3, "attention": True}),
    ("three classes, stress and attention", {"classes": 3, "attention": True, "stress": True}),
)


def widths() -> list[dict]:
    """Each configuration's step width when steps are one-hot over six genres, and over the classes predicted."""
    from mer_repro.papers.abadeh2024.model import Config

    return [
        {
            "configuration": says,
            "six genres in a step": Config(**options).step_width,
            "the predicted classes in a step": Config(**options, genres=options["classes"]).step_width,
        }
        for says, options in CONFIGURATIONS
    ]


def widths_table() -> report.Table:
    """`widths` beside the one width that the report states."""
    width = int(printed("text.embedding_dimension"))
    columns = ("six genres in a step", "the predicted classes in a step")
    rows = [
        {"configuration": row["configuration"], "stated": str(width)}
        | {name: f"{row[name]}{'' if row[name] == width else ' (contradicts)'}" for name in columns}
        for row in widths()
    ]
    return _table(rows, "Width of a step's vector")


# Figures -----------------------------------------------------------------------------------------------------------


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
        cells = _cells(records, dataset)
        for variant, style in lines.items():
            shown = [cells.get((variant, setting), {}).get("accuracy", float("nan")) for setting in SETTINGS]
            axis.plot(places, [100 * value for value in shown], style, color=colours[variant], label=LABELS[variant])
            told.append(f"{NAMES[dataset]}, {LABELS[variant]}: " + ", ".join(percent(value) for value in shown))
        axis.set_title(f"{NAMES[dataset]} (real)", fontsize=11)
    stated = [float(printed(f"t7.g{_n(setting)}.lstm.accuracy")) for setting in SETTINGS]
    commonest = [majority_of_table(setting) for setting in SETTINGS]
    axes[0].plot(places, [100 * v for v in stated], "D-", color=plots.STATED, label="LSTM, as stated")
    axes[0].plot(
        places, [100 * v for v in commonest], "o:", color=plots.MUTED, label="the commonest genre of its tables"
    )
    axes[0].set_title("the report", fontsize=11)
    axes[0].set_ylabel("accuracy in %")
    for axis in axes:
        axis.set_xticks(places, [_n(setting) for setting in SETTINGS])
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
        labels.append(f"{NAMES[dataset]}: {FACTORS[factor]}, {_n(setting)} classes")
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
    settings = [setting for setting in SETTINGS if _find(records, target=setting, **wanted)] or [SETTINGS[0]]
    sizes = [genres.n_classes(setting) for setting in settings]
    figure, axes = plt.subplots(
        1, len(settings), figsize=(1 + 0.7 * sum(sizes), 3.9), width_ratios=sizes, squeeze=False
    )
    axes, told = axes[0], []
    for axis, setting in zip(axes, settings, strict=True):
        names = [name.replace("_", " ") for name in genres.class_names(setting)]
        runs = _find(records, target=setting, **wanted)
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
        told.append(f"{_n(setting)} classes: " + ", ".join(f"{n} {shares[k, k]:.0f} %" for k, n in enumerate(names)))
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
            runs = _find(records, dataset=dataset, variant=variant, target="genres_6", protocol="users_apart", seed=0)
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
    runs = _find(records, dataset=dataset, variant="tsne")
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


# Numbers and verdicts ----------------------------------------------------------------------------------------------


def numbers(records: list[Record]) -> dict[str, str]:
    """The numbers that the chapter's prose quotes, by the name under which it glues them."""
    quoted = {f"stated_{_n(s)}": percent(float(printed(f"t7.g{_n(s)}.lstm.accuracy"))) for s in SETTINGS}
    quoted |= {f"table_majority_{_n(s)}": percent(majority_of_table(s)) for s in SETTINGS}
    quoted |= {
        f"stated_over_{_n(s)}": f"{100 * (float(printed(f't7.g{_n(s)}.lstm.accuracy')) - majority_of_table(s)):.1f}"
        for s in SETTINGS
    }
    samples = [int(printed(f"t4.{name}")) for name in genres.GENRES]
    quoted |= {"stated_width": printed("text.embedding_dimension"), "stated_samples": f"{sum(samples):,}"}
    quoted["simple_seeds"] = str(len({run.seed for run in _find(records, variant="logistic", protocol="users_apart")}))
    planted = _cells(records, "planted")
    for variant in ("best", "last_genre", "lstm"):
        quoted[f"planted_{variant}"] = percent(planted.get((variant, "genres_6"), {}).get("accuracy"))
    for dataset, name in zip(REAL, ("situnes", "hetrec"), strict=True):
        cells = _cells(records, dataset)
        for variant in ("majority", "last_genre", "user_majority", "markov_global", "boosting", "lstm"):
            for setting in SETTINGS:
                cell = cells.get((variant, setting), {})
                quoted[f"{name}_{variant}_{_n(setting)}"] = percent(cell.get("accuracy"))
        runs = _find(records, dataset=dataset, variant="lstm", target="genres_6", protocol="users_apart")
        quoted[f"{name}_seeds"] = str(len({run.seed for run in runs}))
        quoted[f"{name}_restricted"] = percent(_mean(r.metrics["genres_3_accuracy"] for r in runs)) if runs else "–"
        quoted[f"{name}_tsne_next"] = quoted[f"{name}_tsne_last"] = quoted[f"{name}_tsne_raw_next"] = "–"
        for run in _find(records, dataset=dataset, variant="tsne"):
            quoted[f"{name}_tsne_next"] = percent(run.metrics["layer_shares_next"])
            quoted[f"{name}_tsne_last"] = percent(run.metrics["layer_shares_last"])
            quoted[f"{name}_tsne_raw_next"] = percent(run.metrics["raw_shares_next"])
        first = next(iter(_find(records, dataset=dataset, variant="majority")), None)
        quoted[f"{name}_users"] = "–" if first is None else str(first.counts["n_users"])
        quoted[f"{name}_items"] = "–" if first is None else f"{first.counts['n_steps'] - first.counts['n_histories']:,}"
    return quoted


def verdicts(records: list[Record]) -> list[Verdict]:
    """What the reruns say of the report's claims; every number in the sentences comes from ledger and records."""
    return [
        _stated_accuracies(records),
        _beyond_simple(records),
        _fewer_classes(records),
        _four_classes(records),
        _factor(
            records,
            "attention",
            "Attention over the steps of a history enhances the accuracy.",
            ("s.attention_accuracy", "t7.g3.lstm.accuracy", "t7.g3.gru.accuracy"),
        ),
        _factor(
            records,
            "stress",
            "The stress after a session, appended to its vector, gives a more accurate next genre.",
            ("s.stress_concatenated", "s.three_classes_better", "t7.g3.lstm.accuracy"),
        ),
        _factor(
            records,
            "cell",
            "The LSTM is slightly more accurate than the GRU, with every number of classes.",
            ("s.lstm_above_gru", "s.lstm_above_gru_again"),
        ),
        _training(
            records,
            "lstm_oversampled",
            f"Oversampling lowers the six-class accuracy ({printed('text.g6.lstm_oversampled.accuracy')} in place of"
            f" {printed('text.g6.lstm.accuracy')} %).",
            ("s.oversampling_lower", "text.g6.lstm_oversampled.accuracy"),
        ),
        _training(
            records,
            "lstm_patience_5",
            f"A patience of {printed('text.patience_tried')} epochs is less accurate than one of"
            f" {printed('text.patience')}.",
            ("s.patience_ten_best", "text.patience", "text.patience_tried"),
        ),
        _pop_and_rock(records),
        _group(records),
    ]


def _ids(records: list[Record], datasets: Iterable[str], variants: Iterable[str]) -> tuple[str, ...]:
    """Ids of the runs with users apart of some variants."""
    wanted, places = set(variants), set(datasets)
    return tuple(r.id for r in records if r.dataset in places and r.variant in wanted and r.protocol == "users_apart")


def _stated_accuracies(records: list[Record]) -> Verdict:
    shown = ", ".join(printed(f"t7.g{_n(setting)}.lstm.accuracy") for setting in SETTINGS)
    says = f"The LSTM's test accuracies are {shown} with six, four and three classes."
    about = tuple(f"t7.g{_n(setting)}.lstm.accuracy" for setting in SETTINGS)
    because = (
        "The tweets, their stress scores and the split are private, and no split is described; nobody outside can"
        f" measure these numbers. From the report's own tables, always answering the commonest genre would reach"
        f" {', '.join(percent(majority_of_table(setting)) for setting in SETTINGS)} %; what repeating the last genre"
        " would reach there, the report does not say."
    )
    return Verdict(says, about, "untestable", because)


def _beyond_simple(records: list[Record]) -> Verdict:
    says = "A recurrent network learns long patterns of a history, which look beyond the last genre and the counts."
    about = ("s.features", "t7.g6.lstm.accuracy", "t7.g6.gru.accuracy")
    found = {
        dataset: {r: compare(records, dataset, [("lstm", "genres_6", r, "genres_6")], "genres_6") for r in RIVALS}
        for dataset in REAL
    }
    if not all(one for rivals in found.values() for one in rivals.values()):
        return Verdict(says, about, "undecided", NOT_YET)
    hardest = {d: min(rivals.items(), key=lambda pair: pair[1].difference) for d, rivals in found.items()}
    because = (
        "; ".join(
            f"{NAMES[d]}: LSTM minus {LABELS[rival]}, the hardest rival, {points(one)} points"
            for d, (rival, one) in hardest.items()
        )
        + "."
    )
    corrected = {d: _holm(rivals) for d, rivals in found.items()}
    beats = [one.low > 0 and corrected[d][rival] < LEVEL for d, (rival, one) in hardest.items()]
    beaten = [one.high < 0 for _, one in hardest.values()]
    because += " The report has no such rival, and far more items."
    judgement = "supported" if all(beats) else "unsupported" if all(beaten) else "undecided"
    return Verdict(says, about, judgement, because, _ids(records, REAL, ("lstm", *RIVALS)))


def _fewer_classes(records: list[Record]) -> Verdict:
    says = "Removing the others and adding attention and stress improves the prediction of pop, rock and hip hop."
    about = ("s.three_classes_better", "t7.g4.lstm.accuracy", "t7.g3.lstm.accuracy")
    parts, scored = [], {}
    for dataset in REAL:
        six = _find(records, dataset=dataset, variant="lstm", target="genres_6", protocol="users_apart")
        last = "lstm_attention_stress" if dataset in study.WITH_STRESS else "lstm_attention"
        inputs = "attention and stress" if dataset in study.WITH_STRESS else "attention"
        if six:
            parts.append(
                f"{NAMES[dataset]}: the six-class LSTM rises from {percent(_mean(r.metrics['accuracy'] for r in six))}"
                f" to {percent(_mean(r.metrics['genres_3_accuracy'] for r in six))} % when it is only asked for one of"
                " three"
            )
        added = compare(records, dataset, [(last, "genres_3", "lstm", "genres_6")], "genres_3")
        if added is not None:
            scored[dataset] = added
            parts[-1] += f", and training with three classes and {inputs} adds {points(added)} points on the same items"
    if not scored:
        return Verdict(says, about, "undecided", NOT_YET)
    stated = float(printed("t7.g3.lstm.accuracy")) - float(printed("t7.g4.lstm.accuracy"))
    because = (
        "; ".join(parts) + ". The report says itself that fewer classes are not necessarily an improvement; over the"
        f" commonest class of its own tables it gains {numbers_over()[1]} points with four classes and"
        f" {numbers_over()[2]} with three."
    )
    judgement = _judged(scored, stated)
    return Verdict(
        says, about, judgement, because, _ids(records, REAL, ("lstm", "lstm_attention", "lstm_attention_stress"))
    )


def _judged(found: dict, stated: float) -> str:
    """Supported if every difference is above zero; unsupported if none is and none can be as large as `stated`, on
    more than one data set, for each alone is only a stand-in; else undecided."""
    datasets = {name if isinstance(name, str) else name[0] for name in found}
    if all(one.low > 0 for one in found.values()):
        return "supported"
    small = not any(one.low > 0 for one in found.values()) and all(one.high < stated for one in found.values())
    return "unsupported" if small and len(datasets) > 1 else "undecided"


def numbers_over() -> list[str]:
    """The report's LSTM over the commonest class of its own tables, in points, with six, four and three classes."""
    return [
        f"{100 * (float(printed(f't7.g{_n(setting)}.lstm.accuracy')) - majority_of_table(setting)):.1f}"
        for setting in SETTINGS
    ]


def _four_classes(records: list[Record]) -> Verdict:
    says = "With four classes the model captures each genre better."
    about = ("s.four_classes_better", "t7.g6.lstm.accuracy", "t7.g4.lstm.accuracy")
    pairs = [(cell, "genres_4", cell, "genres_6") for cell in ("lstm", "gru")]
    found = {dataset: compare(records, dataset, pairs, "genres_4") for dataset in REAL}
    found = {dataset: one for dataset, one in found.items() if one is not None}
    if not found:
        return Verdict(says, about, "undecided", NOT_YET)
    because = (
        "Counting electronic and jazz as others in the six-class answers needs no training. Training with four classes"
        " adds to that, on the same items and over both cells, "
        + "; ".join(f"{points(one)} points on {NAMES[dataset]}" for dataset, one in found.items())
        + "."
    )
    stated = float(printed("t7.g4.lstm.accuracy")) - float(printed("t7.g6.lstm.accuracy"))
    return Verdict(says, about, _judged(found, stated), because, _ids(records, REAL, ("lstm", "gru")))


def _factor(records: list[Record], factor: str, says: str, about: tuple[str, ...]) -> Verdict:
    """Whether a factor adds accuracy in each setting where it was varied alone."""
    every = effects(records)
    found = {name: one for name, one in every.items() if name[1] == factor}
    if not found or "situnes" not in {name[0] for name in found}:
        return Verdict(says, about, "undecided", NOT_YET)
    because = (
        "Varied alone, over all other factors: "
        + "; ".join(f"{NAMES[d]}, {_n(setting)} classes, {points(one)}" for (d, _, setting), one in found.items())
        + " points."
    )
    if factor == "stress":
        because += " SiTunes has measured emotion in the place of stress; HetRec has neither."
    corrected = _holm(every)
    judgement = _judged(found, SMALLEST_STATED)
    if judgement == "supported" and max(corrected[name] for name in found) >= LEVEL:
        judgement = "undecided"
    variants = (*study.PLAIN_FACTORIAL, *study.STRESS_FACTORIAL)
    return Verdict(says, about, judgement, because, _ids(records, REAL, variants))


#: The smallest gain that the report reads as one: a point, between its LSTM and its GRU. An interval below it leaves no
#: room for one.
SMALLEST_STATED = 0.01


def _training(records: list[Record], variant: str, says: str, about: tuple[str, ...]) -> Verdict:
    """Whether a way of training lowers the accuracy of the six-class LSTM."""
    found = {
        dataset: compare(records, dataset, [(variant, "genres_6", "lstm", "genres_6")], "genres_6") for dataset in REAL
    }
    found = {dataset: one for dataset, one in found.items() if one is not None}
    if not found:
        return Verdict(says, about, "undecided", NOT_YET)
    because = (
        f"{LABELS[variant]} minus plain LSTM: "
        + "; ".join(f"{NAMES[dataset]} {points(one)} points" for dataset, one in found.items())
        + "."
    )
    if all(one.high < 0 for one in found.values()):
        judgement = "supported"
    else:
        judgement = "unsupported" if all(one.low > 0 for one in found.values()) else "undecided"
    return Verdict(says, about, judgement, because, _ids(records, found, ("lstm", variant)))


def _pop_and_rock(records: list[Record]) -> Verdict:
    import numpy as np

    says = "Pop and rock are hard to tell apart."
    about = ("s.pop_rock_confused",)
    parts = []
    for dataset in REAL:
        runs = _find(records, dataset=dataset, variant="lstm", target="genres_3", protocol="users_apart")
        if not runs:
            continue
        counts = np.sum([run.notes["confusion"] for run in runs], axis=0)
        shares = counts / counts.sum(axis=1, keepdims=True)
        parts.append(
            f"{NAMES[dataset]}: of pop {percent(shares[0, 1])} % are called rock and {percent(shares[0, 2])} % hip hop;"
            f" of hip hop {percent(shares[2, 1])} % are called rock"
        )
    if not parts:
        return Verdict(says, about, "undecided", NOT_YET)
    because = (
        "; ".join(parts) + ". In our data rock is the commonest of the three and draws both others, which says nothing"
        " of pop in particular; the report's own matrices are pictures."
    )
    return Verdict(says, about, "undecided", because, _ids(records, REAL, ("lstm",)))


def _group(records: list[Record]) -> Verdict:
    says = "The diagnosis label accounts for differences in what people with a disorder listen to next."
    about = ("text.disorder_label_dimension", "s.diagnosis_pattern")
    cells = _cells(records, "planted")
    wanted = [cells.get((name, "genres_6")) for name in ("logistic", "logistic_group", "logistic_group_shuffled")]
    because = "The report never leaves the label out, and no public data set of listens has diagnoses."
    if all(wanted):
        without, true, shuffled = (f"{cell['log_loss']:.3f}" for cell in wanted)
        because += (
            f" Where we planted a group effect, logistic regression's log loss is {without} without the label,"
            f" {true} with it and {shuffled} with labels dealt out anew: the control that was missing can tell."
        )
    variants = ("logistic", "logistic_group", "logistic_group_shuffled")
    return Verdict(says, about, "untestable", because, _ids(records, ("planted",), variants))


def card(records: list[Record]) -> report.Card:
    """The head of the chapter."""
    frame = report.as_frame(records)
    main = _fewer_classes(records)
    quoted = numbers(records)
    theirs = ", ".join(f"{quoted[f'stated_{_n(setting)}']} %" for setting in SETTINGS)
    return report.Card(
        verdict=main.judgement,
        claim="Recurrent networks predict a Twitter user's next genre; attention and stress with fewer classes help.",
        theirs=f"{theirs} with six, four, three classes (private tweets)",
        ours=(
            f"six classes, LSTM / last genre again / commonest: SiTunes {quoted['situnes_lstm_6']} /"
            f" {quoted['situnes_last_genre_6']} / {quoted['situnes_majority_6']} %, HetRec {quoted['hetrec_lstm_6']} /"
            f" {quoted['hetrec_last_genre_6']} / {quoted['hetrec_majority_6']} %"
        ),
        data=report.kinds(frame) if len(frame) else (),
        seconds=frame["seconds"].sum() if len(frame) else 0.0,
        devices=tuple(sorted(frame["device"].unique())) if len(frame) else (),
    )


def measure_here(profile: str, given: dict) -> report.Table:
    """Run what the study is missing under `profile` on this machine, and show its scores.

    Parameters
    ----------
    given : the notebook's parameters, which stand above the profile's file.
    """
    from mer_repro.sweep import sweep

    sweep(KEY, profile, overrides=given)
    frame = report.as_frame([r for r in report.records(KEY, profile) if r.variant != "tsne"])
    columns = ["accuracy", "kappa", "log_loss"]
    cells = (
        frame.groupby(["data", "dataset", "protocol", "target", "variant"], sort=False)[columns].mean().reset_index()
    )
    cells["model"] = cells["variant"].map(LABELS)
    shown = cells[["data", "dataset", "protocol", "target", "model", *columns]].round(3)
    return report.Table(shown, f"The {profile} profile on this machine", searchable=True)


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values)
