"""The ladder's rungs leak what their names say and nothing else; windows stay within their song."""

import dataclasses

import numpy as np
import pytest

from mer_repro import splits
from mer_repro.papers.qiu2025 import frames, ladder, lags
from mer_repro.records import Run

SETTINGS = {"resamples": 100, "trees": 5, "epochs": 1, "patience": 1, "batch_size": 32, "learning_rate": 1e-3}


@pytest.fixture(scope="module")
def windows():
    return ladder.load_windows("vgmidi", "twin")


def split_of(windows, rung):
    return splits.split(ladder.RUNGS[rung].split, windows.measures["song_id"].to_numpy(), 0)


def test_a_window_holds_the_song_up_to_the_end_of_its_measure(windows):
    starts = np.flatnonzero(np.diff(windows.times, prepend=np.inf) < 0)
    song_of_frame = np.searchsorted(starts, np.arange(len(windows.times)), side="right")
    songs = windows.measures["song_id"].to_numpy()
    song_number = np.cumsum(np.concatenate([[True], songs[1:] != songs[:-1]]))
    assert np.array_equal(song_of_frame[windows.index], np.repeat(song_number[:, None], ladder.STEPS, axis=1))
    onset = windows.measures["time"].to_numpy()
    ends = np.where(np.append(songs[1:] == songs[:-1], False), np.append(onset[1:], 0), np.inf)
    heard_until = windows.times[windows.index[:, -1]] + ladder.HOP
    assert np.all(heard_until <= ends + ladder.HOP)
    assert np.all(np.diff(windows.index, axis=1) >= 0)


def test_scaling_sees_test_songs_only_above_the_clean_rung(windows):
    split = split_of(windows, "ladder_0_clean")
    only_tested = np.setdiff1d(windows.index[split.test], windows.index[split.train])
    assert len(only_tested)
    louder = windows.frames.copy()
    louder[only_tested] += 100
    changed = dataclasses.replace(windows, frames=louder)
    trained = np.unique(windows.index[split.train])
    for rung, leaks in (("ladder_0_clean", False), ("ladder_1_scaling", True)):
        before = ladder.scaled_frames(windows, ladder.RUNGS[rung], split)[trained]
        after = ladder.scaled_frames(changed, ladder.RUNGS[rung], split)[trained]
        assert np.allclose(before, after) is not leaks


@pytest.mark.parametrize("rung", ladder.RUNGS)
def test_test_songs_are_trained_on_only_where_windows_are_split(rung):
    outcome = ladder.execute(Run("qiu2025", "vgmidi", "twin", rung, "song_mean", "arousal", 0, SETTINGS), device="cpu")
    leaks = ladder.RUNGS[rung].split != "song_grouped"
    assert (outcome.counts["n_test_songs_trained_on"] > 0) is leaks
    assert (outcome.metrics["r2"] > 0.5) is leaks


def test_a_softmax_over_one_output_says_one_whatever_it_hears():
    run = Run("qiu2025", "vgmidi", "twin", "ladder_0_clean", "softmax_output", "arousal", 0, SETTINGS)
    outcome = ladder.execute(run, device="cpu")
    assert np.allclose(outcome.predictions["y_pred"], 1)
    assert outcome.metrics["r2"] < 0


def test_the_same_seed_gives_the_same_network():
    run = Run("qiu2025", "vgmidi", "twin", "ladder_0_clean", "cnn_bilstm", "arousal", 3, SETTINGS)
    first, again = (ladder.execute(run, device="cpu").predictions["y_pred"] for _ in range(2))
    assert np.array_equal(first, again)


def test_past_labels_by_hand():
    songs, labels = np.array(["a", "a", "a", "b", "b"]), np.array([1.0, 2.0, 3.0, 7.0, 9.0])
    mean = labels.mean()
    assert lags.past_labels(songs, labels, 2) == pytest.approx(
        np.array([[mean, mean], [1, 1], [2, 1], [mean, mean], [7, 7]])
    )


def test_past_labels_alone_solve_held_out_songs():
    run = Run("qiu2025", "pmemo", "twin", "song_grouped", "lag_orders", "arousal", 0, {"resamples": 100})
    outcome = lags.execute(run, device="cpu")
    assert outcome.metrics["r2"] > 0.8
    assert outcome.counts["n_test_songs_trained_on"] == 0
    assert len(outcome.curves["composite"]) == len(lags.LAG_ORDERS)
    frames.load_frames.cache_clear()
