"""Experiments 1 and 2 with the networks of section 3.3: the five models on audio, with lyrics where there are any.

Data sets
---------
None available has audio, lyrics, valence and arousal together, so the five models meet two that come close:

===============  =====================  =================  ==========================================
data set         audio tower reads      lyric tower reads  targets
===============  =====================  =================  ==========================================
``vgmidi``       spectrogram            the piece's title  valence and arousal, by listeners
``tcc_ceds``     four descriptors       lyrics             valence and (for arousal) energy, a service's
``deam``         openSMILE descriptors  nothing            valence and arousal, by listeners
``emotify``      spectrogram            nothing            nine emotions felt, by listeners
``musifeast17``  spectrogram            nothing            valence and arousal, by listeners
``merge``        spectrogram            lyrics             valence and arousal, from tags
===============  =====================  =================  ==========================================

Variants
--------
``model_1`` to ``model_5``
    with both towers where the lyric tower has something to read, else the audio tower alone: Model 5 is then Model 3
    and is not run.
``model_2_audio``, ``model_2_lyrics``
    one tower of Model 2, the paper's "best", where there are both.
``mean``, ``ridge``
    the mean of the training labels; ridge regression on what the towers are given (of a spectrogram, mean and
    deviation of each mel band; of lyrics, their frozen vector).
``quadrant_centre``, ``predicted_quadrant``
    the training mean of the song's quadrant, told or named by logistic regression on what ridge is given.

Protocols: ``official_70_15_15`` is MERGE's; in ``grouped_folds`` a group (the artist, or the game, where the data set
names it) is on one side, and five seeds test every song once. Spectrograms are cut at the middle of the clip, where
something is playing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mer_repro import metrics
from mer_repro.papers.bath2025 import planes
from mer_repro.runs.records import Outcome, Run

if TYPE_CHECKING:
    from mer_repro.training import Examples

SCORES = ("r2", "rmse", "mae")
SILENCE = -80.0
RIDGE_PENALTIES = tuple(10.0**power for power in range(-1, 6))
FOLDS = 5
#: Columns of tcc_ceds that describe a song's audio; valence and energy are its labels.
DESCRIPTORS = ("danceability", "loudness", "acousticness", "instrumentalness")
#: Standardised descriptors beyond this are cut off.
EXTREME = 5.0


@dataclass(frozen=True)
class Clips:
    """Songs with what the towers are given.

    Attributes
    ----------
    group : (n,) whatever must not stand on both sides of a split.
    targets : {name: (n,)} labels, 0-1.
    audio : (n, 128, frames) float32 spectrograms, dB re power 1, or (n, descriptors) float32.
    lyrics : n texts; None where there are none.
    official : {"train": positions, "validation": ..., "test": ...}; None where no split is published.
    """

    group: np.ndarray
    targets: dict[str, np.ndarray]
    audio: np.ndarray
    lyrics: list[str] | None
    official: dict[str, np.ndarray] | None


def execute(run: Run, device: str) -> Outcome:
    """Train one variant once and score the test songs, for each target and (``r2`` ...) their mean."""
    given = run.parameters
    clips = load_clips(run.dataset, run.data, given["frames"], given["songs"])
    parts = clips.official if run.protocol == "official_70_15_15" else grouped_folds(clips.group, run.seed)
    labels = np.column_stack(list(clips.targets.values())).astype(np.float32)  # (song, target)
    notes, curves = {}, {}
    if run.variant in BASELINES:
        predicted = BASELINES[run.variant](run, clips, labels, parts)
    else:
        predicted, notes, curves = _network(run, clips, labels, parts, device)
    return _scored(run, clips, labels, predicted, parts, notes, curves)


def _scored(run, clips, labels, predicted, parts, notes, curves) -> Outcome:
    scores, intervals, group = {}, {}, clips.group[parts["test"]]
    observed = labels[parts["test"]]
    for column, target in enumerate(clips.targets):
        pair = observed[:, column], predicted[:, column]
        found = metrics.regression(*pair)
        edges = metrics.regression_intervals(*pair, group, resamples=run.parameters["resamples"], seed=run.seed)
        found |= clustering(*pair, float(labels[parts["train"], column].mean()))
        scores |= {f"{target}_{name}": found[name] for name in (*SCORES, *CLUSTERING)}
        intervals |= {f"{target}_{name}": edges[name] for name in SCORES}
    means = (*SCORES, "r2_of_mean", "spread")
    scores |= {name: float(np.mean([scores[f"{target}_{name}"] for target in clips.targets])) for name in means}
    columns = {f"y_true_{t}": observed[:, c] for c, t in enumerate(clips.targets)}
    columns |= {f"y_pred_{t}": predicted[:, c] for c, t in enumerate(clips.targets)}
    return Outcome(
        metrics=scores,
        intervals=intervals,
        counts={f"n_{name}": len(part) for name, part in parts.items()} | {"n_test_groups": len(set(group))},
        predictions={"item": parts["test"], "group": group} | columns,
        curves=curves,
        notes=notes,
    )


CLUSTERING = ("r2_of_mean", "spread", "correlation", "predicted_in_gap", "observed_in_gap")


def clustering(observed: np.ndarray, predicted: np.ndarray, centre: float) -> dict[str, float]:
    """How far predictions keep to the middle.

    Parameters
    ----------
    centre : mean of the training labels.

    Returns
    -------
    ``r2_of_mean``: R² with always saying `centre` in the place of the mean of the test labels, 0 for that baseline, so
    that folds of few songs can be averaged. ``spread``: deviation of the predictions over that of the labels; the
    least squared error of a prediction that correlates by r is reached at a spread of r. ``correlation``: nan where
    predictions are constant. ``predicted_in_gap``, ``observed_in_gap``: shares strictly between 0.4 and 0.6.
    """
    constant = metrics.is_constant(predicted)
    return {
        "r2_of_mean": 1 - float(np.sum((observed - predicted) ** 2) / np.sum((observed - centre) ** 2)),
        "spread": 0.0 if constant else float(predicted.std() / observed.std()),
        "correlation": float("nan") if constant else float(np.corrcoef(observed, predicted)[0, 1]),
        "predicted_in_gap": float(planes.inside_gap(predicted).mean()),
        "observed_in_gap": float(planes.inside_gap(observed).mean()),
    }


def grouped_folds(group: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Positions of training, validation and test songs, about 60, 20 and 20 %, no group in two parts.

    Groups are shuffled and dealt out to five folds, each to the one with the fewest songs so far. Seed 0 tests the
    first fold, seed 4 the last; seed 5 begins with another shuffle. The fold after the tested one validates.
    """
    names, of, sizes = np.unique(group, return_inverse=True, return_counts=True)
    shuffle, tested = divmod(seed, FOLDS)
    fold, filled = np.empty(len(names), dtype=int), np.zeros(FOLDS, dtype=int)
    for name in np.random.default_rng(shuffle).permutation(len(names)):
        fold[name] = filled.argmin()
        filled[fold[name]] += sizes[name]
    distance = (fold[of] - tested) % FOLDS
    masks = {"train": distance > 1, "validation": distance == 1, "test": distance == 0}
    return {name: np.flatnonzero(mask) for name, mask in masks.items()}


