"""gujar2026's experiments: do words beat sound, does fusion beat both, does attention beat concatenation?

Data sets: `examples`. Simple rivals: `simple.SIMPLE`. Networks: `networks.SINGLE`, `networks.FUSED`, and

``late_fusion``  the mean of the probabilities of audio_only and text_only (section 7.1)
``best``         planted songs only: who knows how they were made
``supports``     DEAM only: what table 6's supports can have been counted on (`supports`)
``own_mood``     DEAM only, frames instead of songs: the mood of most of a song's training frames, without audio; folds
                 hold songs out or deal the frames of every song

and the measured table 4 (`latency`), whose protocol is the batch size.

Splits are the folds of a cross-validation that holds whole artists out (where a song's artist is not known, the song),
so that every song is tested once; a run's seed is its fold, and seeds its network. MERGE's songs stay in MERGE's own
parts (protocol ``official_parts``). Two factors tell further trainings of the paper's rows apart: ``init``, another
initialisation, and ``stop``, the other stopping rule: the epoch with the least validation loss instead of the best
macro F1, which the paper states.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from mer_repro.runs.records import Outcome, Run
from mer_repro.runs.study import locate_or_make
from mer_repro.training import TrainingConfig

if TYPE_CHECKING:
    import numpy as np

KEY = "gujar2026"
Kind = Literal["real", "twin"]
Dataset = Literal[
    "tcc_ceds", "deezer_mood+tcc_ceds", "deezer_mood+musixmatch", "deezer_mood", "deam", "merge", "panda_4qaed",
    "merge+panda_4qaed", "emotify", "planted",
]  # fmt: skip
N_MOODS = 4
FOLDS = 5
PROTOCOL = "artist_folds"
#: Protocol of a data set that comes with parts of its own.
OFFICIAL, OFFICIAL_SET = "official_parts", "merge+panda_4qaed"
LATENCY_DATA = "emotify+tcc_ceds"

NAIVE = ("majority", "stratified_random")
FOUR_ROWS = ("audio_only", "text_only", "late_fusion", "attention")
#: What is trained several times, and under both stopping rules, where a data set has audio and words.
REPEATED = (*FOUR_ROWS, "concatenation")
READINGS = (
    "attention_scores_concatenated",
    "attention_input_audio",
    "attention_input_sum",
    "attention_input_wide",
    "attention_alone",
    "attention_consistency",
)
#: One way each to read words, logistic regression behind it: those that the paper's text branch joins.
WORDS = ("logistic_tfidf", "logistic_word2vec", "logistic_sentence")
#: The text branch with its sentence encoder trained along: at one rate, as stated; the encoder at a tenth of it.
FINETUNED = ("text_finetuned", "text_finetuned_slowly")
#: The ladder where a data set has audio and words.
LADDER = (
    *NAIVE, *WORDS, "boosting_descriptors", "boosting_both", *FOUR_ROWS, "concatenation",
    "attention_modality_dropout", "attention_shuffled_text",
)  # fmt: skip
#: What hears a data set's clips.
HEARD = (*NAIVE, "boosting_descriptors", "svm_features", "frozen_audio", "audio_only")
#: What is run on each data set, in the order of tables. Readings of the paper are compared on tcc_ceds.
VARIANTS: dict[str, tuple[str, ...]] = {
    "tcc_ceds": (*LADDER, *READINGS),
    "deezer_mood+tcc_ceds": (*LADDER, *FINETUNED),
    "merge": LADDER,
    "deezer_mood+musixmatch": (*NAIVE, *WORDS, "text_only"),
    "deezer_mood": (*NAIVE, "logistic_tfidf"),
    "deam": (*NAIVE, "boosting_descriptors", "audio_only", "supports"),
    "panda_4qaed": HEARD,
    OFFICIAL_SET: HEARD,
    "emotify": (
        *NAIVE, "boosting_descriptors", "audio_only",
        "crnn_256", "crnn_lstm", "crnn_steps", "crnn_stack", "crnn_norm_last",
    ),
    "planted": (*FOUR_ROWS, "concatenation", "attention_alone", "attention_modality_dropout", "best"),
}  # fmt: skip
TARGETS: dict[str, tuple[str, ...]] = {
    "deam": ("corrected", "as_published"),
    "planted": ("redundant", "separable", "one_sided", "marked", "misleading"),
}
#: Protocols of DEAM's frames: songs held out, or the frames of every song dealt over the folds.
FRAME_PROTOCOLS = ("song_folds", "frame_folds")
FRAMES = {"crnn_256": 256}
DEFAULT_FRAMES = 128


class Parameters(BaseModel):
    """What a profile may set. Unknown names are refused."""

    model_config = ConfigDict(extra="forbid")

    data: list[Kind] = ["real"]
    datasets: list[Dataset] = list(get_args(Dataset))
    folds: dict[
        Dataset, Annotated[int, Field(ge=1, le=FOLDS, description="how many of the five; one if not named")]
    ] = {}
    reading_folds: Annotated[int, Field(ge=0, le=FOLDS, description="of these, how many the paper's readings get")] = 5
    inits: Annotated[
        dict[Dataset, Annotated[int, Field(ge=1, le=100)]],
        Field(description="initialisations of the paper's rows, under the stated stopping rule and by loss"),
    ] = {}
    official_inits: Annotated[int, Field(ge=1, le=100, description="of the network on MERGE's official parts")] = 1
    resamples: Annotated[int, Field(ge=100, le=100_000)] = 2000
    training: TrainingConfig = TrainingConfig()
    crnn_training: TrainingConfig = TrainingConfig()
    small_training: TrainingConfig = TrainingConfig()
    heard_training: Annotated[TrainingConfig, Field(description="of the network on 4QAED's sound")] = TrainingConfig()
    finetuned_training: Annotated[
        TrainingConfig, Field(description="of the text branch with its encoder trained along")
    ] = TrainingConfig()
    batches: list[Annotated[int, Field(ge=1, le=4096)]] = []
    repeats: Annotated[int, Field(ge=1, le=1000)] = 5
    frames_per_song: Annotated[
        list[Annotated[int, Field(ge=0)]], Field(description="of DEAM's frames, how many of a song take part; 0: all")
    ] = []


def plan(parameters: Parameters) -> list[Run]:
    """The grid of runs; those that share a split, and so trained networks, stand next to each other."""
    runs = []
    for data in parameters.data:
        for dataset in parameters.datasets:
            kind = "twin" if dataset == "planted" else data
            if (dataset == "planted" and data != parameters.data[0]) or not _has_songs(dataset, data):
                continue
            if dataset == OFFICIAL_SET:
                runs += _official(parameters, data)
                continue
            for target in TARGETS.get(dataset, ("",)):
                for fold in range(parameters.folds.get(dataset, 1)):
                    runs += [
                        Run(
                            KEY, dataset, kind, PROTOCOL, variant, target, fold,
                            _chosen(parameters, dataset, variant, factors.get("stop")), factors,
                        )
                        for factors in _repeats(parameters.inits.get(dataset, 0))
                        for variant in (REPEATED if factors else VARIANTS[dataset])
                        if _is_planned(parameters, variant, target, fold)
                    ]  # fmt: skip
        runs += [
            Run(KEY, "deam", data, protocol, "own_mood", factors={"frames": frames, "fold": fold})
            for protocol in FRAME_PROTOCOLS
            for frames in (parameters.frames_per_song if "deam" in parameters.datasets else ())
            for fold in range(FOLDS)
        ]
        runs += [
            Run(KEY, LATENCY_DATA, data, f"batch_{batch}", "stages", "", 0, {"repeats": parameters.repeats})
            for batch in parameters.batches
        ]
    return runs


def _official(parameters: Parameters, data: Kind) -> list[Run]:
    """MERGE's own division of the songs: one split, the network from several initialisations.

    Real songs alone: the twins of MERGE and 4QAED have no song in common.
    """
    if data == "twin":
        return []
    inits = [{}, *({"init": number} for number in range(1, parameters.official_inits))]
    return [
        Run(
            KEY, OFFICIAL_SET, data, OFFICIAL, variant, "", 0,
            _chosen(parameters, OFFICIAL_SET, variant, None), factors,
        )
        for factors in inits
        for variant in (("audio_only",) if factors else VARIANTS[OFFICIAL_SET])
    ]  # fmt: skip


def _repeats(inits: int) -> list[dict[str, Any]]:
    """The factors of a fold's trainings; the first, without any, is everything once as the paper states it."""
    if not inits:
        return [{}]
    return [stop | init for stop in ({}, {"stop": "loss"}) for init in ({}, *({"init": i} for i in range(1, inits)))]


