"""The tables, figures and verdicts of the chapter on gujar2026, all from the ledger and the run records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mer_repro import plots, report
from mer_repro.audit import ledger
from mer_repro.papers.gujar2026 import study
from mer_repro.records import cells_of
from mer_repro.verdicts import Verdict

if TYPE_CHECKING:
    import pandas as pd

    from mer_repro.records import Record
    from mer_repro.statistics import Comparison

KEY = study.KEY
MOODS = ("happy", "sad", "angry", "calm")
#: A row of the paper's tables 2 and 3, for the variant that rebuilds it.
STATED_ROWS = {"audio_only": "audio", "text_only": "text", "late_fusion": "late", "attention": "ours"}
LABELS = {
    "majority": "the commonest mood",
    "stratified_random": "random, as often as in training",
    "logistic_tfidf": "logistic regression: words",
    "boosting_descriptors": "gradient boosting: audio",
    "boosting_both": "gradient boosting: audio and words",
    "audio_only": "network: audio only",
    "text_only": "network: text only",
    "late_fusion": "network: late fusion",
    "concatenation": "network: concatenation",
    "attention": "network: attention fusion",
    "attention_modality_dropout": "attention, trained with modality dropout",
    "attention_shuffled_text": "attention, words of another song",
    "attention_scores_concatenated": "scores from the concatenation",
    "attention_input_audio": "768 = attended 512 and f_audio 256",
    "attention_input_sum": "512: attended vector added to the mean",
    "attention_input_wide": "1536 = attended 512 and concatenated 1024",
    "attention_alone": "attention, the attended vector alone (512)",
    "attention_consistency": "with a consistency loss",
    "crnn_256": "network: audio only, 256 frames",
    "crnn_lstm": "network: audio only, LSTM",
    "crnn_steps": "network: audio only, each band left a step of its own",
    "crnn_stack": "network: audio only, bands stacked to 2048",
    "crnn_norm_last": "network: audio only, norm after ReLU",
    "best": "whoever knows how the songs were made",
}
DATASETS = {
    "tcc_ceds": "tcc_ceds: lyrics, four descriptors; moods from a service's valence and energy",
    "deezer_mood+tcc_ceds": "Deezer moods from listeners' tags, lyrics and six descriptors from tcc_ceds",
    "deezer_mood": "Deezer moods from listeners' tags; the words are tags",
    "deam": "DEAM: 130 openSMILE descriptors",
    "emotify": "Emotify: log-mel spectrograms of 3 s",
    "merge": "MERGE: log-mel spectrograms of 3 s, lyrics",
}
#: Data sets on which words and sound can be compared.
BIMODAL = ("tcc_ceds", "deezer_mood+tcc_ceds")
METRICS = (
    "accuracy", "macro_f1", "accuracy_strange_text", "accuracy_strange_audio",
    "audio_weight", "audio_needed", "attention_auc", "exchange_auc",
)  # fmt: skip
#: Pairs of variants whose difference is tested, (better?, worse?): the paper's four rows, and what it left out.
PAIRS = (
    ("text_only", "audio_only"),
    ("late_fusion", "audio_only"),
    ("late_fusion", "text_only"),
    ("attention", "audio_only"),
    ("attention", "text_only"),
    ("attention", "late_fusion"),
    ("attention", "concatenation"),
    ("attention", "attention_shuffled_text"),
    ("attention", "attention_modality_dropout"),
    ("attention", "boosting_both"),
    ("boosting_both", "boosting_descriptors"),
)
#: Table 5's row for a rival of attention fusion.
STATED_GAINS = {"audio_only": "t5.audio", "text_only": "t5.text", "late_fusion": "t5.late"}
RESAMPLES = 2000


def printed(claim_id: str) -> str:
    """A number of the ledger exactly as the paper prints it."""
    return next(claim.value for claim in ledger.load(KEY).claims if claim.id == claim_id)


def stated(claim_id: str) -> float:
    """A number of the ledger as a float."""
    return float(printed(claim_id).lstrip("+").replace(",", ""))


def percent(share: float) -> str:
    """0.8463 as "84.6"; a dash where there is nothing."""
    return "–" if share is None or share != share else f"{100 * share:.1f}"


def percent_interval(value: float, low: float, high: float) -> str:
    """ "84.6 [80.1, 88.9]" from shares."""
    return percent(value) if low is None or low != low else f"{percent(value)} [{percent(low)}, {percent(high)}]"


def summary(records: list[Record], dataset: str, target: str = "") -> pd.DataFrame:
    """The variants of one data set, a row a variant in the order of the study's plan.

    ``accuracy`` is of all test songs of all folds together, each tested once, its interval resamples artists.
    ``macro_f1`` is the mean over folds, its interval that of repeated splits (`statistics.over_splits`); both intervals
    are nan where there is too little for one. Other metrics are means over folds; ``seeds`` counts the folds.
    """
    import pandas as pd

    frame = report.as_frame(records)
    if frame.empty:
        return frame
    names = [f"{metric}{end}" for metric in METRICS for end in ("", "_low", "_high")]
    frame = frame.query("dataset == @dataset and target == @target and variant != 'supports'")
    frame = report.over_seeds(frame.reindex(columns=list(dict.fromkeys([*frame.columns, *names]))), METRICS)
    for row, variant in frame["variant"].items():
        chosen = _folds(records, dataset, variant, target)
        if "artist_songs" in chosen[0].notes:
            columns = [f"{metric}{end}" for metric in ("accuracy", "macro_f1") for end in ("", "_low", "_high")]
            frame.loc[row, columns] = [
                *_accuracy(chosen),
                *_over_folds(chosen, [r.metrics["macro_f1"] for r in chosen]),
            ]
    order = {variant: place for place, variant in enumerate(study.VARIANTS[dataset])}
    frame = frame.sort_values("variant", key=lambda column: column.map(order), ignore_index=True)
    return frame if len(frame) else pd.DataFrame(columns=frame.columns)


def _folds(records: list[Record], dataset: str, variant: str, target: str = "") -> list[Record]:
    """The records of one variant in the order of its folds."""
    return sorted(_find(records, dataset=dataset, variant=variant, target=target), key=lambda record: record.seed)


def _of_artists(chosen: list[Record], name: str) -> tuple[int, ...]:
    """ "artist_songs" or "artist_right" of all folds, one number an artist: no artist is in two folds' test songs."""
    return tuple(count for record in chosen for count in record.notes[name])


