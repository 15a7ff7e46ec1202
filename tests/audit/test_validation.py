"""Honest tables are never called inconsistent; planted errors are found; other tools agree where they do the same."""

import logging

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mer_repro.audit import trials, validation
from mer_repro.audit.checks import CHECKS
from mer_repro.audit.checks.classification import confusion_counts
from mer_repro.audit.checks.counts import granularity
from mer_repro.audit.numbers import number
from mer_repro.audit.validation import Printer, class_scores

slow_data = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("kind", validation.GENERATORS)
@given(seed=st.integers(0, 2**32 - 1))
@slow_data
def test_honest_tables_are_never_inconsistent(kind, seed):
    table = validation.GENERATORS[kind](np.random.default_rng(seed))
    false_alarms = [check for check, found in validation.verdicts(table).items() if "inconsistent" in found]
    assert not false_alarms, (table.claims, false_alarms)


@given(
    st.lists(st.lists(st.integers(0, 60), min_size=3, max_size=3), min_size=3, max_size=3),
    st.integers(2, 4),
    st.booleans(),
)
@slow_data
def test_no_confusion_matrix_is_called_impossible(matrix, decimals, half_even):
    for k in range(3):
        matrix[k][k] += 1  # no empty class and no undefined precision
    scores, show = class_scores(matrix), Printer(decimals, half_even)
    columns = {
        name: [number(f"p.{name}{k}", show(value)) for k, value in enumerate(scores[name])]
        for name in ("precision", "recall", "f1")
    }
    support = [number(f"p.s{k}", str(sum(row)), rounding="exact") for k, row in enumerate(matrix)]
    accuracy = number("p.a", show(scores["accuracy"]))
    finding = confusion_counts(**columns, support=support, accuracy=accuracy, runs="one")
    assert finding.verdict == "consistent"
    again = class_scores(finding.witness["matrix"])  # the witness prints the same scores, up to ties
    for name, column in columns.items():
        assert all(c.interval.contains(v) for c, v in zip(column, again[name], strict=True))


def test_class_scores_are_those_of_scikit_learn():
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    matrix = [[50, 3, 7], [4, 20, 6], [9, 1, 80]]
    true = np.repeat(range(3), [sum(row) for row in matrix])
    named = np.concatenate([np.repeat(range(3), row) for row in matrix])
    scores = class_scores(matrix)
    precision, recall, f1, _ = precision_recall_fscore_support(true, named)
    for name, expected in (("precision", precision), ("recall", recall), ("f1", f1)):
        assert [float(value) for value in scores[name]] == pytest.approx(list(expected))
    assert float(scores["accuracy"]) == pytest.approx(accuracy_score(true, named))


@pytest.mark.parametrize("seed", range(25))
def test_binary_verdicts_agree_with_mlscorecheck(seed):
    """One test set, one run: sensitivity, specificity, precisions and accuracy, some of them moved."""
    from mlscorecheck.check.binary import check_1_testset_no_kfold

    logging.getLogger("mlscorecheck").setLevel(logging.ERROR)
    rng = np.random.default_rng(seed)
    positive, negative = (int(n) for n in rng.integers(20, 300, 2))
    hits, rejected = int(rng.integers(5, positive)), int(rng.integers(5, negative))
    scores = {
        "sens": hits / positive,
        "spec": rejected / negative,
        "ppv": hits / (hits + negative - rejected),
        "npv": rejected / (rejected + positive - hits),
        "acc": (hits + rejected) / (positive + negative),
    }
    if seed % 2:
        moved = ("ppv", "acc", "sens")[seed % 3]
        scores[moved] = min(scores[moved] + float(rng.uniform(-0.05, 0.05)), 1.0)
    printed = {name: Printer(3, True)(value) for name, value in scores.items()}
    theirs = check_1_testset_no_kfold(
        testset={"p": positive, "n": negative}, scores={k: float(v) for k, v in printed.items()}, eps=0.0005
    )["inconsistency"]
    value = {name: number(f"p.{name}", text) for name, text in printed.items()}
    ours = confusion_counts(
        precision=[value["ppv"], value["npv"]],
        recall=[value["sens"], value["spec"]],
        support=[number("p.p", str(positive), rounding="exact"), number("p.n", str(negative), rounding="exact")],
        accuracy=value["acc"],
        runs="one",
    )
    assert (ours.verdict == "inconsistent") == theirs


@given(st.integers(2, 400), st.integers(0, 400), st.integers(1, 4))
@settings(max_examples=200, deadline=None)
def test_granularity_is_what_counting_every_share_gives(items, hundredths, decimals):
    text = Printer(decimals, True)(hundredths / 401)
    printable = {Printer(decimals, rule)(number_of / items) for number_of in range(items + 1) for rule in (True, False)}
    finding = granularity([number("p.v", text)], number("p.n", str(items), rounding="exact"), runs="one")
    # float ties aside, a share is possible exactly if some whole number of items prints it
    if text in printable:
        assert finding.verdict == "consistent"
    elif finding.verdict == "consistent":
        assert any(abs(k / items - float(text)) <= 0.5 * 10**-decimals + 1e-12 for k in range(items + 1))


@pytest.fixture(scope="module")
def measured():
    return validation.measure(200)


def test_validation_set_is_half_honest_and_plants_every_error(measured):
    tables = measured.drop_duplicates("table")
    of_remarks = tables[tables.check.isin(validation.REMARKS) & (tables.kind == "trial")]
    assert len(of_remarks) and (of_remarks.planted == "").all()
    others = tables.drop(of_remarks.index)
    assert (others.planted == "").sum() == len(others) / 2
    assert set(tables.planted) - {""} == {*validation.ERRORS, *trials.TRIALS} - validation.REMARKS


def test_every_check_is_measured_on_honest_cases_and_on_planted_errors(measured):
    honest = set(measured[measured.planted == ""].check)
    assert honest == set(CHECKS)
    assert set(measured[measured.target].check) == set(CHECKS) - validation.REMARKS


def test_no_false_alarm_on_the_validation_set(measured):
    assert measured[(measured.planted == "") & (measured.verdict == "inconsistent")].empty


def test_every_planted_error_is_noticed_by_a_check_meant_for_it(measured):
    aimed = measured[measured.target & (measured.verdict != "consistent")]
    rates = (
        aimed.groupby("planted").table.nunique() / measured[measured.planted != ""].groupby("planted").table.nunique()
    )
    assert rates.fillna(0).min() >= 0.5, rates  # F1 of means over runs may lie below 2PR / (P + R)
    assert rates.mean() > 0.95


def test_report_counts_what_was_measured():
    report = validation.report(30).set_index("check")
    assert report.false_alarms.sum() == 0
    assert (report.hits <= report.noticed).all() and (report.noticed <= report.planted).all()
