#!/usr/bin/env python3
"""A Slurm of one machine that misbehaves as asked, for tests: sbatch, squeue, scancel and srun in one file.

Its first argument is the name of the command. Its folder (environment variable FAKE_SLURM) holds one file per job with
the job's process, and the switches that a test sets:

- ``silent``: how many calls of sbatch and of squeue to answer with "Socket timed out" before all is well;
- ``slow``: seconds that squeue takes;
- ``forgets``: how many answers of squeue leave out every job;
- ``limit``: seconds of work after which a job is ended for its time limit, in place of the minutes asked for;
- ``dies``: of how many jobs the node is lost as soon as they have written one record. Which runs a job has begun it is
  told by the fake study, in the file that FAKE_BEGUN names: jobs of one array write into one store.
"""

import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

HOME = Path(os.environ["FAKE_SLURM"])


def switch(name: str) -> float:
    """A switch's value, 0 where it is not set."""
    file = HOME / name
    return float(file.read_text()) if file.exists() else 0


def used_up(name: str) -> bool:
    """Count a switch down by one; True when it is at 0. The jobs of an array ask at the same time."""
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        left = switch(name)
        if left > 0:
            (HOME / name).write_text(str(left - 1))
    return left <= 0


def complain() -> None:
    sys.exit("slurm_load_jobs error: Socket timed out on send/recv operation")


def sbatch(script: str) -> None:
    """Start every job of the array at once, each under a watcher of its own."""
    if not used_up("silent"):
        complain()
    text = Path(script).read_text()
    (HOME / "scripts").open("a").write(text)
    array = 1 + len(list(HOME.glob("*.array")))
    (HOME / f"{array}.array").touch()
    indices = re.search(r"--array=0-(\d+)", text)
    for index in range(int(indices.group(1)) + 1) if indices else [None]:
        job = str(array) if index is None else f"{array}_{index}"
        environment = os.environ | dict.fromkeys(("SLURM_NODEID", "SLURM_PROCID", "SLURM_LOCALID"), "0")
        environment |= {"SLURM_JOB_ID": str(array), "SLURM_JOB_NUM_NODES": "1", "SLURM_NTASKS": "1"}
        environment |= {"FAKE_BEGUN": str(HOME / f"{job}.begun")}
        if index is not None:
            environment |= {"SLURM_ARRAY_JOB_ID": str(array), "SLURM_ARRAY_TASK_ID": str(index)}
        (HOME / f"{job}.job").write_text("0")
        command = [sys.executable, __file__, "watch", script, job]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.Popen(command, env=environment, start_new_session=True, **quiet)
    print(f"Submitted batch job {array}")


def named(log: str) -> str:
    """The name of a log, with the job's numbers in place."""
    numbers = {"%A": "SLURM_ARRAY_JOB_ID", "%a": "SLURM_ARRAY_TASK_ID", "%j": "SLURM_JOB_ID", "%t": "SLURM_PROCID"}
    return re.sub("%[Aajt]", lambda found: os.environ[numbers[found.group()]], log)


def watch(script: str, job: str) -> None:
    """Run one job, end it as the switches say, and take it out of the queue whatever happens."""
    try:
        ended(script, job)
    finally:
        (HOME / f"{job}.job").unlink(missing_ok=True)


def ended(script: str, job: str) -> None:
    """Run one job to the end that the switches say."""
    began, limit = None, switch("limit")
    log, errors = (named(re.search(rf"--{kind}=(\S+)", Path(script).read_text())[1]) for kind in ("output", "error"))
    dies = not used_up("dies")
    records = Path(os.environ["FAKE_STORE"], "fake_study", "records")
    begun = Path(os.environ["FAKE_BEGUN"])
    running = subprocess.Popen(["bash", script], start_new_session=True)
    (HOME / f"{job}.job").write_text(str(running.pid))
    while running.poll() is None:
        time.sleep(0.05)
        if began is None and os.path.exists(log) and "Loading pickle" in Path(log).read_text():
            began = time.monotonic()  # a machine that is busy takes its time until then
        out_of_time = limit and began is not None and time.monotonic() - began > limit
        if out_of_time:
            with open(errors, "a") as handle:
                handle.write(f"slurmstepd: error: *** STEP {job} CANCELLED AT now DUE TO TIME LIMIT ***\n")
        ours = begun.read_text().split() if dies and begun.exists() else []
        if out_of_time or any((records / f"{run}.json").exists() for run in ours):
            os.killpg(running.pid, signal.SIGKILL)


def squeue() -> None:
    time.sleep(switch("slow"))
    if not used_up("silent"):
        complain()
    if used_up("forgets"):
        print("\n".join(file.stem for file in HOME.glob("*.job")))


def scancel(*words: str) -> None:
    for job in (word for word in words if word[0].isdigit()):
        file = HOME / f"{job}.job"
        if file.exists() and int(file.read_text()):
            os.killpg(int(file.read_text()), signal.SIGKILL)


def srun(*words: str) -> None:
    """Run the command behind srun's own options."""
    place, rest = {}, list(words)
    while rest[0].startswith("--"):
        option = rest.pop(0)
        if option in ("--output", "--error"):
            place[option] = named(rest.pop(0))
    with open(place["--output"], "a") as out, open(place["--error"], "a") as error:
        sys.exit(subprocess.call(rest, stdout=out, stderr=error))


if __name__ == "__main__":
    name, *words = sys.argv[1:]
    commands = {"watch": watch, "squeue": lambda *_: squeue(), "scancel": scancel, "srun": srun}
    commands["sbatch"] = lambda *w: sbatch(w[-1])
    commands[name](*words)