def _accuracy(chosen: list[Record]) -> tuple[float, float, float]:
    """Accuracy over all test songs of these folds with its 95 % interval, resampling artists."""
    songs, right = (_of_artists(chosen, name) for name in ("artist_songs", "artist_right"))
    return sum(right) / sum(songs), *_accuracy_interval(songs, right)


@lru_cache(maxsize=512)
def _accuracy_interval(songs: tuple[int, ...], right: tuple[int, ...]) -> tuple[float, float]:
    import numpy as np

    from mer_repro import metrics, statistics

    if len(songs) < statistics.MINIMUM_GROUPS:
        return float("nan"), float("nan")
    wrong, artist = 1 - _items(songs, right), np.repeat(np.arange(len(songs)), songs)
    # Right or wrong are two classes; every song's true class is "right".
    return metrics.classification_intervals(np.zeros_like(wrong), wrong, artist, 2, resamples=RESAMPLES)["accuracy"]


def _items(songs: tuple[int, ...], right: tuple[int, ...]):
    """(n,) 1 for each song answered right and 0 for each other, artist by artist."""
    import numpy as np

    return np.concatenate([np.arange(n) < k for n, k in zip(songs, right, strict=True)]).astype(int)


def _over_folds(chosen: list[Record], values: list[float]) -> tuple[float, float, float]:
    """Mean of one value a fold and its interval (Nadeau and Bengio); nan for the interval of a single fold."""
    from mer_repro import statistics

    if len(values) < 2:
        return values[0], float("nan"), float("nan")
    return statistics.over_splits(values, chosen[0].counts["n_test"] / chosen[0].counts["n_train"])


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


def _ids(records: list[Record], dataset: str, variant: str, target: str = "") -> tuple[str, ...]:
    return tuple(record.id for record in _folds(records, dataset, variant, target))


def _by_variant(records: list[Record], dataset: str) -> pd.DataFrame:
    """`summary` with the variant as index."""
    found = summary(records, dataset)
    return found.set_index("variant") if len(found) else found


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
        rows.append(row | {"records": _ids(records, dataset, cell["variant"], target)})
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


