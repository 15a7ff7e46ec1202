"""Re-stamping: a record stays current when its code was renamed, moved or tidied, if a rerun proves it.

A record's source fingerprint changes with every change of code that its result depends on, also with those that cannot
change the result. Re-stamping reruns, of all records whose source or parameters changed, the cheapest run of every
variant, and compares all metrics to the last bit: with the record or, where that was made on another machine, with a
rerun of the old code from the repository's history on this one. Where they are equal, the records of that variant get
the new fingerprint, and the proof is appended to ``results/<key>/restamped.json``; else nothing is changed.
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
    """What came of one variant whose code changed.

    Attributes
    ----------
    variant : with its data set, e.g. ``ridge (deam)``.
    old, new : source fingerprints.
    rerun : id of the run that was made again.
    equal : whether all its metrics are the same to the last bit.
    against : what it was compared with: "record", or the commit of the old code.
    records : ids that the proof covers.
    reason : where not equal, what differs.
    """

    variant: str
    old: str
    new: str
    rerun: str
    equal: bool
    against: str
    records: tuple[str, ...]
    reason: str = ""


def restamp(
    key: str,
    profile: str = "full",
    *,
    base: str | None = None,
    seconds: float = 600.0,
    workers: int = 1,
    folder: Path | None = None,
) -> list[Proof]:
    """Prove and renew the stale records of a study; see the module.

    Parameters
    ----------
    base : commit of the old code, for records that another machine made; None compares with the records alone.
    seconds : variants whose cheapest run took longer are left stale.
    workers : processes side by side.
    folder : the store's folder, instead of the profile's own.

    Returns
    -------
    One proof per variant and data set that was tried, the refused ones among them.

    Raises
    ------
    MerReproError
        If `base` is no commit of this repository, or its code cannot be run.
    """
    store = RecordStore(folder or paths.records_home(profile))
    groups: dict[tuple, list[Cell]] = {}
    for cell in survey(key, profile, folder=folder):
        if cell.state == "stale" and not cell.obtain and _only_code(cell):
            run = cell.run
            place = (run.dataset, run.data, run.protocol, run.variant, cell.record.source_fingerprint)
            groups.setdefault(place, []).append(cell)
    samples = {place: min(cells, key=lambda cell: cell.record.seconds) for place, cells in groups.items()}
    samples = {place: cell for place, cell in samples.items() if cell.record.seconds <= seconds}
    with tempfile.TemporaryDirectory() as scratch:
        found = _rerun(key, samples.values(), Path(scratch), workers)
        proofs = [_compared(cell, found.get(cell.run.id), groups[place]) for place, cell in samples.items()]
        refused = [samples[place] for place, proof in zip(samples, proofs, strict=True) if not proof.equal]
        if base and refused:
            before = _rerun_at(base, key, profile, refused)
            proofs = [
                proof if proof.equal else _compared(cell, found.get(cell.run.id), groups[place], before, base)
                for (place, cell), proof in zip(samples.items(), proofs, strict=True)
            ]
    for (place, _), proof in zip(samples.items(), proofs, strict=True):
        if proof.equal:
            for cell in groups[place]:
                store.restamp(cell.record, cell.source_fingerprint, cell.run.parameters)
    _append(store.folder / load_study(key).key / LOG, [proof for proof in proofs if proof.equal])
    return proofs


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
    """Metrics of the cells' runs made by the code of a commit, in a checkout of its own, by id."""
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
                found[run.id] = json.loads(place.read_text(encoding="utf-8"))["metrics"]
            return found
        finally:
            _git("worktree", "remove", "--force", str(checkout))


def _environment(checkout: Path) -> dict[str, str]:
    import os

    return os.environ | {"PYTHONPATH": str(checkout)}


def _git(*arguments: str) -> None:
    done = subprocess.run(["git", *arguments], cwd=paths.PROJECT, capture_output=True, text=True)
    if done.returncode:
        raise MerReproError(f"git {' '.join(arguments)}: {done.stderr.strip()}")


def _compared(
    cell: Cell, again: Record | None, covered: list[Cell], before: dict[str, dict] | None = None, base: str = ""
) -> Proof:
    old = cell.record.as_dict()["metrics"] if before is None else before[cell.run.id]
    reason = "the rerun failed" if again is None else ""
    if again is not None:
        now = again.as_dict()["metrics"]
        names = [name for name in sorted(old.keys() | now.keys()) if old.get(name) != now.get(name)]
        reason = "; ".join(f"{name} was {old.get(name)!r}, is {now.get(name)!r}" for name in names[:3])
    return Proof(
        f"{cell.run.variant} ({cell.run.dataset}, {cell.run.protocol})",
        cell.record.source_fingerprint,
        cell.source_fingerprint,
        cell.run.id,
        not reason,
        base or "record",
        tuple(other.run.id for other in covered),
        reason,
    )


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
    """One line per variant, and a count."""
    lines = [
        f"{'proved ' if proof.equal else 'refused'}  {proof.variant}: {proof.rerun} against {proof.against}"
        + (f" ({proof.reason})" if proof.reason else f", {len(proof.records)} records renewed")
        for proof in proofs
    ]
    renewed = sum(len(proof.records) for proof in proofs if proof.equal)
    refused = sum(len(proof.records) for proof in proofs if not proof.equal)
    return "\n".join([*lines, f"{renewed} records renewed, {refused} refused" if proofs else "Nothing is stale."])
