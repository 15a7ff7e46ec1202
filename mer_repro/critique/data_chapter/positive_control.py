"""The positive control: a published result on music emotion that this study's own means should reproduce.

Panda, Malheiro and Paiva (2018) publish 900 clips in four quadrants, their 100 best features, and a macro F1 from a
support vector machine in ten-fold cross-validation. Here the same features go into the same kind of classifier
(scikit-learn's, radial kernel), penalty and width chosen by cross-validation inside each training fold. It is run
twice: with songs apart, as published (versions of one song in one fold), and with artists apart.

The rule: the control is **reproduced** if the published score lies in the 95 % interval of ours with songs apart, and
**not reproduced** if it does not. It was written after a first trial, without an interval, had shown a score near the
published one. If it were not reproduced, no other verdict of this book could be trusted.

What the control cannot show: its readme says that the authors ranked the 100 features on this set, so whatever that
selection is worth is in both scores.
"""

from __future__ import annotations

import functools
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data import checks
from mer_repro.errors import DataMissing

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

QUADRANTS = ("Q1", "Q2", "Q3", "Q4")
PROTOCOLS = {"song": "songs apart", "artist": "artists apart"}
FOLDS, INNER_FOLDS = 10, 5
GRID = {"svc__C": [1.0, 2.0, 4.0, 8.0], "svc__gamma": [0.001, 0.003, 0.01]}
STATED = Path(__file__).with_name("control.yaml")


def predictions(dataset, protocol: str, *, folds: int = FOLDS, seed: int = 0, workers: int = 2) -> pd.DataFrame:
    """Out-of-fold predictions of every song.

    Parameters
    ----------
    dataset : a loaded `panda_4qaed`.
    protocol : "song" or "artist": what is never on both sides of a fold.
    workers : processes over the inner grid.

    Returns
    -------
    song_id, artist (the group that intervals resample; a song without one is its own), fold, y_true, y_pred
    (0 to 3, by `QUADRANTS`).

    Raises
    ------
    DataMissing
        If the copy has no features.
    """
    import numpy as np
    import pandas as pd
    from sklearn.model_selection import StratifiedGroupKFold

    if dataset.features is None:
        raise DataMissing(f"panda_4qaed: the copy in {dataset.location.folder} has no table of features.")
    songs = dataset.songs.merge(dataset.features, on="song_id")
    columns = [column for column in dataset.features if column != "song_id"]
    values = songs[columns].to_numpy(float)
    classes = songs.quadrant.map(QUADRANTS.index).to_numpy()
    artists = np.array([_artist(*row) for row in songs[["song_id", "artist"]].itertuples(index=False)])
    groups = artists if protocol == "artist" else _versions(songs)
    frame = pd.DataFrame({"song_id": songs.song_id, "artist": artists, "fold": 0, "y_true": classes, "y_pred": 0})
    dealt = StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(values, classes, groups)
    for fold, (train, test) in enumerate(dealt):
        model = _tuned(values[train], classes[train], groups[train], seed, workers)
        frame.loc[test, ["fold", "y_pred"]] = np.column_stack([np.full(len(test), fold), model.predict(values[test])])
    return frame


def _artist(song_id: str, artist: str) -> str:
    return checks.song_key(artist, "").partition(" |")[0] or song_id


def _versions(songs: pd.DataFrame) -> np.ndarray:
    """The group of each song where only songs are kept apart: versions of one are one."""
    owner = {song: group[0] for group in checks.duplicate_songs(songs) for song in group}
    return songs.song_id.map(lambda song: owner.get(song, song)).to_numpy()


def _tuned(values: np.ndarray, classes: np.ndarray, groups: np.ndarray, seed: int, workers: int):
    from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    inner = StratifiedGroupKFold(INNER_FOLDS, shuffle=True, random_state=seed)
    splits = list(inner.split(values, classes, groups))
    search = GridSearchCV(make_pipeline(StandardScaler(), SVC()), GRID, scoring="f1_macro", cv=splits, n_jobs=workers)
    return search.fit(values, classes)


def evidence(predicted: pd.DataFrame) -> dict[str, str]:
    """What every score of the control can be computed from: {hash of an artist: cells of the confusion matrix}.

    A cell is 4 * true + predicted, one hexadecimal digit per song. Names and songs are not in it.
    """
    cells = (4 * predicted.y_true + predicted.y_pred).map("{:x}".format)
    hashed = predicted.artist.map(lambda name: hashlib.sha256(name.encode()).hexdigest()[:10])
    return {key: "".join(sorted(group)) for key, group in cells.groupby(hashed)}


def scores(found: dict[str, str], *, resamples: int = 2000) -> dict:
    """Scores of one protocol from its `evidence`.

    Returns
    -------
    macro_f1 and accuracy with low and high (95 %, artists resampled), songs, artists, confusion (4 x 4, true by row).
    """
    import numpy as np

    from mer_repro import metrics

    groups = np.concatenate([np.full(len(cells), place) for place, cells in enumerate(found.values())])
    true, predicted = np.divmod([int(cell, 16) for cells in found.values() for cell in cells], 4)
    point = metrics.classification(true, predicted, 4)
    intervals = metrics.classification_intervals(true, predicted, groups, 4, resamples=resamples)
    return {
        **{name: (point[name], *intervals[name]) for name in point},
        "songs": len(true),
        "artists": len(found),
        "confusion": metrics.confusion(true, predicted, 4).tolist(),
    }


@functools.cache
def stated() -> dict:
    """The published result: printed strings and, as ``value``, the macro F1 from 0 to 1."""
    import yaml

    printed = yaml.safe_load(STATED.read_text(encoding="utf-8"))
    return printed | {"value": float(re.match(r"[\d.]+", printed["macro_f1"])[0]) / 100}


def verdict(low: float, high: float) -> str:
    """The rule of the module's docstring, given the interval with songs apart."""
    return "reproduced" if low <= stated()["value"] <= high else "not reproduced"
