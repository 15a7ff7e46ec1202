"""bai2026's verdicts on planted records, and its tables with the committed records and with none."""

import numpy as np
import pytest

from mer_repro import verdicts as policy
from mer_repro.audit import ledger
from mer_repro.papers.bai2026 import chapter, study, verdicts
from mer_repro.results import Results
from mer_repro.runs.records import Outcome, RecordStore, Run

LEVEL = {
    "train_loss": [1.0, 0.5, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3],
    "validation_loss": [1.0, 0.6, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4],
}
FALLING = {"train_loss": [1.0, 0.9, 0.8, 0.7], "validation_loss": [1.0, 0.9, 0.8, 0.7]}


@pytest.fixture
def store(tmp_path):
    return RecordStore(tmp_path)


def load(store):
    return Results("bai2026", store.all("bai2026"), store)


def put(store, run, outcome):
    store.put(run, outcome, data_fingerprint="d", source_fingerprint="s", device="cpu", seconds=2.0)


def network(store, variant, target, right, fold=0, curves=LEVEL, metrics=(), label=None, more=None):
    """A network of the folds that answers a share `right` of 500 listeners of three classes."""
    rng = np.random.default_rng([fold, 1])
    true = rng.choice(3, 500, p=[0.6, 0.25, 0.15])
    said = np.where(rng.random(500) < right, true, (true + 1) % 3) if label is None else np.full(500, label)
    counts = [[np.sum((true == t) & (said == s)) for s in range(3)] for t in range(3)]
    hits, called, is_ = np.diag(counts), np.sum(counts, axis=0), np.sum(counts, axis=1)
    scores = {"accuracy": float(np.mean(true == said)), "macro_f1": float(np.mean(2 * hits / (called + is_)))}
    factors = {"rate": verdicts.RATE, "fold": fold} | (more or {})
    run = Run("bai2026", "planted", "twin", study.FOLDS, variant, target, 0, factors=factors)
    predictions = {"item": 500 * fold + np.arange(500), "y_true": true, "y_pred": said}
    outcome = Outcome(scores | dict(metrics), counts={"n_test": 500}, predictions=predictions, curves=curves)
    put(store, run, outcome)


def verdict(store, about):
    return next(v for v in verdicts.verdicts(load(store)) if about in v.about)


@pytest.mark.parametrize(
    ("gain", "curves", "judgement"),
    [(0.1, LEVEL, "supported"), (0.0, LEVEL, "undecided"), (-0.1, LEVEL, "undecided"), (0.1, FALLING, "undecided")],
)
def test_long_histories_follow_a_planted_lead_of_networks_that_converged(store, gain, curves, judgement):
    for condition in ("order", "both"):
        for fold in (0, 1):
            network(store, "tcn_lm", condition, 0.8 + gain, fold, curves)
            network(store, "no_tcn_one_layer", condition, 0.8, fold)
    found = verdict(store, "s.no_tcn_drops")
    assert found.judgement == judgement
    assert ("still improving" in str(found.because)) == (curves is FALLING)
    assert len(found.records) == 8


def test_long_histories_are_not_judged_by_short_ones(store):
    for number, gap in enumerate((0.05, 0.06, 0.04)):
        scores = {"tcn_lm": 0.7 + gap, "no_tcn_one_layer": 0.7, "no_tcn": 0.6, "majority": 0.58, "told": 0.8}
        run = Run("bai2026", "planted", "twin", study.STUDY, "study", "order_100", number)
        put(store, run, Outcome(scores))
    assert verdict(store, "s.no_tcn_drops").judgement == "not run"
    assert verdicts.lead(load(store), "order_100", "no_tcn_one_layer").value == pytest.approx(0.05)


def test_a_failed_training_is_named_and_never_averaged(store):
    for fold in (0, 1):
        network(store, "tcn_lm", "both", 0.9, fold)
        network(store, "no_attention", "both", 0.85, fold, label=0 if fold else None)
    results = load(store)
    lost = [run for run in results if verdicts.failed(run)]
    assert [(run.variant, run.factors["fold"]) for run in lost] == [("no_attention", 1)]
    found = verdict(store, "s.no_attention_drops")
    assert found.judgement == "supported" and len(found.records) == 2  # fold 0 of both
    row = next(row for row in chapter.trained_table(results).rows if "concatenation" in row["model"])
    assert row["failed"] == "1 of 2" and row["accuracy, %"][0].value > 0.8


