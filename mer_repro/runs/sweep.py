"""A study is a grid of runs; a sweep computes those that the store does not hold as they would be now.

`survey` compares the plan with the store and imports nothing heavy, so a sweep with nothing to do is over at once.
`sweep` hands the rest to processes on this machine (`mer_repro.runs.workers`) or to Slurm (`mer_repro.runs.slurm`).
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from mer_repro import paths
from mer_repro.errors import DataMissing, MerReproError, ParameterError, RecordError, require_choice
from mer_repro.runs.fingerprint import source_fingerprint
from mer_repro.runs.records import Record, RecordStore, Run
from mer_repro.runs.study import Study, load_parameters, load_study
from mer_repro.runs.workers import Finished, Job, Task, execute_locally, resolve_device, singles

SELECTORS = ("dataset", "data", "protocol", "variant", "target", "seed")
_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")


@dataclass
class Cell:
    """One planned run and what the store says of it.

    ``state`` is

    - "recorded": its record is what a rerun would give;
    - "stale": its record was made with other parameters, data or source (``reasons``);
    - "damaged": its record cannot be read (``reasons``);
    - "failed": no record, and the last attempt raised (``reasons``: the last line of the traceback);
    - "missing": neither.

    ``obtain`` says how to get the data where it is not on this machine, else None; such a cell is never run, and
    its record, if there is one, is judged by parameters and source alone.
    """

    run: Run
    state: str
    reasons: list[str]
    record: Record | None
    data_fingerprint: str | None
    source_fingerprint: str
    obtain: str | None = None


@dataclass
class Summary:
    """What a sweep did: ids of runs, with a reason where there is one."""

    study: str
    profile: str
    planned: int = 0
    recorded: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    stale: dict[str, str] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    #: runs done anew in place of a record that was there before
    replaced: list[str] = field(default_factory=list)
    seconds: float = 0.0
    #: the command that runs the failed ones again, and nothing else
    rerun: str = ""

    @property
    def ok(self) -> bool:
        """Whether no run failed."""
        return not self.failed

    def as_dict(self) -> dict[str, Any]:
        """JSON types only."""
        return asdict(self) | {"ok": self.ok}

    def report(self) -> str:
        """A few lines for people."""
        head = f"{self.study} ({self.profile}): {self.planned} runs, {len(self.recorded)} recorded before"
        lines = [f"{head}, {len(self.done)} computed in {self.seconds:.1f} s" if self.done else head]
        lines += _by_reason("stale, run again", self.stale)
        lines += _by_reason("damaged, run again", self.damaged)
        lines += _by_reason("not here", self.unavailable)
        if self.replaced and self.profile == "full":
            reason = f"results/{self.study}/records; `git diff` shows what moved, `git checkout` takes it back"
            lines += _by_reason("committed records replaced", dict.fromkeys(self.replaced, reason))
        lines += [f"  failed: {name} ({why})" for name, why in self.failed.items()]
        if self.failed:
            lines.append(f"{len(self.failed)} failed; once the cause is removed: {self.rerun}")
        elif not self.done:
            lines[0] += "; nothing to do"
        return "\n".join(lines)


def _by_reason(title: str, reasons: dict[str, str], shown: int = 3) -> list[str]:
    """A line a reason, with the first few runs that it holds for."""
    runs: dict[str, list[str]] = {}
    for name, why in reasons.items():
        runs.setdefault(why, []).append(name)
    return [
        f"  {len(names)} {title}: {why} ({', '.join(names[:shown])}{', ...' if len(names) > shown else ''})"
        for why, names in runs.items()
    ]


def survey(
    key: str,
    profile: str,
    *,
    only: Mapping[str, list[str]] | None = None,
    overrides: dict[str, Any] | None = None,
    folder: Path | None = None,
) -> list[Cell]:
    """Every planned run of a study and what the store says of it; nothing heavy is imported, nothing is run.

    Parameters
    ----------
    key : citation key, or dotted path of a study module; see `mer_repro.runs.study`.
    profile : "smoke", "quick" or "full".
    only : field of a run ("dataset", "data", "protocol", "variant", "target", "seed") -> accepted values.
    overrides : parameters that replace those of the profile's file, as a notebook gives them.
    folder : the store's folder, instead of the profile's own.

    With `overrides`, the full profile's committed records are read and never written: what they lack belongs into the
    user's own store, `mer_repro.paths.own_records_home`.

    Raises
    ------
    ParameterError
        If a parameter, or a value in `only`, does not exist: named with the nearest valid one.
    """
    study = load_study(key)
    runs = select(study.plan(load_parameters(key, profile, overrides)), only or {})
    store, committed = _stores(profile, overrides, folder)
    failures = {record.id: record for record in store.failures(study.key)}
    # Runs share data and code: each is looked up once.
    data: dict[tuple[str, str], tuple[str | None, str | None]] = {}
    sources: dict[tuple[str, ...], str] = {}
    cells = []
    for run in runs:
        read, roots = (run.dataset, run.data), study.source_roots(run)
        if read not in data:
            data[read] = _data_fingerprint(study, run)
        if roots not in sources:
            sources[roots] = source_fingerprint(roots)
        cell = _judge(store, run, *data[read], sources[roots], failures.get(run.id))
        if committed is not None and cell.state != "recorded":
            known = _judge(committed, run, *data[read], sources[roots], None)
            cell = known if known.state == "recorded" else cell
        cells.append(cell)
    return cells


def measured(key: str, profile: str, overrides: dict[str, Any]) -> list[Record]:
    """What a notebook shows of its own parameters: runs what is missing, and returns the records of the runs planned.

    Raises
    ------
    MerReproError
        As `sweep`.
    """
    sweep(key, profile, overrides=overrides)
    cells = survey(key, profile, overrides=overrides)
    return sorted((cell.record for cell in cells if cell.record is not None), key=lambda record: record.id)


def _stores(
    profile: str, overrides: dict[str, Any] | None, folder: Path | None
) -> tuple[RecordStore, RecordStore | None]:
    """The store that is written, and, where that is not it, the committed one, which is only read."""
    home = paths.records_home(profile)
    if folder is None and profile == "full" and overrides is not None:
        return RecordStore(paths.own_records_home(profile)), RecordStore(home)
    return RecordStore(folder or home), None


def _data_fingerprint(study: Study, run: Run) -> tuple[str | None, str | None]:
    """The fingerprint of a run's data and None, or None and how to get the data."""
    try:
        return study.data_fingerprint(run), None
    except DataMissing as missing:
        return None, str(missing)


