"""The tables, figures, prose numbers and card of the chapter on gujar2026."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mer_repro import audit, plots, report
from mer_repro.papers.gujar2026 import study
from mer_repro.papers.gujar2026.inputs import TOKENS_TRAINED
from mer_repro.papers.gujar2026.names import (
    BIMODAL,
    CONDITIONS,
    DATASETS,
    KEY,
    LABELS,
    MOODS,
    PAIRS,
    STAGES,
    STATED_BATCHES,
    STATED_GAINS,
    STATED_ROWS,
    short,
)
from mer_repro.papers.gujar2026.verdicts import (
    gain,
    latency,
    mood_f1,
    own_mood,
    shares_log_loss,
    verdicts,
)
from mer_repro.results import Results, Score, holm, stated
from mer_repro.tables import Column, Runs, Table, Text, grid
from mer_repro.verdicts import levelled_off

SCORES = (
    Column("accuracy, %", "accuracy", "%1"),
    Column("macro precision, %", "macro_precision", "%1~"),
    Column("macro recall, %", "macro_recall", "%1~"),
    Column("macro F1, %", "macro_f1", "%1"),
    Column(
        "log loss", lambda runs: (None if runs.values("variant")[0] in study.NAIVE else runs.score("log_loss"), ".2~")
    ),
    Column("runs", lambda runs: Text.join([Runs(runs.ids)])),
)


#: Data sets in whose tables the paper's accuracies on DEAM stand beside ours.
BESIDE_PAPER = (*BIMODAL, "panda_4qaed")


def ladder(results: Results, dataset: str) -> Table:
    """All variants of a data set with their scores; beside the paper's rows its accuracy on DEAM."""

    def paper(variant: str):
        row = STATED_ROWS.get(variant) if dataset in BESIDE_PAPER else None
        return (stated(KEY, f"t2.{row}.accuracy"), "%1") if row else None

    labels = {name: LABELS[name] for name in study.VARIANTS[dataset] if name in LABELS and name not in study.READINGS}
    of = results.where(stop=None, dataset=dataset, target="")
    return grid(of, labels, SCORES, f"{DATASETS[dataset]} (real)", stated=paper if dataset in BESIDE_PAPER else None)


def deam_table(results: Results) -> Table:
    """DEAM's quadrants from audio, songs held out, with the static table's columns put right and as published."""
    right, raw = (results.where(dataset="deam", target=target) for target in ("corrected", "as_published"))
    rows = []
    for variant in study.VARIANTS["deam"]:
        if variant in LABELS and len(runs := right.where(variant=variant)):
            paper = (stated(KEY, "t2.audio.accuracy"), "%1") if variant == "audio_only" else None
            row: dict[str, Any] = {"model": LABELS[variant], "paper, accuracy, %": paper}
            row |= {column.heading: column.cell(runs) for column in SCORES[:4]}
            row["accuracy as published, %"] = (raw.where(variant=variant).score("accuracy"), "%1")
            rows.append(row | {"runs": Runs(runs.ids)})
    return Table(rows, f"{DATASETS['deam']} (real), columns put right; last, columns as published")


def own_mood_table(results: Results) -> Table:
    """What a rule without audio scores on DEAM's frames: the mood of most of the song's other frames."""
    rows = []
    for frames in (2, 5, 10, 0):
        cells = {
            side: results.where(variant="own_mood", protocol=side, frames=frames) for side in study.FRAME_PROTOCOLS
        }
        if all(map(len, cells.values())):
            rows.append({"frames per song": str(frames or "all")})
            for side, says in zip(study.FRAME_PROTOCOLS, ("songs held out", "frames split at random"), strict=True):
                rows[-1] |= {f"accuracy, {says}, %": (cells[side].score("accuracy"), "%1")}
            rows[-1] |= {"paper, attention, %": (stated(KEY, "t2.ours.accuracy"), "%1")}
    return Table(rows, "DEAM's frames (real), cut at 0: the mood of most of a song's training frames, without audio")


def _difference(score: Score | None) -> dict[str, Any]:
    return {
        "accuracy, points": (score, "+%1"),
        "p, corrected": (Score(score.p) if score else None, ".3"),
        "detectable, points": (Score(score.detectable) if score else None, "%1"),
    }


