"""The tables, figures and verdicts of the chapter on gujar2026, all from the ledger and the run records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mer_repro import plots, report
from mer_repro.audit import ledger
from mer_repro.papers.gujar2026 import study
from mer_repro.verdicts import Verdict

if TYPE_CHECKING:
    import pandas as pd

    from mer_repro.records import Record

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
    "attention_consistency": "with a consistency loss",
    "crnn_256": "network: audio only, 256 frames",
    "crnn_lstm": "network: audio only, LSTM",
    "crnn_steps": "network: audio only, bands as steps",
    "best": "whoever knows how the songs were made",
}
DATASETS = {
    "tcc_ceds": "tcc_ceds: lyrics, four descriptors; moods from a service's valence and energy",
    "deezer_mood+tcc_ceds": "Deezer moods from listeners' tags, lyrics and six descriptors from tcc_ceds",
    "deezer_mood": "Deezer moods from listeners' tags; the words are tags",
    "deam": "DEAM: 130 openSMILE descriptors",
    "emotify": "Emotify: log-mel spectrograms of 3 s",
}
#: Data sets on which words and sound can be compared.
BIMODAL = ("tcc_ceds", "deezer_mood+tcc_ceds")
METRICS = ("accuracy", "macro_f1", "accuracy_strange_text", "accuracy_strange_audio", "audio_weight", "attention_auc")


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
    """Means over seeds of the variants of one data set, a row a variant in the order of the study's plan."""
    import pandas as pd

    frame = report.as_frame(records)
    if frame.empty:
        return frame
    names = [f"{metric}{end}" for metric in METRICS for end in ("", "_low", "_high")]
    frame = frame.query("dataset == @dataset and target == @target and variant not in ('paired', 'supports')")
    frame = report.over_seeds(frame.reindex(columns=list(dict.fromkeys([*frame.columns, *names]))), METRICS)
    order = {variant: place for place, variant in enumerate(study.VARIANTS[dataset])}
    frame = frame.sort_values("variant", key=lambda column: column.map(order), ignore_index=True)
    return frame if len(frame) else pd.DataFrame(columns=frame.columns)


def _table(rows: Iterable[dict], caption: str) -> report.Table:
    """Rows as a table; cells that a row lacks get a dash, and no rows a sentence."""
    import pandas as pd

    frame = pd.DataFrame(list(rows) or [{"runs": "not recorded yet"}])
    return report.Table(frame.fillna("–").astype(str), caption)


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
        rows.append(row | {"splits": cell["seeds"]})
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


def readings(records: list[Record]) -> report.Table:
    """What each reading of the paper's fusion changes, on the splits that all of them were run on."""

    shown = [r for r in records if r.dataset == "tcc_ceds" and r.variant in ("attention", *study.READINGS)]
    seeds = {variant: {r.seed for r in shown if r.variant == variant} for variant in study.READINGS}
    common = set.intersection(*seeds.values()) if seeds else set()
    rows = [
        {"reading": LABELS[cell["variant"]] if cell["variant"] != "attention" else "as in the table above (768, joint)"}
        | {"accuracy, %": percent_interval(cell["accuracy"], cell["accuracy_low"], cell["accuracy_high"])}
        | {"macro F1, %": percent(cell["macro_f1"]), "weight of the audio": f"{cell['audio_weight']:.2f}"}
        for cell in summary([r for r in shown if r.seed in common], "tcc_ceds").to_dict("records")
    ]
    return _table(rows, f"tcc_ceds (real), splits: {len(common)}")


def pair_difference(records: list[Record], dataset: str, better: str, worse: str) -> dict | None:
    """The mean difference of accuracy over splits with the interval of a typical split, and how sure it is.

    Returns
    -------
    difference, low, high (shares), least_p and most_p (of the splits' tests), seeds, ids; None where there is no run.
    """
    name = f"{better}-{worse}"
    chosen = [r for r in records if r.dataset == dataset and r.variant == "paired" and name in r.metrics]
    if not chosen:
        return None
    p_values = [record.notes[name]["p_value"] for record in chosen]
    return {
        "difference": _mean(record.metrics[name] for record in chosen),
        "low": _mean(record.intervals[name][0] for record in chosen),
        "high": _mean(record.intervals[name][1] for record in chosen),
        "least_p": min(p_values),
        "most_p": max(p_values),
        "seeds": len(chosen),
        "ids": tuple(record.id for record in chosen),
    }


