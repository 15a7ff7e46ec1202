"""The rules by which gujar2026's claims are judged, and their verdicts."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from mer_repro import verdicts as policy
from mer_repro.papers.gujar2026.names import BIMODAL, KEY, MOODS, STATED_BATCHES, STATED_GAINS, short
from mer_repro.papers.gujar2026.study import LATENCY_DATA
from mer_repro.results import DASH, Results, Score, stated
from mer_repro.tables import Text
from mer_repro.verdicts import Criterion, Fixed, Leaning, Rule, Verdict, above


def gain(
    results: Results, dataset: str, of: str, against: str, metric: str = "accuracy", stop: str | None = None
) -> Score | None:
    """What one variant scores above another on the same songs of a data set.

    Parameters
    ----------
    stop : "loss" for early stopping on validation loss; None for the paper's rule as we read it, the best macro F1.
    """
    cells = results.where(stop=stop, dataset=dataset, target="")
    return cells.contrast(metric, {"variant": of}, {"variant": against})


def _piece(name: str, of: str, against: str, metric: str, stop: str | None) -> str:
    """The name of one piece of evidence."""
    parts = (name, of, "minus", against, *([metric] if metric != "accuracy" else ()), *([f"by_{stop}"] if stop else ()))
    return "_".join(parts)


#: Variants that read one modality. Where a service computed the label from the audio, it decides whether a model reads
#: audio, which no listener said: there a difference from one of these is shown and is no evidence.
ONE_MODALITY = ("audio_only", "text_only", "boosting_descriptors", "attention_shuffled_text")


def _counts(dataset: str, *compared: str) -> bool:
    """Whether a difference is evidence: not if labels computed from audio would decide between audio and words."""
    return dataset != "tcc_ceds" or not set(ONE_MODALITY).intersection(compared)


def _pieces(
    pairs: Iterable[tuple[str, str]], metrics: Iterable[str] = ("accuracy",), stops: Iterable[str | None] = (None,)
) -> tuple[dict, dict]:
    """Differences of pairs of variants on both data sets that have words and audio, by name: what counts as evidence,
    and what is only shown."""
    counting: dict = {}
    shown: dict = {}
    for (of, against), metric, stop, (dataset, name) in itertools.product(pairs, metrics, stops, BIMODAL.items()):
        find = partial(gain, dataset=dataset, of=of, against=against, metric=metric, stop=stop)
        (counting if _counts(dataset, of, against) else shown)[_piece(name, of, against, metric, stop)] = find
    return counting, shown


def _listed(
    pairs: Iterable[tuple[str, str]], metrics: Iterable[str] = ("accuracy",), stops: Iterable[str | None] = (None,)
) -> str:
    """The same pieces as sentences' template: ``Attention fusion minus audio only: tcc_ceds ..., by loss ...``."""

    def on(name: str, of: str, against: str, metric: str) -> str:
        shown = (f"{{{_piece(name, of, against, metric, stop)}:+%1}}" for stop in stops)
        return f"{name} " + ", by loss ".join(shown)

    return ". ".join(
        f"{_sentence(_named(of, against))}"
        + ("" if len(tuple(metrics)) == 1 else f", {metric.replace('_', ' ')}")
        + ": "
        + "; ".join(on(name, of, against, metric) for name in BIMODAL.values())
        for of, against in pairs
        for metric in metrics
    )


def _named(of: str, against: str) -> str:
    return f"{short(of)} minus {short(against)}".replace(": ", " on ")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _labels_note(pairs: Iterable[tuple[str, str]]) -> str:
    """What a reader must know of labels before differences on them are read; which of them do not count."""
    pairs = tuple(pairs)
    idle = [_named(*pair) for pair in pairs if not _counts("tcc_ceds", *pair)]
    note = "Tags: few songs, moods from listeners' tags."
    if not idle:
        return note
    what = "What tcc_ceds shows does" if len(idle) == len(pairs) else f"On tcc_ceds, {' and '.join(idle)} do"
    why = "a service computed its moods from the audio, which favours models that read audio"
    return f"{note} {what} not count: {why}."


#: What was changed of rules that compare variants.
SECOND_STOP = "The second stopping rule was added when results under the first were known, against the paper."
TAKEN_OUT = {
    "audio_only": "On tcc_ceds, differences from audio only were taken out when known, in the paper's favour.",
    "text_only": "On tcc_ceds, differences from text only were taken out when known, against the paper.",
}


