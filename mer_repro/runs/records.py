"""The run store: one JSON record a run, its test predictions beside it, and nothing half-written.

A *run* is one cell of a study's grid: (paper, data set, protocol, variant, target, seed) with resolved parameters.
Its record is the file ``<folder>/<paper>/records/<id>.json``; the id is the cell written out, so a rerun replaces
its predecessor and a diff of two commits shows what moved. What the result depends on stands inside: parameters,
fingerprint of the data files, fingerprint of the source. A record whose address (these three) is not the present
one is *stale*: it can be shown with that label, and `RecordStore.get` never returns it.

Order of writing: predictions first, under a name made from their content, then the JSON; each goes to a temporary
file, is flushed to the disk and renamed. Whatever happens in between, a record on disk is complete. Runs that
raised are kept apart, in ``<paper>/failed/``, so that they never displace a good record.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import math
import os
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mer_repro import storage
from mer_repro.errors import ParameterError, RecordError

if TYPE_CHECKING:
    from mer_repro.runs.evidence import Evidence

KINDS = ("real", "twin")
#: Files that belong to a record; only evidence is committed.
ATTACHED = ("evidence", "predictions", "weights")
#: names that make up a run's id; "+" joins the data sets of a run that reads several
_NAME = re.compile(r"[A-Za-z0-9_+-]+")
_VALUE = re.compile(r"[A-Za-z0-9_+.-]+")
#: Factors that repeat a cell instead of making another one: which part is tested, which initialisation.
REPEATS = ("fold", "init")
_REPEATED = re.compile(rf"(\.({'|'.join(REPEATS)})=\d+)*\.seed\d+$")
#: packages whose version can move a number
_VERSIONED = (
    "mer_repro", "numpy", "scipy", "pandas", "scikit-learn", "statsmodels", "torch", "transformers", "librosa",
    "gensim", "opensmile",
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """One cell of a study's grid.

    Attributes
    ----------
    paper : citation key.
    dataset : name in `mer_repro.data.registry.DATASETS`; several are joined by "+".
    data : "real" or "twin".
    protocol : name of the split, e.g. "song_grouped".
    variant : name of the model or of the ablation.
    target : what is predicted, e.g. "arousal"; "" where the study has one target only.
    seed : non-negative int.
    parameters : everything else that the result depends on; JSON types only.
    factors : further named fields of the cell, e.g. ``{"length": 100, "width": "paper"}``; values are numbers or names.
        ``fold`` and ``init`` (whole numbers) repeat a cell: folds test different items, initialisations the same ones.

    Raises
    ------
    ParameterError
        If a name holds other characters than letters, digits, "_", "+" and "-", a factor's value those and ".", or
        ``data`` is neither kind.
    """

    paper: str
    dataset: str
    data: str
    protocol: str
    variant: str
    target: str = ""
    seed: int = 0
    parameters: dict[str, Any] = field(default_factory=dict, hash=False)
    factors: dict[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self):
        for name, value in self.factors.items():
            if name in self.__dataclass_fields__ or not (_NAME.fullmatch(name) and _VALUE.fullmatch(str(value))):
                raise ParameterError(
                    f"A run's factor is {name}={value}; both stand in file names, so use letters, digits, '_', '-', '+'"
                    " and, in a value, '.'; and no name of another field."
                )
        for name in ("paper", "dataset", "protocol", "variant", "target"):
            value = getattr(self, name)
            if not _NAME.fullmatch(value) and not (name == "target" and value == ""):
                raise ParameterError(
                    f"A run's {name} is '{value}'; it names files, so use letters, digits, '_', '-' and '+'."
                )
        if self.data not in KINDS:
            raise ParameterError(f"A run's data is '{self.data}'; expected one of {', '.join(KINDS)}.")

    @property
    def datasets(self) -> list[str]:
        """Names of the data sets that the run reads."""
        return self.dataset.split("+")

    @property
    def id(self) -> str:
        """The cell as a file name, e.g. ``qiu2025.deam.real.song_grouped.ridge.arousal.seed0``."""
        cell = [self.paper, self.dataset, self.data, self.protocol, self.variant, self.target]
        ordered = sorted(self.factors.items(), key=lambda factor: (factor[0] in REPEATS, factor[0]))
        cell += [f"{name}={value}" for name, value in ordered]
        return ".".join([part for part in cell if part] + [f"seed{self.seed}"])

    def label(self) -> str:
        """The cell for people: ``deam (real) song_grouped ridge arousal seed 0``."""
        cell = [self.dataset, f"({self.data})", self.protocol, self.variant, self.target]
        cell += [f"{name} {value}" for name, value in self.factors.items()] + [f"seed {self.seed}"]
        return " ".join(part for part in cell if part)

    def address(self, data_fingerprint: str, source_fingerprint: str) -> str:
        """Hash of the cell and all that its result depends on; equal addresses mean the same result."""
        return _digest([self.id, self.parameters, data_fingerprint, source_fingerprint])


@dataclass
class Outcome:
    """What `execute` of a study hands back; everything but the metrics may stay empty.

    Attributes
    ----------
    metrics : name -> value; NaN where a metric is undefined.
    intervals : name -> (low, high), for names in `metrics`.
    counts : name -> int, e.g. n_train, n_test, n_groups_test.
    predictions : name -> array, all of one length: item, group, y_true, y_pred, p_0, ...; what of it is summed up and
        committed says `mer_repro.runs.evidence`.
    curves : name -> list of float, e.g. train_loss an epoch.
    notes : name -> JSON types, for what a reader of the record should know (encoder used, epochs run).
    weights : name -> tensor, the trained network's state; kept as safetensors beside the record.
    """

    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    predictions: dict[str, Any] = field(default_factory=dict)
    curves: dict[str, list[float]] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, Any] = field(default_factory=dict)


@dataclass
class Record:
    """One finished run, as its JSON file says it.

    ``status`` is "done" or "failed"; a failed record has no metrics but a ``traceback``. ``predictions``, ``weights``
    and ``evidence`` are paths of files, relative to the paper's folder in the store, or None. ``finished`` is UTC,
    ISO 8601.
    """

    id: str
    paper: str
    dataset: str
    data: str
    protocol: str
    variant: str
    target: str
    seed: int
    parameters: dict[str, Any]
    data_fingerprint: str
    source_fingerprint: str
    versions: dict[str, str]
    device: str
    seconds: float
    finished: str
    status: str
    metrics: dict[str, float]
    intervals: dict[str, list[float]]
    counts: dict[str, int]
    curves: dict[str, list[float]]
    notes: dict[str, Any]
    predictions: str | None = None
    weights: str | None = None
    traceback: str | None = None
    evidence: str | None = None
    factors: dict[str, Any] = field(default_factory=dict)

    @property
    def run(self) -> Run:
        """The run that this record answers: enough, with the same data and source, to repeat it."""
        return Run(**{f.name: getattr(self, f.name) for f in fields(Run)})

    @property
    def address(self) -> str:
        """See `Run.address`."""
        return self.run.address(self.data_fingerprint, self.source_fingerprint)

    def as_dict(self) -> dict[str, Any]:
        """JSON types only; an undefined (non-finite) number is None."""
        return _plain(asdict(self))


class RecordStore:
    """All records under one folder; safe for several processes at once.

    Parameters
    ----------
    folder : holds one folder a paper; see `mer_repro.paths.records_home`.
    """

    def __init__(self, folder: Path | str):
        self.folder = Path(folder)

    def path(self, run: Run | Record) -> Path:
        """Where the record of a run lies, or would lie."""
        return self.folder / run.paper / "records" / f"{run.id}.json"

    def read(self, run: Run) -> Record | None:
        """The record of this cell whatever it depends on, or None. Raises `RecordError` if it is damaged."""
        path = self.path(run)
        return _read(path) if path.is_file() else None

    def get(self, run: Run, data_fingerprint: str, source_fingerprint: str) -> Record | None:
        """The record of this run with exactly these parameters, data and source, or None."""
        record = self.read(run)
        wanted = run.address(data_fingerprint, source_fingerprint)
        return record if record is not None and record.address == wanted else None

    def stale(self, run: Run, data_fingerprint: str | None, source_fingerprint: str) -> list[str]:
        """Why the stored record of this cell is not the present result: one clause a reason.

        Empty where it is current, and where there is none. ``data_fingerprint`` None means that the data is not
        on this machine: then it is not compared.
        """
        record = self.read(run)
        if record is None:
            return []
        reasons = _changed(record.parameters, _plain(run.parameters))
        if data_fingerprint is not None and record.data_fingerprint != data_fingerprint:
            reasons.append(f"data files of {run.dataset} changed")
        if record.source_fingerprint != source_fingerprint:
            reasons.append("source changed")
        return reasons

    def all(self, paper: str) -> list[Record]:
        """Every finished run of a paper, sorted by id, stale ones included. Raises `RecordError`."""
        return [_read(path) for path in sorted((self.folder / paper / "records").glob("*.json"))]

    def failures(self, paper: str) -> list[Record]:
        """The last failure of every run that has not succeeded since, sorted by id. Raises `RecordError`."""
        return [_read(path) for path in sorted((self.folder / paper / "failed").glob("*.json"))]

    def put(
        self,
        run: Run,
        outcome: Outcome,
        *,
        data_fingerprint: str,
        source_fingerprint: str,
        device: str,
        seconds: float,
    ) -> Record:
        """Write a finished run: predictions first, then the record that names them, then drop what it replaces.

        Raises
        ------
        ValueError
            If the outcome is malformed: intervals without metric, predictions of several lengths, no JSON types.
        RecordError
            If the disk refuses. In both cases the previous record stays as it was.
        """
        room = self.folder / run.paper
        record = _record(run, data_fingerprint, source_fingerprint, device, seconds, "done")
        record.metrics, record.intervals = _numbers(outcome.metrics), _plain(outcome.intervals)
        record.counts, record.curves = _plain(outcome.counts), _plain(outcome.curves)
        record.notes = _plain(outcome.notes)
        if unknown := set(record.intervals) - set(record.metrics):
            raise ValueError(f"{run.id}: intervals for {sorted(unknown)}, which are not among its metrics.")
        if outcome.predictions:
            from mer_repro.runs import evidence

            if kept := evidence.of(outcome.predictions, run.dataset):
                record.evidence = _attach(room, f"evidence/{run.id}", evidence.dump(kept), "npz")
            record.predictions = _attach(room, f"predictions/{run.id}", _npz(run, outcome.predictions), "npz")
        if outcome.weights:
            record.weights = _attach(room, f"weights/{run.id}", _safetensors(outcome.weights), "safetensors")
        write_atomically(self.path(run), _dump(record))
        present = {getattr(record, kind) for kind in ATTACHED}
        for kind in ATTACHED:
            for old in room.glob(f"{kind}/{run.id}.*"):
                if old.relative_to(room).as_posix() not in present:
                    old.unlink(missing_ok=True)
        (room / "failed" / f"{run.id}.json").unlink(missing_ok=True)
        return record

    def restamp(self, record: Record, source_fingerprint: str, parameters: dict[str, Any]) -> None:
        """Give a record another source fingerprint, and parameters it did not know; see `mer_repro.runs.restamp`."""
        renewed = replace(record, source_fingerprint=source_fingerprint, parameters=_plain(parameters))
        write_atomically(self.path(renewed), _dump(renewed))

    def put_failure(
        self,
        run: Run,
        traceback: str,
        *,
        data_fingerprint: str,
        source_fingerprint: str,
        device: str,
        seconds: float,
    ) -> Record:
        """Write down that a run raised; an earlier good record of the cell stays. Raises `RecordError`."""
        record = _record(run, data_fingerprint, source_fingerprint, device, seconds, "failed")
        record.traceback = traceback
        write_atomically(self.folder / run.paper / "failed" / f"{run.id}.json", _dump(record))
        return record

    def predictions(self, record: Record) -> dict[str, Any]:
        """The test predictions of a record: name -> array, all of one length.

        Raises
        ------
        RecordError
            If the record has none, if the file is not on this machine (predictions are not committed), or if its
            content is not what the record names.
        """
        import numpy as np

        with np.load(io.BytesIO(self._attached(record, "predictions")), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}

    def evidence(self, record: Record) -> dict[str, Evidence]:
        """The evidence of a record by target, "" for the one without a name; empty where none was kept.

        Raises
        ------
        RecordError
            If the file that the record names is missing or damaged.
        """
        from mer_repro.runs import evidence

        return evidence.load(self._attached(record, "evidence")) if record.evidence else {}

    def weights(self, record: Record) -> dict[str, Any]:
        """The trained network's state of a record, name -> tensor. Raises `RecordError` as `predictions` does."""
        from safetensors.torch import load

        return load(self._attached(record, "weights"))

    def _attached(self, record: Record, kind: str) -> bytes:
        name = getattr(record, kind)
        if name is None:
            raise RecordError(f"{record.id} was recorded without {kind}.")
        path = self.folder / record.paper / name
        if not path.is_file():
            committed = "which should be committed" if kind == "evidence" else "which is not committed"
            raise RecordError(
                f"{record.id}: its {kind}, {committed}, is not on this machine. Make it again with"
                f" `mer-repro run {record.paper} --force`."
            )
        content = path.read_bytes()
        if _content_name(content) != path.name.split(".")[-2]:
            raise RecordError(f"{path} is damaged: its content does not match its name. Delete it and rerun.")
        return content

    @contextlib.contextmanager
    def claim(self, run: Run, *, wait: bool = True) -> Iterator[bool]:
        """Hold a run for this process and clean up what a killed holder left; False if another process holds it.

        With `wait`, the other process is waited for. The lock dies with its holder. A file system without locks
        loses only this: two sweeps may then compute the same run twice, and the later result replaces the equal
        earlier one.
        """
        path = self.folder / run.paper / ".locks" / run.id
        handle = _lock(path, wait)
        if handle is None:
            yield False
            return
        try:
            for folder in ("records", "failed", *ATTACHED):
                for left_over in (path.parent.parent / folder).glob(f".{run.id}.*.tmp"):
                    left_over.unlink(missing_ok=True)
            yield True
        finally:
            path.unlink(missing_ok=True)
            os.close(handle)


