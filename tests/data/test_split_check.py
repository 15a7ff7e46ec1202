"""`mer-repro data check`: every fault planted in a hand-made split is found, and nothing else."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from mer_repro.cli import main
from mer_repro.data import checks, errata, registry, split_check
from mer_repro.data.songs import SONG_SETS, songs
from mer_repro.errors import DataError, ParameterError

SETS = ("deam", "merge", "emomusic")


def clean(name: str) -> pd.DataFrame:
    """A split without fault: songs of one artist, and versions of one song, stay together; the set's own labels."""
    table = songs(name, "twin").drop_duplicates("song_id").reset_index(drop=True)
    groups = table.artist.str.casefold().where(table.artist != "", table.song_id.astype(str))
    for group in checks.duplicate_songs(table):
        rows = table.song_id.isin(group)
        groups[groups.isin(groups[rows])] = groups[rows].iloc[0]
    number = pd.factorize(groups)[0]
    table["split"] = np.array(["train", "train", "train", "validation", "test"])[number % 5]
    return table[["song_id", "split", "valence", "arousal"]]


def run(frame: pd.DataFrame, name: str, path) -> dict[str, split_check.SplitFinding]:
    frame.to_csv(path, index=False)
    return {finding.check: finding for finding in split_check.check([path], name, source="twin").findings}


def faults(found) -> dict[str, set[str]]:
    return {check: set(finding.items) for check, finding in found.items() if finding.status == "fault"}


@pytest.mark.parametrize("name", SETS)
def test_a_clean_split_has_no_fault(name, tmp_path):
    found = run(clean(name), name, tmp_path / "split.csv")
    assert faults(found) == {}
    assert found["artists in two parts"].status == found["missing items"].status == "ok"


@pytest.mark.parametrize("name", SETS)
def test_every_planted_fault_is_found_and_nothing_else(name, tmp_path):
    frame = clean(name)
    low, high = SONG_SETS[name].scale
    names = songs(name, "twin").set_index("song_id").artist
    # Only songs whose two labels differ can be seen to be swapped.
    lone = frame[(frame.valence - frame.arousal).abs() > 0.1 * (high - low)]
    rng = np.random.default_rng(3)
    order = rng.permutation(lone.index)
    torn, twice, swapped, beyond, wrong, gone = (order[2 * k : 2 * k + 2] for k in range(6))
    edited = frame.copy()
    edited.loc[swapped, ["valence", "arousal"]] = frame.loc[swapped, ["arousal", "valence"]].to_numpy()
    edited.loc[beyond, "valence"] = high + 0.5 * (high - low)
    middle = (low + high) / 2
    edited.loc[wrong, "valence"] += np.where(frame.valence[wrong] < middle, 0.2, -0.2) * (high - low)
    other = frame.loc[torn].assign(split=np.where(frame.split[torn] == "train", "test", "train"))
    strangers = frame.loc[order[:2]].assign(song_id=[999_001, 999_002])
    edited = pd.concat([edited.drop(index=gone), other, frame.loc[twice], strangers], ignore_index=True)
    found = run(edited, name, tmp_path / "split.csv")
    ids = frame.song_id.astype(str)
    assert faults(found) == {
        "songs in two parts": set(ids[torn]),
        "listed twice": set(ids[twice]),
        "unknown ids": {"999001", "999002"},
        "swapped labels": set(ids[swapped]),
        "labels outside the range": set(ids[beyond]),
        "labels of the set": set(ids[wrong]),
    }
    assert set(found["missing items"].items) == set(ids[gone])
    torn_artists = {names[song] for song in frame.song_id[torn]} - {""}
    assert set(found["artists in two parts"].items) == torn_artists


