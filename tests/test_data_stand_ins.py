"""The sets that stand in for data nobody can have: known defects, planted truths, tables read as streams."""

from __future__ import annotations

import collections
import contextlib
import csv
import dataclasses
import functools
import gzip
import itertools
import re
import shutil
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mer_repro.data import lastfm1k, registry, situnes, streaming
from mer_repro.data.mxmh import frequency_column
from mer_repro.errors import DataError, DataMissing, DataWarning


def copy_of(location, folder):
    """The same data set in `folder`, free to be changed."""
    return dataclasses.replace(location, folder=shutil.copytree(location.folder, folder))


def real(name):
    if not registry.available(name):
        pytest.skip(f"no real copy of {name}")
    return registry.load(name, "real")


def twin(name):
    return registry.load(name, "twin")


def numbers(dataset, check):
    """The figures of one finding."""
    findings = registry.dataset_module(dataset.location.dataset).validate(dataset)
    return next(finding.numbers for finding in findings if finding.check == check)


@pytest.fixture
def damaged(tmp_path):
    """A twin with one file changed: ``damaged(name, file, change of its text)``."""

    def make(name, file, change):
        copy = copy_of(registry.locate(name, "twin"), tmp_path / name)
        path = copy.path(file)
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
        return copy

    return make


def load(location):
    return registry.dataset_module(location.dataset).load(location)


# ---- known defects of the real files, counted here a second time, without the loaders ---------------------------