def _revised(pairs: Iterable[tuple[str, str]]) -> str:
    """What was changed of a rule on some pairs when their results were known."""
    compared = {name for pair in pairs for name in pair}
    out = TAKEN_OUT["audio_only"] if {"audio_only", "text_only"} == compared else None
    return " ".join([SECOND_STOP, *([out] if out else [says for name, says in TAKEN_OUT.items() if name in compared])])


def _leanings(evidence: Mapping[str, Callable[[Results], Score | None]], criterion: Criterion, results: Results) -> str:
    """How many pieces of evidence speak for a claim, against it, or cannot tell, in a sentence."""
    leans = Counter(criterion.leans(score) for find in evidence.values() if (score := find(results)))
    return (
        f"For the claim: {leans['for']} of {leans.total()} differences that count; against it, with no room for the"
        f" stated lead: {leans['against']}; cannot tell: {leans['cannot tell']}."
    )


def _stated(claim: str) -> float:
    return stated(KEY, claim).value


#: The paper's stopping rule as we read it, the best macro F1, and the other one.
BOTH_STOPS = (None, "loss")
STOPPED = "early stopping on validation macro F1, our reading of the paper, then (by loss) on validation loss"


def _beats(
    claim: str, about: tuple[str, ...], pairs, excludes: float, metric: str = "accuracy", headline: bool = False
) -> Rule:
    """A claim that one variant beats others, on both data sets and under both stopping rules.

    Under the paper's rule a training ends when the rule ends it; those stopped on loss must have converged.
    """
    pairs = tuple(pairs)
    family = (pairs, (metric,), BOTH_STOPS)
    unit = metric.replace("_f1", " F1")
    counts, shown = _pieces(*family)
    criterion = above(0, excludes=excludes, unit=f" of {unit}")
    return Rule(
        claim, about, counts, criterion, "stand-in",
        f"{{leanings}} In points of {unit}, on the same songs; {STOPPED}. {_listed(*family)}. {_labels_note(pairs)}",
        shown | {"leanings": partial(_leanings, counts, criterion)},
        trained=lambda results: results.where(
            stop="loss", dataset=tuple(BIMODAL), variant=tuple({name for pair in pairs for name in pair})
        ),
        headline=headline,
        revised=_revised(pairs),
    )  # fmt: skip


def _reaches(limit: float) -> Criterion:
    def leans(score: Score) -> Leaning:
        return "for" if score.high >= limit else "cannot tell"

    return Criterion(
        f"for: the 95 % interval reaches the stated {100 * limit:.1f} %; below it: cannot tell, since the network on"
        " spectrograms may do better than what we ran",
        leans,
    )


def _deam(results: Results, variant: str) -> Score | None:
    return results.where(dataset="deam", target="corrected", variant=variant).score("accuracy")


def _words(results: Results, dataset: str, metric: str = "accuracy", variant: str = "logistic_tfidf") -> Score | None:
    return results.where(stop=None, dataset=dataset, target="", variant=variant).score(metric)


def own_mood(results: Results, frames: int, protocol: str = "frame_folds") -> Score | None:
    """Accuracy of the mood of most of a song's other frames, of so many frames per song (0: all)."""
    return results.where(dataset="deam", variant="own_mood", protocol=protocol, frames=frames).score("accuracy")


def mood_f1(results: Results, dataset: str, variant: str = "attention") -> dict[str, Score]:
    """F1 of each mood over the test songs of all folds together."""
    import numpy as np

    runs = results.where(stop=None, dataset=dataset, target="", variant=variant)
    if not len(runs):
        return {}
    counts = np.sum([run.notes["confusion"] for run in runs], axis=0)
    f1 = 2 * np.diag(counts) / np.maximum(1, counts.sum(axis=0) + counts.sum(axis=1))
    how = "F1 of one mood, all folds together"
    return {mood: Score(float(value), records=runs.ids, how=how) for mood, value in zip(MOODS, f1, strict=True)}


def _angry_below_others(results: Results, dataset: str) -> Score | None:
    """F1 of angry songs minus the least F1 of another mood."""
    scores = mood_f1(results, dataset)
    if not scores:
        return None
    least = min(score.value for mood, score in scores.items() if mood != "angry")
    return Score(scores["angry"].value - least, records=scores["angry"].records, how="F1 of angry minus the next least")