def test_versions_of_one_song_on_two_sides_are_found(tmp_path):
    table = songs("panda_4qaed", "twin")
    (one, other), *_ = checks.duplicate_songs(table)
    frame = pd.DataFrame({"song_id": table.song_id, "split": "train"})
    frame.loc[frame.song_id == one, "split"] = "test"
    found = run(frame, "panda_4qaed", tmp_path / "split.csv")
    assert faults(found) == {"versions in two parts": {f"{one} = {other}"}}
    assert found["artists in two parts"].items == (table.artist[table.song_id == one].item(),)


def test_songs_that_are_reported_to_be_one_are_versions(tmp_path):
    """PMEmo's 996 and 997 have two titles; whoever reported them says that they are one song."""
    assert [996, 997] in errata.same_song("pmemo")
    frame = pd.DataFrame({"song_id": songs("pmemo", "twin").song_id, "split": "train"})
    frame.song_id = [*frame.song_id[:-2], 996, 997]
    frame.split = [*frame.split[:-1], "test"]
    split = split_check.read_split([_written(frame, tmp_path / "split.csv")], frame.song_id)
    table = pd.DataFrame({"song_id": frame.song_id})
    assert split_check.versions(split, table, "pmemo").items == ("996 = 997",)


def _written(frame: pd.DataFrame, path):
    frame.to_csv(path, index=False)
    return path


def test_the_labels_of_the_published_table_of_deam_are_called_swapped(tmp_path):
    dataset = registry.load("deam", "twin")
    frame = clean("deam")
    rows = frame.song_id.isin(dataset.swapped) & ((frame.valence - frame.arousal).abs() > 0.05)
    frame.loc[rows, ["valence", "arousal"]] = frame.loc[rows, ["arousal", "valence"]].to_numpy()
    found = run(frame, "deam", tmp_path / "split.csv")
    assert set(found["swapped labels"].items) == set(frame.song_id[rows].astype(str)) and rows.any()
    unlabelled = run(frame[["song_id", "split"]], "deam", tmp_path / "ids.csv")
    assert unlabelled["swapped labels"].status == "note"
    assert len(unlabelled["swapped labels"].items) == len(dataset.swapped)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1, 1)])
def test_labels_on_another_usual_scale_are_compared_there(low, high, tmp_path):
    frame = clean("deam")
    for target in ("valence", "arousal"):
        frame[target] = (low + (frame[target] - 1) / 8 * (high - low)).round(2)
    assert faults(run(frame, "deam", tmp_path / "split.csv")) == {}
    frame.loc[3, "valence"] = high + 1
    assert faults(run(frame, "deam", tmp_path / "split.csv")) == {"labels outside the range": {str(frame.song_id[3])}}


def test_lists_folders_json_and_file_names_say_the_same(tmp_path):
    frame = clean("emomusic")
    parts = {part: group.song_id.tolist() for part, group in frame.groupby("split")}
    folder = tmp_path / "lists"
    folder.mkdir()
    for part, ids in parts.items():
        (folder / f"emo_{part}.txt").write_text("".join(f"clips/{song}.mp3\n" for song in ids))
    (folder / "readme.txt").write_text("Which songs are where.\n")
    (tmp_path / "split.json").write_text(json.dumps(parts))
    frame[["song_id", "split"]].to_csv(tmp_path / "split.csv", index=False)
    reports = [
        split_check.check([path], "emomusic", source="twin")
        for path in (folder, tmp_path / "split.json", tmp_path / "split.csv")
    ]
    assert reports[0].findings == reports[1].findings == reports[2].findings
    assert reports[0].parts == {part: len(parts[part]) for part in ("train", "validation", "test")}
    assert any("readme.txt" in remark for remark in reports[0].remarks)


