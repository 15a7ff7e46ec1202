"""The critique across papers: places exist, effects and p-values are what a hand gets, papers without runs say so."""

import dataclasses
import math

import numpy as np
import pytest
import scipy.stats

from mer_repro import papers
from mer_repro.audit import ledger
from mer_repro.audit.runner import Result
from mer_repro.critique import chapter, compare, curated, figures, precision, rooms
from mer_repro.results import Results, Score
from mer_repro.runs.records import Outcome, Record, RecordStore, Run
from mer_repro.tables import Table
from mer_repro.verdicts import Verdict


def record(**changes):
    base = dict.fromkeys([field.name for field in dataclasses.fields(Record)])
    base |= dict(
        id="x", paper="one2020", dataset="toys", data="real", protocol="clean", variant="network", target="", seed=0,
        parameters={}, metrics={}, intervals={}, counts={}, curves={}, notes={}, device="cpu", seconds=1.0,
    )  # fmt: skip
    changes.setdefault("id", ".".join(str(changes.get(key, base[key])) for key in ("protocol", "variant", "seed")))
    return Record(**(base | changes))


def book(key="one2020"):
    place = {"section": "Results"}
    numbers = {"a": ("accuracy", "0.8"), "b": ("accuracy", "0.7"), "c": ("count", "50"), "d": ("accuracy", "0.6")}
    claims = [
        {"id": name, "where": place, "quantity": quantity, "unit": "1", "value": value}
        for name, (quantity, value) in numbers.items()
    ]
    claims[2] |= {"unit": "songs", "about": {"split": "test"}}
    claims[3] |= {"spread": "0.1", "about": {"model": "rival"}}
    statement = {"id": "s.best", "where": place, "kind": "superiority", "says": "A is significantly better than B."}
    check = {"id": "k.order", "check": "ordering", "claims": {"greater": "a", "less": ["b", "d"]}}
    return ledger.Ledger(paper=key, claims=claims, statements=[statement], checks=[check])


def room(**changes):
    results = [Result("one2020", "ordering", ["one2020.a", "one2020.b"], "inconsistent", "", [], None, "k.order")]
    verdicts = [Verdict("A is better.", ("s.best", "a"), "undecided", "Too few songs.")]
    given = dict(
        key="one2020", book=book(), results=results, runs=Results("one2020", [record()], None), verdicts=verdicts
    )
    return rooms.Room(**(given | changes))


# ---- places ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "judged",
    [curated.leaks, curated.comparisons, curated.data_sets, curated.open_questions, curated.checklist],
)
def test_every_judgement_names_a_place_that_exists(judged):
    judged()


def test_a_place_that_is_not_there_is_named():
    missing = ["t9.nothing", "fact:nothing", "repo:nothing.py", "repo:README.md::no such words"]
    faults = curated.misplaced("qiu2025", ["t1.ours.testing.r2", "fact:deam_songs", "repo:README.md", *missing])
    assert len(faults) == 4
    for fault, words in zip(faults, ("t9.nothing", "nothing", "nothing.py", "no such words"), strict=True):
        assert words in fault


#: How many items each module of REFORMS has, 32 in all.
REFORMS = {1: "abc", 2: "abcde", 3: "abcdefg", 4: "abc", 5: "abcdef", 6: "abc", 7: "abc", 8: "ab"}


def test_the_checklist_names_items_that_reforms_has():
    assert sum(map(len, REFORMS.values())) == 32
    for question in curated.checklist().questions:
        reforms, others = [], []
        for who in question.after.removeprefix("REFORMS ").split(", "):
            (reforms if who[0].isdigit() else others).append(who)
        assert question.after.startswith("REFORMS ") == bool(reforms) and set(others) <= {"ML", "ours"}, question.id
        assert all(item[1:] in REFORMS[int(item[0])] for item in reforms), question.id


