"""Sweeps run what is missing or stale, go on after failures, and say what happened."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from mer_repro import paths
from mer_repro.cli import main
from mer_repro.errors import MerReproError, ParameterError
from mer_repro.runs.records import RecordStore
from mer_repro.runs.study import load_parameters, load_study
from mer_repro.runs.sweep import measured, survey, sweep

KEY = "studies.fake_study"
TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Data, log and store of the fake study in a folder of their own; its log counts executions."""
    (tmp_path / "numbers.txt").write_text("1\n2\n3\n")
    monkeypatch.setenv("FAKE_DATA", str(tmp_path / "numbers.txt"))
    monkeypatch.setenv("FAKE_LOG", str(tmp_path / "log.txt"))
    monkeypatch.syspath_prepend(TESTS)
    monkeypatch.setattr(paths, "records_home", lambda profile: tmp_path / profile)
    return tmp_path


def executed(place) -> Counter:
    log = place / "log.txt"
    return Counter(log.read_text().split()) if log.exists() else Counter()


def run(**more):
    return sweep(KEY, "smoke", workers=2, device="cpu", progress=False, **more)


def test_a_sweep_fills_the_store_and_then_has_nothing_to_do(place):
    first = run()
    assert first.planned == 3 and len(first.done) == 3 and first.recorded == [] and first.ok
    records = RecordStore(place / "smoke").all("fake_study")
    assert [record.seed for record in records] == [0, 1, 2] and len({r.metrics["mean"] for r in records}) == 3
    assert {record.notes["threads"] for record in records} == {"1"}
    second = run()
    assert second.done == [] and len(second.recorded) == 3 and "nothing to do" in second.report()
    assert set(executed(place).values()) == {1}
    # The same seeds give the same numbers, to the last bit, however many workers there are.
    sweep(KEY, "smoke", workers=1, device="cpu", progress=False, force=True)
    again = RecordStore(place / "smoke").all("fake_study")
    assert [record.metrics["mean"] for record in again] == [record.metrics["mean"] for record in records]
    assert set(executed(place).values()) == {2}


def test_a_failing_run_is_recorded_and_the_others_go_on(place):
    summary = run(overrides={"variants": ["raises", "mean"]})
    failed = "fake_study.numbers.real.all.raises.seed1"
    assert len(summary.done) == 5 and summary.failed == {failed: "ArithmeticError: seed 1 cannot be computed"}
    (record,) = RecordStore(place / "smoke").failures("fake_study")
    assert record.id == failed and "Traceback" in record.traceback and "in execute" in record.traceback
    cells = {cell.run.id: cell.state for cell in survey(KEY, "smoke", overrides={"variants": ["raises", "mean"]})}
    assert Counter(cells.values()) == {"recorded": 5, "failed": 1} and cells[failed] == "failed"
    assert "variant=raises" in summary.rerun and "seed=1" in summary.rerun and summary.rerun in summary.report()
    run(overrides={"variants": ["raises", "mean"]}, only={"variant": ["raises"], "seed": ["1"]})
    assert executed(place)[failed] == 2 and sum(executed(place).values()) == 7


def test_a_worker_that_dies_costs_its_own_run_only(place):
    summary = run(overrides={"variants": ["mean", "dies"], "seeds": 4})
    assert list(summary.failed) == ["fake_study.numbers.real.all.dies.seed1"]
    assert "SIGKILL" in summary.failed["fake_study.numbers.real.all.dies.seed1"]
    assert len(summary.done) == 7 and len(RecordStore(place / "smoke").all("fake_study")) == 7


def test_bad_data_stops_the_sweep_and_leaves_no_record(place):
    with pytest.raises(MerReproError, match=r"numbers.txt, line 2: found 'x'; expected a number"):
        run(overrides={"variants": ["meets_bad_data"]})
    store = RecordStore(place / "smoke")
    assert store.all("fake_study") == [] and store.failures("fake_study") == []


def test_a_gpu_that_is_not_there_is_named(place):
    with pytest.raises(MerReproError, match=r"There is no device 'cuda:99': this machine has \d+ GPUs"):
        sweep(KEY, "smoke", workers=1, device="cuda:99", progress=False, overrides={"seeds": 1})
    assert executed(place) == Counter()


def test_data_that_is_not_here_is_reported_and_its_record_kept(place):
    summary = run(overrides={"datasets": ["numbers", "elsewhere"], "seeds": 1})
    assert len(summary.done) == 1 and summary.ok
    (why,) = summary.unavailable.values()
    assert "mer-repro data fetch elsewhere" in why and why in summary.report()
    # A record made on another machine counts, as long as nothing that can be seen from here has changed.
    elsewhere = next(c for c in survey(KEY, "smoke", overrides={"datasets": ["elsewhere"]}) if c.run.seed == 0)
    store = RecordStore(place / "smoke")
    outcome = load_study(KEY).module.Outcome({"mean": 1.0})
    made = {"data_fingerprint": "there", "source_fingerprint": elsewhere.source_fingerprint}
    store.put(elsewhere.run, outcome, **made, device="cuda:0 (big)", seconds=1.0)
    summary = run(overrides={"datasets": ["elsewhere"], "seeds": 1})
    assert summary.recorded == [elsewhere.run.id] and summary.unavailable == {}


