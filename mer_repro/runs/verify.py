"""Does a record still hold? Rerun runs from their records alone and compare.

Tolerances
----------
- Same device and same versions as the record, on the CPU: every metric must be equal, to the last bit.
- Anything else (another processor, a GPU, other versions): a metric may differ by `ABSOLUTE` plus `RELATIVE` of its
  size. Training amplifies rounding, so this tells a wrong record from a right one, not one machine from another.
"""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mer_repro import paths
from mer_repro.errors import DataMissing, MerReproError
from mer_repro.runs.records import Record, RecordStore
from mer_repro.runs.study import Study, load_study
from mer_repro.runs.sweep import select
from mer_repro.runs.workers import Job, Task, execute_locally

ABSOLUTE, RELATIVE = 0.01, 0.05


@dataclass(frozen=True)
class Verification:
    """What came of verifying one record.

    Attributes
    ----------
    id : of the record.
    status : "same"; "differs" (beyond the tolerance); "failed" (the rerun raised); "stale" (the source or the data
        are no longer the record's, so there is nothing to compare); "unavailable" (its data is not here).
    detail : the tolerance that held, or what went wrong.
    """

    id: str
    status: str
    detail: str

    @property
    def ok(self) -> bool:
        """Whether the record was not contradicted."""
        return self.status not in ("differs", "failed")


def verify(
    key: str,
    profile: str,
    *,
    sample: int | None = None,
    only: Mapping[str, list[str]] | None = None,
    workers: int = 1,
    device: str = "auto",
    folder: Path | None = None,
) -> list[Verification]:
    """Rerun the recorded runs of a study, those selected or `sample` of them at random; the store stays untouched.

    Parameters
    ----------
    only : field or factor of a run -> accepted values.

    Raises
    ------
    ParameterError
        If a value in `only` is one that no record has.
    RecordError
        If a record is damaged.
    MerReproError
        If a rerun meets a damaged data file.
    """
    study, store = load_study(key), RecordStore(folder or paths.records_home(profile))
    records = store.all(study.key)
    if only:
        chosen = {run.id for run in select([record.run for record in records], only)}
        records = [record for record in records if record.id in chosen]
    if sample is not None and sample < len(records):
        records = sorted(random.sample(records, sample), key=lambda record: record.id)
    jobs, verifications = [], []
    for record in records:
        job = _job(study, store, record)
        (jobs if isinstance(job, Job) else verifications).append(job)
    with tempfile.TemporaryDirectory() as scratch:
        tasks = [Task(key, Path(scratch), device, slot, (job,)) for slot, job in enumerate(jobs)]
        for task, finished in execute_locally(tasks, workers):
            if finished.status == "refused":
                raise MerReproError(finished.message)
            recorded = store.read(task.jobs[0].run)
            if finished.status == "done":
                verifications.append(compare(recorded, RecordStore(scratch).read(task.jobs[0].run)))
            else:
                verifications.append(Verification(recorded.id, finished.status, finished.message))
    return sorted(verifications, key=lambda verification: verification.id)


def _job(study: Study, store: RecordStore, record: Record) -> Job | Verification:
    """The record's run with today's fingerprints, or why it cannot be compared."""
    try:
        data = study.data_fingerprint(record.run)
    except DataMissing as missing:
        return Verification(record.id, "unavailable", str(missing))
    source = study.source_fingerprint(record.run)
    reasons = store.stale(record.run, data, source)
    return Verification(record.id, "stale", "; ".join(reasons)) if reasons else Job(record.run, data, source)


def compare(recorded: Record, rerun: Record) -> Verification:
    """Compare the metrics of two records of one run within the module's tolerances."""
    same_machine = (recorded.device, recorded.versions) == (rerun.device, rerun.versions)
    exact = same_machine and recorded.device.startswith("cpu")
    differing = [
        f"{name} was {recorded.metrics.get(name)}, is {rerun.metrics.get(name)}"
        for name in sorted(recorded.metrics.keys() | rerun.metrics.keys())
        if not _agree(recorded.metrics.get(name), rerun.metrics.get(name), exact)
    ]
    tolerance = "exactly" if exact else f"within {ABSOLUTE} + {RELATIVE:.0%}"
    if differing:
        return Verification(recorded.id, "differs", f"{'; '.join(differing)} (must agree {tolerance})")
    return Verification(recorded.id, "same", f"agrees {tolerance}")


def _agree(before: float | None, now: float | None, exact: bool) -> bool:
    if before is None or now is None:
        return False
    if math.isnan(before) or math.isnan(now):
        return math.isnan(before) and math.isnan(now)
    return abs(now - before) <= (0 if exact else ABSOLUTE + RELATIVE * abs(before))


def report(verifications: Sequence[Verification]) -> str:
    """One line a record, and a count."""
    lines = [f"{v.status:11}  {v.id}  {v.detail}" for v in verifications]
    statuses = [v.status for v in verifications]
    counts = ", ".join(f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses))
    return "\n".join([*lines, f"{len(verifications)} records: {counts}" if verifications else "No records."])