@dataclass(frozen=True)
class Difference:
    """How two variants differ on the same test songs.

    accuracy : difference, interval and p over artists. macro_f1 : (mean, low, high) over folds. p_holm : corrected for
    the other pairs of the table, nan alone. detectable : the least true difference of accuracy that such a test finds
    four times in five. folds, won : how many there are, and in how many the first is more accurate. ids : of records.
    """

    accuracy: Comparison
    macro_f1: tuple[float, float, float]
    detectable: float
    folds: int
    won: int
    ids: tuple[str, ...]
    p_holm: float = float("nan")


def difference(records: list[Record], dataset: str, better: str, worse: str, target: str = "") -> Difference | None:
    """One variant minus another over the folds that both were run on; None where there is none."""
    from mer_repro import statistics

    runs = {name: {r.seed: r for r in _folds(records, dataset, name, target)} for name in (better, worse)}
    folds = sorted(set(runs[better]) & set(runs[worse]))
    if not folds:
        return None
    one, other = ([runs[name][fold] for fold in folds] for name in (better, worse))
    compared = _compared(
        _of_artists(one, "artist_songs"), _of_artists(other, "artist_right"), _of_artists(one, "artist_right")
    )
    return Difference(
        compared,
        _over_folds(one, [a.metrics["macro_f1"] - b.metrics["macro_f1"] for a, b in zip(one, other, strict=True)]),
        statistics.smallest_detectable_difference(compared.standard_error),
        len(folds),
        sum(a.metrics["accuracy"] > b.metrics["accuracy"] for a, b in zip(one, other, strict=True)),
        tuple(record.id for record in (*one, *other)),
    )


@lru_cache(maxsize=512)
def _compared(songs: tuple[int, ...], right_a: tuple[int, ...], right_b: tuple[int, ...]) -> Comparison:
    """B minus A in accuracy, resampling artists; which of an artist's songs each got right does not matter to it."""
    import numpy as np

    from mer_repro import metrics, statistics

    a, b = _items(songs, right_a), _items(songs, right_b)
    artist = np.repeat(np.arange(len(songs)), songs)
    return statistics.paired_bootstrap(metrics.accuracy, np.ones_like(a), a, b, artist, resamples=RESAMPLES)


def differences(
    records: list[Record], dataset: str, pairs: Iterable[tuple[str, str]], target: str = ""
) -> dict[tuple[str, str], Difference]:
    """Those of the pairs that were run, their p-values corrected for each other (Holm)."""
    from dataclasses import replace

    from mer_repro import statistics

    found = {pair: difference(records, dataset, *pair, target) for pair in pairs}
    found = {pair: each for pair, each in found.items() if each}
    corrected = statistics.holm({f"{a}-{b}": each.accuracy.p_value for (a, b), each in found.items()})
    return {(a, b): replace(each, p_holm=corrected[f"{a}-{b}"]) for (a, b), each in found.items()}


def _difference_cells(found: Difference | None, against: str = "") -> dict[str, str]:
    """The cells of a table that show a difference of accuracy."""
    if found is None:
        return {}
    return {
        f"accuracy{against}, points": _signed(found),
        "p, corrected": _p(found.p_holm),
        "detectable, points": f"{100 * found.detectable:.1f}",
    }


def _short(variant: str) -> str:
    return LABELS[variant].removeprefix("network: ")


def _signed(found: Difference) -> str:
    return _points(found.accuracy.difference, found.accuracy.low, found.accuracy.high)


def _points(value: float, low: float, high: float) -> str:
    """Shares as points: ``+1.8 [-0.3, +3.9]``."""
    return f"{100 * value:+.1f}" + ("" if low != low else f" [{100 * low:+.1f}, {100 * high:+.1f}]")


def _p(value: float) -> str:
    return "–" if value != value else "< 0.01" if value < 0.01 else f"{value:.2f}"


def pairs_table(records: list[Record], dataset: str) -> report.Table:
    """Who beats whom, by how many points, on the same test songs; the paper's gains beside it."""
    rows = []
    for (better, worse), each in differences(records, dataset, PAIRS).items():
        gain = STATED_GAINS.get(worse) if better == "attention" else None
        shown = f"{printed(f'{gain}.deam_accuracy')} / {printed(f'{gain}.msd_accuracy')}" if gain else "–"
        rows.append({"first minus second": f"{_short(better)} – {_short(worse)}", "paper, DEAM / MSD": shown})
        rows[-1] |= _difference_cells(each)
        rows[-1] |= {"macro F1, points": _points(*each.macro_f1), "folds won": f"{each.won} of {each.folds}"}
        rows[-1] |= {"records": each.ids}
    return _table(rows, f"{DATASETS[dataset]} (real)")