def pairs_table(results: Results, dataset: str) -> Table:
    """Who beats whom, by how many points, on the same test songs; the paper's gains beside it."""
    found = holm({pair: gain(results, dataset, *pair) for pair in PAIRS})
    rows = []
    for (better, worse), score in found.items():
        row = STATED_GAINS.get(worse) if better == "attention" else None
        rows.append({"first minus second": f"{short(better)} – {short(worse)}"})
        for name, says in (("deam", "DEAM"), ("msd", "MSD")):
            rows[-1][f"paper, {says}, points"] = (stated(KEY, f"{row}.{name}_accuracy"), "+%1") if row else None
        rows[-1] |= _difference(score) | {
            "macro F1, points": (gain(results, dataset, better, worse, "macro_f1"), "+%1"),
            "by loss: accuracy, points": (gain(results, dataset, better, worse, stop="loss"), "+%1"),
        }
    return Table(rows, f"{DATASETS[dataset]} (real), same songs")


def finetuning_table(results: Results) -> Table:
    """What training the sentence encoder along changes on tags, on the same songs."""
    pairs = (("text_finetuned", "text_only"), ("text_finetuned_slowly", "text_only"), study.FINETUNED)
    found = holm({pair: gain(results, "deezer_mood+tcc_ceds", *pair) for pair in pairs})
    rows = [
        {"first minus second": f"{short(of)} – {short(against)}"}
        | _difference(score)
        | {"macro F1, points": (gain(results, "deezer_mood+tcc_ceds", of, against, "macro_f1"), "+%1")}
        for (of, against), score in found.items()
        if score
    ]
    return Table(rows, "The text network on tags (real): its encoder trained along or frozen, same songs")


def stops_table(results: Results) -> Table:
    """The paper's rows and concatenation under both stopping rules; log loss shows overconfidence."""
    rules = {None: "by F1", "loss": "by loss"}
    scores = (("accuracy, %", "accuracy", "%1"), ("macro F1, %", "macro_f1", "%1~"), ("log loss", "log_loss", ".2~"))
    rows = []
    for dataset, name in BIMODAL.items():
        for variant in study.REPEATED:
            cells = {stop: results.where(dataset=dataset, target="", variant=variant, stop=stop) for stop in rules}
            if all(map(len, cells.values())):
                row: dict[str, Any] = {"data": name, "network": short(variant)}
                for says, metric, style in scores:
                    row |= {f"{says}, {rules[stop]}": (runs.score(metric), style) for stop, runs in cells.items()}
                rows.append(row)
    return Table(
        rows,
        "The same networks with early stopping on validation macro F1 and on validation loss (real), two"
        " initialisations each",
    )


def _against_first(results: Results, dataset: str, first: str, others: Iterable[str]) -> list[dict[str, Any]]:
    """A row per reading: accuracy, macro F1, and how it differs from the first on the same folds."""
    of = results.where(stop=None, dataset=dataset, target="")
    names = [name for name in (first, *others) if len(of.where(variant=name))]
    found = holm({name: gain(results, dataset, name, first) for name in names[1:]})
    rows = []
    for name in names:
        runs = of.where(variant=name)
        row = {
            "reading": name,
            "accuracy, %": (runs.score("accuracy"), "%1"),
            "macro F1, %": (runs.score("macro_f1"), "%1~"),
        }
        rows.append(row | ({} if name == first else _difference(found.get(name))))
    return rows


#: What is exchanged across songs at test time.
STRANGE = {"text": "lyrics", "audio": "audio"}


def readings(results: Results) -> Table:
    """What each reading of the paper's fusion changes against the first one, on the same folds."""
    rows = _against_first(results, "tcc_ceds", "attention", study.READINGS)
    for row in rows:
        runs = results.where(stop=None, dataset="tcc_ceds", variant=row["reading"])
        first = row["reading"] == "attention"
        row["reading"] = "768 = attended 512 and projected 256: attention fusion" if first else LABELS[row["reading"]]
        row["weight of the audio"] = (runs.metric("audio_weight"), ".2")
        row["songs that need audio more, %"] = (runs.metric("audio_needed"), "%1")
        for kind, says in STRANGE.items():
            row[f"accuracy, {says} permuted, %"] = (runs.metric(f"accuracy_strange_{kind}"), "%1")
    return Table(rows, "tcc_ceds (real)")


