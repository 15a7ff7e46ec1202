"""A study is a grid of runs; a sweep computes those that the store does not hold as they would be now.

`survey` compares the plan with the store and imports nothing heavy, so a sweep with nothing to do is over at once.
`sweep` hands the rest to worker processes on this machine (joblib's loky) or to Slurm (`mer_repro.cluster`). Each
worker writes its own records, so whatever is killed loses at most the runs in flight. A run computes on one CPU
thread: its result then does not depend on how many run beside it, and small models gain more from processes.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from mer_repro import paths
from mer_repro.errors import DataError, DataMissing, MerReproError, ParameterError, RecordError, require_choice
from mer_repro.fingerprint import source_fingerprint
from mer_repro.records import Record, RecordStore, Run
from mer_repro.study import Study, load_parameters, load_study

SELECTORS = ("dataset", "data", "protocol", "variant", "target", "seed")
_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")
#: read by the numerical libraries when they load; see the module's docstring
ONE_THREAD = {
    name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
}


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
class Finished:
    """What a worker says of one run. ``status``: done, failed, unavailable, refused (bad data) or busy."""

    run: Run
    status: str
    message: str = ""


@dataclass(frozen=True)
class Job:
    """One run with the fingerprints that its record will carry."""

    run: Run
    data_fingerprint: str
    source_fingerprint: str


@dataclass(frozen=True)
class Task:
    """Jobs for one worker process, one after the other, with all that it needs to compute and record them."""

    study: str
    folder: Path
    device: str
    slot: int
    jobs: tuple[Job, ...]
    force: bool = False
    #: wait for a run that another sweep is computing, instead of coming back to it later
    wait: bool = False


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
    key : citation key, or dotted path of a study module; see `mer_repro.study`.
    profile : "smoke", "quick" or "full".
    only : field of a run ("dataset", "data", "protocol", "variant", "target", "seed") -> accepted values.
    overrides : parameters that replace those of the profile's file.
    folder : the store's folder, instead of the profile's own.

    Raises
    ------
    ParameterError
        If a parameter, or a value in `only`, does not exist: named with the nearest valid one.
    """
    study = load_study(key)
    runs = select(study.plan(load_parameters(key, profile, overrides)), only or {})
    store = RecordStore(folder or paths.records_home(profile))
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
        cells.append(_judge(store, run, *data[read], sources[roots], failures.get(run.id)))
    return cells


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
    """The runs whose fields have one of the accepted values. Raises `ParameterError` on a value that none has."""
    for name, values in only.items():
        require_choice("selector", name, SELECTORS)
        for value in values:
            require_choice(name, value, {str(getattr(run, name)) for run in runs})
    return [run for run in runs if all(str(getattr(run, name)) in values for name, values in only.items())]


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
    cluster : a `mer_repro.cluster.Slurm`, or None for this machine.
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
    store = RecordStore(folder or paths.records_home(profile))
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


# What a worker does ----------------------------------------------------------------------------------------------


def work(task: Task) -> list[Finished]:
    """Compute and record the runs of a task; called in a worker process, on this machine or on a cluster."""
    study, store = load_study(task.study), RecordStore(task.folder)
    finished = []
    for job in task.jobs:
        try:
            with store.claim(job.run, wait=task.wait) as mine:
                finished.append(_compute(study, store, job, task) if mine else Finished(job.run, "busy"))
        except MerReproError as error:
            finished.append(Finished(job.run, "refused", str(error)))
            break
    return finished


def _compute(study: Study, store: RecordStore, job: Job, task: Task) -> Finished:
    """Raises `MerReproError` where the sweep must stop: no such device, bad data, a store that cannot be written."""
    run, made_with = job.run, {"data_fingerprint": job.data_fingerprint, "source_fingerprint": job.source_fingerprint}
    with contextlib.suppress(RecordError):
        # Another sweep may have finished this run since ours was planned.
        if not task.force and store.get(run, **made_with):
            return Finished(run, "done")
    device = resolve_device(task.device, task.slot)
    made_with["device"] = describe_device(device)
    began = time.perf_counter()
    try:
        outcome = study.module.execute(run, device=device)
        if study.source_fingerprint(run) != job.source_fingerprint:
            raise RuntimeError("The source was edited while this run computed; its result belongs to neither version.")
    except DataError:
        raise
    except DataMissing as error:
        return Finished(run, "unavailable", str(error))
    except Exception as error:
        store.put_failure(run, traceback.format_exc(), **made_with, seconds=time.perf_counter() - began)
        return Finished(run, "failed", f"{type(error).__name__}: {error}")
    store.put(run, outcome, **made_with, seconds=time.perf_counter() - began)
    return Finished(run, "done")