def test_a_study_whose_network_failed_counts_in_no_mean(store):
    for number, accuracy in enumerate((0.7, 0.72, 0.58)):
        scores = {"tcn_lm": accuracy, "no_attention": 0.71, "majority": 0.58, "told": 0.8}
        notes = {"against": {"no_attention": {"mcnemar_p": 0.5, "correlation": 0.8}}}
        put(
            store,
            Run("bai2026", "planted", "twin", study.STUDY, "study", "gated_100", number),
            Outcome(scores, notes=notes),
        )
    results = load(store)
    assert verdicts.lead(results, "gated_100", "no_attention").value == pytest.approx(0.0)
    row = next(row for row in chapter.study_table(results).rows if row["model"] == "TCN-LM")
    assert row["failed"][0].value == 1 and row["accuracy, %"][0].value == pytest.approx(0.71)


@pytest.mark.parametrize(
    ("marks", "shuffled", "judgement"),
    [
        ({"both": 0.6, "tags": 0.6}, 0.4, "supported"),
        ({"both": 0.6, "tags": 0.6}, 0.6, "undecided"),  # above 0.5, as without anything learnt
        ({"both": 0.6, "tags": 0.3}, 0.4, "undecided"),
        ({"both": 0.6}, 0.4, "undecided"),
    ],
)
def test_attention_is_held_against_shuffled_labels_wherever_the_class_shows(store, marks, shuffled, judgement):
    for condition, auc in marks.items():
        for fold, luck in enumerate((-0.01, 0.0, 0.01)):
            network(store, "tcn_lm", condition, 0.9, fold, metrics={"planted_auc": auc + luck})
            network(store, "shuffled_labels", condition, 0.6, fold, metrics={"planted_auc": shuffled})
    network(store, "tcn_lm", "both", 0.9, 0, metrics={"planted_auc": marks["both"]}, more={"init": 1})
    found = verdict(store, "s.case_attends_sad_tags")
    assert found.judgement == judgement
    assert len(found.records) == 6 * len(marks) + 1
    gap = verdicts.marked_over_shuffled("both")(load(store))
    assert gap.value == pytest.approx(marks["both"] + 0.005 / 3 - shuffled)  # a fold's initialisations are averaged


def test_attention_without_a_control_shows_nothing(store):
    for condition in ("both", "tags"):
        for fold in (0, 1, 2):
            network(store, "tcn_lm", condition, 0.9, fold, metrics={"planted_auc": 0.9 + 0.01 * fold})
    assert verdict(store, "s.case_attends_sad_tags").judgement == "not run"


def test_pooling_counts_the_trainings_that_it_compares_and_leaves_stability_open(store):
    for fold in (0, 1):
        network(store, "tcn_lm", "both", 0.9, fold)
        network(store, "tcn_lm", "both", 0.9, fold, FALLING, more={"init": 1})  # without a rival of its own
        for rival in ("max_pooling", "attention_pooling", "semantic_query"):
            network(store, rival, "both", 0.8, fold)
    better, stable = (v for v in verdicts.verdicts(load(store)) if "s.average_pooling_best" in v.about)
    assert (better.judgement, stable.judgement) == ("supported", "undecided")
    assert len(better.records) == 8 and "still improving" not in str(better.because)


def test_early_fusion_says_how_many_of_its_trainings_converged(store):
    for fold, curves in enumerate((LEVEL, FALLING)):
        for variant, right in (("lstm_audio", 0.6), ("bert_text", 0.7), ("late_fusion", 0.9)):
            network(store, variant, "both", right, fold)
        network(store, "early_fusion", "both", 0.8, fold, curves)
    found = verdict(store, "s.late_fusion_best_baseline")
    assert found.judgement == "undecided" and "Of early fusion 1 of 2 trainings converged" in str(found.because)


