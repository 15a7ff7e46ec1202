"""Baselines that hear no music: what the labels alone predict.

Conventions
-----------
A baseline is a function ``(frames, target, split) -> predictions`` for the frames at ``split.test``. `frames` is a
table with ``song_id`` and ``time`` (seconds), songs contiguous, times ascending; `target` the labels in its order.
Only labels at ``split.train`` are read; no audio, no features. A song without a training frame gets the global mean,
so under a clean protocol every baseline here is the global mean, which is the point.

=======================  ==========================================================================
``global_mean``          the mean of all training labels
``song_mean``            the mean of the song's own training labels
``last_value``           the label of the song's latest training frame before the test frame
``linear_interpolation``  the straight line between the song's nearest training frames in time
``training_maximum``     the largest training label: what a network says whose tanh output is stuck at 1
=======================  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from mer_repro.splits import Split

if TYPE_CHECKING:
    import pandas as pd


def global_mean(frames: pd.DataFrame, target: np.ndarray, split: Split) -> np.ndarray:
    """The mean of all training labels, for every test frame."""
    return np.full(len(split.test), target[split.train].mean())


def song_mean(frames: pd.DataFrame, target: np.ndarray, split: Split) -> np.ndarray:
    """The mean of the song's training labels."""
    return _by_song(frames, target, split, lambda times, known, labels: np.full(len(times), labels.mean()))


def last_value(frames: pd.DataFrame, target: np.ndarray, split: Split) -> np.ndarray:
    """The label of the latest training frame before the test frame; the earliest one where none is before."""

    def predict(times: np.ndarray, known: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return labels[np.maximum(np.searchsorted(known, times, side="left") - 1, 0)]

    return _by_song(frames, target, split, predict)


def linear_interpolation(frames: pd.DataFrame, target: np.ndarray, split: Split) -> np.ndarray:
    """Linear interpolation in time between training frames of the song; constant beyond its first and last one."""
    return _by_song(frames, target, split, np.interp)


def training_maximum(frames: pd.DataFrame, target: np.ndarray, split: Split) -> np.ndarray:
    """The largest training label, for every test frame.

    Targets scaled to 0..1 by their range and a tanh output that saturates give this prediction; it is what a failed
    training looks like in a table.
    """
    return np.full(len(split.test), target[split.train].max())


BASELINES: dict[str, Callable[[pd.DataFrame, np.ndarray, Split], np.ndarray]] = {
    "global_mean": global_mean,
    "song_mean": song_mean,
    "last_value": last_value,
    "linear_interpolation": linear_interpolation,
    "training_maximum": training_maximum,
}


def _by_song(
    frames: pd.DataFrame,
    target: np.ndarray,
    split: Split,
    predict: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Apply ``predict(test times, training times, training labels)`` song by song; the global mean elsewhere."""
    songs, times = frames["song_id"].to_numpy(), frames["time"].to_numpy(dtype=float)
    predictions = global_mean(frames, target, split)
    train_rows = _rows_by_song(songs, split.train)
    for song, positions in _rows_by_song(songs, split.test).items():
        known = split.train[train_rows[song]] if song in train_rows else np.array([], dtype=int)
        if len(known):
            predictions[positions] = predict(times[split.test[positions]], times[known], target[known])
    return predictions


def _rows_by_song(songs: np.ndarray, rows: np.ndarray) -> dict[object, np.ndarray]:
    """For each song, the positions within `rows` of its frames; order kept, one sort instead of a scan a song."""
    order = np.argsort(songs[rows], kind="stable")
    names, starts = np.unique(songs[rows][order], return_index=True)
    return dict(zip(names.tolist(), np.split(order, starts[1:]), strict=True)) if len(rows) else {}
