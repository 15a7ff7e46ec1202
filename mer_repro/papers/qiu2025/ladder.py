"""The ladder of leaks: from a clean protocol to that of the released code, one leak at a time, and what each adds.

Data: VGMIDI, whose audio is at hand as a whole. A window is the 26 half-second frames of 260 openSMILE descriptors
up to the end of a measure (26 as in the released code); it predicts the measure's median label. Windows of
neighbouring measures overlap, as those of the released code do.

=======================  =========================================================================================
``ladder_0_clean``       songs held out; scaling and selection see training songs only; no time, no past labels
``ladder_1_scaling``     + z-scores from all songs, test songs included
``ladder_2_selection``   + descriptors selected by a forest that saw all songs
``ladder_3_time``        + the frame's time among the inputs
``ladder_4_windows``     + overlapping windows of all songs split at random
``ladder_5_within_song`` + split at random within every song: the released code's protocol
``ladder_6_lagged``      + the labels of earlier measures among the inputs
=======================  =========================================================================================

Every rung keeps the leaks below it. Reporting a squared correlation as R², the last leak, needs no run of its own:
each record holds both scores.

Models: `global_mean` and `song_mean` hear nothing; `ridge` and `random_forest` get each window's mean and last frame;
`cnn_bilstm` is the paper's network; the ablations and rivals are named in `NETWORKS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mer_repro.papers.qiu2025.frames import scored
from mer_repro.records import Outcome, Run

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import torch

    from mer_repro.splits import Split

#: Frames a window (main.m of the released code) and their distance in seconds.
STEPS, HOP = 26, 0.5
#: Descriptors below this importance are dropped (section "Implementation and Experiments").
IMPORTANCE = 0.0015
#: Labels of earlier measures that the tabular models get on the last rung.
PAST_LABELS = 5


@dataclass(frozen=True)
class Rung:
    """What a rung's protocol lets leak."""

    split: str
    scale_on_all: bool
    select_on_all: bool
    time: bool
    past_labels: bool


RUNGS = {
    "ladder_0_clean": Rung("song_grouped", False, False, False, False),
    "ladder_1_scaling": Rung("song_grouped", True, False, False, False),
    "ladder_2_selection": Rung("song_grouped", True, True, False, False),
    "ladder_3_time": Rung("song_grouped", True, True, True, False),
    "ladder_4_windows": Rung("frame_random", True, True, True, False),
    "ladder_5_within_song": Rung("within_song_random", True, True, True, False),
    "ladder_6_lagged": Rung("within_song_random", True, True, True, True),
}

#: Variant -> what differs from the paper's full network.
NETWORKS = {
    "cnn_bilstm": {},
    "no_cnn": {"cnn": False},
    "no_bilstm": {"bilstm": False},
    "neither": {"cnn": False, "bilstm": False},
    "no_attention": {"attention": "none"},
    "multi_head": {"attention": "multi_head"},
    "softmax_output": {"output": "softmax"},
}


@dataclass(frozen=True)
class Windows:
    """All measures of a data set with what is heard up to their end.

    measures : song_id, time (s), arousal, valence; one row a measure, songs contiguous, times ascending.
    frames : (frames, descriptors) float32, openSMILE descriptors of all songs one after another.
    times : (frames,) float32, s.
    index : (measures, STEPS) int; rows of `frames` in each window, the song's first frame repeated before its start.
    """

    measures: pd.DataFrame
    frames: np.ndarray
    times: np.ndarray
    index: np.ndarray


def execute(run: Run, *, device: str) -> Outcome:
    """Fit one model on one rung and score the test measures.

    Raises
    ------
    DataError
        If a data file is not what its documentation promises.
    PackageMissing
        If openSMILE is not installed and the descriptors are not in the cache.
    """
    from mer_repro import baselines, splits

    windows = load_windows(run.dataset, run.data)
    rung = RUNGS[run.protocol]
    songs, target = windows.measures["song_id"].to_numpy(), windows.measures[run.target].to_numpy()
    split = splits.split(rung.split, songs, run.seed)
    if rung.split in splits.CLEAN:
        splits.assert_song_disjoint(songs, split)
    if run.variant in baselines.BASELINES:
        predicted = baselines.BASELINES[run.variant](windows.measures, target, split)
        return scored(run, songs, target, split, predicted, {"hears": "nothing"})
    frames = scaled_frames(windows, rung, split)
    importance = feature_importance(run, windows, rung, split)
    kept = above_threshold(importance)
    notes = {"descriptors_kept": len(kept), "hears": f"{len(kept)} openSMILE descriptors a frame"}
    if run.variant in ("ridge", "random_forest"):
        predicted, more = _tabular(run, windows, rung, split, frames[:, kept])
        return scored(run, songs, target, split, predicted, notes | more)
    if run.variant == "released_code":
        kept = importance.argsort()[::-1][: run.parameters["released_features"]]
        notes |= {"descriptors_kept": len(kept), "hears": f"the {len(kept)} most important descriptors"}
    predicted, curves, more = _network(run, windows, rung, split, frames[:, kept], device)
    return scored(run, songs, target, split, predicted, notes | more, **curves)


