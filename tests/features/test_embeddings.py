"""Frozen pretrained audio: what it hears, against the definition; what it says, on real clips."""

import hashlib
import importlib.metadata
import importlib.util

import librosa
import numpy as np
import pytest
import soundfile

from mer_repro.errors import DataError, PackageMissing, ParameterError
from mer_repro.features import embeddings
from mer_repro.features.cache import Cache
from mer_repro.paths import data_home

INSTALLED = all(importlib.util.find_spec(name) for name in ("vibenet", "onnxruntime"))
needs_vibenet = pytest.mark.skipif(not INSTALLED, reason="the extra audio-encoder is not installed")


@pytest.mark.parametrize("seconds", [0.01, 0.04, 1.5])
def test_it_hears_frames_of_640_samples_every_320(seconds):
    signal = np.random.default_rng(0).normal(0, 0.1, round(16_000 * seconds)).astype(np.float32)
    heard = embeddings.log_mel(signal)
    padded = np.pad(signal, (0, max(0, 640 - len(signal))))
    starts = range(0, len(padded) - 639, 320)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(640) / 640)
    power = np.abs(np.fft.rfft([padded[start : start + 640] * window for start in starts], 1024)) ** 2
    mel = librosa.filters.mel(sr=16_000, n_fft=1024, n_mels=128, fmax=8000) @ power.T
    decibels = 10 * np.log10(np.maximum(mel, 1e-10))
    assert heard.shape == (128, len(starts)) and heard.dtype == np.float32
    np.testing.assert_allclose(heard, np.maximum(decibels, decibels.max() - 80), atol=1e-3)


def test_a_further_output_is_a_field_written_behind_the_model():
    """graph (field 7) {output (field 12) {name (field 1): "ab"}}, each with its length before it."""
    assert embeddings.with_output(b"model", "ab") == b"model" + b"\x3a\x06" + b"\x62\x04" + b"\x0a\x02ab"


def test_without_the_package_one_is_told_what_to_install_and_under_which_licence(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(PackageMissing, match=r"pip install --no-deps vibenet .*GPL-3.0-or-later"):
        embeddings.vibenet([], cache=Cache(tmp_path))


@needs_vibenet
def test_other_weights_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(embeddings, "WEIGHTS", hashlib.sha256(b"").hexdigest())
    with pytest.raises(ParameterError, match="expected e3b0c44298fc"):
        embeddings.vibenet([], cache=Cache(tmp_path))


@needs_vibenet
def test_what_is_not_audio_is_named_and_silence_is_heard(tmp_path):
    assert importlib.metadata.metadata("vibenet")["License"] == embeddings.LICENCES["vibenet"]
    broken, silence = tmp_path / "broken.wav", tmp_path / "silence.wav"
    broken.write_text("no sound")
    soundfile.write(silence, np.zeros(8000), 16_000)
    with pytest.raises(DataError, match=r"broken\.wav"):
        embeddings.vibenet([broken], cache=Cache(tmp_path / "cache"), workers=1)
    said = embeddings.vibenet([silence], cache=Cache(tmp_path / "cache"), workers=1)
    assert said.vectors.shape == (1, 1280) and np.isfinite(said.vectors).all()
    assert embeddings.vibenet([], cache=Cache(tmp_path / "cache")).vectors.shape[0] == 0


@pytest.mark.real
@needs_vibenet
def test_real_clips_of_energetic_quadrants_are_called_more_energetic(tmp_path):
    home = data_home()
    clips = [sorted(home.glob(f"panda_4qaed/Q{quadrant}/*.opus"))[:3] if home else [] for quadrant in (1, 2, 3, 4)]
    if not all(clips):
        pytest.skip("the clips of panda_4qaed are not here")
    paths = [path for quadrant in clips for path in quadrant]
    said = embeddings.vibenet(paths, cache=Cache(tmp_path), workers=1)
    assert "GPL-3.0-or-later" in said.model and said.vectors.shape == (12, 1280)
    assert set(said.attributes) >= {"valence", "energy"}
    assert all(((values >= 0) & (values <= 1)).all() for values in said.attributes.values())
    energy = said.attributes["energy"]
    assert energy[:6].mean() > energy[6:].mean() + 0.2
    again = embeddings.vibenet(paths[::-1], cache=Cache(tmp_path), workers=1)
    np.testing.assert_array_equal(again.vectors, said.vectors[::-1])
