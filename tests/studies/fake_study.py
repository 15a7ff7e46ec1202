"""A study small enough to be run hundreds of times: the mean of seeded numbers, and variants that misbehave.

The data set "numbers" is the file named by the environment variable FAKE_DATA; "elsewhere" is never here.
"""

import hashlib
import os
import time
from pathlib import Path
from types import SimpleNamespace

from pydantic import BaseModel, ConfigDict, Field

from mer_repro.errors import DataError, DataMissing
from mer_repro.runs.records import Outcome, Run


class Training(BaseModel):
    model_config = ConfigDict(extra="forbid")
    epochs: int = Field(1, ge=1)


class Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid")
    seeds: int = Field(3, ge=1)
    variants: list[str] = ["mean"]
    datasets: list[str] = ["numbers"]
    seconds: float = Field(0.0, ge=0)
    shift: float = 0.0
    training: Training = Training()


def plan(parameters):
    return [
        Run(
            paper="fake_study",
            dataset=dataset,
            data="real",
            protocol="all",
            variant=variant,
            seed=seed,
            parameters={"seconds": parameters.seconds, "shift": parameters.shift},
        )
        for dataset in parameters.datasets
        for variant in parameters.variants
        for seed in range(parameters.seeds)
    ]


def locate(name, source):
    if name == "elsewhere":
        raise DataMissing("elsewhere is not here; fetch it with `mer-repro data fetch elsewhere`.")
    content = Path(os.environ["FAKE_DATA"]).read_bytes()
    return SimpleNamespace(fingerprint=hashlib.sha256(content).hexdigest())


def sources(run):
    return (__name__,)


def execute(run, *, device):
    import numpy as np

    for log in filter(None, map(os.environ.get, ("FAKE_LOG", "FAKE_BEGUN"))):
        with open(log, "a") as handle:
            handle.write(f"{run.id}\n")
    numbers = np.loadtxt(os.environ["FAKE_DATA"])
    # "slow" is slow for seed 1 only
    time.sleep(run.parameters["seconds"] if run.variant != "slow" or run.seed == 1 else 0.1)
    if run.variant == "raises" and run.seed == 1:
        raise ArithmeticError("seed 1 cannot be computed")
    if run.variant == "dies" and run.seed == 1:
        os.kill(os.getpid(), 9)
    if run.variant == "meets_bad_data":
        raise DataError("numbers.txt", line=2, found="'x'", expected="a number")
    noisy = numbers + np.random.default_rng(run.seed).normal(size=len(numbers)) + run.parameters["shift"]
    return Outcome(
        metrics={"mean": noisy.mean(), "undefined": float("nan")},
        intervals={"mean": (noisy.min(), noisy.max())},
        counts={"n_test": len(noisy)},
        predictions={
            "item": np.array([f"item{i}" for i in range(len(noisy))], dtype=object),
            "group": np.arange(len(noisy)) // 2,
            "y_true": numbers,
            "y_pred": noisy,
        },
        curves={"loss": list(noisy[:3])},
        notes={"threads": os.environ.get("OMP_NUM_THREADS")},
    )
