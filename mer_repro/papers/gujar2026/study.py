"""gujar2026's experiments: do words beat sound, does fusion beat both, does attention beat concatenation?

Data sets: `examples`. Simple rivals: `simple.SIMPLE`. Networks: `networks.SINGLE`, `networks.FUSED`, and

``late_fusion``  the mean of the probabilities of audio_only and text_only (section 7.1)
``paired``       differences of two variants' accuracy on the same test songs, resampling artists
``best``         planted songs only: who knows how they were made
``supports``     DEAM only: what table 6's supports can have been counted on (`supports`)

and the measured table 4 (`latency`), whose protocol is the batch size and whose variant is the stage.

Splits hold whole artists out; where a song's artist is not known, the song.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from mer_repro.records import Outcome, Run
from mer_repro.training import TrainingConfig

if TYPE_CHECKING:
    import numpy as np

KEY = "gujar2026"
Kind = Literal["real", "twin"]
Dataset = Literal["tcc_ceds", "deezer_mood+tcc_ceds", "deezer_mood", "deam", "emotify", "planted"]
Stage = Literal["network", "encoder", "files"]
N_MOODS = 4
PROTOCOL = "artist_grouped"
LATENCY_DATA = "emotify+tcc_ceds"

NAIVE = ("majority", "stratified_random")
FOUR_ROWS = ("audio_only", "text_only", "late_fusion", "attention")
READINGS = (
    "attention_scores_concatenated",
    "attention_input_audio",
    "attention_input_sum",
    "attention_input_wide",
    "attention_consistency",
)
#: What is run on each data set, in the order of tables. Readings of the paper are compared on tcc_ceds.
VARIANTS: dict[str, tuple[str, ...]] = {
    "tcc_ceds": (
        *NAIVE, "logistic_tfidf", "boosting_descriptors", "boosting_both", *FOUR_ROWS, "concatenation",
        "attention_modality_dropout", "attention_shuffled_text", *READINGS, "paired",
    ),
    "deezer_mood+tcc_ceds": (
        *NAIVE, "logistic_tfidf", "boosting_descriptors", "boosting_both", *FOUR_ROWS, "concatenation", "paired",
    ),
    "deezer_mood": (*NAIVE, "logistic_tfidf"),
    "deam": (*NAIVE, "boosting_descriptors", "audio_only", "supports"),
    "emotify": (*NAIVE, "boosting_descriptors", "audio_only", "crnn_256", "crnn_lstm", "crnn_steps"),
    "planted": (*FOUR_ROWS, "concatenation", "attention_modality_dropout", "best"),
}  # fmt: skip
TARGETS: dict[str, tuple[str, ...]] = {
    "deam": ("corrected", "as_published"),
    "planted": ("redundant", "separable", "marked", "misleading"),
}
#: Pairs of variants whose difference is tested, (better?, worse?).
PAIRS = (
    ("text_only", "audio_only"),
    ("attention", "audio_only"),
    ("attention", "text_only"),
    ("attention", "late_fusion"),
    ("attention", "concatenation"),
    ("attention", "boosting_both"),
)
FRAMES = {"crnn_256": 256}
DEFAULT_FRAMES = 128


class Parameters(BaseModel):
    """What a profile may set. Unknown names are refused."""

    model_config = ConfigDict(extra="forbid")

    data: list[Kind] = ["real"]
    datasets: list[Dataset] = list(get_args(Dataset))
    seeds: dict[Dataset, Annotated[int, Field(ge=1, le=100)]] = {}
    reading_seeds: Annotated[int, Field(ge=0, le=100)] = 3
    crnn_reading_seeds: Annotated[int, Field(ge=0, le=100)] = 3
    resamples: Annotated[int, Field(ge=100, le=100_000)] = 2000
    training: TrainingConfig = TrainingConfig()
    crnn_training: TrainingConfig = TrainingConfig()
    small_training: TrainingConfig = TrainingConfig()
    batches: dict[Stage, list[Annotated[int, Field(ge=1, le=4096)]]] = {}
    repeats: Annotated[int, Field(ge=1, le=1000)] = 5


def plan(parameters: Parameters) -> list[Run]:
    """The grid of runs; those that share a split, and so trained networks, stand next to each other."""
    runs = []
    for data in parameters.data:
        for dataset in parameters.datasets:
            kind = "twin" if dataset == "planted" else data
            if dataset == "planted" and data != parameters.data[0]:
                continue
            for target in TARGETS.get(dataset, ("",)):
                for seed in range(parameters.seeds.get(dataset, 1)):
                    runs += [
                        Run(KEY, dataset, kind, PROTOCOL, variant, target, seed, _chosen(parameters, dataset, variant))
                        for variant in VARIANTS[dataset]
                        if _is_planned(parameters, variant, target, seed)
                    ]
        runs += [
            Run(KEY, LATENCY_DATA, data, f"batch_{batch}", stage, "", 0, {"repeats": parameters.repeats})
            for stage, batches in parameters.batches.items()
            for batch in batches
        ]
    return runs


def _is_planned(parameters: Parameters, variant: str, target: str, seed: int) -> bool:
    if variant in READINGS:
        return seed < parameters.reading_seeds
    if variant.startswith("crnn_"):
        return seed < parameters.crnn_reading_seeds
    if variant in ("best", "supports"):
        return seed == 0 and target != "as_published"
    return True


def _chosen(parameters: Parameters, dataset: str, variant: str) -> dict[str, Any]:
    if variant == "supports":
        return {"stated": stated_supports()}
    own = {"emotify": parameters.crnn_training, "deezer_mood+tcc_ceds": parameters.small_training}
    training = own.get(dataset, parameters.training)
    return {"resamples": parameters.resamples, "training": training.model_dump()}


def stated_supports() -> list[int]:
    """Test samples of each mood in the paper's table 6."""
    from mer_repro.audit import ledger

    printed = {claim.id: claim.value for claim in ledger.load(KEY).claims}
    return [int(printed[f"t6.{mood}.support"]) for mood in ("happy", "sad", "angry", "calm")]


