"""Building blocks of the twins: generated data sets in the official layout whose truth is known.

A twin is not a sample of the real data. It is made so that what holds of the real data and matters to a
protocol holds of it too: labels of one song stay close to each other (a level a song and a smooth drift
around it), only a part of them is in the features, the rest is taste and noise. Splits that tear a song apart
therefore look far better than splits by song, and ``truth.json`` says how good a model can honestly get.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data.base import TWIN_MARK, Table

if TYPE_CHECKING:
    import numpy as np

#: The 65 low-level descriptors of openSMILE's ComParE 2013/2016 set, without their suffix.
DESCRIPTORS = [
    "F0final_sma",
    "voicingFinalUnclipped_sma",
    "jitterLocal_sma",
    "jitterDDP_sma",
    "shimmerLocal_sma",
    "logHNR_sma",
    "audspec_lengthL1norm_sma",
    "audspecRasta_lengthL1norm_sma",
    "pcm_RMSenergy_sma",
    "pcm_zcr_sma",
]
DESCRIPTORS += [f"audSpec_Rfilt_sma[{band}]" for band in range(26)]
DESCRIPTORS += [
    f"pcm_fftMag_{name}_sma"
    for name in [
        "fband250-650",
        "fband1000-4000",
        "spectralRollOff25.0",
        "spectralRollOff50.0",
        "spectralRollOff75.0",
        "spectralRollOff90.0",
        "spectralFlux",
        "spectralCentroid",
        "spectralEntropy",
        "spectralVariance",
        "spectralSkewness",
        "spectralKurtosis",
        "spectralSlope",
        "psySharpness",
        "spectralHarmonicity",
    ]
]
DESCRIPTORS += [f"pcm_fftMag_mfcc_sma[{coefficient}]" for coefficient in range(1, 15)]
#: With their deltas: 130 names, in the order in which DEAM and PMEmo list them.
DESCRIPTORS += [name.replace("_sma", "_sma_de") for name in DESCRIPTORS]
LOUDNESS = "audspec_lengthL1norm_sma"

TARGETS = ("arousal", "valence")


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence], delimiter: str = ",") -> None:
    """Write a delimited table; numpy numbers are written like Python's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write(folder: Path, table: Table, rows: Iterable[Sequence], header: Sequence[str] = ()) -> None:
    """Write the file of a declared table, under the published header or, where a copy has another, under `header`."""
    write_table(folder / table.path, header or table.header, rows, table.delimiter)


