"""Experiment 3 of bath2025, left undone there: do audio and lyrics agree, and does that predict the error?

A network learns which lyrics belong to which audio (`mer_repro.papers.bath2025.model.CongruenceNetwork`) from pairs of
one song and pairs of two. A variant says whose lyrics make the pairs of two:

========  ============================================================================================================
``easy``  those of any song by another artist
``hard``  those of a song by another artist in the same quadrant, which only more than its mood can tell apart
========  ============================================================================================================

A protocol says what the songs are:

================  ====================================================================================================
``as_published``  every song with its own lyrics
``half_swapped``  a control with a known answer: half of the songs, at random, carry the lyrics of another artist.
                  A measure of congruence must find them, and a regressor that reads lyrics must err more on them
================  ====================================================================================================

Congruence is the negative distance of a song's audio from its lyrics. Training, validation and test songs are of
different artists. The regressor whose errors are looked at is ridge regression on both modalities.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mer_repro import statistics
from mer_repro.papers.bath2025 import planes
from mer_repro.papers.bath2025.doughnut import RIDGE_PENALTIES, load_songs
from mer_repro.runs.records import Outcome, Run

#: tcc_ceds has four audio descriptors; the rest of a song's vector is its lyrics.
AUDIO_COLUMNS = 4
#: Pairs of two songs for every pair of one.
NEGATIVES = 3
DISTANCES = np.linspace(0, 2, 41)
SHARES = {"test": 0.2, "validation": 0.1}


@dataclass(frozen=True)
class Pairs:
    """Songs with standardised audio (n, 4) and lyric vectors (n, d), labels (0-1), quadrant, artist, swapped (n,)."""

    audio: np.ndarray
    lyrics: np.ndarray
    labels: dict[str, np.ndarray]
    quadrant: np.ndarray
    artist: np.ndarray
    swapped: np.ndarray


def execute(run: Run, device: str) -> Outcome:
    """Train the congruence network once; AUCs, and rank correlations of congruence with absolute error."""
    generator = np.random.default_rng(run.seed)
    pairs = load_pairs(run.dataset, run.data)
    if run.protocol == "half_swapped":
        pairs = swap_half(pairs, generator)
    parts = split_artists(pairs.artist, generator)
    pairs = standardised(pairs, parts["train"])
    network, fit = _train(run, pairs, parts, generator, device)
    test = parts["test"]
    distance = {"own": _distances(network, pairs, test, test, device)}
    for kind in ("easy", "hard"):
        distance[kind] = _distances(network, pairs, test, partners(pairs, test, kind, generator), device)
    scores, intervals = _scores(run, pairs, parts, distance)
    return Outcome(
        metrics=scores,
        intervals=intervals,
        counts={f"n_{name}": len(part) for name, part in parts.items()}
        | {"n_test_artists": len(set(pairs.artist[test])), "n_swapped": int(pairs.swapped[test].sum())},
        predictions={"item": test, "group": pairs.artist[test], "swapped": pairs.swapped[test]} | distance,
        curves=fit.curves | {f"{name}_histogram": _histogram(found) for name, found in distance.items()},
        notes={"heard": load_songs(run.dataset, run.data).heard, **fit.notes},
    )


def load_pairs(dataset: str, data: str) -> Pairs:
    """Songs with both modalities, every one with its own lyrics."""
    songs = load_songs(dataset, data)
    audio, lyrics = songs.features[:, :AUDIO_COLUMNS], songs.features[:, AUDIO_COLUMNS:]
    quadrant = planes.quadrants(**songs.labels)
    return Pairs(audio, lyrics, songs.labels, quadrant, songs.artist, np.zeros(len(audio), dtype=bool))


def swap_half(pairs: Pairs, generator: np.random.Generator) -> Pairs:
    """Give a random half of the songs the lyrics of another artist's song."""
    swapped = np.zeros(len(pairs.audio), dtype=bool)
    swapped[generator.permutation(len(swapped))[: len(swapped) // 2]] = True
    lyrics = pairs.lyrics.copy()
    chosen = np.flatnonzero(swapped)
    lyrics[chosen] = pairs.lyrics[partners(pairs, chosen, "easy", generator)]
    return replace(pairs, lyrics=lyrics, swapped=swapped)


def split_artists(artist: np.ndarray, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Positions of training, validation and test songs: 70, 10 and 20 % of the artists."""
    names, of = np.unique(artist, return_inverse=True)
    order, start, parts = generator.permutation(len(names)), 0, {}
    for part, share in SHARES.items():
        end = start + max(1, round(share * len(names)))
        parts[part] = np.flatnonzero(np.isin(of, order[start:end]))
        start = end
    return {"train": np.flatnonzero(np.isin(of, order[start:]))} | parts


def standardised(pairs: Pairs, train: np.ndarray) -> Pairs:
    """Audio and lyrics with mean 0 and deviation 1 over the training songs."""

    def scale(values: np.ndarray) -> np.ndarray:
        return (values - values[train].mean(axis=0)) / (values[train].std(axis=0) + 1e-9)

    return replace(pairs, audio=scale(pairs.audio), lyrics=scale(pairs.lyrics))


def partners(pairs: Pairs, songs: np.ndarray, kind: str, generator: np.random.Generator) -> np.ndarray:
    """For each of `songs` another of them by another artist, for "hard" in the same quadrant; positions.

    A song for which a hundred draws find none gets the last one drawn.
    """
    pools = {
        quadrant: songs[pairs.quadrant[songs] == quadrant] if kind == "hard" else songs
        for quadrant in range(len(planes.QUADRANTS))
    }
    found = np.empty(len(songs), dtype=int)
    open_ = np.arange(len(songs))
    for _ in range(100):
        for quadrant, pool in pools.items():
            asked = open_[pairs.quadrant[songs[open_]] == quadrant]
            if len(asked):
                found[asked] = pool[generator.integers(len(pool), size=len(asked))]
        open_ = open_[pairs.artist[found[open_]] == pairs.artist[songs[open_]]]
        if not len(open_):
            break
    return found


def _train(run: Run, pairs: Pairs, parts: dict, generator: np.random.Generator, device: str):
    import torch

    from mer_repro import training
    from mer_repro.papers.bath2025 import model

    def examples(part: np.ndarray):
        """Every song with its own lyrics and with `NEGATIVES` others."""
        others = [partners(pairs, part, run.variant, generator) for _ in range(NEGATIVES)]
        audio, lyrics = np.tile(part, 1 + NEGATIVES), np.concatenate([part, *others])
        together = np.repeat([1.0, *[0.0] * NEGATIVES], len(part))
        as_tensor = (torch.tensor(values, dtype=torch.float32) for values in (pairs.audio[audio], pairs.lyrics[lyrics]))
        return training.Examples(tuple(as_tensor), torch.tensor(together, dtype=torch.float32).unsqueeze(1))

    training.seed_everything(run.seed)
    network = model.CongruenceNetwork(pairs.audio.shape[1], pairs.lyrics.shape[1])
    config = training.TrainingConfig(
        epochs=run.parameters["epochs"], patience=5, batch_size=128, learning_rate=5e-4, weight_decay=1e-5
    )
    train, validation = examples(parts["train"]), examples(parts["validation"])
    fit = training.fit(network, train, validation, config, model.contrastive_loss, seed=run.seed, device=device)
    return network, fit


def _distances(network, pairs: Pairs, audio: np.ndarray, lyrics: np.ndarray, device: str) -> np.ndarray:
    import torch

    from mer_repro import training

    given = (torch.tensor(v, dtype=torch.float32) for v in (pairs.audio[audio], pairs.lyrics[lyrics]))
    examples = training.Examples(tuple(given), torch.zeros(len(audio), 1))
    return training.predict(network, examples, batch_size=1024, device=device)[:, 0]


def _scores(run: Run, pairs: Pairs, parts: dict, distance: dict) -> tuple[dict, dict]:
    test, resamples = parts["test"], run.parameters["resamples"]
    scores = {f"auc_{kind}": auc(distance["own"], distance[kind]) for kind in ("easy", "hard")}
    intervals = {}
    if pairs.swapped[test].any():
        swapped = pairs.swapped[test]
        scores["auc_swapped"] = auc(distance["own"][~swapped], distance["own"][swapped])
    for target, labels in pairs.labels.items():
        error = _errors(pairs, labels, parts)
        extremity = np.abs(labels[test] - labels[parts["train"]].mean())
        scores[f"rank_{target}"] = spearman(-distance["own"], error)
        scores[f"rank_{target}_given_extremity"] = partial_spearman(-distance["own"], error, extremity)
        intervals[f"rank_{target}"] = statistics.interval(
            spearman, -distance["own"], error, pairs.artist[test], resamples=resamples, seed=run.seed
        )
        scores[f"mae_{target}"] = float(error.mean())
        if pairs.swapped[test].any():
            swapped = pairs.swapped[test]
            scores[f"error_ratio_{target}"] = float(error[swapped].mean() / error[~swapped].mean())
    return scores, intervals


def _errors(pairs: Pairs, labels: np.ndarray, parts: dict) -> np.ndarray:
    """Absolute errors of ridge regression on both modalities, on the test songs."""
    from sklearn.linear_model import RidgeCV

    features = np.column_stack([pairs.audio, pairs.lyrics])
    model = RidgeCV(RIDGE_PENALTIES).fit(features[parts["train"]], labels[parts["train"]])
    return np.abs(model.predict(features[parts["test"]]) - labels[parts["test"]])


def auc(near: np.ndarray, far: np.ndarray) -> float:
    """Probability that a distance of `near` is below one of `far`, ties counting half: 0.5 is chance."""
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([near, far]))[len(near) :]
    return float((ranks.sum() - len(far) * (len(far) + 1) / 2) / (len(near) * len(far)))


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's rank correlation; nan where one side is constant."""
    from scipy.stats import rankdata

    ranks = rankdata(x), rankdata(y)
    return float(np.corrcoef(*ranks)[0, 1]) if all(np.ptp(r) > 0 for r in ranks) else float("nan")


def partial_spearman(x: np.ndarray, y: np.ndarray, given: np.ndarray) -> float:
    """Rank correlation of `x` and `y` once the rank of `given` is accounted for (first-order partial correlation)."""
    xy, xz, yz = spearman(x, y), spearman(x, given), spearman(y, given)
    return float((xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2)))


def _histogram(distance: np.ndarray) -> list[float]:
    """Share of the distances in each bin of `DISTANCES`."""
    return (np.histogram(distance, bins=DISTANCES)[0] / len(distance)).tolist()
