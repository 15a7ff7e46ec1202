"""gujar2026's experiments: planted songs, quadrants, supports, and what runs and verdicts say."""

from types import SimpleNamespace

import numpy as np
import pytest

from mer_repro.papers.gujar2026 import examples, latency, planted, report, simple, study, supports
from mer_repro.splits import song_grouped
from mer_repro.study import load_parameters


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
    split = song_grouped(songs.artist, 0)
    commonest = np.bincount(songs.mood[split.train]).argmax()
    assert (simple.majority(songs, split, 0).argmax(axis=1) == commonest).all()
    truth_in_both = simple.boosting_both(songs, split, 0).argmax(axis=1)
    assert np.mean(truth_in_both == songs.mood[split.test]) > np.mean(songs.mood[split.test] == commonest) + 0.1


def test_every_planned_run_has_a_home_and_readings_are_counted():
    runs = study.plan(load_parameters("gujar2026", "full"))
    assert {run.dataset for run in runs} == {*study.VARIANTS, study.LATENCY_DATA}
    assert all(run.data == "twin" for run in runs if run.dataset == "planted")
    supports_run = next(run for run in runs if run.variant == "supports")
    assert sum(supports_run.parameters["stated"]) == 3000


@pytest.fixture(scope="module")
def smoke():
    """Outcomes of some cells of the smoke profile, by variant."""
    wanted = ("audio_only", "text_only", "late_fusion", "attention", "concatenation", "boosting_both", "paired")
    runs = study.plan(load_parameters("gujar2026", "smoke"))
    chosen = [run for run in runs if run.dataset == "tcc_ceds" and run.variant in wanted]
    return {run.variant: study.execute(run, device="cpu") for run in chosen}


def test_paired_differences_are_differences_of_the_recorded_accuracies(smoke):
    for name, difference in smoke["paired"].metrics.items():
        better, worse = name.split("-")
        expected = smoke[better].metrics["accuracy"] - smoke[worse].metrics["accuracy"]
        assert difference == pytest.approx(expected)
        notes = smoke["paired"].notes[name]
        n_test = smoke["paired"].counts["n_test"]
        assert notes["only_better_right"] - notes["only_worse_right"] == round(expected * n_test)


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


def test_operations_grow_with_the_batch_and_with_the_stage():
    one, two = (latency.measure("network", batch, 1, "cpu").operations for batch in (1, 2))
    assert two == pytest.approx(2 * one)
    # The four convolutions alone, by hand: 2 * 9 * height * width * inputs * outputs.
    convolutions = sum(
        18 * side**2 * inputs * outputs
        for side, inputs, outputs in ((128, 1, 32), (64, 32, 64), (32, 64, 128), (16, 128, 256))
    )
    assert convolutions < one < 1.2 * convolutions


def paired(dataset, name, difference, low, high):
    return SimpleNamespace(
        id=f"{dataset}.{name}", dataset=dataset, variant="paired", metrics={name: difference},
        intervals={name: (low, high)}, notes={name: {"p_value": 0.5}},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("intervals", "judgement"),
    [
        (((0.01, 0.05), (0.02, 0.2)), "supported"),
        (((-0.02, 0.03), (-0.05, 0.05)), "unsupported"),  # neither beyond zero, both below the 5.5 points stated
        (((-0.02, 0.03), (-0.10, 0.15)), "undecided"),  # the second could hide the stated gain
        (((0.01, 0.05), (-0.05, 0.05)), "undecided"),  # one each
    ],
)
def test_verdict_on_a_gain_follows_both_intervals(intervals, judgement):
    records = [
        paired(dataset, "attention-late_fusion", sum(ends) / 2, *ends)
        for dataset, ends in zip(report.BIMODAL, intervals, strict=True)
    ]
    assert report._beats(records, "late_fusion", "Fusion beats late fusion", "t5.late").judgement == judgement


def test_chapter_says_undecided_where_nothing_is_recorded():
    assert {verdict.judgement for verdict in report.verdicts([])} == {"undecided"}
