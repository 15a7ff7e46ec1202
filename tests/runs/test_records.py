"""The run store: what goes in comes out, nothing is half-written, nothing stale is handed out."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mer_repro.errors import ParameterError, RecordError
from mer_repro.runs.records import Outcome, RecordStore, Run

RUN = Run("qiu2025", "deam", "real", "song_grouped", "ridge", "arousal", 3, {"alpha": 0.1, "layers": (1, 2)})
MADE = {"data_fingerprint": "d", "source_fingerprint": "s", "device": "cpu", "seconds": 1.23456}


def outcome(shift=0.0):
    return Outcome(
        metrics={"r2": np.float32(0.5) + shift, "mape": float("nan")},
        intervals={"r2": (0.25, np.float64(0.75))},
        counts={"n_test": np.int64(3)},
        predictions={"item": np.array(["a", "ü", "c"], dtype=object), "y_pred": np.array([1.0, 2.0, 3.0]) + shift},
        curves={"loss": np.array([2.0, 1.0])},
        notes={"encoder": "none"},
    )


def test_a_record_comes_back_as_it_went_in(tmp_path):
    store = RecordStore(tmp_path)
    store.put(RUN, outcome(), **MADE)
    record = store.get(RUN, "d", "s")
    assert record.metrics["r2"] == 0.5 and math.isnan(record.metrics["mape"])
    assert record.intervals == {"r2": [0.25, 0.75]} and record.counts == {"n_test": 3}
    assert record.curves == {"loss": [2.0, 1.0]} and record.status == "done" and record.data == "real"
    assert record.id == "qiu2025.deam.real.song_grouped.ridge.arousal.seed3"
    # The record alone names the run again, with parameters as JSON holds them.
    assert record.run == replace(RUN, parameters={"alpha": 0.1, "layers": [1, 2]})
    predictions = store.predictions(record)
    assert list(predictions["item"]) == ["a", "ü", "c"] and list(predictions["y_pred"]) == [1.0, 2.0, 3.0]
    on_disk = json.loads(store.path(RUN).read_text())
    assert on_disk["metrics"] == {"r2": 0.5, "mape": None}  # strict JSON knows no NaN
    assert store.all("qiu2025") == store.all("qiu2025") and len(store.all("qiu2025")) == 1


@pytest.mark.parametrize(
    ("changed", "data", "source", "reason"),
    [
        (RUN, "other", "s", "data files of deam changed"),
        (RUN, "d", "other", "source changed"),
        (replace(RUN, parameters={"alpha": 0.2, "layers": [1, 2]}), "d", "s", "alpha was 0.1, is 0.2"),
    ],
)
def test_a_stale_record_is_named_and_never_handed_out(tmp_path, changed, data, source, reason):
    store = RecordStore(tmp_path)
    store.put(RUN, outcome(), **MADE)
    assert store.get(changed, data, source) is None
    assert store.stale(changed, data, source) == [reason]
    assert store.stale(RUN, "d", "s") == [] and store.stale(RUN, None, "s") == []
    # The rerun takes its place, and its predictions with it.
    made = {**MADE, "data_fingerprint": data, "source_fingerprint": source}
    store.put(changed, outcome(1.0), **made)
    assert len(store.all("qiu2025")) == 1 and store.get(changed, data, source).metrics["r2"] == 1.5
    assert len(list((tmp_path / "qiu2025" / "predictions").iterdir())) == 1


def test_a_failure_never_displaces_a_record_and_success_clears_it(tmp_path):
    store = RecordStore(tmp_path)
    store.put(RUN, outcome(), **MADE)
    store.put_failure(RUN, "Traceback ...\nValueError: no", **MADE)
    assert store.get(RUN, "d", "s").metrics["r2"] == 0.5
    (failure,) = store.failures("qiu2025")
    assert failure.status == "failed" and failure.traceback.endswith("ValueError: no")
    store.put(RUN, outcome(), **MADE)
    assert store.failures("qiu2025") == []


def test_damage_is_noticed(tmp_path):
    store = RecordStore(tmp_path)
    record = store.put(RUN, outcome(), **MADE)
    path, whole = store.path(RUN), store.path(RUN).read_text()
    for damaged in (whole[:-40], "", "[]", whole.replace('"r2": 0.5', '"r2": 0.9'), whole.replace('"seed"', '"sed"')):
        path.write_text(damaged)
        with pytest.raises(RecordError, match="Delete it"):
            store.get(RUN, "d", "s")
    path.write_text(whole)
    assert store.get(RUN, "d", "s") is not None
    predictions = tmp_path / "qiu2025" / record.predictions
    predictions.write_bytes(predictions.read_bytes()[:-1])
    with pytest.raises(RecordError, match="damaged"):
        store.predictions(record)
    predictions.unlink()
    with pytest.raises(RecordError, match="not committed"):
        store.predictions(record)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (Outcome({"r2": 1.0}, intervals={"mae": (0, 1)}), "not among its metrics"),
        (Outcome({"r2": "high"}), "Metrics must be numbers"),
        (Outcome({"r2": 1.0}, predictions={"a": [1], "b": [1, 2]}), "of one length"),
        (Outcome({"r2": 1.0}, notes={"path": Path("x")}), "JSON types only"),
    ],
)
def test_a_malformed_outcome_is_refused_and_leaves_nothing(tmp_path, bad, message):
    store = RecordStore(tmp_path)
    with pytest.raises(ValueError, match=message):
        store.put(RUN, bad, **MADE)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_weights_are_kept_beside_the_record(tmp_path):
    torch = pytest.importorskip("torch")
    network = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    network[1].weight = network[0].weight  # tied
    store = RecordStore(tmp_path)
    record = store.put(RUN, Outcome({"r2": 0.5}, weights=network.state_dict()), **MADE)
    again = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    again.load_state_dict(store.weights(record))
    assert torch.equal(again(torch.ones(1, 2)), network(torch.ones(1, 2)))
    store.put(RUN, outcome(), **MADE)
    assert list((tmp_path / "qiu2025" / "weights").iterdir()) == []
    with pytest.raises(RecordError, match="without weights"):
        store.weights(store.read(RUN))


def test_names_that_cannot_name_files_are_refused():
    with pytest.raises(ParameterError, match="names files"):
        replace(RUN, variant="../ridge")
    with pytest.raises(ParameterError, match="real, twin"):
        replace(RUN, data="fake")


def test_claiming_excludes_others_and_cleans_up_after_the_killed(tmp_path):
    store = RecordStore(tmp_path)
    store.put(RUN, outcome(), **MADE)
    left_over = tmp_path / "qiu2025" / "records" / f".{RUN.id}.123.tmp"
    left_over.write_text("half")
    with store.claim(RUN) as mine:
        assert mine and not left_over.exists()
        with RecordStore(tmp_path).claim(RUN, wait=False) as also_mine:
            assert not also_mine
    with store.claim(RUN, wait=False) as mine:
        assert mine
    assert list((tmp_path / "qiu2025" / ".locks").iterdir()) == []
