"""Files that stand between an official archive and what this study reads: how each of them is made.

- ``vgmidi/audio/*.ogg``: the archive holds MIDI only. `vgmidi` renders it by FluidSynth with the FluidR3 GM sound font:
  22,050 Hz, gain 1, both channels averaged to one, Ogg Vorbis. The files this study used end with the last sound; up to
  a second of silence is all that they lack.
- ``deam/derived/opensmile_song_means.csv``: means over each song of the 130 ``_amean`` columns (65 low-level
  descriptors and their deltas) of the archive's ``features/ID.csv``, which has 260 columns every half second. The copy
  this study used is a third party's; `deam` makes the same table of the archive's files.
- openSMILE columns of sets without any: `mer_repro.features.opensmile_lld` computes the 130 descriptors from sound
  (ComParE 2016, windows of 1 s every 0.5 s) under DEAM's or PMEmo's names.
- ``*.opus`` of 4QAED and MUSIFEAST-17: the archives hold mp3; any encoding that soundfile reads may stand in its place.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mer_repro.data import registry
from mer_repro.errors import DataError, DataMissing, PackageMissing, ParameterError

SAMPLE_RATE = 22_050
#: FluidSynth's own default of 0.2 leaves most of the range unused.
GAIN = 1.0
#: Where distributions put the sound font (Debian, Fedora, Arch).
SOUNDFONTS = (
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/soundfonts/FluidR3_GM.sf2",
    "/usr/local/share/soundfonts/FluidR3_GM.sf2",
)
INSTALL = "Install FluidSynth and the FluidR3 GM sound font (Debian: apt-get install fluidsynth fluid-soundfont-gm)"


def vgmidi(*, soundfont: Path | None = None, home: Path | None = None, workers: int = 2) -> tuple[int, int]:
    """Render the MIDI of every piece of VGMIDI that has no sound yet, into ``audio/`` of the copy at hand.

    Parameters
    ----------
    soundfont : FluidR3_GM.sf2; default: where distributions put it.
    home : as in `registry.locate`.
    workers : pieces rendered at the same time.

    Returns
    -------
    (rendered, found) : how many were made, how many were there already.

    Raises
    ------
    PackageMissing
        If FluidSynth or the sound font is not installed.
    DataMissing
        If there is no real copy, or it lacks a piece's MIDI.
    ParameterError
        If the copy's folder cannot be written.
    DataError
        If FluidSynth cannot read a file.
    """
    program, font = shutil.which("fluidsynth"), _soundfont(soundfont)
    if program is None:
        raise PackageMissing(f"There is no 'fluidsynth' on this machine. {INSTALL}.")
    dataset = registry.load("vgmidi", "real", home)
    folder = dataset.location.folder / "audio"
    missing = []
    for song_id in dataset.pieces.song_id:
        try:
            dataset.audio_path(song_id)
        except DataMissing:
            missing.append(dataset.midi_path(song_id))
    if missing:
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise ParameterError(f"{folder} cannot be written ({error.strerror}): copy the set first.") from None
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda midi: render(midi, folder / f"{midi.stem}.ogg", font, program), missing))
    return len(missing), len(dataset.pieces) - len(missing)


def deam(*, home: Path | None = None) -> int:
    """Write ``derived/opensmile_song_means.csv`` of the copy of DEAM at hand, from its per-frame ``features/ID.csv``.

    Returns
    -------
    How many songs it holds.

    Raises
    ------
    DataMissing
        If there is no real copy, or it lacks the features of a song.
    ParameterError
        If the copy's folder cannot be written.
    DataError
        If a file of features is not as documented.
    """
    from mer_repro.data import twins

    dataset = registry.load("deam", "real", home)
    names = [f"{name}_amean" for name in twins.DESCRIPTORS]
    rows = []
    for song_id in dataset.static.song_id:
        frames = dataset.frame_features(song_id)
        rows.append([song_id, *(repr(float(value)) for value in frames[names].mean())])
    try:
        twins.write_table(dataset.location.folder / "derived/opensmile_song_means.csv", ["song_id", *names], rows)
    except OSError as error:
        raise ParameterError(f"{dataset.location.folder} cannot be written ({error.strerror}).") from None
    return len(rows)


def _soundfont(given: Path | None) -> Path:
    found = [Path(place) for place in ([given] if given else SOUNDFONTS) if Path(place).is_file()]
    if not found:
        looked = ", ".join(str(place) for place in ([given] if given else SOUNDFONTS))
        raise PackageMissing(f"There is no sound font (looked for {looked}). {INSTALL}, or name it with --soundfont.")
    return found[0]


def render(midi: Path, target: Path, soundfont: Path, program: str = "fluidsynth") -> None:
    """Render one MIDI file to Ogg Vorbis, `SAMPLE_RATE` Hz, mono; the file appears whole or not at all.

    Raises
    ------
    DataError
        If FluidSynth makes no sound of the file.
    """
    import soundfile

    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".render-") as folder:
        wave, ogg = Path(folder) / "out.wav", Path(folder) / "out.ogg"
        command = [
            program,
            "-ni",
            "-q",
            "-r",
            str(SAMPLE_RATE),
            "-g",
            str(GAIN),
            "-F",
            str(wave),
            str(soundfont),
            str(midi),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not wave.is_file():
            words = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise DataError(midi, found=f"a file that FluidSynth refuses ({words})", expected="a MIDI file")
        sound, rate = soundfile.read(wave, always_2d=True)
        if not len(sound) or not sound.any():
            raise DataError(midi, found="no sound", expected="a piece with notes")
        # In pieces: libvorbis overflows its stack on one long write.
        with soundfile.SoundFile(ogg, "w", rate, 1, format="OGG", subtype="VORBIS") as stream:
            mono = sound.mean(axis=1)
            for start in range(0, len(mono), rate):
                stream.write(mono[start : start + rate])
        os.replace(ogg, target)
