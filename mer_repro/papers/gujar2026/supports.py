"""What can the test set of gujar2026's table 6 have been? Its supports against the moods that DEAM's labels give.

Table 6 counts 890 happy, 756 sad, 634 angry and 720 calm test samples. For a reading of "sample" (a song, a moment of a
song) and of the cut points (which the paper does not state), DEAM says how many of each mood there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mer_repro.papers.gujar2026.examples import quadrants

if TYPE_CHECKING:
    from mer_repro.runs.records import Outcome

#: Cut points tried on DEAM's 1-9 scale, in both axes.
CUTS = np.round(np.arange(3.0, 7.01, 0.05), 2)


def counts(valence: np.ndarray, arousal: np.ndarray, middle: float) -> np.ndarray:
    """How many items are happy, sad, angry, calm: (4,) int."""
    return np.bincount(quadrants(valence, arousal, middle), minlength=4)


def distance(shares: np.ndarray, stated: np.ndarray) -> float:
    """Total variation distance of two distributions over moods: the share, 0 to 1, that would have to change."""
    return float(np.abs(shares / shares.sum() - stated / stated.sum()).sum() / 2)


def nearest_cut(valence: np.ndarray, arousal: np.ndarray, stated: np.ndarray) -> tuple[float, float, float]:
    """The cut points under which the songs' moods come nearest to the stated supports.

    Returns
    -------
    (distance, valence cut, arousal cut), the best of all pairs of `CUTS`.
    """
    high_v = valence[:, None] > CUTS  # (songs, cuts)
    high_a = arousal[:, None] > CUTS
    tables = [
        (v.T.astype(int) @ a.astype(int)) / len(valence)  # (valence cuts, arousal cuts)
        for v, a in ((high_v, high_a), (~high_v, ~high_a), (~high_v, high_a), (high_v, ~high_a))
    ]
    distances = sum(abs(t - s) for t, s in zip(tables, stated / stated.sum(), strict=True)) / 2
    row, column = np.unravel_index(distances.argmin(), distances.shape)
    return float(distances[row, column]), float(CUTS[row]), float(CUTS[column])


def least_repeats(available: np.ndarray, stated: np.ndarray) -> float:
    """How often the songs of the scarcest mood would have to be in the test set, were all songs in it."""
    return float(np.max(stated / available))


def own_mood(data: str, protocol: str, per_song: int, fold: int, folds: int) -> Outcome:
    """DEAM's frames, half a second each: the mood of most of the song's training frames, for its test frames.

    No audio is used. A song without training frames gets the mood of most training frames of all songs.

    Parameters
    ----------
    protocol : "song_folds" holds songs out, "frame_folds" deals the frames of every song over the folds.
    per_song : how many frames of each song take part, drawn at random; 0 for all.
    """
    from mer_repro import metrics, splits
    from mer_repro.data import registry
    from mer_repro.runs.records import Outcome

    frames = registry.load("deam", source=data).dynamic
    if per_song:
        shuffled = frames.sample(frac=1, random_state=0)
        frames = shuffled[shuffled.groupby("song_id").cumcount() < per_song].sort_values(["song_id", "time"])
    mood, song = quadrants(frames.valence, frames.arousal, 0.0), frames.song_id.to_numpy()
    protocols = {"song_folds": splits.song_folds, "frame_folds": splits.frame_folds}
    split = protocols[protocol](song, fold, folds)
    train = np.concatenate([split.train, split.validation])
    votes = np.zeros((song.max() + 1, 4), dtype=int)
    np.add.at(votes, (song[train], mood[train]), 1)
    of_song, observed = votes[song[split.test]], mood[split.test]
    predicted = np.where(of_song.any(axis=1), of_song.argmax(axis=1), votes.sum(axis=0).argmax())
    return Outcome(
        metrics.classification(observed, predicted, 4),
        counts={"n_train": len(train), "n_test": len(split.test), "n_test_songs": len(set(song[split.test]))},
        predictions=dict(item=split.test, group=song[split.test], y_true=observed, y_pred=predicted),
        notes={"hears": "nothing"},
    )
