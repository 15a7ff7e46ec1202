"""One run of qiu2025's frame-wise experiments: what a split alone does to models that hear little or nothing.

Variants
--------
``global_mean``, ``song_mean``, ``last_value``, ``linear_interpolation``, ``training_maximum``
    hear no music (`mer_repro.baselines`); on every data set.
``ridge``, ``random_forest``
    song-level openSMILE descriptors plus the frame's time; where a data set has descriptors (DEAM). A descriptor is
    constant within a song, so under a leaking protocol it names the song rather than describes it.

A run fits one variant to one target under one protocol (`mer_repro.splits`) and scores the test frames; intervals
resample songs.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mer_repro.runs.records import Outcome, Run

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from mer_repro.splits import Split

#: Variants that need song-level descriptors, and the data sets that have them.
DESCRIPTOR_VARIANTS = ("ridge", "random_forest")
WITH_DESCRIPTORS = ("deam",)
#: Penalties that ridge chooses from on the validation frames; features are standardised.
RIDGE_PENALTIES = (1.0, 10.0, 100.0, 1e3, 1e4, 1e5)


def execute(run: Run, *, device: str) -> Outcome:
    """Fit one variant on the training frames and score the test frames.

    Raises
    ------
    DataError
        If a data file is not what its documentation promises.
    """
    from mer_repro import splits

    frames, descriptors = load_frames(run.dataset, run.data)
    songs, target = frames["song_id"].to_numpy(), frames[run.target].to_numpy()
    split = splits.split(run.protocol, songs, run.seed)
    predicted, notes = predict(run, frames, descriptors, split)
    return scored(run, songs, target, split, predicted, notes)


def scored(
    run: Run, songs: np.ndarray, target: np.ndarray, split: Split, predicted: np.ndarray, notes: dict, **curves: list
) -> Outcome:
    """The outcome of predictions for ``split.test``: scores, intervals over songs, who was trained on, predictions."""
    from mer_repro import metrics

    observed, groups = target[split.test], songs[split.test]
    return Outcome(
        metrics=metrics.regression(observed, predicted),
        intervals=metrics.regression_intervals(
            observed, predicted, groups, resamples=run.parameters["resamples"], seed=run.seed
        ),
        counts={
            "n_train": len(split.train),
            "n_validation": len(split.validation),
            "n_test": len(split.test),
            "n_songs": len(set(songs)),
            "n_test_songs": len(set(groups)),
            "n_test_songs_trained_on": len(set(groups) & set(songs[split.train])),
        },
        predictions=dict(item=split.test, group=groups, y_true=observed, y_pred=predicted),
        curves=curves,
        notes=notes,
    )


@lru_cache(maxsize=2)
def load_frames(dataset: str, data: str) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """A data set's dynamic annotations and, where it has them, its song-level descriptors.

    Returns
    -------
    frames : one row a (song, time): song_id, time (s), arousal, valence; songs contiguous, times ascending.
    descriptors : one row a song, index song_id; or None.
    """
    from mer_repro.data import registry

    loaded = registry.load(dataset, source=data)
    frames = loaded.dynamic[["song_id", "time", "arousal", "valence"]]
    frames = frames.sort_values(["song_id", "time"], kind="stable", ignore_index=True)
    descriptors = loaded.song_features.set_index("song_id") if dataset in WITH_DESCRIPTORS else None
    return frames, descriptors


def predict(run: Run, frames: pd.DataFrame, descriptors: pd.DataFrame | None, split: Split) -> tuple[np.ndarray, dict]:
    """Predictions for ``split.test``, and what the record should say of how they came about."""
    import numpy as np

    from mer_repro.baselines import BASELINES

    target = frames[run.target].to_numpy()
    if run.variant in BASELINES:
        return BASELINES[run.variant](frames, target, split), {"hears": "nothing"}
    features = np.column_stack([descriptors.loc[frames["song_id"]].to_numpy(), frames["time"].to_numpy()])
    fit = {"ridge": ridge, "random_forest": random_forest}[run.variant]
    predicted, notes = fit(run, features, target, split)
    return predicted, {"hears": f"{features.shape[1] - 1} song-level descriptors and the time"} | notes


def ridge(run: Run, features: np.ndarray, target: np.ndarray, split: Split) -> tuple[np.ndarray, dict]:
    """Ridge regression on features standardised by the training frames; penalty by the validation frames' RMSE."""
    from mer_repro import tuning

    found = tuning.ridge(features, target, split, RIDGE_PENALTIES)
    return found.model, found.configuration | {"tried": found.tried}


def random_forest(run: Run, features: np.ndarray, target: np.ndarray, split: Split) -> tuple[np.ndarray, dict]:
    """A random forest of ``trees`` trees: a third of the features a split, at least three frames a leaf."""
    from sklearn.ensemble import RandomForestRegressor

    model = RandomForestRegressor(
        n_estimators=run.parameters["trees"], max_features=1 / 3, min_samples_leaf=3, random_state=run.seed
    )
    return model.fit(features[split.train], target[split.train]).predict(features[split.test]), {}
