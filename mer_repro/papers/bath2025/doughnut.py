"""The doughnut as an experiment: what an empty middle of the label plane does to scores, on data that has a middle.

Section 4.1 of bath2025 explains good scores on MERGE by songs that were left out: none lies between 0.4 and 0.6. Here
the middle is taken out of other data sets, with two controls of the same size. A *selection* is one of

===============  =====================================================================================================
``whole``        all songs
``ring``         songs neither of whose labels lies between 0.4 and 0.6
``same_size``    as many songs as the ring has, drawn at random
``same_spread``  as many, drawn so that the target varies as much as on the ring; the middle stays populated
===============  =====================================================================================================

Every song is predicted once, by a model that was trained on selected songs of other artists (five folds of artists).
Scores are over the selected songs; those named ``all_songs_...`` are over the whole data set, selected or not: what a
model that was trained without the middle does in a world that has one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mer_repro import metrics
from mer_repro.papers.bath2025 import planes
from mer_repro.runs.records import Outcome, Run

SELECTIONS = ("whole", "ring", "same_size", "same_spread")
FOLDS = 5
#: Fewest songs for which a fifth of them says anything.
MINIMUM_SONGS = 25
#: Deviations agree once they differ by less than this share.
SPREAD_TOLERANCE = 0.002
RIDGE_PENALTIES = tuple(10.0**power for power in range(-1, 6))


@dataclass(frozen=True)
class Songs:
    """Songs with labels on a 0-1 scale and one vector each.

    Attributes
    ----------
    song_id, artist : (n,); `artist` is whatever must not stand on both sides of a split.
    labels : {"valence": (n,), "arousal": (n,)}, 0-1.
    features : (n, d) float.
    heard : what the vectors are, for the record.
    """

    song_id: np.ndarray
    artist: np.ndarray
    labels: dict[str, np.ndarray]
    features: np.ndarray
    heard: str


def execute(run: Run) -> Outcome:
    """One model on one selection: `run.protocol` is the selection, `run.variant` the model."""
    return evaluate(run, MODELS[run.variant])


def evaluate(run: Run, model: Callable[..., np.ndarray]) -> Outcome:
    """Scores of a model, one of `MODELS`; it is handed in so that a record depends on its own model's code alone."""
    songs = load_songs(run.dataset, run.data)
    target = songs.labels[run.target]
    quadrant = planes.quadrants(**songs.labels)
    chosen = select(run.protocol, songs.labels, run.target, run.seed)
    fold = artist_folds(songs.artist, run.seed)
    said, centre = np.zeros(len(target)), np.zeros(len(target))
    named = np.zeros(len(target), dtype=int)
    for number in range(FOLDS):
        train, test = chosen[fold[chosen] != number], np.flatnonzero(fold == number)
        said[test] = model(songs.features, target, quadrant, train, test, run.seed)
        centre[test] = planes.quadrant_centre(target, train, test, quadrant)
        # A prediction names the side of the middle; the other axis is taken as known, so only this target is judged.
        named[test] = said[test] >= planes.MIDDLE
    observed, predicted = target[chosen], said[chosen]
    scores = {name: metrics.regression(observed, predicted)[name] for name in ("r2", "squared_pearson", "rmse", "mae")}
    resamples = run.parameters["resamples"]
    intervals = metrics.regression_intervals(
        observed, predicted, songs.artist[chosen], resamples=resamples, seed=run.seed
    )
    return Outcome(
        metrics=scores
        | {
            "all_songs_r2": metrics.r2(target, said),
            "all_songs_mae": metrics.mae(target, said),
            "quadrant_centre_r2": metrics.r2(observed, centre[chosen]),
            "quadrant_centre_mae": metrics.mae(observed, centre[chosen]),
            "side_accuracy": float(np.mean(named[chosen] == (observed >= planes.MIDDLE))),
            "predicted_in_gap": float(planes.inside_gap(predicted).mean()),
            "observed_in_gap": float(planes.inside_gap(observed).mean()),
            "deviation": float(observed.std()),
            "predicted_deviation": float(predicted.std()),
        },
        intervals={name: intervals[name] for name in scores},
        counts={"n_songs": len(target), "n_selected": len(chosen), "n_artists": len(set(songs.artist[chosen]))},
        predictions=dict(item=chosen, group=songs.artist[chosen], y_true=observed, y_pred=predicted),
        notes={"heard": songs.heard, "folds": FOLDS},
    )


