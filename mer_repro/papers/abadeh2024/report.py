"""The tables of the chapter on abadeh2024, the numbers its prose quotes, and its head.

`cells` reads the records, `figures` draws them, `judgements` holds the verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mer_repro import report
from mer_repro.papers.abadeh2024 import genres, judgements, skill, study
from mer_repro.papers.abadeh2024.cells import (
    FACTORS,
    KEY,
    LABELS,
    NAMES,
    REAL,
    RIVALS,
    SETTINGS,
    by_setting,
    compare,
    effects,
    items,
    majority_of_table,
    mean,
    p_value,
    percent,
    points,
    printed,
    stated_accuracy,
    stated_over_majority,
)
from mer_repro.papers.abadeh2024.genres import n_classes
from mer_repro.runs.records import find

if TYPE_CHECKING:
    from mer_repro.runs.records import Record
    from mer_repro.verdicts import Verdict

#: What the report states of a cell of the factorial: (variant, setting) -> ledger id.
STATED = {
    ("lstm", "genres_6"): "t7.g6.lstm.accuracy",
    ("gru", "genres_6"): "t7.g6.gru.accuracy",
    ("lstm", "genres_4"): "t7.g4.lstm.accuracy",
    ("gru", "genres_4"): "t7.g4.gru.accuracy",
    ("lstm_attention_stress", "genres_3"): "t7.g3.lstm.accuracy",
    ("gru_attention_stress", "genres_3"): "t7.g3.gru.accuracy",
}


def _table(rows: Iterable[dict], caption: str) -> report.Table:
    """Rows as a table; cells that a row lacks get a dash, and no rows a sentence."""
    import pandas as pd

    frame = pd.DataFrame(list(rows) or [{"runs": "not recorded yet"}])
    return report.Table(frame.fillna("–").astype(str), caption)


def _accuracy(cell: dict | None) -> str:
    if cell is None:
        return "–"
    low, high = cell["accuracy_low"], cell["accuracy_high"]
    return f"{percent(cell['accuracy'])} [{percent(low)}, {percent(high)}]"


def data_table(records: list[Record]) -> report.Table:
    """Who and how many, and how much the last genre says."""
    import numpy as np

    rows = []
    for dataset in (*REAL, "planted"):
        asked = items(records, dataset)
        if asked is None:
            continue
        run = find(records, dataset=dataset, variant="majority")[0]
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
    cells = by_setting(records, dataset)
    rows = []
    for variant in (*study.SIMPLE, "lstm", "gru"):
        row = {"model": LABELS[variant]}
        for setting in SETTINGS:
            cell = cells.get((variant, setting))
            row[f"{n_classes(setting)} classes, %"] = _accuracy(cell)
            row[f"kappa, {n_classes(setting)}"] = "–" if cell is None else f"{cell['kappa']:.2f}"
        if row[f"{n_classes(SETTINGS[0])} classes, %"] != "–":
            rows.append(row)
    return _table(rows, f"{NAMES[dataset]} (real): accuracy with 95 % intervals over users, and Cohen's kappa")


def factorial_table(records: list[Record], dataset: str) -> report.Table:
    """The full factorial: classes, attention, stress, cell; the report's six numbers in their cells."""
    cells = by_setting(records, dataset)
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
            row[f"{n_classes(setting)}: report"] = printed(stated) if stated else "not run"
            row[f"{n_classes(setting)}: ours, %"] = _accuracy(cell)
            row[f"{n_classes(setting)}: kappa"] = "–" if cell is None else f"{cell['kappa']:.2f}"
        if any((variant, setting) in cells for setting in SETTINGS):
            rows.append(row)
    seeds = {cell["seeds"] for (variant, _), cell in cells.items() if variant in study.PLAIN_FACTORIAL}
    told = f"; seeds: {min(seeds)}" if seeds else ""
    return _table(rows, f"{NAMES[dataset]} (real): accuracy, 95 % intervals over users{told}")