def test_stale_and_damaged_records_are_named_and_run_again(place):
    run()
    (place / "numbers.txt").write_text("1\n2\n4\n")
    summary = run()
    assert len(summary.done) == 3 and set(summary.stale.values()) == {"data files of numbers changed"}
    summary = run(overrides={"shift": 1.0})
    assert len(summary.done) == 3 and set(summary.stale.values()) == {"shift was 0.0, is 1.0"}
    store = RecordStore(place / "smoke")
    broken = store.path(store.all("fake_study")[1])
    broken.write_text(broken.read_text()[:100])
    summary = run(overrides={"shift": 1.0})
    assert summary.done == list(summary.damaged) == [broken.stem] and "damaged" in summary.report()
    assert len(store.all("fake_study")) == 3


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"sedes": 3}, r"unknown parameter 'sedes'. Did you mean 'seeds'\?"),
        ({"training": {"epochz": 3}}, r"unknown parameter 'training.epochz'. Did you mean 'epochs'\?"),
        ({"seeds": 0}, "parameter 'seeds' is 0: Input should be greater than or equal to 1"),
        ({"training": {"epochs": "many"}}, "parameter 'training.epochs' is 'many'"),
    ],
)
def test_a_wrong_parameter_is_named_with_where_it_comes_from(place, overrides, message):
    with pytest.raises(ParameterError, match=f"^given to the notebook: {message}"):
        load_parameters(KEY, "smoke", overrides)
    given = load_parameters(KEY, "smoke").model_dump(mode="json") | overrides
    file = place / "fake_study.yaml"
    file.write_text(yaml.safe_dump(given))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mer_repro.runs.study.Study.parameters_file", lambda *_: file)
        with pytest.raises(ParameterError, match=f"fake_study.yaml: {message}"):
            load_parameters(KEY, "smoke", overrides)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--profile smok", "Did you mean 'smoke'?"),
        ("--device gpu", "Unknown device 'gpu'"),
        ("--only varient=mean", "Did you mean 'variant'?"),
        ("--only variant=men", "Did you mean 'mean'?"),
        ("--only variant", "FIELD=VALUE"),
        ("--workers 0", "workers is 0"),
    ],
)
def test_wrong_words_on_the_command_line_are_answered_with_the_nearest(place, words, message):
    result = CliRunner().invoke(main, ["run", KEY, "--profile", "smoke", *words.split()])
    assert result.exit_code == 2 and message in result.output


def test_the_command_line_runs_records_and_tells_by_its_exit_status(place):
    runner = CliRunner()
    words = ["run", KEY, "--profile", "smoke", "--device", "cpu", "--only", "seed=0,2", "variant=mean"]
    result = runner.invoke(main, [*words, "--json"])
    assert result.exit_code == 0 and json.loads(result.stdout)[0]["planned"] == 2
    documents = json.loads(runner.invoke(main, ["records", KEY, "--profile", "smoke", "--json"]).stdout)
    assert [document["seed"] for document in documents] == [0, 2]
    assert documents[0]["data"] == "real" and documents[0]["state"] == "recorded" and documents[0]["here"]
    assert documents[0]["metrics"]["undefined"] is None
    failing = TESTS / "studies" / "params" / "smoke" / "fake_study.yaml"
    parameters = place / "fake_study.yaml"
    parameters.write_text(failing.read_text() + "variants: [raises]\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mer_repro.runs.study.Study.parameters_file", lambda *_: parameters)
        result = runner.invoke(main, ["run", KEY, "--profile", "smoke", "--device", "cpu"])
    assert result.exit_code == 1 and "once the cause is removed: mer-repro run" in result.stdout


def test_planning_imports_nothing_heavy(place):
    call = (
        f"import sys; sys.path.insert(0, {str(TESTS)!r}); from mer_repro.runs.sweep import survey;"
        f"assert len(survey({KEY!r}, 'smoke')) == 3;"
        "print([n for n in ('torch', 'pandas', 'sklearn', 'scipy', 'librosa', 'numpy') if n in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_notebook_never_writes_into_the_committed_store(place, monkeypatch):
    """Other parameters under `-p profile full` go to the user's own store; what is committed stays, and is used."""
    monkeypatch.setattr(paths, "own_records_home", lambda profile: place / "own" / profile)
    sweep(KEY, "full", workers=1, device="cpu", progress=False)
    committed = {path: path.read_bytes() for path in (place / "full").rglob("*.json")}
    assert len(committed) == 3
    # The profile's own parameters, as the book gives them: nothing is left to run.
    given = load_parameters(KEY, "full").model_dump(mode="json")
    assert [record.seed for record in measured(KEY, "full", given)] == [0, 1, 2]
    assert set(executed(place).values()) == {1} and not (place / "own").exists()
    found = measured(KEY, "full", given | {"shift": 1.0, "seeds": 2})
    assert [(record.seed, record.parameters["shift"]) for record in found] == [(0, 1.0), (1, 1.0)]
    assert {path: path.read_bytes() for path in (place / "full").rglob("*.json")} == committed
    assert len(list((place / "own" / "full").rglob("records/*.json"))) == 2
    assert measured(KEY, "full", given)[0].parameters["shift"] == 0.0


def test_the_command_says_which_committed_records_it_replaces(place):
    words = ["run", KEY, "--profile", "full", "--device", "cpu"]
    assert "replaced" not in CliRunner().invoke(main, words).stdout
    said = CliRunner().invoke(main, [*words, "--force", "--only", "seed=1"]).stdout
    assert "1 committed records replaced: results/fake_study/records" in said and "git diff" in said
