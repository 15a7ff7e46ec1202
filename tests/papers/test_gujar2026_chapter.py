"""The chapter on gujar2026: rules turn as planted, every table renders with and without records."""

from functools import partial

import numpy as np
import pytest

from mer_repro import verdicts as policy
from mer_repro.audit import ledger
from mer_repro.papers.gujar2026 import chapter, study
from mer_repro.papers.gujar2026.names import BIMODAL
from mer_repro.papers.gujar2026.verdicts import RULES, shares_log_loss, verdicts
from mer_repro.results import Results
from mer_repro.runs.records import Outcome, RecordStore, Run
from mer_repro.tables import spans

TABLES = [
    chapter.deam_table, chapter.own_mood_table, chapter.readings, chapter.crnn_readings, chapter.planted_table,
    chapter.finding_table, chapter.supports_table, chapter.latency_table, chapter.moods_table, chapter.card,
    chapter.untested_table, chapter.stops_table,
    *(partial(chapter.ladder, dataset=dataset) for dataset in study.VARIANTS if dataset not in ("deam", "planted")),
    *(partial(chapter.pairs_table, dataset=dataset) for dataset in BIMODAL),
]  # fmt: skip


@pytest.fixture
def store(tmp_path):
    return RecordStore(tmp_path)


@pytest.fixture(scope="module")
def committed():
    return Results.load("gujar2026")


#: The factors of a network under the stated stopping rule, and stopped by loss.
STATED, BY_LOSS = {}, {"stop": "loss"}