def pairs_table(records: list[Record]) -> report.Table:
    """Who beats whom, by how many points, on the same test songs; the paper's gains beside it."""

    stated_gains = {"audio_only": "t5.audio", "text_only": "t5.text", "late_fusion": "t5.late"}
    rows = []
    for better, worse in study.PAIRS:
        row = {"first": LABELS[better], "second": LABELS[worse]}
        gain = stated_gains.get(worse) if better == "attention" else None
        row["paper, DEAM / MSD"] = "–"
        if gain:
            row["paper, DEAM / MSD"] = f"{printed(f'{gain}.deam_accuracy')} / {printed(f'{gain}.msd_accuracy')}"
        for dataset in BIMODAL:
            found = pair_difference(records, dataset, better, worse)
            row[f"{dataset}, points"] = "–" if found is None else _signed(found)
            row[f"{dataset}, p"] = "–" if found is None else f"{found['least_p']:.3f} to {found['most_p']:.3f}"
        rows.append(row)
    return _table(rows, "First minus second, accuracy; intervals over artists (real)")


def _signed(found: dict) -> str:
    return f"{100 * found['difference']:+.1f} [{100 * found['low']:+.1f}, {100 * found['high']:+.1f}]"


def planted_table(records: list[Record]) -> report.Table:
    """Accuracy on planted songs, a column a condition; and how well the attention finds the modality that informs."""

    rows: dict[str, dict] = {}
    for condition in study.TARGETS["planted"]:
        for cell in summary(records, "planted", condition).to_dict("records"):
            row = rows.setdefault(cell["variant"], {"model": LABELS[cell["variant"]]})
            row[condition] = percent_interval(cell["accuracy"], cell["accuracy_low"], cell["accuracy_high"])
            if cell["attention_auc"] == cell["attention_auc"]:
                row[f"AUC of the weight, {condition}"] = f"{cell['attention_auc']:.2f}"
    return _table(rows.values(), "Planted songs (generated), accuracy in %")


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
    """The measured table 4, a row a (stage, batch): stage, batch, latency_ms, floor_ms, throughput, memory_gb."""
    import pandas as pd

    rows = [
        {"stage": record.variant, "batch": record.counts["batch"]} | record.metrics
        for record in records
        if record.dataset == study.LATENCY_DATA
    ]
    columns = ["stage", "batch", "latency_ms", "floor_ms", "throughput", "memory_gb"]
    return pd.DataFrame(rows, columns=columns).sort_values(["stage", "batch"], ignore_index=True)


