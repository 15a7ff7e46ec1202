"""openSMILE features against openSMILE's own functionals and descriptors, and against DEAM's and PMEmo's tables."""

from __future__ import annotations

import csv
import sys

import numpy as np
import pytest
import soundfile

from mer_repro.data.twins import DESCRIPTORS
from mer_repro.errors import DataError, PackageMissing, ParameterError
from mer_repro.features import opensmile_lld
from mer_repro.features.audio import read_audio
from mer_repro.features.cache import Cache
from mer_repro.features.opensmile_lld import column_names, frame_features, summarise
from mer_repro.paths import data_home

try:
    import opensmile
except ImportError:
    opensmile = None
needs_opensmile = pytest.mark.skipif(opensmile is None, reason="openSMILE is not installed (an optional extra)")


def sung_note(path, rate: int, seconds: float, level: float = 0.3) -> None:
    """A voiced tone with vibrato and a pause, so that pitch descriptors have something to find."""
    time = np.arange(int(seconds * rate)) / rate
    phase = 2 * np.pi * (220 * time + 1.5 * np.sin(2 * np.pi * 5 * time))
    tone = sum(np.sin(k * phase) / k for k in range(1, 8)) * level
    tone[(time > 1.2) & (time < 1.5)] = 0
    noise = 1e-3 * np.random.default_rng(0).standard_normal(len(time))
    soundfile.write(path, (tone + noise).astype(np.float32), rate, subtype="FLOAT")


OWN_FUNCTIONALS = """[frames:cFunctionals]
reader.dmLevel = is13_lld_nzsmo;is13_lldA_smo;is13_lldB_smo;is13_lld_nzsmo_de;is13_lldA_smo_de;is13_lldB_smo_de
writer.dmLevel = frames
copyInputName = 1
frameMode = fixed
frameSize = 1.0
frameStep = 0.5
functionalsEnabled = Moments
Moments.variance = 0
Moments.stddev = 1
Moments.skewness = 0
Moments.kurtosis = 0
Moments.amean = 1
"""


@needs_opensmile
def test_windows_equal_opensmiles_own_functionals(tmp_path):
    clip = tmp_path / "note.wav"
    sung_note(clip, 44_100, 3.3)
    table = frame_features([clip], cache=Cache(tmp_path / "cache"))

    joined = opensmile_lld.CONFIG.read_text().replace("cVectorConcat", "cFunctionals", 1)
    start, end = joined.index("[frames:cVectorConcat]"), joined.index("\\{\\cm[sink")
    (tmp_path / "own.conf").write_text(joined[:start] + OWN_FUNCTIONALS + joined[end:])
    oracle = opensmile.Smile(
        str(tmp_path / "own.conf"), "frames", options=opensmile_lld._extractor().options
    ).process_signal(*read_audio(clip))

    names = [name.replace("mfcc_sma", "pcm_fftMag_mfcc_sma") for name in oracle.columns]
    assert list(table.columns) == ["song_id", "time", *names]  # DEAM's order: deviation and mean side by side
    assert len(oracle) >= 4
    found = table.iloc[: len(oracle), 2:].to_numpy()
    np.testing.assert_allclose(found, oracle.to_numpy(), rtol=1e-5, atol=1e-6)
    assert (found[:, names.index("F0final_sma_amean")] > 50).all()  # a pitch was there to be compared
    assert table.time.tolist() == [0.5 * i for i in range(len(table))]


@needs_opensmile
def test_names_are_those_of_the_published_tables():
    assert column_names("deam")[:3] == ["F0final_sma_stddev", "F0final_sma_amean", "voicingFinalUnclipped_sma_stddev"]
    assert column_names("deam") == [name + kind for name in DESCRIPTORS for kind in ("_stddev", "_amean")]
    assert column_names("pmemo") == [name + kind for kind in ("_mean", "_std") for name in DESCRIPTORS]
    with pytest.raises(ParameterError, match="Did you mean 'pmemo'"):
        column_names("pmemmo")