# Baselines -------------------------------------------------------------------------------------------------------


def _mean(run: Run, clips: Clips, labels: np.ndarray, parts: dict) -> np.ndarray:
    return np.repeat(labels[parts["train"]].mean(axis=0, keepdims=True), len(parts["test"]), axis=0)


def _ridge(run: Run, clips: Clips, labels: np.ndarray, parts: dict) -> np.ndarray:
    """One ridge regression for all targets, each with the penalty of its least leave-one-out error."""
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features = _flat(run, clips)
    model = make_pipeline(StandardScaler(), RidgeCV(RIDGE_PENALTIES, alpha_per_target=True))
    return model.fit(features[parts["train"]], labels[parts["train"]]).predict(features[parts["test"]])


def _quadrant_centre(run: Run, clips: Clips, labels: np.ndarray, parts: dict) -> np.ndarray:
    quadrant = planes.quadrants(**clips.targets)
    return np.column_stack(
        [planes.quadrant_centre(target, parts["train"], parts["test"], quadrant) for target in labels.T]
    )


def _predicted_quadrant(run: Run, clips: Clips, labels: np.ndarray, parts: dict) -> np.ndarray:
    from mer_repro.papers.bath2025.doughnut import predicted_quadrant

    features, quadrant = _flat(run, clips), planes.quadrants(**clips.targets)
    given = (parts["train"], parts["test"], run.seed)
    return np.column_stack([predicted_quadrant(features, target, quadrant, *given) for target in labels.T])


