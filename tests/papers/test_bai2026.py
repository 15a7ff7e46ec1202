"""bai2026's experiments: planted listeners, simulated comparisons, scores, outcomes of real histories."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mer_repro import statistics
from mer_repro.errors import DataMissing
from mer_repro.papers.bai2026 import (
    described,
    histories,
    networks,
    planted,
    power,
    scores,
    simple,
    study,
    survey,
)
from mer_repro.runs.study import load_parameters

# Planted listeners -------------------------------------------------------------------------------------------------


def test_sizes_are_those_of_table_1():
    made = planted.generate("both", 1.0, 3852, 100, 600, 0)
    assert np.bincount(made.label).tolist() == [2246, 1082, 524]  # 58.3, 28.1 and 13.6 % of 3,852
    length = (made.songs > 0).sum(axis=1)
    assert length.max() == 100 and length.mean() == pytest.approx(87.4, abs=0.5)
    split = histories.split_users(3852, 0)
    assert [len(rows) for rows in (split.train, split.validation, split.test)] == [2696, 578, 578]
    first_zero = (made.songs == 0).argmax(axis=1)
    assert all((row[cut:] == 0).all() for row, cut in zip(made.songs, first_zero, strict=True) if cut)


def by_class(condition, measure):
    made = planted.generate(condition, 1.0, 6000, 60, 60, 1)
    return [measure(made)[made.label == k].mean() for k in range(3)]


def sad_share(made):
    heard = made.group[made.songs]
    return (heard == planted.SAD).sum(axis=1) / (heard >= 0).sum(axis=1)


def repeats(made):
    heard = made.group[made.songs]
    pairs = (heard[:, 1:] >= 0).sum(axis=1)
    return ((heard[:, 1:] == heard[:, :-1]) & (heard[:, 1:] >= 0)).sum(axis=1) / pairs


def test_a_signal_is_where_it_was_planted_and_nowhere_else():
    shares = {c: by_class(c, sad_share) for c in planted.CONDITIONS}
    for condition in ("none", "order"):
        assert np.ptp(shares[condition]) < 0.02
    for condition in ("tags", "both"):
        assert shares[condition][0] + 0.2 < shares[condition][2]
    runs = {c: by_class(c, repeats) for c in ("none", "order")}
    assert np.ptp(runs["none"]) < 0.02
    # The severe stay with a probability of 0.6 and else draw as the healthy do, who stay with 0.1.
    healthy, severe = runs["order"][0], runs["order"][2]
    assert 1 - severe == pytest.approx((1 - healthy) * 0.4 / 0.9, abs=0.02)


def test_gated_tags_turn_round_with_the_order():
    made = planted.generate("gated", 1.0, 6000, 100, 60, 1)
    keeps = repeats(made) > 0.45
    for group, sign in ((keeps, 1), (~keeps, -1)):
        severe, healthy = (sad_share(made)[group & (made.label == k)].mean() for k in (2, 0))
        difference = severe - healthy
        assert sign * difference > 0.15


def test_nothing_planted_leaves_nothing_to_tell():
    made = histories.from_planted("none", {"effect": 0, "users": 3000, "length": 40, "catalogue": 60}, 0)
    split = histories.split_users(3000, 0)
    said = simple.told(made, split)
    assert scores.weighted_auc(made.label[split.test], said) == pytest.approx(0.5, abs=0.06)
    assert (said.argmax(axis=1) == 0).all()


def test_simple_rivals_find_what_they_can_read():
    size = {"effect": 1.0, "users": 2000, "length": 60, "catalogue": 60}
    auc = {}
    for condition in ("order", "tags"):
        made = histories.from_planted(condition, size, 0)
        split = histories.split_users(2000, 0)
        for name in ("logistic_statistics", "logistic_tags", "bag_of_songs", "told"):
            auc[condition, name] = scores.weighted_auc(made.label[split.test], simple.SIMPLE[name](made, split))
    for name in ("logistic_tags", "bag_of_songs"):
        assert auc["tags", name] > 0.75 and auc["order", name] < 0.6
    assert auc["order", "told"] > 0.85 and auc["order", "logistic_statistics"] < 0.6


# Simulated comparisons ---------------------------------------------------------------------------------------------


def test_patterns_have_the_accuracies_and_the_correlation_asked_for():
    chances = power.pattern_probabilities(np.array([0.7, 0.6]), 0.5)
    assert chances.sum() == pytest.approx(1) and chances @ power.patterns(2) == pytest.approx([0.7, 0.6])
    # A pair of standard normals with correlation 1/2, both below their median: 1/4 + arcsin(1/2) / (2 pi) = 1/3.
    assert power.pattern_probabilities(np.array([0.5, 0.5]), 0.5)[3] == pytest.approx(1 / 3, abs=1e-6)
    assert power.pattern_probabilities(np.array([0.7, 0.6]), 0.0)[3] == pytest.approx(0.42)


def test_tests_agree_with_other_implementations():
    from scipy.stats import chi2_contingency
    from statsmodels.stats.contingency_tables import cochrans_q

    counts = power.simulate([0.734, 0.701, 0.668], 0.5, 578, 20, 1)
    p_values = power.mcnemar(counts, 0, 1), power.chi_square(counts, 0, 2), power.cochran(counts)
    for row, exact, unpaired, omnibus in zip(counts, *p_values, strict=True):
        right = np.repeat(power.patterns(3), row, axis=0)
        assert exact == pytest.approx(statistics.mcnemar_exact(right[:, 0] == 1, right[:, 1] == 1).p_value)
        hits = right.sum(axis=0)
        table = [[hits[0], 578 - hits[0]], [hits[2], 578 - hits[2]]]
        assert unpaired == pytest.approx(chi2_contingency(table, correction=False).pvalue)
        assert omnibus == pytest.approx(cochrans_q(right).pvalue)


def test_equal_models_are_called_better_as_often_as_is_due():
    found = power.readings(power.simulate([0.7] * 5, 0.5, 578, 20_000, 0), 0.033)
    assert 0.013 < found["mcnemar"] < 0.026  # the exact test keeps below its 2.5 % on either side
    assert found["cochran"] == pytest.approx(0.05, abs=0.006)
    assert 0.17 < found["leads"] < 0.2  # one in five, less the ties
    assert found["mcnemar_best_rival"] < found["mcnemar"] < found["mcnemar_any_rival"] < 4 * 0.025
    assert found["leads_as_stated"] < found["leads_one_as_stated"]


def test_power_agrees_with_the_normal_approximation():
    lead, correlation = 0.05, 0.5
    chances = power.pattern_probabilities(np.array([0.75, 0.70]), correlation)
    discordant = chances[1] + chances[2]
    from scipy.stats import norm

    spread = np.sqrt((discordant - lead**2) * 578)
    expected = norm.sf((norm.ppf(0.975) * np.sqrt(discordant * 578) - lead * 578) / spread)
    counts = power.simulate([0.75, 0.70], correlation, 578, 20_000, 0)
    found = np.mean((power.mcnemar(counts, 0, 1) < 0.05) & (power.hits(counts)[:, 0] > power.hits(counts)[:, 1]))
    assert found == pytest.approx(expected, abs=0.06) and found < expected  # the exact test is the more careful


def test_correlation_of_right_answers_is_recovered():
    latent = np.random.default_rng(0).multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], 100_000)
    assert power.correctness_correlation(latent[:, 0] < 0.5, latent[:, 1] < 0.3) == pytest.approx(0.7, abs=0.02)
    assert power.least_detected(np.array([0.0, 0.02, 0.04]), np.array([0.1, 0.7, 0.9])) == pytest.approx(0.03)


# Scores ------------------------------------------------------------------------------------------------------------


def test_weighted_auc_is_scikit_learns():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    observed, said = rng.choice(3, 300, p=[0.6, 0.3, 0.1]), rng.dirichlet([1, 1, 1], 300).round(2)
    said[:, 0] = 1 - said[:, 1:].sum(axis=1)
    expected = roc_auc_score(observed, said, multi_class="ovr", average="weighted")
    assert scores.weighted_auc(observed, said) == pytest.approx(expected)
    assert np.isnan(scores.weighted_auc(np.zeros(5, int), said[:5]))


def test_calibration_by_hand():
    said = np.array([[0.95, 0.05], [0.95, 0.05], [0.35, 0.65], [0.35, 0.65]])
    observed = np.array([0, 1, 1, 1])
    assert scores.calibration(observed, said)["accuracy"] == [1.0, 0.5]
    assert scores.calibration_error(observed, said) == pytest.approx((0.35 + 0.45) / 2)


def test_attention_that_marks_the_planted_songs_and_attention_that_does_not():
    group = np.tile([0, 1, 2, 0, 1, 2, 3, 4, -1, -1], (4, 1))
    even = np.where(group >= 0, 1 / 8, 0.0)
    marking = np.where(group == 0, 0.35, np.where(group >= 0, 0.05, 0.0))
    found = scores.attention_scores(marking, group, 0, 1)
    assert found == pytest.approx({"planted_auc": 1, "favoured": 1, "top_tenth": 0.35, "told_by_group": 1})
    flat = scores.attention_scores(even, group, 0, 1)
    assert flat["planted_auc"] == 0.5 and flat["favoured"] == 0 and np.isnan(flat["told_by_group"])


# Real histories ----------------------------------------------------------------------------------------------------


def hetrec(users=40, artists=30):
    """Users who tag artists; odd ones play one artist nearly all the time, every fourth gives sad tags everywhere."""
    rng = np.random.default_rng(0)
    events, plays = [], []
    for user in range(users):
        heard = rng.choice(artists, 14, replace=False)
        for artist in heard:
            events.append((user, artist, 0 if user % 4 == 0 else 1 + artist % 3, pd.Timestamp("2008-01-01")))
        counts = np.array([1000, 1, 1, 1]) if user % 2 else np.array([10, 11, 12, 13])
        plays += [(user, artist, n) for artist, n in zip(heard[:4], counts, strict=True)]
    return SimpleNamespace(
        events=pd.DataFrame(events, columns=["user_id", "artist_id", "tag_id", "date"]),
        tags=pd.DataFrame({"tag_id": range(4), "tag": ["So Sad", "rock", "sadistic", "pop"]}),
        plays=pd.DataFrame(plays, columns=["user_id", "artist_id", "plays"]),
    )


def test_outcomes_of_hetrec():
    concentration = histories.from_hetrec(hetrec(), "play_concentration", 100)
    assert np.bincount(concentration.label).tolist() == [24, 11, 5]  # 58.3, 28.1 and 13.6 % of 40
    assert set(np.flatnonzero(concentration.label == 2) % 2) == {1}
    sad = histories.from_hetrec(hetrec(), "sad_tags", 100)
    assert sad.label.tolist() == [int(user % 4 == 0) for user in range(40)]  # "sadistic" is not a tag of sadness
    assert ((sad.songs > 0).sum(axis=1) == 7).all()  # the other half alone
    short = histories.from_hetrec(hetrec(), "sad_tags", 3)
    assert short.songs.shape == (40, 3)


def test_no_input_of_hetrec_is_made_of_the_outcomes_half():
    whole = hetrec()
    kept = histories.from_hetrec(whole, "sad_tags", 100)
    pairs = whole.events[["user_id", "artist_id"]].drop_duplicates()
    # Rename every tag of the outcome's half: nothing that a model reads may change.
    events, _ = histories._sad_tags(whole, whole.events.merge(whole.tags, on="tag_id"))
    inside = set(zip(events.user_id, events.artist_id, strict=True))
    renamed = [tag if (u, a) in inside else 4 for u, a, tag in whole.events[["user_id", "artist_id", "tag_id"]].values]
    changed = SimpleNamespace(
        events=whole.events.assign(tag_id=renamed),
        tags=pd.concat([whole.tags, pd.DataFrame({"tag_id": [4], "tag": ["melancholic"]})]),
        plays=whole.plays,
    )
    again = histories.from_hetrec(changed, "sad_tags", 100)
    assert again.label.all() and len(pairs) == 40 * 14
    assert again.documents == kept.documents and again.texts == kept.texts and (again.songs == kept.songs).all()


def test_histories_in_counts():
    found = described.tagging(hetrec(), 0)
    assert found["users"] == 40 and found["artists_a_user_50"] == 14 and found["share_reaching_length"] == 0
    assert found["padding"] == pytest.approx(0.86) and found["seen"] > 0.9 and found["nothing_seen"] == 0


def test_profiles_as_outcomes_need_listens():
    from mer_repro.data import registry

    dataset = registry.load("lastfm1k", source="twin")
    older = histories.from_lastfm(dataset, "older", 50)
    people = dataset.profiles[dataset.profiles.age.notna()]
    assert older.label.sum() == (people.age >= 30).sum() and (older.songs > 0).all()
    profiles_only = SimpleNamespace(
        profiles=dataset.profiles, histories=lambda: iter(()), location=dataset.location, events_file=""
    )
    with pytest.raises(DataMissing, match="at least 50"):
        histories.from_lastfm(profiles_only, "gender", 50)


def test_survey_finds_a_planted_effect_and_nothing_where_nothing_is():
    from mer_repro.data import registry

    dataset = registry.load("mxmh", source="twin")
    people = dataset.people[dataset.people.age.notna()]
    anxiety, ocd = (people[name].to_numpy(float) for name in ("anxiety", "ocd"))
    columns = survey.features(people, "genres_age", "anxiety")
    best = dataset.location.truth()["auc_anxiety_at_least_7"]["genres_and_age"]
    found = survey.auc(anxiety, survey.cross_validated(columns, anxiety, "genres_age", 0))
    assert 0.54 < found < best + 0.03
    nothing = survey.auc(ocd, survey.cross_validated(columns, ocd, "genres_age", 0))
    assert nothing == pytest.approx(0.5, abs=0.09)


def test_screening_follows_the_binormal_model():
    """Checked by drawing scores: two normals, sqrt(2) times the normal quantile of the AUC apart."""
    from scipy.stats import norm

    rng = np.random.default_rng(0)
    ill = rng.random(1_000_000) < 0.136
    score = rng.standard_normal(len(ill)) + 2**0.5 * norm.ppf(0.7) * ill
    pointed_at = score >= np.quantile(score, 0.9)
    assert survey.well_among(0.7, 0.136, 0.1) == pytest.approx(1 - ill[pointed_at].mean(), abs=0.005)
    assert survey.well_among(0.5, 0.3, 0.2) == pytest.approx(0.7)  # a test that tells nothing
    assert survey.well_among(0.58, 0.05, 0.1) > 0.9 > 0.65 > survey.well_among(0.58, 0.3, 0.1)


# Runs --------------------------------------------------------------------------------------------------------------


def test_shuffled_labels_keep_the_test_users_and_the_shares():
    label = np.repeat([0, 1, 2], [60, 30, 10])
    split = histories.split_users(100, 3)
    dealt = networks._shuffled(label, split, 0)
    assert (dealt[split.test] == label[split.test]).all()
    assert (np.bincount(dealt[split.train]) == np.bincount(label[split.train])).all()
    assert (dealt[split.train] != label[split.train]).any()


def test_the_plan_is_the_issue_of_the_paper():
    runs = study.plan(load_parameters("bai2026", "full"))
    simulated = [run for run in runs if run.dataset == "simulated"]
    assert all(run.parameters["simulations"] >= 10_000 and run.parameters["users"] == 578 for run in simulated)
    assert simulated[0].parameters["table_2"] == [0.734, 0.701, 0.689, 0.668, 0.641]
    points = {run.target for run in runs if run.variant == "study"}
    for point in points:
        assert sum(run.target == point for run in runs) >= 20
    assert {run.data for run in runs if run.dataset in ("mxmh", "hetrec2011_lastfm")} == {"real"}


@pytest.fixture(scope="module")
def outcomes():
    """Some runs of the smoke profile, by variant."""
    runs = study.plan(load_parameters("bai2026", "smoke"))
    wanted = ("tcn_lm", "bert_text", "lstm_audio", "late_fusion", "logistic_tags", "no_attention", "no_lm")
    chosen = [r for r in runs if r.protocol == study.FOLDS and r.target == "both" and r.variant in wanted]
    chosen += [r for r in runs if r.variant == "study"]
    return {run.variant: study.execute(run, device="cpu") for run in chosen}


def test_runs_say_what_was_split(outcomes):
    counts = outcomes["tcn_lm"].counts
    assert (counts["n_train"], counts["n_validation"], counts["n_test"]) == (140, 20, 40)
    assert 0 <= outcomes["late_fusion"].notes["weight_of_audio"] <= 1
    assert sum(outcomes["tcn_lm"].curves["listener_weight"]) == pytest.approx(1, abs=1e-4)


def test_folds_test_every_listener_once_and_leave_the_stated_share_for_training():
    folds = [histories.fold_of_users(3852, 0, fold, study.N_FOLDS) for fold in range(study.N_FOLDS)]
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(3852))
    for fold in folds:
        assert len(np.unique(np.concatenate([fold.train, fold.validation, fold.test]))) == 3852
        assert len(fold.train) / 3852 == pytest.approx(0.70, abs=0.001)  # table 1


def test_networks_of_the_folds_differ_in_their_learning_rate_alone():
    runs = study.plan(load_parameters("bai2026", "full"))
    runs = [run for run in runs if run.protocol == study.FOLDS and run.variant == "tcn_lm" and run.factors["fold"] == 0]
    assert {run.factors["rate"] for run in runs} == {0.001, 0.003}
    for run in runs:
        assert run.parameters["training"]["learning_rate"] == run.factors["rate"]
        assert run.parameters["length"] == run.factors.get("length", 100)


def test_a_simulated_study_trains_what_it_compares(outcomes):
    found = outcomes["study"]
    assert set(found.metrics) == {"majority", "told", "tcn_lm", "no_tcn", "no_tcn_one_layer"}
    assert set(found.notes["against"]) == {"no_tcn", "no_tcn_one_layer"}
    assert found.counts["n_test"] == 40 and found.counts["n_train"] == 100
