"""Sound made from MIDI: what FluidSynth renders is the piece, and what stands in the way is said."""

from __future__ import annotations

import shutil
import struct

import numpy as np
import pytest
import soundfile

from mer_repro.data import prepare, registry
from mer_repro.errors import DataError, DataMissing, PackageMissing

needs_fluidsynth = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not any(map(prepare.Path.is_file, map(prepare.Path, prepare.SOUNDFONTS))),
    reason="needs fluidsynth and the FluidR3 GM sound font (apt-get install fluidsynth fluid-soundfont-gm)",
)


def one_note(pitch: int) -> bytes:
    """A standard MIDI file: one second of one note on a piano, 480 ticks a quarter, 120 quarters a minute."""
    events = bytes([0, 0x90, pitch, 100]) + b"\x87\x40" + bytes([0x80, pitch, 0]) + b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480) + b"MTrk" + struct.pack(">I", len(events)) + events


@needs_fluidsynth
@pytest.mark.parametrize(("pitch", "hertz"), [(69, 440.0), (60, 261.63)])
def test_a_note_sounds_at_its_pitch(pitch, hertz, tmp_path):
    (tmp_path / "note.mid").write_bytes(one_note(pitch))
    prepare.render(tmp_path / "note.mid", tmp_path / "note.ogg", prepare._soundfont(None))
    sound, rate = soundfile.read(tmp_path / "note.ogg")
    assert rate == 22_050 and sound.ndim == 1 and len(sound) >= rate
    spectrum = np.abs(np.fft.rfft(sound[:rate] * np.hanning(rate)))
    assert spectrum.argmax() == pytest.approx(hertz, abs=3)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@needs_fluidsynth
def test_what_is_no_midi_is_refused(tmp_path):
    (tmp_path / "bad.mid").write_bytes(b"no MIDI")
    with pytest.raises(DataError, match=r"bad\.mid: found"):
        prepare.render(tmp_path / "bad.mid", tmp_path / "bad.ogg", prepare._soundfont(None))
    assert not (tmp_path / "bad.ogg").exists()


@needs_fluidsynth
@pytest.mark.real
def test_a_rendered_piece_is_the_one_that_this_study_used(tmp_path):
    if not registry.available("vgmidi"):
        pytest.skip("no real copy of vgmidi")
    dataset = registry.load("vgmidi", "real")
    piece = dataset.pieces.sort_values("duration").song_id.iloc[0]
    try:
        used, _ = soundfile.read(dataset.audio_path(piece))
    except DataMissing:
        pytest.skip("the copy has no sound")
    prepare.render(dataset.midi_path(piece), tmp_path / "piece.ogg", prepare._soundfont(None))
    made, _ = soundfile.read(tmp_path / "piece.ogg")
    n = min(len(made), len(used))
    assert np.corrcoef(made[:n], used[:n])[0, 1] > 0.95
    assert np.abs(made[n:]).max(initial=0) < 0.01  # nothing but silence was cut


def test_what_is_missing_is_named(monkeypatch, tmp_path):
    with pytest.raises(PackageMissing, match=r"no sound font .*fluid-soundfont-gm"):
        prepare.vgmidi(soundfont=tmp_path / "none.sf2")
    (tmp_path / "font.sf2").touch()
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(PackageMissing, match="There is no 'fluidsynth'"):
        prepare.vgmidi(soundfont=tmp_path / "font.sf2")
