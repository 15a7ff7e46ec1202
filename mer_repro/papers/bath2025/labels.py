"""Experiment 1 where it needs labels alone: runs over `planes` on MERGE's official split, and label planes of others.

One baseline needs more than labels: ``predicted_quadrant`` is told no quadrant and names one, by boosted trees, from
what the copy says about a song beside its labels (`catalogue`), then says that quadrant's training mean. Moods are kept
from it, for MERGE's labels were made of them.

Of a run ``plane``, metrics are `planes.describe`; for MERGE, the share of test songs whose pair of labels a training
song has, too. Of a baseline, the scores are over the test songs, and ``seen_mae`` and ``unseen_mae`` over those whose
pair of labels is, and is not, in training. Of ``random``, the distribution of the MAE over draws. Of a listener, its
curve. ``accuracy`` is the share of quadrants that ``predicted_quadrant`` names right, ``commonest`` the share of the
commonest one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mer_repro import metrics
from mer_repro.papers.bath2025 import planes
from mer_repro.runs.records import Outcome, Run

SPLIT = "70_15_15"


def execute(run: Run) -> Outcome:
    """One run; see the module."""
    valence, arousal, parts = load_labels(run.dataset, run.data)
    if run.variant == "plane":
        return _plane(valence, arousal, parts)
    target = {"valence": valence, "arousal": arousal}[run.target]
    quadrant, (train, test) = planes.quadrants(valence, arousal), (parts["train"], parts["test"])
    if run.variant in planes.LISTENERS:
        listen = planes.LISTENERS[run.variant]
        other = {"valence": arousal, "arousal": valence}[run.target]
        given = {"other": other} if run.variant == "noisy_plane_classifier" else {}
        curve = listen(target, train, test, quadrant, draws=run.parameters["hearings"], seed=run.seed, **given)
        return Outcome(metrics={"best_r2": max(curve["r2"])}, counts={"n_test": len(test)}, curves=curve)
    if run.variant == "random":
        return _random(run, target[test])
    seen = seen_pairs(valence, arousal, parts)
    if run.variant == "predicted_quadrant":
        named = name_quadrants(catalogue(run.dataset, run.data), quadrant, train, test, run.seed)
        outcome = _baseline(run, target[test], planes.centres(target, train, quadrant)[named], seen, parts)
        shares = np.bincount(quadrant[test]) / len(test)
        found = {"accuracy": float((named == quadrant[test]).mean()), "commonest": float(shares.max())}
        return replace(outcome, metrics=outcome.metrics | found)
    predicted = planes.BASELINES[run.variant](target, train, test, quadrant)
    return _baseline(run, target[test], predicted, seen, parts)


def catalogue(dataset: str, data: str) -> np.ndarray:
    """What MERGE's tables say about each song beside its labels, (n, features).

    The id tells which collection a song came from and when its catalogue took it in; where the copy has the official
    metadata, there are its genres, too.
    """
    from mer_repro.data import registry

    loaded = registry.load(dataset, source=data)
    song_id = loaded.songs["song_id"]
    columns = [song_id.str.extract(r"(\d+)")[0].astype(float), song_id.str.startswith("MT").astype(float)]
    if loaded.metadata is not None and "genres" in loaded.metadata:
        genres = loaded.metadata.set_index("song_id")["genres"].reindex(song_id).fillna("").str.get_dummies(",")
        columns += [genres[genre].to_numpy(dtype=float) for genre in genres]
    return np.column_stack(columns)


def name_quadrants(
    features: np.ndarray, quadrant: np.ndarray, train: np.ndarray, test: np.ndarray, seed: int
) -> np.ndarray:
    """Quadrants of the test songs by boosted trees on `features`, 0 to 3."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    trees = HistGradientBoostingClassifier(max_depth=3, learning_rate=0.05, max_iter=60, random_state=seed)
    return trees.fit(features[train], quadrant[train]).predict(features[test])


def _plane(valence: np.ndarray, arousal: np.ndarray, parts: dict | None) -> Outcome:
    found = planes.describe(valence, arousal)
    if parts is not None:
        found["test_pairs_in_training"] = float(seen_pairs(valence, arousal, parts).mean())
        found["test_songs"] = len(parts["test"])
    return Outcome(metrics=found, notes={"plane": planes.plane(valence, arousal)})


def _random(run: Run, observed: np.ndarray) -> Outcome:
    found = planes.random_scores(observed, run.parameters["draws"], run.seed)
    quantiles = np.quantile(found, np.linspace(0, 1, 1001))
    return Outcome(
        metrics={"mae": float(found.mean()), "mae_deviation": float(found.std())},
        intervals={"mae": tuple(np.quantile(found, [0.025, 0.975]))},
        counts={"n_test": len(observed)},
        curves={"mae_quantiles": quantiles.tolist()},
    )


def _baseline(run: Run, observed: np.ndarray, predicted: np.ndarray, seen: np.ndarray, parts: dict) -> Outcome:
    scores = metrics.regression(observed, predicted)
    songs = np.arange(len(observed))
    intervals = metrics.regression_intervals(
        observed, predicted, songs, resamples=run.parameters["resamples"], seed=run.seed
    )
    names = ("r2", "rmse", "mae")
    return Outcome(
        metrics={name: scores[name] for name in names}
        | {
            "seen_mae": metrics.mae(observed[seen], predicted[seen]) if seen.any() else float("nan"),
            "unseen_mae": metrics.mae(observed[~seen], predicted[~seen]) if not seen.all() else float("nan"),
        },
        intervals={name: intervals[name] for name in names},
        counts={"n_train": len(parts["train"]), "n_test": len(observed), "n_seen": int(seen.sum())},
        predictions=dict(item=parts["test"], y_true=observed, y_pred=predicted),
    )


def seen_pairs(valence: np.ndarray, arousal: np.ndarray, parts: dict) -> np.ndarray:
    """Whether each test song has exactly the valence and the arousal of a training song."""
    known = set(zip(valence[parts["train"]], arousal[parts["train"]], strict=True))
    return np.array([pair in known for pair in zip(valence[parts["test"]], arousal[parts["test"]], strict=True)])


def load_labels(dataset: str, data: str) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray] | None]:
    """Valence and arousal of all songs on a 0-1 scale, and for MERGE the positions of the official parts."""
    from mer_repro.data import registry

    loaded = registry.load(dataset, source=data)
    if dataset == "merge":
        songs = loaded.songs
        position = {song: k for k, song in enumerate(songs["song_id"])}
        parts = {part: np.array([position[s] for s in loaded.part(SPLIT, part)]) for part in ("train", "test")}
        return songs["valence"].to_numpy(), songs["arousal"].to_numpy(), parts
    if dataset == "deam":  # 1 to 9
        return (loaded.static["valence"].to_numpy() - 1) / 8, (loaded.static["arousal"].to_numpy() - 1) / 8, None
    if dataset == "vgmidi":  # -1 to 1
        means = loaded.dynamic.groupby("song_id")[["valence", "arousal"]].mean()
        return (means["valence"].to_numpy() + 1) / 2, (means["arousal"].to_numpy() + 1) / 2, None
    return loaded.songs["valence"].to_numpy(), loaded.songs["energy"].to_numpy(), None
