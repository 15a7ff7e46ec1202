"""Sweeps that are killed, doubled or run out of disk: what is finished stays whole, only the rest is repeated."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mer_repro.errors import MerReproError, RecordError
from mer_repro.runs.records import Outcome, RecordStore, Run
from mer_repro.runs.sweep import sweep

TESTS = Path(__file__).resolve().parents[1]
RUN = Run("qiu2025", "deam", "real", "song_grouped", "ridge")
MADE = {"data_fingerprint": "d", "source_fingerprint": "s", "device": "cpu", "seconds": 1.0}
N_RUNS, WORKERS = 16, 2


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Data and log of the fake study; the log has a line for every execution that began."""
    (tmp_path / "numbers.txt").write_text("\n".join(str(number) for number in range(50)))
    monkeypatch.setenv("FAKE_DATA", str(tmp_path / "numbers.txt"))
    monkeypatch.setenv("FAKE_LOG", str(tmp_path / "log.txt"))
    monkeypatch.syspath_prepend(TESTS)
    return tmp_path


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 128 KiB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(options, capture_output=True).returncode != 0:
        pytest.skip("mounting a small tmpfs needs root and a kernel that allows it")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def start_sweep(folder, seconds=0.15):
    """A sweep of `N_RUNS` runs in a process of its own."""
    call = (
        f"import sys; sys.path.insert(0, {str(TESTS)!r}); from pathlib import Path;"
        "from mer_repro.runs.sweep import sweep;"
        f"sweep('studies.fake_study', 'smoke', workers={WORKERS}, device='cpu', progress=False,"
        f"folder=Path({str(folder)!r}), overrides={{'seeds': {N_RUNS}, 'seconds': {seconds}}})"
    )
    return subprocess.Popen([sys.executable, "-c", call], start_new_session=True, stderr=subprocess.DEVNULL)


def check_store(folder) -> int:
    """Every record and its predictions can be read and agree; returns how many there are."""
    store = RecordStore(folder)
    records = store.all("fake_study")
    for record in records:
        assert np.mean(store.predictions(record)["y_pred"]) == pytest.approx(record.metrics["mean"])
    return len(records)


def wait_for_workers(session: int) -> None:
    """Wait until every process of a killed sweep has ended."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        alive = [stat for stat in Path("/proc").glob("[0-9]*/stat") if _session(stat) == session]
        if not alive:
            return
        time.sleep(0.1)
    raise AssertionError("workers outlived their sweep")


def _session(stat: Path) -> int:
    try:
        state, _, _, session = stat.read_text().rpartition(")")[2].split()[:4]
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 0 if state == "Z" else int(session)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for left-over processes in /proc")
def test_a_sweep_killed_again_and_again_repeats_only_what_was_in_flight(place):
    moments, kills = random.Random(0), 0
    while True:
        process = start_sweep(place / "store")
        try:
            process.wait(timeout=moments.uniform(0.6, 1.6) if kills < 3 else None)
            break
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
            wait_for_workers(process.pid)
            check_store(place / "store")
    assert process.returncode == 0 and kills > 0
    assert check_store(place / "store") == N_RUNS
    executed = Counter((place / "log.txt").read_text().split())
    assert len(executed) == N_RUNS and sum(executed.values()) <= N_RUNS + kills * WORKERS
    assert [path for path in (place / "store").rglob("*") if path.suffix == ".tmp"] == []


def _names(session: int) -> str:
    """The command lines of a session's processes."""
    names = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            names += [(stat.parent / "cmdline").read_text()] * (_session(stat) == session)
    return " ".join(names)


@pytest.mark.parametrize("moment", ["as the workers start", "after the first record"])
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for left-over processes in /proc")
def test_ctrl_c_says_how_to_go_on_and_leaves_no_process_behind(place, monkeypatch, moment):
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    call = (
        "from mer_repro import paths, cli; from pathlib import Path;"
        f"paths.records_home = lambda profile: Path({str(place / 'store')!r});"
        "cli.main(['run', 'studies.fake_study', '--profile', 'quick', '--workers', '2', '--device', 'cpu'])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", call],
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
        # Tests started in the background inherit an ignored Ctrl-C; a person at a terminal does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not list((place / "store").rglob("*.json")):
        time.sleep(0.05)
        if moment == "as the workers start" and "LokyProcess-2" in _names(process.pid):
            time.sleep(0.05)  # they are importing
            break
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "the same command continues" in error and "Traceback" not in error
    wait_for_workers(process.pid)
    assert check_store(place / "store") > 0 or moment == "as the workers start"


def test_two_sweeps_on_one_store_share_the_work(place):
    sweeps = [start_sweep(place / "store") for _ in range(2)]
    assert [process.wait() for process in sweeps] == [0, 0]
    assert check_store(place / "store") == N_RUNS
    executed = Counter((place / "log.txt").read_text().split())
    assert len(executed) == N_RUNS and set(executed.values()) == {1}


def test_a_full_disk_stops_a_sweep_and_what_is_finished_stays(place, tiny_disk):
    (place / "numbers.txt").write_text("\n".join(str(number) for number in range(3000)))
    with pytest.raises(MerReproError, match="No space left on device"):
        sweep(
            "studies.fake_study",
            "smoke",
            workers=1,
            device="cpu",
            progress=False,
            folder=tiny_disk,
            overrides={"seeds": 10},
        )
    finished = check_store(tiny_disk)
    assert 0 < finished < 10
    assert len((place / "log.txt").read_text().split()) == finished + 1


def test_a_full_disk_leaves_the_old_record_whole(tiny_disk):
    store = RecordStore(tiny_disk)
    outcome = Outcome({"r2": 0.5}, predictions={"y_pred": np.array([1.0, 2.0, 3.0])})
    store.put(RUN, outcome, **MADE)
    before = {path: path.read_bytes() for path in tiny_disk.rglob("*") if path.is_file()}
    big = Outcome({"r2": 0.9}, predictions={"y_pred": np.random.default_rng(0).normal(size=100_000)})
    with pytest.raises(RecordError, match=r"Cannot write .*No space left on device"):
        store.put(RUN, big, **MADE)
    assert {path: path.read_bytes() for path in tiny_disk.rglob("*") if path.is_file()} == before
    # Predictions fit, the record does not: the old record still finds its own predictions.
    filler = tiny_disk / "filler"
    free = os.statvfs(tiny_disk).f_bavail * os.statvfs(tiny_disk).f_frsize
    filler.write_bytes(b"x" * (free - 4096))
    with pytest.raises(RecordError, match="No space left"):
        store.put(RUN, Outcome({"r2": 0.9}, predictions={"y_pred": np.zeros(3)}), **MADE)
    assert list(store.predictions(store.get(RUN, "d", "s"))["y_pred"]) == [1.0, 2.0, 3.0]