def _shared_folds(records: list[Record], dataset: str, first: str, others: Iterable[str]) -> tuple[list, list[str]]:
    """Records of the first variant and of those others that were run, on the folds that all of them share."""
    folds = {name: {record.seed for record in _folds(records, dataset, name)} for name in (first, *others)}
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
        rows.append(row | {"cell": cell, "records": _ids(shared, dataset, name)})
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


def crnn_readings(records: list[Record]) -> report.Table:
    """What each reading of the recurrent network changes on Emotify, against the first one, on the same folds."""
    names = [variant for variant in study.VARIANTS["emotify"] if variant.startswith("crnn_")]
    rows = _against_first(records, "emotify", "audio_only", names)
    for row in rows:
        del row["cell"]
        label = _short(row["reading"]).removeprefix("audio only").removeprefix(", ")
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
                    "records": _ids(records, "planted", variant, condition),
                    "the mood is": where,
                    "network": _short(variant),
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


#: Rows of the paper's table 4 by batch size.
STATED_BATCHES = {1: "single", 16: "small", 64: "medium", 256: "large", 512: "enterprise"}
STAGE_LABELS = {
    "network": "network alone",
    "encoder": "with a BERT of 12 layers",
    "files": "from audio file and lyrics",
}


def latencies(records: list[Record]) -> pd.DataFrame:
    """The measured table 4 in long form: stage, batch, ms, floor_ms, songs_per_second, memory_gb, gigaoperations."""
    import pandas as pd

    columns = ["ms", "floor_ms", "songs_per_second", "memory_gb", "gigaoperations"]
    rows = [
        {"stage": stage, "batch": record.counts["batch"]} | {c: record.metrics[f"{stage}_{c}"] for c in columns}
        for record in _find(records, dataset=study.LATENCY_DATA)
        for stage in STAGE_LABELS
    ]
    frame = pd.DataFrame(rows, columns=["stage", "batch", *columns])
    order = list(STAGE_LABELS)
    return frame.sort_values(["stage", "batch"], key=lambda c: c.map(order.index) if c.name == "stage" else c)


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


# Figures ---------------------------------------------------------------------------------------------------------

LADDER = ("majority", "audio_only", "text_only", "late_fusion", "concatenation", "attention", "boosting_descriptors")


def ladder_figure(records: list[Record]) -> plots.DescribedFigure:
    """The ladder of modalities: the paper's four rows, and ours on two real data sets."""
    import matplotlib.pyplot as plt

    plots.use_style()
    panels = [dataset for dataset in BIMODAL if len(summary(records, dataset))]
    figure, axes = plt.subplots(len(panels), 1, figsize=(8, 1.0 + 2.9 * len(panels)), sharex=True, squeeze=False)
    told = []
    for axis, dataset in zip(axes[:, 0], panels, strict=True):
        cells = _by_variant(records, dataset)
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
            runs = _find(records, dataset="planted", target=condition, variant=variant)
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
        runs = _find(records, dataset="tcc_ceds", variant=variant)
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