def test_every_page_of_the_chapter_gives_one_accuracy_of_a_network():
    results = Results.load("bai2026")
    numbers, rows = chapter.numbers(results), chapter.main_table(results).rows
    for condition, says in (("order", "only in the order"), ("both", "in both")):
        main = next(row for row in rows if row["model"] == "TCN-LM" and row["planted"] == says)
        assert numbers[f"accuracy_tcn_lm_{condition}"][0] == main["accuracy, %"][0]
    sized = next(
        row for row in chapter.sizes_table(results).rows if (row["listeners"], row["songs"]) == ("3,852", "100")
    )
    assert sized["TCN-LM, %"][0].value == main["accuracy, %"][0].value


def test_the_time_of_a_training_is_compared_with_the_rivals(store):
    for fold, ratio in enumerate((1.5, 1.7)):
        for variant, seconds in (("tcn_lm", ratio * 10), ("no_tcn_one_layer", 10.0)):
            factors = {"rate": verdicts.RATE, "fold": fold}
            run = Run("bai2026", "planted", "twin", study.FOLDS, variant, "both", 0, factors=factors)
            outcome = Outcome({"accuracy": 0.8})
            store.put(run, outcome, data_fingerprint="d", source_fingerprint="s", device="cpu", seconds=seconds)
    found = verdicts.slower("no_tcn_one_layer")(load(store))
    assert found.value == pytest.approx(1.6) and len(found.records) == 4


def test_every_claim_is_in_the_ledger_and_the_headline_is_the_papers_main_one():
    book = ledger.load("bai2026")
    known = {one.id for one in (*book.claims, *book.statements)}
    assert {name for rule in verdicts.RULES for name in rule.about} <= known
    main = policy.headline(verdicts.verdicts(Results.load("bai2026")))
    assert main.judgement == "untestable" and "s.beats_single_modal" in main.about


def test_every_statement_is_judged_checked_or_listed_with_a_reason():
    from mer_repro import report

    rows = report.untested_table("bai2026", verdicts.verdicts(Results.load("bai2026")), verdicts.UNTESTED).rows
    assert rows and not [row for row in rows if row["why not"] == report.NOT_TESTED]


TABLES = [getattr(chapter, name) for name in dir(chapter) if name.endswith("_table") and name != "scores_table"]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_table_stands_with_the_records_and_without(store, table):
    assert "no runs are recorded yet" in table(load(store)).markdown()
    assert "|" in table(Results.load("bai2026")).markdown() or table in (chapter.paired_table, chapter.trained_table)


@pytest.mark.parametrize("data", [("hetrec2011_lastfm", "play_concentration"), ("lastfm1k", "older")])
def test_models_of_one_table_were_tested_on_the_same_listeners(data):
    rows = chapter.scores_table(Results.load("bai2026"), *data).rows
    folds = {tuple(name.rpartition("fold=")[2][:1] for name in row["splits"][0].records) for row in rows}
    assert len(folds) == 1


def test_a_second_initialisation_is_compared_with_its_own_fold_and_another_size_with_its_own_listeners(store):
    for fold in (0, 1):
        network(store, "tcn_lm", "both", 0.9, fold)
        network(store, "no_attention", "both", 0.8, fold)
    network(store, "tcn_lm", "both", 0.2, 0, more={"init": 1})  # without a rival of its own
    network(store, "tcn_lm", "both", 0.5, 0, more={"users": 482})
    network(store, "no_attention", "both", 0.6, 0, more={"users": 482})
    found, small = (verdicts.minus("both", "no_attention", **size)(load(store)) for size in ({}, {"users": 482}))
    assert found.value == pytest.approx(0.1, abs=0.03) and len(found.records) == 4
    assert small.value == pytest.approx(-0.1, abs=0.05) and len(small.records) == 2
    rows = chapter.sizes_table(load(store)).rows
    assert [row["listeners"] for row in rows] == ["482", "3,852"]
    assert rows[0]["TCN-LM, %"][0].value == pytest.approx(0.5, abs=0.05)


def test_figures_numbers_and_head_stand_without_records(store):
    nothing = load(store)
    for figure in (chapter.power_figure, chapter.study_figure, chapter.listener_figure, chapter.survey_figure):
        assert figure(nothing).alt
    assert chapter.numbers(nothing).keys() == chapter.numbers(Results.load("bai2026")).keys()
    assert "untestable" in chapter.card(nothing).markdown()
