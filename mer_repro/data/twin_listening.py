"""Planted listening histories for the twins of data sets in which users choose one genre after another.

Each user has a taste, a mood that wanders, and belongs to one of two groups. The genre of a listen is, with
probability `persistence`, the last genre again; otherwise it is drawn from the taste, tilted by the mood before the
listen and by the group. What a model can reach is therefore known exactly, with and without each cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

PERSISTENCE = 0.2
MOOD_EFFECT = 2.0
MOOD_MEMORY = 0.4
GROUP_EFFECT = 0.6


@dataclass(frozen=True)
class PlantedListens:
    """Listens of all users, ordered by user and time; n listens, G genres.

    user, genre, last : (n,) whole numbers; `last` is -1 at a user's first listen.
    mood : (n,) before the listen, -1..1. probability : (n, G), with which each genre was drawn.
    probability_without_mood : (n, G), the same for somebody who does not know the mood.
    group : (users,) 0 or 1.
    """

    user: np.ndarray
    genre: np.ndarray
    last: np.ndarray
    mood: np.ndarray
    probability: np.ndarray
    probability_without_mood: np.ndarray
    group: np.ndarray

    def truth(self) -> dict:
        """Planted effects, and the accuracies on these very listens (but each user's first) of four guesses.

        ``knows_everything`` knows taste, group, mood and last genre as they were planted: an honest model exceeds
        it by luck only. ``does_not_know_mood`` knows all but the mood.
        """
        import numpy as np

        later = self.last >= 0
        genre, last = self.genre[later], self.last[later]
        guesses = {
            "knows_everything": self.probability[later].argmax(axis=1),
            "does_not_know_mood": self.probability_without_mood[later].argmax(axis=1),
            "last_genre_again": last,
            "commonest_genre": np.bincount(genre).argmax(),
        }
        return {
            "persistence": PERSISTENCE,
            "mood_effect": MOOD_EFFECT,
            "group_effect": GROUP_EFFECT,
            "group_of_user": self.group.tolist(),
            "accuracy": {name: round(float(np.mean(genre == guess)), 4) for name, guess in guesses.items()},
        }


def plant_listens(rng: np.random.Generator, lengths: list[int], genres: int) -> PlantedListens:
    """Generate one history a user; `lengths` are the numbers of listens."""
    import numpy as np

    affinity = np.linspace(-1, 1, genres)  # of each genre to a good mood
    lean = np.resize([1.0, -1.0], genres)  # of each genre to the second group
    moods = np.tanh(np.linspace(-2, 2, 41))
    weights = np.exp(-0.5 * np.linspace(-2, 2, 41) ** 2)
    weights /= weights.sum()
    group = np.arange(len(lengths)) % 2
    parts: dict[str, list] = {name: [] for name in ("user", "genre", "last", "mood", "probability", "blind")}
    for user, length in enumerate(lengths):
        taste = 0.9 * rng.standard_normal(genres) + GROUP_EFFECT * (2 * group[user] - 1) * lean
        blind_choice = weights @ _softmax(taste + MOOD_EFFECT * moods[:, None] * affinity)
        level, last = rng.standard_normal(), -1
        for _ in range(length):
            level = MOOD_MEMORY * level + np.sqrt(1 - MOOD_MEMORY**2) * rng.standard_normal()
            mood = float(np.tanh(level))
            again = np.eye(genres)[last] if last >= 0 else None
            probability, blind = (
                choice if again is None else PERSISTENCE * again + (1 - PERSISTENCE) * choice
                for choice in (_softmax(taste + MOOD_EFFECT * mood * affinity), blind_choice)
            )
            genre = int(rng.choice(genres, p=probability))
            for name, value in zip(parts, (user, genre, last, mood, probability, blind), strict=True):
                parts[name].append(value)
            last = genre
    arrays = {name: np.array(values) for name, values in parts.items()}
    return PlantedListens(
        arrays["user"], arrays["genre"], arrays["last"], arrays["mood"], arrays["probability"], arrays["blind"], group
    )


def _softmax(logits: np.ndarray) -> np.ndarray:
    import numpy as np

    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