# Numbers and verdicts --------------------------------------------------------------------------------------------


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
        "planted_folds": str(len(_folds(records, "planted", "attention", "marked"))),
    } | dict.fromkeys(("tcc_strange_text", "tcc_strange_audio", "deam_angry", "moments_distance"), "–")
    for dataset, name in zip(BIMODAL, ("tcc", "tags"), strict=True):
        cells = _by_variant(records, dataset)
        for variant in ("majority", "logistic_tfidf", "audio_only", "text_only", "attention"):
            quoted[f"{name}_{variant}"] = percent(cells.loc[variant, "accuracy"]) if variant in cells.index else "–"
        runs = _find(records, dataset=dataset, variant="majority")
        parts = [runs[0].counts[f"n_{part}"] for part in ("train", "validation", "test")] if runs else []
        quoted[f"{name}_songs"] = f"{sum(parts):,}"
        for rival in ("audio_only", "late_fusion", "concatenation"):
            found = difference(records, dataset, "attention", rival)
            quoted[f"{name}_over_{rival}"] = _signed(found) if found else "–"
    cells = _by_variant(records, "tcc_ceds")
    if "attention" in cells.index:
        quoted["tcc_strange_text"] = percent(cells.loc["attention", "accuracy_strange_text"])
        quoted["tcc_strange_audio"] = percent(cells.loc["attention", "accuracy_strange_audio"])
    fused = _folds(records, "tcc_ceds", "attention")
    for name in ("audio_weight", "audio_needed"):
        values = [record.metrics[name] for record in fused]
        shown = f"{100 * min(values):.0f} to {100 * max(values):.0f}" if values else "–"
        quoted[f"tcc_{name}"] = shown
    for run in _find(records, variant="supports"):
        quoted["deam_angry"] = str(run.notes["songs"][2])
        quoted["moments_distance"] = percent(run.metrics["moments_distance"])
    measured = latencies(records).set_index(["stage", "batch"])
    for stage in STAGE_LABELS:
        known = (stage, 1) in measured.index
        quoted[f"latency_{stage}"] = f"{measured.loc[(stage, 1), 'ms']:.0f}" if known else "–"
    return quoted


def _setting(records: list[Record], dataset: str, name: str) -> str:
    """How networks were trained on a data set, from a record; a dash where there is none."""
    chosen = _find(records, dataset=dataset, variant="audio_only")
    return str(chosen[0].parameters["training"][name]) if chosen else "–"


def verdicts(records: list[Record]) -> list[Verdict]:
    """What the reruns say of the paper's claims; every number in the sentences comes from the records."""
    return [
        _test_set(records),
        _msd_set(records),
        _first_beats(records, ("text_only", "audio_only"), "Lyrics alone predict mood better than audio alone",
                     ("s.text_over_audio", "t2.text.accuracy", "t2.audio.accuracy")),
        _first_beats(records, ("late_fusion", "text_only"), "Late fusion improves on text alone",
                     ("s.late_over_text", "t2.late.accuracy", "t2.text.accuracy")),
        _beats(records, "audio_only", "Attention fusion beats audio alone"),
        _beats(records, "text_only", "Attention fusion beats text alone"),
        _beats(records, "late_fusion", "Attention fusion beats late fusion"),
        _better_f1(records),
        _significant(),
        _attention_itself(records),
        _attention_finds(records),
        _complementary(records),
        _hardest(records),
        _real_time(records),
        _memory_growth(records),
    ]  # fmt: skip


def _undecided(says: str, about: tuple[str, ...]) -> Verdict:
    return Verdict(says, about, "undecided", "The runs that would tell are not recorded yet.")


def _test_set(records: list[Record]) -> Verdict:
    about = ("t6.macro.support", "t6.angry.support", "sec41.deam_excerpts", "t2.ours.accuracy", "s.deam_with_lyrics")
    says = f"{printed('t2.ours.accuracy')} % accuracy is reached on {printed('t6.macro.support')} test samples of DEAM."
    runs = _find(records, variant="supports")
    if not runs:
        return _undecided(says, about)
    angry = runs[0].notes["songs"][2]
    because = (
        f"DEAM has {printed('sec41.deam_excerpts')} songs, {angry} of them angry when cut at the middle;"
        f" table 6 tests {printed('t6.angry.support')} angry samples, and DEAM has no lyrics. The samples are then not"
        " songs of DEAM, each once, with their words; what they are instead is not stated."
    )
    return Verdict(says, about, "untestable", because, tuple(run.id for run in runs))


def _msd_set(records: list[Record]) -> Verdict:
    about = ("t3.ours.accuracy", "sec41.msd_selected", "s.msd_labels", "s.best_on_msd")
    says = f"{printed('t3.ours.accuracy')} % accuracy is reached on songs of the Million Song Dataset."
    because = (
        f"Which {printed('sec41.msd_selected')} songs, which tags made their moods, and where lyrics as running text"
        " came from is not public."
    )
    runs = _find(records, dataset="deezer_mood", variant="logistic_tfidf")
    if runs:
        accuracy, *_ = _accuracy(runs)
        because += (
            f" Where tags made the label and tags are the text, a logistic regression reaches {percent(accuracy)} %"
            " without a note of music."
        )
    return Verdict(says, about, "untestable", because, tuple(run.id for run in runs))