@lru_cache(maxsize=1)
def load_windows(dataset: str, data: str) -> Windows:
    """Measures and windows of a data set; a twin without audio gets its own generated descriptors."""
    import numpy as np
    import pandas as pd

    from mer_repro.data import registry

    loaded = registry.load(dataset, source=data)
    measures = loaded.dynamic.sort_values(["song_id", "time"], kind="stable", ignore_index=True)
    table = _descriptors(loaded, measures, data)
    frames, times, offsets = [], [], {}
    for song, rows in table.groupby("song_id", sort=False):
        offsets[song] = (sum(map(len, times)), len(rows))
        frames.append(rows.drop(columns=["song_id", "time"]).to_numpy(dtype=np.float32))
        times.append(rows["time"].to_numpy(dtype=np.float32))
    index = np.concatenate(
        [_windows_of(rows["time"].to_numpy(), *offsets[song]) for song, rows in measures.groupby("song_id", sort=False)]
    )
    columns = pd.Index(["song_id", "time", "arousal", "valence"])
    return Windows(measures[columns], np.concatenate(frames), np.concatenate(times), index)


def _windows_of(onsets: np.ndarray, offset: int, n_frames: int) -> np.ndarray:
    """Rows of the STEPS frames up to the end of each measure: the next onset, or the last frame."""
    import numpy as np

    ends = np.append(onsets[1:], np.inf)
    last = np.minimum(np.ceil(np.minimum(ends, n_frames * HOP) / HOP).astype(int), n_frames) - 1
    return offset + np.maximum(last[:, None] - np.arange(STEPS - 1, -1, -1), 0)


def _descriptors(loaded, measures: pd.DataFrame, data: str) -> pd.DataFrame:
    """song_id, time and descriptors of every half second of every song."""
    if data == "twin":
        return _twin_descriptors(measures)
    from mer_repro.features.opensmile_lld import frame_features

    songs = measures["song_id"].unique()
    return frame_features([loaded.audio_path(song) for song in songs], song_ids=songs)


#: Descriptors that the twin gets: the first few follow the labels loosely, the rest name the song.
TWIN_DESCRIPTORS = 24


def _twin_descriptors(measures: pd.DataFrame) -> pd.DataFrame:
    """Generated descriptors for the twin, which has no audio: noisy labels, and constants that name the song."""
    import numpy as np
    import pandas as pd

    generator = np.random.default_rng(0)
    tables = []
    for song, rows in measures.groupby("song_id", sort=False):
        times = np.arange(0, rows["time"].max() + 2, HOP)
        heard = np.stack([np.interp(times, rows["time"], rows[name]) for name in ("arousal", "valence")], axis=1)
        loose = heard + generator.normal(0, 0.5, heard.shape)
        names = np.tile(generator.normal(size=TWIN_DESCRIPTORS - 2), (len(times), 1))
        table = pd.DataFrame(np.hstack([loose, names + generator.normal(0, 0.05, names.shape)]))
        tables.append(table.assign(song_id=song, time=times))
    return pd.concat(tables, ignore_index=True)


def scaled_frames(windows: Windows, rung: Rung, split: Split) -> np.ndarray:
    """Descriptors as z-scores, fitted on all frames or on those that training windows see."""
    import numpy as np

    seen = slice(None) if rung.scale_on_all else np.unique(windows.index[split.train])
    mean, deviation = windows.frames[seen].mean(axis=0), windows.frames[seen].std(axis=0)
    return (windows.frames - mean) / np.where(deviation > 0, deviation, 1)


def feature_importance(run: Run, windows: Windows, rung: Rung, split: Split) -> np.ndarray:
    """Importance of each descriptor in a random forest from a measure's last frame to its label; shape (descriptors,).

    Fitted on all measures or on the training measures (threshold: `IMPORTANCE`).
    """
    import numpy as np

    rows = np.arange(len(windows.index)) if rung.select_on_all else split.train
    return _importance(run.dataset, run.data, run.target, run.seed, run.parameters["trees"], rows.tobytes())


@lru_cache(maxsize=8)
def _importance(dataset: str, data: str, target: str, seed: int, trees: int, rows: bytes) -> np.ndarray:
    """The runs of one rung and seed select from the same forest: it is grown once."""
    import numpy as np
    from sklearn.ensemble import RandomForestRegressor

    windows = load_windows(dataset, data)
    chosen = np.frombuffer(rows, dtype=np.int64)
    forest = RandomForestRegressor(trees, max_features=1 / 3, min_samples_leaf=3, random_state=seed)
    forest.fit(windows.frames[windows.index[chosen, -1]], windows.measures[target].to_numpy()[chosen])
    return forest.feature_importances_


