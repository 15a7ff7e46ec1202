"""Scores against other libraries and against values worked out by hand."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sklearn_metrics

from mer_repro import metrics


@pytest.fixture(params=range(5))
def scores(request):
    rng = np.random.default_rng(request.param)
    y_true = rng.normal(0.3, 0.2, 200)
    return y_true, 0.6 * y_true + rng.normal(0.1, 0.1, 200)


def test_regression_scores_agree_with_scikit_learn_and_scipy(scores):
    y_true, y_pred = scores
    ours = metrics.regression(y_true, y_pred)
    assert ours["r2"] == pytest.approx(sklearn_metrics.r2_score(y_true, y_pred))
    assert ours["rmse"] == pytest.approx(sklearn_metrics.root_mean_squared_error(y_true, y_pred))
    assert ours["mae"] == pytest.approx(sklearn_metrics.mean_absolute_error(y_true, y_pred))
    assert ours["mape"] == pytest.approx(sklearn_metrics.mean_absolute_percentage_error(y_true, y_pred))
    assert ours["squared_pearson"] == pytest.approx(stats.pearsonr(y_true, y_pred).statistic ** 2)
    assert list(ours) == list(metrics.REGRESSION)


def test_ccc_by_hand():
    # means 2 and 3, population variances 2/3 and 2/3, covariance 2/3: 2 * 2/3 / (2/3 + 2/3 + 1) = 4/7
    assert metrics.ccc([1, 2, 3], [2, 3, 4]) == pytest.approx(4 / 7)


def test_squared_pearson_hides_what_r2_punishes():
    y_true = np.array([0.1, 0.4, 0.5, 0.9])
    wrong_scale = 10 * y_true - 3
    assert metrics.squared_pearson(y_true, wrong_scale) == pytest.approx(1)
    assert metrics.r2(y_true, wrong_scale) < 0


def test_undefined_scores_are_nan_not_zero():
    y_true = np.array([0.1, 0.2, 0.3])
    assert np.isnan(metrics.squared_pearson(y_true, np.full(3, 0.7)))
    assert np.isnan(metrics.r2(np.full(3, 0.2), y_true))
    assert np.isnan(metrics.mape([0.0, 0.0], [1.0, 1.0]))
    assert metrics.mape([0.0, 2.0], [1.0, 1.0]) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("y_true", "y_pred", "message"),
    [
        ([1.0, 2.0], [1.0], "same length"),
        ([], [], "nothing to score"),
        ([1.0, np.nan], [1.0, 2.0], "y_true holds 1 values that are not finite, the first at position 1"),
        ([[1.0]], [[1.0]], "one dimension"),
    ],
)
def test_bad_input_is_named(y_true, y_pred, message):
    with pytest.raises(ValueError, match=message):
        metrics.r2(y_true, y_pred)


def test_intervals_resample_songs_and_agree_with_a_plain_bootstrap():
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(40), rng.integers(5, 30, 40))
    offsets = rng.normal(0, 0.3, 40)[groups]
    y_true = 0.5 + offsets + rng.normal(0, 0.05, len(groups))
    y_pred = 0.5 + 0.8 * offsets + rng.normal(0, 0.1, len(groups))
    ours = metrics.regression_intervals(y_true, y_pred, groups, resamples=4000, seed=1)
    rows = [np.flatnonzero(groups == song) for song in range(40)]
    plain = {name: [] for name in metrics.REGRESSION}
    for _ in range(1500):
        chosen = np.concatenate([rows[song] for song in rng.integers(0, 40, 40)])
        for name, value in metrics.regression(y_true[chosen], y_pred[chosen]).items():
            plain[name].append(value)
    for name in metrics.REGRESSION:
        low, high = np.quantile(plain[name], [0.025, 0.975])
        assert ours[name] == pytest.approx((low, high), abs=0.12 * (high - low)), name


def test_intervals_of_an_undefined_score_are_nan():
    intervals = metrics.regression_intervals([0.1, 0.2, 0.4], [0.3] * 3, ["a", "b", "c"], resamples=100)
    assert np.isnan(intervals["squared_pearson"]).all()
    assert np.isfinite(intervals["rmse"]).all()


def test_classification_scores_agree_with_scikit_learn_and_hand():
    from sklearn.metrics import accuracy_score, f1_score

    rng = np.random.default_rng(3)
    y_true, y_pred = rng.integers(0, 4, 500), rng.integers(0, 4, 500)
    scores = metrics.classification(y_true, y_pred, 4)
    assert scores["accuracy"] == pytest.approx(accuracy_score(y_true, y_pred))
    assert scores["macro_f1"] == pytest.approx(f1_score(y_true, y_pred, average="macro"))
    # Classes 0 and 1: F1 of 2/3 and 2/3; class 2 does not occur, class 3 is predicted once and never right.
    assert metrics.macro_f1([0, 0, 1, 1], [0, 1, 1, 3], 4) == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)


def test_classification_intervals_resample_groups_not_items():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(40), 25)
    right = np.repeat(rng.random(40) < 0.7, 25)  # a group is wholly right or wholly wrong
    y_true = rng.integers(0, 4, 1000)
    y_pred = np.where(right, y_true, (y_true + 1) % 4)
    low, high = metrics.classification_intervals(y_true, y_pred, group, 4)["accuracy"]
    share = right.mean()
    assert high - low == pytest.approx(2 * 1.96 * (share * (1 - share) / 40) ** 0.5, rel=0.15)


def test_classification_refuses_what_is_no_class():
    with pytest.raises(ValueError, match="y_pred holds 4; expected whole numbers from 0 to 3"):
        metrics.confusion([0, 1], [0, 4], 4)
