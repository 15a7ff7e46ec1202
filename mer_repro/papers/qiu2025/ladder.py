"""The ladder of leaks: from a clean protocol to that of the released code, one leak at a time, and what each adds.

A window is the 26 half-second frames up to the end of what a label is about (26 as in the released code); it predicts
that label. Windows of neighbouring labels overlap, as those of the released code do. `mer_repro.papers.qiu2025.windows`
says what is heard on which data set.

=======================  =========================================================================================
``ladder_0_clean``       songs held out; scaling and selection see training songs only; no time, no past labels
``ladder_1_scaling``     + z-scores from all songs, test songs included
``ladder_2_selection``   + descriptors selected by a forest that saw all songs
``ladder_3_time``        + the frame's time among the inputs
``ladder_4_windows``     + overlapping windows of all songs split at random
``ladder_5_within_song`` + split at random within every song: the released code's protocol
``ladder_6_lagged``      + the labels before it among the inputs
=======================  =========================================================================================

Every rung keeps the leaks below it. Reporting a squared correlation as R², the last leak, needs no run of its own:
each record holds both scores.

Models: the baselines of `mer_repro.baselines` hear nothing; `ridge` and `random_forest` get each window's mean and last
frame; `cnn_bilstm` is the paper's network; the ablations and rivals are named in `NETWORKS` and `CODE_NETWORKS`;
`window_lengths` is ridge on windows of several lengths, one reading of the paper's lag order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mer_repro.papers.qiu2025.frames import scored
from mer_repro.papers.qiu2025.windows import STEPS, Windows, assert_frames_apart, load_windows
from mer_repro.runs.records import Outcome, Run

if TYPE_CHECKING:
    import numpy as np
    import torch

    from mer_repro.splits import Split

#: Descriptors below this importance are dropped (section "Implementation and Experiments").
IMPORTANCE = 0.0015
#: Window lengths in frames that `window_lengths` compares, and the paper's best lag order, which its scores are about.
LENGTHS, BEST_STATED = (1, 5, 10, 15, 20, 25), 25


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

#: Variant -> what differs from the paper's full network. `min_max` and `trained_long` differ in their scaling and in
#: their training: see `scaled_frames` and `training_config`.
NETWORKS = {
    "cnn_bilstm": {},
    "no_cnn": {"cnn": False},
    "no_bilstm": {"bilstm": False},
    "neither": {"cnn": False, "bilstm": False},
    "no_attention": {"attention": "none"},
    "multi_head": {"attention": "multi_head"},
    "softmax_output": {"output": "softmax"},
    "min_max": {},
    "trained_long": {},
}
#: Variant -> what differs from the released network.
CODE_NETWORKS = {
    "released_code": {},
    "code_no_cnn": {"cnn": False},
    "code_no_bilstm": {"bilstm": False},
    "code_neither": {"cnn": False, "bilstm": False},
}


def execute(run: Run, *, device: str) -> Outcome:
    """Fit one model on one rung and score the test labels.

    Raises
    ------
    DataError
        If a data file is not what its documentation promises.
    PackageMissing
        If openSMILE is not installed and VGMIDI's descriptors are not in the cache.
    ValueError
        If the model needs an input, and neither the data set nor the rung has one.
    """
    from mer_repro import baselines, splits

    windows = load_windows(run.dataset, run.data, run.parameters["stride"])
    rung = RUNGS[run.protocol]
    songs, target = windows.labels["song_id"].to_numpy(), windows.labels[run.target].to_numpy()
    split = splits.split(rung.split, songs, run.seed)
    if rung.split in splits.CLEAN:
        splits.assert_song_disjoint(songs, split)
        assert_frames_apart(windows, split)
    if run.variant in baselines.BASELINES:
        predicted = baselines.BASELINES[run.variant](windows.labels, target, split)
        return scored(run, songs, target, split, predicted, {"hears": "nothing"})
    if not (windows.frames.shape[1] or rung.time):
        raise ValueError(f"{run.label()}: this copy of {run.dataset} has no descriptors; nothing is left to hear.")
    frames = scaled_frames(windows, rung, split, "range" if min_max(run) else "z")
    importance = feature_importance(run, windows, rung, split)
    kept = most_important(run, importance) if run.variant in CODE_NETWORKS else above_threshold(importance)
    notes = {
        "hears": windows.hears,
        "descriptors": windows.frames.shape[1],
        "descriptors_kept": len(kept),
        "missing_values_filled": windows.filled,
    }
    if run.variant == "window_lengths":
        predicted, curves, more = _window_lengths(run, windows, split, frames[:, kept])
    elif run.variant in ("ridge", "random_forest"):
        (predicted, more), curves = _tabular(run, windows, rung, split, frames[:, kept]), {}
    else:
        predicted, curves, more = _network(run, windows, rung, split, frames[:, kept], device)
        if run.variant == "cnn_bilstm":
            more["courses"] = courses(windows, run, split, predicted)
    return scored(run, songs, target, split, predicted, notes | more, **curves)


def min_max(run: Run) -> bool:
    """Whether descriptors are scaled by their range, as the released code does; the paper states z-scores."""
    return run.variant == "min_max" or run.variant in CODE_NETWORKS


def scaled_frames(windows: Windows, rung: Rung, split: Split, scale: str = "z") -> np.ndarray:
    """Descriptors scaled by all frames or by those that training windows see.

    Parameters
    ----------
    scale : "z" for mean 0 and deviation 1 (the paper), "range" for smallest 0 and largest 1 (the released code).
    """
    import numpy as np

    seen = windows.frames if rung.scale_on_all else windows.frames[np.unique(windows.index[split.train])]
    if scale == "range":
        low, size = seen.min(axis=0), np.ptp(seen, axis=0)
    else:
        low, size = seen.mean(axis=0), seen.std(axis=0)
    return (windows.frames - low) / np.where(size > 0, size, 1)


def feature_importance(run: Run, windows: Windows, rung: Rung, split: Split) -> np.ndarray:
    """Importance of each descriptor in a random forest from a window's last frame to its label; shape (descriptors,).

    Fitted on all labels or on the training labels (threshold: `IMPORTANCE`).
    """
    import numpy as np

    if not windows.frames.shape[1]:
        return np.zeros(0)
    rows = np.arange(len(windows.index)) if rung.select_on_all else split.train
    chosen = run.parameters
    return _importance(
        run.dataset, run.data, chosen["stride"], run.target, run.seed, chosen["selection_trees"], rows.tobytes()
    )


@lru_cache(maxsize=8)
def _importance(dataset: str, data: str, stride: int, target: str, seed: int, trees: int, rows: bytes) -> np.ndarray:
    """The runs of one rung and seed select from the same forest: it is grown once."""
    import numpy as np
    from sklearn.ensemble import RandomForestRegressor

    windows = load_windows(dataset, data, stride)
    chosen = np.frombuffer(rows, dtype=np.int64)
    forest = RandomForestRegressor(trees, max_features=1 / 3, min_samples_leaf=3, random_state=seed)
    forest.fit(windows.frames[windows.index[chosen, -1]], windows.labels[target].to_numpy()[chosen])
    return forest.feature_importances_


def above_threshold(importance: np.ndarray) -> np.ndarray:
    """Positions of the descriptors whose importance is above `IMPORTANCE`; none where there are no descriptors.

    Raises
    ------
    ValueError
        If there are descriptors and none passes the threshold.
    """
    import numpy as np

    kept = np.flatnonzero(importance > IMPORTANCE)
    if len(importance) and not len(kept):
        raise ValueError(f"No descriptor has an importance above {IMPORTANCE}.")
    return kept


def most_important(run: Run, importance: np.ndarray) -> np.ndarray:
    """Positions of as many of the best descriptors as the released network is to get, the best first."""
    return importance.argsort()[::-1][: run.parameters["released_features"]]


def _tabular(run: Run, windows: Windows, rung: Rung, split: Split, frames: np.ndarray) -> tuple[np.ndarray, dict]:
    """Ridge or random forest on each window's mean and last frame, with what else the rung gives away."""
    import numpy as np

    from mer_repro.papers.qiu2025 import frames as frame_models

    columns = summaries(windows, frames, STEPS)
    if rung.time:
        columns.append(windows.labels["time"].to_numpy()[:, None])
    if rung.past_labels:
        columns.append(windows.past[run.target])
    fit = {"ridge": frame_models.ridge, "random_forest": frame_models.random_forest}[run.variant]
    return fit(run, np.hstack(columns), windows.labels[run.target].to_numpy(), split)