def select(selection: str, labels: dict[str, np.ndarray], target: str, seed: int) -> np.ndarray:
    """Positions of the selected songs, ascending.

    Raises
    ------
    ValueError
        If the ring has fewer than `MINIMUM_SONGS` songs.
    """
    everything = np.arange(len(labels[target]))
    ring = np.flatnonzero(planes.on_ring(**labels))
    if selection == "whole":
        return everything
    if len(ring) < MINIMUM_SONGS:
        raise ValueError(f"{len(ring)} songs have no label between 0.4 and 0.6; expected at least {MINIMUM_SONGS}.")
    if selection == "ring":
        return ring
    if selection == "same_size":
        return np.sort(np.random.default_rng(seed).permutation(len(everything))[: len(ring)])
    return with_spread(labels[target], len(ring), labels[target][ring].std(), seed)


def with_spread(target: np.ndarray, size: int, deviation: float, seed: int) -> np.ndarray:
    """`size` positions drawn without replacement so that `target` has about this standard deviation there.

    Songs are drawn with weights that grow (or fall) exponentially with the squared distance from the mean; the rate is
    found by bisection, with the same random numbers at every step.
    """
    distance = ((target - target.mean()) / target.std()) ** 2
    luck = np.random.default_rng(seed).gumbel(size=len(target))
    low, high = -20.0, 20.0
    for _ in range(60):
        rate = (low + high) / 2
        drawn = np.argpartition(-(rate * distance + luck), size - 1)[:size]
        reached = target[drawn].std()
        if abs(reached - deviation) < SPREAD_TOLERANCE * deviation:
            break
        low, high = (rate, high) if reached < deviation else (low, rate)
    return np.sort(drawn)


def artist_folds(artist: np.ndarray, seed: int) -> np.ndarray:
    """Fold of each song, 0 to 4; artists are shuffled and dealt out, so that no artist is in two folds."""
    names, group = np.unique(artist, return_inverse=True)
    return (np.random.default_rng(seed).permutation(len(names)) % FOLDS)[group]


# Models ----------------------------------------------------------------------------------------------------------


def ridge(features, target, quadrant, train, test, seed) -> np.ndarray:
    """Ridge regression on standardised features; the penalty by leave-one-out error on the training songs."""
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), RidgeCV(RIDGE_PENALTIES))
    return model.fit(features[train], target[train]).predict(features[test])


def boosting(features, target, quadrant, train, test, seed) -> np.ndarray:
    """Stochastic gradient boosting: 200 trees of depth 3, each on 70 % of the songs, few features at a split."""
    from sklearn.ensemble import GradientBoostingRegressor

    model = GradientBoostingRegressor(
        learning_rate=0.08, n_estimators=200, max_depth=3, max_features="sqrt", subsample=0.7, random_state=seed
    )
    return model.fit(features[train], target[train]).predict(features[test])