BASELINES = {
    "mean": _mean,
    "ridge": _ridge,
    "quadrant_centre": _quadrant_centre,
    "predicted_quadrant": _predicted_quadrant,
}


def _flat(run: Run, clips: Clips) -> np.ndarray:
    """One vector a song of what the towers are given, (song, features)."""
    audio = clips.audio
    parts = [audio] if audio.ndim == 2 else [audio.mean(axis=2), audio.std(axis=2)]
    if clips.lyrics is not None:
        from mer_repro.features import text

        parts.append(text.embed(clips.lyrics, max_length=run.parameters["tokens"]).vectors)
    return np.concatenate(parts, axis=1)


# Networks --------------------------------------------------------------------------------------------------------


def _network(run: Run, clips: Clips, labels: np.ndarray, parts: dict, device: str) -> tuple[np.ndarray, dict, dict]:
    """Predictions of a trained network, notes and curves for its record."""
    import torch

    from mer_repro import training

    training.seed_everything(run.seed)
    inputs, network, number, notes = _inputs(run, clips, parts)
    examples = {
        name: training.Examples(tuple(tensor[part] for tensor in inputs), torch.tensor(labels[part]))
        for name, part in parts.items()
    }
    # The head starts at the mean of the training labels: a few epochs are then spent on what varies.
    with torch.no_grad():
        network.head[-1].bias.copy_(torch.tensor(labels[parts["train"]].mean(axis=0)))
    fit = _fit(run, network, number, examples, device)
    predicted = training.predict(network, examples["test"], batch_size=32, device=device, precision=fit.precision)
    weights = sum(weight.numel() for weight in network.parameters())
    notes |= {"weights": weights, "epochs": fit.epochs} | fit.notes
    return predicted, notes, fit.curves


def _fit(run: Run, network, number: int, examples: dict[str, Examples], device: str):
    """Section 3.3: a schedule and early stopping from Model 2 on; Model 1 keeps the weights of its last epoch."""
    from torch.nn import functional

    from mer_repro import training
    from mer_repro.papers.bath2025.model import CONFIGURATIONS

    given = run.parameters
    config = training.TrainingConfig(
        epochs=given["epochs"], batch_size=given["batch_size"], learning_rate=given["learning_rate"]
    )
    validation = None
    if CONFIGURATIONS[number].schedule:
        config = config.model_copy(
            update={"schedule": "plateau", "decay": 0.5, "plateau_patience": 2, "patience": given["patience"]}
        )
        validation = examples["validation"]
    return training.fit(
        network, examples["train"], validation, config, functional.mse_loss, seed=run.seed, device=device
    )


#: Variants that are not simply ``model_<number>``: number of the model and modality.
SINGLE = {
    "model_2_audio": (2, "audio"),
    "model_2_lyrics": (2, "lyrics"),
    "model_2_titles": (2, "bimodal"),
    "model_5_titles": (5, "bimodal"),
}


