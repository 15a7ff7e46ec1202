"""The tables of the chapter on gujar2026, the numbers its prose quotes, and its head.

`cells` reads the records, `figures` draws them, `judgements` holds the verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mer_repro import report
from mer_repro.papers.gujar2026 import judgements, study
from mer_repro.papers.gujar2026.cells import (
    BIMODAL,
    DATASETS,
    KEY,
    LABELS,
    MOODS,
    PAIRS,
    STAGE_LABELS,
    STATED_BATCHES,
    STATED_GAINS,
    STATED_ROWS,
    Difference,
    accuracy_points,
    by_variant,
    difference,
    differences,
    folds_of,
    ids_of,
    latencies,
    p_value,
    percent,
    percent_interval,
    points,
    printed,
    short_label,
    stated,
    summary,
)
from mer_repro.runs.records import cells_of, find

if TYPE_CHECKING:
    from mer_repro.runs.records import Record
    from mer_repro.verdicts import Verdict


def _table(rows: Iterable[dict], caption: str) -> report.Table:
    """Rows as a table; cells that a row lacks get a dash, and no rows a sentence.

    Ids under a row's key "records" become its last cell, "runs", which the book links to them.
    """
    import pandas as pd

    rows = [dict(row) for row in rows]
    ids = [row.pop("records", ()) for row in rows]
    frame = pd.DataFrame(rows or [{"runs": "not recorded yet"}])
    if not any(ids):
        return report.Table(frame.fillna("–").astype(str), caption)
    frame["runs"] = [len(chosen) for chosen in ids]
    return report.Table(frame.fillna("–").astype(str), caption, records=tuple(map(cells_of, ids)))


def ladder(records: list[Record], dataset: str, target: str = "") -> report.Table:
    """All variants of a data set: accuracy and macro F1 with intervals; beside four of them the paper's numbers."""

    rows = []
    for cell in summary(records, dataset, target).query("variant not in @study.READINGS").to_dict("records"):
        row = {"model": LABELS[cell["variant"]]}
        if dataset in BIMODAL:
            name = STATED_ROWS.get(cell["variant"])
            for table, about in (("t2", "DEAM"), ("t3", "MSD")):
                row[f"paper, {about}"] = printed(f"{table}.{name}.accuracy") if name else "–"
        row["accuracy, %"] = percent_interval(cell["accuracy"], cell["accuracy_low"], cell["accuracy_high"])
        row["macro F1, %"] = percent_interval(cell["macro_f1"], cell["macro_f1_low"], cell["macro_f1_high"])
        rows.append(row | {"records": ids_of(records, dataset, cell["variant"], target)})
    return _table(rows, f"{DATASETS[dataset]} (real)")


def deam_table(records: list[Record]) -> report.Table:
    """DEAM's quadrants from sound, with the columns of the static table put right and as they are published."""

    rows: dict[str, dict] = {}
    for target, name in (("corrected", "columns put right"), ("as_published", "as published")):
        for cell in summary(records, "deam", target).to_dict("records"):
            row = rows.setdefault(cell["variant"], {"model": LABELS[cell["variant"]]})
            row[f"accuracy, {name}, %"] = percent_interval(
                cell["accuracy"], cell["accuracy_low"], cell["accuracy_high"]
            )
            row[f"macro F1, {name}, %"] = percent(cell["macro_f1"])
    return _table(rows.values(), f"{DATASETS['deam']} (real)")


def _difference_cells(found: Difference | None, against: str = "") -> dict[str, str]:
    """The cells of a table that show a difference of accuracy."""
    if found is None:
        return {}
    return {
        f"accuracy{against}, points": accuracy_points(found),
        "p, corrected": p_value(found.p_holm),
        "detectable, points": f"{100 * found.detectable:.1f}",
    }


def pairs_table(records: list[Record], dataset: str) -> report.Table:
    """Who beats whom, by how many points, on the same test songs; the paper's gains beside it."""
    rows = []
    for (better, worse), each in differences(records, dataset, PAIRS).items():
        gain = STATED_GAINS.get(worse) if better == "attention" else None
        shown = f"{printed(f'{gain}.deam_accuracy')} / {printed(f'{gain}.msd_accuracy')}" if gain else "–"
        rows.append({"first minus second": f"{short_label(better)} – {short_label(worse)}", "paper, DEAM / MSD": shown})
        rows[-1] |= _difference_cells(each)
        rows[-1] |= {"macro F1, points": points(*each.macro_f1), "folds won": f"{each.won} of {each.folds}"}
        rows[-1] |= {"records": each.ids}
    return _table(rows, f"{DATASETS[dataset]} (real)")


