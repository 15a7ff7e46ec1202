"""Generated songs of which it is known where the mood can be heard: in the audio, in the words, in both.

Five conditions, the songs' moods being equally frequent in each:

``redundant``    audio and words both show the mood.
``separable``    the words show the valence and the audio the arousal: neither alone can tell the four moods apart.
``marked``       one of the two, by a coin, shows the mood; the other shows none: it is quiet, or neutral words.
``misleading``   one of the two, by a coin, shows the mood; the other shows a random mood just as clearly, so that
                 nothing in the song says which one to believe.
``one_sided``    the audio shows the mood of every song, and the words of none: they are neutral.

Audio is `DESCRIPTORS` numbers with noise around a mood's centre; words are drawn from a mood's list or a neutral one.
`best_accuracy` is what somebody who knows all of this reaches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CONDITIONS = ("redundant", "separable", "marked", "misleading", "one_sided")
N_MOODS = 4  # happy, sad, angry, calm
#: Whether each mood has high valence, high arousal.
HIGH = np.array([(1, 1), (0, 0), (0, 1), (1, 0)])
DESCRIPTORS, DISTANCE = 12, 1.6
QUIET = 0.3  # scale of the audio that shows nothing
WORDS, FIDELITY = 16, 0.3
LIST_LENGTH, NEUTRAL_LENGTH = 15, 60


@dataclass(frozen=True)
class Planted:
    """Songs of one condition.

    mood : (n,) 0..3. audio : (n, DESCRIPTORS). texts : n strings of WORDS words.
    audio_informs : (n,) whether the audio is the one that shows the mood; None where both do.
    best_accuracy : of the best possible guess on these songs.
    """

    mood: np.ndarray
    audio: np.ndarray
    texts: list[str]
    audio_informs: np.ndarray | None
    best_accuracy: float


def generate(condition: str, songs: int, seed: int = 0) -> Planted:
    """Songs of one of `CONDITIONS`."""
    rng = np.random.default_rng([seed, CONDITIONS.index(condition), songs])
    mood = rng.integers(0, N_MOODS, songs)
    random_mood = rng.integers(0, N_MOODS, songs)
    audio_informs = rng.random(songs) < 0.5
    centres = _centres(condition)
    heard, spoken = mood.copy(), mood.copy()
    loud, plain = np.ones(songs, bool), np.zeros(songs, bool)
    if condition == "marked":
        loud, plain = audio_informs, audio_informs
    if condition == "one_sided":
        audio_informs = plain = loud
    if condition == "misleading":
        heard, spoken = np.where(audio_informs, mood, random_mood), np.where(audio_informs, random_mood, mood)
    noise = rng.standard_normal((songs, DESCRIPTORS))
    audio = np.where(loud[:, None], centres[heard] + noise, QUIET * noise)
    lists, tables = _word_tables(condition)
    rows = np.where(plain, N_MOODS, spoken)
    words = np.array([rng.choice(len(lists), WORDS, p=tables[row]) for row in rows])  # (songs, WORDS)
    said = _log_likelihoods(condition, audio, words, centres, tables)
    return Planted(
        mood,
        audio.astype(np.float32),
        [" ".join(lists[number] for number in row) for row in words],
        None if condition in ("redundant", "separable") else audio_informs,
        float(np.mean(said.argmax(axis=1) == mood)),
    )


def _centres(condition: str) -> np.ndarray:
    """Audio centre of each mood, (4, DESCRIPTORS); of each arousal where the audio shows no more."""
    directions = np.random.default_rng(84).standard_normal((N_MOODS, DESCRIPTORS))
    directions *= DISTANCE / np.linalg.norm(directions, axis=1, keepdims=True)
    return directions[HIGH[:, 1]] if condition == "separable" else directions


def _word_tables(condition: str) -> tuple[list[str], np.ndarray]:
    """All words, and the probability of each a mood; the last row is of songs whose words show nothing, (5, words)."""
    shown = HIGH[:, 0] if condition == "separable" else np.arange(N_MOODS)
    letters = "abcdefghijklmnopqrstuvwxyz"
    lists = [f"mood{letters[k]}{letters[j]}" for k in range(N_MOODS) for j in range(LIST_LENGTH)]
    lists += [f"plain{letters[j // 26]}{letters[j % 26]}" for j in range(NEUTRAL_LENGTH)]
    tables = np.zeros((N_MOODS + 1, len(lists)))
    tables[:, N_MOODS * LIST_LENGTH :] = (1 - FIDELITY) / NEUTRAL_LENGTH
    for mood, of in enumerate(shown):
        tables[mood, of * LIST_LENGTH : (of + 1) * LIST_LENGTH] = FIDELITY / LIST_LENGTH
    # Words that show nothing still hold mood words, of all moods alike: their absence must not name the modality.
    tables[N_MOODS, : N_MOODS * LIST_LENGTH] = FIDELITY / (N_MOODS * LIST_LENGTH)
    return lists, tables


def _log_likelihoods(condition: str, audio, words, centres, tables) -> np.ndarray:
    """log p(song | mood) up to a constant of the song, (n, 4)."""
    from scipy.special import logsumexp

    heard = -0.5 * ((audio[:, None] - centres) ** 2).sum(axis=2)  # (n, 4)
    with np.errstate(divide="ignore"):
        spoken = np.log(tables)[:, words].sum(axis=2).T  # (n, 5)
    spoken, plain = spoken[:, :N_MOODS], spoken[:, N_MOODS:]
    if condition in ("redundant", "separable"):
        return heard + spoken
    if condition == "one_sided":
        return heard
    if condition == "marked":
        quiet = -0.5 * (audio**2).sum(axis=1, keepdims=True) / QUIET**2 - DESCRIPTORS * np.log(QUIET)
        return np.logaddexp(heard + plain, quiet + spoken)
    average = logsumexp(heard, axis=1, keepdims=True), logsumexp(spoken, axis=1, keepdims=True)
    return np.logaddexp(heard + average[1], average[0] + spoken)
