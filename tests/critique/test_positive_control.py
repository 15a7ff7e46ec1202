"""The positive control: folds that keep apart what they say, scores from evidence alone, a rule that can say no."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mer_repro import metrics
from mer_repro.critique.data_chapter import positive_control, survey
from mer_repro.data import checks, registry
from mer_repro.errors import DataMissing


@pytest.fixture(scope="module")
def dataset():
    return registry.load("panda_4qaed", "twin")


@pytest.fixture(scope="module", params=["song", "artist"])
def predicted(request, dataset):
    return request.param, positive_control.predictions(dataset, request.param, folds=5, workers=1)


def test_every_song_is_tested_once_and_groups_stay_together(predicted, dataset):
    protocol, table = predicted
    assert sorted(table.song_id) == sorted(dataset.songs.song_id)
    assert set(table.fold) == set(range(5))
    twice = checks.duplicate_songs(dataset.songs)[0]
    assert table.fold[table.song_id.isin(twice)].nunique() == 1
    if protocol == "artist":
        assert (table.groupby("artist").fold.nunique() == 1).all()
    truth = dataset.songs.set_index("song_id").quadrant[table.song_id]
    assert [positive_control.QUADRANTS[c] for c in table.y_true] == truth.tolist()


def test_the_planted_signal_is_found_within_its_ceiling(predicted, dataset):
    _, table = predicted
    ceiling = dataset.location.truth()["noise_ceiling_accuracy"]
    accuracy = (table.y_true == table.y_pred).mean()
    assert 0.4 < accuracy <= ceiling + 0.05


def test_scores_follow_from_the_evidence_alone(predicted):
    _, table = predicted
    found = positive_control.scores(positive_control.evidence(table), resamples=200)
    expected = metrics.classification(table.y_true.to_numpy(), table.y_pred.to_numpy(), 4)
    value, low, high = found["macro_f1"]
    assert value == pytest.approx(expected["macro_f1"]) and low < value < high
    assert np.array(found["confusion"]).sum() == found["songs"] == len(table)
    assert found["artists"] == table.artist.nunique()


def test_no_artist_is_named_in_the_evidence(predicted):
    _, table = predicted
    keys = positive_control.evidence(table)
    assert not set(keys) & set(table.artist) and all(len(key) == 10 for key in keys)


def test_the_rule_can_say_no():
    stated = positive_control.stated()["value"]
    assert 0.7 < stated < 0.8
    assert positive_control.verdict(stated - 0.01, stated + 0.01) == "reproduced"
    assert positive_control.verdict(stated + 0.001, 0.9) == positive_control.verdict(0.5, 0.7) == "not reproduced"


def test_a_copy_without_features_is_refused(dataset):
    with pytest.raises(DataMissing, match="no table of features"):
        positive_control.predictions(dataclasses.replace(dataset, features=None), "song")


def test_the_committed_control_is_of_the_real_songs_with_every_song_once():
    control = survey.read()["control"]
    assert control["data"] == "real" and set(control["protocols"]) == set(positive_control.PROTOCOLS)
    for evidence in control["protocols"].values():
        true = np.array([int(cell, 16) // 4 for cells in evidence.values() for cell in cells])
        assert len(true) == int(positive_control.stated()["songs"]) and np.bincount(true).tolist() == [225] * 4