def _first_beats(records: list[Record], pair: tuple[str, str], says: str, about: tuple[str, ...]) -> Verdict:
    """Whether the first of a pair beats the second, by songs whose moods listeners gave; the service's say less."""
    says = f"{says} (DEAM: {printed(about[1])} against {printed(about[2])} %)."
    found = {dataset: difference(records, dataset, *pair) for dataset in BIMODAL}
    if not all(found.values()):
        return _undecided(says, about)
    tags, service = found["deezer_mood+tcc_ceds"], found["tcc_ceds"]
    because = (
        "On DEAM nobody can test it: it has no lyrics. Where moods come from listeners' tags, the difference is"
        f" {_signed(tags)} points; where a service computes them from the sound, {_signed(service)}, and such labels"
        " favour sound."
    )
    judgement = "supported" if tags.accuracy.low > 0 else "unsupported" if tags.accuracy.high < 0 else "undecided"
    return Verdict(says, about, judgement, because, tags.ids + service.ids)


def _beats(records: list[Record], rival: str, says: str) -> Verdict:
    """Whether attention fusion beats a rival on both data sets by more than chance.

    Never "unsupported": where it does not, that is said of two data sets that are not the paper's.
    """
    gain = STATED_GAINS[rival]
    deam = f"{gain}.deam_accuracy"
    says = f"{says} (by {printed(deam)} points on DEAM)."
    about = (deam, f"{gain}.msd_accuracy")
    found = {dataset: differences(records, dataset, PAIRS).get(("attention", rival)) for dataset in BIMODAL}
    if not all(found.values()):
        return _undecided(says, about)
    because = "; ".join(
        f"{dataset}: {_signed(each)} points (p {_p(each.p_holm)}, {100 * each.detectable:.1f} detectable)"
        for dataset, each in found.items()
    )
    beyond = [each.accuracy.low > 0 and each.p_holm < 0.05 for each in found.values()]
    below = [100 * each.accuracy.high < stated(deam) for each in found.values()]
    judgement = "supported" if all(beyond) else "undecided"
    if all(beyond):
        because += "."
    elif all(below) and not any(beyond):
        because += (
            ". Neither is beyond chance, and both exclude a gain of the stated size; but the one has labels made from"
            " sound, the other is small, and neither is the paper's."
        )
    else:
        because += ". The data sets do not agree, or are too small to tell."
    return Verdict(says, about, judgement, because, tuple(i for each in found.values() for i in each.ids))


def _better_f1(records: list[Record]) -> Verdict:
    says = "Attention fusion has a better F1 than audio alone, text alone and late fusion."
    about = ("s.better_f1", "t2.ours.f1", "t3.ours.f1")
    found = {
        (dataset, rival): difference(records, dataset, "attention", rival)
        for dataset in BIMODAL
        for rival in STATED_GAINS
    }
    if not all(found.values()):
        return _undecided(says, about)
    because = "Macro F1, points over folds: " + "; ".join(
        f"{dataset}, {_short(rival)}: {_points(*each.macro_f1)}" for (dataset, rival), each in found.items()
    )
    beyond = [each.macro_f1[1] > 0 for each in found.values()]
    below = [each.macro_f1[2] < 0 for each in found.values()]
    judgement = "supported" if all(beyond) else "unsupported" if any(below) else "undecided"
    return Verdict(says, about, judgement, because + ".", tuple(i for each in found.values() for i in each.ids))


def _significant() -> Verdict:
    """A bound from the stated numbers alone: two rows on that many independent songs, as if they were not paired."""
    says = "The lead over every baseline is statistically significant on both data sets."
    about = ("s.significant_on_deam", "s.significant_everywhere", "t2.late.accuracy", "t6.macro.support")
    ours, late = (stated(f"t2.{row}.accuracy") / 100 for row in ("ours", "late"))
    songs = stated("t6.macro.support")
    error = ((ours * (1 - ours) + late * (1 - late)) / songs) ** 0.5
    because = (
        "No test, no number of runs and no spread is stated. Were the samples independent songs, the lead over late"
        f" fusion would be {(ours - late) / error:.1f} standard errors; but they are more than DEAM has songs, and"
        " samples of one song are not independent. The size of the other test set is not stated."
    )
    return Verdict(says, about, "untestable", because)


