"""Re-stamping: a record stays current when its code was renamed, moved or tidied, if a rerun proves it.

A record's source fingerprint changes with every change of code that its result depends on, also with those that cannot
change the result. Records that changed in the same way, from one source to another, stand behind one root.
Re-stamping reruns a sample of the runs behind each root, of different variants from the cheapest to the dearest that is
affordable, and compares all metrics to the last bit: with the record or, where that was made on another machine, with a
rerun of the old code from the repository's history on this one, which must be the code that made the record. Where all
of a root's sample are equal, its records get the new fingerprint, and the proof is appended to
``results/<key>/restamped.json``; else nothing behind that root is changed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from mer_repro import paths
from mer_repro.errors import MerReproError
from mer_repro.runs.records import Record, RecordStore, versions, write_atomically
from mer_repro.runs.study import load_study
from mer_repro.runs.sweep import Cell, survey
from mer_repro.runs.workers import Job, Task, execute_locally

LOG = "restamped.json"


@dataclass(frozen=True)
class Proof:
    """What came of one root whose code changed.

    Attributes
    ----------
    roots : where the code of its runs' results starts.
    old, new : source fingerprints.
    reruns : ids of the runs that were made again.
    equal : whether all their metrics are the same to the last bit.
    against : what they were compared with: "record", or the commit of the old code.
    records : ids that the proof covers.
    reason : where not equal, what differs.
    """

    roots: tuple[str, ...]
    old: str
    new: str
    reruns: tuple[str, ...]
    equal: bool
    against: str
    records: tuple[str, ...]
    reason: str = ""


def restamp(
    key: str,
    profile: str = "full",
    *,
    base: str | None = None,
    sample: int = 4,
    seconds: float = 60.0,
    workers: int = 1,
    folder: Path | None = None,
) -> list[Proof]:
    """Prove and renew the stale records of a study; see the module.

    Parameters
    ----------
    base : commit of the old code, for records that another machine made; None compares with the records alone.
    sample : runs per root that are made again, each of another variant where there are so many.
    seconds : runs that took longer are not made again.
    workers : processes side by side.
    folder : the store's folder, instead of the profile's own.

    Returns
    -------
    One proof per root that was tried, the refused ones among them.

    Raises
    ------
    MerReproError
        If `base` is no commit of this repository, or its code cannot be run.
    """
    study, store = load_study(key), RecordStore(folder or paths.records_home(profile))
    behind: dict[tuple, list[Cell]] = {}
    for cell in survey(key, profile, folder=folder):
        if cell.state == "stale" and not cell.obtain and _only_code(cell):
            root = (study.source_roots(cell.run), cell.record.source_fingerprint, cell.source_fingerprint)
            behind.setdefault(root, []).append(cell)
    samples = {root: _sample(cells, sample, seconds) for root, cells in behind.items()}
    samples = {root: cells for root, cells in samples.items() if cells}
    with tempfile.TemporaryDirectory() as scratch:
        again = _rerun(key, [cell for cells in samples.values() for cell in cells], Path(scratch), workers)
    recorded = {cell.run.id: cell.record.as_dict()["metrics"] for cells in samples.values() for cell in cells}
    proofs = {root: _proof(root, cells, behind[root], again, recorded, "record") for root, cells in samples.items()}
    refused = {root: samples[root] for root, proof in proofs.items() if not proof.equal}
    if base and refused:
        commit = _git("rev-parse", "--verify", f"{base}^{{commit}}").strip()
        before = _rerun_at(commit, key, profile, [cell for cells in refused.values() for cell in cells])
        metrics = {name: made["metrics"] for name, made in before.items()}
        sources = {name: made["source_fingerprint"] for name, made in before.items()}
        proofs |= {
            root: _proof(root, cells, behind[root], again, metrics, commit, sources) for root, cells in refused.items()
        }
    for root, proof in proofs.items():
        for cell in behind[root] if proof.equal else ():
            store.restamp(cell.record, cell.source_fingerprint, cell.run.parameters)
    _append(store.folder / study.key / LOG, [proof for proof in proofs.values() if proof.equal])
    return list(proofs.values())


def _sample(cells: list[Cell], size: int, seconds: float) -> list[Cell]:
    """The cheapest affordable run of up to `size` variants, spread evenly from the cheapest to the dearest variant."""
    cheapest: dict[str, Cell] = {}
    for cell in sorted(cells, key=lambda cell: cell.record.seconds, reverse=True):
        if cell.record.seconds <= seconds:
            cheapest[cell.run.variant] = cell
    ordered = sorted(cheapest.values(), key=lambda cell: cell.record.seconds)
    if len(ordered) <= size:
        return ordered
    return [ordered[round(k * (len(ordered) - 1) / max(1, size - 1))] for k in range(size)]


def _only_code(cell: Cell) -> bool:
    """Whether source, or parameters that the record does not know yet, are all that changed."""
    before, now = cell.record.parameters, cell.run.parameters
    grown = all(_contains(now.get(name), value) for name, value in before.items())
    return grown and cell.data_fingerprint == cell.record.data_fingerprint


def _contains(now: object, before: object) -> bool:
    if isinstance(before, dict) and isinstance(now, dict):
        return all(_contains(now.get(name), value) for name, value in before.items())
    return now == before


def _rerun(key: str, cells: Iterable[Cell], folder: Path, workers: int) -> dict[str, Record]:
    """The cells' runs made anew by the present code, by id; those that failed are missing."""
    tasks = [
        Task(key, folder, "cpu", slot, (Job(cell.run, cell.data_fingerprint, cell.source_fingerprint),))
        for slot, cell in enumerate(cells)
    ]
    for _, finished in execute_locally(tasks, workers):
        if finished.status == "refused":
            raise MerReproError(finished.message)
    store = RecordStore(folder)
    made = [store.read(task.jobs[0].run) for task in tasks]
    return {record.id: record for record in made if record is not None}