def _is_planned(parameters: Parameters, variant: str, target: str, fold: int) -> bool:
    if variant in READINGS or variant.startswith("crnn_"):
        # Of planted songs, the vector alone is no reading among others: it is what the stated weights are held against.
        return fold < parameters.reading_folds or target != ""
    return variant not in ("best", "supports") or (fold == 0 and target != "as_published")


def _has_songs(dataset: str, data: str) -> bool:
    """Whether a copy can serve: MERGE's tables are had more easily than its audio and lyrics, which the runs read."""
    if dataset != "merge" or data == "twin":
        return True
    from mer_repro.data import registry

    if not registry.available("merge"):
        return False
    folder = registry.locate("merge", source="real").folder
    return all(any((folder / kind).rglob(f"*.{end}")) for kind, end in (("audio", "mp3"), ("lyrics", "txt")))


def _chosen(parameters: Parameters, dataset: str, variant: str, stop: str | None) -> dict[str, Any]:
    if variant == "supports":
        return {"stated": stated_supports()}
    own = {
        "emotify": parameters.crnn_training,
        "panda_4qaed": parameters.heard_training,
        OFFICIAL_SET: parameters.heard_training,
        "deezer_mood+tcc_ceds": parameters.small_training,
    }
    chosen = own.get(dataset, parameters.training)
    if variant in FINETUNED:
        chosen = parameters.finetuned_training
    elif variant == "text_only" and dataset == "deezer_mood+musixmatch":
        chosen = parameters.small_training
    training = chosen.model_dump()
    if stop:
        training |= {"monitor": stop, "monitor_mode": "min"}
    return {"resamples": parameters.resamples, "training": training}