def _inputs(run: Run, clips: Clips, parts: dict):
    """Input tensors in the order of the towers, the untrained network, its number and notes for the record."""
    import torch

    from mer_repro.papers.bath2025 import model

    number, modality = SINGLE.get(run.variant) or (int(run.variant[-1]), "bimodal" if clips.lyrics else "audio")
    inputs, notes, dimension, encoder = [], {"modality": modality}, 1, None
    if modality != "lyrics":
        prepare = standardised if clips.audio.ndim == 2 else referenced
        inputs.append(torch.from_numpy(prepare(clips.audio, parts["train"])))
    if modality != "audio":
        lyrics, dimension, encoder, name = _lyric_input(clips.lyrics, run.parameters["tokens"], number)
        inputs.append(lyrics)
        notes["encoder"] = name
    network = model.build(
        number,
        modality,
        n_targets=len(clips.targets),
        lyric_dimension=dimension,
        encoder=encoder,
        descriptors=clips.audio.shape[1] if clips.audio.ndim == 2 else None,
    )
    return inputs, network, number, notes


def _lyric_input(lyrics: list[str], tokens: int, number: int):
    """What a model's lyric tower is given, its width, the encoder where it is trained, and the encoder's name."""
    import torch
    import transformers

    from mer_repro.features import text
    from mer_repro.papers.bath2025 import model

    encoder = text.find_encoder()
    if not model.CONFIGURATIONS[number].unfrozen:
        vectors = text.embed(lyrics, encoder, max_length=tokens).vectors
        return torch.from_numpy(vectors), encoder.dimension, None, str(encoder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(encoder.folder, local_files_only=True)
    ids = tokenizer(lyrics, truncation=True, max_length=tokens, padding=True, return_tensors="pt")["input_ids"]
    trained = transformers.AutoModel.from_pretrained(encoder.folder, local_files_only=True, dtype=torch.float32)
    return ids, encoder.dimension, trained, str(encoder)


def referenced(log_mel: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Decibels against the loudest point of the training clips, nothing below -80: section 3.2.2, step 5.

    The paper takes the loudest of all songs, test songs included; that leaks little and is avoided here.
    """
    from mer_repro.features.log_mel import peak_db

    return np.maximum(log_mel - np.float32(peak_db(log_mel[train])), np.float32(SILENCE))


def standardised(descriptors: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Descriptors with mean 0 and deviation 1 over the training songs, cut off at `EXTREME`; (n, descriptors)."""
    centre, scale = descriptors[train].mean(axis=0), descriptors[train].std(axis=0) + np.float32(1e-9)
    return ((descriptors - centre) / scale).clip(-EXTREME, EXTREME)


# Data ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=2)
def load_clips(dataset: str, data: str, frames: int, songs: int) -> Clips:
    """Clips of a data set.

    Parameters
    ----------
    frames : width of a spectrogram, cut from the middle of the song; without meaning where there are descriptors.
    songs : at most so many songs, drawn with a fixed seed; 0 for all. The official split of MERGE keeps all.

    Raises
    ------
    DataMissing
        If the copy has no audio, or for MERGE no lyrics.
    """
    from mer_repro.data import registry

    readers = {"emotify": _emotify, "vgmidi": _vgmidi, "merge": _merge, "tcc_ceds": _tcc_ceds, "deam": _deam,
               "musifeast17": _musifeast17}  # fmt: skip
    return readers[dataset](registry.load(dataset, source=data), frames, songs)


def _spectrograms(paths, frames: int) -> np.ndarray:
    from mer_repro.features import log_mel

    mels = log_mel.log_mel_files(paths, workers=1)
    # A clip that is too short is filled with silence, 80 dB below its own loudest point.
    fitted = [log_mel.fit_frames(mel, frames, crop="center", fill_db=float(mel.max()) + SILENCE) for mel in mels]
    return np.stack(fitted).astype(np.float32)


def _emotify(loaded, frames: int, songs: int) -> Clips:
    """Emotify: the shares of listeners who felt each of nine emotions."""
    from mer_repro.data.emotify import EMOTIONS

    labels = _drawn(loaded.labels, songs)
    mels = _spectrograms([loaded.audio_path(song) for song in labels["song_id"]], frames)
    targets = {emotion: labels[emotion].to_numpy() for emotion in EMOTIONS}
    return Clips(labels["song_id"].astype(str).to_numpy(), targets, mels, None, None)


def _vgmidi(loaded, frames: int, songs: int) -> Clips:
    """VGMIDI: mean valence and arousal of a piece, -1..1 mapped to 0..1; its title for lyrics; grouped by game."""
    pieces = _drawn(loaded.pieces, songs)
    means = loaded.dynamic.groupby("song_id")[["valence", "arousal"]].mean().loc[pieces["song_id"]]
    mels = _spectrograms([loaded.audio_path(song) for song in pieces["song_id"]], frames)
    targets = {name: (means[name].to_numpy() + 1) / 2 for name in ("valence", "arousal")}
    return Clips(pieces["game"].to_numpy(), targets, mels, pieces["title"].tolist(), None)


def _musifeast17(loaded, frames: int, songs: int) -> Clips:
    """MUSIFEAST-17, instrumental: means over all raters of a clip, 1..5 mapped to 0..1; grouped by artist."""
    clips = _drawn(loaded.clips, songs)
    mels = _spectrograms([loaded.audio_path(song) for song in clips["song_id"]], frames)
    targets = {name: (clips[name].to_numpy() - 1) / 4 for name in ("valence", "arousal")}
    return Clips(clips["artist"].to_numpy(), targets, mels, None, None)


def _merge(loaded, frames: int, songs: int) -> Clips:
    """MERGE: the songs of which this copy has the audio, with lyrics, in the official parts."""
    from mer_repro.errors import DataMissing

    paths = {}
    for song in loaded.songs["song_id"]:
        try:
            paths[song] = loaded.audio_path(song)
        except DataMissing:
            continue
    if not paths:
        loaded.audio_path(loaded.songs["song_id"].iloc[0])  # says what is missing and how to get it
    table = loaded.songs[loaded.songs["song_id"].isin(paths)]
    position = {song: k for k, song in enumerate(table["song_id"])}
    official = {
        part: np.array(sorted(position[song] for song in loaded.part("70_15_15", part) if song in position), dtype=int)
        for part in ("train", "validation", "test")
    }
    lyrics = [loaded.lyrics(song) for song in table["song_id"]]
    targets = {name: table[name].to_numpy() for name in ("valence", "arousal")}
    mels = _spectrograms([paths[song] for song in table["song_id"]], frames)
    return Clips(table["song_id"].to_numpy(), targets, mels, lyrics, official)


def _tcc_ceds(loaded, frames: int, songs: int) -> Clips:
    """tcc_ceds: four descriptors, lyrics, a service's valence and, for arousal, its energy; grouped by artist."""
    table = _drawn(loaded.songs, songs)
    targets = {"valence": table["valence"].to_numpy(), "arousal": table["energy"].to_numpy()}
    descriptors = table[list(DESCRIPTORS)].to_numpy(dtype=np.float32)
    return Clips(table["artist"].to_numpy(), targets, descriptors, table["lyrics"].tolist(), None)


def _deam(loaded, frames: int, songs: int) -> Clips:
    """DEAM: song-level openSMILE descriptors, listeners' valence and arousal, 1-9 mapped to 0..1; grouped by artist."""
    import pandas as pd

    from mer_repro.papers.bath2025.doughnut import load_songs

    found = load_songs("deam", loaded.location.kind)
    chosen = _drawn(pd.Series(range(len(found.artist))), songs).to_numpy()
    targets = {name: labels[chosen] for name, labels in found.labels.items()}
    return Clips(found.artist[chosen], targets, found.features[chosen].astype(np.float32), None, None)


def _drawn(table, songs: int):
    """At most `songs` rows, always the same ones, in the table's order."""
    return table if songs == 0 or songs >= len(table) else table.sample(songs, random_state=0).sort_index()
