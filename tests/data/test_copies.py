"""Copies in the layouts in which people have them, and what is said of folders that hold none."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import zipfile

import pytest
from click.testing import CliRunner

from mer_repro.cli import main
from mer_repro.data import base, registry
from mer_repro.errors import DataMissing, DataWarning


@dataclasses.dataclass(frozen=True)
class Layout:
    """One way in which a set lies on disks: the folder below the home, what stands for the official prefixes, and a
    recording of the song `song` (id, or a column of the first row of a table) under `sound`."""

    dataset: str
    folder: str
    prefixes: tuple[tuple[str, str], ...] = ()
    sound: str = ""
    song: object = None
    midi: str = ""


#: As the archives of the publishers unpack, as Kaggle and clones have them, and as public programs expect them.
LAYOUTS = {
    "DEAM, four archives unpacked": Layout("deam", "DEAM", sound="MEMD_audio/2.mp3", song=2),
    "DEAM, Kaggle": Layout(
        "deam",
        "deam-mediaeval-dataset-emotional-analysis-in-music",
        (("annotations/", "DEAM_Annotations/annotations/"), ("features/", "features/features/")),
        sound="DEAM_audio/MEMD_audio/2.mp3",
        song=2,
    ),
    "DEAM, nested": Layout("deam", "deam/data/DEAM", sound="audio/2.mp3", song=2),
    "emoMusic": Layout(
        "emomusic",
        "emoMusic",
        (("s", "annotations/s"), ("annotations/", "annotations/")),
        sound="clips_45seconds/2.mp3",
        song=2,
    ),
    "PMEmo2019.zip": Layout("pmemo", "PMEmo2019", sound="chorus/1.mp3", song=1),
    "PMEmo, in folders of its name": Layout("pmemo", "PMEmo/PMEmo2019/PMEmo2019", sound="chorus/1.mp3", song=1),
    "MERGE": Layout("merge", "MERGE_Bimodal_Complete", sound="audio/Q3/A003.mp3", song="A003"),
    "MERGE, in a folder": Layout("merge", "merge/MERGE_Bimodal_Complete", sound="audio/Q3/A003.mp3", song="A003"),
    "Emotify": Layout("emotify", "emotify", sound="emotifymusic/rock/5.mp3", song=105),
    "Emotify, unpacked at home": Layout("emotify", "emotifymusic", sound="rock/5.mp3", song=105),
    "VGMIDI, a clone": Layout(
        "vgmidi",
        "vgmidi",
        (("vgmidi_raw", "labelled/annotations/vgmidi_raw"),),
        song="1:piece0",
        midi="labelled/midi/Series 0_Console_Game 0_Generated Piece 0 of vgmidi_raw_1.mid",
    ),
    "VGMIDI, its archive": Layout(
        "vgmidi",
        "vgmidi/vgmidi-master",
        (("vgmidi_raw", "labelled/annotations/vgmidi_raw"),),
        song="1:piece0",
        midi="labelled/midi/Series 0_Console_Game 0_Generated Piece 0 of vgmidi_raw_1.mid",
    ),
    "HetRec": Layout("hetrec2011_lastfm", "hetrec2011-lastfm-2k"),
    "Last.fm-1K": Layout("lastfm1k", "lastfm-dataset-1K"),
    "SiTunes, a clone": Layout("situnes", "SiTunes_dataset/SiTunes"),
    "Deezer, a clone": Layout("deezer_mood", "deezer_mood_detection_dataset"),
    "#nowplaying-RS": Layout("nowplaying_rs", "nowplaying-rs/nowplaying_rs_dataset"),
    "MXMH, upper case": Layout("mxmh", "MXMH"),
    "1950 to 2019": Layout("tcc_ceds", "tcc_ceds"),
    "4QAED": Layout("panda_4qaed", "MER_audio_taffc_dataset"),
    "MUSIFEAST-17, an older clone": Layout(
        "musifeast17",
        "MUSIFEAST-17-main",
        (("data/", "M17_normative_data_tables/"), ("stimuli/", "M17_music_stimuli/")),
    ),
    "musiXmatch and tagtraum": Layout("musixmatch", "msd"),
}


def lay_out(layout: Layout, home):
    """The twin's files as `layout` has them, without the mark that tells a twin."""
    twin = registry.locate(layout.dataset, "twin")
    for name in twin.files:
        place = next((new + name.removeprefix(old) for old, new in layout.prefixes if name.startswith(old)), name)
        target = home / layout.folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        os.symlink(twin.path(name), target)
    for extra in filter(None, (layout.sound, layout.midi)):
        (home / layout.folder / extra).parent.mkdir(parents=True, exist_ok=True)
        (home / layout.folder / extra).write_bytes(b"sound")
    return twin


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty folder that MER_REPRO_DATA names."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("MER_REPRO_DATA", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.filterwarnings("ignore::mer_repro.errors.DataWarning")
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_copy_is_found_in_the_layouts_that_people_have(layout, home):
    twin = lay_out(layout, home)
    found = registry.locate(layout.dataset, "real")
    assert found.files == twin.files
    assert found.fingerprint == twin.fingerprint, "another layout is not another data set"
    dataset = registry.load(layout.dataset, "real")
    if layout.sound:
        assert dataset.audio_path(layout.song) == home.resolve() / layout.folder / layout.sound
    if layout.midi:
        assert dataset.midi_path(layout.song) == home.resolve() / layout.folder / layout.midi