def batch_key(run: Run) -> tuple[str, ...]:
    """Runs on one split share its trained networks, late fusion and the paired tests above all."""
    return run.dataset, run.data, run.target, str(run.seed)


@dataclass(frozen=True)
class Generated:
    """Stands for a data set that is made in memory: the source alone decides what it holds."""

    fingerprint: str


def locate(name: str, source: str):
    """As the registry's, and the planted songs."""
    from mer_repro.data import registry

    return Generated("planted") if name == "planted" else registry.locate(name, source=source)


def sources(run: Run) -> tuple[str, ...]:
    """What a run's result depends on: this module, what it looks up by a computed name, and the loaders."""
    loaders = tuple(f"mer_repro.data.{name}:load" for name in run.datasets if name != "planted")
    return (__name__, *loaders)


def execute(run: Run, *, device: str) -> Outcome:
    """Fit one variant on the training songs and score the test songs; or time a stage, count supports, test pairs.

    Raises
    ------
    DataError
        If a data file is not what its documentation promises.
    """
    if run.dataset == LATENCY_DATA:
        return _latency(run, device)
    if run.variant == "supports":
        return _supports(run)
    where = _Where(run.dataset, run.data, run.target, run.seed, json.dumps(run.parameters["training"]), device)
    if run.variant == "best":
        return Outcome({"accuracy": songs_of(where, DEFAULT_FRAMES).notes["best_accuracy"]})
    if run.variant == "paired":
        return _paired(run, where)
    return _scored(run, where)


@dataclass(frozen=True)
class _Where:
    """What a trained network depends on besides its variant; hashable, so that trained networks are remembered."""

    dataset: str
    data: str
    target: str
    seed: int
    training: str
    device: str


@lru_cache(maxsize=4)
def _load(dataset: str, data: str, target: str, frames: int):
    from mer_repro.papers.gujar2026 import examples

    return examples.load_songs(dataset, data, target, frames)


def songs_of(where: _Where, frames: int):
    """The songs of a data set, loaded once."""
    return _load(where.dataset, where.data, where.target, frames)


@lru_cache(maxsize=2)
def _prepared(where: _Where, frames: int):
    from mer_repro import splits
    from mer_repro.papers.gujar2026 import inputs

    songs = songs_of(where, frames)
    split = splits.song_grouped(songs.artist, where.seed)
    return split, inputs.prepare(songs, split, where.seed)


@lru_cache(maxsize=32)
def answer(where: _Where, variant: str):
    """What a variant says of the test songs; trained or fitted once a split."""
    from mer_repro.papers.gujar2026 import networks, simple

    frames = FRAMES.get(variant, DEFAULT_FRAMES)
    if variant == "late_fusion":
        parts = [answer(where, name).probabilities for name in ("audio_only", "text_only")]
        return networks.Answer(sum(parts) / len(parts))
    if variant in simple.SIMPLE:
        from mer_repro import splits

        songs = songs_of(where, frames)
        split = splits.song_grouped(songs.artist, where.seed)
        return networks.Answer(simple.SIMPLE[variant](songs, split, where.seed))
    split, prepared = _prepared(where, frames)
    config = TrainingConfig(**json.loads(where.training))
    return networks.train(variant, prepared, split, config, where.seed, where.device)


def _scored(run: Run, where: _Where) -> Outcome:
    from mer_repro import metrics, splits

    songs = songs_of(where, FRAMES.get(run.variant, DEFAULT_FRAMES))
    split = splits.song_grouped(songs.artist, run.seed)
    said = answer(where, run.variant)
    observed, predicted, artists = songs.mood[split.test], said.probabilities.argmax(axis=1), songs.artist[split.test]
    scores = metrics.classification(observed, predicted, N_MOODS)
    predictions = dict(item=split.test, group=artists, y_true=observed, y_pred=predicted)
    for name in ("text", "audio"):
        strange = getattr(said, f"with_strange_{name}")
        if strange is not None:
            scores[f"accuracy_strange_{name}"] = metrics.accuracy(observed, strange.argmax(axis=1))
    curves = dict(said.curves)
    if said.audio_weight is not None:
        predictions["audio_weight"] = said.audio_weight
        more, told = _attention(said.audio_weight, songs.audio_informs, split.test)
        scores |= more
        curves |= told
    return Outcome(
        metrics=scores,
        intervals=metrics.classification_intervals(
            observed, predicted, artists, N_MOODS, resamples=run.parameters["resamples"], seed=run.seed
        ),
        counts=_counts(songs, split),
        predictions=predictions,
        curves=curves,
        notes=songs.notes | said.notes | {"confusion": metrics.confusion(observed, predicted, N_MOODS).tolist()},
    )


