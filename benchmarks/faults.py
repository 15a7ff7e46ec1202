"""Faults on purpose: what is lost when sweeps are killed, disks are full and clocks jump; fails on a loss.

Usage: python benchmarks/faults.py [--sweeps 200] [--seed 0]

- *killed*: short sweeps end by SIGKILL at random moments, on one store, until all of its runs are recorded;
- *together*: two sweeps of one store at once, and a reader that reads all of it again and again; at 100 sweeps and more
  also two sweeps and a build of the book, whose notebook asks for the same runs, in a copy of the project;
- *full disk*: each kind of write (record, predictions, weights, failure, feature) where the disk takes only so many
  bytes: a limit of the size of files stands for the full disk;
- *clocks*: the clock jumps by up to 400 days, either way, between writes; data changes behind an unchanged time.

After each, every record must be whole and its predictions those that it names, nothing half-written may lie under a
final name, and what was recorded once must still be there.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
STUDY, KEY, PAPER = "studies.fake_study", "fake_study", "qiu2025"
#: runs of one store, workers of one sweep, seconds of one run
RUNS, WORKERS, SECONDS = 24, 2, 0.05
SWEEP = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from mer_repro.runs.sweep import sweep
sweep({study!r}, "smoke", workers={workers}, device="cpu", progress=False, folder=Path({folder!r}), force={force},
      overrides={{"seeds": {runs}, "seconds": {seconds}}})
"""


@dataclass
class Figures:
    """What one kind of fault did: counted events, and what should not have happened."""

    name: str
    counts: Counter = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def check(self, holds: bool, otherwise: str) -> None:
        """Note a fault unless something holds."""
        if not holds:
            self.faults.append(otherwise)

    def line(self) -> str:
        """One line for people."""
        counted = ", ".join(f"{number} {what}" for what, number in self.counts.items())
        return f"{self.name:<10} {counted}: {'; '.join(self.faults[:5]) or 'nothing lost, nothing half-written'}"


@dataclass(frozen=True)
class Place:
    """A store with the data and the log of the fake study, which writes a line whenever a run begins."""

    folder: Path

    def __post_init__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "numbers.txt").write_text("\n".join(map(str, range(50))))
        os.environ |= {"FAKE_DATA": str(self.folder / "numbers.txt"), "FAKE_LOG": str(self.folder / "log.txt")}

    @property
    def store(self) -> Path:
        """The records' folder."""
        return self.folder / "store"

    def sweep(self, force: bool = False) -> subprocess.Popen:
        """A sweep in a process group of its own."""
        call = SWEEP.format(
            tests=str(ROOT / "tests"), study=STUDY, workers=WORKERS, folder=str(self.store), force=force, runs=RUNS,
            seconds=SECONDS,
        )  # fmt: skip
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            [sys.executable, "-c", call], env=environment, start_new_session=True, stderr=subprocess.DEVNULL
        )

    def begun(self) -> Counter:
        """Run -> how often it was begun."""
        log = self.folder / "log.txt"
        return Counter(log.read_text().split() if log.exists() else [])

    def examine(self, figures: Figures) -> int:
        """Read every record and its predictions; returns how many there are."""
        import numpy as np

        from mer_repro.errors import RecordError
        from mer_repro.runs.records import RecordStore

        store, whole = RecordStore(self.store), 0
        for path in sorted(self.store.glob(f"{KEY}/records/*.json")):
            try:
                (record,) = [each for each in [_read(store, path)] if each]
                agrees = np.isclose(np.mean(store.predictions(record)["y_pred"]), record.metrics["mean"])
                figures.check(bool(agrees), f"{path.stem}: predictions of another run")
                figures.check(bool(store.evidence(record)), f"{path.stem}: no evidence")
                whole += 1
            except (RecordError, ValueError) as error:
                figures.faults.append(f"{path.stem}: {error}")
        return whole


def _read(store, path: Path):
    from mer_repro.runs.records import Run

    content = json.loads(path.read_text())
    return store.read(Run(**{name: content[name] for name in Run.__dataclass_fields__}))


def killed(folder: Path, sweeps: int, moments: random.Random) -> Figures:
    """Sweeps killed at random moments of their life; some replace what an earlier one recorded."""
    figures = Figures("killed")
    place, stores = Place(folder / "0"), 0
    for _ in range(sweeps):
        sweep = place.sweep(force=place.store.exists() and moments.random() < 0.3)
        figures.counts["sweeps"] += 1
        if _killed(sweep, place, moments):
            figures.counts["kills"] += 1
        else:
            figures.check(sweep.returncode == 0, f"a sweep ended with status {sweep.returncode}")
        recorded = place.examine(figures)
        if recorded == RUNS and moments.random() < 0.5:
            _close(place, figures)
            stores += 1
            place = Place(folder / str(stores))
    _close(place, figures)
    return figures