def test_merge_s_archive_lists_say_what_the_checks_of_the_set_say():
    """Without the list of training songs, too, as the copy in circulation has it."""
    location = registry.locate("merge", "twin")
    folder = location.folder / "tvt_dataframes/tvt_70_15_15"
    dataset = registry.load("merge", "twin")
    said = {f.check: f.numbers for f in registry.dataset_module("merge").validate(dataset)}
    share = said["test labels seen in training, 70-15-15"]["share"]
    for paths in ([folder], sorted(folder.glob("*test*")) + sorted(folder.glob("*validate*"))):
        report = split_check.check(paths, "merge", source="twin")
        seen = next(f for f in report.findings if f.check == "exact labels seen in training")
        assert seen.count == round(share * report.parts["test"])
        assert sum(report.parts.values()) == len(dataset.songs)
        assert next(f for f in report.findings if f.check == "quadrants of the set").status == "ok"


@pytest.mark.real
def test_merge_s_official_split_says_what_the_data_chapter_says():
    from mer_repro.critique.data_chapter import survey

    if not registry.available("merge"):
        pytest.skip("no real copy of merge")
    location = registry.locate("merge", "real")
    report = split_check.check([location.folder / "tvt_dataframes/tvt_70_15_15"], "merge")
    found = {finding.check: finding for finding in report.findings}
    numbers = survey.finding(survey.read(), "merge", "test labels seen in training, 70-15-15")["numbers"]
    assert found["exact labels seen in training"].count == round(numbers["share"] * numbers["test"])
    assert report.faults == 0


def test_a_second_split_of_the_same_model_is_held_against_the_first(tmp_path):
    """emoMusic's songs are DEAM's: those that one split tests and the other trains on are named."""
    deam, emo = clean("deam"), clean("emomusic")
    both = sorted(set(deam.song_id) & set(emo.song_id))
    assert len(both) >= 4
    deam["split"], emo["split"] = "train", "train"
    deam.loc[deam.song_id.isin(both[:2]), "split"] = "test"
    emo.loc[emo.song_id.isin(both[2:3]), "split"] = "test"
    deam.to_csv(tmp_path / "deam.csv", index=False)
    emo.to_csv(tmp_path / "emo.csv", index=False)
    report = split_check.check(
        [tmp_path / "deam.csv"], "deam", also=[("emomusic", tmp_path / "emo.csv")], source="twin"
    )
    found = {finding.check: finding for finding in report.findings}
    assert set(found["trained on through emomusic"].items) == {str(song) for song in both[:3]}
    assert found["songs of emomusic"].count == len(both)


def test_the_command_prints_faults_first_and_exits_with_one(tmp_path):
    frame = clean("merge")
    frame.to_csv(tmp_path / "good.csv", index=False)
    good = CliRunner().invoke(main, ["data", "check", str(tmp_path / "good.csv"), "--set", "merge", "--source", "twin"])
    assert good.exit_code == 0 and good.stdout.splitlines()[-1] == "no fault"
    pd.concat([frame, frame.head(1)]).to_csv(tmp_path / "bad.csv", index=False)
    arguments = ["data", "check", str(tmp_path / "bad.csv"), "--set", "merge", "--source", "twin", "--json"]
    bad = CliRunner().invoke(main, arguments)
    document = json.loads(bad.stdout)
    assert bad.exit_code == 1 and document["faults"] == 1 and document["data"] == "twin"
    assert [f["items"] for f in document["findings"] if f["check"] == "listed twice"] == [[str(frame.song_id[0])]]


def test_what_is_no_split_of_the_set_is_refused(tmp_path):
    (tmp_path / "other.csv").write_text("song_id,split\nabc,train\ndef,test\n")
    with pytest.raises(DataError, match="no id of the set among 2 rows"):
        split_check.check([tmp_path / "other.csv"], "deam", source="twin")
    ids = songs("deam", "twin").song_id
    (tmp_path / "ids.csv").write_text("song_id\n" + "".join(f"{song}\n" for song in ids))
    with pytest.raises(ParameterError, match="Nothing says which part"):
        split_check.check([tmp_path / "ids.csv"], "deam", source="twin")
    with pytest.raises(ParameterError, match="Unknown data set of songs"):
        split_check.check([tmp_path / "ids.csv"], "lastfm1k", source="twin")
