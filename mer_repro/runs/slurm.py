"""Sweeps beyond one machine: tasks as Slurm job arrays, by submitit.

A job computes and records its runs itself, on the shared file system that holds the project and the store. The
sweep only watches: a job that leaves the queue without a result (killed, out of memory, its node lost) is submitted
again, and because the store is the cache, only the run that it was computing is repeated. Whoever stops the sweep
stops its jobs; starting it again continues.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mer_repro import paths
from mer_repro.errors import ParameterError
from mer_repro.runs.workers import ONE_THREAD, Finished, Task, record_death, singles, work

if TYPE_CHECKING:
    from submitit import Job, SlurmExecutor

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
    #: times a job may be lost before its runs count as failed
    max_losses: ClassVar[int] = 3
    poll_seconds: ClassVar[float] = 1.0
    #: how long a result may take to show on the shared file system after its job has left the queue
    grace_seconds: ClassVar[float] = 5.0

    def execute(self, tasks: list[Task], width: int) -> Iterator[tuple[Task, Finished]]:
        """Submit tasks as a job array, at most `width` at one time, and yield their runs as jobs finish.

        Raises
        ------
        ParameterError
            If this machine has no Slurm commands, or Slurm refuses the job.
        """
        executor = self._executor(width)
        losses: Counter[Task] = Counter()
        running = _submit(executor, tasks)
        gone_since: dict[str, float] = {}
        try:
            while running:
                time.sleep(self.poll_seconds)
                queued = _queued(running)
                lost = []
                for job in list(running):
                    if job.paths.result_pickle.exists():
                        yield from _results(job, running.pop(job))
                    elif job.job_id not in queued:
                        since = gone_since.setdefault(job.job_id, time.monotonic())
                        if time.monotonic() - since > self.grace_seconds:
                            lost.append((job, running.pop(job)))
                again = []
                for job, task in lost:
                    losses[task] += 1
                    if losses[task] <= self.max_losses:
                        again.append(task)
                    else:
                        why = f"its Slurm job was lost {losses[task]} times; the last log is {job.paths.stderr}"
                        yield from ((task, record_death(single, why)) for single in singles(task))
                running |= _submit(executor, again)
        finally:
            for job in running:
                job.cancel()

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
            additional_parameters={"requeue": True},
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


def _submit(executor: SlurmExecutor, tasks: list[Task]) -> dict[Job, Task]:
    from submitit.core.utils import FailedJobError

    if not tasks:
        return {}
    try:
        return dict(zip(executor.map_array(work, tasks), tasks, strict=True))
    except FailedJobError as error:
        raise ParameterError(f"Slurm refused the job: {error}") from error


def _queued(running: dict[Job, Task]) -> set[str]:
    """Ids of the jobs that wait or run; asked of squeue, since many clusters keep no accounts for sacct."""
    arrays = ",".join(sorted({job.job_id.partition("_")[0] for job in running}))
    # An array index where there is one; squeue fails once it has forgotten all of the jobs.
    command = ["squeue", "--noheader", "--array", "--format=%i", f"--jobs={arrays}"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if answer.returncode and "Invalid job id" not in answer.stderr:
        # The controller does not answer: nothing is known to be lost.
        return {job.job_id for job in running}
    return set(answer.stdout.split())


def _results(job: Job, task: Task) -> Iterator[tuple[Task, Finished]]:
    error = job.exception()
    if error is None:
        yield from ((task, finished) for finished in job.result())
    else:
        yield from ((task, record_death(single, str(error))) for single in singles(task))
