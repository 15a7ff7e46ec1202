"""Verdicts on qiu2025 that were worked out by hand from its tables and text."""

import pytest

from mer_repro.audit import as_frame, ledger, run


@pytest.fixture(scope="module")
def results():
    return {result.binding: result for result in run("qiu2025")}


def test_exactly_the_contradictions_found_by_hand(results):
    found = {name for name, result in results.items() if result.verdict == "inconsistent"}
    assert found == {
        "k.mae_arousal_literature",  # 0.901 > 0.135, 0.997 > 0.132, 1.002 > 0.145
        "k.mae_arousal_tpa",  # 0.1433 > 0.1356, 0.1595 > 0.1401, 0.1508 > 0.1428
        "k.mae_valence_literature",  # 0.892 > 0.144, 0.889 > 0.149
        "k.mae_valence_tpa",  # 0.1477 > 0.1374, 0.1598 > 0.1564, 0.1501 > 0.142
    }


@pytest.mark.parametrize(
    ("binding", "nearest"),
    [
        ("k.accuracy_gain_arousal", "45.15 to 45.55 %"),  # 1 - 0.073779 / 0.135, stated 47.92 %
        ("k.mae_gain_arousal", "93.6006 to 93.6078 %"),  # 1 - 0.057626 / 0.901, stated 93.90 %
        ("k.rmse_gain_valence", "51.61 to 51.95 %"),  # 1 - 0.069436 / 0.144, stated 55.63 %
        ("k.mae_gain_valence", "93.9011 to 93.9081 %"),  # 1 - 0.054371 / 0.892, stated 93.83 %
    ],
)
def test_gains_that_no_printed_number_gives_may_be_of_the_optimised_version(results, binding, nearest):
    assert results[binding].verdict == "undetermined"
    assert nearest in results[binding].detail and "sparrow search" in results[binding].detail


@pytest.mark.parametrize(
    "binding, words",
    [
        ("k.excerpts_available", "2596"),  # 1,802 + 794
        ("k.copied_valence", "0.892 with its spread"),
        ("k.variance_ablation", "R2 below 0 printed as 0"),  # 1 - 0.380^2 / 0.0304 = -3.8
        ("k.variance_arousal_testing", "0.18755 to 0.18816"),  # sqrt(0.073959^2 / 0.155) = 0.1879
        ("k.mape_arousal_tpa", "1.1538 to 1.1556"),  # 0.1433 / 0.1241
        ("k.r2_above_mcan_bcrsn", "None of the numbers"),
        ("k.cnn_helps_without_bilstm", "0.088"),
        ("k.full_is_ours_r2", "93.92%"),
        ("k.trained_arousal_ours", "0.845"),
    ],
)
def test_what_remains_open_says_what_was_seen(results, binding, words):
    assert results[binding].verdict == "undetermined"
    assert words in results[binding].detail


def test_results_come_worst_first_and_as_a_table():
    results = run("qiu2025")
    order = [("inconsistent", "undetermined", "consistent").index(result.verdict) for result in results]
    assert order == sorted(order)
    frame = as_frame(results)
    assert list(frame.columns) == ["paper", "verdict", "check", "detail", "claims", "readings", "witness"]
    assert len(frame) == len(results)


def test_blame_falls_on_the_rows_that_fail_only(results):
    claims = results["k.mae_valence_literature"].claims
    assert {claim.split(".")[2] for claim in claims} == {"mcan", "tnn_svr"}  # BCRSN prints MAE equal to RMSE


@pytest.mark.real
@pytest.mark.parametrize("dataset", ["deam", "pmemo"])
def test_spread_of_dynamic_labels_is_that_of_the_real_files(dataset):
    from mer_repro.data import registry

    if not registry.available(dataset):
        pytest.skip(f"no real copy of {dataset} here")
    dynamic = registry.load(dataset, source="real").dynamic
    facts = ledger.facts()
    for target in ("arousal", "valence"):
        labels = dynamic[target].dropna()
        assert round(labels.std(ddof=0), 2) == float(facts[f"{dataset}_dynamic_{target}_deviation"].value)
        assert labels.abs().max() <= float(facts["largest_dynamic_label"].value)
        assert 100 * (labels == 0).mean() <= float(facts["deam_dynamic_zero_share"].value)