def crnn_readings(results: Results) -> Table:
    """What each reading of the recurrent network changes on Emotify against the first one, on the same folds."""
    others = [variant for variant in study.VARIANTS["emotify"] if variant.startswith("crnn_")]
    rows = _against_first(results, "emotify", "audio_only", others)
    for row in rows:
        label = short(row["reading"]).removeprefix("audio only").removeprefix(", ")
        row["reading"] = label or "128 frames, bands averaged, GRU, norm before ReLU"
    return Table(rows, f"{DATASETS['emotify']} (real)")


def planted_table(results: Results) -> Table:
    """Accuracy on planted songs, a column per condition."""
    rows = []
    for variant in study.VARIANTS["planted"]:
        cells = {c: results.where(dataset="planted", target=c, variant=variant).score("accuracy") for c in CONDITIONS}
        if any(cells.values()):
            rows.append({"model": LABELS[variant]} | {c.replace("_", " "): (s, "%1") for c, s in cells.items()})
    return Table(rows, "Planted songs (generated), accuracy in %")


#: Fused networks whose planted answers are taken apart, and the four figures that do it.
TAKEN_APART = ("attention", "attention_alone", "attention_modality_dropout", "concatenation")
FOUND_BY = {
    "audio_weight": "weight of the audio",
    "attention_auc": "AUC of the weight",
    "audio_needed": "share that needs audio more",
    "exchange_auc": "AUC of the need",
}


def finding_table(results: Results) -> Table:
    """What the weight says, and what exchanging a modality says, of where the mood is in planted songs."""
    rows = []
    for condition, where in CONDITIONS.items():
        of = results.where(dataset="planted", target=condition)
        for variant in TAKEN_APART:
            if len(runs := of.where(variant=variant)):
                row: dict[str, Any] = {"the mood is": where, "network": short(variant)}
                row |= {says: (runs.metric(name), ".2") for name, says in FOUND_BY.items()}
                rows.append(row | {"runs": Runs(runs.ids)})
    return Table(rows, "Planted songs (generated), means over folds")


def supports_table(results: Results) -> Table:
    """What table 6's samples can have been, reading by reading."""
    run = next(iter(results.where(variant="supports")), None)
    if run is None:
        return Table([], "DEAM (real) against the supports of table 6")
    says = {
        "songs": "a song of DEAM, cut at 5",
        "songs_as_published": "the same, columns as published",
        "moments": "a frame of a DEAM song, cut at 0",
    }
    rows = [{"reading of a sample": "Table 6"} | {mood: stated(KEY, f"t6.{mood}.support") for mood in MOODS}]
    for name, reading in says.items():
        repeats = run.notes["stated"][2] / run.notes[name][2]
        row: dict[str, Any] = {"reading of a sample": reading} | dict(zip(MOODS, run.notes[name], strict=True))
        row["angry times needed"] = (Score(repeats, records=(run.id,), how="stated angry samples over these"), ".2")
        row["share in another mood, %"] = (results.where(variant="supports").metric(f"{name}_distance"), "%1")
        row["survives"] = "only if samples repeat songs" if repeats > 1 else "as a count; shares differ"
        rows.append(row)
    cuts = (f"{run.metrics[f'nearest_{axis}_cut']:.2f}" for axis in ("valence", "arousal"))
    row = {"reading of a sample": "a song, valence cut at {}, arousal at {} (the nearest of all cuts)".format(*cuts)}
    row["share in another mood, %"] = (results.where(variant="supports").metric("nearest_distance"), "%1")
    rows.append(row | {"survives": "only if samples repeat songs"})
    return Table(rows, "DEAM (real) against the supports of table 6")


