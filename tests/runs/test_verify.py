"""Recorded runs are rerun from their records alone, and a record that does not hold is told from one that does."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from mer_repro import paths
from mer_repro.cli import main
from mer_repro.runs.records import Outcome, RecordStore
from mer_repro.runs.sweep import sweep
from mer_repro.runs.verify import compare, verify

KEY = "studies.fake_study"
TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Three records of the fake study, made with another shift than its parameter file says."""
    (tmp_path / "numbers.txt").write_text("1\n2\n3\n")
    monkeypatch.setenv("FAKE_DATA", str(tmp_path / "numbers.txt"))
    monkeypatch.syspath_prepend(TESTS)
    monkeypatch.setattr(paths, "records_home", lambda profile: tmp_path / profile)
    sweep(KEY, "smoke", workers=1, device="cpu", progress=False, overrides={"shift": 0.5})
    return RecordStore(tmp_path / "smoke")


def test_records_that_hold_agree_exactly_and_stay_as_they_are(store):
    before = {path: path.read_bytes() for path in store.folder.rglob("*.json")}
    found = verify(KEY, "smoke", workers=2, device="cpu")
    assert [v.status for v in found] == ["same"] * 3 and {v.detail for v in found} == {"agrees exactly"}
    assert len(verify(KEY, "smoke", sample=1, device="cpu")) == 1
    assert {path: path.read_bytes() for path in store.folder.rglob("*.json")} == before


def test_a_record_that_does_not_hold_is_named_and_the_exit_status_tells(store):
    wrong = store.all("fake_study")[1]
    made = {"data_fingerprint": wrong.data_fingerprint, "source_fingerprint": wrong.source_fingerprint}
    metrics = wrong.metrics | {"mean": wrong.metrics["mean"] + 1e-9}
    store.put(wrong.run, Outcome(metrics), **made, device=wrong.device, seconds=1.0)
    result = CliRunner().invoke(main, ["verify", KEY, "--profile", "smoke", "--device", "cpu", "--json"])
    statuses = {v["id"]: v["status"] for v in json.loads(result.stdout)}
    assert result.exit_code == 1 and sorted(statuses.values()) == ["differs", "same", "same"]
    assert statuses[wrong.id] == "differs"


def test_stale_records_are_not_compared(store, tmp_path):
    (tmp_path / "numbers.txt").write_text("1\n2\n4\n")
    found = verify(KEY, "smoke", device="cpu")
    assert {(v.status, v.detail) for v in found} == {("stale", "data files of numbers changed")}
    assert all(v.ok for v in found)


def test_another_machine_may_differ_a_little(store):
    record = store.all("fake_study")[0]
    value = record.metrics["mean"]

    def against(device, metrics):
        return compare(record, replace(record, device=device, metrics=record.metrics | metrics)).status

    assert against("cuda:0 (H100)", {"mean": value * 1.04}) == "same"
    assert against("cuda:0 (H100)", {"mean": value * 1.05 + 0.02}) == "differs"
    assert against(record.device, {"mean": value * (1 + 1e-12)}) == "differs"
    assert against("cuda:0 (H100)", {"undefined": 0.0}) == "differs"
