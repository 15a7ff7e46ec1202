"""Protocols leak exactly what their names say; baselines give values worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mer_repro import baselines, splits
from mer_repro.errors import ParameterError

SONG_LENGTHS = st.lists(st.integers(5, 60), min_size=10, max_size=30)


def groups_of(lengths):
    return np.repeat(np.arange(len(lengths)) * 7 + 3, lengths)


@given(SONG_LENGTHS, st.integers(0, 2**32 - 1), st.sampled_from(sorted(splits.PROTOCOLS)))
def test_every_protocol_partitions_the_frames(lengths, seed, protocol):
    groups = groups_of(lengths)
    split = splits.split(protocol, groups, seed)
    together = np.sort(np.concatenate([split.train, split.validation, split.test]))
    assert np.array_equal(together, np.arange(len(groups)))
    again = splits.split(protocol, groups, seed)
    assert np.array_equal(split.test, again.test)


@given(SONG_LENGTHS, st.integers(0, 2**32 - 1))
def test_song_grouped_shares_no_song(lengths, seed):
    groups = groups_of(lengths)
    split = splits.song_grouped(groups, seed)
    train, validation, test = (set(groups[part]) for part in (split.train, split.validation, split.test))
    assert not train & test and not train & validation and not validation & test
    assert len(test) == len(validation) == max(1, round(len(lengths) / 10))


@given(SONG_LENGTHS, st.integers(2, 5))
def test_song_folds_test_every_song_once_and_share_none(lengths, folds):
    groups = groups_of(lengths)
    every = [splits.song_folds(groups, fold, folds) for fold in range(folds)]
    assert np.array_equal(np.sort(np.concatenate([split.test for split in every])), np.arange(len(groups)))
    for split in every:
        together = np.concatenate([split.train, split.validation, split.test])
        assert np.array_equal(np.sort(together), np.arange(len(groups)))
        assert not set(groups[split.test]) & set(groups[np.concatenate([split.train, split.validation])])
        assert len(set(groups[split.validation])) == max(1, round(len(lengths) / 10))
    with pytest.raises(ValueError, match=f"Fold {folds} of {folds}"):
        splits.song_folds(groups, folds, folds)


def test_within_song_random_tests_a_fifth_of_every_song():
    groups = groups_of([50] * 12)
    split = splits.within_song_random(groups, seed=1)
    for song in np.unique(groups):
        assert np.sum(groups[split.test] == song) == 10
        assert np.sum(groups[split.validation] == song) == 10
        assert np.sum(groups[split.train] == song) == 30


def test_disjointness_assertion_names_the_song():
    groups = np.array(["a", "a", "b", "b"])
    leaking = splits.Split(np.array([0, 2]), np.array([], dtype=int), np.array([1, 3]))
    with pytest.raises(AssertionError, match="2 test songs are also in training, the first is 'a'"):
        splits.assert_song_disjoint(groups, leaking)
    with pytest.raises(AssertionError, match="more than one part"):
        splits.Split(np.array([0]), np.array([1]), np.array([0]))


def test_unknown_protocol_and_too_few_songs_are_refused():
    with pytest.raises(ParameterError, match="Did you mean 'song_grouped'"):
        splits.split("song_group", np.zeros(3), 0)
    with pytest.raises(ValueError, match="at least 10"):
        splits.song_grouped(groups_of([5] * 9), 0)


@pytest.fixture
def two_songs():
    """Song x with training labels 0, 4 at 0 s and 2 s; song y unseen in training."""
    frames = pd.DataFrame({"song_id": list("xxxxyy"), "time": [0.0, 0.5, 2.0, 3.0, 0.0, 0.5]})
    target = np.array([0.0, 9.0, 4.0, 9.0, 9.0, 9.0])
    return frames, target, splits.Split(np.array([0, 2]), np.array([], dtype=int), np.array([1, 3, 4, 5]))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("global_mean", [2, 2, 2, 2]),
        ("song_mean", [2, 2, 2, 2]),
        ("last_value", [0, 4, 2, 2]),
        ("linear_interpolation", [1, 4, 2, 2]),
        ("training_maximum", [4, 4, 4, 4]),
    ],
)
def test_baselines_by_hand(two_songs, name, expected):
    assert baselines.BASELINES[name](*two_songs) == pytest.approx(expected)


@pytest.mark.parametrize("name", sorted(baselines.BASELINES))
def test_baselines_read_no_test_label(two_songs, name):
    frames, target, split = two_songs
    honest = baselines.BASELINES[name](frames, target, split)
    target = target.copy()
    target[split.test] = np.nan
    assert baselines.BASELINES[name](frames, target, split) == pytest.approx(honest)
