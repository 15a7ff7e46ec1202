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
square of the number of clips (2,400 pieces: about two minutes on one core).
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
OVERLAP = 0.4
#: Correlation from which two clips are called one recording: in the gap between excerpts of one recording and pieces
#: that merely have notes and tempo in common. The survey states the highest correlation below it.
THRESHOLD = 0.83
#: From here on pairs are looked at at all.
LOWEST = 0.7
#: Nothing below this is a change of level (dB): noise of silent bands.
FLOOR_DB = -60.0
PIECES_PER_BLOCK = 8


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


def compare(pieces: np.ndarray, owner: np.ndarray, threshold: float = LOWEST) -> list[Match]:
    """Every pair of clips that correlates by at least `threshold`, best lag of their best pieces, strongest first."""
    best: dict[tuple[int, int], Match] = {}
    for ones, others, correlation, lag in _correlations(pieces, threshold):
        for place in np.flatnonzero((correlation >= threshold) & (owner[ones] != owner[others])):
            one, other = int(owner[ones[place]]), int(owner[others[place]])
            known = best.get((one, other))
            if known is None or correlation[place] > known.correlation:
                found = float(correlation[place]), float(lag[place] * FRAME_SECONDS)
                best[one, other] = Match(one, other, *found)
    return sorted(best.values(), key=lambda match: -match.correlation)


def _correlations(pieces: np.ndarray, threshold: float) -> Iterator[tuple[np.ndarray, ...]]:
    """Candidate pairs of pieces in blocks: (first piece, later piece, highest correlation, its lag in frames).

    The sum of products over a lag is at most the correlation, and at least the correlation times `OVERLAP`: pairs
    whose highest sum is lower than `threshold` times that are left out before the overlap is looked at.
    """
    from scipy import fft

    size = fft.next_fast_len(2 * FRAMES, real=True)
    spectra = np.ascontiguousarray(fft.rfft(pieces, size, axis=2).transpose(2, 0, 1))  # (frequency, piece, band)
    energy = np.cumsum((pieces**2).sum(axis=1), axis=1, dtype=np.float32)
    energy = np.concatenate([np.zeros((len(pieces), 1), dtype=np.float32), energy], axis=1)
    lags = np.concatenate([np.arange(FRAMES), np.arange(1 - FRAMES, 0)])
    places = lags % size  # of each lag in a circular correlation
    heads = FRAMES - np.maximum(lags, 0), np.maximum(-lags, 0)  # where the overlap ends and begins in the first piece
    tails = FRAMES + np.minimum(lags, 0), np.maximum(lags, 0)  # and in the second
    for first in range(0, len(pieces), PIECES_PER_BLOCK):
        rows = slice(first, first + PIECES_PER_BLOCK)
        product = np.matmul(spectra[:, rows].conj(), spectra[:, first:].transpose(0, 2, 1))  # (frequency, row, piece)
        product = np.ascontiguousarray(product.transpose(1, 2, 0))
        sums = fft.irfft(product, size, axis=2)  # (row, piece, lag)
        ones, others = np.nonzero(sums.max(axis=2) >= threshold * OVERLAP)
        ones, others = ones[others > ones], others[others > ones]
        chosen = sums[ones, others][:, places]
        ones, others = ones + first, others + first
        head = energy[ones][:, heads[0]] - energy[ones][:, heads[1]]
        tail = energy[others][:, tails[0]] - energy[others][:, tails[1]]
        enough = (head >= OVERLAP) & (tail >= OVERLAP)
        scores = np.where(enough, chosen / np.sqrt(np.maximum(head * tail, 1e-12)), 0.0)
        at = scores.argmax(axis=1)
        yield ones, others, scores[np.arange(len(at)), at], lags[at]
