"""Clips that are one recording are found by their sound, at the right lag, and others are not."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from mer_repro.critique.data_chapter import same_sound, survey
from mer_repro.data import errata
from mer_repro.features.cache import Cache

RATE = 22_050


def music(seed: int, seconds: float) -> np.ndarray:
    """Notes of random pitch, length and loudness over soft noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    sound = 0.01 * rng.standard_normal(len(time))
    for start in np.arange(0, seconds, 0.21) + rng.uniform(0, 0.1, len(np.arange(0, seconds, 0.21))):
        pitch, length, level = 110 * 2 ** rng.uniform(0, 4), rng.uniform(0.1, 0.6), rng.uniform(0.05, 0.4)
        note = (time >= start) & (time < start + length)
        sound[note] += level * np.sin(2 * np.pi * pitch * time[note]) * np.exp(-4 * (time[note] - start))
    return 0.5 * sound / np.abs(sound).max()


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Two excerpts of one recording 7.4 s apart, a quiet noisy copy of the first in another encoding, three others."""
    folder = tmp_path_factory.mktemp("clips")
    whole, rng = music(1, 38), np.random.default_rng(0)
    sounds = {
        "first.wav": whole[: 30 * RATE],
        "later.wav": whole[int(7.4 * RATE) : int(37.4 * RATE)],
        "copy.mp3": 0.2 * whole[: 30 * RATE] + 0.003 * rng.standard_normal(30 * RATE),
        "other.wav": music(2, 30),
        "short.wav": music(3, 8),
        "long.wav": np.concatenate([music(4, 35), whole[: 30 * RATE]]),
    }
    for name, sound in sounds.items():
        soundfile.write(folder / name, sound, RATE)
    return [folder / name for name in sounds]


def test_one_recording_is_found_whatever_its_lag_loudness_and_encoding(clips, tmp_path):
    pieces, owner = same_sound.fingerprints(clips, workers=1, cache=Cache(tmp_path))
    assert set(owner) == set(range(len(clips))) and (owner == 5).sum() == 2
    found = {(match.one, match.other): match for match in same_sound.compare(pieces, owner)}
    assert set(found) == {(0, 1), (0, 2), (0, 5), (1, 2), (1, 5), (2, 5)}
    assert found[0, 1].lag == pytest.approx(-7.4, abs=0.06) or found[0, 1].lag == pytest.approx(7.4, abs=0.06)
    assert found[0, 2].lag == pytest.approx(0, abs=0.06) and found[0, 2].correlation > same_sound.THRESHOLD


def test_the_order_of_the_clips_turns_the_lag_and_nothing_else(clips, tmp_path):
    cache = Cache(tmp_path)
    there = same_sound.compare(*same_sound.fingerprints(clips[:2], workers=1, cache=cache))[0]
    back = same_sound.compare(*same_sound.fingerprints(clips[1::-1], workers=1, cache=cache))[0]
    assert back.correlation == pytest.approx(there.correlation, abs=1e-5) and back.lag == pytest.approx(-there.lag)


def test_silence_and_a_clip_alone_match_nothing(tmp_path):
    soundfile.write(tmp_path / "one.wav", np.zeros(5 * RATE), RATE)
    soundfile.write(tmp_path / "two.wav", np.zeros(5 * RATE), RATE)
    paths = [tmp_path / "one.wav", tmp_path / "two.wav"]
    assert same_sound.compare(*same_sound.fingerprints(paths, workers=1, cache=Cache(tmp_path / "cache"))) == []


def test_what_the_survey_calls_one_recording_is_in_the_errata():
    sound = survey.read()["sound"]
    assert sound["next"] < sound["threshold"] <= min(pair["correlation"] for pair in sound["pairs"])
    found = {tuple(sorted((pair["one"][1], pair["other"][1]))) for pair in sound["pairs"]}
    listed = {tuple(sorted(map(str, group))) for name in ("panda_4qaed", "emotify") for group in errata.same_song(name)}
    assert found == listed