def latency_table(records: list[Record]) -> report.Table:
    """Table 4 beside ours: latency in ms, and below it the floor."""

    measured = latencies(records).set_index(["stage", "batch"])
    rows = []
    for batch, name in STATED_BATCHES.items():
        row = {"batch": str(batch), "paper, ms": printed(f"t4.{name}.latency")}
        row["paper, songs/s"] = printed(f"t4.{name}.throughput")
        for stage, label in STAGE_LABELS.items():
            row[f"{label}, ms"] = "not run"
            if (stage, batch) in measured.index:
                cell = measured.loc[(stage, batch)]
                row[f"{label}, ms"] = f"{cell.latency_ms:,.0f} (at least {cell.floor_ms:,.0f})"
        rows.append(row)
    return _table(rows, "Latency of a batch: the paper's unnamed GPU, and one core of this CPU")


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
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True)
    told = []
    for axis, condition in zip(axes, ("marked", "misleading"), strict=True):
        for place, variant in enumerate(("attention", "attention_modality_dropout")):
            runs = _find(records, dataset="planted", target=condition, variant=variant)
            if not runs:
                continue
            for shift, (name, colour) in enumerate((("audio", plots.MEASURED), ("text", plots.PALETTE[2]))):
                label = f"the {name} informs"
                quantiles = np.mean([record.curves[f"weight_{name}_informs"] for record in runs], axis=0)
                x = place + 0.3 * shift - 0.15
                axis.plot([x, x], quantiles[[0, 4]], color=colour, linewidth=1)
                axis.plot([x, x], quantiles[[1, 3]], color=colour, linewidth=5, solid_capstyle="butt")
                axis.plot(x, quantiles[2], "o", color=colour, markersize=9, label=label if place == 0 else None)
                told.append(f"{condition}, {variant.replace('_', ' ')}, {label}: median {quantiles[2]:.2f}")
        axis.set_xticks([0, 1], ["attention", "with modality\ndropout"])
        axis.set_xlim(-0.6, 1.6)
        axis.set_title(condition)
    axes[0].set_ylabel("weight of the audio")
    axes[0].legend(fontsize=9, loc="lower left", bbox_to_anchor=(0, 1.08), ncols=2)
    return plots.described(
        figure,
        alt="Weights of the audio in planted songs. " + "; ".join(told) + ".",
        caption="Attention on generated test songs: median, middle half, and 5 to 95 %.",
    )


def confusion_figure(records: list[Record]) -> plots.DescribedFigure:
    """Which moods attention fusion and boosting mistake for which, tcc_ceds, all splits together; rows add to 100 %."""
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
        caption="Share of each mood's test songs, in %; tcc_ceds (real), all splits together.",
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
        axis.plot(cells["batch"], cells["latency_ms"], "o-", color=colour, label=f"one core: {STAGE_LABELS[stage]}")
        axis.plot(cells["batch"], cells["floor_ms"], ":", color=colour)
        first, last = cells.iloc[0], cells.iloc[-1]
        told.append(
            f"{STAGE_LABELS[stage]} from {first.latency_ms:.0f} ms at {first.batch} to {last.latency_ms:.0f} ms at"
            f" {last.batch}"
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
        "stated_latency": printed("t4.single.latency"),
    } | dict.fromkeys(("tcc_strange_text", "tcc_strange_audio", "deam_angry"), "–")
    for dataset, name in zip(BIMODAL, ("tcc", "tags"), strict=True):
        cells = _by_variant(records, dataset)
        for variant in ("majority", "audio_only", "text_only", "late_fusion", "concatenation", "attention"):
            quoted[f"{name}_{variant}"] = percent(cells.loc[variant, "accuracy"]) if variant in cells.index else "–"
        runs = _find(records, dataset=dataset, variant="majority")
        parts = [runs[0].counts[f"n_{part}"] for part in ("train", "validation", "test")] if runs else []
        quoted[f"{name}_songs"] = f"{sum(parts):,}"
        found = pair_difference(records, dataset, "attention", "concatenation")
        quoted[f"{name}_attention_gain"] = _signed(found) if found else "–"
    cells = _by_variant(records, "tcc_ceds")
    if "attention" in cells.index:
        quoted["tcc_strange_text"] = percent(cells.loc["attention", "accuracy_strange_text"])
        quoted["tcc_strange_audio"] = percent(cells.loc["attention", "accuracy_strange_audio"])
    for run in _find(records, variant="supports"):
        quoted["deam_angry"] = str(run.notes["songs"][2])
    measured = latencies(records).set_index(["stage", "batch"])
    for stage in STAGE_LABELS:
        known = (stage, 1) in measured.index
        quoted[f"latency_{stage}"] = f"{measured.loc[(stage, 1), 'latency_ms']:.0f}" if known else "–"
    return quoted


def verdicts(records: list[Record]) -> list[Verdict]:
    """What the reruns say of the paper's claims; every number in the sentences comes from the records."""
    return [
        _test_set(records),
        _text_over_audio(records),
        _beats(records, "audio_only", "Attention fusion beats audio alone", "t5.audio"),
        _beats(records, "text_only", "Attention fusion beats text alone", "t5.text"),
        _beats(records, "late_fusion", "Attention fusion beats late fusion", "t5.late"),
        _attention_itself(records),
        _attention_finds(records),
        _real_time(records),
    ]