def test_this_study_and_every_paper_read_so_far_answer_the_whole_checklist():
    """A paper that was laid out a moment ago is left out until its answers are in checklist.yaml (add_a_paper.md)."""
    filled = curated.checklist()
    read = {"abadeh2024", "bai2026", "bath2025", "gujar2026", "qiu2025", rooms.THIS_STUDY}
    assert read <= set(filled.answers) <= {*papers.paper_keys(), rooms.THIS_STUDY}
    assert not any(leak.certainty == "stated" and not leak.places for leak in curated.leaks())


def test_stated_numbers_of_comparisons_are_in_the_ledgers_better_one_first():
    for claim in curated.comparisons():
        better, worse = (rooms.Room(claim.paper, ledger.load(claim.paper)).stated(name).value for name in claim.stated)
        assert (better < worse) if claim.metric in compare.LOWER_IS_BETTER else (better > worse), claim.says


# ---- one paper -------------------------------------------------------------------------------------------------------


def test_audit_and_reruns_are_read_back_to_ledger_entries():
    found = room()
    assert found.audited() == {
        "a": "inconsistent", "b": "inconsistent", "c": rooms.NOT_CHECKED, "d": rooms.NOT_BLAMED,
        "s.best": rooms.NOT_CHECKED,
    }  # fmt: skip
    assert found.judged()["s.best"] == "undecided" and found.judged()["b"] == rooms.NOT_JUDGED
    (row,) = chapter.matrix_counts([found]).to_dict("records")
    assert (row["entries"], row["checked"], row["checks"], row["inconsistent"]) == (5, 3, 1, 1)
    assert (row["judged"], row["undecided"], row["supported"]) == (1, 1, 0)


def test_a_paper_without_runs_stands_as_not_rerun_everywhere():
    silent = room(runs=None, verdicts=[])
    assert set(silent.judged().values()) == {rooms.NOT_RERUN}
    assert chapter.totals_table([silent]).frame["runs"].tolist() == [rooms.NOT_RERUN, rooms.NOT_RERUN]
    shown = chapter.verdicts_table([room(), silent]).frame
    assert shown["verdict"].tolist() == ["? undecided", rooms.NOT_RERUN] and shown["runs"].tolist() == ["–", "–"]
    assert "not rerun" in figures.overview([silent]).alt
    claim = curated.comparisons()[0]
    (trial,) = compare.trials(claim, rooms.Room(claim.paper, ledger.load(claim.paper)))
    assert trial.verdict == "not rerun"


def test_statistics_are_counted_from_the_ledger():
    found = chapter.omissions(room())
    assert found == {"scores": 3, "with_spread": 1, "repeats": 0, "tests": 0, "test_sizes": 1}


def test_cost_adds_up():
    runs = [record(seed=seed, seconds=30.0 * (seed + 1)) for seed in range(3)] + [record(protocol="leak", seconds=3725)]
    table = chapter.cost([room(runs=Results("one2020", runs, None))])
    assert table["protocol"].tolist() == ["leak", "clean"]
    assert table["runs"].tolist() == [1, 3] and table["seconds"].tolist() == [3725.0, 180.0]
    assert table["longest"].tolist() == [3725.0, 90.0]
    assert [chapter.duration(s) for s in (4.21, 180, 3725)] == ["4.2 s", "3 min 0 s", "1 h 02 min"]


# ---- differences -----------------------------------------------------------------------------------------------------


def test_a_change_prints_in_the_unit_of_its_metric():
    assert str(chapter.shown("accuracy", Score(0.2, -0.01, 0.4))) == "+20.0 [−1.0, +40.0] points of accuracy"
    assert str(chapter.shown("r2", Score(0.4, 0.35, 0.5))) == "+0.40 [+0.35, +0.50] R²"
    assert str(chapter.shown("mae", Score(0.0041))) == "+0.004 MAE"


def test_swap_is_turned_round_to_published_minus_right():
    rows = [{"model": "ridge", "target": "arousal", "difference": 0.17, "low": 0.14, "high": 0.2}]
    change = chapter._swap({"swap": {"differences": rows}}, "ridge", "arousal")
    assert (change.value, change.low, change.high) == (-0.17, -0.2, -0.14)