def latency_table(results: Results) -> Table:
    """Table 4 beside ours: latency, its floor, throughput and memory per batch."""
    rows = []
    for batch, name in STATED_BATCHES.items():
        row: dict[str, Any] = {"batch": str(batch), "paper, ms": stated(KEY, f"t4.{name}.latency")}
        for stage, says in STAGES.items():
            row[f"{says}, ms"] = (latency(results, stage, "ms", batch), ",.0")
            row[f"{says}, floor, ms"] = (latency(results, stage, "floor_ms", batch), ",.0")
        row["paper, songs/s"] = stated(KEY, f"t4.{name}.throughput")
        row["with BERT, songs/s"] = (latency(results, "encoder", "songs_per_second", batch), ".1")
        row["paper, GB"] = stated(KEY, f"t4.{name}.memory")
        row["with BERT, GB"] = (latency(results, "encoder", "memory_gb", batch), ".2")
        row["the paper's songs/s with BERT need, TFLOP/s"] = (_operations(results, batch, name), ".1")
        rows.append(row)
    known = len(results.where(dataset=study.LATENCY_DATA))
    return Table(rows if known else [], "Table 4: the paper's unnamed GPU, and one core of this CPU")


def _operations(results: Results, batch: int, name: str) -> Score | None:
    """Operations per second, in 10¹², that the stated throughput takes with our network and BERT."""
    found = latency(results, "encoder", "gigaoperations", batch)
    rate = stated(KEY, f"t4.{name}.throughput").value / batch / 1e3
    return found and Score(found.value * rate, records=found.records, how="operations per song times stated songs/s")


# Figures -------------------------------------------------------------------------------------------------------------

RUNGS = (
    "majority", "audio_only", "text_only", "late_fusion", "concatenation", "attention", "logistic_tfidf",
    "boosting_descriptors", "boosting_both",
)  # fmt: skip


def ladder_figure(results: Results) -> plots.DescribedFigure:
    """One modality and both: the paper's four rows, and ours on two real data sets."""
    import matplotlib.pyplot as plt

    plots.use_style()
    figure, axes = plt.subplots(2, 1, figsize=(8, 6.6), sharex=True)
    told = []
    for axis, dataset in zip(axes, BIMODAL, strict=True):
        scores = {v: results.where(stop=None, dataset=dataset, target="", variant=v).score("accuracy") for v in RUNGS}
        for height, (variant, score) in enumerate(reversed(scores.items())):
            if score:
                axis.plot([100 * score.low, 100 * score.high], [height] * 2, color=plots.MEASURED, linewidth=2)
                axis.plot(100 * score.value, height, "o", color=plots.MEASURED, label="ours")
            if row := STATED_ROWS.get(variant):
                value = 100 * stated(KEY, f"t2.{row}.accuracy").value
                axis.plot(value, height, "D", color=plots.STATED, label="the paper, DEAM")
        axis.set_yticks(range(len(RUNGS)), [LABELS[variant] for variant in reversed(RUNGS)], fontsize=10)
        axis.set_title(f"{DATASETS[dataset]} (real)", fontsize=10)
        told.append(f"{dataset}: " + ", ".join(f"{LABELS[v]} {s:%1~} %" for v, s in scores.items() if s))
    axes[-1].set_xlabel("accuracy in % (95 % interval over artists and initialisations)")
    gains = {d: [gain(results, d, "attention", alone) for alone in ("audio_only", "text_only")] for d in BIMODAL}
    ahead = [DATASETS[d] for d, found in gains.items() if all(one and one.low > 0 for one in found)]
    handles = dict(zip(*reversed(axes[0].get_legend_handles_labels()), strict=True))
    figure.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=2, fontsize=10)
    return plots.described(
        figure,
        alt="Dot plot of accuracy for one modality and for both. " + "; ".join(told) + ". The paper's four values rise"
        " from audio to text to late fusion to attention.",
        title=f"Attention fusion is ahead of audio alone and of words alone on {' and '.join(ahead) or 'neither set'}",
        note="Networks with early stopping on validation F1. Above, a service computed the moods from the audio, which"
        " favours audio; below, few songs make wide intervals. The paper's data are not ours: compare the order, not"
        " the values.",
    )