def _attention_itself(records: list[Record]) -> Verdict:
    says = "It is the attention, not the joint training of both modalities, that lifts the scores."
    about = ("s.attention_per_song", "t5.late.deam_accuracy", "t5.late.msd_accuracy")
    found = {dataset: difference(records, dataset, "attention", "concatenation") for dataset in BIMODAL}
    if not all(found.values()):
        return _undecided(says, about)
    shown = "; ".join(f"{dataset}: {_signed(each)} points" for dataset, each in found.items())
    because = f"The paper has no row for plain concatenation. Attention minus concatenation, same classifier: {shown}."
    if all(each.accuracy.low > 0 for each in found.values()):
        judgement = "supported"
    else:
        small = all(100 * each.accuracy.high < stated("t5.late.msd_accuracy") for each in found.values())
        judgement = "unsupported" if small else "undecided"
    return Verdict(says, about, judgement, because, tuple(i for each in found.values() for i in each.ids))


#: How well a weight must tell the informative modality to count as finding it; and below what it does not.
FINDS, MISSES = 0.9, 0.6


def _attention_finds(records: list[Record]) -> Verdict:
    """Judged where it is easiest: songs one of whose modalities is empty, and looks so."""
    says = "The attention weights turn to the modality that carries the mood, song by song."
    about = ("s.attention_per_song",)
    runs = {variant: _folds(records, "planted", variant, "marked") for variant in ("attention", "attention_alone")}
    misled = _folds(records, "planted", "attention", "misleading")
    if not all(runs.values()) or not misled:
        return _undecided(says, about)
    stated_auc, alone_auc = (_mean(r.metrics["attention_auc"] for r in chosen) for chosen in runs.values())
    need = _mean(r.metrics["exchange_auc"] for r in runs["attention"])
    lost = _mean(r.metrics["attention_auc"] for r in misled)
    because = (
        "The paper shows no weights. On generated songs one of whose modalities is empty, and looks so, the weight as"
        f" stated ranks songs by their informative modality with an AUC of {stated_auc:.2f} (1 finds it, 0.5 is chance,"
        f" 0 turns to the empty one); with nothing beside the attended vector, {alone_auc:.2f}; exchanging a modality"
        f" and watching the answer, {need:.2f}. Where the other modality misleads, the weight has {lost:.2f}, and"
        " nobody could do better."
    )
    one_sided = _folds(records, "planted", "attention", "one_sided")
    if one_sided:
        weight, needed = (_mean(r.metrics[name] for r in one_sided) for name in ("audio_weight", "audio_needed"))
        because += (
            f" Where only the sound informs, its mean weight is {weight:.2f}, while {percent(needed)} % of the songs"
            " need their sound more."
        )
    judgement = "supported" if stated_auc > FINDS else "unsupported" if stated_auc < MISSES else "undecided"
    ids = tuple(r.id for chosen in (*runs.values(), misled) for r in chosen)
    return Verdict(says, about, judgement, because, ids)


def _complementary(records: list[Record]) -> Verdict:
    """Whether words add to sound for the strongest model that reads both, and for fusion against strange words."""
    says = "Audio and lyrics complement each other strongly."
    about = ("s.complementary",)
    pairs = (("boosting_both", "boosting_descriptors"), ("attention", "attention_shuffled_text"))
    found = {(dataset, pair): difference(records, dataset, *pair) for dataset in BIMODAL for pair in pairs}
    if not all(found.values()):
        return _undecided(says, about)
    because = "What words add to sound, in points: " + "; ".join(
        f"{dataset}, {'boosting' if pair[0] == 'boosting_both' else 'attention, own words against strange ones'}:"
        f" {_signed(each)}"
        for (dataset, pair), each in found.items()
    )
    beyond = [each.accuracy.low > 0 for each in found.values()]
    small = [100 * each.accuracy.high < stated("t5.audio.deam_accuracy") for each in found.values()]
    judgement = "supported" if all(beyond) else "unsupported" if all(small) and not any(beyond) else "undecided"
    because += f". The paper's fusion gains {printed('t5.audio.deam_accuracy')} points over audio on DEAM."
    return Verdict(says, about, judgement, because, tuple(i for each in found.values() for i in each.ids))