@pytest.mark.parametrize(
    ("network", "ridge", "verdict"),
    [(0.1, 0.5, "better"), (0.5, 0.1, "worse"), (0.3, 0.3, "cannot tell")],
)
@pytest.mark.parametrize("metric", ["r2", "mae"])
def test_superiority_is_judged_against_the_best_simple_model(tmp_path, network, ridge, verdict, metric):
    """Errors of the given size: the smaller one is better, by R² as by MAE."""
    cell = {"dataset": "toys", "protocol": "clean", "variant": "network"}
    claim = curated.Comparison(
        paper="one2020", says="better", places=["a"], stated=("a", "b"), metric=metric, network="network",
        rival="rival", simple=["constant", "ridge"], cells=[cell],
    )  # fmt: skip
    store, rng = RecordStore(tmp_path), np.random.default_rng(0)
    true = rng.normal(size=200)
    errors = {
        name: rng.normal(0, size, 200) for name, size in (("network", network), ("ridge", ridge), ("constant", 1.5))
    }
    # As good as the network: the same errors, turned round.
    for variant, error in (errors | {"rival": -errors["network"]}).items():
        outcome = Outcome({}, predictions={"y_true": true, "y_pred": true + error})
        run = Run("one2020", "toys", "real", "clean", variant)
        store.put(run, outcome, data_fingerprint="d", source_fingerprint="s", device="cpu", seconds=1.0)
    runs = Results("one2020", store.all("one2020"), store)
    (trial,) = compare.trials(claim, room(runs=runs))
    assert (trial.simple, trial.verdict) == ("ridge", verdict)
    better = runs.where(variant="network").score(metric).value - runs.where(variant="ridge").score(metric).value
    assert trial.over_simple.value == pytest.approx(-better if metric == "mae" else better)
    assert compare.outcome(trial.over_rival) == "cannot tell"
    assert {name.split(".")[4] for name in trial.over_simple.records} == {"network", "ridge"}


def test_without_evidence_no_difference_is_told():
    cell = {"dataset": "toys", "protocol": "clean", "variant": "network"}
    claim = curated.Comparison(
        paper="one2020", says="better", places=["a"], stated=("a", "b"), metric="r2", network="network",
        simple=["ridge"], cells=[cell],
    )  # fmt: skip
    runs = [record(variant=variant, metrics={"r2": 0.5}) for variant in ("network", "ridge")]
    (trial,) = compare.trials(claim, room(runs=Results("one2020", runs, None)))
    assert trial.over_simple is None and trial.verdict == "no evidence kept"


# ---- precision -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_the_detectable_difference_is_found_four_times_in_five(correlation):
    """Planted: two models of these accuracies whose errors have this correlation, on 2,000 items, many times."""
    items, worse = 2000, 0.7
    lead = 0.0
    for _ in range(20):  # the difference depends a little on the accuracies, and these on it
        lead = precision.detectable(worse + lead, worse, items, correlation)
    better = worse + lead
    shared = correlation * math.sqrt(better * (1 - better) * worse * (1 - worse))
    both, only_better, only_worse = (
        better * worse + shared,
        better * (1 - worse) - shared,
        worse * (1 - better) - shared,
    )
    table = [both, only_better, only_worse, 1 - both - only_better - only_worse]
    drawn = np.random.default_rng(0).multinomial(items, table, size=4000)
    z = (drawn[:, 1] - drawn[:, 2]) / np.sqrt(drawn[:, 1] + drawn[:, 2])
    assert np.mean(z > 1.96) == pytest.approx(0.8, abs=0.03)


def test_errors_cannot_be_more_alike_than_the_accuracies_allow():
    # The worse model errs wherever the better one does: then the variance is that of the lead itself, d (1 - d).
    found = precision.detectable(0.9, 0.8, 100, 1.0)
    assert found == pytest.approx(precision.statistics.smallest_detectable_difference(math.sqrt(0.1 * 0.9 / 100)))


