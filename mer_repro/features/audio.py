"""Decoding of audio files to a mono signal at the sampling rate that a feature asks for."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mer_repro.errors import DataError

EXPECTED_AUDIO = "audio that libsndfile decodes (wav, flac, ogg, mp3)"


def read_audio(path: Path | str, sample_rate: int | None = None) -> tuple[np.ndarray, int]:
    """Decode `path` to mono: ``librosa.load`` without its import unless the rate has to change.

    Parameters
    ----------
    path : a file that libsndfile decodes.
    sample_rate : in Hz; the signal is resampled to it (soxr, high quality). None keeps the file's own rate.

    Returns
    -------
    signal : (samples,) float32, mean of the channels, full scale 1.
    sample_rate : in Hz.

    Raises
    ------
    DataError
        If the file is missing, is not audio, holds no samples, or holds samples that are not finite.
    """
    import soundfile

    try:
        signal, rate = soundfile.read(path, dtype="float32", always_2d=True)  # (samples, channels)
    except soundfile.LibsndfileError as error:
        raise DataError(
            path,
            found=f"what libsndfile refuses ({error.error_string})",
            expected=EXPECTED_AUDIO,
            todo="Fetch or convert the file again.",
        ) from error
    if len(signal) == 0:
        raise DataError(path, found="no samples", expected=EXPECTED_AUDIO)
    mono = signal[:, 0] if signal.shape[1] == 1 else signal.mean(axis=1)
    if not np.isfinite(mono).all():
        raise DataError(path, found="samples that are infinite or not a number", expected="finite samples")
    if sample_rate is None or sample_rate == rate:
        return mono, rate
    import librosa

    return librosa.resample(mono, orig_sr=rate, target_sr=sample_rate, res_type="soxr_hq"), sample_rate