def _by_sign(score: Score) -> Leaning:
    return "for" if score.value < 0 else "against"


def _below_one(score: Score) -> Leaning:
    return "for" if score.value < 1 else "against"


def _attention_auc(results: Results, variant: str) -> Score | None:
    """The mean over folds. An interval of so few, of a share, would pass 1."""
    return results.where(dataset="planted", target="marked", variant=variant).metric("attention_auc")


def _auc_of_folds(results: Results, variant: str) -> Text | str:
    """The least and the greatest of the folds."""
    runs = results.where(dataset="planted", target="marked", variant=variant)
    found = [run.metrics["attention_auc"] for run in runs if "attention_auc" in run.metrics]
    if not found:
        return DASH
    ends = {name: Score(end(found), records=runs.ids, how=f"{name} of folds") for name, end in ENDS.items()}
    return Text.of("{least:.2} to {greatest:.2} in the folds", **ends)


ENDS = {"least": min, "greatest": max}


def _finds(score: Score) -> Leaning:
    return "for" if score.value > FINDS else "against" if score.value < MISSES else "cannot tell"


#: How well a weight must tell the informative modality to count as finding it; and below what it does not.
FINDS, MISSES = 0.9, 0.6


def latency(results: Results, stage: str, what: str, batch: int = 1) -> Score | None:
    """A measured figure of table 4 at one batch size, e.g. ``ms`` of the stage ``network``."""
    return results.where(dataset=LATENCY_DATA, protocol=f"batch_{batch}").metric(f"{stage}_{what}")


def _memory_times(results: Results) -> Score | None:
    """By what factor memory grows from the smallest to the largest batch."""
    found = _memory_growth(results)
    return found and Score(GREATEST_BATCH * found.value, records=found.records, how="memory of the last over the first")


def _memory_growth(results: Results) -> Score | None:
    """By what factor memory grows from the smallest to the largest batch, over the factor by which the batch does."""
    first, last = (latency(results, "encoder", "memory_gb", batch) for batch in (1, GREATEST_BATCH))
    if not first or not last:
        return None
    return Score(
        last.value / first.value / GREATEST_BATCH, records=first.records + last.records, how="growth over the batch's"
    )


def shares_log_loss(results: Results, dataset: str) -> Score | None:
    """Log loss of answering each fold's songs with the shares of moods among the songs of the other folds."""
    import numpy as np

    runs = results.where(stop=None, dataset=dataset, target="", variant="majority")
    if not len(runs):
        return None
    moods = np.array([np.sum(run.notes["confusion"], axis=1) for run in runs])  # (folds, moods)
    others = moods.sum(axis=0) - moods
    shares = others / np.maximum(1, others.sum(axis=1, keepdims=True))
    loss = -np.sum(moods * np.log(np.maximum(shares, np.finfo(float).tiny))) / moods.sum()
    return Score(float(loss), records=runs.ids, how="log loss of the class shares of the other folds' songs")


DEAM_MODELS = ("boosting_descriptors", "audio_only")
GREATEST_BATCH = max(STATED_BATCHES)
RIVALS = tuple(("attention", rival) for rival in STATED_GAINS)
_PRECISION = ((("attention", "late_fusion"),), ("macro_precision", "macro_recall"), BOTH_STOPS)
_PRECISE = above(0, excludes=_stated("t2.ours.precision") - _stated("t2.late.precision"), unit="")
_COMPLEMENT = (("boosting_both", "boosting_descriptors"), ("attention", "attention_shuffled_text"))