def above_threshold(importance: np.ndarray) -> np.ndarray:
    """Positions of the descriptors whose importance is above `IMPORTANCE`.

    Raises
    ------
    ValueError
        If nothing passes the threshold.
    """
    import numpy as np

    kept = np.flatnonzero(importance > IMPORTANCE)
    if not len(kept):
        raise ValueError(f"No descriptor has an importance above {IMPORTANCE}.")
    return kept


def past_measures(windows: Windows, target: str) -> np.ndarray:
    """The labels of the `PAST_LABELS` measures before each one, the latest first; the overall mean before a start."""
    from mer_repro.papers.qiu2025.lags import past_labels

    songs, labels = windows.measures["song_id"].to_numpy(), windows.measures[target].to_numpy()
    return past_labels(songs, labels, PAST_LABELS)


def _tabular(run: Run, windows: Windows, rung: Rung, split: Split, frames: np.ndarray) -> tuple[np.ndarray, dict]:
    """Ridge or random forest on each window's mean and last frame, with what else the rung gives away."""
    import numpy as np

    from mer_repro.papers.qiu2025 import frames as frame_models

    target = windows.measures[run.target].to_numpy()
    columns = [frames[windows.index].mean(axis=1), frames[windows.index[:, -1]]]
    if rung.time:
        columns.append(windows.measures["time"].to_numpy()[:, None])
    if rung.past_labels:
        columns.append(past_measures(windows, run.target))
    fit = {"ridge": frame_models.ridge, "random_forest": frame_models.random_forest}[run.variant]
    return fit(run, np.hstack(columns), target, split)


def _network(
    run: Run, windows: Windows, rung: Rung, split: Split, frames: np.ndarray, device: str
) -> tuple[np.ndarray, dict, dict]:
    """Train a network on the training windows, stop by the validation windows, predict the test windows."""
    import numpy as np
    import torch

    from mer_repro import training

    target = windows.measures[run.target].to_numpy()
    inputs = _inputs(run, windows, rung, frames)
    low, high = target[split.train].min(), target[split.train].max()
    # The released network ends in tanh and learns targets scaled to 0..1 by their range; the paper's form is linear.
    released = run.variant == "released_code"
    learnt = ((target - low) / (high - low) if released else target).astype(np.float32)
    parts = {
        name: training.Examples((torch.from_numpy(inputs[rows]),), torch.from_numpy(learnt[rows]))
        for name, rows in (("train", split.train), ("validation", split.validation), ("test", split.test))
    }
    training.seed_everything(run.seed)
    network = build_network(run, inputs.shape[-1])
    config = training_config(run)
    # The released code keeps its last epoch's network, whatever the validation windows say.
    validation = None if released else parts["validation"]
    fitted = training.fit(
        network, parts["train"], validation, config, torch.nn.functional.mse_loss, seed=run.seed, device=device
    )
    predicted = training.predict(network, parts["test"], batch_size=512, device=device).astype(float)
    predicted = predicted * (high - low) + low if released else predicted
    notes = {
        "weights": sum(weight.numel() for weight in network.parameters()),
        "best_epoch": fitted.best_epoch,
        "stopped_early": fitted.stopped_early,
    }
    return predicted, fitted.curves, notes


def _inputs(run: Run, windows: Windows, rung: Rung, frames: np.ndarray) -> np.ndarray:
    """Windows (measures, STEPS, channels) float32: descriptors, and on higher rungs the time and past labels."""
    import numpy as np

    channels = [frames[windows.index]]
    if rung.time:
        spread = windows.times.std() or 1.0
        channels.append(((windows.times - windows.times.mean()) / spread)[windows.index][..., None])
    if rung.past_labels:
        past = past_measures(windows, run.target)
        channels.append(np.repeat(past[:, None, :], STEPS, axis=1))
    return np.concatenate(channels, axis=-1).astype(np.float32)


def build_network(run: Run, features: int) -> torch.nn.Module:
    """The network of a variant for inputs of `features` channels."""
    from mer_repro.papers.qiu2025 import model

    if run.variant == "released_code":
        return model.CodeNetwork(model.CodeConfig(features=features, kernels=model.CODE_KERNELS[run.target]))
    if run.variant == "tpa_bilstm":
        return model.TPALSTM(model.TPAConfig(features=features))
    return model.PaperNetwork(model.PaperConfig(features=features, **NETWORKS[run.variant]))


def training_config(run: Run):
    """Training as the paper states it; as the released code does for its own network."""
    from mer_repro.training import TrainingConfig

    chosen = run.parameters
    if run.variant == "released_code":
        return TrainingConfig(
            epochs=chosen["released_epochs"],
            batch_size=168,
            learning_rate=0.004,
            schedule="step",
            step_epochs=2,
            decay=0.5,
            clip_norm=1.0,
            weight_decay=1e-4,
        )
    return TrainingConfig(
        epochs=chosen["epochs"],
        batch_size=chosen["batch_size"],
        learning_rate=chosen["learning_rate"],
        patience=chosen["patience"],
    )
