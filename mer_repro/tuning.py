"""Equal tuning budgets: every model of a table, network or not, gets as many configurations, chosen on validation data.

Conventions
-----------
- A *space* maps a setting's name to the values that it may take, a list or a distribution of `scipy.stats`. What is
  tried is drawn from it by scikit-learn's ``ParameterSampler``: from lists alone without repetition.
- A configuration is a dict of settings. Its score is of the validation data; test data is never asked.
- What was tried, with scores, goes into the record: `Tuned.notes`.

Networks are tuned on their validation loss (`fit_on_validation` with a function that trains), simple models on a loss
of their predictions. Of equal scores the configuration that was tried first is chosen, so a space that lists the
simplest value first prefers it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mer_repro.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np

    from mer_repro.splits import Split

Configuration = dict[str, Any]
Model = TypeVar("Model")


@dataclass(frozen=True)
class Tuned(Generic[Model]):
    """The chosen configuration, what it made, and everything that was tried.

    Attributes
    ----------
    configuration : the chosen settings.
    model : what `fit` returned for them.
    loss : of the validation data; less is better.
    tried : each configuration in the order of trying, with its ``loss``; None for one that could not be fitted.
    """

    configuration: Configuration
    model: Model
    loss: float
    tried: list[dict[str, Any]]

    @property
    def notes(self) -> dict[str, Any]:
        """What a record says of the choice."""
        return {"configuration": self.configuration, "tried": self.tried}


def configurations(space: Mapping[str, Any], n: int, seed: int) -> list[Configuration]:
    """`n` configurations drawn from a space; the same for the same seed.

    Raises
    ------
    ParameterError
        If the space is of lists alone and has fewer than `n` configurations: a smaller space is a smaller budget.
    """
    from sklearn.model_selection import ParameterSampler

    if not any(hasattr(values, "rvs") for values in space.values()):
        size = math.prod(len(values) for values in space.values())
        if size < n:
            raise ParameterError(
                f"The space of {', '.join(space) or 'no settings'} has {size} configurations; expected at least the"
                f" {n} that every model gets."
            )
    drawn = ParameterSampler(dict(space), n, random_state=seed)
    return [{name: _plain(value) for name, value in sorted(one.items())} for one in drawn]


def _plain(value: Any) -> Any:
    """A NumPy scalar as a number of Python, as records hold them."""
    return value.item() if hasattr(value, "item") else value


def choose(
    candidates: Iterable[Configuration],
    fit: Callable[[Configuration], Model],
    validation_loss: Callable[[Model], float],
) -> Tuned[Model]:
    """Fit every candidate and keep the one with the least loss on the validation data.

    Parameters
    ----------
    candidates : from `configurations`, or written out.
    fit : makes a model of the settings, from training data; a network may use validation data to stop.
    validation_loss : of a fitted model; less is better. nan is never chosen.

    Raises
    ------
    ParameterError
        If no candidate can be fitted: there are none, or each training diverged.
    """
    from mer_repro.training import TrainingDiverged

    best: tuple[float, Configuration, Model] | None = None
    tried: list[dict[str, Any]] = []
    for candidate in candidates:
        try:
            model = fit(candidate)
        except TrainingDiverged:
            tried.append({**candidate, "loss": None})
            continue
        loss = float(validation_loss(model))
        tried.append({**candidate, "loss": loss})
        if math.isfinite(loss) and (best is None or loss < best[0]):
            best = loss, candidate, model
    if best is None:
        raise ParameterError(f"None of {len(tried)} configurations could be fitted: {tried}.")
    return Tuned(best[1], best[2], best[0], tried)


def ridge(features: np.ndarray, target: np.ndarray, split: Split, penalties: Sequence[float]) -> Tuned[np.ndarray]:
    """Ridge regression on features standardised by the training rows; the penalty by the validation rows' RMSE.

    One eigendecomposition of the training rows' correlation matrix serves all penalties, so that the fiftieth costs
    what a prediction costs. It is meant for fewer columns than rows. Predictions agree with
    ``make_pipeline(StandardScaler(), Ridge(alpha))`` to about 1e-12 of the labels' range.

    Parameters
    ----------
    features : (rows, columns). target : (rows,). split : rows to fit, to choose by and to predict.
    penalties : positive.

    Returns
    -------
    ``model`` holds the predictions for ``split.test`` (test rows,), ``configuration`` the ``penalty``.
    """
    import numpy as np

    mean, centre = features[split.train].mean(axis=0), target[split.train].mean()
    centred = features[split.train] - mean
    products = centred.T @ centred
    spread = np.sqrt(np.diag(products) / len(centred))
    # A column that does not vary in training, but for rounding, says nothing.
    spread = np.where(spread > 1e-12 * np.maximum(1, np.abs(mean)), spread, np.inf)
    strengths, directions = np.linalg.eigh(products / np.outer(spread, spread))
    answers = directions.T @ ((centred.T @ (target[split.train] - centre)) / spread)
    asked = {name: features[getattr(split, name)] - mean for name in ("validation", "test")}

    def predict(part: str, candidate: Configuration) -> np.ndarray:
        weights = directions @ (answers / (strengths + candidate["penalty"]))
        return asked[part] @ (weights / spread) + centre

    def error(candidate: Configuration) -> float:
        return float(np.sqrt(np.mean((target[split.validation] - predict("validation", candidate)) ** 2)))

    found = choose([{"penalty": penalty} for penalty in penalties], lambda candidate: candidate, error)
    return Tuned(found.configuration, predict("test", found.configuration), found.loss, found.tried)


def on_validation(
    models: Mapping[Any, Any], features: Any, label: np.ndarray, split: Split, classes: int
) -> Tuned[Callable[[Any], np.ndarray]]:
    """Of several classifiers of scikit-learn, the one with the least cross-entropy on the validation rows.

    Parameters
    ----------
    models : name of the setting's value -> untrained classifier with ``predict_proba``.
    features : (rows, columns), dense or sparse. label : (rows,) int, 0 to classes - 1.
    split : rows to fit and to choose by; its test rows are not looked at.

    Returns
    -------
    ``model`` is a function from features (n, columns) to probabilities (n, classes), with columns for classes that no
    training row has, too.
    """
    import numpy as np

    def fit(candidate: Configuration) -> Callable[[Any], np.ndarray]:
        fitted = models[candidate["setting"]].fit(features[split.train], label[split.train])

        def probabilities(rows: Any) -> np.ndarray:
            found = np.zeros((rows.shape[0], classes))
            found[:, fitted.classes_] = fitted.predict_proba(rows)
            return found

        return probabilities

    def surprise(probabilities: Callable[[Any], np.ndarray]) -> float:
        found = probabilities(features[split.validation])
        right = found[np.arange(len(found)), label[split.validation]]
        return float(-np.log(np.maximum(right, 1e-12)).mean())

    return choose([{"setting": name} for name in models], fit, surprise)
