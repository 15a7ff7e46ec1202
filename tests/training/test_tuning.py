"""Equal budgets, against scikit-learn's own search and against planted optima."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.stats import loguniform
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mer_repro import tuning
from mer_repro.errors import ParameterError
from mer_repro.splits import Split
from mer_repro.training import TrainingDiverged

SPACE = {"learning_rate": loguniform(1e-4, 1e-1), "width": [16, 32, 64]}


def split_of(n):
    order = np.random.default_rng(3).permutation(n)
    return Split(*(np.sort(part) for part in np.split(order, [n // 2, 3 * n // 4])))


def test_a_budget_is_a_number_of_configurations_the_same_for_the_same_seed():
    drawn = tuning.configurations(SPACE, 8, seed=1)
    assert len(drawn) == 8 and drawn == tuning.configurations(SPACE, 8, seed=1) != tuning.configurations(SPACE, 8, 2)
    assert all(1e-4 <= one["learning_rate"] <= 1e-1 and type(one["width"]) is int for one in drawn)
    lists = {"depth": [1, 2, 3, 4], "leaves": [4, 8]}
    assert len({tuple(one.items()) for one in tuning.configurations(lists, 8, seed=0)}) == 8
    with pytest.raises(ParameterError, match="depth, leaves has 8 configurations; expected at least the 9"):
        tuning.configurations(lists, 9, seed=0)


def test_the_least_validation_loss_is_chosen_and_all_that_was_tried_is_told():
    losses = {1: 0.5, 2: float("nan"), 3: 0.25, 4: 0.25}

    def fit(candidate):
        if candidate["depth"] == 5:
            raise TrainingDiverged("The loss is nan.")
        return f"tree of {candidate['depth']}"

    found = tuning.choose([{"depth": d} for d in (1, 2, 3, 4, 5)], fit, lambda model: losses[int(model[-1])])
    assert found.model == "tree of 3" and found.loss == 0.25
    assert found.notes["configuration"] == {"depth": 3}
    assert [one["depth"] for one in found.notes["tried"]] == [1, 2, 3, 4, 5] and found.tried[4]["loss"] is None
    with pytest.raises(ParameterError, match="None of 1 configurations could be fitted"):
        tuning.choose([{"depth": 5}], fit, len)


@pytest.mark.parametrize("informative", [0, 1, 6])
def test_ridge_by_one_decomposition_is_scikit_learns_with_every_penalty(informative):
    generator = np.random.default_rng(informative)
    features = generator.normal(3.0, [0.1, 1, 10, 1, 1, 1], (400, 6))
    # Columns that repeat each other, do not vary, or vary by rounding alone are what descriptors are like.
    features = np.hstack([features, features[:, :1] * 2, np.full((400, 1), 0.3), np.full((400, 1), 1e6)])
    target = features[:, :informative].sum(axis=1) + generator.normal(0, 2, 400)
    split, penalties = split_of(400), (1e-3, 1.0, 30.0, 1e3, 1e5)
    found = tuning.ridge(features, target, split, penalties)

    def fitted(penalty):
        model = make_pipeline(StandardScaler(), Ridge(alpha=penalty))
        return model.fit(features[split.train], target[split.train])

    def error(penalty):
        said = fitted(penalty).predict(features[split.validation])
        return np.sqrt(np.mean((target[split.validation] - said) ** 2))

    errors = {penalty: error(penalty) for penalty in penalties}
    best = min(errors, key=errors.get)
    assert found.configuration == {"penalty": best}
    assert {one["penalty"]: one["loss"] for one in found.tried} == pytest.approx(errors, abs=1e-9)
    np.testing.assert_allclose(found.model, fitted(best).predict(features[split.test]), atol=1e-9, rtol=0)


@pytest.mark.parametrize("kind", [np.asarray, csr_matrix])
def test_the_likeliest_classifier_on_the_validation_rows_with_a_column_for_every_class(kind):
    generator = np.random.default_rng(0)
    features = generator.normal(size=(240, 5))
    label = np.array([0, 1, 3])[np.clip(np.round(features[:, 0] + generator.normal(0, 0.5, 240)) + 1, 0, 2).astype(int)]
    split, given = split_of(240), kind(features)
    models = {strength: LogisticRegression(C=strength) for strength in (1e-4, 1.0, 1e4)}
    found = tuning.on_validation(models, given, label, split, classes=4)
    losses = {}
    for strength in models:
        model = LogisticRegression(C=strength).fit(features[split.train], label[split.train])
        said = model.predict_proba(features[split.validation])
        losses[strength] = log_loss(label[split.validation], said, labels=[0, 1, 3])
    assert found.configuration == {"setting": min(losses, key=losses.get)}
    assert {one["setting"]: one["loss"] for one in found.tried} == pytest.approx(losses)
    said = found.model(given[split.test])
    assert said.shape == (len(split.test), 4) and (said[:, 2] == 0).all()
    np.testing.assert_allclose(said.sum(axis=1), 1)
