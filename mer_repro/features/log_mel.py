"""Log-mel spectrograms: the audio input of bath2025 and gujar2026.

Conventions
-----------
A log-mel spectrogram is float32, (bands, frames), the lowest band first. As it is computed and cached it holds
``10 log10(power)`` with power 1 as 0 dB and nothing below -100 dB: what ``librosa.power_to_db(S, ref=1.0,
top_db=None)`` returns for ``S = librosa.feature.melspectrogram(...)``. The reference and the 80 dB floor come
afterwards (`set_reference`), so that one cached entry serves every choice of them. Frame ``t`` is centred on sample
``t * hop_length``; the signal is padded with zeros at both ends.

The papers
----------
- bath2025, section 3.2.2: 22,050 Hz, FFT of 2048, hop of 512, 128 bands, decibels against a global maximum, cut or
  padded with -80 dB at the end to 1292 frames.
- gujar2026, section 4.2: FFT of 2048, hop of 512 or about 23 ms (hence 22,050 Hz, which is not stated), 128 bands
  from 20 to 8,000 Hz, decibels (reference not stated), padded with zeros or cropped at the centre to 128 time frames,
  which the same sentence makes 128 x 256 tensors; then standardised.

So the input of bath2025's network is

    clips = log_mel_files(paths)
    reference = peak_db(clips[i] for i in train)
    x = np.stack([fit_frames(set_reference(clip, reference), 1292) for clip in clips])  # (clips, 128, 1292)

Source of the definition: librosa 0.11 (McFee et al. 2015, doi 10.25080/Majora-7b98e3ed-003), Slaney's mel scale and
area normalisation, Hann window.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mer_repro.errors import DataError, ParameterError, require_choice
from mer_repro.features.audio import read_audio
from mer_repro.features.cache import Cache, entry_key, file_digest
from mer_repro.features.files import compute_files, load_or_store
from mer_repro.runs.fingerprint import source_fingerprint

if TYPE_CHECKING:
    import torch

POWER_FLOOR = 1e-10  # librosa's `amin`
DYNAMIC_RANGE_DB = 80.0  # librosa's `top_db`
SILENCE_DB = -80.0  # bath2025, section 3.2.2, step 4
#: Frames of one FFT call: samples and spectrum (1 MiB in double precision) fit the second-level cache of a core.
FRAMES_PER_BLOCK = 32
#: The same on a GPU, where a block should be large: 0.5 GiB of samples.
FRAMES_PER_BLOCK_GPU = 32_768
#: Mel bands of one matrix product; neighbouring bands share FFT bins, distant ones do not.
BANDS_PER_GROUP = 16
CLIPS_PER_BATCH = 16


@dataclass(frozen=True)
class LogMelSettings:
    """What a log-mel spectrogram depends on besides the signal; the defaults are those of bath2025.

    `fmin` and `fmax` (Hz) bound the bands; `fmax` None is half the sampling rate.

    Raises
    ------
    ParameterError
        If a size is not positive or the band limits are not ordered within half the sampling rate.
    """

    sample_rate: int = 22_050
    n_fft: int = 2048
    hop_length: int = 512
    n_mels: int = 128
    fmin: float = 0.0
    fmax: float | None = None

    def __post_init__(self):
        for name in ("sample_rate", "n_fft", "hop_length", "n_mels"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name} is {getattr(self, name)}; it must be at least 1.")
        top = self.sample_rate / 2 if self.fmax is None else self.fmax
        if not 0 <= self.fmin < top <= self.sample_rate / 2:
            raise ParameterError(
                f"Mel bands from {self.fmin} to {top} Hz; expected 0 <= fmin < fmax <= {self.sample_rate / 2} Hz,"
                " half the sampling rate."
            )


#: (bands, bins, weights (bins, bands)) of each group of neighbouring mel bands
MelGroups = list[tuple[slice, slice, np.ndarray]]

BATH2025 = LogMelSettings()
GUJAR2026 = LogMelSettings(fmin=20.0, fmax=8000.0)


def log_mel(signal: np.ndarray, settings: LogMelSettings = BATH2025) -> np.ndarray:
    """The log-mel spectrogram of one signal.

    The FFT is in double precision, as librosa's is: in single precision its rounding noise moves quiet bands by up
    to 0.2 dB.

    Parameters
    ----------
    signal : (samples,) at ``settings.sample_rate``, full scale 1.

    Returns
    -------
    (n_mels, 1 + samples // hop_length) float32, dB re power 1, at least -100.

    Raises
    ------
    ParameterError
        If `signal` is not one-dimensional or is empty.
    """
    signal = np.asarray(signal)
    if signal.ndim != 1 or signal.size == 0:
        raise ParameterError(f"Signal of shape {signal.shape}; expected (samples,) with at least one sample.")
    return _log_mel(signal, settings, mel_groups(settings))


def _log_mel(signal: np.ndarray, settings: LogMelSettings, groups: MelGroups) -> np.ndarray:
    window = _hann(settings.n_fft)
    padded = np.pad(signal, settings.n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, settings.n_fft)[:: settings.hop_length]
    mel = np.zeros((len(frames), settings.n_mels), dtype=np.float32)  # (frames, bands)
    for start in range(0, len(frames), FRAMES_PER_BLOCK):
        block = slice(start, start + FRAMES_PER_BLOCK)
        spectrum = np.fft.rfft(frames[block] * window).astype(np.complex64)  # (frames, bins)
        power = spectrum.real**2 + spectrum.imag**2
        for bands, bins, weights in groups:
            np.matmul(power[:, bins], weights, out=mel[block, bands])
    return np.ascontiguousarray(10 * np.log10(np.maximum(mel, np.float32(POWER_FLOOR))).T)


def log_mel_batch(signals: torch.Tensor, settings: LogMelSettings = BATH2025) -> torch.Tensor:
    """`log_mel` of a batch of signals on the device where they lie; agrees with it to 1e-4 dB.

    Signals of different lengths are padded with zeros to the longest; the first ``1 + samples // hop_length`` frames
    of each are then what it has alone.

    Parameters
    ----------
    signals : (batch, samples) at ``settings.sample_rate``, full scale 1.

    Returns
    -------
    (batch, n_mels, 1 + samples // hop_length) float32 on the same device, dB re power 1, at least -100.

    Raises
    ------
    ParameterError
        If `signals` is not two-dimensional or holds no samples.
    """
    import torch

    if signals.ndim != 2 or signals.numel() == 0:
        raise ParameterError(f"Signals of shape {tuple(signals.shape)}; expected (batch, samples), not empty.")
    device = signals.device
    groups = [(bands, bins, torch.from_numpy(w).to(device)) for bands, bins, w in mel_groups(settings)]
    window = torch.from_numpy(_hann(settings.n_fft)).to(device)
    padded = torch.nn.functional.pad(signals.float(), (settings.n_fft // 2, settings.n_fft // 2))
    frames = padded.unfold(1, settings.n_fft, settings.hop_length)  # (batch, frames, n_fft), a view
    mel = torch.zeros(*frames.shape[:2], settings.n_mels, device=device)  # (batch, frames, bands)
    frames_per_block = FRAMES_PER_BLOCK if device.type == "cpu" else FRAMES_PER_BLOCK_GPU
    step = max(1, frames_per_block // len(signals))
    for start in range(0, frames.shape[1], step):
        block = slice(start, start + step)
        spectrum = torch.fft.rfft(frames[:, block] * window)  # (batch, frames, bins)
        power = (spectrum.real.square() + spectrum.imag.square()).float()
        for bands, bins, weights in groups:
            mel[:, block, bands] = power[:, :, bins] @ weights
    return 10 * torch.log10(mel.clamp(min=POWER_FLOOR)).transpose(1, 2).contiguous()


def log_mel_files(
    paths: Sequence[Path | str],
    settings: LogMelSettings = BATH2025,
    *,
    workers: int | None = None,
    device: str | None = None,
    cache: Cache | None = None,
) -> list[np.ndarray]:
    """Log-mel spectrograms of many audio files, from the cache where they are.

    Parameters
    ----------
    paths : audio files; decoded to mono and resampled to ``settings.sample_rate``.
    workers : None for one a core.
    device : None computes in `workers` processes; "cuda" (or "cpu") decodes in `workers` threads and computes batches
        there with `log_mel_batch`. Both fill the same cache entries.
    cache : None for the user's.

    Returns
    -------
    list of (n_mels, frames) float32, dB re power 1, read-only and mapped from the disk, in the order of `paths`.

    Raises
    ------
    DataError
        After all files have been tried, for the first that could not be decoded; the others are then in the cache.
    """
    cache = cache or Cache()
    source = source_fingerprint((f"{__name__}:_log_mel_file", f"{__name__}:log_mel_batch"))
    keys = [
        entry_key("log_mel", content=file_digest(path), parameters=asdict(settings), source=source) for path in paths
    ]
    if device is not None:
        store = functools.partial(_store_batches, settings=settings, device=device, cache=cache, threads=workers)
        return load_or_store(paths, keys, store, cache=cache, label="log-mel")
    # The filters go with the task: a worker that made its own would have to import librosa, which takes a second.
    compute = functools.partial(_log_mel_file, settings=settings, groups=mel_groups(settings))
    return compute_files(paths, keys, compute, cache=cache, workers=workers, label="log-mel")


def set_reference(
    log_mel: np.ndarray, reference_db: float | None = None, dynamic_range_db: float | None = DYNAMIC_RANGE_DB
) -> np.ndarray:
    """Decibels against another reference, with librosa's floor.

    Parameters
    ----------
    log_mel : (n_mels, frames), dB re power 1.
    reference_db : what becomes 0 dB: None for the clip's own maximum (``ref=np.max``), or one number for all clips,
        such as `peak_db` of the training clips (the global maximum of bath2025, section 3.2.2, step 5).
    dynamic_range_db : nothing stays lower than this below the clip's own maximum (``top_db``); None for no floor.

    Returns
    -------
    (n_mels, frames) float32.
    """
    peak = log_mel.max()
    shifted = log_mel - np.float32(peak if reference_db is None else reference_db)
    if dynamic_range_db is not None:
        np.maximum(shifted, shifted.max() - np.float32(dynamic_range_db), out=shifted)
    return shifted


def peak_db(log_mels: Iterable[np.ndarray]) -> float:
    """The highest level in any of `log_mels`, in dB: the global reference.

    Over training clips only: a reference that has seen the test clips leaks their loudness, if little of it.
    """
    return max(float(clip.max()) for clip in log_mels)


def fit_frames(log_mel: np.ndarray, n_frames: int, *, crop: str = "start", fill_db: float = SILENCE_DB) -> np.ndarray:
    """Exactly `n_frames` frames: the rest of a longer clip is cut, a shorter one is filled at its end.

    Parameters
    ----------
    log_mel : (n_mels, frames).
    crop : "start" keeps the first frames (bath2025), "center" the middle ones (gujar2026).
    fill_db : value of the frames added.

    Returns
    -------
    (n_mels, n_frames)

    Raises
    ------
    ParameterError
        If `crop` is neither or `n_frames` is not positive.
    """
    require_choice("crop", crop, ("start", "center"))
    if n_frames < 1:
        raise ParameterError(f"n_frames is {n_frames}; it must be at least 1.")
    surplus = log_mel.shape[1] - n_frames
    if surplus < 0:
        return np.pad(log_mel, ((0, 0), (0, -surplus)), constant_values=fill_db)
    first = surplus // 2 if crop == "center" else 0
    return log_mel[:, first : first + n_frames]


@functools.lru_cache(maxsize=8)
def mel_groups(settings: LogMelSettings) -> MelGroups:
    """librosa's mel filters in groups of neighbouring bands, each with the FFT bins it reaches.

    Returns
    -------
    list of (bands, bins, weights), weights (bins, bands) float32; a quarter of the products of the full matrix.
    """
    import librosa

    filters = librosa.filters.mel(
        sr=settings.sample_rate,
        n_fft=settings.n_fft,
        n_mels=settings.n_mels,
        fmin=settings.fmin,
        fmax=settings.fmax,
    )  # (bands, bins)
    groups = []
    for first in range(0, settings.n_mels, BANDS_PER_GROUP):
        bands = slice(first, min(first + BANDS_PER_GROUP, settings.n_mels))
        reached = np.flatnonzero(filters[bands].any(axis=0))
        if len(reached):  # narrow bands of a short FFT may hold no bin at all
            bins = slice(int(reached[0]), int(reached[-1]) + 1)
            groups.append((bands, bins, np.ascontiguousarray(filters[bands, bins].T)))
    return groups


def _hann(n: int) -> np.ndarray:
    return np.hanning(n + 1)[:-1]  # periodic, as the FFT sees it


def _log_mel_file(path: Path | str, settings: LogMelSettings, groups: MelGroups) -> np.ndarray:
    signal, _ = read_audio(path, settings.sample_rate)
    return _log_mel(signal, settings, groups)


def _store_batches(
    missing: list[tuple[str, Path | str]],
    *,
    settings: LogMelSettings,
    device: str,
    cache: Cache,
    threads: int | None,
) -> Iterator[DataError | None]:
    """Decode the next batch in threads (libsndfile releases the interpreter) while `device` computes this one."""
    from concurrent.futures import ThreadPoolExecutor

    import torch

    def decode(path):
        try:
            return torch.from_numpy(read_audio(path, settings.sample_rate)[0])
        except DataError as error:
            return error

    batches = [missing[start : start + CLIPS_PER_BATCH] for start in range(0, len(missing), CLIPS_PER_BATCH)]
    with ThreadPoolExecutor(threads) as pool:
        decoding = [pool.map(decode, [path for _, path in batches[0]])]
        for i, batch in enumerate(batches):
            if i + 1 < len(batches):
                decoding.append(pool.map(decode, [path for _, path in batches[i + 1]]))
            decoded = list(decoding.pop(0))
            clips = [(key, clip) for (key, _), clip in zip(batch, decoded, strict=True) if torch.is_tensor(clip)]
            if clips:
                signals = torch.nn.utils.rnn.pad_sequence([clip for _, clip in clips], batch_first=True)
                mels = log_mel_batch(signals.to(device), settings).cpu().numpy()
                for (key, clip), mel in zip(clips, mels, strict=True):
                    cache.put(key, mel[:, : 1 + len(clip) // settings.hop_length])
            yield from (None if torch.is_tensor(clip) else clip for clip in decoded)
