"""Scores and differences from records with evidence, against values computed by hand or by another library."""

import numpy as np
import pytest
from sklearn import metrics as sk

from mer_repro import results as module
from mer_repro.errors import LedgerError
from mer_repro.results import Results, Score, holm, recompute, shown
from mer_repro.runs.records import Outcome, RecordStore, Run


@pytest.fixture
def store(tmp_path):
    return RecordStore(tmp_path)


def _put(store, variant, predictions, seed=0, metrics=None, **factors):
    run = Run("paper", "set", "real", "song_folds", variant, "arousal", seed, factors=factors)
    outcome = Outcome(metrics or {}, predictions=predictions)
    store.put(run, outcome, data_fingerprint="d", source_fingerprint="s", device="cpu", seconds=1.0)


def _load(store):
    return Results("paper", store.all("paper"), store)


def _songs(rng, n_songs=40, frames=10):
    song = np.repeat(np.arange(n_songs), frames)
    return song, rng.normal(size=n_songs)[song] + rng.normal(0, 0.1, len(song))


def _folds(store, variant, song, true, pred, by, n=4, **more):
    for fold in range(n):
        rows = by % n == fold
        _put(store, variant, {"group": song[rows], "y_true": true[rows], "y_pred": pred[rows]}, fold=fold, **more)


@pytest.mark.parametrize(
    ("value", "style", "text"),
    [
        (0.97512, ".3", "0.975"), (0.8463, "%1", "84.6"), (-0.0004, ".3", "0.000"), (-0.0004, "+.3", "0.000"),
        (-0.25, "+.2", "−0.25"), (0.25, "+.2", "+0.25"), (12345.6, ",.0", "12,346"), (float("nan"), ".3", "–"),
        (0.067, "+%1", "+6.7"),
    ],
)  # fmt: skip
def test_styles(value, style, text):
    assert shown(value, style) == text


def test_scores_print_with_their_interval_and_without():
    score = Score(0.5, 0.4, 0.6)
    assert f"{score:.2}" == "0.50 [0.40, 0.60]" and f"{score:%1~}" == "50.0" and f"{Score(0.5):.1}" == "0.5"


@pytest.mark.parametrize("by", ["songs", "frames"])
def test_folds_are_pooled_whether_they_part_songs_or_frames(store, by):
    rng = np.random.default_rng(0)
    song, true = _songs(rng)
    pred = true + rng.normal(0, 0.5, len(true))
    _folds(store, "ridge", song, true, pred, song if by == "songs" else np.arange(len(true)))
    score = _load(store).score("r2")
    assert score.value == pytest.approx(sk.r2_score(true, pred), abs=1e-5)
    assert score.low < score.value < score.high and len(score.records) == 4
    assert "4 folds pooled" in score.how


def test_repeats_are_averaged_and_widen_the_interval(store):
    rng = np.random.default_rng(0)
    song, true = _songs(rng)
    noise = rng.normal(0, 0.3, len(true))
    preds = {0: true + noise, 1: true + 0.1 * noise, 2: true + 2 * noise}
    for init, pred in preds.items():
        _folds(store, "network", song, true, pred, song, init=init)
    score = _load(store).score("rmse")
    assert score.value == pytest.approx(np.mean([np.sqrt(np.mean((p - true) ** 2)) for p in preds.values()]), abs=1e-5)
    alone = _load(store).where(init=0).score("rmse")
    assert score.high - score.low > 3 * (alone.high - alone.low)


def test_interval_covers_the_truth_about_as_often_as_it_says(store, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "RESAMPLES", 300)
    module._draws.cache_clear()
    rng, hits = np.random.default_rng(3), 0
    for study in range(100):
        at = RecordStore(tmp_path / str(study))
        right = rng.random(200) < 0.7
        _put(at, "m", {"y_true": np.ones(200, int), "y_pred": right.astype(int)})
        score = Results("paper", at.all("paper"), at).score("accuracy")
        hits += score.low <= 0.7 <= score.high
    module._draws.cache_clear()
    assert 88 <= hits <= 100


def test_difference_is_paired_on_the_same_items(store):
    rng = np.random.default_rng(1)
    song, true = _songs(rng)
    hard = rng.normal(0, 1, 40)[song]
    _folds(store, "a", song, true, true + hard, song)
    _folds(store, "b", song, true, true + 0.9 * hard, song)
    results = _load(store)
    found = results.contrast("rmse", {"variant": "b"}, {"variant": "a"})
    one, other = results.where(variant="b").score("rmse"), results.where(variant="a").score("rmse")
    assert found.value == pytest.approx(one.value - other.value)
    assert found.high < 0 and found.p < 0.01
    assert found.high - found.low < 0.3 * (one.high - one.low)
    assert not np.isnan(found.detectable)


