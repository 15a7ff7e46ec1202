"""Intervals cover, tests keep their level, and closed forms agree with scipy and statsmodels."""

import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import f1_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower

from mer_repro import metrics, statistics


def songs_with_offsets(generator, n_songs=60, frames=20, noise=0.3):
    """Targets, predictions and song of each frame; both the label and the error of a song's frames hang together."""
    song = np.repeat(np.arange(n_songs), frames)
    y_true = generator.normal(size=n_songs)[song] + 0.1 * generator.normal(size=len(song))
    y_pred = y_true + noise * generator.normal(size=n_songs)[song] + 0.1 * generator.normal(size=len(song))
    return y_true, y_pred, song


def test_single_items_as_groups_agree_with_scipy():
    generator = np.random.default_rng(0)
    y_true, y_pred = generator.normal(size=(2, 80))
    ours = statistics.interval("mae", y_true, y_pred, np.arange(80), resamples=20_000)
    scipys = scipy.stats.bootstrap(
        (np.abs(y_true - y_pred),), np.mean, n_resamples=20_000, method="percentile", rng=1
    ).confidence_interval
    assert ours == pytest.approx(tuple(scipys), abs=0.01)


@pytest.mark.parametrize("name", metrics.REGRESSION)
def test_named_scores_and_their_functions_give_the_same_interval(name):
    data = songs_with_offsets(np.random.default_rng(1))
    assert statistics.interval(name, *data, resamples=50) == pytest.approx(
        statistics.interval(getattr(metrics, name), *data, resamples=50), rel=1e-6
    )


def test_the_interval_covers_the_truth_when_songs_are_resampled_and_not_when_frames_are():
    truth = np.sqrt(2 / np.pi * (0.3**2 + 0.1**2))  # mean of |N(0, 0.3^2 + 0.1^2)|
    by_song, by_frame = [], []
    for seed in range(150):
        y_true, y_pred, song = songs_with_offsets(np.random.default_rng(seed), frames=8)
        for groups, covered in ((song, by_song), (np.arange(len(song)), by_frame)):
            low, high = statistics.interval("mae", y_true, y_pred, groups, resamples=200, seed=seed)
            covered.append(low <= truth <= high)
    # 95 % nominal; 150 simulations have a standard error of 1.8 points, the bootstrap itself lacks one or two.
    assert 0.89 <= np.mean(by_song) <= 0.99
    assert np.mean(by_frame) < 0.65


def test_paired_comparison_keeps_its_level_and_finds_what_is_there():
    rejected, found = [], []
    for seed in range(200):
        generator = np.random.default_rng(seed)
        y_true, pred_a, song = songs_with_offsets(generator)
        same = y_true + 0.3 * generator.normal(size=60)[song] + 0.1 * generator.normal(size=len(song))
        rejected.append(statistics.paired_bootstrap("mae", y_true, pred_a, same, song, resamples=300).p_value < 0.05)
        better = y_true + 0.5 * (pred_a - y_true)
        found.append(statistics.paired_bootstrap("mae", y_true, pred_a, better, song, resamples=300).p_value < 0.05)
    assert np.mean(rejected) < 0.09 and np.mean(found) > 0.99


def test_a_paired_comparison_sees_what_separate_intervals_hide():
    y_true, pred_a, song = songs_with_offsets(np.random.default_rng(2))
    pred_b = y_true + 0.95 * (pred_a - y_true)
    comparison = statistics.paired_bootstrap("mae", y_true, pred_a, pred_b, song)
    assert comparison.difference == pytest.approx(-0.05 * metrics.mae(y_true, pred_a))
    assert comparison.low < comparison.difference < comparison.high < 0
    assert comparison.p_value == pytest.approx(2 / 2001) and comparison.n_groups == 60
    of_a, of_b = (statistics.interval("mae", y_true, pred, song) for pred in (pred_a, pred_b))
    assert of_b[1] > of_a[0]
    # Every song's error shrinks by a twentieth, so the difference has a twentieth of the error's standard error.
    song_mae = np.array([np.abs(y_true - pred_a)[song == s].mean() for s in range(60)])
    assert comparison.standard_error == pytest.approx(0.05 * song_mae.std(ddof=1) / np.sqrt(60), rel=0.06)


def test_any_score_of_classes_can_be_compared():
    generator = np.random.default_rng(3)
    song = np.repeat(np.arange(40), 5)
    y_true = generator.integers(4, size=200)
    good = np.where(generator.random(200) < 0.9, y_true, generator.integers(4, size=200))
    poor = np.where(generator.random(200) < 0.3, y_true, generator.integers(4, size=200))

    def macro_f1(true, pred):
        return f1_score(true, pred, average="macro")

    comparison = statistics.paired_bootstrap(macro_f1, y_true, poor, good, song, resamples=200)
    assert comparison.difference == macro_f1(y_true, good) - macro_f1(y_true, poor) and comparison.low > 0


def test_too_few_groups_give_no_interval():
    data = songs_with_offsets(np.random.default_rng(0), n_songs=9)
    assert np.isnan(statistics.interval("r2", *data)).all()
    y_true, y_pred, song = data
    comparison = statistics.paired_bootstrap("r2", y_true, y_pred, y_true, song)
    assert comparison.difference > 0 and np.isnan([comparison.low, comparison.p_value]).all()
    with pytest.raises(ValueError, match="expected 180, one an item"):
        statistics.interval("r2", y_true, y_pred, song[:-1])


@pytest.mark.parametrize(("only_a", "only_b"), [(3, 11), (7, 7), (0, 1), (25, 10), (0, 0)])
def test_mcnemar_agrees_with_statsmodels(only_a, only_b):
    correct_a = np.array([True] * (only_a + 5) + [False] * (only_b + 4))
    correct_b = np.array([False] * only_a + [True] * 5 + [True] * only_b + [False] * 4)
    ours = statistics.mcnemar_exact(correct_a, correct_b)
    assert (ours.only_a, ours.only_b) == (only_a, only_b)
    assert ours.p_value == pytest.approx(mcnemar([[5, only_a], [only_b, 4]], exact=True).pvalue)


def test_holm_agrees_with_statsmodels_and_skips_what_was_not_compared():
    p_values = {"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005, "e": 0.9}
    expected = multipletests(list(p_values.values()), method="holm")[1]
    assert list(statistics.holm(p_values).values()) == pytest.approx(list(expected))
    with_gap = statistics.holm({**p_values, "f": float("nan")})
    assert np.isnan(with_gap.pop("f")) and list(with_gap.values()) == pytest.approx(list(expected))


def test_the_smallest_detectable_difference_has_the_power_it_promises():
    difference = statistics.smallest_detectable_difference(0.1, power=0.8)
    # Two groups of 200 with unit variance: the standard error of their difference is 0.1.
    assert NormalIndPower().power(difference, nobs1=200, alpha=0.05) == pytest.approx(0.8, abs=1e-4)


def test_over_splits_by_hand():
    mean, low, high = statistics.over_splits([0.5, 0.6, 0.7], test_share=0.25)
    # variance 0.01, factor 1/3 + 1/4, t quantile 4.3027 with 2 degrees of freedom
    assert mean == pytest.approx(0.6) and high - mean == pytest.approx(4.3027 * np.sqrt(0.01 * 7 / 12), rel=1e-4)
    assert mean - low == pytest.approx(high - mean)
