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
frame; `window_lengths` is ridge on windows of several lengths, one reading of the paper's lag order. Networks are
trained on the folds of `mer_repro.papers.qiu2025.folds`: on a rung, one split of few test songs, their luck is larger
than a step.
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
    frames = scaled_frames(windows, rung, split)
    kept = above_threshold(feature_importance(run, windows, rung, split))
    notes = {
        "hears": windows.hears,
        "descriptors": windows.frames.shape[1],
        "descriptors_kept": len(kept),
        "missing_values_filled": windows.filled,
    }
    if run.variant == "window_lengths":
        predicted, curves, more = _window_lengths(run, windows, split, frames[:, kept])
    else:
        (predicted, more), curves = _tabular(run, windows, rung, split, frames[:, kept]), {}
    return scored(run, songs, target, split, predicted, notes | more, **curves)


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