def _test_set(records: list[Record]) -> Verdict:
    about = ("t6.macro.support", "t6.angry.support", "sec41.deam_excerpts", "t2.ours.accuracy")
    says = f"{printed('t2.ours.accuracy')} % accuracy is reached on {printed('t6.macro.support')} test samples of DEAM."
    runs = _find(records, variant="supports")
    if not runs:
        return Verdict(says, about, "undecided", "The run that would tell is not recorded yet.")
    angry = runs[0].notes["songs"][2]
    because = (
        f"DEAM has {printed('sec41.deam_excerpts')} songs, {angry} of them angry when cut at the middle;"
        f" table 6 tests {printed('t6.angry.support')} angry samples, and DEAM has no lyrics. The samples are then not"
        " songs of DEAM, each once, with their words; what they are instead is not stated."
    )
    return Verdict(says, about, "untestable", because, tuple(run.id for run in runs))


def _text_over_audio(records: list[Record]) -> Verdict:
    says = "Lyrics alone predict mood better than audio alone."
    about = ("s.text_over_audio", "t2.text.accuracy", "t2.audio.accuracy")
    found = {dataset: pair_difference(records, dataset, "text_only", "audio_only") for dataset in BIMODAL}
    if not all(found.values()):
        return Verdict(says, about, "undecided", "The runs that would tell are not recorded yet.")
    tags = found["deezer_mood+tcc_ceds"]
    because = (
        "On DEAM nobody can test it: it has no lyrics. Where moods come from listeners' tags, text minus audio is"
        f" {_signed(tags)} points; where a service computes them from the sound, {_signed(found['tcc_ceds'])}, which"
        " says little, for such labels favour sound."
    )
    judgement = "supported" if tags["low"] > 0 else "unsupported" if tags["high"] < 0 else "undecided"
    return Verdict(says, about, judgement, because, tags["ids"] + found["tcc_ceds"]["ids"])


def _beats(records: list[Record], rival: str, says: str, gain: str) -> Verdict:
    """Whether attention fusion beats a rival on both data sets by more than chance."""
    deam = f"{gain}.deam_accuracy"
    says = f"{says} (by {printed(deam)} points on DEAM)."
    about = (deam, f"{gain}.msd_accuracy")
    found = {dataset: pair_difference(records, dataset, "attention", rival) for dataset in BIMODAL}
    if not all(found.values()):
        return Verdict(says, about, "undecided", "The runs that would tell are not recorded yet.")
    because = "; ".join(f"{dataset}: {_signed(pair)} points" for dataset, pair in found.items()) + "."
    beyond = [pair["low"] > 0 for pair in found.values()]
    below = [100 * pair["high"] < stated(deam) for pair in found.values()]
    if all(beyond):
        judgement = "supported"
    elif all(below) and not any(beyond):
        judgement, because = "unsupported", because + " Both intervals hold zero or less, and not the stated gain."
    else:
        judgement, because = "undecided", because + " The data sets do not agree, or are too small to tell."
    return Verdict(says, about, judgement, because, tuple(i for pair in found.values() for i in pair["ids"]))


def _attention_itself(records: list[Record]) -> Verdict:
    says = "It is the attention, not the joint training of both modalities, that lifts the scores."
    about = ("s.attention_per_song", "t5.late.deam_accuracy", "t5.late.msd_accuracy")
    found = {dataset: pair_difference(records, dataset, "attention", "concatenation") for dataset in BIMODAL}
    if not all(found.values()):
        return Verdict(says, about, "undecided", "The runs that would tell are not recorded yet.")
    shown = "; ".join(f"{dataset}: {_signed(pair)} points" for dataset, pair in found.items())
    because = f"The paper has no row for plain concatenation. Attention minus concatenation, same classifier: {shown}."
    if all(pair["low"] > 0 for pair in found.values()):
        judgement = "supported"
    else:
        small = all(100 * pair["high"] < stated("t5.late.msd_accuracy") for pair in found.values())
        judgement = "unsupported" if small else "undecided"
    return Verdict(says, about, judgement, because, tuple(i for pair in found.values() for i in pair["ids"]))


