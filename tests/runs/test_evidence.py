"""Evidence gives back the scores of the predictions that it was made of, and says when it cannot."""

import numpy as np
import pytest
from sklearn import metrics as sk

from mer_repro import metrics
from mer_repro.runs import evidence


def _kept(predictions, salt="set"):
    return evidence.load(evidence.dump(evidence.of(predictions, salt)))


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def test_regression_scores_come_back_from_sums(rng):
    song = rng.integers(0, 30, 500)
    true = rng.normal(0.5, 0.1, 30)[song] + rng.normal(0, 0.02, 500)
    pred = true + rng.normal(0.01, 0.08, 500)
    found = _kept({"item": np.arange(500), "group": song, "y_true": true, "y_pred": pred})[""]
    assert found.n_items == 500 and len(found.groups) == 30
    for name, value in metrics.regression(true, pred).items():
        assert found.score(name) == pytest.approx(value, abs=2e-5), name


def test_large_offsets_cost_no_digits(rng):
    true = 1000 + rng.normal(0, 0.01, 50)
    pred = true + rng.normal(0, 0.01, 50)
    found = _kept({"y_true": true, "y_pred": pred})[""]
    assert found.score("r2") == pytest.approx(metrics.r2(true, pred), abs=1e-4)


def test_classes_come_back_as_scikit_learn_has_them(rng):
    user = rng.integers(0, 12, 300)
    true = rng.integers(0, 4, 300)
    p = rng.dirichlet(np.ones(4), 300)
    pred = p.argmax(axis=1)
    arrays = {"group": user, "y_true": true, "y_pred": pred} | {f"p_{k}": p[:, k] for k in range(4)}
    found = _kept(arrays)[""]
    assert found.score("accuracy") == pytest.approx(sk.accuracy_score(true, pred))
    assert found.score("macro_f1") == pytest.approx(sk.f1_score(true, pred, average="macro"))
    assert found.score("macro_precision") == pytest.approx(sk.precision_score(true, pred, average="macro"))
    assert found.score("macro_recall") == pytest.approx(sk.balanced_accuracy_score(true, pred))
    assert found.score("kappa") == pytest.approx(sk.cohen_kappa_score(true, pred))
    assert found.score("log_loss") == pytest.approx(sk.log_loss(true, p, labels=range(4)), rel=1e-5)
    assert found.probabilities is None and not found.singletons


def test_items_that_are_their_own_group_keep_their_probabilities(rng):
    true = rng.integers(0, 3, 40)
    p = rng.dirichlet(np.ones(3), 40)
    arrays = {"item": np.arange(40), "y_true": true, "y_pred": p.argmax(axis=1)} | {f"p_{k}": p[:, k] for k in range(3)}
    found = _kept(arrays)[""]
    auc = sk.roc_auc_score(true, p, multi_class="ovr", average="weighted")
    assert found.score("auc") == pytest.approx(auc, abs=1e-6)
    assert found.right().mean() == pytest.approx((p.argmax(axis=1) == true).mean())


def test_several_targets_and_items_left_out():
    arrays = {
        "group": np.array(["a", "a", "b"]),
        "y_true_six": np.array([0, 1, 1]), "y_pred_six": np.array([0, 0, 1]),
        "y_true_four": np.array([0, -1, 1]), "y_pred_four": np.array([0, 1, 0]),
    }  # fmt: skip
    found = _kept(arrays)
    assert set(found) == {"six", "four"}
    assert found["six"].n_items == 3 and found["four"].n_items == 2
    assert found["four"].score("accuracy") == 0.5


def test_area_of_high_targets_and_of_a_resample(rng):
    true, pred = rng.integers(0, 11, 60).astype(float), np.round(rng.normal(size=60), 1)
    found = _kept({"y_true": true, "y_pred": pred})[""]
    assert found.score("auc@7") == pytest.approx(sk.roc_auc_score(true >= 7, pred))
    order = np.argsort(evidence.of({"y_true": true, "y_pred": pred}, "set")[""].groups)
    assert (order == np.arange(60)).all()
    weights = rng.integers(0, 3, (2, 60)).astype(float)
    again = [sk.roc_auc_score(found.sums[1] >= 6.999, found.sums[3], sample_weight=row) for row in weights]
    assert found.resampled("auc@7", weights) == pytest.approx(again)


@pytest.mark.parametrize("dealt", ["groups", "items"])
def test_folds_pool_to_the_whole(rng, dealt):
    song = np.repeat(np.arange(20), 5)
    true = rng.normal(size=100)
    pred = true + rng.normal(size=100)
    first = song < 10 if dealt == "groups" else np.arange(100) % 2 == 0
    parts = [
        evidence.of({"group": song[rows], "y_true": true[rows], "y_pred": pred[rows]}, "set")[""]
        for rows in (first, ~first)
    ]
    assert evidence.pooled(parts).score("r2") == pytest.approx(metrics.r2(true, pred))
    assert evidence.pooled(parts).n_items == 100


def test_groups_are_paired_within_a_data_set_only():
    one = evidence.of({"group": ["a", "b"], "y_true": [0.0, 1.0], "y_pred": [0.0, 1.0]}, "deam")[""]
    same = evidence.of({"group": ["b", "a"], "y_true": [0.0, 1.0], "y_pred": [0.0, 1.0]}, "deam")[""]
    other = evidence.of({"group": ["a", "b"], "y_true": [0.0, 1.0], "y_pred": [0.0, 1.0]}, "pmemo")[""]
    assert (one.groups == same.groups).all()
    assert not set(one.groups) & set(other.groups)


def test_what_cannot_be_evidence_is_refused_or_left_out():
    assert evidence.of({"item": [0, 1], "score": [0.1, 0.2]}, "set") == {}
    with pytest.raises(ValueError, match="no y_pred"):
        evidence.of({"y_true": [0.0, 1.0]}, "set")
    with pytest.raises(ValueError, match="not finite"):
        evidence.of({"y_true": [0.0, 1.0], "y_pred": [0.0, np.nan]}, "set")