def stated_supports() -> list[int]:
    """Test samples of each mood in the paper's table 6."""
    from mer_repro.audit import ledger

    printed = {claim.id: claim.value for claim in ledger.load(KEY).claims}
    return [int(printed[f"t6.{mood}.support"]) for mood in ("happy", "sad", "angry", "calm")]


def batch_key(run: Run) -> tuple[str, ...]:
    """Runs on one split share its inputs, and late fusion the networks of its two rows."""
    return run.dataset, run.data, run.target, str(run.seed), run.protocol


def locate(name: str, source: str):
    """As the registry's, and the planted songs."""
    return locate_or_make(name, source, made=("planted",))


def sources(run: Run) -> tuple[str, ...]:
    """What a run's result depends on: this module, and what it looks up by a computed name."""
    return (__name__,)


def execute(run: Run, *, device: str) -> Outcome:
    """Fit one variant on the training songs and score the test songs; or time a batch, or count supports.

    Raises
    ------
    DataError
        If a data file is not what its documentation promises.
    """
    if run.dataset == LATENCY_DATA:
        return _latency(run, device)
    if run.variant == "supports":
        return _supports(run)
    if run.variant == "own_mood":
        from mer_repro.papers.gujar2026 import supports

        return supports.own_mood(run.data, run.protocol, run.factors["frames"], run.factors["fold"], FOLDS)
    training, init = json.dumps(run.parameters["training"]), run.factors.get("init", 0)
    where = _Where(run.dataset, run.data, run.target, run.seed, training, device, init)
    if run.variant == "best":
        return Outcome({"accuracy": songs_of(where, DEFAULT_FRAMES).notes["best_accuracy"]})
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
    init: int = 0


@lru_cache(maxsize=4)
def _load(dataset: str, data: str, target: str, frames: int):
    from mer_repro.papers.gujar2026 import examples

    return examples.load_songs(dataset, data, target, frames)


def songs_of(where: _Where, frames: int):
    """The songs of a data set, loaded once."""
    return _load(where.dataset, where.data, where.target, frames)


def _split(songs, fold: int):
    """The data set's own parts, or a fold that holds artists out."""
    from mer_repro import splits

    return songs.official or splits.song_folds(songs.artist, fold, FOLDS)


@lru_cache(maxsize=2)
def _prepared(dataset: str, data: str, target: str, fold: int, frames: int):
    from mer_repro.papers.gujar2026 import inputs

    songs = _load(dataset, data, target, frames)
    split = _split(songs, fold)
    return split, inputs.prepare(songs, split, fold)


@lru_cache(maxsize=32)
def answer(where: _Where, variant: str):
    """What a variant says of the test songs; trained or fitted once a split."""
    from mer_repro.papers.gujar2026 import networks, simple

    frames = FRAMES.get(variant, DEFAULT_FRAMES)
    if variant == "late_fusion":
        parts = [answer(where, name).probabilities for name in ("audio_only", "text_only")]
        return networks.Answer(sum(parts) / len(parts))
    if variant in simple.SIMPLE:
        songs = songs_of(where, frames)
        return networks.Answer(simple.SIMPLE[variant](songs, _split(songs, where.seed), where.seed))
    split, prepared = _prepared(where.dataset, where.data, where.target, where.seed, frames)
    config = TrainingConfig(**json.loads(where.training))
    return networks.train(variant, prepared, split, config, where.seed + FOLDS * where.init, where.device)


