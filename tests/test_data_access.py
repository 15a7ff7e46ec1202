"""What a loaded set gives beside its tables: official splits, lyrics, audio, per-frame features; what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from data_tools import copy_of

from mer_repro.data import emotify, merge, pmemo, registry, vgmidi
from mer_repro.errors import DataError, DataMissing, ParameterError


def test_merge_gives_official_splits_lyrics_and_audio():
    import soundfile

    dataset = registry.load("merge", "twin")
    for split, shares in (("70_15_15", (0.70, 0.15, 0.15)), ("40_30_30", (0.40, 0.30, 0.30))):
        parts = [dataset.part(split, part) for part in ("train", "validation", "test")]
        assert sorted(song_id for part in parts for song_id in part) == sorted(dataset.songs.song_id)
        assert [len(part) / len(dataset.songs) for part in parts] == pytest.approx(shares)
    words = dataset.lyrics("A003").split()
    assert len(words) == 60
    song = dataset.songs.set_index("song_id").loc["A003"]
    assert song.lyrics_id == "L003", "a few songs have another id for their lyrics"
    assert merge.quadrant_of(song.valence, song.arousal) == song.quadrant
    assert soundfile.info(dataset.audio_path("A003")).samplerate == 22_050
    with pytest.raises(DataMissing, match=r"no file 'audio/MT0000000100\.mp3'"):
        dataset.audio_path("MT0000000100")
    with pytest.raises(ParameterError, match="Unknown split of MERGE '80_10_10'"):
        dataset.part("80_10_10", "test")


def test_merge_without_train_lists_takes_the_rest_and_notices_lost_songs(tmp_path):
    whole = registry.load("merge", "twin")
    copy = copy_of(registry.locate("merge", "twin"), tmp_path / "merge")
    copy.path(merge.LISTS["70_15_15", "train"]).unlink()
    copy.path(merge.METADATA).unlink()
    for part in merge.PARTS:
        copy.path(merge.LISTS["40_30_30", part]).unlink()
    bare = merge.load(copy)
    assert sorted(bare.part("70_15_15", "train")) == sorted(whole.part("70_15_15", "train"))
    with pytest.raises(DataMissing, match="no files for split 40_30_30"):
        bare.part("40_30_30", "test")
    path = copy.path(merge.LABELS)
    kept = set(whole.part("70_15_15", "validation") + whole.part("70_15_15", "test"))
    lines = path.read_text().splitlines()
    lost = [line for line in lines if line.split(",")[0] not in kept][-30:]
    path.write_text("\n".join(line for line in lines if line not in lost) + "\n")
    with (
        pytest.warns(UserWarning, match="has only 211 of the 241 lines"),
        pytest.raises(DataError, match="15 % of the 210"),
    ):
        merge.load(copy)


def test_deams_frame_features_average_to_its_song_means():
    dataset = registry.load("deam", "twin")
    frames = dataset.frame_features(2)
    assert frames.time.tolist() == (0.5 * np.arange(len(frames))).tolist()
    assert frames.shape[1] == 1 + 260
    means = dataset.song_features.set_index("song_id").loc[2]
    column = "pcm_fftMag_mfcc_sma_de[14]_amean"
    assert frames[column].mean() == pytest.approx(means[column], abs=1e-3)
    labelled = dataset.dynamic.query("song_id == 2").time
    assert set(labelled) <= set(frames.time)
    with pytest.raises(DataMissing, match=r"features/9999\.csv"):
        dataset.frame_features(9999)


def test_pmemos_frame_features_cover_its_labelled_frames():
    dataset = registry.load("pmemo", "twin")
    frames = dataset.frame_features()
    assert frames.shape[1] == 2 + 260
    keys = set(zip(frames.song_id, frames.time, strict=True))
    described = dataset.dynamic[dataset.dynamic.song_id.isin(frames.song_id)]
    assert set(zip(described.song_id, described.time, strict=True)) <= keys
    assert frames.song_id.nunique() == pmemo.TWIN_FEATURES_FOR


def test_emotifys_clips_are_found_by_genre_and_number():
    assert emotify.clip_name(101) == ("rock", 1)
    assert emotify.clip_name(400) == ("pop", 100)
    dataset = registry.load("emotify", "twin")
    assert dataset.audio_path(205).name == "electronic_5.ogg"
    row = dataset.info.set_index("song_id").loc[205]
    assert (row.genre, row.filename, row.published_id) == ("electronic", "5.mp3", 105)


def test_vgmidi_leaves_out_what_cannot_be_placed_and_counts_it(tmp_path):
    dataset = registry.load("vgmidi", "twin")
    assert (dataset.orphan_series, dataset.surplus_values) == (1, 2)
    assert (dataset.dynamic.raters == vgmidi.TWIN_RATERS).all()
    piece = dataset.pieces.iloc[0]
    times = dataset.dynamic[dataset.dynamic.song_id == piece.song_id].time
    assert times.iloc[0] == 0
    assert times.iloc[-1] + piece.duration / piece.measures == pytest.approx(piece.duration)


@pytest.mark.parametrize(
    ("break_it", "found"),
    [
        (lambda d: d["annotations"]["piece0_2"]["valence"].pop(), r"values of valence in piece0_2"),
        (lambda d: d["annotations"]["piece0_2"]["valence"].extend([0, 0]), r"values of valence in piece0_2"),
        (lambda d: d["annotations"]["piece0_2"]["arousal"].__setitem__(0, 1.5), r"1\.5 as arousal in piece0_2"),
        (lambda d: d["annotations"]["piece0_2"]["arousal"].__setitem__(0, "0.5"), r"'0\.5' as arousal"),
        (lambda d: d["annotations"]["piece0_2"].pop("age"), r"None as age of piece0_2"),
        (lambda d: d["pieces"]["piece1"].__setitem__("duration", 0), r"duration 0 of piece1"),
        (lambda d: d["pieces"]["piece1"].__setitem__("measures", 2.5), r"measures 2\.5 of piece1"),
        (lambda d: d.pop("pieces"), r"no object 'pieces'"),
    ],
)
def test_a_broken_vgmidi_names_the_piece_and_the_line(tmp_path, break_it, found):
    copy = copy_of(registry.locate("vgmidi", "twin"), tmp_path / "vgmidi")
    path = copy.path(vgmidi.RAW[0])
    document = json.loads(path.read_text())
    break_it(document)
    path.write_text(json.dumps(document, indent=1) + "\n")
    with pytest.raises(DataError, match=found) as caught:
        vgmidi.load(copy)
    assert caught.value.line and caught.value.path == path