def test_the_sets_own_folder_may_be_named_as_home(home, monkeypatch):
    lay_out(Layout("mxmh", "somewhere"), home)
    monkeypatch.setenv("MER_REPRO_DATA", str(home / "somewhere"))
    assert registry.locate("mxmh").kind == "real"
    with pytest.warns(DataWarning, match="a generated twin serves"):
        assert registry.locate("emomusic").kind == "twin"


def test_a_folder_that_two_sets_share_is_no_error_for_the_one_it_lacks(home):
    lay_out(Layout("tagtraum", "msd"), home)
    assert registry.locate("tagtraum").kind == "real"
    assert not registry.available("musixmatch")


def packed(place):
    place.mkdir()
    with zipfile.ZipFile(place / "archive.zip", "w") as bundle:
        bundle.writestr("mxmh_survey_results.csv", "x")


def incomplete(place):
    lay_out(Layout("pmemo", "pmemo"), place.parent)
    (place / "annotations/dynamic_annotations.csv").unlink()


REFUSED = {
    "an archive still packed": ("mxmh", packed, r"holds 'archive\.zip', still packed\. .*mer-repro data fetch mxmh"),
    "an empty folder": ("mxmh", lambda place: place.mkdir(), r"is empty; looked for 'mxmh_survey_results\.csv'"),
    "a file": ("mxmh", lambda place: place.write_text("x"), "is no folder"),
    "other files": (
        "mxmh",
        lambda place: (place / "mxmh_survey_results.csv").mkdir(parents=True),
        r"holds 'mxmh_survey_results\.csv/'; looked for 'mxmh_survey_results\.csv'",
    ),
    "a link to a disk that is not there": (
        "mxmh",
        lambda place: place.symlink_to("/not/mounted"),
        "is a link to '/not/mounted', where there is nothing",
    ),
    "a link to itself": ("mxmh", lambda place: place.symlink_to("mxmh"), "is a link to 'mxmh', where there is nothing"),
    "half a copy": ("pmemo", incomplete, r"incomplete: it has no 'annotations/dynamic_annotations\.csv'"),
}


@pytest.mark.parametrize(("name", "make", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_what_goes_by_the_name_and_is_no_copy_is_an_error_and_never_a_twin(name, make, says, home):
    make(home / name)
    with pytest.raises(DataMissing, match=says):
        registry.locate(name)
    with pytest.raises(DataMissing, match=says):
        registry.available(name)
    assert registry.locate(name, "twin").kind == "twin"


def test_an_archive_beside_the_sets_is_named(home):
    (home / "PMEmo2019.zip").write_bytes(b"PK")
    with pytest.raises(DataMissing, match=r"holds 'PMEmo2019\.zip', still packed"):
        registry.locate("pmemo")


def test_a_twin_is_announced_where_real_data_was_asked_for(home):
    result = CliRunner().invoke(main, ["data", "verify", "mxmh", "--json"])
    (report,) = json.loads(result.stdout)
    assert report["data"] == "twin"
    assert report["warnings"] == [
        f"mxmh: there is no copy in MER_REPRO_DATA ({home}); a generated twin serves in its place."
    ]
    assert result.stderr == f"mer-repro: warning: {report['warnings'][0]}\n"
    rows = json.loads(CliRunner().invoke(main, ["data", "status", "--json"]).stdout)
    assert all(str(home) in row["problem"] for row in rows)


def test_data_changed_with_equal_size_and_times_has_another_fingerprint(home, monkeypatch):
    monkeypatch.setattr(base, "SETTLED_AFTER", -1)  # memoise at once
    twin = registry.locate("mxmh", "twin")
    path = home / "mxmh" / "mxmh_survey_results.csv"
    path.parent.mkdir()
    shutil.copyfile(twin.path("mxmh_survey_results.csv"), path)
    os.utime(path, (1_600_000_000, 1_600_000_000))
    before = registry.locate("mxmh").fingerprint
    text = path.read_text()
    path.write_text(text.replace("Never", "Nevar", 1))
    os.utime(path, (1_600_000_000, 1_600_000_000))
    assert registry.locate("mxmh").fingerprint != before
