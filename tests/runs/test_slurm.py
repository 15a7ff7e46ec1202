"""A sweep through a real Slurm: job arrays, a job that is killed, and the records of a local sweep to the last bit."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from mer_repro.errors import ParameterError
from mer_repro.runs import sweep as sweep_module
from mer_repro.runs.records import RecordStore
from mer_repro.runs.slurm import Slurm, minutes
from mer_repro.runs.sweep import sweep

KEY = "studies.fake_study"
TESTS = Path(__file__).resolve().parents[1]


def _cluster_answers() -> bool:
    if shutil.which("sbatch") is None:
        return False
    return subprocess.run(["sinfo", "--noheader"], capture_output=True, timeout=30).returncode == 0


needs_slurm = pytest.mark.skipif(
    not _cluster_answers(), reason="no sbatch, or no cluster that answers; .ci/slurm-up makes one of this machine"
)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Data and log of the fake study; jobs find both, and the study, through the environment."""
    (tmp_path / "numbers.txt").write_text("1\n2\n3\n")
    monkeypatch.setenv("FAKE_DATA", str(tmp_path / "numbers.txt"))
    monkeypatch.setenv("FAKE_LOG", str(tmp_path / "log.txt"))
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.syspath_prepend(TESTS)
    monkeypatch.setattr("mer_repro.paths.build_home", lambda: tmp_path / "build")
    monkeypatch.setattr(Slurm, "grace_seconds", 1.0)
    return tmp_path


def run(folder, cluster=None, **overrides):
    return sweep(
        KEY, "smoke", workers=2, device="cpu", cluster=cluster, progress=False, folder=folder, overrides=overrides
    )


def results(folder) -> dict:
    return {r.id: (r.metrics["mean"], r.intervals, r.curves) for r in RecordStore(folder).all("fake_study")}


