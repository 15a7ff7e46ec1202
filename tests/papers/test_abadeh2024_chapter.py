"""abadeh2024's verdicts on planted records, and its tables with the committed records and with none."""

import inspect
import itertools

import numpy as np
import pytest

from mer_repro import audit
from mer_repro import verdicts as policy
from mer_repro.audit import ledger
from mer_repro.critique import chapter as critique
from mer_repro.critique import rooms
from mer_repro.papers.abadeh2024 import chapter, genres, networks, verdicts
from mer_repro.papers.abadeh2024.names import LEARNT, REAL, SETTINGS, levels
from mer_repro.results import Results
from mer_repro.runs.records import Outcome, RecordStore, Run

LEVEL = {"train_loss": [1.0, 0.5] + [0.3] * 8, "validation_loss": [1.0, 0.6] + [0.4] * 8}
USERS, ITEMS = 40, 20


@pytest.fixture
def store(tmp_path):
    return RecordStore(tmp_path)


def load(store):
    return Results("abadeh2024", store.all("abadeh2024"), store)


def put(store, dataset, variant, setting, share, seed=0, luck=0, seconds=1.0):
    """A model of some setting that is right on a share of items; `luck` says on which."""
    genre = np.resize(np.arange(6), USERS * ITEMS)
    right = np.random.default_rng(luck).random(len(genre)) < share
    predictions = {"group": np.repeat(np.arange(USERS), ITEMS)}
    for one in SETTINGS:
        if genres.n_classes(one) <= genres.n_classes(setting):
            true = genres.classes_of(genre, one)
            suffix = "" if one == setting else f"_{one}"
            said = np.where(right, true, (true + 1) % genres.n_classes(one))
            predictions |= {f"y_true{suffix}": true, f"y_pred{suffix}": np.where(true < 0, 0, said)}
    n = genres.n_classes(setting)
    notes = {"epochs_run": [10, 10], "weights": [600], "confusion": (np.eye(n, dtype=int) * 9 + 1).tolist()}
    run = Run("abadeh2024", dataset, "real", "users_apart", variant, setting, seed)
    outcome = Outcome({"accuracy": share}, predictions=predictions, curves=LEVEL, notes=notes)
    store.put(run, outcome, data_fingerprint="d", source_fingerprint="s", device="cpu", seconds=seconds)


def verdict(store, about):
    return next(v for v in verdicts.verdicts(load(store)) if about in v.about)


def factorial(store, gain):
    """A factorial in which attention changes the share of right predictions by `gain`, and nothing else does."""
    for dataset in REAL:
        for variant in networks.FACTORIAL:
            if dataset == REAL[0] or "stress" not in variant:
                for setting in SETTINGS:
                    put(store, dataset, variant, setting, 0.5 + gain * ("attention" in variant))


@pytest.mark.parametrize(("gain", "judgement"), [(0.2, "supported"), (0.0, "unsupported"), (-0.2, "unsupported")])
def test_attention_follows_a_planted_effect_and_the_cell_does_not(store, gain, judgement):
    factorial(store, gain)
    found = verdict(store, "s.attention_accuracy")
    assert found.judgement == judgement
    effect = verdicts.effect("attention", "situnes", "genres_6")(load(store))
    assert effect.value == pytest.approx(gain, abs=0.03)
    cell = verdicts.effect("cell", "situnes", "genres_6")(load(store))
    assert cell.value == 0


def test_levels_of_a_factor_differ_in_it_alone():
    for factor in ("attention", "stress", "cell"):
        one, other = levels(factor, "situnes")
        assert len(one) == len(other) == 4 and not set(one) & set(other)
        for first, second in zip(one, other, strict=True):
            recipes = networks.FACTORIAL[first].config, networks.FACTORIAL[second].config
            assert {name for name in recipes[0] if recipes[0][name] != recipes[1][name]} == {factor}


def test_models_trained_on_other_classes_are_compared_on_the_same_items(store):
    put(store, "situnes", "lstm", "genres_6", 0.5)
    put(store, "situnes", "lstm", "genres_3", 0.7)
    found = verdicts.gain(load(store), "situnes", ("lstm", "genres_3"), ("lstm", "genres_6"), "genres_3")
    right = np.random.default_rng(0).random(USERS * ITEMS)[np.resize(np.arange(6), USERS * ITEMS) < 3]
    assert found.value == pytest.approx(np.mean(right < 0.7) - np.mean(right < 0.5))
    assert found.low > 0


def test_what_the_report_disclaims_is_not_judged():
    """Fewer classes by themselves: only the explanation given for four, and stress and attention."""
    for rule in verdicts.RULES:
        if isinstance(rule, policy.Rule):
            assert "fewer classes" not in rule.claim and "three classes" not in rule.claim


def test_both_measures_of_the_report_by_hand():
    total = 18278 + 15476 + 3274 + 25780 + 1156 + 11099
    assert verdicts.majority_stated("genres_6") == pytest.approx(25780 / total)
    assert verdicts.majority_stated("genres_3") == pytest.approx(25780 / (18278 + 15476 + 25780))
    over = [100 * verdicts.over_stated(setting) for setting in SETTINGS]
    avoided = [100 * verdicts.avoided_stated(setting) for setting in SETTINGS]
    assert over == pytest.approx([18.7, 22.7, 22.7], abs=0.05)  # the rise from four to three vanishes
    assert avoided == pytest.approx([28.4, 34.5, 40.0], abs=0.05)  # and does not


