"""4QAED, MUSIFEAST-17, and what they tell of MERGE, emoMusic and DEAM."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from mer_repro.data import merge, musifeast17, panda_4qaed, registry
from mer_repro.errors import DataError, DataMissing


def real(name: str):
    if not registry.available(name):
        pytest.skip(f"no real copy of {name}")
    return registry.load(name, "real")


def copy_of(name: str, folder: Path):
    """A whole copy of a twin, sound and all, that a test may damage."""
    location = registry.locate(name, "twin")
    shutil.copytree(location.folder, folder)
    return dataclasses.replace(location, folder=folder)


def edit(path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_tables_of_4qaed_must_agree_on_songs_and_quadrants(tmp_path):
    copy = copy_of("panda_4qaed", tmp_path / "copy")
    dataset = panda_4qaed.load(copy)
    assert dataset.features.shape == (len(dataset.songs), 101)
    song = dataset.songs.iloc[0]
    other = next(q for q in panda_4qaed.QUADRANTS if q != song.quadrant)
    edit(copy.path("panda_dataset_taffc_annotations.csv"), f"{song.song_id},{song.quadrant}", f"{song.song_id},{other}")
    with pytest.raises(DataError, match=rf"found {other} for song '{song.song_id}'; expected {song.quadrant}"):
        panda_4qaed.load(copy)


def test_a_feature_too_few_is_an_error_and_no_features_are_none(tmp_path):
    copy = copy_of("panda_4qaed", tmp_path / "copy")
    path = copy.path("features/top100_features.csv")
    table = pd.read_csv(path)
    table.drop(columns="F0007").to_csv(path, index=False)
    with pytest.raises(DataError, match="found 99 features; expected 100"):
        panda_4qaed.load(copy)
    path.unlink()
    assert panda_4qaed.load(copy).features is None


def test_clips_are_found_in_any_encoding_and_missing_ones_named(tmp_path):
    copy = copy_of("panda_4qaed", tmp_path / "copy")
    dataset = panda_4qaed.load(copy)
    song = dataset.songs.song_id[0]
    found = dataset.audio_path(song)
    assert found.suffix == ".mp3" and soundfile.info(found).samplerate == 22_050
    found.rename(found.with_suffix(".opus"))
    assert dataset.audio_path(song).suffix == ".opus"
    with pytest.raises(DataMissing, match="no file"):
        dataset.audio_path("MT9999999999")


def test_the_number_of_raters_follows_from_means_and_deviations():
    """Ratings of known numbers of people, summed up as published, give these numbers back."""
    rng = np.random.default_rng(5)
    counts = [2, 3, 5, 17, 33, 38]
    rows = []
    for count in counts:
        ratings = rng.integers(1, 6, (count, len(musifeast17.RATINGS)))
        means = dict(zip(musifeast17.RATINGS, ratings.mean(axis=0), strict=True))
        deviations = dict(zip(musifeast17.RATINGS, ratings.std(axis=0, ddof=1), strict=True))
        rows.append(means | {f"{name}_std": value for name, value in deviations.items()})
    table = pd.DataFrame(rows)
    assert musifeast17.rater_counts(table).tolist() == counts
    table.loc[4, "valence"] += 0.004
    assert musifeast17.rater_counts(table)[4] == 0


def test_groups_of_raters_speak_of_the_same_clips(tmp_path):
    copy = copy_of("musifeast17", tmp_path / "copy")
    dataset = musifeast17.load(copy)
    assert dataset.by_group.groupby("group").size().to_dict() == dict.fromkeys(
        musifeast17.GROUPS[1:], len(dataset.clips)
    )
    assert set(dataset.by_group.raters) == {5} and set(dataset.clips.raters) == {40}
    mean_of_groups = dataset.by_group.groupby("song_id").valence.mean()
    assert mean_of_groups.to_numpy() == pytest.approx(dataset.clips.valence.to_numpy())
    edit(copy.path("data/MUSIFEAST17_UK18to30.csv"), "60s_HIGH_01", "60s_HIGH_99")
    with pytest.raises(DataError, match="no song_id '60s_HIGH_01'"):
        musifeast17.load(copy)


def test_the_folder_names_of_the_repository_s_history_are_known(tmp_path):
    copy = copy_of("musifeast17", tmp_path / "MUSIFEAST-17-main")
    (copy.folder / "data").rename(copy.folder / "M17_normative_data_tables")
    (copy.folder / "stimuli").rename(copy.folder / "M17_music_stimuli")
    dataset = registry.load("musifeast17", home=tmp_path)
    assert len(dataset.clips) == 30 and dataset.audio_path("60s_HIGH_01").is_file()


@pytest.mark.filterwarnings("ignore:.* has only:mer_repro.errors.DataWarning")
def test_merge_takes_sound_and_names_from_4qaed_beside_it(tmp_path):
    """Copies that pass for real ones: MERGE without sound, and 4QAED that holds some of its songs."""
    songs = registry.load("merge", "twin").songs
    clips = registry.load("panda_4qaed", "twin")
    shutil.copytree(registry.locate("merge", "twin").folder, tmp_path / "merge")
    shutil.copytree(clips.location.folder, tmp_path / "panda_4qaed")
    for name in ("merge", "panda_4qaed"):
        (tmp_path / name / "truth.json").unlink()
    shutil.rmtree(tmp_path / "merge/audio")
    (tmp_path / "merge/merge_bimodal_complete_metadata.csv").unlink()
    shared = dict(zip(clips.songs.song_id[:3], songs.song_id[20:23], strict=True))
    for file in (tmp_path / "panda_4qaed").rglob("*.csv"):
        for old, new in shared.items():
            file.write_text(file.read_text().replace(old, new))
    for old, new in shared.items():
        (clip,) = (tmp_path / "panda_4qaed").rglob(f"{old}.mp3")
        clip.rename(clip.with_name(f"{new}.mp3"))
    dataset = merge.load(registry.locate("merge", "real", tmp_path))
    assert dataset.audio_path(songs.song_id[20]).parts[-3] == "panda_4qaed"
    with pytest.raises(DataMissing, match="merge: this real copy has no file 'audio/"):
        dataset.audio_path(songs.song_id[50])
    names = dataset.names().set_index("song_id")
    assert names.artist.to_dict() == dict(zip(shared.values(), clips.songs.artist[:3], strict=True))


@pytest.mark.real
def test_real_merge_songs_have_the_quadrants_and_the_sound_of_4qaed():
    clips, songs = real("panda_4qaed"), real("merge")
    both = sorted(set(clips.songs.song_id) & set(songs.songs.song_id))
    assert len(both) == 405
    placed = songs.songs.set_index("song_id").loc[both]
    high = placed.arousal >= 0.5, placed.valence >= 0.5
    expected = [
        {(1, 1): "Q1", (1, 0): "Q2", (0, 0): "Q3", (0, 1): "Q4"}[int(a), int(v)] for a, v in zip(*high, strict=True)
    ]
    assert clips.songs.set_index("song_id").quadrant[both].tolist() == expected
    assert all(songs.audio_path(song).is_file() for song in both[::40])


@pytest.mark.real
def test_real_musifeast_panels_add_up_to_the_documented_number_of_people():
    dataset = real("musifeast17")
    panels = dataset.clips.groupby("panel").raters.max()
    assert panels.sum() == 701 and (dataset.clips.raters > 0).all()


@pytest.mark.real
def test_real_emomusic_has_the_dynamic_means_of_deam():
    emomusic, deam = real("emomusic"), real("deam")
    if emomusic.dynamic is None:
        pytest.skip("the copy has no dynamic labels")
    assert len(emomusic.dynamic) == 744 * 61
    joint = emomusic.dynamic.merge(deam.dynamic, on=["song_id", "time"], suffixes=("", "_deam"))
    assert len(joint) == 744 * 60
    for target in ("valence", "arousal"):
        assert np.allclose(joint[target], joint[f"{target}_deam"], atol=1e-5)