def kill_one_running_job(log: Path, killed: list) -> None:
    """Once two runs have begun, kill the process that computes one of them, as a machine out of memory would."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not killed:
        time.sleep(0.05)
        if not log.exists() or len(log.read_text().split()) < 2:
            continue
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            ours = b"submitit.core._submit" in words and str(log.parent).encode() in b" ".join(words)
            if ours and b"python" in words[0]:
                os.kill(int(process.name), signal.SIGKILL)
                killed.append(int(process.name))
                return


@pytest.mark.slurm
@needs_slurm
def test_a_sweep_on_slurm_loses_a_job_and_ends_with_the_local_records(place):
    killed = []
    killer = threading.Thread(target=kill_one_running_job, args=(place / "log.txt", killed))
    killer.start()
    summary = run(place / "cluster", Slurm(minutes=5), seeds=5, seconds=1.0)
    killer.join()
    assert killed and summary.ok and len(summary.done) == 5
    begun = Counter((place / "log.txt").read_text().split())
    # Five runs, and once more the one that was computing when its process was killed.
    assert len(begun) == 5 and sorted(begun.values()) == [1, 1, 1, 1, 2]
    local = run(place / "local", seeds=5, seconds=1.0)
    assert len(local.done) == 5 and results(place / "cluster") == results(place / "local")
    assert run(place / "cluster", Slurm(minutes=5), seeds=5, seconds=1.0).done == []


@pytest.mark.slurm
@needs_slurm
def test_failures_on_slurm_are_recorded_like_local_ones(place, monkeypatch):
    monkeypatch.setattr(Slurm, "max_losses", 0)
    summary = run(place / "cluster", Slurm(minutes=5), seeds=2, variants=["raises", "dies"])
    assert summary.failed["fake_study.numbers.real.all.raises.seed1"].startswith("ArithmeticError")
    assert "its Slurm job was lost 1 times" in summary.failed["fake_study.numbers.real.all.dies.seed1"]
    assert len(summary.done) == 2
    with pytest.raises(ParameterError, match="Slurm refused the job"):
        run(place / "other", Slurm(partition="nowhere"), seeds=1)


# A cluster that misbehaves ----------------------------------------------------------------------------------------


@pytest.fixture
def fake(place, monkeypatch):
    """The fake cluster's folder; a test writes its switches there. See ``fake_slurm.py``."""
    home = place / "fake"
    home.mkdir()
    for name in ("sbatch", "squeue", "scancel", "srun"):
        command = home / name
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{TESTS / "runs" / "fake_slurm.py"}" {name} "$@"\n')
        command.chmod(0o755)
    monkeypatch.setenv("FAKE_SLURM", str(home))
    monkeypatch.setenv("FAKE_STORE", str(place / "cluster"))
    monkeypatch.setenv("PATH", f"{home}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(TESTS), str(TESTS.parent)]))
    monkeypatch.setattr(Slurm, "poll_seconds", 0.2)
    monkeypatch.setattr(Slurm, "retry_seconds", 0.2)
    return home


def in_one_job(place, **overrides):
    """Four runs, all in one job of the fake cluster."""
    return sweep(
        KEY, "smoke", workers=1, device="cpu", cluster=Slurm(minutes=7), progress=False, folder=place / "cluster",
        overrides={"seeds": 4} | overrides,
    )  # fmt: skip


@pytest.fixture
def one_job(monkeypatch):
    """Put all runs of a sweep into one task."""
    monkeypatch.setattr("mer_repro.runs.sweep._tasks", lambda *a: [_joined(_TASKS(*a))])


_TASKS = sweep_module._tasks


def _joined(tasks):
    return replace(tasks[0], jobs=tuple(job for task in tasks for job in task.jobs))


def test_what_a_timed_out_job_finished_stays_done_and_the_long_run_is_blamed(place, fake, one_job):
    (fake / "limit").write_text("6")
    summary = in_one_job(place, variants=["slow"], seconds=60.0, seeds=3)
    slow = "fake_study.numbers.real.all.slow.seed1"
    assert list(summary.failed) == [slow]
    assert "timed out after 7 minutes" in summary.failed[slow] and "its log is" in summary.failed[slow]
    assert sorted(summary.done) == [slow.replace("seed1", "seed0"), slow.replace("seed1", "seed2")]
    store = RecordStore(place / "cluster")
    assert [record.id for record in store.failures("fake_study")] == [slow]
    begun = Counter((place / "log.txt").read_text().split())
    assert begun[slow.replace("seed1", "seed0")] == 1 and begun[slow] == 2  # with others, then with the limit to itself
    assert "--signal=CONT@1" in (fake / "scripts").read_text()


def test_a_lost_node_costs_the_run_in_flight_one_loss_and_the_others_nothing(place, fake, one_job, monkeypatch):
    monkeypatch.setattr(Slurm, "max_losses", 1)
    (fake / "dies").write_text("2")
    summary = in_one_job(place, seconds=0.5)
    assert summary.ok and len(summary.done) == 4
    begun = Counter((place / "log.txt").read_text().split())
    assert begun["fake_study.numbers.real.all.mean.seed0"] == 1 and sum(begun.values()) <= 6


def test_a_silent_slow_or_forgetful_controller_is_waited_for(place, fake, one_job, monkeypatch):
    monkeypatch.setattr(Slurm, "answer_seconds", 0.5)
    monkeypatch.setattr(Slurm, "grace_seconds", 5.0)
    (fake / "silent").write_text("2")  # sbatch, twice
    (fake / "forgets").write_text("3")
    (fake / "slow").write_text("1.0")  # longer than we wait for an answer
    with pytest.warns(UserWarning, match="Slurm takes no jobs now"):
        summary = in_one_job(place, seconds=0.5)
    assert summary.ok and len(summary.done) == 4
    assert set(Counter((place / "log.txt").read_text().split()).values()) == {1}


def test_without_sbatch_the_error_says_so(place, monkeypatch):
    monkeypatch.setenv("PATH", str(place))
    with pytest.raises(ParameterError, match="no 'sbatch' on this machine"):
        run(place / "cluster", Slurm(), seeds=1)


@pytest.mark.parametrize(
    ("text", "expected"), [("90", 90), ("90:00", 90), ("1:30:00", 90), ("1:30:01", 91), ("0:10", 1)]
)
def test_time_limits_read_as_slurm_reads_them(text, expected):
    assert minutes(text) == expected
    with pytest.raises(ParameterError, match="HH:MM:SS"):
        minutes(text + "h")