def test_a_restricted_score_has_the_majority_class_of_its_items_beside_it(store):
    put(store, "situnes", "lstm", "genres_6", 0.5)
    rows = [row for row in chapter.fewer_classes_table(load(store)).rows if "restricted" in row["who predicts"]]
    assert rows[0]["majority class, %"][0].value == pytest.approx(1 / 3, abs=0.01)
    restricted = np.resize(np.arange(6), USERS * ITEMS) < 3
    accuracy = np.mean(np.random.default_rng(0).random(USERS * ITEMS)[restricted] < 0.5)
    assert rows[0]["points over it"][0].value == pytest.approx(accuracy - 1 / 3, abs=0.002)
    assert rows[0]["relative error reduction, %"][0].value == pytest.approx((accuracy - 1 / 3) / (2 / 3), abs=0.002)


def test_records_without_evidence_show_both_measures_too(store):
    run = Run("abadeh2024", "situnes", "real", "users_apart", "lstm", "genres_6", 0)
    scores = {"accuracy": 0.5, "over_majority": 0.1, "genres_3_accuracy": 0.6, "genres_3_over_majority": -0.05}
    store.put(run, Outcome(scores), data_fingerprint="d", source_fingerprint="s", device="cpu", seconds=1.0)
    runs = load(store)
    assert verdicts.skill(runs, "errors_avoided").value == pytest.approx(0.1 / 0.6)
    assert verdicts.skill(runs, "majority", "genres_3").value == pytest.approx(0.65)


def test_cost_is_told_in_parameters_and_in_time(store):
    for setting in SETTINGS:
        for dataset in REAL:
            put(store, dataset, "lstm", setting, 0.5, seconds=2.0)
            put(store, dataset, "gru", setting, 0.5, seconds=1.0)
    assert verdicts.epoch_ratio(load(store)).value == pytest.approx(2.0)
    assert (
        verdict(store, "s.lstm_costs_more").judgement == "undecided"
    )  # as many parameters as the GRU, in these records


def test_networks_are_compared_where_the_plain_lstm_is_above_the_majority_class_and_nowhere_else():
    results = Results.load("abadeh2024")
    for dataset, setting in itertools.product(REAL, SETTINGS):
        lead = verdicts.cell(results, dataset, "lstm", setting).score("over_majority")
        assert ((dataset, setting) in LEARNT) == (lead.low > 0)


def test_what_was_planted_shows_a_method_and_supports_no_claim(store):
    for variant, share in (("lstm", 0.4), ("lstm_stress", 0.8)):
        put(store, "planted", variant, "genres_6", share)
    assert verdict(store, "s.stress_after_session").judgement == "not run"
    for cell, factors in itertools.product(("lstm", "gru"), ("", "_attention")):
        for stress, share in (("", 0.4), ("_stress", 0.8)):
            put(store, "situnes", f"{cell}{factors}{stress}", "genres_6", share)
    assert verdict(store, "s.stress_after_session").judgement == "supported"


def test_stress_is_there_for_as_many_sessions_as_the_audit_counts():
    found = [one for one in audit.run("abadeh2024") if "abadeh2024.s.stress_concatenated" in one.claims]
    share = format(verdicts.stress_coverage(Results.load("abadeh2024")), "%1")
    assert any(one.check == "coverage" and f"({share} %)" in one.detail for one in found)


@pytest.mark.parametrize(("setting", "depends"), [("six", True), ("four", True), ("three", False)])
def test_the_leads_over_the_gru_that_overlap_decides(setting, depends):
    """What the headline verdict says of the report's own leads, were a fifth of its samples or of its users tested."""
    rows = critique.precision_rows([rooms.Room("abadeh2024", ledger.load("abadeh2024"))])
    found = [row["overlaps"] for row in rows if row["says"] == f"LSTM against GRU, {setting} classes"]
    assert len(found) == 2 and all(one.most < 0.05 for one in found)
    assert all((one.least >= 0.05) == depends for one in found)


def test_every_claim_is_in_the_ledger_and_one_is_the_headline():
    book = ledger.load("abadeh2024")
    known = {one.id for one in (*book.claims, *book.statements)}
    assert {name for rule in verdicts.RULES for name in rule.about} <= known
    assert "s.lstm_above_gru_again" in policy.headline(verdicts.verdicts(Results.load("abadeh2024"))).about


def test_every_statement_is_judged_checked_or_listed_with_a_reason():
    from mer_repro import report

    rows = report.untested_table("abadeh2024", verdicts.verdicts(Results.load("abadeh2024")), verdicts.UNTESTED).rows
    assert rows and not [row for row in rows if row["why not"] == report.NOT_TESTED]


TABLES = [getattr(chapter, name) for name in dir(chapter) if name.endswith("_table")]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_table_stands_with_the_records_and_without(store, table):
    for results in (load(store), Results.load("abadeh2024")):
        given = (results, "situnes")[: len(inspect.signature(table).parameters)]
        assert table(*given).markdown()


def test_figures_numbers_and_head_stand_without_records(store):
    nothing = load(store)
    assert chapter.fewer_classes_figure(nothing).alt and chapter.effects_figure(nothing).alt
    assert chapter.confusion_figure(nothing, "situnes").alt
    assert chapter.numbers(nothing).keys() == chapter.numbers(Results.load("abadeh2024")).keys()
    assert "untestable" in chapter.card(nothing).markdown()
