"""Which clips are one recording, by their sound: within a data set and between sets, whatever they are called.

Method
------
A clip's fingerprint is its log-mel spectrogram in few bands, differenced in time, so that loudness and encoding cancel
and what is left are the moments at which each band rises or falls. Two clips are one recording if their fingerprints
correlate at some lag: over all bands and frames of the overlap, which must hold a good part of both. Recordings of one
song by other people, and other takes, do not correlate; excerpts that overlap in time do. The idea is Haitsma and
Kalker's (2002, "A highly robust audio fingerprinting system"), with correlation in place of their bits, because a few
thousand clips can be compared each with each.

Memory is bounded by the fingerprints (42 kB per clip of 30 s) and one block of the comparison; time grows with the
square of the number of clips (about 2,000: a minute or two on one core).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mer_repro.features.cache import Cache
from mer_repro.features.log_mel import LogMelSettings, log_mel_files

#: Bands below what the strongest encoding of the sets at hand removes.
SETTINGS = LogMelSettings(n_fft=2048, hop_length=1024, n_mels=16, fmin=150.0, fmax=6000.0)
FRAME_SECONDS = SETTINGS.hop_length / SETTINGS.sample_rate
#: Frames of a piece; longer clips are cut into several.
FRAMES = 646
#: Steps over which the levels are differenced: 0.09 s.
STEP = 2
#: Part of each clip's energy that the overlap must hold.
OVERLAP = 0.3
#: Correlation from which two clips are called one recording; see `compare` for the gap that it lies in.
THRESHOLD = 0.5
#: Nothing below this is a change of level (dB): noise of silent bands.
FLOOR_DB = -60.0
CLIPS_PER_BLOCK = 8


@dataclass(frozen=True)
class Match:
    """Two clips, by their places in the list compared, that are one recording: `correlation` at a `lag` (s)."""

    one: int
    other: int
    correlation: float
    lag: float


def fingerprints(paths: Sequence[Path], *, workers: int | None = None, cache: Cache | None = None):
    """Fingerprints of clips, cut into pieces of `FRAMES` frames.

    Returns
    -------
    (pieces, owner) : (pieces, bands, FRAMES) float32, each of unit energy or silent; the clip of each piece.
    """
    pieces, owner = [], []
    for place, levels in enumerate(log_mel_files(paths, SETTINGS, workers=workers, cache=cache)):
        levels = np.maximum(levels, max(FLOOR_DB, float(levels.max()) - 80))
        change = np.clip(levels[:, STEP:] - levels[:, :-STEP], -20, 20)
        for start in range(0, max(1, change.shape[1] - FRAMES // 2), FRAMES):
            piece = np.zeros((SETTINGS.n_mels, FRAMES), dtype=np.float32)
            part = change[:, start : start + FRAMES]
            piece[:, : part.shape[1]] = part - part.mean(axis=1, keepdims=True)
            pieces.append(piece / max(1e-6, float(np.linalg.norm(piece))))
            owner.append(place)
    return np.stack(pieces), np.array(owner)


def compare(pieces: np.ndarray, owner: np.ndarray, threshold: float = THRESHOLD) -> list[Match]:
    """Every pair of clips that correlates by at least `threshold`, best lag of their best pieces, strongest first."""
    best: dict[tuple[int, int], Match] = {}
    for first, correlation, lag in _correlations(pieces):
        for row, column in zip(*np.nonzero(correlation >= threshold), strict=True):
            one, other = int(owner[first + row]), int(owner[first + row + column])
            match = Match(one, other, float(correlation[row, column]), float(lag[row, column] * FRAME_SECONDS))
            if one != other and match.correlation > best.get((one, other), Match(0, 0, 0, 0)).correlation:
                best[one, other] = match
    return sorted(best.values(), key=lambda match: -match.correlation)


def _correlations(pieces: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Blocks of (first piece, highest correlation, its lag in frames), each (rows, pieces from the row on)."""
    from scipy import fft

    size = fft.next_fast_len(2 * FRAMES, real=True)
    spectra = np.ascontiguousarray(fft.rfft(pieces, size, axis=2).transpose(2, 0, 1))  # (frequency, piece, band)
    energy = np.concatenate([np.zeros((len(pieces), 1)), np.cumsum((pieces**2).sum(axis=1), axis=1)], axis=1)
    lags = np.arange(-FRAMES + 1, FRAMES)
    head = energy[:, FRAMES - np.maximum(lags, 0)] - energy[:, np.maximum(-lags, 0)]  # of the first clip, by lag
    tail = energy[:, FRAMES + np.minimum(lags, 0)] - energy[:, np.maximum(lags, 0)]  # of the second
    for first in range(0, len(pieces), CLIPS_PER_BLOCK):
        rows = slice(first, min(first + CLIPS_PER_BLOCK, len(pieces)))
        product = np.matmul(spectra[:, rows].conj(), spectra[:, first:].transpose(0, 2, 1))  # (frequency, row, piece)
        sums = fft.irfft(product, size, axis=0)
        sums = np.concatenate([sums[-(FRAMES - 1) :], sums[:FRAMES]]).transpose(1, 2, 0)  # (row, piece, lag)
        enough = (head[rows, None] >= OVERLAP) & (tail[None, first:] >= OVERLAP)
        norm = np.sqrt(np.maximum(head[rows, None] * tail[None, first:], 1e-12))
        scores = np.where(enough, sums / norm, 0.0)
        own = np.arange(rows.stop - first)
        scores[own, own] = 0.0
        at = scores.argmax(axis=2)
        highest = np.take_along_axis(scores, at[:, :, None], axis=2)[:, :, 0]
        # Only pieces after the row's own, shifted so that column 0 is the row itself.
        shifted, lag = np.zeros_like(highest), np.zeros_like(at)
        for row in own:
            shifted[row, : highest.shape[1] - row] = highest[row, row:]
            lag[row, : highest.shape[1] - row] = lags[at[row, row:]]
        yield first, shifted, lag
