"""Records and ledger numbers as the chapter's tables, figures and verdicts ask for them, and the names readers see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mer_repro import report
from mer_repro.audit import ledger
from mer_repro.papers.gujar2026 import study
from mer_repro.runs.records import find

if TYPE_CHECKING:
    import pandas as pd

    from mer_repro.runs.records import Record
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
#: Rows of the paper's table 4 by batch size.
STATED_BATCHES = {1: "single", 16: "small", 64: "medium", 256: "large", 512: "enterprise"}
STAGE_LABELS = {
    "network": "network alone",
    "encoder": "with a BERT of 12 layers",
    "files": "from audio file and lyrics",
}
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


def points(value: float, low: float, high: float) -> str:
    """Shares as points: ``+1.8 [-0.3, +3.9]``."""
    return f"{100 * value:+.1f}" + ("" if low != low else f" [{100 * low:+.1f}, {100 * high:+.1f}]")


def p_value(value: float) -> str:
    """A p-value in two digits; what resampling cannot tell from zero as such; a dash where there is none."""
    return "–" if value != value else "< 0.01" if value < 0.01 else f"{value:.2f}"


def short_label(variant: str) -> str:
    """The label of a network where a table holds nothing else."""
    return LABELS[variant].removeprefix("network: ")


def mean(values: Iterable[float]) -> float:
    """The mean of at least one value."""
    values = list(values)
    return sum(values) / len(values)


def summary(records: list[Record], dataset: str, target: str = "") -> pd.DataFrame:
    """The variants of one data set, a row a variant in the order of the study's plan.

    ``accuracy`` is of all test songs of all folds together, each tested once, its interval resamples artists.
    ``macro_f1`` is the mean over folds, its interval that of repeated splits (`statistics.over_splits`); both intervals
    are nan where there is too little for one. Other metrics are means over folds; ``seeds`` counts the folds.
    """
    import pandas as pd

    names = [f"{metric}{end}" for metric in METRICS for end in ("", "_low", "_high")]
    frame = report.as_frame(r for r in find(records, dataset=dataset, target=target) if r.variant != "supports")
    if frame.empty:
        return pd.DataFrame(columns=["variant", "data", *names, "seeds"])
    frame = report.over_seeds(frame.reindex(columns=list(dict.fromkeys([*frame.columns, *names]))), METRICS)
    rows = frame.to_dict("records")
    pooled = [f"{metric}{end}" for metric in ("accuracy", "macro_f1") for end in ("", "_low", "_high")]
    for row in rows:
        chosen = folds_of(records, dataset, row["variant"], target)
        if "artist_songs" in chosen[0].notes:
            f1 = _over_folds(chosen, [r.metrics["macro_f1"] for r in chosen])
            row |= dict(zip(pooled, (*pooled_accuracy(chosen), *f1), strict=True))
    frame = pd.DataFrame(rows, columns=frame.columns)
    order = {variant: place for place, variant in enumerate(study.VARIANTS[dataset])}
    return frame.sort_values("variant", key=lambda column: column.map(order), ignore_index=True)


def by_variant(records: list[Record], dataset: str) -> pd.DataFrame:
    """`summary` with the variant as index."""
    found = summary(records, dataset)
    return found.set_index("variant") if len(found) else found


def folds_of(records: list[Record], dataset: str, variant: str, target: str = "") -> list[Record]:
    """The records of one variant in the order of its folds."""
    return sorted(find(records, dataset=dataset, variant=variant, target=target), key=lambda record: record.seed)


def ids_of(records: list[Record], dataset: str, variant: str, target: str = "") -> tuple[str, ...]:
    """The ids of the records of one variant in the order of its folds."""
    return tuple(record.id for record in folds_of(records, dataset, variant, target))


def pooled_accuracy(chosen: list[Record]) -> tuple[float, float, float]:
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


def _of_artists(chosen: list[Record], name: str) -> tuple[int, ...]:
    """ "artist_songs" or "artist_right" of all folds, one number an artist: no artist is in two folds' test songs."""
    return tuple(count for record in chosen for count in record.notes[name])


def _over_folds(chosen: list[Record], values: list[float]) -> tuple[float, float, float]:
    """Mean of one value a fold and its interval (Nadeau and Bengio); nan for the interval of a single fold."""
    from mer_repro import statistics

    if len(values) < 2:
        return values[0], float("nan"), float("nan")
    return statistics.over_splits(values, chosen[0].counts["n_test"] / chosen[0].counts["n_train"])


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

    runs = {name: {r.seed: r for r in folds_of(records, dataset, name, target)} for name in (better, worse)}
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


def accuracy_points(found: Difference) -> str:
    """A difference of accuracy with its interval, as `points`."""
    return points(found.accuracy.difference, found.accuracy.low, found.accuracy.high)


def latencies(records: list[Record]) -> pd.DataFrame:
    """The measured table 4 in long form: stage, batch, ms, floor_ms, songs_per_second, memory_gb, gigaoperations."""
    import pandas as pd

    columns = ["ms", "floor_ms", "songs_per_second", "memory_gb", "gigaoperations"]
    rows = [
        {"stage": stage, "batch": record.counts["batch"]} | {c: record.metrics[f"{stage}_{c}"] for c in columns}
        for record in find(records, dataset=study.LATENCY_DATA)
        for stage in STAGE_LABELS
    ]
    frame = pd.DataFrame(rows, columns=["stage", "batch", *columns])
    order = list(STAGE_LABELS)
    return frame.sort_values(["stage", "batch"], key=lambda c: c.map(order.index) if c.name == "stage" else c)