def _shared_folds(records: list[Record], dataset: str, first: str, others: Iterable[str]) -> tuple[list, list[str]]:
    """Records of the first variant and of those others that were run, on the folds that all of them share."""
    folds = {name: {record.seed for record in folds_of(records, dataset, name)} for name in (first, *others)}
    names = [name for name, seeds in folds.items() if seeds]
    shared = set.intersection(*(folds[name] for name in names)) if len(names) > 1 else set()
    return [r for r in records if r.dataset == dataset and r.variant in names and r.seed in shared], names


def _against_first(records: list[Record], dataset: str, first: str, others: Iterable[str]) -> list[dict]:
    """A row a reading: accuracy, macro F1, and how it differs from the first, on the folds that all share."""
    shared, names = _shared_folds(records, dataset, first, others)
    found = differences(shared, dataset, [(name, first) for name in names if name != first])
    rows = []
    for cell in summary(shared, dataset).to_dict("records") if shared else []:
        name = cell["variant"]
        row = {"reading": name, "accuracy, %": percent(cell["accuracy"]), "macro F1, %": percent(cell["macro_f1"])}
        row |= _difference_cells(found.get((name, first)), " against the first")
        rows.append(row | {"cell": cell, "records": ids_of(shared, dataset, name)})
    return rows


def readings(records: list[Record]) -> report.Table:
    """What each reading of the paper's fusion changes against the first one, on the same folds."""
    rows = _against_first(records, "tcc_ceds", "attention", study.READINGS)
    for row in rows:
        name, cell = row["reading"], row.pop("cell")
        row["reading"] = LABELS[name] if name != "attention" else "768 = attended 512 and projected 256 (as above)"
        row["weight of the audio"] = f"{cell['audio_weight']:.2f}"
        row["songs that need audio more, %"] = percent(cell["audio_needed"])
    return _table(rows, "tcc_ceds (real)")


#: Readings of the recurrent network on spectrograms.
CRNN_READINGS = [variant for variant in study.VARIANTS["emotify"] if variant.startswith("crnn_")]
#: Level of the corrected tests.
LEVEL = 0.05


def crnn_readings(records: list[Record]) -> report.Table:
    """What each reading of the recurrent network changes on Emotify, against the first one, on the same folds."""
    rows = _against_first(records, "emotify", "audio_only", CRNN_READINGS)
    for row in rows:
        del row["cell"]
        label = short_label(row["reading"]).removeprefix("audio only").removeprefix(", ")
        row["reading"] = label or "128 frames, bands averaged, GRU, norm before ReLU"
    return _table(rows, f"{DATASETS['emotify']} (real)")


#: Where the mood is in the planted songs, for a reader.
CONDITIONS = {
    "redundant": "in both",
    "separable": "valence in the words, arousal in the sound",
    "one_sided": "in the sound, of every song",
    "marked": "in one, by a coin; the other is empty",
    "misleading": "in one, by a coin; the other shows a random mood",
}


def planted_table(records: list[Record]) -> report.Table:
    """Accuracy on planted songs, a column a condition."""
    rows: dict[str, dict] = {}
    for condition in study.TARGETS["planted"]:
        for cell in summary(records, "planted", condition).to_dict("records"):
            row = rows.setdefault(cell["variant"], {"model": LABELS[cell["variant"]]})
            row[condition.replace("_", " ")] = percent_interval(
                cell["accuracy"], cell["accuracy_low"], cell["accuracy_high"]
            )
    return _table(rows.values(), "Planted songs (generated), accuracy in %")


#: Fused networks whose planted answers are taken apart.
TAKEN_APART = ("attention", "attention_alone", "attention_modality_dropout", "concatenation")


def finding_table(records: list[Record]) -> report.Table:
    """What the weight says, and what exchanging a modality says, of where the mood is in planted songs."""
    rows = []
    for condition, where in CONDITIONS.items():
        cells = summary(records, "planted", condition)
        cells = cells.set_index("variant") if len(cells) else cells
        for variant in TAKEN_APART:
            if variant not in cells.index:
                continue
            cell = cells.loc[variant]
            rows.append(
                {
                    "records": ids_of(records, "planted", variant, condition),
                    "the mood is": where,
                    "network": short_label(variant),
                }
            )
            for name, label in (
                ("audio_weight", "weight of the audio"),
                ("attention_auc", "AUC of the weight"),
                ("audio_needed", "share that needs audio more"),
                ("exchange_auc", "AUC of the need"),
            ):
                value = cell[name]
                rows[-1][label] = "–" if value != value else f"{value:.2f}"
    return _table(rows, "Planted songs (generated), means over folds")