def cell_of(record_id: str) -> str:
    """A record's id without fold, initialisation and seed: what all repeats of one cell of the grid share."""
    return _REPEATED.sub("", record_id)


def find(records: Iterable[Record], **wanted: Any) -> list[Record]:
    """The records whose fields or factors have these values; a tuple, list or set stands for any of its members."""
    tests = []
    for name, value in wanted.items():
        accepted = value if isinstance(value, tuple | list | set | frozenset) else (value,)
        tests.append((name, frozenset(accepted), name in Record.__dataclass_fields__))
    return [
        record
        for record in records
        if all((getattr(record, n) if own else record.factors.get(n)) in accepted for n, accepted, own in tests)
    ]


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the installed packages that can move a number."""
    import platform
    from importlib import metadata

    found = {"python": platform.python_version()}
    for name in _VERSIONED:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _record(run: Run, data_fp: str, source_fp: str, device: str, seconds: float, status: str) -> Record:
    cell = {f.name: getattr(run, f.name) for f in fields(Run)} | {"parameters": _plain(run.parameters)}
    return Record(
        id=run.id,
        **cell,
        data_fingerprint=data_fp,
        source_fingerprint=source_fp,
        versions=versions(),
        device=device,
        seconds=round(seconds, 3),
        finished=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        status=status,
        metrics={},
        intervals={},
        counts={},
        curves={},
        notes={},
    )


def _plain(value: Any) -> Any:
    """JSON types only: arrays and tuples become lists, numpy scalars numbers, non-finite numbers None."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ValueError(f"A record holds JSON types only, not {type(value).__name__}: {value!r}")