def resolve_device(device: str, slot: int = 0) -> str:
    """ "cpu" or "cuda:N" for a device as the user names it; `slot` spreads tasks over the GPUs.

    Raises
    ------
    ParameterError
        If a GPU is asked for that this machine does not have.
    """
    if device == "cpu" or (device == "auto" and not _has_cuda_driver()):
        return "cpu"
    import torch

    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device == "auto" and not found:
        return "cpu"
    if device in ("auto", "cuda") and found:
        return f"cuda:{slot % found}"
    if not found or int(device.partition(":")[2] or 0) >= found:
        raise ParameterError(f"There is no device '{device}': this machine has {found} GPUs that PyTorch can use.")
    return device


def _has_cuda_driver() -> bool:
    """Whether NVIDIA's driver library loads: a question that costs nothing, unlike importing torch."""
    import ctypes

    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def describe_device(device: str) -> str:
    """The device as a record names it, with the processor's or the GPU's model: numbers depend on it."""
    if device == "cpu":
        return f"cpu ({_processor()})"
    import torch

    return f"{device} ({torch.cuda.get_device_name(device)})"


@cache
def _processor() -> str:
    """The processor's model, as Linux names it; elsewhere what the platform says."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


# Where the workers run -------------------------------------------------------------------------------------------


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


def execute_locally(tasks: list[Task], width: int) -> Iterator[tuple[Task, Finished]]:
    """Run tasks in worker processes. A worker that dies (out of memory, killed) costs its own run only.

    When one worker dies, loky gives up all of them without saying whose it was: the tasks in flight are then run
    again, each run alone, and the others go on in new processes.
    """
    from concurrent.futures import FIRST_COMPLETED, Future, wait
    from concurrent.futures.process import BrokenProcessPool

    waiting = deque(tasks)
    while waiting:
        suspects: list[Task] = []
        in_flight: dict[Future, Task] = {}
        with _pool(min(width, len(waiting))) as pool:
            while in_flight or (waiting and not suspects):
                # No more than the workers can take: then what is in flight is known, and nothing is queued in loky.
                while waiting and len(in_flight) < width and not suspects:
                    task = waiting.popleft()
                    try:
                        in_flight[pool.submit(work, task)] = task
                    except BrokenProcessPool:
                        suspects.append(task)
                for future in wait(in_flight, return_when=FIRST_COMPLETED).done:
                    task = in_flight.pop(future)
                    try:
                        yield from ((task, finished) for finished in future.result())
                    except BrokenProcessPool:
                        suspects.append(task)
        for task in suspects:
            yield from _execute_alone(task)


def _execute_alone(task: Task) -> Iterator[tuple[Task, Finished]]:
    from concurrent.futures.process import BrokenProcessPool

    for single in singles(task):
        with _pool(1) as pool:
            try:
                yield from ((single, finished) for finished in pool.submit(work, single).result())
            except BrokenProcessPool as error:
                yield single, record_death(single, str(error))


def singles(task: Task) -> list[Task]:
    """The task as one task a run."""
    return [replace(task, jobs=(job,)) for job in task.jobs]


def record_death(task: Task, cause: str) -> Finished:
    """Record that the one run of a task took its process with it."""
    cause = f"The worker process died: {' '.join(cause.split())}"
    (job,) = task.jobs
    made_with = {"data_fingerprint": job.data_fingerprint, "source_fingerprint": job.source_fingerprint}
    RecordStore(task.folder).put_failure(job.run, cause, **made_with, device=task.device, seconds=0.0)
    return Finished(job.run, "failed", cause)


@contextlib.contextmanager
def _pool(width: int):
    from joblib.externals.loky.process_executor import ProcessPoolExecutor

    pool = ProcessPoolExecutor(max_workers=width, env=ONE_THREAD, initializer=_end_with_parent, initargs=(os.getpid(),))
    try:
        yield pool
    finally:
        # On the way out of an error there may be runs in flight that nobody will account for.
        pool.shutdown(wait=True, kill_workers=sys.exc_info()[0] is not None)


def _end_with_parent(parent: int) -> None:
    """Let this worker process end when its parent does, and only then.

    Ctrl-C reaches every process of a terminal: the parent ends its workers itself. A parent that is killed cannot,
    and loky's workers would wait for it for ever.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=watch, daemon=True).start()


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
