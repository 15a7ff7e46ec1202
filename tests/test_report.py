"""What chapters show: tables as Markdown, scores over seeds, verdicts that follow the records."""

import dataclasses

import pandas as pd
import pytest
from markdown_it import MarkdownIt

from mer_repro import plots, report
from mer_repro.papers.qiu2025 import report as qiu2025
from mer_repro.runs.records import Record


def record(**changes):
    base = dict.fromkeys([field.name for field in dataclasses.fields(Record)])
    base |= dict(
        id="x", paper="qiu2025", dataset="pmemo", data="real", protocol="song_grouped", variant="song_mean",
        target="arousal", seed=0, parameters={}, metrics={}, intervals={}, counts={}, curves={}, notes={},
        device="cpu", seconds=1.0, status="done",
    )  # fmt: skip
    return Record(**(base | changes))


def test_markdown_shows_cells_as_they_are():
    hostile = "a|b *c* _d_ <e> `f` $g$ [h](i) {j} ~k~"
    table = report.Table(pd.DataFrame({"cell": [hostile], "id": ["t1.x_y"]}), "a caption")
    body = "\n".join(table.markdown().splitlines()[3:-1])
    rendered = MarkdownIt("commonmark").enable("table").render(body)
    cells = [part.split("</td>")[0] for part in rendered.split("<td>")[1:]]
    assert cells == [hostile.replace("<", "&lt;").replace(">", "&gt;"), "t1.x_y"]


def test_scores_over_seeds_are_means_and_intervals_do_not_shrink():
    runs = [record(id=str(s), seed=s, metrics={"r2": 0.1 * s}, intervals={"r2": [0.0, 0.2 * s]}) for s in (1, 2, 3)]
    (cell,) = report.over_seeds(report.as_frame(runs), ["r2"]).to_dict("records")
    assert cell["r2"] == pytest.approx(0.2) and cell["seeds"] == 3
    assert (cell["r2_low"], cell["r2_high"]) == (pytest.approx(0), pytest.approx(0.4))


def test_undefined_scores_are_shown_as_a_dash():
    assert report.interval(float("nan"), None, None) == "–"
    assert report.interval(0.97512, 0.9701, 0.98, 3) == "0.975 [0.970, 0.980]"


@pytest.mark.parametrize(("leaking", "judgement"), [(0.975, "unsupported"), (0.5, "undecided")])
def test_verdict_on_r2_follows_the_records(leaking, judgement):
    runs = [
        record(id="clean", metrics={"r2": -0.02}),
        record(id="leaking", protocol="within_song_random", metrics={"r2": leaking}),
    ]
    verdict = qiu2025.verdicts(runs)[0]
    assert verdict.judgement == judgement
    assert f"{leaking:.3f}" in verdict.because and "-0.020" in verdict.because
    assert set(verdict.records) == {"clean", "leaking"}


@pytest.mark.parametrize(("rmse", "judgement"), [(0.381, "unsupported"), (0.25, "undecided")])
def test_verdict_on_the_ablation_follows_the_constant(rmse, judgement):
    metrics = {"rmse": rmse, "mae": 0.337, "mape": 0.721}
    runs = [record(id="max", variant="training_maximum", protocol="within_song_random", metrics=metrics)]
    verdicts = {verdict.about[0]: verdict for verdict in qiu2025.verdicts(runs)}
    assert verdicts["t3.no_cnn.rmse"].judgement == judgement


def test_without_records_nothing_is_decided():
    assert {verdict.judgement for verdict in qiu2025.verdicts([])} == {"undecided", "untestable"}


def test_a_picture_needs_a_description():
    import matplotlib.pyplot as plt

    figure, _ = plt.subplots()
    with pytest.raises(ValueError, match="description"):
        plots.described(figure, alt=" ")
    shown = plots.described(figure, alt='two "dots"')
    assert 'alt="two &quot;dots&quot;"' in shown._repr_html_()