def effects_table(records: list[Record]) -> report.Table:
    """What each factor adds, with Holm's correction over the whole table."""
    found = effects(records)
    corrected = skill.holm(found)
    rows = [
        {
            "data": NAMES[dataset],
            "factor": FACTORS[factor],
            "classes": n_classes(setting),
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


def fewer_classes_table(records: list[Record]) -> report.Table:
    """From six classes to three: how much of the accuracy moves before anything is trained anew."""
    cells = {dataset: by_setting(records, dataset) for dataset in REAL}
    rows = []
    for says, variant, trained, scored in STEPS:
        row = {"who answers": says, "items": f"{n_classes(scored)} classes"}
        stated = STATED.get((variant, scored)) if trained == scored else None
        row["report, %"] = percent(float(printed(stated))) if stated else "–"
        row["report, over its commonest class"] = (
            f"{100 * (float(printed(stated)) - majority_of_table(scored)):+.1f}" if stated else "–"
        )
        for dataset in REAL:
            prefix = "" if trained == scored else f"{scored}_"
            runs = find(records, dataset=dataset, variant=variant, target=trained, protocol="users_apart")
            if not runs:
                continue
            row[f"{NAMES[dataset]}, %"] = percent(mean(run.metrics[f"{prefix}accuracy"] for run in runs))
            row[f"{NAMES[dataset]}, over the commonest"] = (
                f"{100 * mean(run.metrics[f'{prefix}over_majority'] for run in runs):+.1f}"
            )
            row[f"{NAMES[dataset]}, kappa"] = f"{mean(run.metrics[f'{prefix}kappa'] for run in runs):.2f}"
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
    corrected = skill.holm({name: one[1] for name, one in found.items()})
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


def rivals_table(records: list[Record]) -> report.Table:
    """The plain LSTM with six classes against what needs no network, on the same items."""
    found = {
        (dataset, rival): compare(records, dataset, [("lstm", "genres_6", rival, "genres_6")], "genres_6")
        for dataset in REAL
        for rival in ("majority", *RIVALS)
    }
    found = {name: one for name, one in found.items() if one is not None}
    corrected = skill.holm(found)
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
        apart, mixed = (by_setting(records, dataset, protocol) for protocol in study.PROTOCOLS)
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
        cells = by_setting(records, dataset)
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
    cells = by_setting(records, "planted")
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
    cells = by_setting(records, "planted")
    rows = [
        {"model": LABELS[variant]}
        | {f"{n_classes(setting)} classes, %": _accuracy(cells.get((variant, setting))) for setting in SETTINGS}
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
            runs = find(records, dataset=dataset, variant=variant, target="genres_6", protocol="users_apart")
            if not runs:
                continue
            pair = [(variant, "genres_6", "lstm", "genres_6")]
            against = compare(records, dataset, pair, "genres_6") if variant != "lstm" else None
            rows.append(
                {
                    "data": NAMES[dataset],
                    "model": LABELS[variant],
                    "accuracy, %": percent(mean(run.metrics["accuracy"] for run in runs)),
                    "macro F1, %": percent(mean(run.metrics["macro_f1"] for run in runs)),
                    "minus LSTM, points": "–" if against is None else points(against),
                    "p": "–" if against is None else p_value(against.p_value),
                    "epochs": f"{mean(e for run in runs for e in run.notes['epochs_run']):.0f}",
                    "seeds": str(len(runs)),
                }
            )
    return _table(rows, "Six classes, users apart (real)")


def calibration_table(records: list[Record]) -> report.Table:
    """Expected calibration error and log loss, six classes."""
    rows = []
    for dataset in REAL:
        cells = by_setting(records, dataset)
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


def numbers(records: list[Record]) -> dict[str, str]:
    """The numbers that the chapter's prose quotes, by the name under which it glues them."""
    quoted = {f"stated_{n_classes(s)}": percent(stated_accuracy(s)) for s in SETTINGS}
    quoted |= {f"table_majority_{n_classes(s)}": percent(majority_of_table(s)) for s in SETTINGS}
    quoted |= {f"stated_over_{n_classes(s)}": stated_over_majority(s) for s in SETTINGS}
    samples = [int(printed(f"t4.{name}")) for name in genres.GENRES]
    quoted |= {"stated_width": printed("text.embedding_dimension"), "stated_samples": f"{sum(samples):,}"}
    quoted["simple_seeds"] = str(len({run.seed for run in find(records, variant="logistic", protocol="users_apart")}))
    planted = by_setting(records, "planted")
    for variant in ("best", "last_genre", "lstm", "lstm_stress_before"):
        quoted[f"planted_{variant}"] = percent(planted.get((variant, "genres_6"), {}).get("accuracy"))
    for dataset, name in zip(REAL, ("situnes", "hetrec"), strict=True):
        quoted |= _numbers_of(records, dataset, name)
    return quoted


def _numbers_of(records: list[Record], dataset: str, name: str) -> dict[str, str]:
    """The numbers on one real data set, which the prose calls `name`."""
    quoted = {}
    cells = by_setting(records, dataset)
    for variant in ("majority", "last_genre", "user_majority", "markov_global", "boosting", "lstm"):
        for setting in SETTINGS:
            cell = cells.get((variant, setting), {})
            quoted[f"{name}_{variant}_{n_classes(setting)}"] = percent(cell.get("accuracy"))
    runs = find(records, dataset=dataset, variant="lstm", target="genres_6", protocol="users_apart")
    quoted[f"{name}_seeds"] = str(len({run.seed for run in runs}))
    quoted[f"{name}_restricted"] = percent(mean(r.metrics["genres_3_accuracy"] for r in runs)) if runs else "–"
    quoted[f"{name}_tsne_next"] = quoted[f"{name}_tsne_last"] = quoted[f"{name}_tsne_raw_next"] = "–"
    for run in find(records, dataset=dataset, variant="tsne"):
        quoted[f"{name}_tsne_next"] = percent(run.metrics["layer_shares_next"])
        quoted[f"{name}_tsne_last"] = percent(run.metrics["layer_shares_last"])
        quoted[f"{name}_tsne_raw_next"] = percent(run.metrics["raw_shares_next"])
    first = next(iter(find(records, dataset=dataset, variant="majority")), None)
    quoted[f"{name}_users"] = "–" if first is None else str(first.counts["n_users"])
    quoted[f"{name}_items"] = "–" if first is None else f"{first.counts['n_steps'] - first.counts['n_histories']:,}"
    return quoted


def verdicts(records: list[Record]) -> list[Verdict]:
    """What the reruns say of the report's claims; see `mer_repro.papers.abadeh2024.judgements`."""
    return judgements.verdicts(records)


def card(records: list[Record]) -> report.Card:
    """The head of the chapter."""
    frame = report.as_frame(records)
    main = judgements.fewer_classes(records)
    quoted = numbers(records)
    theirs = ", ".join(f"{quoted[f'stated_{n_classes(setting)}']} %" for setting in SETTINGS)
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
    from mer_repro.runs.sweep import measured

    records = measured(KEY, profile, given)
    frame = report.as_frame([r for r in records if r.variant != "tsne"])
    columns = ["accuracy", "kappa", "log_loss"]
    cells = (
        frame.groupby(["data", "dataset", "protocol", "target", "variant"], sort=False)[columns].mean().reset_index()
    )
    cells["model"] = cells["variant"].map(LABELS)
    shown = cells[["data", "dataset", "protocol", "target", "model", *columns]].round(3)
    return report.Table(shown, f"The {profile} profile on this machine", searchable=True)