def summaries(windows: Windows, frames: np.ndarray, length: int) -> list[np.ndarray]:
    """Mean of the last `length` frames of every window, and its last frame; once where they are always the same."""
    last = frames[windows.index[:, -1]]
    return [last] if windows.per_song else [frames[windows.index[:, -length:]].mean(axis=1), last]


def _window_lengths(run: Run, windows: Windows, split: Split, frames: np.ndarray) -> tuple[np.ndarray, dict, dict]:
    """Ridge on windows of every length in `LENGTHS`; predictions of `BEST_STATED`, R² of each length as a curve."""
    import numpy as np

    from mer_repro import metrics
    from mer_repro.papers.qiu2025 import frames as frame_models

    target = windows.labels[run.target].to_numpy()
    predicted = {
        length: frame_models.ridge(run, np.hstack(summaries(windows, frames, length)), target, split)[0]
        for length in LENGTHS
    }
    scores = [metrics.r2(target[split.test], predicted[length]) for length in LENGTHS]
    return predicted[BEST_STATED], {"test_r2": scores}, {"lengths": list(LENGTHS)}


def _network(
    run: Run, windows: Windows, rung: Rung, split: Split, frames: np.ndarray, device: str
) -> tuple[np.ndarray, dict, dict]:
    """Train a network on the training windows, stop by the validation windows, predict the test windows."""
    import numpy as np
    import torch

    from mer_repro import training

    target = windows.labels[run.target].to_numpy()
    inputs = _inputs(run, windows, rung, frames)
    low, high = target[split.train].min(), target[split.train].max()
    # The released network ends in tanh and learns targets scaled to 0..1 by their range; the paper's form is linear.
    released = run.variant in CODE_NETWORKS
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
    predicted = training.predict(
        network, parts["test"], batch_size=512, device=device, precision=fitted.precision
    ).astype(float)
    predicted = predicted * (high - low) + low if released else predicted
    weights = sum(weight.numel() for weight in network.parameters())
    return predicted, fitted.curves, {"weights": weights} | fitted.notes


