"""Clean and leaking folds of qiu2025: the same labels, the same shares, and nothing else differs."""

import numpy as np
import pytest

from mer_repro import splits
from mer_repro.papers.qiu2025 import folds, study
from mer_repro.runs.records import Run

SETTINGS = {"stride": 1, "trees": 5, "selection_trees": 5, "epochs": 1, "patience": 1, "batch_size": 32}
SETTINGS |= {"learning_rate": 1e-3, "code_epochs": 1, "code_batch_size": 32}


def outcome(protocol, variant, dataset="vgmidi", fold=0, **factors):
    run = Run("qiu2025", dataset, "twin", protocol, variant, "arousal", 0, SETTINGS, {"fold": fold} | factors)
    return study.execute(run, device="cpu")


def test_frames_are_dealt_so_that_each_is_tested_once_in_the_shares_of_the_clean_folds():
    groups = np.repeat(np.arange(60), np.random.default_rng(0).integers(1, 40, 60))
    parts = [splits.frame_folds(groups, fold, 5) for fold in range(5)]
    assert np.array_equal(np.sort(np.concatenate([p.test for p in parts])), np.arange(len(groups)))
    for part in parts:
        shares = [len(rows) / len(groups) for rows in (part.train, part.validation, part.test)]
        assert shares == pytest.approx([0.7, 0.1, 0.2], abs=0.02)
        long = groups[part.test][np.bincount(groups)[groups[part.test]] >= 5]
        # A song of five frames or more is in every part of the test.
        assert set(long) == set(np.flatnonzero(np.bincount(groups) >= 5))
    with pytest.raises(ValueError, match="expected 0 to 4"):
        splits.frame_folds(groups, 5, 5)


@pytest.mark.parametrize("dataset", ["deam", "vgmidi"])
def test_both_sides_test_the_same_labels_and_one_shares_songs_with_training(dataset):
    tested = {}
    for side in study.SIDES:
        outcomes = [outcome(side, "song_mean", dataset, fold) for fold in range(folds.FOLDS)]
        items = np.concatenate([found.predictions["item"] for found in outcomes])
        order = np.argsort(items)
        tested[side] = [np.concatenate([f.predictions[n] for f in outcomes])[order] for n in ("item", "y_true")]
        leaks = [found.counts["n_test_songs_trained_on"] > 0 for found in outcomes]
        assert leaks == [side == "frame_folds"] * folds.FOLDS
        assert bool(np.mean([found.metrics["r2"] for found in outcomes]) > 0.5) is (side == "frame_folds")
    for one, other in zip(*tested.values(), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("variant", ["ridge", "extra_trees"])
def test_models_that_read_features_gain_by_the_leak(variant):
    clean, leaking = (outcome(side, variant).metrics["r2"] for side in study.SIDES)
    assert clean < leaking


def test_half_seconds_by_hand():
    spectrum = np.repeat(np.arange(4.0), folds.PER_HALF_SECOND)[None, : 4 * folds.PER_HALF_SECOND - 1] * np.ones((3, 1))
    means, times = folds.half_seconds(spectrum)
    # The last, incomplete half second is left out.
    assert means == pytest.approx(np.array([[0, 0, 0], [1, 1, 1], [2, 2, 2]]))
    assert times == pytest.approx(np.arange(3) * 22 * 512 / 22_050)


def test_expected_scores_stay_within_the_training_labels_and_initialisations_differ():
    first, other = (outcome("song_folds", "expected_score", init=init) for init in (0, 1))
    assert not np.array_equal(first.predictions["y_pred"], other.predictions["y_pred"])
    labels, _, _ = folds.load_items("vgmidi", "twin", 1)
    assert labels["arousal"].min() <= first.predictions["y_pred"].min()
    assert first.predictions["y_pred"].max() <= labels["arousal"].max()


def test_networks_are_repeated_over_initialisations_and_simple_models_are_not():
    chosen = {"vgmidi": {"targets": ["arousal"], "models": ["ridge"], "networks": {"no_cnn": {"inits": 3}}}}
    runs = study.plan(study.Parameters(data=["twin"], datasets=["vgmidi"], folds=chosen))
    runs = [run for run in runs if run.protocol in study.SIDES]
    by_model = {name: [run.factors for run in runs if run.variant == name] for name in ("ridge", "no_cnn")}
    assert len(by_model["ridge"]) == 2 * 5 and "init" not in by_model["ridge"][0]
    assert len(by_model["no_cnn"]) == 2 * 5 * 3
    assert study.sources(runs[0]) != study.sources(runs[-1])


def planned(networks=("no_cnn", "lagged", "code_cnn"), lengths=(1, 25), **training):
    chosen = {"networks": {name: {"inits": 1} for name in networks}, "lengths": lengths, "training": training}
    runs = study.plan(study.Parameters(data=["twin"], datasets=["vgmidi"], folds={"vgmidi": chosen}))
    return {run.id: run for run in runs if run.variant in networks}


def test_a_setting_of_one_network_leaves_the_runs_of_the_others_alone():
    before = planned()
    for setting, changed in (("code_epochs", {"code_cnn"}), ("patience", {"no_cnn", "lagged"})):
        after = planned(**{setting: 3})
        moved = {run.variant for name, run in after.items() if run.parameters != before[name].parameters}
        assert moved == changed
    lengths = [run.factors["length"] for run in before.values() if run.variant == "lagged"]
    assert sorted(lengths) == [1] * 10 + [25] * 10
    assert not any("length" in run.factors for run in planned(["no_cnn"]).values())


def test_a_softmax_over_one_output_says_one_whatever_it_hears():
    found = outcome("song_folds", "softmax_output", init=0)
    assert np.allclose(found.predictions["y_pred"], 1)
    assert found.metrics["r2"] < 0


def test_the_same_initialisation_gives_the_same_network_and_a_shorter_window_another():
    first, again = (outcome("song_folds", "cnn_bilstm", init=3).predictions["y_pred"] for _ in range(2))
    assert np.array_equal(first, again)
    whole, short = (outcome("song_folds", "lagged", init=3, length=n).predictions["y_pred"] for n in (26, 1))
    # A window's last 26 frames are the window.
    assert np.array_equal(whole, first) and not np.array_equal(short, first)


@pytest.mark.parametrize("variant", ["released_code", "code_bilstm", "code_cnn"])
def test_networks_of_the_code_answer_on_the_scale_of_the_labels(variant):
    found = outcome("frame_folds", variant, init=0)
    labels, _, _ = folds.load_items("vgmidi", "twin", 1)
    size = np.ptp(labels["arousal"])
    # A tanh over labels scaled to 0..1 cannot leave this range.
    assert np.all(np.abs(found.predictions["y_pred"] - labels["arousal"].min()) <= size * 1.05)
    assert found.notes["epochs_run"] == 1


def test_inputs_scaled_by_their_range_get_noise_in_proportion():
    run = Run("qiu2025", "vgmidi", "twin", "song_folds", "min_max", "arousal", 0, SETTINGS, {"fold": 0, "init": 0})
    inputs = np.random.default_rng(0).normal(0, [0.2, 0.05], (500, 26, 2)).astype(np.float32)
    noise = folds.build_network(run, inputs, np.array([0.0, 1.0])).noise
    assert noise.deviation.tolist() == pytest.approx([0.02, 0.005], rel=0.05)