def supports_table(records: list[Record]) -> report.Table:
    """What table 6's samples can have been, reading by reading."""

    runs = [record for record in records if record.variant == "supports"]
    columns = ["reading of a sample", *MOODS, "angry times needed", "share in another mood", "survives"]
    if not runs:
        return _table([], "Table 6")
    metrics, notes = runs[0].metrics, runs[0].notes
    says = {
        "songs": "a song of DEAM, cut at 5",
        "songs_as_published": "the same, columns as published",
        "moments": "half a second of a DEAM song, cut at 0",
    }
    rows = [dict(zip(columns, ["Table 6", *notes["stated"], "–", "–", "–"], strict=True))]
    for name, reading in says.items():
        repeats = notes["stated"][2] / notes[name][2]
        survives = "only if samples repeat songs" if repeats > 1 else "as a count; shares differ"
        cells = [reading, *notes[name], f"{repeats:.2f}", percent(metrics[f"{name}_distance"]) + " %", survives]
        rows.append(dict(zip(columns, cells, strict=True)))
    nearest = f"a song, valence cut at {metrics['nearest_valence_cut']:.2f}, arousal at"
    nearest += f" {metrics['nearest_arousal_cut']:.2f} (the nearest of all cuts)"
    cells = [nearest, *["–"] * 5, percent(metrics["nearest_distance"]) + " %", "only if samples repeat songs"]
    rows.append(dict(zip(columns, cells, strict=True)))
    return _table(rows, "DEAM (real) against the supports of table 6")


def latency_table(records: list[Record]) -> report.Table:
    """Table 4 beside ours: latency in ms, and beside it the floor."""
    measured = latencies(records).set_index(["stage", "batch"])
    rows = []
    for batch, name in STATED_BATCHES.items():
        row = {"batch": str(batch), "paper, ms": printed(f"t4.{name}.latency")}
        for stage, label in STAGE_LABELS.items():
            row[f"{label}, ms"] = "not run"
            if (stage, batch) in measured.index:
                cell = measured.loc[(stage, batch)]
                row[f"{label}, ms"] = f"{cell.ms:,.0f} (at least {cell.floor_ms:,.0f})"
        rows.append(row)
    return _table(rows, "Latency of a batch: the paper's unnamed GPU, and one core of this CPU")


def throughput_table(records: list[Record]) -> report.Table:
    """Table 4's throughput and memory beside ours, and the operations a second that the paper's throughput takes."""
    measured = latencies(records).set_index(["stage", "batch"])
    rows = []
    for batch, name in STATED_BATCHES.items():
        row = {"batch": str(batch), "paper, songs/s": printed(f"t4.{name}.throughput")}
        known = {stage: measured.loc[(stage, batch)] for stage in STAGE_LABELS if (stage, batch) in measured.index}
        for stage, label in STAGE_LABELS.items():
            row[f"{label}, songs/s"] = f"{known[stage].songs_per_second:.1f}" if stage in known else "not run"
        row["paper, GB"] = printed(f"t4.{name}.memory")
        for stage in ("network", "encoder"):
            row[f"{STAGE_LABELS[stage]}, GB"] = f"{known[stage].memory_gb:.2f}" if stage in known else "not run"
        if "encoder" in known:
            rate = known["encoder"].gigaoperations / batch * stated(f"t4.{name}.throughput") / 1e3
            row["the paper's songs/s with BERT need, TFLOP/s"] = f"{rate:.1f}"
        rows.append(row)
    return _table(rows, "Throughput and memory: the paper's unnamed GPU, and one core of this CPU")