def test_overlaps_of_two_accuracies_on_hundred_items():
    # 80 against 70 right of 100: the weaker one alone is right on 0, 70 * 0.2 = 14, or at most 20 items
    found = precision.accuracies(0.8, 0.7, 100)
    expected = [scipy.stats.binomtest(b, n).pvalue for b, n in ((10, 10), (24, 38), (30, 50))]
    assert [found.most, found.independent, found.least] == pytest.approx(expected)
    # (1.959964 + 0.841621) * sqrt((0.16 + 0.21) / 100)
    assert found.detectable == pytest.approx(2.801585 * math.sqrt(0.0037), abs=1e-6)
    assert found.reading == "beyond chance only if errors overlap more than independent ones"
    assert precision.accuracies(0.9, 0.6, 1000).reading == "beyond chance, whatever the overlap"
    assert precision.accuracies(0.51, 0.50, 100).reading == "within chance, whatever the overlap"


def test_items_needed_is_where_the_difference_becomes_detectable():
    needed = precision.items_needed(0.53, 0.52)
    assert precision.accuracies(0.53, 0.52, needed).detectable <= 0.01
    assert precision.accuracies(0.53, 0.52, needed - 1).detectable > 0.01


def test_wilson_interval_against_the_formula():
    share, n, z = 0.75, 80, 1.959964
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    assert precision.wilson(share, n) == pytest.approx((centre - reach, centre + reach), abs=1e-6)


def test_absolute_errors_from_mae_and_rmse():
    # deviations 0.3 and 0.4 of the absolute error; 25 items: standard errors 0.02, 0.1, 0.14 of a difference of 0.1
    found = precision.absolute_errors((0.4, 0.5), (0.5, math.hypot(0.5, 0.4)), 25)
    expected = [2 * scipy.stats.norm.sf(z) for z in (5, 1, 0.1 / 0.14)]
    assert [found.most, found.independent, found.least] == pytest.approx(expected)
    assert precision.absolute_errors((0.5, 0.4), (0.5, 0.6), 25) is None


def test_a_worse_first_score_is_refused():
    with pytest.raises(ValueError, match="greater accuracy first"):
        precision.accuracies(0.5, 0.6, 100)


# ---- the page --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def everything():
    from mer_repro.critique.data_chapter import survey

    return rooms.enter_all(), survey.read()


def test_bai_lead_over_late_fusion_depends_on_the_overlap(everything):
    """578 users, 0.734 against 0.701: 424 against 405 right, so 19 users more."""
    (row,) = (r for r in chapter.precision_rows(everything[0]) if r["says"] == "TCN-LM against late fusion")
    assert row["items"] == 578
    assert row["overlaps"].most == pytest.approx(2 * 0.5**19)
    assert row["overlaps"].least == pytest.approx(scipy.stats.binomtest(173, 327).pvalue)


def test_the_matrix_has_every_entry_of_every_ledger(everything):
    entries = sum(len(one.book.claims) + len(one.book.statements) for one in everything[0])
    assert len(chapter.claims_matrix(everything[0]).frame) == entries
    assert {one.key for one in everything[0]} == set(papers.paper_keys())


def test_every_table_and_figure_shows_and_every_quoted_number_is_defined(everything):
    all_rooms, survey = everything
    text = (papers.ROOMS.parent.parent / "book" / "critique.md").read_text(encoding="utf-8")
    quoted = chapter.numbers(all_rooms, survey)
    glued = {part.partition("`")[0] for part in text.split("{glue:text}`")[1:]}
    assert glued <= set(quoted) and not any("nan" in str(value) for value in quoted.values())
    for table in (
        chapter.overview_table(all_rooms), chapter.verdicts_table(all_rooms), chapter.taxonomy_table(),
        chapter.leaks_table(), chapter.inflation_table(all_rooms, survey), chapter.superiority_table(all_rooms),
        chapter.data_table(all_rooms, survey), chapter.omissions_table(all_rooms), chapter.precision_table(all_rooms),
        chapter.checklist_table(all_rooms), chapter.answers_table(all_rooms), chapter.totals_table(all_rooms),
        chapter.cost_table(all_rooms), chapter.open_table(),
    ):  # fmt: skip
        assert isinstance(table, Table) and len(table.frame)
    for figure in (figures.overview(all_rooms), figures.inflations(all_rooms, survey), figures.detectable(all_rooms)):
        assert figure.alt and "nan" not in figure.alt
