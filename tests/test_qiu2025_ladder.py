"""The ladder's rungs leak what their names say and nothing else; windows stay within their song."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from mer_repro import splits
from mer_repro.papers.qiu2025 import frames, ladder, lags, study
from mer_repro.papers.qiu2025.windows import STEPS, assert_frames_apart, forward_filled, load_windows, window_rows
from mer_repro.runs.records import Run

SETTINGS = {"resamples": 100, "trees": 5, "selection_trees": 5, "stride": 1}


@pytest.fixture(scope="module")
def windows():
    return load_windows("vgmidi", "twin", 1)


def split_of(windows, rung):
    return splits.split(ladder.RUNGS[rung].split, windows.labels["song_id"].to_numpy(), 0)


def test_a_window_holds_the_song_up_to_the_end_of_its_measure(windows):
    starts = np.flatnonzero(np.diff(windows.times, prepend=np.inf) < 0)
    song_of_frame = np.searchsorted(starts, np.arange(len(windows.times)), side="right")
    songs = windows.labels["song_id"].to_numpy()
    song_number = np.cumsum(np.concatenate([[True], songs[1:] != songs[:-1]]))
    assert np.array_equal(song_of_frame[windows.index], np.repeat(song_number[:, None], STEPS, axis=1))
    onset = windows.labels["time"].to_numpy()
    ends = np.where(np.append(songs[1:] == songs[:-1], False), np.append(onset[1:], 0), np.inf)
    assert np.all(windows.times[windows.index[:, -1]] < ends)
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


def test_window_rows_by_hand():
    """Frames at 0, 0.5, ...; labels at 2 and 3 s are about 2..3 and 3..4 s: last frames begin at 2.5 and 3.5 s."""
    rows = window_rows(np.array([2.0, 3.0]), np.arange(12) * 0.5)
    assert rows.shape == (2, STEPS)
    assert rows[:, -1].tolist() == [5, 7]
    assert rows[0, -6:].tolist() == [0, 1, 2, 3, 4, 5] and not rows[0, :-6].any()
    # A song whose frames end before its last label does: the last frame there is.
    assert window_rows(np.array([2.0, 3.0]), np.arange(6) * 0.5)[:, -1].tolist() == [5, 5]


def test_a_frame_in_training_and_test_windows_stops_the_run(windows, monkeypatch):
    with pytest.raises(AssertionError, match="frames are in train windows and in test windows"):
        assert_frames_apart(windows, split_of(windows, "ladder_5_within_song"))
    # A split that calls itself clean and is not.
    monkeypatch.setitem(splits.PROTOCOLS, "song_grouped", splits.within_song_random)
    run = Run("qiu2025", "vgmidi", "twin", "ladder_0_clean", "song_mean", "arousal", 0, SETTINGS)
    with pytest.raises(AssertionError, match="songs are also in training"):
        ladder.execute(run, device="cpu")


def test_missing_values_are_filled_forward_within_their_song():
    nan = float("nan")
    table = pd.DataFrame(
        {"song_id": ["a", "a", "a", "b", "b"], "time": [0, 0.5, 1, 0, 0.5], "loudness": [4, nan, 8, nan, 1]}
    )
    filled, count = forward_filled(table)
    # b has nothing before its first value: it gets the median of 4, 8 and 1, not a's last value.
    assert filled["loudness"].tolist() == [4, 4, 8, 4, 1]
    assert count == 2


def test_scaling_by_hand(windows):
    split = split_of(windows, "ladder_0_clean")
    seen = np.unique(windows.index[split.train])
    z = ladder.scaled_frames(windows, ladder.RUNGS["ladder_0_clean"], split)
    assert z[seen].mean(axis=0) == pytest.approx(0, abs=1e-4) and z[seen].std(axis=0) == pytest.approx(1, abs=1e-4)
    ranged = ladder.scaled_frames(windows, ladder.RUNGS["ladder_0_clean"], split, "range")
    assert ranged[seen].min(axis=0) == pytest.approx(0, abs=1e-6) and ranged[seen].max(axis=0) == pytest.approx(
        1, abs=1e-6
    )


def test_selection_keeps_what_is_above_the_papers_threshold():
    assert ladder.above_threshold(np.array([0.0015, 0.00151, 0.9, 0.0])).tolist() == [1, 2]
    assert ladder.above_threshold(np.zeros(0)).tolist() == []
    with pytest.raises(ValueError, match=r"above 0\.0015"):
        ladder.above_threshold(np.full(3, 0.001))


def test_selection_finds_the_descriptors_that_follow_the_label(windows):
    """The twin's first descriptor follows arousal, the second valence, the others name the song."""
    for target, first in (("arousal", 0), ("valence", 1)):
        run = Run("qiu2025", "vgmidi", "twin", "ladder_2_selection", "ridge", target, 0, SETTINGS)
        importance = ladder.feature_importance(
            run, windows, ladder.RUNGS[run.protocol], split_of(windows, run.protocol)
        )
        assert importance.sum() == pytest.approx(1)
        assert importance[first] > importance[1 - first]