def attention_figure(results: Results) -> plots.DescribedFigure:
    """Where the attention looks on planted songs, by which modality informs."""
    import matplotlib.pyplot as plt
    import numpy as np

    plots.use_style()
    figure, axes = plt.subplots(1, 3, figsize=(9, 3.6), sharey=True)
    told = []
    for axis, condition in zip(axes, ("one_sided", "marked", "misleading"), strict=True):
        for place, variant in enumerate(TAKEN_APART[:3]):
            runs = results.where(dataset="planted", target=condition, variant=variant)
            for shift, (name, colour) in enumerate((("audio", plots.MEASURED), ("text", plots.PALETTE[1]))):
                curves = [
                    run.curves[f"weight_{name}_informs"] for run in runs if f"weight_{name}_informs" in run.curves
                ]
                if not curves:
                    continue
                quantiles, x = np.mean(curves, axis=0), place + 0.3 * shift - 0.15
                axis.plot([x, x], quantiles[[0, 4]], color=colour, linewidth=1)
                axis.plot([x, x], quantiles[[1, 3]], color=colour, linewidth=5, solid_capstyle="butt")
                axis.plot(x, quantiles[2], "os"[shift], color=colour, markersize=9, label=f"the {name} informs")
                told.append(f"{condition}, {short(variant)}, the {name} informs: median {quantiles[2]:.2f}")
        axis.set_xticks(range(3), ["as\nstated", "vector\nalone", "modality\ndropout"], fontsize=10)
        axis.set(xlim=(-0.6, 2.6), ylim=(-0.02, 1.02), title=condition.replace("_", " "))
    axes[0].set_ylabel("weight of the audio")
    handles = dict(zip(*reversed(axes[1].get_legend_handles_labels()), strict=True))
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=2, fontsize=9)
    return plots.described(
        figure,
        alt=f"Weights of the audio in planted songs. {'; '.join(told) or 'not run'}.",
        title="Whether the weight shows which modality informs depends on what stands beside it",
        note="Generated test songs: median, middle half, and 5 to 95 %; means over folds.",
    )


def moods_table(results: Results) -> Table:
    """F1 of each mood for attention fusion, beside the paper's."""
    rows = [{"data": "DEAM, paper"} | {mood: (stated(KEY, f"sec73.f1_{mood}"), "%1") for mood in MOODS}]
    for dataset in BIMODAL:
        if scores := mood_f1(results, dataset):
            rows.append({"data": DATASETS[dataset]} | {mood: (scores[mood], "%1") for mood in MOODS})
    return Table(rows, "F1 of attention fusion per mood, in %")


# Prose and card ------------------------------------------------------------------------------------------------------


#: What attention fusion is held against on tcc_ceds: name of the difference, rival, measure.
OVER = (
    ("over_late", "late_fusion", "accuracy"),
    ("f1_over_late", "late_fusion", "macro_f1"),
)