def numbers(records: list[Record]) -> dict[str, str]:
    """The numbers that the chapter's prose quotes, by the name under which it glues them."""
    quoted = {
        "stated_ours": printed("t2.ours.accuracy"),
        "stated_support": printed("t6.macro.support"),
        "stated_songs": printed("sec41.deam_excerpts"),
        "stated_angry": printed("t6.angry.support"),
        "stated_selected": printed("sec41.msd_selected"),
        "msd_share": f"{100 * stated('t6.macro.support') / stated('sec41.msd_selected'):.0f}",
        "fifth_total": f"{5 * stated('t6.macro.support'):,.0f}",
        "stated_epochs": printed("sec63.epochs"),
        "patience": _setting(records, "tcc_ceds", "patience"),
        "small_patience": _setting(records, "deezer_mood+tcc_ceds", "patience"),
        "planted_folds": str(len(folds_of(records, "planted", "attention", "marked"))),
    } | dict.fromkeys(("deam_angry", "moments_distance"), "–")
    for dataset, name in zip(BIMODAL, ("tcc", "tags"), strict=True):
        cells = by_variant(records, dataset)
        for variant in ("majority", "logistic_tfidf", "audio_only", "text_only", "attention"):
            quoted[f"{name}_{variant}"] = percent(cells.loc[variant, "accuracy"]) if variant in cells.index else "–"
        runs = find(records, dataset=dataset, variant="majority")
        parts = [runs[0].counts[f"n_{part}"] for part in ("train", "validation", "test")] if runs else []
        quoted[f"{name}_songs"] = f"{sum(parts):,}"
        for rival in ("audio_only", "late_fusion", "concatenation"):
            found = difference(records, dataset, "attention", rival)
            quoted[f"{name}_over_{rival}"] = accuracy_points(found) if found else "–"
        for kind in ("text", "audio"):
            share = cells.loc["attention", f"accuracy_strange_{kind}"] if "attention" in cells.index else None
            quoted[f"{name}_strange_{kind}"] = "–" if share is None else percent(share)
    fused = folds_of(records, "tcc_ceds", "attention")
    for name in ("audio_weight", "audio_needed"):
        values = [record.metrics[name] for record in fused]
        shown = f"{100 * min(values):.0f} to {100 * max(values):.0f}" if values else "–"
        quoted[f"tcc_{name}"] = shown
    for run in find(records, variant="supports"):
        quoted["deam_angry"] = str(run.notes["songs"][2])
        quoted["moments_distance"] = percent(run.metrics["moments_distance"])
    measured = latencies(records).set_index(["stage", "batch"])
    for stage in STAGE_LABELS:
        known = (stage, 1) in measured.index
        quoted[f"latency_{stage}"] = f"{measured.loc[(stage, 1), 'ms']:.0f}" if known else "–"
    return quoted | {
        "readings_answer": _readings_answer(records, "tcc_ceds", "attention", study.READINGS),
        "crnn_answer": _readings_answer(records, "emotify", "audio_only", CRNN_READINGS),
        "crnn_epochs": _setting(records, "emotify", "epochs"),
    }


def _readings_answer(records: list[Record], dataset: str, first: str, others: Iterable[str]) -> str:
    """Which readings are told from the first one by the corrected test, in a sentence."""
    shared, names = _shared_folds(records, dataset, first, others)
    found = differences(shared, dataset, [(name, first) for name in names if name != first])
    if not found:
        return "No other reading is recorded yet."
    told = [
        f"{short_label(name)} ({accuracy_points(each)} points)"
        for (name, _), each in found.items()
        if each.p_holm < LEVEL
    ]
    if not told:
        return f"None of the {len(found)} other readings can be told from the first."
    return f"Of the {len(found)} other readings these can be told from the first: {'; '.join(told)}."


def _setting(records: list[Record], dataset: str, name: str) -> str:
    """How networks were trained on a data set, from a record; a dash where there is none."""
    chosen = find(records, dataset=dataset, variant="audio_only")
    return str(chosen[0].parameters["training"][name]) if chosen else "–"


def verdicts(records: list[Record]) -> list[Verdict]:
    """What the reruns say of the paper's claims; see `mer_repro.papers.gujar2026.judgements`."""
    return judgements.verdicts(records)


def card(records: list[Record]) -> report.Card:
    """The head of the chapter."""
    frame = report.as_frame(records)
    cells, tags = (by_variant(records, dataset) for dataset in BIMODAL)
    shown = frame[frame["dataset"] != study.LATENCY_DATA]
    parts = {judgements.beats(records, rival, rival).judgement for rival in STATED_GAINS}
    main = "undecided" if "undecided" in parts else "supported"
    fused, heard, tagged, tagged_heard = (
        percent(table.loc[variant, "accuracy"]) if variant in table.index else "–"
        for table in (cells, tags)
        for variant in ("attention", "audio_only")
    )
    return report.Card(
        verdict=main,
        claim="Attention over audio and lyrics recognises four moods better than either, or than late fusion.",
        theirs=f"{printed('t2.ours.accuracy')} % against {printed('t2.audio.accuracy')} % from audio (DEAM)",
        ours=f"{fused} % against {heard} % on tcc_ceds; {tagged} % against {tagged_heard} % on moods from tags",
        data=report.kinds(shown),
        seconds=frame["seconds"].sum(),
        devices=tuple(sorted(frame["device"].unique())),
    )


def measure_here(profile: str, given: dict) -> report.Table:
    """Run what the study is missing under `profile` on this machine, and show its scores.

    Parameters
    ----------
    given : the notebook's parameters, which stand above the profile's file.
    """
    from mer_repro.runs.sweep import measured

    records = measured(KEY, profile, given)
    frame = report.as_frame(records)
    scored = frame[frame["accuracy"].notna() & frame["macro_f1"].notna()]
    columns = ["accuracy", "macro_f1"]
    cells = scored.groupby(["data", "dataset", "target", "variant"], sort=False)[columns].mean().reset_index()
    cells["model"] = cells["variant"].map(LABELS)
    shown = cells[["data", "dataset", "target", "model", *columns]].round(3)
    return report.Table(shown, f"The {profile} profile on this machine", searchable=True)
