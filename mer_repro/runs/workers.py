"""The processes that compute runs: what one does with its runs, on which device, and how a machine's share the work.

Each worker writes its own records, so whatever is killed loses at most the runs in flight. A run computes on one CPU
thread: its result then does not depend on how many run beside it, and small models gain more from processes.
"""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from mer_repro.errors import DataError, DataMissing, MerReproError, ParameterError, RecordError
from mer_repro.runs.records import RecordStore, Run
from mer_repro.runs.study import Study, load_study

#: read by the numerical libraries when they load; see the module's docstring
ONE_THREAD = {
    name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
}


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
        store.put(run, outcome, **made_with, seconds=time.perf_counter() - began)
    except (DataError, RecordError):
        raise
    except DataMissing as error:
        return Finished(run, "unavailable", str(error))
    except Exception as error:
        store.put_failure(run, traceback.format_exc(), **made_with, seconds=time.perf_counter() - began)
        return Finished(run, "failed", f"{type(error).__name__}: {error}")
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


# The processes of one machine ----------------------------------------------------------------------------------------


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
                        in_flight[_submit(pool, task)] = task
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
                yield from ((single, finished) for finished in _submit(pool, single).result())
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
    from multiprocessing import resource_tracker

    from joblib.externals.loky.process_executor import ProcessPoolExecutor

    # Where it starts, Ctrl-C is let through: that must not happen while `_submit` holds it back.
    resource_tracker.ensure_running()
    pool = ProcessPoolExecutor(max_workers=width, env=ONE_THREAD, initializer=_end_with_parent, initargs=(os.getpid(),))
    try:
        yield pool
    finally:
        # On the way out of an error there may be runs in flight that nobody will account for.
        pool.shutdown(wait=True, kill_workers=sys.exc_info()[0] is not None)


def _submit(pool, task: Task):
    """Hand a task to the pool, with Ctrl-C held back in whatever processes and threads it starts for it.

    Ctrl-C reaches every process of a terminal, those too that are still importing and would each print where. They
    inherit what is held back here, for good; the parent hears Ctrl-C afterwards and ends its workers itself.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(work, task)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent(parent: int) -> None:
    """Let this worker process end when its parent does: one that is killed cannot say so, and loky's workers would wait
    for it for ever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