def _numbers(metrics: dict[str, Any]) -> dict[str, float]:
    """Metrics as floats; what is not a number is refused by name."""
    try:
        return {name: float(value) for name, value in metrics.items()}
    except (TypeError, ValueError) as error:
        raise ValueError(f"Metrics must be numbers, found {metrics!r}.") from error


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(_plain(value), sort_keys=True).encode()).hexdigest()


def _changed(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    names = [name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name)]
    return [f"{name} was {before.get(name)!r}, is {now.get(name)!r}" for name in names]


def _dump(record: Record) -> bytes:
    """One line a field, so that a diff of two records is read at a glance; the last field guards the others."""
    content = record.as_dict()
    content["checksum"] = _digest(content)
    lines = [f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in content.items()]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _read(path: Path) -> Record:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        checksum = content.pop("checksum")
        record = Record(**content)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecordError(f"{path} is not a run record ({error}). Delete it; the next run makes it again.") from error
    if checksum != _digest(content) or record.id != record.run.id or record.id != path.stem:
        raise RecordError(f"{path} was damaged or edited after it was written. Delete it; the next run makes it again.")
    record.metrics = {name: math.nan if value is None else value for name, value in record.metrics.items()}
    return record


def _content_name(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _attach(room: Path, name: str, content: bytes, suffix: str) -> str:
    """Write a file that belongs to a record under a name that tells its content; returns it, relative to `room`."""
    name = f"{name}.{_content_name(content)}.{suffix}"
    write_atomically(room / name, content)
    return name


def _safetensors(weights: dict[str, Any]) -> bytes:
    from safetensors.torch import save

    # Copies: tensors that share memory (tied weights) cannot be saved as they are.
    return save({name: tensor.detach().cpu().clone().contiguous() for name, tensor in weights.items()})


def _npz(run: Run, predictions: dict[str, Any]) -> bytes:
    """The arrays as the bytes of a compressed .npz; text columns lose their object dtype, nothing is pickled."""
    import numpy as np

    arrays = {name: np.asarray(values) for name, values in predictions.items()}
    arrays = {name: a.astype(str) if a.dtype == object else a for name, a in arrays.items()}
    if len({len(a) for a in arrays.values()}) != 1:
        lengths = {name: len(a) for name, a in arrays.items()}
        raise ValueError(f"{run.id}: predictions must be of one length, found {lengths}.")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def write_atomically(path: Path, content: bytes) -> None:
    """All of `content` under `path`, or nothing. Raises `RecordError`."""
    try:
        storage.write_atomically(path, content)
    except OSError as error:
        raise _cannot_write(path, error) from error


def _lock(path: Path, wait: bool) -> int | None:
    """See `mer_repro.storage.lock`. Raises `RecordError`."""
    try:
        return storage.lock(path, wait=wait)
    except OSError as error:
        raise _cannot_write(path, error) from error


def _cannot_write(path: Path, error: OSError) -> RecordError:
    return RecordError(f"Cannot write {path}: {error.strerror}. Nothing was changed.")