def network(features, target, quadrant, train, test, seed) -> np.ndarray:
    """A hidden layer of 64 with dropout, Adam on MSE, early stopping on a tenth of the training songs."""
    import torch
    from torch import nn

    from mer_repro import training

    training.seed_everything(seed)
    centre, scale = features[train].mean(axis=0), features[train].std(axis=0) + 1e-9
    inputs = torch.tensor((features - centre) / scale, dtype=torch.float32).clamp(-5, 5)
    answers = torch.tensor(target, dtype=torch.float32).unsqueeze(1)
    order = np.random.default_rng(seed).permutation(train)
    held = max(2, len(train) // 10)
    fitting, validating, asked = (
        training.Examples((inputs[part],), answers[part]) for part in (order[held:], order[:held], test)
    )
    model = nn.Sequential(nn.Linear(inputs.shape[1], 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 1))
    # It starts as the mean of the training labels, so that early stopping never leaves it much worse than that.
    nn.init.zeros_(model[-1].weight)
    nn.init.constant_(model[-1].bias, float(target[train].mean()))
    config = training.TrainingConfig(epochs=60, patience=8, learning_rate=5e-4, weight_decay=1e-4, batch_size=64)
    training.fit(model, fitting, validating, config, nn.functional.mse_loss, seed=seed)
    return training.predict(model, asked, batch_size=1024)[:, 0]


def predicted_quadrant(features, target, quadrant, train, test, seed) -> np.ndarray:
    """Classification undisguised: logistic regression names the quadrant, whose training mean is said."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500))
    named = model.fit(features[train], quadrant[train]).predict(features[test])
    return planes.centres(target, train, quadrant)[named]


def weighed_logistic(features, target, quadrant, train, test, seed) -> np.ndarray:
    """The mean label that a logistic regression's probabilities of the quadrants imply; penalty by inner log loss."""
    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    classifier = LogisticRegressionCV(Cs=LOGISTIC_PENALTIES, cv=3, scoring="neg_log_loss", max_iter=300)
    model = make_pipeline(StandardScaler(), classifier).fit(features[train], quadrant[train])
    return model.predict_proba(features[test]) @ planes.centres(target, train, quadrant)[model.classes_]


def weighed_boosting(features, target, quadrant, train, test, seed) -> np.ndarray:
    """As `weighed_logistic`, of boosted trees with the settings of `boosting`."""
    from sklearn.ensemble import GradientBoostingClassifier

    model = GradientBoostingClassifier(
        learning_rate=0.08, n_estimators=100, max_depth=3, max_features="sqrt", subsample=0.7, random_state=seed
    ).fit(features[train], quadrant[train])
    return model.predict_proba(features[test]) @ planes.centres(target, train, quadrant)[model.classes_]


#: Inverse penalties among which `weighed_logistic` chooses.
LOGISTIC_PENALTIES = (0.001, 0.003, 0.01, 0.03, 0.1)

MODELS: dict[str, Callable[..., np.ndarray]] = {
    "ridge": ridge,
    "boosting": boosting,
    "network": network,
    "predicted_quadrant": predicted_quadrant,
    "weighed_logistic": weighed_logistic,
    "weighed_boosting": weighed_boosting,
}


# Data ------------------------------------------------------------------------------------------------------------

#: Tokens of a text that its encoder reads.
TOKENS = 128


@lru_cache(maxsize=2)
def load_songs(dataset: str, data: str) -> Songs:
    """Songs of a data set with features; see `Songs`.

    Raises
    ------
    DataError, DataMissing
        As the loader of the data set.
    """
    from mer_repro.data import registry

    loaded = registry.load(dataset, source=data)
    readers = {"deam": _deam, "vgmidi": _vgmidi, "tcc_ceds": _tcc_ceds, "musifeast17": _musifeast17}
    return readers[dataset](loaded)


def _deam(loaded) -> Songs:
    """DEAM's static labels, 1 to 9 mapped to 0 to 1, and the song-level openSMILE descriptors."""
    static, features = loaded.static, loaded.song_features.set_index("song_id")
    artist = loaded.metadata.set_index("song_id")["artist"].reindex(static["song_id"]).fillna("")
    known = artist.str.strip().str.lower().to_numpy()
    group = np.where(known == "", static["song_id"].astype(str), known)
    labels = {name: (static[name].to_numpy() - 1) / 8 for name in ("valence", "arousal")}
    chosen = np.nan_to_num(features.loc[static["song_id"]].to_numpy(dtype=float))
    return Songs(static["song_id"].to_numpy(), group, labels, chosen, f"{chosen.shape[1]} openSMILE descriptors")


def _vgmidi(loaded) -> Songs:
    """VGMIDI's mean label of a piece, -1..1 mapped to 0..1, and mel statistics of the rendered audio; by game."""
    pieces = loaded.pieces
    means = loaded.dynamic.groupby("song_id")[["valence", "arousal"]].mean().loc[pieces["song_id"]]
    labels = {name: (means[name].to_numpy() + 1) / 2 for name in ("valence", "arousal")}
    return Songs(pieces["song_id"].to_numpy(), pieces["game"].to_numpy(), labels, *_bands(loaded, pieces["song_id"]))


def _musifeast17(loaded) -> Songs:
    """MUSIFEAST-17's means over all raters, 1..5 mapped to 0..1, and mel statistics of the clips; by artist."""
    clips = loaded.clips
    labels = {name: (clips[name].to_numpy() - 1) / 4 for name in ("valence", "arousal")}
    return Songs(clips["song_id"].to_numpy(), clips["artist"].to_numpy(), labels, *_bands(loaded, clips["song_id"]))


def _bands(loaded, song_ids) -> tuple[np.ndarray, str]:
    """(songs, 256) mean and deviation of each mel band over a clip, and what that is."""
    from mer_repro.features.log_mel import log_mel_files

    spectrograms = log_mel_files([loaded.audio_path(song) for song in song_ids], workers=1)
    features = np.stack([np.concatenate([mel.mean(axis=1), mel.std(axis=1)]) for mel in spectrograms])
    return features.astype(float), "mean and deviation of 128 mel bands"


def _tcc_ceds(loaded) -> Songs:
    """tcc_ceds: four descriptors and a vector of the lyrics; valence and, for arousal, the service's energy."""
    from mer_repro.features import text

    songs = loaded.songs
    lyrics = text.embed(songs["lyrics"].tolist(), max_length=TOKENS)
    descriptors = songs[["danceability", "loudness", "acousticness", "instrumentalness"]].to_numpy(dtype=float)
    labels = {"valence": songs["valence"].to_numpy(), "arousal": songs["energy"].to_numpy()}
    heard = f"4 descriptors; lyrics by {lyrics.encoder}"
    features = np.column_stack([descriptors, lyrics.vectors]).astype(float)
    return Songs(songs["song_id"].to_numpy(), songs["artist"].to_numpy(), labels, features, heard)
