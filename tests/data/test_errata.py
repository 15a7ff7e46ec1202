"""What is known to be wrong with each set: said with evidence, by whom, and by the checks' own numbers."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from mer_repro.cli import main
from mer_repro.data import errata, registry
from mer_repro.errors import DataError, ParameterError


def test_every_erratum_has_evidence_and_a_reporter():
    found = errata.errata()
    assert {e.dataset for e in found} <= set(registry.DATASETS)
    for erratum in found:
        assert all((erratum.what, erratum.concerns, erratum.evidence, erratum.reported_by, erratum.handled))


def test_evidence_is_the_committed_finding():
    surveyed = json.loads(errata.SURVEY.read_text(encoding="utf-8"))["sets"]["deam"]["findings"]
    said = next(f for f in surveyed if f["check"] == "orientation, song_id up to 1000")
    (swap,) = [e for e in errata.errata("deam") if e.finding == said["check"]]
    assert swap.evidence == said["says"] and swap.numbers == said["numbers"]


def test_a_finding_that_the_survey_lacks_is_an_error_and_no_survey_is_said(tmp_path):
    (tmp_path / "survey.json").write_text(json.dumps({"sets": {"deam": {"findings": []}}}))
    with pytest.raises(DataError, match="Make the survey again"):
        errata.errata("deam", tmp_path / "survey.json")
    without = errata.errata("deam", tmp_path / "none.json")
    assert {e.evidence for e in without} == {"see: mer-repro data verify deam"}


def test_the_command_prints_all_or_one_set():
    every = json.loads(CliRunner().invoke(main, ["data", "errata", "--json"]).stdout)
    one = json.loads(CliRunner().invoke(main, ["data", "errata", "pmemo", "--json"]).stdout)
    assert one == [row for row in every if row["dataset"] == "pmemo"] and len(one) >= 3
    assert any("HuiZhangDB/PMEmo/issues/5" in row["reported_by"] for row in one)
    text = CliRunner().invoke(main, ["data", "errata", "deam"]).stdout
    assert "each other's columns" in text and "reported by" in text
    with pytest.raises(ParameterError, match="Unknown data set"):
        errata.errata("deem")