RULES: list[Rule | Fixed] = [
    _beats(
        "Attention over audio and lyrics is more accurate than audio alone, text alone and late fusion.",
        ("s.beats_all_accuracy", "s.best_on_deam", "s.best_on_msd", "t2.ours.accuracy", "t3.ours.accuracy"),
        RIVALS, excludes=_stated("t5.late.msd_accuracy"), headline=True,
    ),
    *(
        _beats(
            f"Attention fusion beats {short(rival)} (by {stated(KEY, f'{row}.deam_accuracy')} points on DEAM).",
            (f"{row}.deam_accuracy", f"{row}.msd_accuracy"), (("attention", rival),),
            excludes=_stated(f"{row}.deam_accuracy"),
        )
        for rival, row in STATED_GAINS.items()
    ),
    _beats(
        "Lyrics alone predict mood better than audio alone.",
        ("s.text_over_audio", "t2.text.accuracy", "t2.audio.accuracy"), (("text_only", "audio_only"),),
        excludes=_stated("t2.text.accuracy") - _stated("t2.audio.accuracy"),
    ),
    _beats(
        "Late fusion improves a little on text alone.",
        ("s.late_over_text", "t2.late.accuracy", "t2.text.accuracy"), (("late_fusion", "text_only"),),
        excludes=_stated("t2.late.accuracy") - _stated("t2.text.accuracy"),
    ),
    _beats(
        "Attention fusion has a better F1 than audio alone, text alone and late fusion.",
        ("s.better_f1", "t2.ours.f1", "t3.ours.f1"), RIVALS, excludes=_stated("t5.late.msd_f1"), metric="macro_f1",
    ),
    Rule(
        "Attention fusion leads in precision and recall, too; here against the paper's best baseline, late fusion.",
        ("s.best_on_every_metric", "t2.ours.precision", "t2.ours.recall"), _pieces(*_PRECISION)[0],
        _PRECISE, "stand-in",
        f"{{leanings}} In points, on the same songs; {STOPPED}. {_listed(*_PRECISION)}. {_labels_note(_PRECISION[0])}",
        {"leanings": partial(_leanings, _pieces(*_PRECISION)[0], _PRECISE)},
        revised=SECOND_STOP,
    ),
    Rule(
        f"Audio alone recognises the mood of {stated(KEY, 't2.audio.accuracy')} % of DEAM's test samples, if these are"
        " songs held out.",
        ("t2.audio.accuracy",), {name: partial(_deam, variant=name) for name in DEAM_MODELS},
        _reaches(_stated("t2.audio.accuracy")), "own",
        "On songs held out, in artist-disjoint folds, gradient boosting on DEAM's openSMILE descriptors recognises"
        " {boosting_descriptors:%1} % and the rebuilt classifier on them {audio_only:%1} %. The paper does not"
        " say that its test samples are songs held out. DEAM's audio is not available: the network on spectrograms was"
        " not trained on it and may do better than descriptors.",
        revised="A score below the stated one cannot tell; it spoke against the claim before. In the paper's favour.",
    ),
    Rule(
        "Lyrics of Million Song Dataset songs tell something of their moods (our wording of what text alone needs).",
        ("s.msd_lyrics", "t3.text.accuracy"),
        {"words": partial(gain, dataset="deezer_mood+musixmatch", of="logistic_tfidf", against="majority")},
        above(0, unit=" of accuracy"), "stand-in",
        "On songs with moods from listeners' tags and lyrics in the Million Song Dataset, logistic regression on words"
        " minus the majority class has {words:+%1} points ({score:%1} %), at a log loss of {loss:.2~} against"
        " {shares:.2} of the class shares. On tags, with lyrics from tcc_ceds, it has {tags:%1~} % against"
        " {tags_majority:%1~} %. The rule asks whether words tell anything, not whether they reach the {text:%1} % that"
        " the paper states for its own songs.",
        {
            "score": partial(_words, dataset="deezer_mood+musixmatch"),
            "loss": partial(_words, dataset="deezer_mood+musixmatch", metric="log_loss"),
            "shares": partial(shares_log_loss, dataset="deezer_mood+musixmatch"),
            "tags": partial(_words, dataset="deezer_mood+tcc_ceds"),
            "tags_majority": partial(_words, dataset="deezer_mood+tcc_ceds", variant="majority"),
            "text": lambda results: stated(KEY, "t3.text.accuracy"),
        },
    ),
    Rule(
        "The attention weights turn to the informative modality, song by song.",
        ("s.attention_per_song",),
        {name: partial(_attention_auc, variant=name) for name in ("attention", "attention_alone")},
        Criterion(f"for: AUC of the weight above {FINDS}; against: below {MISSES}", _finds), "synthetic",
        "The paper shows no weights. On generated songs one of whose modalities is empty, the weight in our reading of"
        " the network ranks songs by their informative modality with a mean AUC of {attention:.2} ({folds}; 1: finds"
        " it, 0.5: chance); with nothing beside the attended vector, {attention_alone:.2} ({folds_alone}). This tells"
        " what weights can find on such songs, not what the paper's weights found.",
        {
            "folds": partial(_auc_of_folds, variant="attention"),
            "folds_alone": partial(_auc_of_folds, variant="attention_alone"),
        },
    ),
    Rule(
        "Audio and lyrics complement each other strongly.",
        ("s.complementary",), _pieces(_COMPLEMENT)[0],
        above(0, excludes=_stated("t5.audio.deam_accuracy"), unit=" of accuracy"), "stand-in",
        f"What words add to audio, in points. {_listed(_COMPLEMENT)}. {_labels_note(_COMPLEMENT)}",
        _pieces(_COMPLEMENT)[1],
        revised="On tcc_ceds, differences were taken out when known, against the paper: words added a little.",
    ),
    Rule(
        "Angry songs are the hardest to recognise.",
        ("s.angry_hardest", "t6.angry.support"),
        {name: partial(_angry_below_others, dataset=dataset) for dataset, name in BIMODAL.items()},
        Criterion("for: F1 of angry songs is below that of every other mood; against: it is not", _by_sign), "stand-in",
        "F1 of attention fusion on angry songs minus the lowest F1 of another mood, in points and without intervals:"
        " tcc_ceds {tcc_ceds:+%1}, tags {tags:+%1}. Rare moods tend to be harder, angry samples are the paper's rarest,"
        " and shares differ by data set.",
    ),
    Rule(
        "Memory grows more slowly than the batch.",
        ("s.memory_sublinear", "t4.single.memory", "t4.enterprise.memory"), {"growth": _memory_growth},
        Criterion("for: memory grows by a smaller factor than the batch", _below_one),
        "own",
        f"From 1 to {GREATEST_BATCH} songs the memory of our network with BERT grows {{times:.1}}-fold and the batch"
        f" {GREATEST_BATCH}-fold, on a CPU. The paper's reason, that parameters are held once, holds for any network.",
        {"times": _memory_times},
    ),
    Fixed(
        "undecided",
        f"A song takes {stated(KEY, 't4.single.latency')} ms, so that recommendation in real time is possible.",
        ("t4.single.latency", "s.latency_below_threshold", "s.ready_for_use"),
        "The paper names neither its GPU nor what the time includes. On one core of our CPU the network alone takes"
        " {network:.0} ms, with a BERT of 12 layers {encoder:.0} ms, from audio file and lyrics {files:.0} ms. Moods of"
        " a catalogue can be computed in advance; the time per song then does not limit recommendation.",
        {stage: partial(latency, stage=stage, what="ms") for stage in ("network", "encoder", "files")},
    ),
    Fixed(
        "untestable",
        f"{stated(KEY, 't2.ours.accuracy')} % is reached on {stated(KEY, 't6.macro.support')} test samples of DEAM.",
        ("t6.macro.support", "t6.angry.support", "sec41.deam_excerpts", "t2.ours.accuracy", "s.deam_with_lyrics"),
        f"DEAM has {stated(KEY, 'sec41.deam_excerpts')} songs and no lyrics. What the samples are, and where their"
        " words come from, is not stated. Were they frames split at random, the mood of most of a song's other frames,"
        " without audio, would be right for {all:%1} % (all frames) or {two:%1} % (two per song). The paper does not"
        " say so: section 4.2 describes one crop per song, and {distance:%1} % of DEAM's frames would have to change"
        " their mood to match table 6.",
        {
            "all": partial(own_mood, frames=0),
            "two": partial(own_mood, frames=2),
            "distance": lambda results: results.where(variant="supports").metric("moments_distance"),
        },
    ),
    Fixed(
        "untestable", f"{stated(KEY, 't3.ours.accuracy')} % accuracy is reached on songs of the Million Song Dataset.",
        ("t3.ours.accuracy", "sec41.msd_selected", "s.msd_labels"),
        f"Which {stated(KEY, 'sec41.msd_selected')} songs, how tags became moods, how many songs were tested, and where"
        " lyrics as running text came from is not stated.",
    ),
    Fixed(
        "untestable", "The lead over every baseline is statistically significant on both data sets.",
        ("s.significant_on_deam", "s.significant_everywhere", "t2.late.accuracy"),
        "No test, no number of runs and no spread is stated. On as many independent samples as table 6 counts, the"
        " leads on DEAM would be beyond chance; whether the samples are independent, and how many songs of the Million"
        " Song Dataset were tested, is not stated.",
    ),
]  # fmt: skip


def verdicts(results: Results) -> list[Verdict]:
    """What the reruns say of the paper's claims."""
    return policy.judge(RULES, results)