def numbers(results: Results) -> dict[str, Any]:
    """The numbers that the chapter's prose quotes, by the name under which it glues them."""
    support, selected = stated(KEY, "t6.macro.support"), stated(KEY, "sec41.msd_selected")
    supports = results.where(variant="supports")
    quoted: dict[str, Any] = {
        "stated_ours": (stated(KEY, "t2.ours.accuracy"), "%1"),
        **{f"stated_over_{rival}": (stated(KEY, f"{row}.deam_accuracy"), "%1") for rival, row in STATED_GAINS.items()},
        "stated_audio": (stated(KEY, "t2.audio.accuracy"), "%1"),
        "stated_support": support,
        "stated_songs": stated(KEY, "sec41.deam_excerpts"),
        "stated_angry": stated(KEY, "t6.angry.support"),
        "stated_selected": selected,
        "stated_epochs": stated(KEY, "sec63.epochs"),
        "msd_share": f"{100 * support.value / selected.value:.0f}",
        "fifth_total": f"{5 * support.value:,.0f}",
        "frames_distance": (supports.metric("moments_distance"), "%1"),
        "deam_angry": (supports.over(lambda run: run.notes["songs"][2], "angry songs, cut at 5"), ".0"),
        "own_mood_all": (own_mood(results, 0), "%1"),
        "own_mood_two": (own_mood(results, 2), "%1"),
        **{
            f"deam_{name}": (
                results.where(dataset="deam", target="corrected", variant=variant).score("accuracy"), "%1"
            )
            for name, variant in (("boosting", "boosting_descriptors"), ("network", "audio_only"))
        },
        "words_over_majority": (gain(results, "deezer_mood+musixmatch", "logistic_tfidf", "majority"), "+%1"),
        "bags_songs": _songs(results.where(dataset="deezer_mood+musixmatch", variant="majority")),
        "planted_folds": str(len(results.where(dataset="planted", target="marked", variant="attention"))),
        "patience": _setting(results, "tcc_ceds", "patience"),
        "small_patience": _setting(results, "deezer_mood+tcc_ceds", "patience"),
        "crnn_epochs": _setting(results, "emotify", "epochs"),
        "emotify_folds": str(len(results.where(dataset="emotify", variant="audio_only"))),
        "heard_epochs": _setting(results, "panda_4qaed", "epochs"),
        "heard_patience": _setting(results, "panda_4qaed", "patience"),
        "level_stated": _level(results, None),
        "level_by_loss": _level(results, "loss"),
        "shares_log_loss": (shares_log_loss(results, "tcc_ceds"), ".2"),
        "text_log_loss": (_text_only(results).score("log_loss"), ".2~"),
        "loss_stopped_log_loss": (_text_only(results, "loss").score("log_loss"), ".2~"),
        "logistic_log_loss": (results.where(dataset="tcc_ceds", variant="logistic_tfidf").score("log_loss"), ".2~"),
    }  # fmt: skip
    for dataset, name in (("tcc_ceds", "tcc"), ("deezer_mood+tcc_ceds", "tags")):
        of = results.where(stop=None, dataset=dataset, target="")
        for variant in ("majority", "logistic_tfidf", "audio_only", "text_only", "attention"):
            quoted[f"{name}_{variant}"] = (of.where(variant=variant).score("accuracy"), "%1~")
        quoted[f"{name}_songs"] = _songs(of.where(variant="majority"))
    quoted["tcc_late_fusion"] = (
        results.where(stop=None, dataset="tcc_ceds", variant="late_fusion").score("accuracy"),
        "%1~",
    )
    quoted["tcc_text_only_by_loss"] = (_text_only(results, "loss").score("accuracy"), "%1~")
    text = gain(results, "deezer_mood+tcc_ceds", "attention", "text_only", "macro_f1", "loss")
    quoted["tags_f1_over_text_by_loss"] = (text, "+%1")
    quoted["contradictions"] = str(sum(result.verdict == "inconsistent" for result in audit.run(KEY)))
    for stop, ending in ((None, ""), ("loss", "_by_loss")):
        for name, rival, metric in OVER:
            quoted[f"tcc_{name}{ending}"] = (gain(results, "tcc_ceds", "attention", rival, metric, stop), "+%1")
    for variant in ("audio_only", "boosting_descriptors", "svm_features", "frozen_audio"):
        heard = results.where(dataset="panda_4qaed", variant=variant)
        quoted[f"heard_{variant}"] = (heard.score("accuracy"), "%1" if variant == "audio_only" else "%1~")
    official = results.where(dataset=study.OFFICIAL_SET)
    for variant in ("audio_only", "frozen_audio"):
        quoted[f"official_{variant}"] = (official.where(variant=variant).score("accuracy"), "%1~")
    once = official.where(variant="majority")
    quoted["official_train"] = (once.over(lambda run: run.counts["n_train"], "songs"), ".0")
    quoted["official_test"] = _songs(once)
    quoted["official_inits"] = str(len(official.where(variant="audio_only")))
    quoted["finetuned_epochs"] = _setting(results, "deezer_mood+tcc_ceds", "epochs", "text_finetuned")
    quoted["finetuned_tokens"] = str(TOKENS_TRAINED)
    for variant in study.FINETUNED:
        quoted[f"{variant}_adds"] = (gain(results, "deezer_mood+tcc_ceds", variant, "text_only"), "+%1")
    quoted["heard_songs"] = _songs(results.where(dataset="panda_4qaed", variant="majority"))
    return quoted


