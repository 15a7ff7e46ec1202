"""The data chapter: its committed facts, its numbers, its pictures."""

from __future__ import annotations

import re

import numpy as np
import pytest

from mer_repro import paths
from mer_repro.critique.data_chapter import figures, survey
from mer_repro.data import merge, pmemo, registry
from mer_repro.errors import RecordError

NAMES = ("deam", "emotify", "merge", "pmemo", "vgmidi")


@pytest.fixture(scope="module")
def twins():
    return survey.measure("twin", names=NAMES, models=("ridge",), resamples=100, slow=False)


def test_the_committed_survey_was_made_on_real_files_and_nothing_in_it_failed():
    document = survey.read()
    assert {entry["data"] for entry in document["sets"].values()} == {document["swap"]["data"]} == {"real"}
    failed = [f for entry in document["sets"].values() for f in entry["findings"] if f["status"] == "failed"]
    assert failed == []


def test_every_number_in_the_chapter_is_glued_from_the_survey():
    text = (paths.PROJECT / "book" / "data.md").read_text(encoding="utf-8")
    used = set(re.findall(r"\{glue:text\}`(\w+)`", text))
    assert used and used <= set(figures.numbers(survey.read()))


@pytest.mark.real
@pytest.mark.parametrize("module", [merge, pmemo])
def test_the_committed_survey_is_what_the_checks_say_today(module):
    name = module.__name__.rpartition(".")[2]
    if not registry.available(name):
        pytest.skip(f"no real copy of {name}")
    location = registry.locate(name, "real")
    committed = survey.read()["sets"][name]
    if committed["fingerprint"] != location.fingerprint:
        pytest.skip("another copy than the surveyed one")
    today = {finding.check: finding.says for finding in registry.validate(module.load(location))}
    assert {finding["check"]: finding["says"] for finding in committed["findings"]} == today


def test_a_survey_of_twins_counts_what_the_tables_hold(twins):
    songs = registry.load("merge", "twin").songs
    plane = np.array(twins["sets"]["merge"]["plane"]["counts"])
    assert plane.sum() == twins["sets"]["merge"]["plane"]["items"] == len(songs)
    right_half = ((songs.valence >= 0.5) & (songs.arousal >= 0.5)).sum()
    assert plane[10:, 10:].sum() == right_half
    pairs = songs.groupby([songs.valence.round(6), songs.arousal.round(6)]).size()
    assert twins["sets"]["merge"]["sharing"][0] == pytest.approx((pairs == 1).sum() / len(songs), abs=1e-6)
    assert sum(twins["sets"]["merge"]["sharing"]) == pytest.approx(1, abs=1e-5)


def test_pictures_describe_themselves_and_tables_label_twins(twins):
    for draw in (figures.planes_figure, figures.swap_figure, figures.sharing_figure, figures.ceilings_figure):
        figure = draw(twins)
        assert figure.svg.startswith("<svg") and figure.title and len(figure.alt) > 80
    assert "twin" in figures.swap_table(twins).caption
    assert set(figures.sets_table(twins).frame["copy checked"]) == {"twin"}
    against = figures.comparison_table(survey.read(), twins).frame
    assert set(against["against the survey"]) == {"generated stand-in"}


def test_a_survey_that_is_none_is_refused(tmp_path):
    with pytest.raises(RecordError, match="make it with: mer-repro data survey --write"):
        survey.read(tmp_path / "survey.json")
    (tmp_path / "survey.json").write_text("{}")
    with pytest.raises(RecordError, match="is no survey"):
        survey.read(tmp_path / "survey.json")
