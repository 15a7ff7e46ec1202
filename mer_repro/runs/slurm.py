"""Sweeps beyond one machine: tasks as Slurm job arrays, by submitit.

A job computes and records its runs itself, on the shared file system that holds the project and the store. The
sweep only watches. A job that leaves the queue without a result (killed, out of memory, out of time, its node lost) is
judged by the store: what it recorded is done, the run that it was computing counts one loss and is submitted alone,
and the others of its task are submitted again. Whoever stops the sweep stops its jobs; starting it again continues.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from mer_repro import paths
from mer_repro.errors import ParameterError, RecordError
from mer_repro.runs.records import RecordStore
from mer_repro.runs.workers import ONE_THREAD, Finished, Task, record_death, work
from mer_repro.runs.workers import Job as RunJob

if TYPE_CHECKING:
    from submitit import Job, SlurmExecutor

#: what sbatch says while the controller is down, busy or starting
_SILENT = re.compile(r"timed out|unable to contact|temporarily unable|connection refused|try again", re.IGNORECASE)
_TIME = re.compile(r"(?:(?P<hours>\d+):)?(?P<minutes>\d+):(?P<seconds>\d\d)|(?P<only_minutes>\d+)")


@dataclass(frozen=True)
class Slurm:
    """How to ask Slurm for one task's job.

    Attributes
    ----------
    partition : name of the partition, or None for the cluster's default.
    gpus : GPUs a job, 0 or 1 (a run uses one).
    minutes : time limit of a job.
    """

    partition: str | None = None
    gpus: int = 0
    minutes: int = 240

    #: jobs of one array that may run at one time, unless `workers` says otherwise
    default_workers: ClassVar[int] = 64
    #: times that jobs may be lost while they compute one run before it counts as failed
    max_losses: ClassVar[int] = 3
    poll_seconds: ClassVar[float] = 1.0
    #: how long a result may take to show on the shared file system after its job has left the queue
    grace_seconds: ClassVar[float] = 5.0
    #: how long squeue may take to answer
    answer_seconds: ClassVar[float] = 60.0
    #: how long a controller that takes no jobs is asked again, and how often
    patience_seconds: ClassVar[float] = 900.0
    retry_seconds: ClassVar[float] = 15.0

    def execute(self, tasks: list[Task], width: int) -> Iterator[tuple[Task, Finished]]:
        """Submit tasks as a job array, at most `width` at one time, and yield their runs as jobs finish.

        Raises
        ------
        ParameterError
            If this machine has no Slurm commands, or Slurm refuses the job.
        """
        executor = self._executor(width)
        losses: Counter[str] = Counter()
        running: dict[Job, _Submitted] = {}
        gone_since: dict[str, float] = {}
        again = tasks
        try:
            while running or again:
                running |= self._submit(executor, again)
                again = []
                time.sleep(self.poll_seconds)
                queued = _queued(running)
                for job in list(running):
                    finished = _results(job) if job.paths.result_pickle.exists() else None
                    if finished is not None:
                        task = running.pop(job).task
                        yield from ((task, one) for one in finished)
                    elif job.job_id in queued:
                        gone_since.pop(job.job_id, None)
                    elif time.monotonic() - gone_since.setdefault(job.job_id, time.monotonic()) > self.grace_seconds:
                        task, finished, left = self._judge(job, running.pop(job), losses)
                        yield from ((task, one) for one in finished)
                        again += left
        finally:
            for job in running:
                with contextlib.suppress(OSError, subprocess.SubprocessError):
                    job.cancel()

    def _judge(self, job: Job, submitted: _Submitted, losses: Counter[str]) -> tuple[Task, list[Finished], list[Task]]:
        """The task of a lost job, what the store says is finished of it, and what to submit again."""
        task = submitted.task
        done = [each for each in task.jobs if submitted.is_recorded(each)]
        left = [each for each in task.jobs if each not in done]
        finished = [Finished(each.run, "done") for each in done]
        if not left:
            return task, finished, []
        # One after the other: the first that is not recorded is the one that was being computed.
        suspect, *others = left
        losses[suspect.run.id] += 1
        why = None
        if _ran_out_of_time(job) and not done:
            why = f"timed out after {self.minutes} minutes, the limit of a job; its log is {job.paths.stderr}"
        elif losses[suspect.run.id] > self.max_losses:
            why = f"its Slurm job was lost {losses[suspect.run.id]} times; the last log is {job.paths.stderr}"
        if why:
            finished.append(record_death(replace(task, jobs=(suspect,)), why))
        again = [] if why else [replace(task, jobs=(suspect,))]
        return task, finished, again + ([replace(task, jobs=tuple(others))] if others else [])

    def _submit(self, executor: SlurmExecutor, tasks: list[Task]) -> dict[Job, _Submitted]:
        """Submit tasks as one array; a controller that does not answer is asked again for a while."""
        from submitit.core.utils import FailedJobError

        began = time.monotonic()
        while tasks:
            submitted = [_Submitted.of(task) for task in tasks]
            try:
                return dict(zip(executor.map_array(work, tasks), submitted, strict=True))
            except FailedJobError as error:
                if not _SILENT.search(str(error)) or time.monotonic() - began > self.patience_seconds:
                    raise ParameterError(f"Slurm refused the job: {error}") from error
                warnings.warn(f"Slurm takes no jobs now ({_line(error)}); asking again.", stacklevel=2)
                time.sleep(self.retry_seconds)
        return {}

    def _executor(self, width: int) -> SlurmExecutor:
        import submitit

        if shutil.which("sbatch") is None:
            raise ParameterError("--cluster slurm needs Slurm's commands, and there is no 'sbatch' on this machine.")
        executor = submitit.SlurmExecutor(paths.build_home() / "slurm", max_num_timeout=0)
        wanted: dict[str, Any] = {"partition": self.partition, "gpus_per_node": self.gpus}
        executor.update_parameters(
            job_name="mer_repro",
            time=self.minutes,
            cpus_per_task=1,
            array_parallelism=width,
            setup=[f"export {name}={value}" for name, value in ONE_THREAD.items()],
            # submitit would be warned 90 s (Slurm: up to 150 s) before the limit, at once where the limit is short, and
            # take the run in flight for failed. The store says what is finished, so a signal without effect will do.
            additional_parameters={"requeue": True, "signal": "CONT@1"},
            **{name: value for name, value in wanted.items() if value},
        )
        return executor


def minutes(text: str) -> int:
    """A time limit as Slurm writes it, "90", "90:00" or "1:30:00", in whole minutes. Raises `ParameterError`."""
    match = _TIME.fullmatch(text)
    if not match:
        raise ParameterError(f"Cannot read the time limit '{text}'. Write minutes, MM:SS or HH:MM:SS.")
    if match["only_minutes"]:
        return max(1, int(match["only_minutes"]))
    return max(1, 60 * int(match["hours"] or 0) + int(match["minutes"]) + (int(match["seconds"]) > 0))


@dataclass(frozen=True)
class _Submitted:
    """A task in the queue, and which file held each of its records before."""

    task: Task
    before: tuple[tuple[int, int] | None, ...]

    @classmethod
    def of(cls, task: Task) -> _Submitted:
        return cls(task, tuple(_version(RecordStore(task.folder).path(each.run)) for each in task.jobs))

    def is_recorded(self, job: RunJob) -> bool:
        """Whether this submission, or another sweep meanwhile, recorded the run as it would be now."""
        store = RecordStore(self.task.folder)
        try:
            if store.get(job.run, job.data_fingerprint, job.source_fingerprint) is None:
                return False
        except RecordError:
            return False
        before = self.before[self.task.jobs.index(job)]
        return not self.task.force or _version(store.path(job.run)) != before


def _version(path: Path) -> tuple[int, int] | None:
    """What tells one writing of a file from the next; every writing makes a new file."""
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    return state.st_ino, state.st_mtime_ns


def _queued(running: dict[Job, _Submitted]) -> set[str]:
    """Ids of the jobs that wait or run; asked of squeue, since many clusters keep no accounts for sacct."""
    arrays = ",".join(sorted({job.job_id.partition("_")[0] for job in running}))
    # An array index where there is one; squeue fails once it has forgotten all of the jobs.
    command = ["squeue", "--noheader", "--array", "--format=%i", f"--jobs={arrays}"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=Slurm.answer_seconds)
    except subprocess.TimeoutExpired:
        answer = None
    if answer is None or (answer.returncode and "Invalid job id" not in answer.stderr):
        # The controller does not answer: nothing is known to be lost.
        return {job.job_id for job in running}
    return set(answer.stdout.split())


def _results(job: Job) -> list[Finished] | None:
    """What a job handed back; None where it ended in an error, or its file cannot be read."""
    with contextlib.suppress(Exception):  # whatever a torn file raises
        return job.result() if job.exception() is None else None
    return None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _ran_out_of_time(job: Job) -> bool:
    """Whether Slurm ended a job for its time limit: it says so in the job's log."""
    with contextlib.suppress(OSError):
        return "DUE TO TIME LIMIT" in job.paths.stderr.read_text(errors="replace")
    return False
