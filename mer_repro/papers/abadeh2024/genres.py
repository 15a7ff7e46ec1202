"""Six genres, then four, then three: names reduced to parent genres, and answers over six genres to fewer.

Conventions
-----------
A genre is a whole number, its place in `GENRES`. A class is a place in one of the settings of `SETTINGS`; a genre that
a setting leaves out has the class `LEFT_OUT`. Settings follow tables IV, V and VI: with four classes electronic and
jazz join the others; with three, the others are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

GENRES = ("pop", "rock", "hip_hop", "electronic", "jazz", "others")
LEFT_OUT = -1
#: setting -> class of each genre
SETTINGS: dict[str, tuple[int, ...]] = {
    "genres_6": (0, 1, 2, 3, 4, 5),
    "genres_4": (0, 1, 2, 3, 3, 3),
    "genres_3": (0, 1, 2, LEFT_OUT, LEFT_OUT, LEFT_OUT),
}
TAXONOMY = Path(__file__).with_name("taxonomy.yaml")


def n_classes(setting: str) -> int:
    """How many classes a setting has."""
    return max(SETTINGS[setting]) + 1


def class_names(setting: str) -> tuple[str, ...]:
    """The names of a setting's classes."""
    return {6: GENRES, 4: (*GENRES[:3], "others"), 3: GENRES[:3]}[n_classes(setting)]


def classes_of(genre: np.ndarray, setting: str) -> np.ndarray:
    """The class of each genre, `LEFT_OUT` where the setting has none."""
    return np.array(SETTINGS[setting])[genre]


def reduce_probabilities(probabilities: np.ndarray, setting: str) -> np.ndarray:
    """Answers (n, classes) of a setting with more classes as answers (n, fewer classes) of `setting`.

    Probabilities of genres that are one class there add up; those of genres left out are dropped and the others
    scaled to add up to one.
    """
    given = {n_classes(name): name for name in SETTINGS}[probabilities.shape[1]]
    reduced = np.zeros((len(probabilities), n_classes(setting)))
    for genre, target in enumerate(SETTINGS[setting]):
        source = SETTINGS[given][genre]
        # Several genres of a setting with four classes are one column of it, to be counted once.
        first = SETTINGS[given].index(source) == genre
        if target != LEFT_OUT and first:
            reduced[:, target] += probabilities[:, source]
    return reduced / reduced.sum(axis=1, keepdims=True)


@cache
def taxonomy() -> dict[str, int]:
    """Normalised name -> genre, from ``taxonomy.yaml``.

    Raises
    ------
    ValueError
        If a name stands under two parents, or a parent is not one of `GENRES`.
    """
    import yaml

    found: dict[str, int] = {}
    for parent, names in yaml.safe_load(TAXONOMY.read_text(encoding="utf-8")).items():
        for name in names:
            if found.setdefault(normalised(name), GENRES.index(parent)) != GENRES.index(parent):
                raise ValueError(f"{TAXONOMY.name}: '{name}' stands under {parent} and another genre.")
    return found


def normalised(name: str) -> str:
    """A name as the taxonomy has it: ``Hip-Hop`` and ``hip_hop`` are ``hip hop``, ``R&B`` is ``r n b``."""
    return " ".join(re.sub(r"[-_/]", " ", name.lower().replace("&", " n ")).split())


@cache
def hashtags() -> dict[str, int]:
    """Names of the taxonomy without blanks -> genre."""
    return {name.replace(" ", ""): genre for name, genre in taxonomy().items()}


def parent(counts: Mapping[str, float]) -> int | None:
    """The one parent genre of a music that was given these tags, so often each.

    None where no tag names a genre, or where two parents are named equally often: the report leaves such music out.
    """
    votes = np.zeros(len(GENRES))
    for name, count in counts.items():
        genre = taxonomy().get(normalised(name))
        if genre is not None:
            votes[genre] += count
    best = np.flatnonzero(votes == votes.max())
    return int(best[0]) if votes.any() and len(best) == 1 else None
