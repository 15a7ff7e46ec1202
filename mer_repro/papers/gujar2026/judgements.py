"""The verdicts on gujar2026; every number in their sentences comes from the ledger or the run records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mer_repro.papers.gujar2026 import study
from mer_repro.papers.gujar2026.cells import (
    BIMODAL,
    MOODS,
    PAIRS,
    STAGE_LABELS,
    STATED_BATCHES,
    STATED_GAINS,
    accuracy_points,
    difference,
    differences,
    folds_of,
    latencies,
    mean,
    p_value,
    percent,
    points,
    pooled_accuracy,
    printed,
    short_label,
    stated,
)
from mer_repro.runs.records import find
from mer_repro.verdicts import Verdict

if TYPE_CHECKING:
    from mer_repro.runs.records import Record

#: How well a weight must tell the informative modality to count as finding it; and below what it does not.
FINDS, MISSES = 0.9, 0.6


def verdicts(records: list[Record]) -> list[Verdict]:
    """What the reruns say of the paper's claims; every number in the sentences comes from the records."""
    return [
        _test_set(records),
        _msd_set(records),
        _first_beats(records, ("text_only", "audio_only"), "Lyrics alone predict mood better than audio alone",
                     ("s.text_over_audio", "t2.text.accuracy", "t2.audio.accuracy")),
        _first_beats(records, ("late_fusion", "text_only"), "Late fusion improves on text alone",
                     ("s.late_over_text", "t2.late.accuracy", "t2.text.accuracy")),
        beats(records, "audio_only", "Attention fusion beats audio alone"),
        beats(records, "text_only", "Attention fusion beats text alone"),
        beats(records, "late_fusion", "Attention fusion beats late fusion"),
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
    runs = find(records, variant="supports")
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
    runs = find(records, dataset="deezer_mood", variant="logistic_tfidf")
    if runs:
        accuracy, *_ = pooled_accuracy(runs)
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
        f" {accuracy_points(tags)} points; where a service computes them from the sound, {accuracy_points(service)},"
        " and such labels favour sound."
    )
    judgement = "supported" if tags.accuracy.low > 0 else "unsupported" if tags.accuracy.high < 0 else "undecided"
    return Verdict(says, about, judgement, because, tags.ids + service.ids)


def beats(records: list[Record], rival: str, says: str) -> Verdict:
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
        f"{dataset}: {accuracy_points(each)} points (p {p_value(each.p_holm)}, {100 * each.detectable:.1f} detectable)"
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
        f"{dataset}, {short_label(rival)}: {points(*each.macro_f1)}" for (dataset, rival), each in found.items()
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
    shown = "; ".join(f"{dataset}: {accuracy_points(each)} points" for dataset, each in found.items())
    because = f"The paper has no row for plain concatenation. Attention minus concatenation, same classifier: {shown}."
    if all(each.accuracy.low > 0 for each in found.values()):
        judgement = "supported"
    else:
        small = all(100 * each.accuracy.high < stated("t5.late.msd_accuracy") for each in found.values())
        judgement = "unsupported" if small else "undecided"
    return Verdict(says, about, judgement, because, tuple(i for each in found.values() for i in each.ids))


def _attention_finds(records: list[Record]) -> Verdict:
    """Judged where it is easiest, on songs one of whose modalities is empty and looks so; both readings must agree."""
    says = "The attention weights turn to the modality that carries the mood, song by song."
    about = ("s.attention_per_song",)
    runs = {variant: folds_of(records, "planted", variant, "marked") for variant in ("attention", "attention_alone")}
    misled = folds_of(records, "planted", "attention", "misleading")
    if not all(runs.values()) or not misled:
        return _undecided(says, about)
    stated_auc, alone_auc = (mean(r.metrics["attention_auc"] for r in chosen) for chosen in runs.values())
    need = mean(r.metrics["exchange_auc"] for r in runs["attention"])
    lost = mean(r.metrics["attention_auc"] for r in misled)
    because = (
        "The paper shows no weights. On generated songs one of whose modalities is empty, and looks so, the weight as"
        f" stated ranks songs by their informative modality with an AUC of {stated_auc:.2f} (1 finds it, 0.5 is chance,"
        f" 0 turns to the empty one); with nothing beside the attended vector, {alone_auc:.2f}; exchanging a modality"
        f" and watching the answer, {need:.2f}. Where the other modality misleads, the weight has {lost:.2f}, and"
        " nobody could do better."
    )
    one_sided = folds_of(records, "planted", "attention", "one_sided")
    if one_sided:
        weight, needed = (mean(r.metrics[name] for r in one_sided) for name in ("audio_weight", "audio_needed"))
        because += (
            f" Where only the sound informs, its mean weight is {weight:.2f}, while {percent(needed)} % of the songs"
            " need their sound more."
        )
    because += " Generated songs tell what the weights can find, not what they found in the paper's songs."
    readings = (stated_auc, alone_auc)
    judgement = "supported" if min(readings) > FINDS else "unsupported" if max(readings) < MISSES else "undecided"
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
        f" {accuracy_points(each)}"
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

    chosen = folds_of(records, dataset, variant)
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
    ids = tuple(r.id for dataset in BIMODAL for r in folds_of(records, dataset, "attention"))
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
