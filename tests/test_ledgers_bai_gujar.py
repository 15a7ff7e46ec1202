"""Verdicts on bai2026 and gujar2026 that were derived by hand from the papers' tables, before any check was written."""

import re

import pytest

from mer_repro.audit import runner
from mer_repro.audit.checks.changes import stated_change
from mer_repro.audit.numbers import number
from mer_repro.papers.gujar2026 import names

INCONSISTENT = {
    "bai2026": {
        "k.users_within_lastfm1k",  # 3,852 users joined from a data set of 992
        "k.users_within_stated_lastfm1k",  # ... or of "approximately 1,000"
    },
    "gujar2026": {
        "k.input_frames",  # cropped to 128 frames, 256 wide
        "k.accuracy_from_recall",  # 764 + 634 + 518 + 615 = 2,531 of 3,000 = 84.4 %, not 84.6 %
        "k.calm_highest_f1",  # 84.7 against 86.0
    },
}


@pytest.fixture(scope="module")
def results():
    return {key: {result.binding: result for result in runner.run(key)} for key in INCONSISTENT}


@pytest.mark.parametrize("key", INCONSISTENT)
def test_exactly_the_contradictions_found_by_hand(results, key):
    found = {name for name, result in results[key].items() if result.verdict == "inconsistent"}
    assert found == INCONSISTENT[key]


def test_class_table_implies_these_hits_and_predictions(results):
    accuracy = results["gujar2026"]["k.accuracy_from_recall"]
    assert any("764 + 634 + 518 + 615 of 3000" in reading["arithmetic"] for reading in accuracy.readings)
    counts = results["gujar2026"]["k.confusion_counts"]  # 886 + 763 + 629 + 732
    assert "3010 predictions for 3000" in counts.detail
    assert counts.verdict == "undetermined"  # how many runs are behind table 6 is not stated


def test_a_bound_is_printed_as_a_bound(results):
    detail = results["gujar2026"]["k.single_latency_repeated"].detail
    assert "One value fits" in detail and "48 ms" in detail and "at most 50 ms" in detail
    assert "at least 1,190 songs/s" in results["gujar2026"]["k.enterprise_throughput_repeated"].detail
    assert "about 7.1 %" in results["gujar2026"]["k.gains_text_between"].detail


def test_two_accuracies_are_no_share_of_578_users(results):
    result = results["bai2026"]["k.accuracy_granularity"]
    assert result.verdict == "undetermined"  # a mean over runs, which the paper does not mention, could give them
    scores = {name for name in result.claims if name.endswith(".accuracy")}
    assert scores == {"bai2026.t2.lstm_audio.accuracy", "bai2026.t3.no_tcn.accuracy"}


@pytest.mark.parametrize(
    "binding, verdict, least, greatest",  # scipy.stats.binomtest over the least and the greatest discordance
    [
        ("k.chance_bert_text", "consistent", 7.276e-12, 0.04653),
        ("k.chance_late_fusion", "undetermined", 3.815e-06, 0.3195),
        ("k.chance_no_attention", "undetermined", 0.001953, 0.6138),
    ],
)
def test_lead_against_every_discordance(results, binding, verdict, least, greatest):
    result = results["bai2026"][binding]
    assert result.verdict == verdict
    assert result.witness["p"] == pytest.approx([least, greatest], rel=1e-3)


@pytest.mark.parametrize(
    "key, binding, verdict",
    [
        ("bai2026", "k.split_sizes", "consistent"),  # 2696.4, 577.8, 577.8
        ("bai2026", "k.class_shares_whole", "consistent"),
        ("bai2026", "k.cesd_bins", "undetermined"),  # 1 to 15 in no class, perhaps by a slip
        ("bai2026", "k.receptive_field", "consistent"),  # 1 + 2 x 255 = 511 steps
        ("bai2026", "k.feasible_tcn_lm", "consistent"),
        ("bai2026", "k.gain_over_single_modal", "undetermined"),  # 8.0 or 8.2 points may be called approximately 8.5
        ("gujar2026", "k.deam_test_within_published", "undetermined"),  # 3,000 of 1,802, unless samples are moments
        ("gujar2026", "k.classifier_input", "undetermined"),  # 512 and 512, unless 768 = 512 + 256
        ("gujar2026", "k.throughput", "consistent"),  # 512 / 0.387 s = 1,323, within 387 +- 0.5 ms of 1,322
        ("gujar2026", "k.deam_f1", "consistent"),
        ("gujar2026", "k.macro_f1", "consistent"),  # 84.05 may print as 84.0
        ("gujar2026", "k.text_feature", "consistent"),  # 128 + 300 + 256 = 684
        ("gujar2026", "k.hop_duration", "consistent"),  # 512 / 22,050 Hz = 23.2 ms
        ("gujar2026", "k.gains_text_between", "consistent"),  # 7.0 is about 7.1
        ("gujar2026", "k.deam_recall_above_precision", "undetermined"),  # 0.3 points in every row
    ],
)
def test_verdicts_derived_by_hand(results, key, binding, verdict):
    assert results[key][binding].verdict == verdict


def test_gain_over_the_mean_of_the_baselines_is_tried():
    baselines = [number("p.a", "0.60", quantity="accuracy"), number("p.b", "0.70", quantity="accuracy")]
    best = [number("p.c", "0.75", quantity="accuracy")]
    gain = number("p.gain", "10", "%", quantity="percentage_gain")
    assert stated_change(gain, baselines[:1], best).verdict == "inconsistent"  # 15 points, 25 %
    assert stated_change(gain, baselines, best).verdict == "consistent"  # 0.75 against 0.65


@pytest.mark.parametrize("binding, reading", [("k.classifier_input", "attention_input_audio")])
def test_a_reading_that_the_chapter_runs_is_one_that_the_audit_allows(results, binding, reading):
    """A reading that the chapter lists as fitting the numbers stands in the binding's `unless`, number by number."""
    result = results["gujar2026"][binding]
    assert result.verdict == "undetermined"
    assert {"768", "512", "256"} <= set(re.findall(r"\d+", names.LABELS[reading]))
    assert set(re.findall(r"\d+", names.LABELS[reading])) <= set(re.findall(r"\d+", result.detail))


def test_samples_that_may_be_moments_accuse_nobody(results):
    """The chapter counts moments of songs as one meaning of 3,000 samples: the audit cannot call them impossible."""
    assert "moment" in results["gujar2026"]["k.deam_test_within_published"].detail
