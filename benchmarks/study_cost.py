"""What one run of each of the costliest cells costs, as the last release computes it and as this copy does.

    python benchmarks/study_cost.py [--cells 10] [--release 50af272] [--only WORD ...] [--json]

The costliest cells are those of the committed records: runs of one paper, data set and variant, by their seconds
together. Of each, the run at the middle of these seconds (half of them were spent on runs as long or longer) is
computed once by either copy, with the recorded sizes, one thread and the data at hand; the copies take turns. The
release is checked out of git's history into a temporary folder. What counts is the processor time of ``execute``, its
libraries loaded beforehand: other work on the machine hardly moves it. A cell whose data is not here is named and left
out of the ratio.
"""

from __future__ import annotations

import argparse
import bisect
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: The release before this copy.
RELEASE = "50af272"
#: Executes the run of one record and prints its processor seconds; works in both copies.
DRIVER = """
import json, sys, time
import pandas, sklearn.ensemble, sklearn.linear_model, torch, transformers
try:
    from mer_repro.runs.records import Run
    from mer_repro.runs.study import load_study
except ModuleNotFoundError:
    from mer_repro.records import Run
    from mer_repro.study import load_study
torch.set_num_threads(1)
given = json.loads(sys.argv[1])
run = Run(**given)
study = load_study(run.paper).module
start = time.process_time()
outcome = study.execute(run, device="cpu")
print(json.dumps({"seconds": time.process_time() - start, "metrics": outcome.metrics}))
"""
CELL = ("paper", "dataset", "data", "variant")


def costliest(cells: int) -> list[tuple[tuple[str, ...], float, dict]]:
    """Of the costliest cells the name, the recorded seconds of all runs, and the record of the run at their middle."""
    runs = defaultdict(list)
    for path in sorted(ROOT.glob("results/*/records/*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["status"] == "done":
            runs[tuple(record[name] for name in CELL)].append(record)
    found = []
    for name, records in runs.items():
        records.sort(key=lambda record: record["seconds"])
        spent = list(itertools.accumulate(record["seconds"] for record in records))
        found.append((name, spent[-1], records[bisect.bisect_left(spent, spent[-1] / 2)]))
    return sorted(found, key=lambda cell: -cell[1])[:cells]


def measure(copy: Path, record: dict) -> dict | str:
    """Processor seconds and metrics of a record's run as a copy of the package computes it, or why there are none."""
    names = ("paper", "dataset", "data", "protocol", "variant", "target", "seed", "parameters")
    one_thread = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "MKL", "OPENBLAS")}
    ended = subprocess.run(
        [sys.executable, "-c", DRIVER, json.dumps({name: record[name] for name in names})],
        env={**os.environ, **one_thread, "PYTHONPATH": str(copy)},
        cwd=copy,
        capture_output=True,
        text=True,
    )
    if ended.returncode:
        return (ended.stderr.strip().splitlines() or ["no message"])[-1]
    return json.loads(ended.stdout.strip().splitlines()[-1])


def compare(release: Path, record: dict) -> dict:
    """Seconds of both copies, and the largest difference between their scores."""
    before = measure(release, record)
    now = measure(ROOT, record) if isinstance(before, dict) else before
    if isinstance(before, str) or isinstance(now, str):
        return {"run": record["id"], "failed": before if isinstance(before, str) else now}
    pairs = [(before["metrics"][name], now["metrics"][name]) for name in before["metrics"].keys() & now["metrics"]]
    return {
        "run": record["id"],
        "release_seconds": before["seconds"],
        "seconds": now["seconds"],
        "ratio": now["seconds"] / before["seconds"],
        "largest_difference": max((abs(a - b) for a, b in pairs if a == a and b == b), default=0.0),
    }


def main() -> None:
    """Print a line per cell and the ratio of all of them together."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=10)
    parser.add_argument("--release", default=RELEASE, help="commit to compare with")
    parser.add_argument("--only", nargs="*", default=[], help="words that a cell's name must hold, one of them")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        release = Path(folder) / "release"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--detach", str(release), arguments.release], check=True, capture_output=True)
        try:
            for name, recorded, record in costliest(arguments.cells):
                if arguments.only and not any(word in " ".join(name) for word in arguments.only):
                    continue
                row = {"cell": " ".join(name), "recorded_minutes": recorded / 60} | compare(release, record)
                rows.append(row)
                if not arguments.json:
                    print(line(row), flush=True)
        finally:
            subprocess.run([*git, "remove", "--force", str(release)], check=True, capture_output=True)
    counted = [row for row in rows if "ratio" in row]
    ratio = None
    if counted:
        ratio = sum(row["seconds"] for row in counted) / sum(row["release_seconds"] for row in counted)
    if arguments.json:
        print(json.dumps({"ratio": ratio, "cells": rows}, indent=2))
    elif counted:
        print(f"{len(counted)} of {len(rows)} cells together: {ratio:.2f} of the release's processor time")


def line(row: dict) -> str:
    """A cell for readers."""
    if "failed" in row:
        return f"{row['cell']:45} not computed: {row['failed'][:100]}"
    return (
        f"{row['cell']:45} {row['release_seconds']:7.1f} s -> {row['seconds']:7.1f} s, ratio {row['ratio']:.2f},"
        f" scores differ by {row['largest_difference']:.1e} at most"
    )


if __name__ == "__main__":
    main()