@pytest.mark.real
def test_deezer_labels_repeat_and_splits_share_artists():
    dataset = real("deezer_mood")
    labels, artists = {}, {}
    for split in ("train", "validation", "test"):
        with open(dataset.location.folder / f"{split}.csv", encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        labels[split] = [(row["valence"], row["arousal"]) for row in rows]
        artists[split] = {row["artist_name"].lower() for row in rows}
    train = set(labels["train"])
    seen = sum(label in train for label in labels["test"]) / len(labels["test"])
    assert numbers(dataset, "test labels seen in training")["share"] == pytest.approx(seen)
    assert seen > 0.8
    counts = collections.Counter(label for split in labels.values() for label in split)
    assert numbers(dataset, "label multiplicity")["distinct"] == len(counts) == 2720
    assert numbers(dataset, "artists across splits")["artists"] == len(artists["train"] & artists["test"]) == 8


@pytest.mark.real
def test_hetrec_dates_and_accents():
    dataset = real("hetrec2011_lastfm")
    with open(dataset.location.folder / "user_taggedartists.dat") as stream:
        years = collections.Counter(line.split()[-1] for line in stream if line.strip() and "year" not in line)
    early = sum(n for year, n in years.items() if int(year) < 2002)
    assert dataset.impossible_dates == early == 5
    assert len(dataset.events) == sum(years.values()) - early
    kept = registry.load("hetrec2011_lastfm", "real", as_published=True)
    assert len(kept.events) == sum(years.values())
    assert "tropicália" in set(dataset.tags.tag)
    assert "Sigur Rós" in set(dataset.artists.artist)
    assert '"Weird Al" Yankovic' in set(dataset.artists.artist)


@pytest.mark.real
def test_situnes_listeners_do_not_choose_their_genres():
    dataset = real("situnes")
    genre = dict(zip(dataset.songs.song_id, dataset.songs.genre, strict=True))
    with open(dataset.location.folder / "Stage2/interactions.csv") as stream:
        rows = sorted(
            csv.DictReader(stream), key=lambda r: (int(r["user_id"]), int(r["timestamp"]), int(r["inter_id"]))
        )
    steps = [(a, b) for a, b in itertools.pairwise(rows) if a["user_id"] == b["user_id"]]
    again = sum(genre[int(a["item_id"])] == genre[int(b["item_id"])] for a, b in steps) / len(steps)
    found = numbers(dataset, "genre persistence, stage 2")
    assert found["again"] == pytest.approx(again)
    assert found["again"] < found["chance"] < found["commonest"]


@pytest.mark.real
def test_lyrics_copies_overlap_and_one_is_cut():
    dataset = real("tcc_ceds")
    ids = []
    for path in dataset.location.folder.glob("*.csv"):
        with open(path, encoding="utf-8", newline="") as stream:
            ids += [row[0] for row in list(csv.reader(stream))[1:] if len(row) == 31]
    assert len(dataset.songs) == len(set(ids))
    assert dataset.overlapping == len(ids) - len(set(ids)) > 0
    assert dataset.cut_rows == 1


@pytest.mark.real
def test_bags_of_words_hold_the_published_counts():
    dataset = real("musixmatch")
    row = dataset.songs.index[dataset.songs.track_id == "TRAABRX12903CC4816"][0]
    counts = dataset.counts[[row]].toarray()[0]
    # The row begins TRAABRX12903CC4816,1548880,2:19,4:7,5:6,10:1,... and the list of words i,the,you,to,and,...
    assert dict(zip(dataset.vocabulary[:10], counts[:10].tolist(), strict=True)) == (
        {"i": 0, "the": 19, "you": 0, "to": 7, "and": 6, "a": 0, "me": 0, "it": 0, "not": 0, "in": 1}
    )
    assert (dataset.songs.mxm_id[row], dataset.songs.split[row], dataset.word("hatr")) == (1548880, "test", "hatred")


@pytest.mark.real
def test_survey_answers_that_cannot_be():
    people = pd.read_csv(real("mxmh").location.path("mxmh_survey_results.csv"))
    bpm = people.BPM.dropna()
    assert len(real("mxmh").impossible_bpm) == ((bpm < 20) | (bpm > 300)).sum()
    assert real("mxmh").people.bpm.max() <= 300
    assert real("mxmh").people.anxiety.tolist() == people.Anxiety.tolist()
    assert (real("mxmh").people[frequency_column("K pop")] == 3).sum() == (
        people["Frequency [K pop]"] == "Very frequently"
    ).sum()


# ---- planted truths can be found in the twins' tables ------------------------------------------------------------


def repeated(table, user, genre):
    """Share of a user's steps in which the genre is the last one."""
    last = table.groupby(user)[genre].shift()
    return float((table[genre] == last)[last.notna()].mean())


def test_planted_persistence_is_in_the_listening_twins():
    dataset = twin("situnes")
    for stage in (2, 3):
        planted = dataset.location.truth()[f"stage{stage}"]["accuracy"]
        assert repeated(situnes.genre_sequences(dataset, stage), "user_id", "genre") == pytest.approx(
            planted["last_genre_again"], abs=1e-4
        )
        assert planted["knows_everything"] > planted["does_not_know_mood"] > planted["commonest_genre"]

    dataset = twin("nowplaying_rs")
    events = pd.concat(list(dataset.events()))
    events["genre"] = events.track_id.map(dataset.location.truth()["genre_of_track"])
    planted = dataset.location.truth()["accuracy"]["last_genre_again"]
    assert repeated(events, "user_id", "genre") == pytest.approx(planted, abs=1e-4)

    dataset = registry.load("hetrec2011_lastfm", "twin", as_published=True)
    events = dataset.events.merge(dataset.tags, on="tag_id")
    events = events[events.tag.isin(dataset.location.truth()["genres"])]
    events = events[events.date.dt.year > 2000].sort_values(["user_id", "date"])
    planted = dataset.location.truth()["accuracy"]["last_genre_again"]
    assert repeated(events, "user_id", "tag") == pytest.approx(planted, abs=0.01)


def test_planted_mood_tilts_the_choice():
    dataset = twin("situnes")
    table = situnes.genre_sequences(dataset, 2)
    rank = table.genre.map({genre: k for k, genre in enumerate(situnes.TWIN_GENRES)})
    assert table.valence_before.corr(rank) > 0.3


def test_text_and_audio_of_the_lyrics_twin_carry_what_was_planted():
    dataset = twin("tcc_ceds")
    songs, truth = dataset.songs, dataset.location.truth()
    assert len(songs) == truth["size"]["songs"]

    def spoken(cause):
        return songs.lyrics.str.count(f"{cause}high") - songs.lyrics.str.count(f"{cause}low")

    text = np.column_stack([spoken("valencetext"), spoken("valenceshared")])
    audio = np.column_stack([np.log(x / (1 - x)) for x in (songs.danceability, songs.instrumentalness)])
    held_out = songs.artist.str.split().str[-1].astype(int) % 3 == 0
    for name, features in {"text": text, "audio": audio, "both": np.column_stack([text, audio])}.items():
        design = np.column_stack([np.ones(len(songs)), features])
        weights = np.linalg.lstsq(design[~held_out], songs.valence[~held_out], rcond=None)[0]
        y = songs.valence[held_out]
        r2 = 1 - ((y - design[held_out] @ weights) ** 2).sum() / ((y - y.mean()) ** 2).sum()
        ceiling = truth["ceilings"][name]["valence_r2"]
        assert ceiling - 0.12 < r2 < ceiling + 0.06, name


def test_tags_of_the_deezer_twin_give_the_labels_away_where_planted():
    from mer_repro.data.deezer_mood import TWIN_TAGS

    dataset = twin("deezer_mood")
    told = dataset.tags.groupby("song_id").tag.agg(lambda tags: np.mean([TWIN_TAGS[tag] for tag in tags], axis=0))
    songs = dataset.songs.set_index("song_id")
    error = np.abs(songs[["valence", "arousal"]].to_numpy() - np.stack(told[songs.index])).max(axis=1)
    faithful = songs.index.isin(dataset.location.truth()["faithful"])
    assert error[faithful].max() < 1e-5
    assert np.median(error[~faithful]) > 0.3


def test_survey_twin_has_the_planted_effect():
    dataset = twin("mxmh")
    people, truth = dataset.people, dataset.location.truth()
    standard = people[[frequency_column(genre) for genre in truth["carriers"]]].apply(
        lambda x: (x - x.mean()) / x.std()
    )
    taste = standard.to_numpy() @ np.array(list(truth["carriers"].values()))
    share = np.corrcoef(taste, people.anxiety)[0, 1] ** 2
    assert share == pytest.approx(truth["variance_shares_of_anxiety"]["genres"], abs=0.03)
    high = people.anxiety >= 7
    auc = float(np.mean(taste[high][:, None] > taste[~high]))
    assert auc == pytest.approx(truth["auc_anxiety_at_least_7"]["genres"], abs=1e-3)


def test_bags_of_the_lyrics_twin_tell_their_theme():
    dataset = twin("musixmatch")
    theme = dataset.songs.track_id.map(dataset.location.truth()["theme"])
    own = np.stack([dataset.counts[:, 30 + k : 120 : 3].sum(axis=1) for k in range(3)], axis=1)
    assert float((own.argmax(axis=1) == theme).mean()) > 0.99


def test_order_alone_tells_the_age_of_the_listening_twin():
    dataset = twin("lastfm1k")
    truth = dataset.location.truth()
    age = dataset.profiles.set_index("user_id").age
    scores = {True: [], False: []}
    for user, listens in dataset.histories():
        assert listens.timestamp.is_monotonic_increasing
        genre = listens.artist.str.extract(r"Genre (\d)")[0]
        chance = (genre.value_counts(normalize=True) ** 2).sum()
        again = (genre[1:].to_numpy() == genre[:-1].to_numpy()).mean()
        if not np.isnan(age[user]):
            scores[bool(age[user] >= truth["older_from"])].append((again - chance) / (1 - chance))
    auc = np.mean(np.array(scores[True])[:, None] > np.array(scores[False]))
    assert auc == pytest.approx(truth["auc_age_from_order"], abs=0.06)
    assert auc > 0.7


# ---- streams -----------------------------------------------------------------------------------------------------


def test_a_stream_gives_the_same_rows_whatever_the_block_and_the_compression(tmp_path):
    dataset = twin("lastfm1k")
    whole = dataset.events()
    table = pd.concat(list(whole), ignore_index=True)
    assert len(table) == whole.rows == dataset.location.truth()["size"]["listens"] - 2
    assert dict(whole.broken) == {"3 cells, not 6": 1, "a time before Last.fm or after the crawl": 1}

    small = dataset.events(block_bytes=20_000)
    blocks = list(small)
    assert len(blocks) > 20
    pd.testing.assert_frame_equal(pd.concat(blocks, ignore_index=True), table)
    assert small.broken == whole.broken

    copy = copy_of(dataset.location, tmp_path / "lastfm1k")
    plain = copy.path(lastfm1k.EVENTS.path)
    (tmp_path / "lastfm1k" / (lastfm1k.EVENTS.path + ".gz")).write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    packed = load(registry.locate("lastfm1k", home=tmp_path))
    assert packed.events_file.endswith(".gz")
    pd.testing.assert_frame_equal(pd.concat(list(packed.events()), ignore_index=True), table)


def test_a_cut_compressed_table_is_an_error(tmp_path):
    copy = copy_of(registry.locate("lastfm1k", "twin"), tmp_path / "lastfm1k")
    plain = copy.path(lastfm1k.EVENTS.path)
    packed = gzip.compress(plain.read_bytes())
    (copy.folder / (lastfm1k.EVENTS.path + ".gz")).write_bytes(packed[: len(packed) // 2])
    plain.unlink()
    dataset = load(registry.locate("lastfm1k", home=tmp_path))
    with pytest.raises(DataError, match="Fetch the file again"):
        list(dataset.events())


def test_a_cut_large_table_is_an_error(damaged, monkeypatch):
    monkeypatch.setattr(streaming, "SMALL_BYTES", 1000)
    copy = damaged("lastfm1k", lastfm1k.EVENTS.path, lambda text: text[:-3])
    with pytest.raises(DataError, match="last line without line end"):
        load(copy).events()


def test_a_table_of_broken_rows_is_an_error(damaged):
    copy = damaged("lastfm1k", lastfm1k.EVENTS.path, lambda text: text.replace("2008-01-1", "2008-13-1"))
    with pytest.raises(DataError, match=r"broken rows among .*no time"):
        list(load(copy).events())


def test_bytes_that_are_not_text_and_returns_in_cells_are_counted_and_end_no_stream(tmp_path):
    copy = copy_of(registry.locate("lastfm1k", "twin"), tmp_path / "lastfm1k")
    path = copy.path(lastfm1k.EVENTS.path)
    whole = sum(len(block) for block in load(copy).events())
    content = path.read_bytes().replace(b"Song 1", b"S\xf6ng 1", 1).replace(b"Song 2", b"So\rng 2", 2)
    path.write_bytes(content)
    stream = load(copy).events()
    titles = pd.concat(list(stream)).title
    assert len(titles) == whole
    assert titles.str.contains("S\N{REPLACEMENT CHARACTER}ng 1").sum() == 1
    assert titles.str.contains("So ng 2").sum() == 2
    assert dict(stream.damaged) == {"bytes that are not text": 1, "carriage returns in cells": 2}
    assert numbers(load(copy), "damaged text") == dict(stream.damaged)


def test_a_quotation_mark_that_nobody_closes_costs_its_own_row(damaged):
    name = "context_content_features.csv"
    intact = pd.concat(list(twin("nowplaying_rs").events()))

    def change(text):
        lines = text.split("\n")
        lines[100] = lines[100].replace(",Vienna,", ',"Vienna,', 1)
        return "\n".join(lines)

    stream = load(damaged("nowplaying_rs", name, change)).events()
    rows = pd.concat(list(stream))
    assert dict(stream.broken) == {"broken quoting": 1}
    assert set(intact.event_id) - set(rows.event_id) == {intact.event_id.iloc[99]}


def test_listens_of_one_user_in_two_places_are_an_error(damaged):
    copy = damaged("lastfm1k", lastfm1k.EVENTS.path, lambda text: text + text[: text.index("\n") + 1])
    with pytest.raises(DataError, match="listens of user_000001 in two places"):
        list(load(copy).histories())


def test_a_stream_whose_header_lacks_a_column_is_an_error_before_anything_is_read(damaged):
    copy = damaged("nowplaying_rs", "context_content_features.csv", lambda text: text.replace("created_at", "when", 1))
    with pytest.raises(DataError, match="line 1: found a header without 'created_at'"):
        load(copy)


def test_profiles_alone_say_what_is_missing(tmp_path):
    copy = copy_of(registry.locate("lastfm1k", "twin"), tmp_path / "lastfm1k")
    copy.path(lastfm1k.EVENTS.path).unlink()
    dataset = load(registry.locate("lastfm1k", home=tmp_path))
    with pytest.raises(DataMissing, match="has no listens"):
        dataset.events()


# ---- files that contradict each other ----------------------------------------------------------------------------


def test_copies_of_the_lyrics_that_disagree_are_an_error(damaged):
    copy = damaged("tcc_ceds", "tcc_ceds_rounded.csv", lambda text: text.replace("generated song 7,", "other song,", 1))
    with pytest.raises(DataError, match=r"'other song' as track_name.*'generated song 7'"):
        load(copy)


def year_changed(text):
    return re.sub(r"(generated song 0),(\d+)", lambda m: f"{m[1]},{1950 + (int(m[2]) + 7) % 70}", text)


@pytest.mark.parametrize(
    ("name", "file", "change", "says"),
    [
        ("deezer_mood", "test.csv", lambda text: text + "200000,SOA,TRAAAAA00000000000,0,0,a,b\n", "another split"),
        ("deezer_mood", "train.csv", lambda text: text.replace("TRAAAAA0", "TRAAA0", 1), "track id 'TRAAA0"),
        ("deezer_mood", "tags_annotations.json", lambda text: text.replace('"valence": 0', '"valence": 7', 1), "0..1"),
        ("hetrec2011_lastfm", "user_taggedartists.dat", lambda text: text.replace("\t1\t2\t", "\t31\t2\t", 1), "-2-31"),
        ("hetrec2011_lastfm", "tags.dat", lambda text: text.replace("15\tseen live 6\n", ""), "tag 15, which has no"),
        (
            "lastfm1k",
            "userid-profile.tsv",
            lambda text: text.replace("Feb 2, 2005", "Feb 30, 2005", 1),
            "day of regist",
        ),
        ("musixmatch", "mxm_dataset_test.txt", lambda text: text.replace(",1:", ",301:", 1), "out of order"),
        ("musixmatch", "mxm_dataset_test.txt", lambda text: text.replace("%stem000,", "%stem999,", 1), "other words"),
        ("mxmh", "mxmh_survey_results.csv", lambda text: text.replace("Rarely", "Seldom", 1), "one of Never, Rarely"),
        ("situnes", "Stage2/interactions.csv", lambda text: text.replace("\n1,1,", "\n1,1,9", 1), "line|song 9"),
        ("tagtraum", "msd_tagtraum_cd1.cls", lambda text: text.replace("Jazz", "Jass", 1), "'Jass'"),
        ("tcc_ceds", "tcc_ceds_rounded.csv", year_changed, "found age 0"),
        ("tcc_ceds", "tcc_ceds_rounded.csv", lambda text: text.replace(" filler1 ", " ", 1), "lyrics of 159 words"),
    ],
)
def test_what_contradicts_the_documentation_is_one_clear_error(damaged, name, file, change, says):
    copy = damaged(name, file, change)
    with pytest.raises(DataError, match=says) as caught:
        load(copy)
    assert str(copy.folder) in str(caught.value)


def test_sentiments_wider_than_their_header_are_refused_not_guessed(damaged):
    copy = damaged("nowplaying_rs", "sentiment_values.csv", lambda text: text.replace("happy,", "happy,1,1,1,1,"))
    with pytest.raises(DataError, match="21 cells; expected 17"):
        load(copy).sentiments()


def test_fields_that_a_copy_lacks_are_none_and_not_guessed(tmp_path):
    copy = copy_of(registry.locate("deezer_mood", "twin"), tmp_path / "deezer_mood")
    for name in ("tags_annotations.json", "tags_data_info.json"):
        copy.path(name).unlink()
    dataset = load(registry.locate("deezer_mood", home=tmp_path))
    assert (dataset.tags, dataset.tagged) == (None, None)
    assert dataclasses.asdict(dataset.location)["kind"] == "twin"


# ---- damage in any place -----------------------------------------------------------------------------------------

#: Data set -> (file, delimiter, a column whose cells must be numbers, lines before the first row).
NUMBERS = {
    "deezer_mood": ("validation.csv", ",", 4, 1),
    "hetrec2011_lastfm": ("user_artists.dat", "\t", 2, 1),
    "musixmatch": ("mxm_dataset_test.txt", ",", 1, 2),
    "mxmh": ("mxmh_survey_results.csv", ",", 3, 1),
    "situnes": ("Stage3/interactions.csv", ",", 3, 1),
    "tcc_ceds": ("tcc_ceds_first_half.csv", ",", 8, 1),
}
JUNK = ("", "abc", "nan", "inf", "1_000", "--1", "1.2.3", "0x1A", "1e", "#REF!", "１", "1 2", "1;2")


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """name -> a copy of its twin to damage, and what it loads to."""

    @functools.cache
    def get(name):
        location = registry.locate(name, "twin")
        return copy_of(location, tmp_path_factory.mktemp("bench") / name), load(location)

    return get


@contextlib.contextmanager
def rewritten(path, text):
    content = path.read_bytes()
    path.write_bytes(text.encode("utf-8"))
    try:
        yield
    finally:
        path.write_bytes(content)


@pytest.mark.parametrize("name", NUMBERS)
@settings(max_examples=12, deadline=None, derandomize=True)
@given(where=st.floats(0, 1, exclude_max=True), junk=st.sampled_from(JUNK))
def test_what_is_no_number_is_an_error_that_names_its_line(name, bench, where, junk):
    file, delimiter, column, before = NUMBERS[name]
    path = bench(name)[0].path(file)
    lines = path.read_text(encoding="utf-8").split("\n")
    row = before + int(where * (len(lines) - before - 2))
    cells = lines[row].split(delimiter)
    lines[row] = delimiter.join([*cells[:column], junk, *cells[column + 1 :]])
    with rewritten(path, "\n".join(lines)), pytest.raises(DataError) as caught:
        load(bench(name)[0])
    assert (caught.value.path, caught.value.line) == (path, row + 1)


def told(name, copy, expected):
    """Whether a copy holds what is expected, or is told apart by an error, a warning, a failed check or a count."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            loaded = load(copy)
            findings = registry.dataset_module(name).validate(loaded)
        except (DataError, DataMissing):
            return True
    if any(finding.status == "failed" for finding in findings) or any(w.category is DataWarning for w in said):
        return True
    if getattr(loaded, "cut_rows", 0) != getattr(expected, "cut_rows", 0):
        return True
    tables = [field for field, table in vars(expected).items() if isinstance(table, pd.DataFrame)]
    return bool(tables) and all(getattr(expected, table).equals(getattr(loaded, table)) for table in tables)


@pytest.mark.parametrize("name", [*NUMBERS, "lastfm1k", "nowplaying_rs", "tagtraum"])
@settings(max_examples=8, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_cut_file_never_passes_for_a_whole_one(name, bench, data):
    copy, expected = bench(name)
    tables = [file for file in copy.files if file not in ("tcc_ceds_rounded.csv", "sentiment_values.csv")]
    path = copy.path(data.draw(st.sampled_from(tables)))
    text = path.read_text(encoding="utf-8")
    kept = text[: int(data.draw(st.floats(0, 1, exclude_max=True)) * (len(text) - 1))]
    with rewritten(path, kept):
        assert told(name, copy, expected)


def without_permissions(text):
    return re.sub(r",[^,\n]*$", "", text, flags=re.MULTILINE)


def with_a_counter(text):
    head, _, body = text.partition("\n")
    return f"{head},23455\n" + re.sub(r"$", ",7", body.rstrip("\n"), flags=re.MULTILINE) + "\n"


@pytest.mark.parametrize("change", [without_permissions, with_a_counter, lambda text: text.rstrip("\n")])
def test_survey_copies_that_circulate_load_to_the_same_people(damaged, change):
    copy = damaged("mxmh", "mxmh_survey_results.csv", change)
    pd.testing.assert_frame_equal(load(copy).people, twin("mxmh").people)