def _judge(
    store: RecordStore, run: Run, data: str | None, obtain: str | None, source: str, failure: Record | None
) -> Cell:
    try:
        record = store.read(run)
        reasons = store.stale(run, data, source)
    except RecordError as error:
        return Cell(run, "damaged", [str(error)], None, data, source, obtain)
    if record is not None:
        return Cell(run, "stale" if reasons else "recorded", reasons, record, data, source, obtain)
    if failure is not None:
        last_line = (failure.traceback or "").strip().rpartition("\n")[2]
        return Cell(run, "failed", [last_line], None, data, source, obtain)
    return Cell(run, "missing", [], None, data, source, obtain)


def select(runs: list[Run], only: Mapping[str, list[str]]) -> list[Run]:
    """The runs whose fields or factors have one of the accepted values.

    Raises
    ------
    ParameterError
        On a name that is neither, and on a value that no run has.
    """

    def value_of(run: Run, name: str) -> str:
        return str(getattr(run, name) if name in SELECTORS else run.factors.get(name, ""))

    known = {*SELECTORS, *(name for run in runs for name in run.factors)}
    for name, values in only.items():
        require_choice("selector", name, known)
        for value in values:
            require_choice(name, value, {value_of(run, name) for run in runs})
    return [run for run in runs if all(value_of(run, name) in values for name, values in only.items())]


def sweep(
    key: str,
    profile: str,
    *,
    workers: int | None = None,
    device: str = "auto",
    cluster: Any = None,
    only: Mapping[str, list[str]] | None = None,
    force: bool = False,
    overrides: dict[str, Any] | None = None,
    folder: Path | None = None,
    progress: bool = True,
) -> Summary:
    """Run what the store lacks, or holds only stale, damaged or failed.

    Parameters
    ----------
    key, profile, only, overrides, folder : see `survey`.
    workers : processes side by side; default one a core on the CPU, four on a GPU. On a cluster, the number of
        jobs that may run at one time.
    device : "auto" (a GPU where there is one), "cpu", "cuda" (spread over all GPUs) or "cuda:N".
    cluster : a `mer_repro.runs.slurm.Slurm`, or None for this machine.
    force : run again what is recorded, too.
    progress : a progress bar on stderr (one line a run where stderr is no terminal).

    Returns
    -------
    A `Summary`. A run that raises is recorded as failed and the others go on. Runs on real data that is not on
    this machine are not run and reported.

    Raises
    ------
    ParameterError
        If a parameter, device or selector does not exist.
    MerReproError
        If a run meets a damaged data file, or the records cannot be written: the sweep stops, what is finished is
        recorded, the run in question leaves nothing behind.
    """
    if not _DEVICE.fullmatch(device):
        raise ParameterError(f"Unknown device '{device}'. Valid: auto, cpu, cuda, cuda:N (N a GPU's number).")
    if workers is not None and workers < 1:
        raise ParameterError(f"workers is {workers}; expected 1 or more.")
    started = time.monotonic()
    study = load_study(key)
    store, _ = _stores(profile, overrides, folder)
    cells = survey(key, profile, only=only, overrides=overrides, folder=folder)
    summary, todo = _sort(Summary(study.key, profile, len(cells)), cells, force)
    if todo:
        width = workers or _default_workers(device, cluster)
        tasks = _tasks(study, key, store, device, todo, force, width)
        execute = cluster.execute if cluster else execute_locally
        results = contextlib.closing(_until_none_is_busy(execute, tasks, width))
        with _reporter(len(todo), progress) as report, results as every:
            for finished in every:
                _account(summary, finished, report)
    before = {cell.run.id for cell in todo if cell.record is not None or cell.state == "damaged"}
    summary.replaced = [name for name in summary.done if name in before]
    summary.seconds = time.monotonic() - started
    summary.rerun = _rerun_command(key, profile, [cell.run for cell in cells if cell.run.id in summary.failed])
    return summary