def _scored(run: Run, where: _Where) -> Outcome:
    from mer_repro import metrics

    songs = songs_of(where, FRAMES.get(run.variant, DEFAULT_FRAMES))
    split = _split(songs, run.seed)
    said = answer(where, run.variant)
    observed, predicted, artists = songs.mood[split.test], said.probabilities.argmax(axis=1), songs.artist[split.test]
    scores = metrics.classification(observed, predicted, N_MOODS)
    predictions = dict(item=split.test, group=artists, y_true=observed, y_pred=predicted)
    predictions |= {f"p_{k}": column for k, column in enumerate(said.probabilities.T)}
    for name in ("text", "audio"):
        strange = getattr(said, f"with_strange_{name}")
        if strange is not None:
            answers = strange.argmax(axis=2)  # (exchanges, test songs)
            scores[f"accuracy_strange_{name}"] = float((answers == observed).mean())
    curves = dict(said.curves)
    if said.audio_weight is not None:
        predictions["audio_weight"] = said.audio_weight
        scores["audio_weight"] = float(said.audio_weight.mean())
        curves["audio_weight"] = _quantiles(said.audio_weight)
    if said.with_strange_audio is not None:
        informs = None if songs.audio_informs is None else songs.audio_informs[split.test]
        scores |= _relevance(said, informs)
        if said.audio_weight is not None and informs is not None:
            for name, chosen in (("audio", informs), ("text", ~informs)):
                if chosen.any():
                    curves[f"weight_{name}_informs"] = _quantiles(said.audio_weight[chosen])
    return Outcome(
        metrics=scores,
        intervals=metrics.classification_intervals(
            observed, predicted, artists, N_MOODS, resamples=run.parameters["resamples"], seed=run.seed
        ),
        counts=_counts(songs, split),
        predictions=predictions,
        curves=curves,
        notes={
            **songs.notes,
            **said.notes,
            "confusion": metrics.confusion(observed, predicted, N_MOODS).tolist(),
        },
    )


def _counts(songs, split) -> dict[str, int]:
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    counts = {f"n_{name}": len(rows) for name, rows in parts.items()}
    return counts | {f"n_{name}_artists": len(set(songs.artist[rows])) for name, rows in parts.items()}


#: Which quantiles of the attention a record keeps.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def _quantiles(values: np.ndarray) -> list[float]:
    import numpy as np

    return np.quantile(values, QUANTILES).tolist()


def _relevance(said, audio_informs: np.ndarray | None) -> dict[str, float]:
    """Which modality the answers depend on, song by song, and how well two measures of it find the informative one.

    The need of a modality is how much probability the answer loses on average when another song lends its own.
    ``audio_needed`` is the share of songs that need their audio more than their words. For songs of which it is known,
    and differs, which modality informs: ``exchange_auc`` and ``attention_auc`` are the probability that of two songs,
    one of each kind, the one whose audio informs has the higher need of audio over words, or weight of the audio; 0.5
    is chance.
    """
    import numpy as np

    rows = np.arange(len(said.probabilities))
    chosen = said.probabilities.argmax(axis=1)
    audio_lent, words_lent = (
        lent.mean(axis=0)[rows, chosen] for lent in (said.with_strange_audio, said.with_strange_text)
    )
    excess = words_lent - audio_lent  # need of audio minus need of words
    scores = {"audio_needed": float(np.mean(excess > 0))}
    if audio_informs is not None and 0 < audio_informs.mean() < 1:
        from sklearn.metrics import roc_auc_score

        scores["exchange_auc"] = float(roc_auc_score(audio_informs, excess))
        if said.audio_weight is not None:
            scores["attention_auc"] = float(roc_auc_score(audio_informs, said.audio_weight))
    return scores


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
    scores = {}
    for stage, timing in latency.measure(batch, run.parameters["repeats"], device, clip, lyrics).items():
        scores |= {
            f"{stage}_ms": 1e3 * timing.median,
            f"{stage}_least_ms": 1e3 * timing.least,
            f"{stage}_floor_ms": 1e3 * timing.floor,
            f"{stage}_songs_per_second": batch / timing.median,
            f"{stage}_memory_gb": timing.memory / 1e9,
            f"{stage}_gigaoperations": timing.operations / 1e9,
            f"{stage}_weights_mb": timing.weight_bytes / 1e6,
        }
    return Outcome(scores, counts={"batch": batch})
