"""One policy: what evidence makes of a claim, by what it is made on."""

import math

import pytest

from mer_repro.results import Results, Score
from mer_repro.runs.records import Outcome, RecordStore, Run
from mer_repro.verdicts import Fixed, Rule, above, below, headline, judge, rules_table, table, tally, within


def score(low, high, dataset="deam"):
    return Score((low + high) / 2, low, high, se=(high - low) / 4, records=(f"p.{dataset}.real.folds.net.seed0",))


def judged(on, criterion, **evidence):
    rule = Rule("A claim.", ("s.a",), {n: (lambda r, s=s: s) for n, s in evidence.items()}, criterion, on, "It is so.")
    return rule.judge(Results("p", [], None))


FOR, AGAINST, OPEN = score(0.1, 0.3), score(-0.3, -0.1), score(-0.1, 0.1)
ELSEWHERE = score(-0.3, -0.1, "pmemo")


@pytest.mark.parametrize(
    ("on", "evidence", "judgement"),
    [
        ("own", [FOR], "supported"), ("own", [AGAINST], "unsupported"), ("own", [OPEN], "undecided"),
        ("own", [FOR, OPEN], "undecided"), ("own", [FOR, AGAINST], "undecided"),
        ("own", [AGAINST, OPEN], "unsupported"),
        ("stand-in", [FOR], "supported"), ("stand-in", [AGAINST], "undecided"),
        ("stand-in", [AGAINST, AGAINST], "undecided"), ("stand-in", [AGAINST, ELSEWHERE], "unsupported"),
        ("stand-in", [AGAINST, ELSEWHERE, FOR], "undecided"), ("synthetic", [AGAINST], "undecided"),
        ("own", [None], "not run"), ("own", [FOR, None], "undecided"),
    ],
)  # fmt: skip
def test_policy(on, evidence, judgement):
    named = {f"e{k}": s for k, s in enumerate(evidence)}
    assert judged(on, above(0), **named).judgement == judgement


def test_unsupported_needs_the_stated_effect_excluded():
    """An interval from -0.1 to 0.1 excludes a stated effect of 0.2, and not one of 0.05."""
    assert judged("own", above(0, excludes=0.2), e=OPEN).judgement == "unsupported"
    assert judged("own", above(0, excludes=0.05), e=OPEN).judgement == "undecided"
    assert judged("own", below(0, excludes=-0.2), e=OPEN).judgement == "unsupported"


def test_equivalence_is_an_interval_inside_the_margin():
    assert judged("own", within(0.2), e=OPEN).judgement == "supported"
    assert judged("own", within(0.05), e=OPEN).judgement == "undecided"
    assert judged("own", within(0.05), e=AGAINST).judgement == "unsupported"


def test_a_score_without_interval_decides_nothing():
    assert judged("own", above(0), e=Score(5.0)).judgement == "undecided"


def test_undecided_says_what_it_could_have_seen():
    verdict = judged("own", above(0), e=OPEN)
    assert verdict.detectable == pytest.approx((1.959964 + 0.841621) * 0.05, rel=1e-4)
    assert math.isnan(judged("own", above(0), e=FOR).detectable)
    assert judged("own", above(0), e=OPEN).as_dict("p")["detectable"] == pytest.approx(verdict.detectable)


def test_a_network_that_still_improved_is_no_evidence(tmp_path):
    store = RecordStore(tmp_path)
    for seed, levelled in enumerate((True, False)):
        outcome = Outcome({"r2": 0.5}, notes={"levelled_off": levelled})
        run = Run("p", "deam", "real", "folds", "net", "", seed)
        store.put(run, outcome, data_fingerprint="d", source_fingerprint="s", device="cpu", seconds=1.0)
    results = Results("p", store.all("p"), store)
    rule = Rule("A claim.", (), {"e": lambda r: FOR}, above(0), "own", "It is so.", trained=lambda r: r)
    verdict = rule.judge(results)
    assert verdict.judgement == "undecided" and "1 of 2 trainings were still improving" in str(verdict.because)
    assert rule.judge(results.where(seed=0)).judgement == "supported"


@pytest.mark.parametrize(("trained", "judgement"), [(9, "supported"), (8, "undecided")])
def test_one_training_in_ten_may_have_been_improving_still(tmp_path, trained, judgement):
    store = RecordStore(tmp_path)
    for seed in range(trained + 1):
        outcome = Outcome({"r2": 0.5}, notes={"levelled_off": seed < trained})
        run = Run("p", "deam", "real", "folds", "net", "", seed)
        store.put(run, outcome, data_fingerprint="d", source_fingerprint="s", device="cpu", seconds=1.0)
    rule = Rule("A claim.", (), {"e": lambda r: FOR}, above(0), "own", "It is so.", trained=lambda r: r)
    verdict = rule.judge(Results("p", store.all("p"), store))
    assert verdict.judgement == judgement and f"1 of {trained + 1} trainings were" in str(verdict.because)


def test_constant_verdicts_say_so_and_rules_are_listed_before_results():
    fixed = Fixed("untestable", "Another.", ("s.b",), "The data are private.", headline=True)
    rule = Rule("A claim.", ("s.a",), {"gap_on_deam": lambda r: FOR}, above(0, unit=" of R²"), "own", "So.")
    verdicts = judge([rule, fixed], Results("p", [], None))
    assert "constant" in verdicts[1].criterion and headline(verdicts).claim == "Another."
    assert tally(verdicts) == "1 ✓ supported · 1 – untestable"
    listed = rules_table("p", [rule, fixed]).frame
    assert listed["evidence"].tolist() == ["gap on deam", "–"] and "above 0 of R²" in listed["rule"][0]
    assert table("p", verdicts).frame["verdict"].tolist() == ["✓ supported", "– untestable"]
    with pytest.raises(ValueError, match="0 verdicts"):
        headline(verdicts[:1])


def test_what_generated_data_show_is_called_so_wherever_it_is_counted():
    generated, real = judged("synthetic", above(0), e=FOR), judged("own", above(0), e=FOR)
    assert (generated.says, real.says) == ("✓ supported on generated data", "✓ supported")
    assert judged("synthetic", above(0), e=OPEN).says == "? undecided"
    assert tally([generated, real, real]) == "2 ✓ supported · 1 ✓ supported on generated data"
    assert [row["verdict"] for row in table("p", [generated, real]).rows] == [generated.says, real.says]


def test_a_rule_that_was_changed_says_so_on_the_page_of_rules():
    rules = [Rule("A.", ("s.a",), {}, above(0), "own", "", revised="More strict: against the paper."),
             Fixed("untestable", "B.", ("s.b",), "Nobody knows.")]  # fmt: skip
    column = [row["changed when its results were known"] for row in rules_table("p", rules).rows]
    assert column == ["More strict: against the paper.", "–"]
