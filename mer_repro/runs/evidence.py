"""Evidence: what is enough to compute every score of a run again, small enough to commit beside its record.

Predictions are summed by group (song, artist, listener): the sums from which all regression scores follow, or a
confusion matrix per group for classes, with the sums of the log loss and the bins of a calibration curve where there
are probabilities. A group goes by a hash of its name, so that two runs on the same groups can be paired. Where every
item is a group of its own, nothing is lost by summing, and scores that need single items (the area under the ROC
curve) follow, too.

Which predictions make evidence
-------------------------------
Of the arrays that a study returns (`mer_repro.runs.records.Outcome.predictions`), all of one length:

- ``y_true<name>`` and ``y_pred<name>``: a target and its predictions; ``<name>`` is empty or, where a run predicts
  several targets, an underscore and a name. Floats are regression, whole numbers are classes; class -1 is an item
  left out.
- ``group``: the group of each item, by any name; without it each item (``item``, or its place) is a group.
- ``p_0``, ``p_1``, ...: probabilities of the classes of the target without a name.
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from mer_repro import metrics

#: Bins of equal width of the probability of the class that is predicted, in a calibration curve.
BINS = 10
#: Probabilities below this count as this in the log loss.
LEAST_PROBABILITY = 1e-12
_TARGET = re.compile(r"y_true(_\w+)?")
_PROBABILITY = re.compile(r"p_\d+")


@dataclass(frozen=True)
class Evidence:
    """The test predictions of one run and one target, summed by group.

    Attributes
    ----------
    groups : (G,) uint64, ascending; hashes of the groups' names.
    sums : (9, G) float64 for regression, rows as `metrics.sums_by_group` orders them, about zero; else None.
    counts : (G, C, C) whole numbers for classes, true by predicted; else None.
    loss : (G,) sum of the log loss in nats, or None without probabilities.
    bins : (3, BINS) of the calibration curve: items, sum of confidence, right; or None.
    probabilities : (G, C) where each group is one item, else None.
    """

    groups: np.ndarray
    sums: np.ndarray | None = None
    counts: np.ndarray | None = None
    loss: np.ndarray | None = None
    bins: np.ndarray | None = None
    probabilities: np.ndarray | None = None

    @cached_property
    def sizes(self) -> np.ndarray:
        """(G,) test items of each group."""
        return np.rint(self.sums[0]) if self.sums is not None else self.counts.sum(axis=(1, 2))

    @property
    def n_items(self) -> int:
        """Number of test items."""
        return int(self.sizes.sum())

    @cached_property
    def singletons(self) -> bool:
        """Whether every group is one item."""
        return bool((self.sizes == 1).all())

    def score(self, metric: str) -> float:
        """A score of all groups; nan where this evidence does not give it."""
        if metric == "calibration_error":
            return self._calibration_error()
        return float(self.resampled(metric, np.ones((1, len(self.groups))))[0])

    def resampled(self, metric: str, weights: np.ndarray) -> np.ndarray:
        """A score of R resamples; nan where it is undefined, or this evidence does not give it.

        Parameters
        ----------
        metric : a name of `metrics.scores_from_sums` or `metrics.scores_from_confusion`; "log_loss" (nats); "auc", the
            area under the ROC curve of each class against the rest, weighted by the class's frequency; "auc@7", that
            of predictions for targets of at least 7. Areas need groups of one item.
        weights : (R, G) how often each resample holds each group.

        Returns
        -------
        (R,) scores.
        """
        if metric.startswith("auc"):
            return self._area(metric, weights)
        return self._summed(weights).get(metric, np.full(len(weights), np.nan))

    def _summed(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        if self.sums is not None:
            return metrics.scores_from_sums(weights @ _about_their_mean(self.sums).T)
        classes = self.counts.shape[1]
        counts = (weights @ self.counts.reshape(len(self.groups), -1)).reshape(-1, classes, classes)
        found = metrics.scores_from_confusion(counts)
        if self.loss is not None:
            items = weights @ self.sizes
            found["log_loss"] = np.divide(weights @ self.loss, items, out=np.full(len(items), np.nan), where=items > 0)
        return found

    def _area(self, metric: str, weights: np.ndarray) -> np.ndarray:
        threshold = metric.partition("@")[2]
        if not self.singletons or (self.sums is None if threshold else self.probabilities is None):
            return np.full(len(weights), np.nan)
        if threshold:
            return metrics.weighted_areas(self.sums[1] >= float(threshold) - 1e-6, self.sums[3], weights)
        true, n = self.true_classes(), weights.sum(axis=1)
        columns = range(self.probabilities.shape[1])
        areas = [metrics.weighted_areas(true == k, self.probabilities[:, k], weights) for k in columns]
        return sum(area * (weights @ (true == k)) / n for k, area in enumerate(areas))

    def _calibration_error(self) -> float:
        """Expected calibration error, 0 to 1: mean distance of confidence and accuracy over the bins, by items."""
        return (
            float(np.abs(self.bins[1] - self.bins[2]).sum() / self.bins[0].sum()) if self.bins is not None else np.nan
        )

    def true_classes(self) -> np.ndarray:
        """(G,) class of the one item of each group. Raises `ValueError` where groups hold several."""
        if not self.singletons or self.counts is None:
            raise ValueError("Single items cannot be told: groups hold several of them, or there are no classes.")
        return self.counts.sum(axis=2).argmax(axis=1)

    def right(self) -> np.ndarray:
        """(G,) bool, whether the one item of each group was answered right; raises as `true_classes`."""
        true = self.true_classes()
        return self.counts[np.arange(len(true)), true, true] == 1


def of(predictions: dict[str, Any], salt: str) -> dict[str, Evidence]:
    """Evidence of a run's predictions, by target ("" for the one without a name); empty where there is none to keep.

    Parameters
    ----------
    predictions : arrays of one length; see the module.
    salt : goes into the groups' hashes: the data set's name, so that runs on one data set can be paired and no others.

    Raises
    ------
    ValueError
        If a target lacks its predictions, or a probability or a regression value is not finite.
    """
    targets = [match[1] or "" for name in predictions if (match := _TARGET.fullmatch(name))]
    if not targets:
        return {}
    n = len(predictions[f"y_true{targets[0]}"])
    names = predictions.get("group", predictions.get("item", np.arange(n)))
    labels, group = np.unique(np.asarray(names).astype(str), return_inverse=True)
    hashes = np.array([_hashed(label, salt) for label in labels], dtype=np.uint64)
    order = np.argsort(hashes)
    rank = np.empty(len(order), dtype=int)
    rank[order] = np.arange(len(order))
    found = {}
    for target in targets:
        if f"y_pred{target}" not in predictions:
            raise ValueError(f"There is y_true{target} and no y_pred{target}.")
        true, pred = (np.asarray(predictions[f"y_{side}{target}"]) for side in ("true", "pred"))
        if np.issubdtype(true.dtype, np.floating):
            made = _regression(true, pred, rank[group], hashes[order])
        else:
            scores = _probabilities(predictions) if target == "" else None
            made = _classes(true.astype(int), pred.astype(int), scores, rank[group], hashes[order])
        found[target.removeprefix("_")] = made
    return found


def _hashed(name: str, salt: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{salt}:{name}".encode(), digest_size=8).digest(), "big")


def _regression(true: np.ndarray, pred: np.ndarray, group: np.ndarray, hashes: np.ndarray) -> Evidence:
    true, pred = metrics.validate(true, pred)
    return Evidence(hashes, sums=_shifted(metrics.sums_by_group(true, pred, group, len(hashes)), true.mean()))


def _probabilities(predictions: dict[str, Any]) -> np.ndarray | None:
    names = sorted((name for name in predictions if _PROBABILITY.fullmatch(name)), key=lambda name: int(name[2:]))
    return np.column_stack([predictions[name] for name in names]).astype(float) if names else None


def _classes(
    true: np.ndarray, pred: np.ndarray, scores: np.ndarray | None, group: np.ndarray, hashes: np.ndarray
) -> Evidence:
    asked = true >= 0
    n_classes = int(max(true.max(), pred[asked].max(initial=0))) + 1 if scores is None else scores.shape[1]
    cell = (group[asked] * n_classes + true[asked]) * n_classes + pred[asked]
    counts = np.bincount(cell, minlength=len(hashes) * n_classes**2).reshape(-1, n_classes, n_classes)
    held = counts.any(axis=(1, 2))
    made = Evidence(hashes[held], counts=counts[held])
    if scores is None:
        return made
    if not np.isfinite(scores).all():
        raise ValueError("A probability is not finite.")
    of_true = np.maximum(scores[np.arange(len(true)), np.maximum(true, 0)], LEAST_PROBABILITY)
    loss = np.bincount(group[asked], weights=-np.log(of_true[asked]), minlength=len(hashes))[held]
    confidence, right = scores.max(axis=1)[asked], (scores.argmax(axis=1) == true)[asked]
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = np.stack([np.bincount(place, weights=w, minlength=BINS) for w in (np.ones(len(place)), confidence, right)])
    made = replace(made, loss=loss, bins=bins)
    if not made.singletons:
        return made
    by_group = np.empty((len(hashes), n_classes))
    by_group[group[asked]] = scores[asked]
    return replace(made, probabilities=by_group[held])


def _shifted(sums: np.ndarray, centre: float) -> np.ndarray:
    """Sums about `centre` turned into sums about zero; (9, G), rows as in `metrics.sums_by_group`."""
    n, true, true_2, pred, pred_2, product, *rest = sums
    return np.stack([
        n, true + n * centre, true_2 + 2 * centre * true + n * centre**2,
        pred + n * centre, pred_2 + 2 * centre * pred + n * centre**2,
        product + centre * (true + pred) + n * centre**2, *rest,
    ])  # fmt: skip


def _about_their_mean(sums: np.ndarray) -> np.ndarray:
    """Sums about zero turned into sums about the mean target, which keeps differences of large sums accurate."""
    return _shifted(sums, -sums[1].sum() / sums[0].sum())


def pooled(parts: list[Evidence]) -> Evidence:
    """Evidence of folds as if one run had tested all their items; groups that stand in several folds are added up.

    Raises
    ------
    ValueError
        If classes and regression are mixed.
    """
    if len(parts) == 1:
        return parts[0]
    if len({part.sums is None for part in parts}) > 1:
        raise ValueError("Evidence of classes and of regression cannot be pooled.")
    groups, place = np.unique(np.concatenate([part.groups for part in parts]), return_inverse=True)

    def added(values: list[np.ndarray]) -> np.ndarray:
        joined = np.concatenate(values)
        total = np.zeros((len(groups), *joined.shape[1:]))
        np.add.at(total, place, joined)
        return total

    if parts[0].sums is not None:
        return Evidence(groups, sums=added([part.sums.T for part in parts]).T)
    widest = max(part.counts.shape[1] for part in parts)
    wide = [np.pad(p.counts, ((0, 0), *[(0, widest - p.counts.shape[1])] * 2)) for p in parts]
    joined: dict[str, Any] = {"counts": added(wide).astype(int)}
    if all(part.loss is not None for part in parts):
        joined |= {"loss": added([p.loss for p in parts]), "bins": sum(p.bins for p in parts)}
    if len(place) == len(groups) and all(part.probabilities is not None for part in parts):
        joined["probabilities"] = added([part.probabilities for part in parts])
    return Evidence(groups, **joined)


# On disk -------------------------------------------------------------------------------------------------------------

#: Fields of `Evidence` as they are stored: single precision leaves seven digits, which is more than anything shows.
_STORED = {"groups": np.uint64, "sums": np.float32, "loss": np.float32, "bins": np.float32, "probabilities": np.float32}


def dump(found: dict[str, Evidence]) -> bytes:
    """Evidence by target as the bytes of a compressed .npz; equal evidence gives equal bytes, nothing is pickled.

    Regression sums are stored about their mean target, given beside them, so that single precision costs nothing.
    """
    arrays = {}
    for target, one in found.items():
        fields = {name: getattr(one, name) for name in (*_STORED, "counts") if getattr(one, name) is not None}
        if one.sums is not None:
            centre = one.sums[1].sum() / one.sums[0].sum()
            fields |= {"sums": _shifted(one.sums, -centre), "centre": np.array(centre)}
        for name, values in fields.items():
            if name == "counts":
                values = values.astype(np.min_scalar_type(int(values.max(initial=0))))
            arrays[f"{target}/{name}"] = values.astype(_STORED.get(name, values.dtype))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def load(content: bytes) -> dict[str, Evidence]:
    """What `dump` wrote, by target. Raises `ValueError` where it is something else."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        targets = dict.fromkeys(name.rpartition("/")[0] for name in arrays.files)
        found = {}
        for target in targets:
            fields = {name.rpartition("/")[2]: arrays[name] for name in arrays.files if name.startswith(f"{target}/")}
            centre = float(fields.pop("centre", 0.0))
            plain = {n: v if n in ("groups", "counts") else v.astype(float) for n, v in fields.items()}
            if "sums" in plain:
                plain["sums"] = _shifted(plain["sums"], centre)
            found[target] = Evidence(**plain)
    return found