def test_no_difference_between_cells_that_tested_other_items(store):
    _put(store, "a", {"item": np.arange(20), "y_true": np.arange(20.0), "y_pred": np.arange(20.0)})
    _put(store, "b", {"item": np.arange(1, 21), "y_true": np.arange(20.0), "y_pred": np.arange(20.0)})
    assert _load(store).contrast("r2", {"variant": "a"}, {"variant": "b"}) is None


def test_no_effect_is_rarely_called_one(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "RESAMPLES", 300)
    module._draws.cache_clear()
    rng, found = np.random.default_rng(5), 0
    for study in range(60):
        at = RecordStore(tmp_path / str(study))
        for variant in ("a", "b"):
            _put(at, variant, {"y_true": np.ones(150, int), "y_pred": (rng.random(150) < 0.6).astype(int)})
        results = Results("paper", at.all("paper"), at)
        found += results.contrast("accuracy", {"variant": "a"}, {"variant": "b"}).p < 0.05
    module._draws.cache_clear()
    assert found <= 8


def test_runs_without_evidence_show_what_they_printed_and_have_no_difference(store):
    for seed, value in enumerate((0.4, 0.6)):
        run = Run("paper", "set", "real", "song_folds", "old", "arousal", seed)
        outcome = Outcome({"r2": value, "seconds_per_song": 2.0}, {"r2": (value - 0.1, value + 0.1)})
        store.put(run, outcome, data_fingerprint="d", source_fingerprint="s", device="cpu", seconds=1.0)
    results = _load(store)
    score = results.score("r2")
    assert (score.value, score.low, score.high) == pytest.approx((0.5, 0.4, 0.6))
    assert "no evidence" in score.how
    assert results.contrast("r2", {"seed": 0}, {"seed": 1}) is None
    assert results.metric("seconds_per_song").value == 2.0


def test_every_recipe_makes_its_score_again(store):
    rng = np.random.default_rng(2)
    song, true = _songs(rng)
    for name, noise in (("a", 0.3), ("b", 0.4)):
        _folds(store, name, song, true, true + rng.normal(0, noise, len(true)), song, metrics={"took": noise})
    results = _load(store)
    one, other = {"variant": "a"}, {"variant": "b"}
    for score in (results.where(**one).score("ccc"), results.contrast("r2", one, other), results.metric("took")):
        ordered = [next(r for r in results if r.id == name) for name in score.records]
        again = recompute(score.recipe, Results("paper", ordered, store))
        assert again.records == score.records
        assert (again.value, again.low) == pytest.approx((score.value, score.low), nan_ok=True)
    with pytest.raises(ValueError, match="recipe"):
        recompute((), results)


def test_holm_as_by_hand():
    family = {"a": Score(1, p=0.01), "b": Score(1, p=0.04), "c": Score(1, p=0.03), "none": None}
    assert {name: s.p for name, s in holm(family).items()} == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})


def test_mcnemar_as_the_binomial_has_it(store):
    from scipy.stats import binomtest

    true = np.ones(30, int)
    first, second = true.copy(), true.copy()
    first[:2], second[2:11] = 0, 0
    _put(store, "a", {"y_true": true, "y_pred": first})
    _put(store, "b", {"y_true": true, "y_pred": second})
    results = _load(store)
    found = module.mcnemar(results.where(variant="a"), results.where(variant="b"))
    assert found.p == pytest.approx(binomtest(9, 11).pvalue) and found.value == pytest.approx(7 / 30)


def test_a_stated_number_prints_as_printed_and_counts_in_base_units():
    found = module.stated("qiu2025", "t1.ours.testing.r2")
    assert str(found) == "0.845" and found.claim == "qiu2025.t1.ours.testing.r2" and found.value == pytest.approx(0.845)
    percentage = module.stated("bai2026", "sec421.accuracy_gain")
    assert (str(percentage), percentage.value) == ("3.3", pytest.approx(0.033)) and f"{percentage:+%1}" == "+3.3"
    with pytest.raises(LedgerError, match=r"t1\.ours\.testing\.r2"):
        module.stated("qiu2025", "t1.ours.testing.r22")