def write_truth(folder: Path, dataset: str, seed: int, **planted) -> None:
    """Write what was planted as ``truth.json``; the file is also the mark by which a twin is told from real
    data."""
    truth = {"dataset": dataset, "seed": seed, **planted}
    (folder / TWIN_MARK).write_text(json.dumps(truth, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def write_clip(path: Path, loudness: float, rng: np.random.Generator, kind: str, seconds: int = 3) -> None:
    """Write noise of the given `loudness` (0-1) as a mono clip at 22,050 Hz; `kind` as soundfile names it ("MP3")."""
    import soundfile

    path.parent.mkdir(parents=True, exist_ok=True)
    sound = loudness * rng.standard_normal(22_050 * seconds).clip(-2, 2) / 2
    soundfile.write(path, sound, 22_050, format=kind)


def drift(rng: np.random.Generator, length: int, count: int, memory: float = 0.97) -> np.ndarray:
    """`count` stationary first-order autoregressive series of unit variance, (length, count)."""
    import numpy as np
    from scipy.signal import lfilter

    shocks = rng.standard_normal((length, count))
    shocks[1:] *= np.sqrt(1 - memory**2)
    return lfilter([1.0], [1.0, -memory], shocks, axis=0)


@dataclass(frozen=True)
class Affect:
    """Planted shares of the variance of a label over all frames; they sum to 1.

    The two shares "of music" can be told from the features; nobody who hears only other songs can tell the
    others.
    """

    song_music: float = 0.35
    frame_music: float = 0.12
    song_taste: float = 0.33
    frame_taste: float = 0.10
    noise: float = 0.10


#: Arousal is easier to hear than valence, as in every real set.
SHARES = {"arousal": Affect(), "valence": Affect(0.18, 0.06, 0.50, 0.14, 0.12)}


def rater_deviation(target: str, raters: int) -> float:
    """Deviation of single raters, in units of the label's, whose mean has the planted noise."""
    return (SHARES[target].noise * raters) ** 0.5


@dataclass(frozen=True)
class PlantedSong:
    """One generated song.

    features : mean of each descriptor a frame, (frames, 130); spread : its deviation, (frames, 130).
    signal : the labels without measurement noise, music : the part that the features determine, observed :
        what the raters' mean shows; each {target: (frames,)} in units of the label's standard deviation,
        centred on 0.
    """

    features: np.ndarray
    spread: np.ndarray
    signal: dict[str, np.ndarray]
    music: dict[str, np.ndarray]
    observed: dict[str, np.ndarray]


def plant_songs(rng: np.random.Generator, lengths: Sequence[int], factors: int = 6) -> list[PlantedSong]:
    """Generate songs of the given lengths (frames).

    Every frame has `factors` hidden musical factors (a level a song plus a drift); the first drives arousal,
    the second valence, with a third shared; the others only colour the features, so that a song can be
    recognised by them. Descriptors are fixed mixtures of the factors with independent noise; the loudness
    descriptor follows the first factor alone.
    """
    import numpy as np

    mixture = rng.standard_normal((factors, len(DESCRIPTORS))) / np.sqrt(factors)
    loudness = DESCRIPTORS.index(LOUDNESS)
    mixture[:, loudness] = np.eye(factors)[0]
    weights = {"arousal": np.eye(factors)[0] * 0.9, "valence": np.eye(factors)[1] * 0.9}
    for target, sign in (("arousal", 1), ("valence", 1)):
        weights[target] = weights[target] + sign * np.eye(factors)[2] * np.sqrt(1 - 0.9**2)
    songs = []
    for length in lengths:
        level = rng.standard_normal(factors)
        moves = drift(rng, length, factors)
        features = (level + 0.6 * moves) @ mixture + 0.5 * rng.standard_normal((length, len(DESCRIPTORS)))
        spread = np.abs(0.4 + 0.1 * features + 0.1 * rng.standard_normal(features.shape))
        music, signal, observed = {}, {}, {}
        for target, share in SHARES.items():
            music[target] = np.sqrt(share.song_music) * (weights[target] @ level) + np.sqrt(share.frame_music) * (
                moves @ weights[target]
            )
            taste = (
                np.sqrt(share.song_taste) * rng.standard_normal()
                + np.sqrt(share.frame_taste) * (drift(rng, length, 1)[:, 0])
            )
            signal[target] = music[target] + taste
            # Raters' slips are smooth too: they move a slider.
            observed[target] = signal[target] + np.sqrt(share.noise) * drift(rng, length, 1, memory=0.8)[:, 0]
        songs.append(PlantedSong(features, spread, signal, music, observed))
    return songs


def annotated(song: PlantedSong, start: int) -> PlantedSong:
    """The song from frame `start` on: sets leave the first seconds without labels."""

    def cut(labels: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {target: values[start:] for target, values in labels.items()}

    return PlantedSong(
        song.features[start:], song.spread[start:], cut(song.signal), cut(song.music), cut(song.observed)
    )


def noise_ceilings(names: Sequence[str], shown: np.ndarray, true: np.ndarray) -> dict[str, dict[str, float]]:
    """By name of each column, ``noise_ceiling_r2``: the R2 of the `true` values against those `shown`, both (n, names).

    That is what a model scores that knows everything but the raters' noise.
    """
    error = ((shown - true) ** 2).sum(axis=0) / ((shown - shown.mean(axis=0)) ** 2).sum(axis=0)
    return {name: {"noise_ceiling_r2": round(float(1 - e), 4)} for name, e in zip(names, error, strict=True)}


def ceilings(songs: Sequence[PlantedSong]) -> dict[str, dict[str, float]]:
    """How good a model can get on these very songs, as R2 over all frames, by target.

    ``noise_ceiling_r2`` : knowing everything but the raters' noise; nothing honest exceeds it.
    ``clean_ceiling_r2`` : knowing exactly what the features say, which is all that carries over to new songs.
    ``song_mean_r2`` : giving each frame its song's mean, which is what a leaking split hands out for free.
    """
    import numpy as np

    found = {}
    for target in TARGETS:
        observed = np.concatenate([song.observed[target] for song in songs])
        total = np.sum((observed - observed.mean()) ** 2)

        def r2(parts: list[np.ndarray], observed=observed, total=total) -> float:
            return round(float(1 - np.sum((observed - np.concatenate(parts)) ** 2) / total), 4)

        found[target] = {
            "noise_ceiling_r2": r2([song.signal[target] for song in songs]),
            "clean_ceiling_r2": r2([song.music[target] for song in songs]),
            "song_mean_r2": r2([np.full(len(s.observed[target]), s.observed[target].mean()) for s in songs]),
        }
    return found
