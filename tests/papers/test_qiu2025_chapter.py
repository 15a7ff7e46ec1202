"""The chapter on qiu2025: rules turn as planted, every table renders with and without records."""

import numpy as np
import pytest

from mer_repro import verdicts as policy
from mer_repro.audit import ledger
from mer_repro.papers.qiu2025 import chapter, study
from mer_repro.papers.qiu2025.verdicts import RULES, verdicts
from mer_repro.results import Results
from mer_repro.runs.records import Outcome, RecordStore, Run
from mer_repro.tables import spans

TABLES = [
    chapter.fold_table, chapter.spread_table, chapter.ladder_table, chapter.ablation_table, chapter.pattern_table,
    chapter.lag_table, chapter.weights_table, chapter.profile_table, chapter.untested_table, chapter.card,
    lambda results: chapter.against_table(results, "valence"),
    lambda results: chapter.against_table(results, "arousal", "deam"),
]  # fmt: skip


@pytest.fixture
def store(tmp_path):
    return RecordStore(tmp_path)


@pytest.fixture(scope="module")
def committed():
    return Results.load("qiu2025")


def put(store, variant, protocol, error, dataset="vgmidi", notes=None, songs=40, **factors):
    """A run whose predictions are off by noise of this size, in units of the labels' standard deviation."""
    rng = np.random.default_rng(factors.get("init", 0))
    song = np.repeat(np.arange(songs), 10)
    true = np.random.default_rng(5).normal(size=len(song))
    predictions = {"group": song, "y_true": true, "y_pred": true + rng.normal(0, error, len(true))}
    run = Run("qiu2025", dataset, "real", protocol, variant, "arousal", 0, factors=factors)
    outcome = Outcome({"r2": 1 - error**2}, predictions=predictions, notes=notes or {})
    store.put(run, outcome, data_fingerprint="d", source_fingerprint="s", device="cpu", seconds=1.0)


def judged(store, start):
    results = Results("qiu2025", store.all("qiu2025"), store)
    return next(verdict for verdict in verdicts(results) if verdict.claim.startswith(start))


@pytest.mark.parametrize(("error", "judgement"), [(0.1, "unsupported"), (0.9, "supported")])
def test_a_stated_score_is_no_evidence_where_labels_alone_exceed_it(store, error, judgement):
    put(store, "song_mean", "within_song_random", error, dataset="pmemo")
    verdict = judged(store, "The network predicts arousal in music")
    assert verdict.judgement == judgement and verdict.headline and "–" in str(verdict.because)


@pytest.mark.parametrize(
    ("error", "levelled", "judgement"),
    # One data set besides the paper's supports a claim, and cannot refute it alone.
    [(0.9, True, "supported"), (0.2, True, "undecided"), (0.9, False, "undecided")],
)
def test_parts_are_judged_on_trained_networks_of_the_folds(store, error, levelled, judgement):
    for protocol in study.SIDES:
        for init in (0, 1):
            notes = {"levelled_off": levelled}
            put(store, "cnn_bilstm", protocol, 0.4, notes=notes, init=init)
            for variant in ("no_cnn", "no_bilstm", "neither"):
                put(store, variant, protocol, error, notes=notes, init=init)
    verdict = judged(store, "Both the CNN")
    assert verdict.judgement == judgement
    assert ("still improving" in str(verdict.because)) is not levelled


@pytest.mark.parametrize(("gain", "judgement"), [(0.5, "supported"), (0.0, "undecided")])
def test_lag_orders_are_judged_by_the_network_on_the_folds(store, gain, judgement):
    for protocol in study.SIDES:
        for order in (1, 5, 10, 15, 20, 25):
            error = 0.9 - gain * (order == 25)
            put(store, "lagged", protocol, error, notes={"levelled_off": True}, length=order)
    assert judged(store, "With rising lag order").judgement == judgement
    assert judged(store, "The lag order of 25").judgement == judgement


def test_every_rule_rests_on_the_ledger_and_one_is_the_headline(committed):
    book = ledger.load("qiu2025")
    known = {claim.id for claim in (*book.claims, *book.statements)}
    assert all(set(rule.about) <= known for rule in RULES)
    assert policy.headline(verdicts(committed)).judgement == "unsupported"
    columns = {"claim", "rule", "evidence", "changed when its results were known", "ledger"}
    assert set(policy.rules_table("qiu2025", RULES).columns) == columns


@pytest.mark.parametrize("table", TABLES)
def test_tables_render_with_no_records_and_with_the_committed_ones(table, committed, store):
    for results in (Results("qiu2025", [], store), committed):
        assert table(results).markdown()


def test_figures_describe_themselves(committed):
    assert "the split within songs adds" in chapter.fold_figure(committed).alt
    assert "seven rungs" in chapter.ladder_figure(committed).alt


def test_prose_quotes_numbers_that_exist(committed):
    from mer_repro import paths

    page = (paths.PROJECT / "book" / "papers" / "qiu2025.md").read_text(encoding="utf-8")
    quoted = {part.partition("`")[0] for part in page.split("{glue:text}`")[1:]}
    numbers = chapter.numbers(committed)
    assert quoted <= set(numbers)
    assert all("".join(text for text, _ in spans(cell)) for cell in numbers.values())


def test_on_the_same_songs_the_leak_alone_raises_the_score(committed):
    """The chapter's finding, on the committed records: paired, and far beyond its interval."""
    rows = {(row["data"], row["model"]): row["difference"][0] for row in chapter.fold_table(committed).rows}
    assert rows["DEAM, arousal", "extremely randomised trees"].low > 0.3
    assert rows["VGMIDI, arousal", "ridge regression"].low > 0.1