def _rerun_at(base: str, key: str, profile: str, cells: list[Cell]) -> dict[str, dict]:
    """The cells' records as the code of a commit makes them, in a checkout of its own, by id."""
    with tempfile.TemporaryDirectory() as scratch:
        checkout = Path(scratch) / "checkout"
        _git("worktree", "add", "--detach", str(checkout), base)
        try:
            found = {}
            for cell in cells:
                run = cell.run
                names = ("dataset", "data", "protocol", "variant", "target", "seed")
                chosen = {name: str(getattr(run, name)) for name in names} | run.factors
                only = [f"{name}={value}" for name, value in chosen.items() if value]
                code = "from mer_repro.cli import main; main()"
                command = [sys.executable, "-c", code, "run", key, "--profile", profile, "--force", "--workers", "1"]
                done = subprocess.run(
                    [*command, "--device", "cpu", "--only", *only], cwd=checkout, capture_output=True, text=True,
                    env=_environment(checkout),
                )  # fmt: skip
                place = checkout / "results" / run.paper / "records" / f"{run.id}.json"
                if done.returncode or not place.is_file():
                    raise MerReproError(f"The code of {base} could not run {run.id}:\n{done.stdout}{done.stderr}")
                found[run.id] = json.loads(place.read_text(encoding="utf-8"))
            return found
        finally:
            _git("worktree", "remove", "--force", str(checkout))


def _environment(checkout: Path) -> dict[str, str]:
    import os

    return os.environ | {"PYTHONPATH": str(checkout)}


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=paths.PROJECT, capture_output=True, text=True)
    if done.returncode:
        raise MerReproError(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def _proof(
    root: tuple,
    cells: list[Cell],
    covered: list[Cell],
    again: dict[str, Record],
    before: dict[str, dict],
    against: str,
    sources: dict[str, str] | None = None,
) -> Proof:
    """`again`: records of the reruns, `before`: metrics to compare with, `sources`: of the code behind these, by id."""
    reasons = []
    for cell in cells:
        name = cell.run.id
        if sources and sources[name] != cell.record.source_fingerprint:
            reasons.append(f"{name}: {against[:8]} is not the code that made this record")
            continue
        if name not in again:
            reasons.append(f"{name}: the rerun failed")
            continue
        now, old = again[name].as_dict()["metrics"], before[name]
        differing = [metric for metric in sorted(old.keys() | now.keys()) if old.get(metric) != now.get(metric)]
        reasons += [f"{name}: {m} was {old.get(m)!r}, is {now.get(m)!r}" for m in differing[:1]]
    reruns = tuple(cell.run.id for cell in cells)
    return Proof(*root, reruns, not reasons, against, tuple(cell.run.id for cell in covered), "; ".join(reasons))


def _append(path: Path, proofs: list[Proof]) -> None:
    if not proofs:
        return
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    when = {"date": time.strftime("%Y-%m-%d", time.gmtime()), "versions": versions()}
    kept += [
        {name: value for name, value in asdict(proof).items() if name not in ("equal", "reason")}
        | when
        | {"records": len(proof.records)}
        for proof in proofs
    ]
    write_atomically(path, (json.dumps(kept, indent=1) + "\n").encode())


def report(proofs: list[Proof]) -> str:
    """One line per root, and a count."""
    lines = [
        f"{'proved ' if proof.equal else 'refused'}  {', '.join(proof.roots)}: {len(proof.reruns)} runs against"
        f" {proof.against}" + (f" ({proof.reason})" if proof.reason else f", {len(proof.records)} records renewed")
        for proof in proofs
    ]
    renewed = sum(len(proof.records) for proof in proofs if proof.equal)
    refused = sum(len(proof.records) for proof in proofs if not proof.equal)
    return "\n".join([*lines, f"{renewed} records renewed, {refused} refused" if proofs else "Nothing to re-stamp."])