#: How well a weight must tell the informative modality to count as finding it.
FINDS = 0.9


def _attention_finds(records: list[Record]) -> Verdict:
    says = "The attention weights turn to the modality that carries the mood, song by song."
    runs = {
        target: _find(records, dataset="planted", target=target, variant="attention")
        for target in ("marked", "misleading")
    }
    if not all(runs.values()):
        return Verdict(says, ("s.attention_per_song",), "undecided", "The runs that would tell are not recorded yet.")
    auc = {target: _mean(r.metrics["attention_auc"] for r in chosen) for target, chosen in runs.items()}
    because = (
        "The paper shows no weights. On generated songs whose empty modality can be told by its look, the weight ranks"
        f" songs by their informative modality with an AUC of {auc['marked']:.2f} (1 finds it, 0.5 is chance, 0 turns"
        f" to the empty one); where the other modality misleads, {auc['misleading']:.2f}, and nobody could do better."
    )
    if auc["marked"] < 1 - FINDS:
        because += " Weights may run against relevance, for the classifier sees both vectors anyway."
    judgement = "supported" if auc["marked"] > FINDS else "undecided"
    return Verdict(says, ("s.attention_per_song",), judgement, because, tuple(r.id for c in runs.values() for r in c))


def _real_time(records: list[Record]) -> Verdict:
    says = f"A song takes {printed('t4.single.latency')} ms, so that recommendation in real time is possible."
    about = ("t4.single.latency", "s.latency_below_threshold", "s.ready_for_use")
    measured = latencies(records).set_index(["stage", "batch"])
    if any((stage, 1) not in measured.index for stage in STAGE_LABELS):
        return Verdict(says, about, "undecided", "The runs that would tell are not recorded yet.")
    network, encoder, files = (measured.loc[(stage, 1), "latency_ms"] for stage in STAGE_LABELS)
    because = (
        f"The paper names neither its GPU nor what the time includes. On one core of our CPU the network alone takes"
        f" {network:.0f} ms, with a BERT of 12 layers {encoder:.0f} ms, and from audio file and lyrics {files:.0f} ms;"
        " a catalogue is analysed once, so real time asks for none of these."
    )
    ids = tuple(record.id for record in records if record.dataset == study.LATENCY_DATA)
    return Verdict(says, about, "undecided", because, ids)


def card(records: list[Record]) -> report.Card:
    """The head of the chapter."""
    frame = report.as_frame(records)
    cells, tags = (_by_variant(records, dataset) for dataset in BIMODAL)
    shown = frame[frame["dataset"] != study.LATENCY_DATA]
    main = _beats(records, "audio_only", "Attention fusion beats audio alone", "t5.audio")
    fused, heard, tagged, tagged_heard = (
        percent(table.loc[variant, "accuracy"]) for table in (cells, tags) for variant in ("attention", "audio_only")
    )
    return report.Card(
        verdict=main.judgement,
        claim="Attention over audio and lyrics recognises four moods better than either, or than late fusion.",
        theirs=f"{printed('t2.ours.accuracy')} % against {printed('t2.audio.accuracy')} % from audio (DEAM)",
        ours=f"{fused} % against {heard} % on tcc_ceds; {tagged} % against {tagged_heard} % on moods from tags",
        data=report.kinds(shown),
        seconds=frame["seconds"].sum(),
        devices=tuple(sorted(frame["device"].unique())),
    )


def fidelity_table() -> report.Table:
    """Every detail of the networks and what became of it."""
    from mer_repro import fidelity
    from mer_repro.papers.gujar2026.model import FIDELITY

    shown = fidelity.as_frame(FIDELITY)
    return report.Table(shown, f"{len(shown)} details", searchable=True)


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
