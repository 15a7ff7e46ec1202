"""What DEAM's swapped columns do to a benchmark in the style of the literature.

In the copies at hand the static table has valence and arousal in each other's columns for the songs up to id 1000, as
three witnesses show (`mer_repro.data.deam.swap_evidence`). The benchmark: predict the static labels of all songs from
their song-level openSMILE descriptors, with ridge regression and gradient boosting, in cross-validation over songs.
It is run three times on the same folds:

=======================  ============================================================================
``as_published``         trained and tested on the published columns, as whoever does not know would
``corrected``            trained and tested on the right columns
``published_to_right``   trained on the published columns, tested on the right ones
=======================  ============================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mer_repro.data import checks, deam
from mer_repro.errors import DataMissing

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

TARGETS = ("valence", "arousal")
MODELS = ("ridge", "gradient_boosting")
READINGS = ("as_published", "corrected", "published_to_right")


@dataclass(frozen=True)
class SwapBenchmark:
    """Predictions and scores of the benchmark.

    scores : model, target, reading, r2, low, high (95 % interval over songs), songs.
    differences : model, target, difference (R2 of "corrected" minus "as_published"), low, high (95 %, the same
        resampled songs in both).
    predictions : song_id, group, model, target, reading, y_true, y_pred, each out of fold.
    """

    scores: pd.DataFrame
    differences: pd.DataFrame
    predictions: pd.DataFrame


def benchmark(
    dataset: deam.Deam, *, models: tuple[str, ...] = MODELS, folds: int = 5, seed: int = 0, resamples: int = 2000
) -> SwapBenchmark:
    """Run the benchmark on one copy of DEAM, in cross-validation over `folds` folds.

    Songs with the same artist and title stay in one fold.

    Raises
    ------
    DataMissing
        If the copy has no song-level descriptors.
    """
    import pandas as pd

    features, labels, groups = _table(dataset)
    fold = _folds(groups, folds, seed)
    blocks = []
    for model in models:
        for target in TARGETS:
            out = {
                reading: _out_of_fold(features, labels[reading][target].to_numpy(), fold, model, seed)
                for reading in ("as_published", "corrected")
            }
            out["published_to_right"] = out["as_published"]
            for reading in READINGS:
                truth = labels["as_published" if reading == "as_published" else "corrected"][target]
                block = {"song_id": truth.index, "group": groups, "y_true": truth.to_numpy(), "y_pred": out[reading]}
                blocks.append(pd.DataFrame({**block, "model": model, "target": target, "reading": reading}))
    predictions = pd.concat(blocks, ignore_index=True)
    return SwapBenchmark(*_score(predictions, resamples, seed), predictions)


def _table(dataset: deam.Deam):
    """Descriptors (songs, 130), labels of both readings by song_id, and the group of each song."""
    if dataset.song_features is None:
        raise DataMissing(
            f"deam: the copy in {dataset.location.folder} has no song-level descriptors ({deam.SONG_MEANS.path})."
        )
    static = dataset.static.set_index("song_id").sort_index()
    other = deam.swap_columns(dataset.static, dataset.swapped).set_index("song_id").sort_index()
    published, corrected = (static, other) if dataset.as_published else (other, static)
    features = dataset.song_features.set_index("song_id").loc[static.index]
    groups = {song_id: song_id for song_id in static.index}
    if dataset.metadata is not None:
        for group in checks.duplicate_songs(dataset.metadata):
            groups |= {song_id: group[0] for song_id in group}
    labels = {"as_published": published, "corrected": corrected}
    return features.to_numpy(), labels, static.index.map(groups).to_numpy()


def _folds(groups: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """The fold of each song: groups shuffled, then dealt out."""
    import numpy as np

    names, member = np.unique(groups, return_inverse=True)
    return (np.random.default_rng(seed).permutation(len(names)) % folds)[member]


def _out_of_fold(features: np.ndarray, labels: np.ndarray, fold: np.ndarray, model: str, seed: int) -> np.ndarray:
    import numpy as np

    predicted = np.empty(len(labels))
    for held in np.unique(fold):
        train, test = fold != held, fold == held
        predicted[test] = _regressor(model, seed).fit(features[train], labels[train]).predict(features[test])
    return predicted


def _regressor(model: str, seed: int):
    """Ridge with its penalty chosen inside the training folds; gradient boosting stopped early on a part of them."""
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if model == "ridge":
        return make_pipeline(StandardScaler(), RidgeCV(alphas=np.logspace(0, 4, 9)))
    return HistGradientBoostingRegressor(
        learning_rate=0.06, max_iter=300, max_leaf_nodes=15, early_stopping=True, random_state=seed
    )


def _score(predictions: pd.DataFrame, resamples: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    from mer_repro import metrics

    scores, differences = [], []
    for (model, target), block in predictions.groupby(["model", "target"], sort=False):
        parts = {reading: part for reading, part in block.groupby("reading")}
        for reading in READINGS:
            part = parts[reading]
            low, high = metrics.regression_intervals(
                part.y_true.to_numpy(), part.y_pred.to_numpy(), part.group.to_numpy(), resamples=resamples, seed=seed
            )["r2"]
            value = metrics.r2(part.y_true.to_numpy(), part.y_pred.to_numpy())
            scores.append([model, target, reading, value, low, high, len(part)])
        difference = _paired_difference(parts["as_published"], parts["corrected"], resamples, seed)
        differences.append([model, target, *difference])
    return (
        pd.DataFrame(scores, columns=["model", "target", "reading", "r2", "low", "high", "songs"]),
        pd.DataFrame(differences, columns=["model", "target", "difference", "low", "high"]),
    )


def _paired_difference(one: pd.DataFrame, other: pd.DataFrame, resamples: int, seed: int) -> tuple[float, float, float]:
    """R2 of `other` minus that of `one`, whose labels differ, with both scored on the same resampled groups."""
    import numpy as np

    from mer_repro import metrics

    names, member = np.unique(one.group.to_numpy(), return_inverse=True)
    draws = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    scores = []
    for part in (one, other):
        sums = metrics.sums_by_group(part.y_true.to_numpy(), part.y_pred.to_numpy(), member, len(names))
        scores.append(metrics.scores_from_sums(draws @ sums.T)["r2"])
    low, high = np.quantile(scores[1] - scores[0], [0.025, 0.975])
    value = metrics.r2(other.y_true.to_numpy(), other.y_pred.to_numpy())
    return value - metrics.r2(one.y_true.to_numpy(), one.y_pred.to_numpy()), float(low), float(high)