@needs_opensmile
def test_windows_follow_the_clock_at_a_rate_whose_step_is_not_ten_milliseconds(tmp_path):
    """A step in loudness at 20.25 s shows in the rows that begin at 19.5 s and 20 s, not one row later."""
    rate, seconds, change = 22_050, 24, 20.25
    time = np.arange(seconds * rate) / rate
    signal = np.where(time < change, 0.01, 0.5) * np.sin(2 * np.pi * 440 * time)
    soundfile.write(tmp_path / "step.wav", signal.astype(np.float32), rate)
    table = frame_features([tmp_path / "step.wav"], cache=Cache(tmp_path / "cache"), naming="pmemo")
    rms = table.pcm_RMSenergy_sma_mean.to_numpy()
    share = (rms - rms[0]) / (rms[-3] - rms[0])  # of the window after the change
    expected = np.clip(table.time + 1 - change, 0, 1)
    np.testing.assert_allclose(share, expected, atol=0.04)


def test_summary_by_hand():
    """Frames 0..9 every 0.1 s: rows begin at 0 and 0.5 s; the second has only the half that is there."""
    frames = np.arange(10.0)[:, None] * [1, 10]
    found = summarise(frames, 0.1)
    assert found.shape == (2, 2, 2)
    np.testing.assert_allclose(found[0], [[4.5, 45], [np.sqrt(8.25), 10 * np.sqrt(8.25)]])
    np.testing.assert_allclose(found[1], [[7, 70], [np.sqrt(2), 10 * np.sqrt(2)]])


@needs_opensmile
def test_many_files_make_one_long_table(tmp_path):
    paths = [tmp_path / f"{name}.wav" for name in ("b", "a")]
    sung_note(paths[0], 22_050, 1.6)
    sung_note(paths[1], 16_000, 2.6, level=0.1)
    cache = Cache(tmp_path / "cache")
    both = frame_features(paths, cache=cache, workers=2)
    assert both.groupby("song_id", sort=False).size().to_dict() == {"b": 3, "a": 5}
    alone = frame_features(paths[1:], song_ids=[7], cache=cache)
    assert alone.song_id.unique().tolist() == [7]
    np.testing.assert_array_equal(alone.iloc[:, 1:], both[both.song_id == "a"].iloc[:, 1:])
    pmemo = frame_features(paths[1:], cache=cache, naming="pmemo")
    np.testing.assert_array_equal(pmemo["jitterLocal_sma_mean"], alone["jitterLocal_sma_amean"])
    np.testing.assert_array_equal(pmemo["jitterLocal_sma_std"], alone["jitterLocal_sma_stddev"])
    assert len(list(cache.keys("opensmile_lld"))) == 2
    with pytest.raises(ParameterError, match="2 files and 1 distinct song ids"):
        frame_features(paths, song_ids=[1, 1])


@needs_opensmile
def test_samples_beyond_full_scale_are_clipped_not_wrapped(tmp_path):
    beyond = 1.2 * np.sin(2 * np.pi * 100 * np.arange(22_050) / 22_050)
    for name, signal in (("clipped", np.clip(beyond, -1, 32_767 / 32_768)), ("beyond", beyond)):
        soundfile.write(tmp_path / f"{name}.wav", signal.astype(np.float32), 22_050, subtype="FLOAT")
    paths = [tmp_path / "clipped.wav", tmp_path / "beyond.wav"]
    clipped, beyond = (
        rows.iloc[:, 2:]
        for _, rows in frame_features(paths, cache=Cache(tmp_path / "cache")).groupby("song_id", sort=False)
    )
    np.testing.assert_array_equal(clipped, beyond)


@needs_opensmile
def test_too_short_a_clip_is_refused(tmp_path):
    sung_note(tmp_path / "short.wav", 22_050, 0.4)
    with pytest.raises(DataError, match=r"short.wav: found 0.40 s of audio; expected at least 0.6 s"):
        frame_features([tmp_path / "short.wav"], cache=Cache(tmp_path / "cache"))


def test_without_opensmile_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "opensmile", None)
    opensmile_lld._extractor.cache_clear()
    with pytest.raises(PackageMissing, match=r"pip install 'mer_repro\[opensmile\]'"):
        frame_features([])


@needs_opensmile
@pytest.mark.real
@pytest.mark.skipif(data_home() is None, reason="MER_REPRO_DATA is not set")
def test_columns_of_the_real_deam_aggregate():
    path = data_home() / "deam" / "derived" / "opensmile_song_means.csv"
    if not path.exists():
        pytest.skip("no DEAM song means under MER_REPRO_DATA")
    with open(path, newline="") as file:
        _, *means = next(csv.reader(file))
    assert means == [name for name in column_names("deam") if name.endswith("_amean")]