def _sort(summary: Summary, cells: list[Cell], force: bool) -> tuple[Summary, list[Cell]]:
    todo = []
    for cell in cells:
        if cell.state == "recorded" and (cell.obtain or not force):
            summary.recorded.append(cell.run.id)
        elif cell.obtain:
            summary.unavailable[cell.run.id] = cell.obtain
        else:
            todo.append(cell)
        if cell.state in ("stale", "damaged"):
            getattr(summary, cell.state)[cell.run.id] = "; ".join(cell.reasons)
    return summary, todo


def _account(summary: Summary, finished: Finished, report: Callable[[Finished], None]) -> None:
    if finished.status == "refused":
        raise MerReproError(finished.message)
    if finished.status == "done":
        summary.done.append(finished.run.id)
    else:
        getattr(summary, finished.status)[finished.run.id] = finished.message
    report(finished)


def _default_workers(device: str, cluster: Any) -> int:
    if cluster:
        return cluster.default_workers
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    on_gpu = device.startswith("cuda") or (device == "auto" and resolve_device(device) != "cpu")
    return min(4, cores) if on_gpu else cores


def _tasks(
    study: Study, key: str, store: RecordStore, device: str, todo: list[Cell], force: bool, width: int
) -> list[Task]:
    """One task a run; runs that share loaded data together, yet in parts small enough to keep every worker busy."""
    batch_key = getattr(study.module, "batch_key", None)
    groups: dict[Any, list[Cell]] = {}
    for cell in todo:
        groups.setdefault(batch_key(cell.run) if batch_key else cell.run.id, []).append(cell)
    parts_a_worker = 4
    tasks = []
    for group in groups.values():
        size = -(-len(group) // (parts_a_worker * width)) if len(groups) < parts_a_worker * width else len(group)
        for start in range(0, len(group), size):
            part = group[start : start + size]
            tasks.append(
                Task(
                    study=key,
                    folder=store.folder.resolve(),
                    device=device,
                    slot=len(tasks),
                    jobs=tuple(Job(cell.run, cell.data_fingerprint, cell.source_fingerprint) for cell in part),
                    force=force,
                )
            )
    return tasks


def _until_none_is_busy(execute, tasks: list[Task], width: int) -> Iterator[Finished]:
    """All results; runs that another sweep was computing are asked for again, at the end, and waited for."""
    busy = []
    for task, finished in execute(tasks, width):
        if finished.status == "busy":
            busy += [replace(single, wait=True) for single in singles(task) if single.jobs[0].run == finished.run]
        else:
            yield finished
    if busy:
        yield from (finished for _, finished in execute(busy, width))


@contextlib.contextmanager
def _reporter(total: int, progress: bool) -> Iterator[Callable[[Finished], None]]:
    """A function to call with every finished run: moves the bar, names failures at once."""
    from tqdm import tqdm

    lines = progress and not sys.stderr.isatty()
    with tqdm(total=total, unit="run", disable=not progress or lines, file=sys.stderr) as bar:

        def report(finished: Finished) -> None:
            bar.update()
            bar.set_postfix_str(finished.run.label(), refresh=False)
            if finished.status == "failed":
                tqdm.write(f"failed: {finished.run.label()}: {finished.message}", file=sys.stderr)
            elif lines:
                print(f"{finished.status}: {finished.run.label()}", file=sys.stderr, flush=True)

        yield report


def _rerun_command(key: str, profile: str, failed: list[Run]) -> str:
    """The narrowest `mer-repro run` that covers the failed runs; what is recorded is not run again anyway."""
    if not failed:
        return ""
    values = {name: sorted({str(getattr(run, name)) for run in failed}) for name in SELECTORS}
    chosen = " ".join(f"{name}={','.join(found)}" for name, found in values.items() if "" not in found)
    return f"mer-repro run {key} --profile {profile} --only {chosen}"