def put(store, dataset, variant, accuracy, target="", songs=400, folds=2, factors=STATED, **notes):
    """Folds of a variant that answers this share of its songs right, the same songs for every variant."""
    rng = np.random.default_rng(sum(map(ord, dataset + variant)))
    for fold in range(folds):
        true = np.random.default_rng(fold).integers(0, 4, songs)
        right = rng.permutation(songs) < accuracy * songs
        predictions = {"group": np.arange(songs) // 4 + 1000 * fold, "y_true": true}
        predictions["y_pred"] = np.where(right, true, (true + 1) % 4)
        run = Run("gujar2026", dataset, "real", "artist_folds", variant, target, fold, factors=factors)
        confusion = np.zeros((4, 4), int)
        np.add.at(confusion, (true, predictions["y_pred"]), 1)
        outcome = Outcome({"accuracy": accuracy}, predictions=predictions, notes={"confusion": confusion, **notes})
        store.put(run, outcome, data_fingerprint="d", source_fingerprint="s", device="cpu", seconds=1.0)


def judged(store, start):
    results = Results("gujar2026", store.all("gujar2026"), store)
    return next(verdict for verdict in verdicts(results) if verdict.claim.startswith(start))


@pytest.mark.parametrize(
    ("gains", "judgement"),
    [((0.2, 0.2), "supported"), ((0.2, 0.0), "undecided"), ((-0.1, -0.1), "unsupported")],
)
def test_a_gain_needs_both_data_sets(store, gains, judgement):
    for dataset, gain in zip(BIMODAL, gains, strict=True):
        for factors in (STATED, BY_LOSS):
            put(store, dataset, "late_fusion", 0.5, factors=factors)
            put(store, dataset, "attention", 0.5 + gain, factors=factors)
    assert judged(store, "Attention fusion beats late fusion").judgement == judgement
    # Two of its three rivals have not been run: no claim on all three is supported by one.
    assert judged(store, "Attention over audio and lyrics is more accurate").judgement != "supported"


def test_a_lead_that_a_stopping_rule_makes_is_not_supported(store):
    for dataset in BIMODAL:
        for factors, late in ((STATED, 0.5), (BY_LOSS, 0.7)):
            put(store, dataset, "late_fusion", late, factors=factors)
            put(store, dataset, "attention", 0.7, factors=factors)
    verdict = judged(store, "Attention fusion beats late fusion")
    assert verdict.judgement == "undecided"
    assert "tcc_ceds +20" in str(verdict.because) and "by loss 0.0" in str(verdict.because)


def test_labels_computed_from_sound_do_not_speak_against_words(store):
    for dataset in BIMODAL:
        for factors in (STATED, BY_LOSS):
            put(store, dataset, "text_only", 0.4, factors=factors)
            put(store, dataset, "audio_only", 0.7, factors=factors)
    verdict = judged(store, "Lyrics alone predict mood better")
    # Both speak against it; that of the service's labels is shown and does not count, and one data set is not enough.
    assert verdict.judgement == "undecided" and "tcc_ceds \u221230" in str(verdict.because)
    assert not any(".tcc_ceds." in record for record in verdict.records)


def test_labels_computed_from_audio_do_not_speak_for_a_model_that_reads_audio(store):
    for dataset in BIMODAL:
        for factors in (STATED, BY_LOSS):
            put(store, dataset, "text_only", 0.4, factors=factors)
            put(store, dataset, "attention", 0.7 if dataset == "tcc_ceds" else 0.4, factors=factors)
    verdict = judged(store, "Attention fusion beats text only")
    assert verdict.judgement == "undecided" and "tcc_ceds +30" in str(verdict.because)
    assert "against it, with no room for the stated lead: 2" in str(verdict.because)
    assert not any(".tcc_ceds." in record for record in verdict.records)


def test_log_loss_of_class_shares_by_hand(store):
    put(store, "tcc_ceds", "majority", 0.4, songs=400, folds=2)
    results = Results("gujar2026", store.all("gujar2026"), store)
    first, second = (np.sum(run.notes["confusion"], axis=1) / 400 for run in results)
    by_hand = -(first @ np.log(second) + second @ np.log(first)) / 2
    assert shares_log_loss(results, "tcc_ceds").value == pytest.approx(by_hand)


@pytest.mark.parametrize(("accuracy", "judgement"), [(0.6, "undecided"), (0.75, "supported")])
def test_deam_from_audio_alone_is_no_charge_where_other_models_fall_short(store, accuracy, judgement):
    for variant in ("boosting_descriptors", "audio_only"):
        put(store, "deam", variant, accuracy, "corrected")
    assert judged(store, "Audio alone recognises").judgement == judgement


@pytest.mark.parametrize(("accuracy", "judgement"), [(0.6, "supported"), (0.4, "undecided")])
def test_words_against_the_majority_class(store, accuracy, judgement):
    put(store, "deezer_mood+musixmatch", "majority", 0.4)
    put(store, "deezer_mood+musixmatch", "logistic_tfidf", accuracy)
    assert judged(store, "Lyrics of Million Song").judgement == judgement


def test_a_network_that_was_still_improving_is_no_evidence(store):
    for dataset in BIMODAL:
        for factors in (STATED, BY_LOSS):
            # The stated rule ends a training when it ends it; only those stopped by loss must be level.
            put(store, dataset, "late_fusion", 0.5, factors=factors, levelled_off=False)
            put(store, dataset, "attention", 0.8, factors=factors, levelled_off=True)
    verdict = judged(store, "Attention fusion beats late fusion")
    assert verdict.judgement == "undecided" and "4 of 8 trainings were still improving" in str(verdict.because)


def test_every_rule_rests_on_the_ledger_and_one_is_the_headline(store):
    book = ledger.load("gujar2026")
    known = {claim.id for claim in (*book.claims, *book.statements)}
    assert all(set(rule.about) <= known for rule in RULES)
    judgements = {verdict.judgement for verdict in verdicts(Results("gujar2026", [], store))}
    assert judgements == {"not run", "undecided", "untestable"}
    assert policy.headline(verdicts(Results("gujar2026", [], store))).judgement == "not run"


@pytest.mark.parametrize("table", TABLES)
def test_tables_render_with_no_records_and_with_the_committed_ones(table, committed, store):
    for results in (Results("gujar2026", [], store), committed):
        assert table(results).markdown()


def test_figures_describe_themselves(committed):
    assert "tcc_ceds" in chapter.ladder_figure(committed).alt
    assert "median" in chapter.attention_figure(committed).alt


def test_prose_quotes_numbers_that_exist(committed):
    from mer_repro import paths

    page = (paths.PROJECT / "book" / "papers" / "gujar2026.md").read_text(encoding="utf-8")
    quoted = {part.partition("`")[0] for part in page.split("{glue:text}`")[1:]}
    numbers = chapter.numbers(committed)
    assert quoted == set(numbers)
    assert all("".join(text for text, _ in spans(cell)) for cell in numbers.values())
