"""Protocols: who may be in the training set when whom is tested.

Every protocol is a function ``(groups, seed) -> Split`` over frames, where `groups` holds the song of each frame in
the table's order (songs contiguous, time ascending). A protocol that leaks is named after its leak.

=====================  ================================================================================================
``song_grouped``       clean: whole songs are held out, 80/10/10 of the songs
``frame_random``       leaks: frames of all songs are shuffled, 80/10/10 of the frames; what "80/10/10" means where no
                       grouping is mentioned (qiu2025, section Implementation and Experiments)
``within_song_random`` leaks: 20 % of each song's frames are tested, 25 % of the rest validate; what the code of
                       qiu2025's repository does (``dataset_crossvalind.m``)
=====================  ================================================================================================

`song_folds` and `frame_folds` are the clean and the leaking side of a comparison on the same items: functions
``(groups, fold, folds) -> Split`` whose test parts together hold every frame once.

Under the leaking protocols a test frame's neighbours, half a second away and almost equal in label, are trained on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mer_repro.errors import require_choice

#: Fewest songs for which 80/10/10 leaves each part at least one song.
MINIMUM_SONGS = 10


@dataclass(frozen=True)
class Split:
    """Positions of training, validation and test frames; sorted, disjoint, together all frames."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    def __post_init__(self) -> None:
        together = np.concatenate([self.train, self.validation, self.test])
        if len(np.unique(together)) != len(together):
            raise AssertionError("A frame stands in more than one part of the split.")


def song_grouped(groups: np.ndarray, seed: int) -> Split:
    """Hold out whole songs: 10 % of the songs for test, 10 % for validation, the rest for training.

    Raises
    ------
    ValueError
        With fewer than `MINIMUM_SONGS` songs.
    """
    songs = np.unique(groups)
    if len(songs) < MINIMUM_SONGS:
        raise ValueError(f"{len(songs)} songs; song_grouped needs at least {MINIMUM_SONGS} to hold out 10 % twice.")
    order = np.random.default_rng(seed).permutation(len(songs))
    n_held = max(1, round(0.1 * len(songs)))
    parts = order[2 * n_held :], order[n_held : 2 * n_held], order[:n_held]
    split = Split(*(np.flatnonzero(np.isin(groups, songs[part])) for part in parts))
    assert_song_disjoint(groups, split)
    return split


def song_folds(groups: np.ndarray, fold: int, folds: int = 5) -> Split:
    """One of `folds` splits whose test parts do not overlap and together hold every song once; another 10 % validate.

    Parameters
    ----------
    groups : (n,) song of each frame, or artist of each song: what is held out whole.
    fold : 0 to folds - 1.

    Raises
    ------
    ValueError
        With fewer than `MINIMUM_SONGS` songs, or if there is no such fold.
    """
    songs = np.unique(groups)
    if len(songs) < MINIMUM_SONGS or not 0 <= fold < folds:
        raise ValueError(
            f"Fold {fold} of {folds} over {len(songs)} songs; expected 0 to {folds - 1} and at least"
            f" {MINIMUM_SONGS} songs."
        )
    # One order for all folds, and the validation songs from the part that follows the test songs.
    order = np.roll(np.random.default_rng(0).permutation(len(songs)), -round(fold * len(songs) / folds))
    n_test = round((fold + 1) * len(songs) / folds) - round(fold * len(songs) / folds)
    n_validation = max(1, round(0.1 * len(songs)))
    parts = order[n_test + n_validation :], order[n_test : n_test + n_validation], order[:n_test]
    split = Split(*(np.flatnonzero(np.isin(groups, songs[part])) for part in parts))
    assert_song_disjoint(groups, split)
    return split


def frame_folds(groups: np.ndarray, fold: int, folds: int = 5) -> Split:
    """The leaking partner of `song_folds`: the frames of every song are dealt over the folds, in the same shares.

    Test parts do not overlap and together hold every frame once; another 10 % of every song's frames validate. The
    shares are exact over all songs, and as near as whole frames allow in each.

    Parameters
    ----------
    groups : (n,) song of each frame.
    fold : 0 to folds - 1.

    Raises
    ------
    ValueError
        If there is no such fold.
    """
    if not 0 <= fold < folds:
        raise ValueError(f"Fold {fold} of {folds}; expected 0 to {folds - 1}.")
    generator = np.random.default_rng(0)
    # The place of a frame in its shuffled song, 0 to 1; each song begins at a place of its own, so that rounding
    # favours no fold.
    place = np.empty(len(groups))
    for song in np.unique(groups):
        frames = np.flatnonzero(groups == song)
        place[frames] = (generator.permutation(len(frames)) + generator.random()) / len(frames) % 1
    place = (place - fold / folds) % 1
    test, validation = place < 1 / folds, (place >= 1 / folds) & (place < 1 / folds + 0.1)
    return Split(*(np.flatnonzero(part) for part in (~test & ~validation, validation, test)))


def frame_random(groups: np.ndarray, seed: int) -> Split:
    """Shuffle the frames of all songs: 80 % training, 10 % validation, 10 % test."""
    order = np.random.default_rng(seed).permutation(len(groups))
    n_held = max(1, round(0.1 * len(groups)))
    return Split(np.sort(order[2 * n_held :]), np.sort(order[n_held : 2 * n_held]), np.sort(order[:n_held]))


def within_song_random(groups: np.ndarray, seed: int) -> Split:
    """Of every song, a random 20 % of the frames for test and 25 % of the rest for validation.

    As qiu2025's repository splits its windows: one window a frame, each predicting the frame that follows it. There,
    the generator is reset for every song; here one generator serves all songs, which changes no share.
    """
    generator = np.random.default_rng(seed)
    parts: tuple[list, list, list] = ([], [], [])
    for song in np.unique(groups):
        frames = generator.permutation(np.flatnonzero(groups == song))
        n_test = round(0.2 * len(frames))
        n_validation = round(0.25 * (len(frames) - n_test))
        for part, chosen in zip(
            parts,
            (frames[n_test + n_validation :], frames[n_test : n_test + n_validation], frames[:n_test]),
            strict=True,
        ):
            part.append(chosen)
    return Split(*(np.sort(np.concatenate(part)) for part in parts))


PROTOCOLS: dict[str, Callable[[np.ndarray, int], Split]] = {
    "song_grouped": song_grouped,
    "frame_random": frame_random,
    "within_song_random": within_song_random,
}

#: The protocols under which no test song's frame is trained on.
CLEAN = frozenset({"song_grouped"})


def split(protocol: str, groups: np.ndarray, seed: int) -> Split:
    """The split of one protocol; `ParameterError` names the nearest protocol when there is none of that name."""
    return PROTOCOLS[require_choice("protocol", protocol, PROTOCOLS)](groups, seed)


def assert_song_disjoint(groups: np.ndarray, split: Split) -> None:
    """Raise `AssertionError` that names a song, if any test or validation song has a frame in training."""
    trained = np.unique(groups[split.train])
    for name in ("validation", "test"):
        shared = np.intersect1d(trained, np.unique(groups[getattr(split, name)]))
        if len(shared):
            raise AssertionError(f"{len(shared)} {name} songs are also in training, the first is '{shared[0]}'.")