def mood_f1(records: list[Record], dataset: str, variant: str) -> dict[str, float]:
    """F1 of each mood over the test songs of all folds together, 0 to 1; empty where there is no run."""
    import numpy as np

    chosen = _folds(records, dataset, variant)
    if not chosen:
        return {}
    counts = np.sum([record.notes["confusion"] for record in chosen], axis=0)
    f1 = 2 * np.diag(counts) / np.maximum(1, counts.sum(axis=0) + counts.sum(axis=1))
    return dict(zip(MOODS, f1.tolist(), strict=True))


def _hardest(records: list[Record]) -> Verdict:
    says = "Angry songs are the hardest to recognise."
    about = ("s.angry_hardest", "t6.angry.support")
    found = {dataset: mood_f1(records, dataset, "attention") for dataset in BIMODAL}
    if not all(found.values()):
        return _undecided(says, about)
    because = "; ".join(
        f"{dataset}: " + ", ".join(f"{mood} {percent(value)}" for mood, value in each.items())
        for dataset, each in found.items()
    )
    hardest = [min(each, key=each.get) == "angry" for each in found.values()]
    judgement = "supported" if all(hardest) else "undecided" if any(hardest) else "unsupported"
    because = (
        f"F1 of attention fusion in %, {because}. Rare moods are harder everywhere, and shares differ by data set."
    )
    ids = tuple(r.id for dataset in BIMODAL for r in _folds(records, dataset, "attention"))
    return Verdict(says, about, judgement, because, ids)


def _real_time(records: list[Record]) -> Verdict:
    says = f"A song takes {printed('t4.single.latency')} ms, so that recommendation in real time is possible."
    about = ("t4.single.latency", "s.latency_below_threshold", "s.ready_for_use")
    measured = latencies(records).set_index(["stage", "batch"])
    if any((stage, 1) not in measured.index for stage in STAGE_LABELS):
        return _undecided(says, about)
    network, encoder, files = (measured.loc[(stage, 1), "ms"] for stage in STAGE_LABELS)
    because = (
        f"The paper names neither its GPU nor what the time includes. On one core of our CPU the network alone takes"
        f" {network:.0f} ms, with a BERT of 12 layers {encoder:.0f} ms, and from audio file and lyrics {files:.0f} ms;"
        " a catalogue is analysed once, so real time asks for none of these."
    )
    ids = tuple(record.id for record in records if record.dataset == study.LATENCY_DATA)
    return Verdict(says, about, "undecided", because, ids)


def _memory_growth(records: list[Record]) -> Verdict:
    says = "Memory grows more slowly than the batch."
    about = ("s.memory_sublinear", "t4.single.memory", "t4.enterprise.memory")
    cells = latencies(records).query("stage == 'encoder'")
    if len(cells) < len(STATED_BATCHES):
        return _undecided(says, about)
    first, last = cells.iloc[0], cells.iloc[-1]
    because = (
        f"Ours with BERT, on a CPU: {first.memory_gb:.2f} GB for {first.batch} song and {last.memory_gb:.2f} GB for"
        f" {last.batch}. Weights are held once, so this is true of every network until activations outweigh them."
    )
    judgement = "supported" if last.memory_gb / first.memory_gb < last.batch / first.batch else "unsupported"
    ids = tuple(record.id for record in records if record.dataset == study.LATENCY_DATA)
    return Verdict(says, about, judgement, because, ids)


def card(records: list[Record]) -> report.Card:
    """The head of the chapter."""
    frame = report.as_frame(records)
    cells, tags = (_by_variant(records, dataset) for dataset in BIMODAL)
    shown = frame[frame["dataset"] != study.LATENCY_DATA]
    parts = {_beats(records, rival, rival).judgement for rival in STATED_GAINS}
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
    from mer_repro.sweep import sweep

    sweep(KEY, profile, overrides=given)
    frame = report.as_frame(report.records(KEY, profile))
    scored = frame[frame["accuracy"].notna() & frame["macro_f1"].notna()]
    columns = ["accuracy", "macro_f1"]
    cells = scored.groupby(["data", "dataset", "target", "variant"], sort=False)[columns].mean().reset_index()
    cells["model"] = cells["variant"].map(LABELS)
    shown = cells[["data", "dataset", "target", "model", *columns]].round(3)
    return report.Table(shown, f"The {profile} profile on this machine", searchable=True)


def _find(records: list[Record], **wanted: str) -> list[Record]:
    """The records whose fields have these values."""
    return [record for record in records if all(getattr(record, name) == value for name, value in wanted.items())]


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values)