def _killed(sweep: subprocess.Popen, place: Place, moments: random.Random) -> bool:
    """Kill a sweep while it starts, or once it has begun so many runs; False if it ended before."""
    starting = moments.random() < 0.2
    until, runs = moments.uniform(0, 1), sum(place.begun().values()) + moments.randrange(RUNS)
    began = time.monotonic()
    while sweep.poll() is None:
        if time.monotonic() - began > until if starting else sum(place.begun().values()) > runs:
            time.sleep(moments.uniform(0, 2 * SECONDS))
            # The whole group, as a machine that loses its power; or the parent alone, as somebody in a hurry.
            (os.killpg if moments.random() < 0.5 else os.kill)(sweep.pid, signal.SIGKILL)
            sweep.wait()
            return sweep.returncode == -signal.SIGKILL
        time.sleep(0.01)
    return False


def _close(place: Place, figures: Figures) -> None:
    """A store that a last sweep completed: everything is there, and what the killed left is gone."""
    time.sleep(1.0)  # workers of a killed parent end within half a second
    place.sweep(force=True).wait()
    figures.check(place.examine(figures) == RUNS, "runs are missing")
    left = [path.name for path in place.store.rglob("*.tmp")]
    figures.check(not left, f"left behind: {left[:3]}")
    figures.counts["stores"] += 1
    figures.counts["runs recorded"] += RUNS


def together(folder: Path, rounds: int) -> Figures:
    """Two sweeps on one store while a reader reads everything, again and again."""
    figures = Figures("together")
    for number in range(rounds):
        place = Place(folder / str(number))
        sweeps = [place.sweep(), place.sweep()]
        while any(sweep.poll() is None for sweep in sweeps):
            place.examine(figures)
            figures.counts["readings"] += 1
        figures.check([sweep.returncode for sweep in sweeps] == [0, 0], "a sweep failed")
        figures.check(place.examine(figures) == RUNS, "runs are missing")
        twice = [run for run, times in place.begun().items() if times > 1]
        figures.check(not twice, f"computed twice: {twice[:3]}")
        figures.counts["pairs of sweeps"] += 1
        figures.counts["runs recorded"] += RUNS
    return figures