def _text_only(results: Results, stop: str | None = None) -> Results:
    return results.where(dataset="tcc_ceds", variant="text_only", stop=stop)


def _level(results: Results, stop: str | None) -> Text | str:
    """How many trainings of the repeated networks had converged, of how many."""
    networks = tuple(name for name in study.REPEATED if name != "late_fusion")  # which trains nothing of its own
    runs = results.where(stop=stop, dataset=tuple(BIMODAL), target="", variant=networks)
    if not len(runs):
        return "–"
    level = tuple(run.id for run in runs if levelled_off(run))
    return Text.of("{level} of {all}", level=Runs(level), all=Runs(runs.ids))


def _songs(runs: Results):
    """How many songs the folds of one variant test in all."""
    count = sum(run.counts["n_test"] for run in runs)
    return (Score(count, records=runs.ids, how="test songs of all folds"), ",.0") if count else "–"


def _setting(results: Results, dataset: str, name: str, variant: str = "audio_only") -> str:
    """How networks were trained on a data set, from a record; a dash where there is none."""
    run = next(iter(results.where(stop=None, dataset=dataset, variant=variant)), None)
    return str(run.parameters["training"][name]) if run else "–"


def card(results: Results) -> Table:
    """The head of the chapter."""
    theirs = Text.of(
        "{ours:%1} % against {audio:%1} % from audio (DEAM)",
        ours=stated(KEY, "t2.ours.accuracy"), audio=stated(KEY, "t2.audio.accuracy"),
    )  # fmt: skip
    cells = {
        f"{name}_{variant}": results.where(stop=None, dataset=dataset, target="", variant=variant).score("accuracy")
        for dataset, name in BIMODAL.items()
        for variant in ("attention", "audio_only")
    }
    ours = Text.of(
        "{tags_attention:%1~} % against {tags_audio_only:%1~} % on tags; {tcc_ceds_attention:%1~} % against"
        " {tcc_ceds_audio_only:%1~} % on tcc_ceds (does not count: labels computed from audio)",
        **cells,
    )
    note = (
        "A MiniLM stands for the BERT, frozen in all fused networks, and descriptors for spectrograms where lyrics are"
        " available: the network as proposed was not trained."
    )
    return report.card(results, verdicts(results), theirs, ours, note)


#: Statement -> why no run and no check of ours bears on it.
NOT_TESTED = {
    "s.generalises_more_steadily": "no measure of stability is given",
    "s.word2vec_domain": "the corpus is not named",
    "s.bert_fine_tuned": "a step; an encoder was trained along on tags, and nothing is claimed of it alone",
    "s.classes_balanced": "no measure of balance is given",
    "s.scalable": "nothing was timed on a GPU or on several machines",
    **dict.fromkeys(
        ("s.bilinear_compatibility", "s.skip_gram", "s.early_stopping", "s.russell_quadrants"),
        "a step that the rebuilt network follows; see the table of details",
    ),
    **dict.fromkeys(
        (
            "s.common_latent_space",
            "s.added_to_shared",
            "s.msd_below_deam",
            "s.same_lead_on_both",
            "s.largest_gain_over_audio",
            "s.happy_highest",
            "s.calm_highest",
            "s.class_sizes_ordered",
        ),
        "no run bears on it; the audit compares its numbers",
    ),
}


def untested_table(results: Results) -> Table:
    """The paper's statements that nothing here tests."""
    return report.untested_table(KEY, verdicts(results), NOT_TESTED)


#: Of the reproduction, for `summary`.
EASY = (
    "Networks, losses and stopping are described closely enough to be rebuilt, and simple rivals on public descriptors"
    " run in minutes."
)
HARD = (
    "DEAM has no lyrics, and where the paper's came from is not stated. Audio, words and listeners' moods of the same"
    " songs were at hand for few songs, and descriptors had to stand for spectrograms where words are used."
)


def summary(results: Results) -> Table:
    """The chapter under the headings of the reproducibility challenge."""
    return report.summary(results, verdicts(results), EASY, HARD)