def test_the_plan_runs_what_hears_nothing_once_a_split():
    runs = study.plan(study.Parameters(data=["twin"], datasets=["vgmidi"]))
    rungs = {run.protocol for run in runs if run.variant == "song_mean" and run.protocol.startswith("ladder")}
    assert rungs == {"ladder_0_clean", "ladder_4_windows", "ladder_5_within_song"}
    assert {run.protocol for run in runs if run.variant == "random_forest" and "ladder" in run.protocol} == set(
        ladder.RUNGS
    )
    assert {run.protocol for run in runs if run.variant == "window_lengths"} == set(study.ENDS)
    split_name = {rung: ladder.RUNGS[rung].split for rung in ladder.RUNGS}
    assert all(split_name[rung] == split_name[same] for rung, same in study.SAME_SPLIT.items())


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


def test_every_how_manieth_label_keeps_its_own_window_and_past(windows):
    thinned = load_windows("vgmidi", "twin", 4)
    kept = windows.labels.groupby("song_id").cumcount() % 4 == 0
    assert np.array_equal(thinned.index, windows.index[kept])
    assert np.array_equal(thinned.past["valence"], windows.past["valence"][kept])
    assert thinned.labels.equals(windows.labels[kept].reset_index(drop=True))


@pytest.mark.parametrize("dataset", ["vgmidi", "pmemo"])
def test_no_frame_of_a_test_song_reaches_training_on_the_clean_rungs(dataset):
    windows = load_windows(dataset, "twin", 3)
    songs = windows.labels["song_id"].to_numpy()
    owner = np.empty(len(windows.times), dtype=object)
    for song, index in zip(songs, windows.index, strict=True):
        owner[index] = song
    for seed in range(5):
        split = splits.song_grouped(songs, seed)
        assert_frames_apart(windows, split)
        assert not set(owner[windows.index[split.train]].ravel()) & set(songs[split.test])


def test_without_descriptors_time_or_past_labels_there_is_nothing_to_hear(monkeypatch):
    bare = dataclasses.replace(load_windows("pmemo", "twin", 3), frames=np.zeros((20_000, 0), dtype=np.float32))
    monkeypatch.setattr(ladder, "load_windows", lambda *_: bare)
    with pytest.raises(ValueError, match="nothing is left to hear"):
        run = Run("qiu2025", "pmemo", "twin", "ladder_0_clean", "ridge", "arousal", 0, SETTINGS)
        ladder.execute(run, device="cpu")
    run = Run("qiu2025", "pmemo", "twin", "ladder_6_lagged", "ridge", "arousal", 0, SETTINGS)
    assert ladder.execute(run, device="cpu").metrics["r2"] > 0.8