def _inputs(run: Run, windows: Windows, rung: Rung, frames: np.ndarray) -> np.ndarray:
    """Windows (labels, STEPS, channels) float32: descriptors, and on higher rungs the time and past labels."""
    import numpy as np

    channels = [frames[windows.index]]
    if rung.time:
        spread = windows.times.std() or 1.0
        channels.append(((windows.times - windows.times.mean()) / spread)[windows.index][..., None])
    if rung.past_labels:
        channels.append(np.repeat(windows.past[run.target][:, None, :], STEPS, axis=1))
    return np.concatenate(channels, axis=-1).astype(np.float32)


def build_network(run: Run, features: int) -> torch.nn.Module:
    """The network of a variant for inputs of `features` channels."""
    from mer_repro.papers.qiu2025 import model

    if run.variant in CODE_NETWORKS:
        kernels = model.CODE_KERNELS[run.target]
        return model.CodeNetwork(model.CodeConfig(features=features, kernels=kernels, **CODE_NETWORKS[run.variant]))
    if run.variant == "tpa_bilstm":
        return model.TPALSTM(model.TPAConfig(features=features))
    return model.PaperNetwork(model.PaperConfig(features=features, **NETWORKS[run.variant]))


def training_config(run: Run):
    """Training as the paper states it; as the released code does for its own network."""
    from mer_repro.training import TrainingConfig

    chosen = run.parameters
    if run.variant in CODE_NETWORKS:
        return TrainingConfig(
            epochs=chosen["released_epochs"],
            batch_size=chosen["released_batch_size"],
            learning_rate=0.004,
            schedule="step",
            step_epochs=2,
            decay=0.5,
            clip_norm=1.0,
            weight_decay=1e-4,
        )
    long = run.variant == "trained_long"
    return TrainingConfig(
        epochs=chosen["long_epochs"] if long else chosen["epochs"],
        batch_size=chosen["batch_size"],
        learning_rate=chosen["learning_rate"],
        patience=None if long else chosen["patience"],
    )


#: Songs whose predictions a record keeps: of the clean protocol's test songs, those at these quantiles of liveliness.
SHOWN_AT = (0.0, 0.5, 1.0)


def courses(windows: Windows, run: Run, split: Split, predicted: np.ndarray) -> dict[str, dict[str, list[float]]]:
    """Times, labels and predictions of the tested labels of a few songs, chosen without a look at the predictions.

    Of the songs that the clean protocol tests under this seed: those whose label moves least, most, and as much as
    the median song's does (standard deviation within the song).
    """
    import numpy as np

    from mer_repro import splits

    songs, target = windows.labels["song_id"].to_numpy(), windows.labels[run.target].to_numpy()
    times = windows.labels["time"].to_numpy()
    tested = songs[splits.song_grouped(songs, run.seed).test]
    by_liveliness = sorted(np.unique(tested).tolist(), key=lambda song: (target[songs == song].std(), str(song)))
    kept = {}
    for quantile in SHOWN_AT:
        song = by_liveliness[round(quantile * (len(by_liveliness) - 1))]
        here = np.flatnonzero(songs[split.test] == song)
        rows = split.test[here]
        columns = {"time": times[rows], "label": target[rows], "predicted": predicted[here]}
        kept[str(song)] = {name: np.round(values, 3).tolist() for name, values in columns.items()}
    return kept