def _counts(songs, split) -> dict[str, int]:
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    counts = {f"n_{name}": len(rows) for name, rows in parts.items()}
    return counts | {f"n_{name}_artists": len(set(songs.artist[rows])) for name, rows in parts.items()}


#: Which quantiles of the attention a record keeps.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def _attention(weight: np.ndarray, audio_informs: np.ndarray | None, test: np.ndarray) -> tuple[dict, dict]:
    """Mean weight of the audio and its quantiles; for planted songs also how well it finds the informative modality.

    ``attention_auc`` is the probability that a song whose audio informs has the higher weight of two songs, one of
    each kind: 0.5 is chance.
    """
    import numpy as np

    def quantiles(values: np.ndarray) -> list[float]:
        return np.quantile(values, QUANTILES).tolist()

    scores, curves = {"audio_weight": float(weight.mean())}, {"audio_weight": quantiles(weight)}
    if audio_informs is not None:
        from sklearn.metrics import roc_auc_score

        informs = audio_informs[test]
        scores["attention_auc"] = float(roc_auc_score(informs, weight))
        curves |= {
            "weight_audio_informs": quantiles(weight[informs]),
            "weight_text_informs": quantiles(weight[~informs]),
        }
    return scores, curves


def _paired(run: Run, where: _Where) -> Outcome:
    from mer_repro import metrics, splits, statistics

    songs = songs_of(where, DEFAULT_FRAMES)
    split = splits.song_grouped(songs.artist, run.seed)
    observed, artists = songs.mood[split.test], songs.artist[split.test]
    differences, intervals, notes = {}, {}, {}
    for better, worse in PAIRS:
        one, other = (answer(where, name).probabilities.argmax(axis=1) for name in (worse, better))
        found = statistics.paired_bootstrap(
            metrics.accuracy, observed, one, other, artists, resamples=run.parameters["resamples"], seed=run.seed
        )
        name = f"{better}-{worse}"
        differences[name], intervals[name] = found.difference, (found.low, found.high)
        exact = statistics.mcnemar_exact(one == observed, other == observed)
        notes[name] = {
            "p_value": found.p_value,
            "standard_error": found.standard_error,
            "only_better_right": exact.only_b,
            "only_worse_right": exact.only_a,
            "mcnemar_p": exact.p_value,
        }
    return Outcome(differences, intervals, _counts(songs, split), notes=notes)


def _supports(run: Run) -> Outcome:
    import numpy as np

    from mer_repro.data import registry
    from mer_repro.papers.gujar2026 import supports

    stated = np.array(run.parameters["stated"])
    loaded = registry.load("deam", source=run.data)
    published = registry.load("deam", source=run.data, as_published=True).static
    rows = {
        "songs": supports.counts(loaded.static.valence, loaded.static.arousal, 5.0),
        "songs_as_published": supports.counts(published.valence, published.arousal, 5.0),
        "moments": supports.counts(loaded.dynamic.valence, loaded.dynamic.arousal, 0.0),
    }
    scores, notes = {}, {"stated": stated.tolist()}
    for name, available in rows.items():
        notes[name] = available.tolist()
        scores[f"{name}_distance"] = supports.distance(available, stated)
        scores[f"{name}_repeats"] = supports.least_repeats(available, stated)
    nearest = supports.nearest_cut(loaded.static.valence.to_numpy(), loaded.static.arousal.to_numpy(), stated)
    scores |= dict(zip(("nearest_distance", "nearest_valence_cut", "nearest_arousal_cut"), nearest, strict=True))
    return Outcome(scores, notes=notes)


def _latency(run: Run, device: str) -> Outcome:
    from mer_repro.data import registry
    from mer_repro.papers.gujar2026 import latency

    batch = int(run.protocol.removeprefix("batch_"))
    clips = registry.load("emotify", source=run.data)
    lyrics = registry.load("tcc_ceds", source=run.data).songs.lyrics.iloc[0]
    clip = clips.audio_path(int(clips.labels.song_id.iloc[0]))
    timing = latency.measure(run.variant, batch, run.parameters["repeats"], device, clip, lyrics)
    return Outcome(
        {
            "latency_ms": 1e3 * timing.median,
            "least_latency_ms": 1e3 * timing.least,
            "floor_ms": 1e3 * timing.floor,
            "throughput": batch / timing.median,
            "memory_gb": timing.memory / 1e9,
            "gigaoperations": timing.operations / 1e9,
            "weights_mb": timing.weight_bytes / 1e6,
        },
        counts={"batch": batch},
    )
