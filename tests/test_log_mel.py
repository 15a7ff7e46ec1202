"""Log-mel spectrograms against librosa, through every path: one signal, a batch, files in processes and in batches."""

from __future__ import annotations

import dataclasses

import librosa
import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mer_repro.errors import DataError, ParameterError
from mer_repro.features.audio import read_audio
from mer_repro.features.cache import Cache
from mer_repro.features.log_mel import (
    BATH2025,
    GUJAR2026,
    LogMelSettings,
    fit_frames,
    log_mel,
    log_mel_batch,
    log_mel_files,
    peak_db,
    set_reference,
)
from mer_repro.paths import data_home

TOLERANCE_DB = 1e-3


def music_like(seconds: float, seed: int = 0, rate: int = 22_050) -> np.ndarray:
    """A decaying chord over a low noise, with a silent stretch: 130 dB between its loudest and quietest bands."""
    time = np.arange(int(seconds * rate)) / rate
    generator = np.random.default_rng(seed)
    chord = sum(np.sin(2 * np.pi * f * time) for f in (110.0, 277.2, 659.3)) * np.exp(-time)
    signal = 0.3 * chord + 1e-5 * generator.standard_normal(len(time))
    signal[len(time) // 2 : len(time) // 2 + rate // 4] = 0
    return signal.astype(np.float32)


def librosa_power(signal: np.ndarray, chosen: LogMelSettings) -> np.ndarray:
    return librosa.feature.melspectrogram(
        y=signal,
        sr=chosen.sample_rate,
        n_fft=chosen.n_fft,
        hop_length=chosen.hop_length,
        n_mels=chosen.n_mels,
        fmin=chosen.fmin,
        fmax=chosen.fmax,
    )


@pytest.mark.parametrize(
    "chosen",
    [BATH2025, GUJAR2026, LogMelSettings(sample_rate=16_000, n_fft=512, hop_length=100, n_mels=40)],
    ids=["bath2025", "gujar2026", "other sizes"],
)
def test_equals_librosa(chosen):
    signal = music_like(3)
    expected = librosa.power_to_db(librosa_power(signal, chosen), ref=1.0, top_db=None)
    found = log_mel(signal, chosen)
    assert found.shape == expected.shape == (chosen.n_mels, 1 + len(signal) // chosen.hop_length)
    assert found.dtype == np.float32
    assert expected.max() - expected.min() > 100  # quiet bands are where single precision would show
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE_DB)


@settings(max_examples=25, deadline=None)
@given(
    samples=st.integers(1, 9000),
    n_fft=st.integers(16, 2048),
    hop_length=st.integers(1, 700),
    n_mels=st.integers(1, 130),
    scale=st.sampled_from([1e-6, 1.0, 30.0]),
)
@pytest.mark.filterwarnings("ignore:n_fft=", "ignore:Empty filters")
def test_equals_librosa_for_any_size(samples, n_fft, hop_length, n_mels, scale):
    chosen = LogMelSettings(n_fft=n_fft, hop_length=hop_length, n_mels=n_mels)
    signal = (scale * np.random.default_rng(samples).standard_normal(samples)).astype(np.float32)
    expected = librosa.power_to_db(librosa_power(signal, chosen), ref=1.0, top_db=None)
    np.testing.assert_allclose(log_mel(signal, chosen), expected, rtol=0, atol=TOLERANCE_DB)
    batch = log_mel_batch(torch.from_numpy(signal)[None], chosen)[0].numpy()
    np.testing.assert_allclose(batch, expected, rtol=0, atol=TOLERANCE_DB)


@pytest.mark.parametrize(
    "device",
    ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"))],
)
def test_batch_of_unequal_lengths_equals_each_alone(device):
    signals = [music_like(seconds, seed) for seed, seconds in enumerate((3.0, 1.234, 2.5))]
    batch = torch.nn.utils.rnn.pad_sequence([torch.from_numpy(s) for s in signals], batch_first=True)
    together = log_mel_batch(batch.to(device)).cpu().numpy()
    for row, signal in zip(together, signals, strict=True):
        alone = log_mel(signal)
        np.testing.assert_allclose(row[:, : alone.shape[1]], alone, rtol=0, atol=TOLERANCE_DB)


def test_reference_and_floor_are_librosas():
    signal = music_like(3)
    power = librosa_power(signal, BATH2025)
    found = log_mel(signal)
    np.testing.assert_allclose(set_reference(found), librosa.power_to_db(power, ref=np.max), rtol=0, atol=TOLERANCE_DB)
    louder = log_mel(2 * signal)
    reference = peak_db([found, louder])
    assert reference == pytest.approx(peak_db([found]) + 20 * np.log10(2), abs=1e-4)
    np.testing.assert_allclose(
        set_reference(found, reference),
        librosa.power_to_db(power, ref=10 ** (reference / 10)),
        rtol=0,
        atol=TOLERANCE_DB,
    )


def test_frames_are_cut_or_filled():
    clip = np.arange(10, dtype=np.float32).reshape(2, 5)
    np.testing.assert_array_equal(fit_frames(clip, 3), [[0, 1, 2], [5, 6, 7]])
    np.testing.assert_array_equal(fit_frames(clip, 3, crop="center"), [[1, 2, 3], [6, 7, 8]])
    np.testing.assert_array_equal(fit_frames(clip, 7)[0], [0, 1, 2, 3, 4, -80, -80])
    assert log_mel(np.zeros(30 * 22_050, dtype=np.float32)).shape[1] == 1292  # bath2025, section 3.2.2
    with pytest.raises(ParameterError, match="Did you mean 'center'"):
        fit_frames(clip, 3, crop="centre")


@pytest.fixture
def folder(tmp_path):
    """Stereo at 44.1 kHz, mono at 22.05 kHz, in three formats."""
    stereo = np.stack([music_like(2, 1, 44_100), music_like(2, 2, 44_100)], axis=1)
    soundfile.write(tmp_path / "stereo.wav", stereo, 44_100, subtype="FLOAT")
    soundfile.write(tmp_path / "mono.ogg", music_like(1.5, 3), 22_050)
    soundfile.write(tmp_path / "stereo.mp3", stereo, 44_100)
    return tmp_path


@pytest.mark.parametrize("device", [None, "cpu"])
def test_files_equal_what_librosa_loads_and_computes(folder, device):
    paths = [folder / name for name in ("stereo.wav", "mono.ogg", "stereo.mp3")]
    found = log_mel_files(paths, workers=2, device=device, cache=Cache(folder / "cache"))
    for path, clip in zip(paths, found, strict=True):
        signal, _ = librosa.load(path, sr=22_050)
        expected = librosa.power_to_db(librosa_power(signal, BATH2025), ref=1.0, top_db=None)
        np.testing.assert_allclose(clip, expected, rtol=0, atol=TOLERANCE_DB)


def test_second_call_computes_nothing_and_other_settings_compute_again(folder, monkeypatch):
    cache = Cache(folder / "cache")
    paths = [folder / "mono.ogg"]
    first = log_mel_files(paths, cache=cache)
    monkeypatch.setattr("soundfile.read", lambda *_, **__: pytest.fail("decoded again"))
    np.testing.assert_array_equal(log_mel_files(paths, cache=cache, device="cpu")[0], first[0])
    monkeypatch.undo()
    other = log_mel_files(paths, dataclasses.replace(BATH2025, n_mels=64), cache=cache)
    assert other[0].shape[0] == 64
    assert len(list(cache.keys("log_mel"))) == 2


@pytest.mark.parametrize("device", [None, "cpu"])
def test_bad_file_is_named_and_the_others_are_kept(folder, device):
    (folder / "notes.ogg").write_text("not audio")
    soundfile.write(folder / "empty.wav", np.zeros(0), 22_050)
    soundfile.write(folder / "nan.wav", np.array([0.0, np.nan]), 22_050, subtype="FLOAT")
    cache = Cache(folder / "cache")
    for name, found in [("notes.ogg", "libsndfile refuses"), ("empty.wav", "no samples"), ("nan.wav", "infinite")]:
        with pytest.raises(DataError, match=found):
            read_audio(folder / name)
    with pytest.raises(DataError, match=r"empty.wav: found no samples.* 2 of 3 files failed"):
        log_mel_files([folder / n for n in ("notes.ogg", "mono.ogg", "empty.wav")], cache=cache, device=device)
    assert len(list(cache.keys("log_mel"))) == 1


@pytest.mark.parametrize("bad", [{"n_fft": 0}, {"fmin": -1.0}, {"fmin": 9000.0, "fmax": 8000.0}, {"fmax": 12_000.0}])
def test_impossible_settings_are_refused(bad):
    with pytest.raises(ParameterError):
        LogMelSettings(**bad)


@pytest.mark.real
@pytest.mark.skipif(data_home() is None, reason="MER_REPRO_DATA is not set")
def test_real_clips_equal_librosa(tmp_path):
    paths = sorted((data_home() / "emotify" / "audio").glob("*_1.ogg")) + sorted(
        (data_home() / "pmemo" / "samples").glob("*.mp3")
    )
    if not paths:
        pytest.skip("no Emotify or PMEmo audio under MER_REPRO_DATA")
    for path, clip in zip(paths, log_mel_files(paths, cache=Cache(tmp_path)), strict=True):
        signal, _ = librosa.load(path, sr=22_050)
        expected = librosa.power_to_db(librosa_power(signal, BATH2025), ref=np.max)
        np.testing.assert_allclose(set_reference(clip), expected, rtol=0, atol=TOLERANCE_DB)