def with_a_book(folder: Path) -> Figures:
    """Two sweeps of a paper and a build of its chapter, which measures the same runs, in a copy of the project."""
    figures = Figures("book")
    copy = folder / "project"
    left_out = shutil.ignore_patterns(".venv", "_build", ".git", "predictions", "weights", "__pycache__", ".*_cache")
    shutil.copytree(ROOT, copy, ignore=left_out)
    environment = os.environ | {"PYTHONPATH": str(copy)}
    environment.pop("MER_REPRO_DATA", None)
    front = [sys.executable, "-c", "from mer_repro.cli import main; main()"]
    run, build = ["run", PAPER, "--profile", "smoke"], ["book", "--profile", "smoke", "--only", f"papers/{PAPER}"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    started = [subprocess.Popen(front + words, cwd=copy, env=environment, **quiet) for words in (run, run, build)]
    for process in started:
        _, said = process.communicate()
        figures.check(process.returncode == 0, f"status {process.returncode}: {said[-300:]}")
    answer = subprocess.run(
        [*front, "records", PAPER, "--profile", "smoke", "--json"], cwd=copy, env=environment, capture_output=True
    )
    states = Counter(record["state"] for record in json.loads(answer.stdout))
    figures.check(set(states) == {"recorded"}, f"states {dict(states)}")
    figures.counts |= {"runs recorded": states["recorded"], "sweeps": 2, "builds": 1}
    return figures


def full_disk(folder: Path, tries: int, moments: random.Random) -> Figures:
    """Each kind of write where the disk takes so many bytes and no more."""
    figures = Figures("full disk")
    for number in range(tries):
        for kind, write in _writes(folder / str(number)).items():
            write(None)
            limit = moments.randrange(1, 3000)
            child = os.fork()
            if child == 0:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                os._exit(0 if _ends_well(write, number) else 3)
            _, status = os.waitpid(child, 0)
            figures.counts[f"writes of a {kind}"] += 1
            figures.check(os.waitstatus_to_exitcode(status) == 0, f"{kind}: something else than one clear error")
            figures.faults += [f"{kind}: {fault}" for fault in _faults_of(folder / str(number))]
    return figures


def _ends_well(write: Callable[[int], None], number: int) -> bool:
    """Whether a write on a full disk succeeds, or raises what the command line shows as one line."""
    from mer_repro.errors import MerReproError

    try:
        write(number)
    except (MerReproError, OSError):
        return True
    except BaseException:
        return False
    return True


def _writes(folder: Path) -> dict[str, Callable[[int | None], None]]:
    """Kind of write -> a function that writes the same again (None) or something of its own."""
    import numpy as np
    import torch

    from mer_repro.features.cache import Cache
    from mer_repro.runs.records import Outcome, RecordStore, Run

    store, cache = RecordStore(folder / "store"), Cache(folder / "cache")
    run = Run("fake_study", "numbers", "real", "all", "mean")
    made = {"data_fingerprint": "d", "source_fingerprint": "s", "device": "cpu", "seconds": 1.0}

    def outcome(number: int | None, **more) -> Outcome:
        return Outcome({"mean": float(number or 0)}, **more)

    def values(number: int | None) -> np.ndarray:
        return np.full(400, float(number or 0)) + np.arange(400)

    def tested(number: int | None) -> dict[str, np.ndarray]:
        return {"group": np.arange(400), "y_true": values(None), "y_pred": values(number)}

    return {
        "record": lambda n: store.put(run, outcome(n), **made) and None,
        "prediction": lambda n: store.put(run, outcome(n, predictions={"y_pred": values(n)}), **made) and None,
        "piece of evidence": lambda n: store.put(run, outcome(n, predictions=tested(n)), **made) and None,
        "weight": lambda n: store.put(run, outcome(n, weights={"w": torch.from_numpy(values(n))}), **made) and None,
        "failure": lambda n: store.put_failure(run, "Traceback " * 200, **made) and None,
        "feature": lambda n: cache.put(f"test/{0:064d}", values(n)),
    }


def _faults_of(folder: Path) -> list[str]:
    """What cannot be read of a store that was written to: records, and the files that they name; and what is left."""
    from mer_repro.errors import RecordError
    from mer_repro.runs.records import RecordStore

    store, faults = RecordStore(folder / "store"), [f"left {path.name}" for path in folder.rglob("*.tmp")]
    try:
        records = store.all(KEY)
        for record in records:
            store.evidence(record)
            for name in (name for name in ("predictions", "weights") if getattr(record, name)):
                getattr(store, name)(record)
        faults += [] if records else ["the record is gone"]
        store.failures(KEY)
    except (RecordError, ValueError) as error:
        faults.append(str(error))
    return faults


def clocks(folder: Path, jumps: int, moments: random.Random) -> Figures:
    """Records, features and digests while the clock jumps by up to 400 days, either way."""
    import numpy as np

    from mer_repro.features.cache import Cache
    from mer_repro.runs.sweep import survey, sweep

    figures = Figures("clocks")
    place, cache, real = Place(folder), Cache(folder / "cache"), time.time
    options = {"overrides": {"seeds": 3}, "folder": place.store}
    sys.path.insert(0, str(ROOT / "tests"))
    for number in range(jumps):
        offset = moments.uniform(-400, 400) * 24 * 3600
        with mock.patch("time.time", lambda offset=offset: real() + offset):
            sweep(STUDY, "smoke", workers=1, device="cpu", progress=False, **options)
            states = {cell.state for cell in survey(STUDY, "smoke", **options)}
            figures.check(states == {"recorded"}, f"after a jump: {states}")
            key = f"test/{number:064d}"
            cache.put(key, np.arange(number))
            found = Cache(folder / "cache").get(key)
            figures.check(found is not None and len(found) == number, "a feature is gone")
        # Data of equal size and equal time of change is other data all the same.
        data = folder / "numbers.txt"
        state = data.stat()
        data.write_text(data.read_text()[::-1])
        os.utime(data, ns=(state.st_atime_ns, state.st_mtime_ns))
        stale = {cell.state for cell in survey(STUDY, "smoke", **options)}
        figures.check(stale == {"stale"}, f"changed data is not noticed: {stale}")
        figures.counts["jumps"] += 1
    figures.check(place.examine(figures) == 3, "runs are missing")
    return figures


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sweeps", type=int, default=200, help="Sweeps to kill; the other faults scale with it.")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    moments = random.Random(given.seed)
    share = max(1, given.sweeps // 20)
    began, found = time.monotonic(), []
    warnings.simplefilter("ignore")  # that a cache cannot be written is the point
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for measure in (
            lambda: killed(folder / "killed", given.sweeps, moments),
            lambda: together(folder / "together", share),
            *[lambda: with_a_book(folder / "book")] * (given.sweeps >= 100),
            lambda: full_disk(folder / "full", 3 * share, moments),
            lambda: clocks(folder / "clocks", share, moments),
        ):
            found.append(measure())
            print(found[-1].line(), flush=True)
    print(f"{given.sweeps} sweeps in {time.monotonic() - began:.0f} s, seed {given.seed}")
    if any(figures.faults for figures in found):
        sys.exit(1)


if __name__ == "__main__":
    main()
