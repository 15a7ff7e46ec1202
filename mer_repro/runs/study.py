"""What a study is, and its parameters.

A study is a module, for a paper ``mer_repro/papers/<key>/study.py``, with

- ``Parameters``: a pydantic model with ``extra="forbid"``, filled from ``params/<profile>/<key>.yaml``;
- ``plan(parameters) -> list[Run]``: the grid, without heavy imports;
- ``execute(run, *, device) -> Outcome``: computes one run on "cpu" or "cuda:N";
- ``sources(run) -> tuple of str``: what defines the result, as "package.module" or "package.module:function"; of
  the study's own module, its ``execute`` and what that uses. The loaders of the run's data sets are added.

and, where it helps,

- ``batch_key(run)``: runs with equal keys share loaded data and are executed one after the other by one worker;
- ``locate(name, source)``: for data sets that `mer_repro.data.registry` does not know, such as those that
  `locate_or_make` makes in memory.

A study of your own need not live in this package: wherever a key is asked for, the dotted path of an importable
module works too, with its parameters in ``params/<profile>/<module>.yaml`` beside it.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from mer_repro import papers, paths
from mer_repro.errors import ParameterError, nearest, require_choice
from mer_repro.runs.fingerprint import source_fingerprint
from mer_repro.runs.records import Run


@dataclass(frozen=True)
class Study:
    """A study module under its key: the citation key, or the last part of the dotted path it was asked by."""

    key: str
    module: ModuleType

    def parameters_file(self, profile: str) -> Path:
        """The YAML file of one profile."""
        if self.module.__name__.startswith("mer_repro.papers."):
            return paths.parameters_file(profile, self.key)
        return Path(self.module.__file__).parent / "params" / profile / f"{self.key}.yaml"

    def plan(self, parameters: Any) -> list[Run]:
        """The study's runs, each cell once. Raises `ParameterError` where two runs share a cell."""
        runs = self.module.plan(parameters)
        seen: set[str] = set()
        for run in runs:
            if run.id in seen or run.paper != self.key:
                fault = "plans a run twice" if run.id in seen else f"plans a run of '{run.paper}'"
                raise ParameterError(
                    f"The study {self.key} {fault}: {run.id}. A difference in parameters alone does not make a"
                    " second cell; name it in the variant."
                )
            seen.add(run.id)
        return runs

    def data_fingerprint(self, run: Run) -> str:
        """Hash of the data that a run reads: files and loaded tables. Raises `DataMissing` where one is not here.

        Loaders count through the tables that they make, so a loader rewritten to the same tables makes nothing stale.
        """
        if self._own_data:
            prints = [self.module.locate(name, source=run.data).fingerprint for name in run.datasets]
        else:
            from mer_repro.data.registry import locate, tables_fingerprint

            prints = [tables_fingerprint(locate(name, source=run.data)) for name in run.datasets]
        return prints[0] if len(prints) == 1 else hashlib.sha256("\n".join(prints).encode()).hexdigest()

    def source_roots(self, run: Run) -> tuple[str, ...]:
        """Where the code of a run's result starts: the study's ``sources``."""
        return tuple(f"{root}:execute" if root == self.module.__name__ else root for root in self.module.sources(run))

    def source_fingerprint(self, run: Run) -> str:
        """Hash of the source that a run's result depends on; see `mer_repro.runs.fingerprint`."""
        return source_fingerprint(self.source_roots(run))

    @property
    def _own_data(self) -> bool:
        return hasattr(self.module, "locate")


@dataclass(frozen=True)
class Generated:
    """Stands for a data set that is made in memory: the source alone decides what it holds."""

    fingerprint: str


def locate_or_make(name: str, source: str, made: tuple[str, ...]):
    """As the registry's ``locate``, but for the data sets `made` in memory, which are here under any `source`."""
    from mer_repro.data import registry

    return Generated(name) if name in made else registry.locate(name, source=source)


def study_keys() -> list[str]:
    """Citation keys of the papers that have a study."""
    return sorted(folder.name for folder in papers.ROOMS.iterdir() if (folder / "study.py").is_file())


def load_study(key: str) -> Study:
    """The study of a paper, or of a module given by its dotted path.

    Raises
    ------
    ParameterError
        If there is no such study, or if the module lacks a part that a study must have.
    """
    if "." in key:
        try:
            found = importlib.util.find_spec(key)
        except ModuleNotFoundError:
            found = None
        if found is None:
            raise ParameterError(f"There is no module '{key}' on the import path; PYTHONPATH can name its folder.")
        study = Study(key.rpartition(".")[2], importlib.import_module(key))
    else:
        require_choice("study", key, study_keys())
        study = Study(key, importlib.import_module(f"mer_repro.papers.{key}.study"))
    missing = [part for part in ("Parameters", "plan", "execute", "sources") if not hasattr(study.module, part)]
    if missing:
        raise ParameterError(f"{study.module.__name__} is not a study: it lacks {', '.join(missing)}.")
    return study


def load_parameters(key: str, profile: str, overrides: dict[str, Any] | None = None) -> Any:
    """The validated parameters of a study under a profile.

    Parameters
    ----------
    key, profile : name ``params/<profile>/<key>.yaml``.
    overrides : top-level parameters that replace the file's, as papermill's ``-p`` does.

    Returns
    -------
    An instance of the study's ``Parameters``.

    Raises
    ------
    ParameterError
        If the profile or the file does not exist, or a parameter is unknown, of the wrong type or out of range:
        each is named, an unknown one with the nearest valid name.
    """
    import yaml

    study = load_study(key)
    paths.require_profile(profile)
    path = study.parameters_file(profile)
    if not path.is_file():
        raise ParameterError(f"There is no {path}: the study {study.key} has no parameters for '{profile}'.")
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise ParameterError(f"{path} is not YAML: {error}") from error
    if not isinstance(given, dict):
        raise ParameterError(f"{path} must map names to values, found a {type(given).__name__}.")
    from_elsewhere = {name for name, value in (overrides or {}).items() if name not in given or given[name] != value}
    return validate_parameters(study.module.Parameters, given | (overrides or {}), str(path), from_elsewhere)


def validate_parameters(model: type, given: dict[str, Any], origin: str, overridden: Collection[str] = ()) -> Any:
    """`given` as an instance of a pydantic model.

    Parameters
    ----------
    origin : names the file in the error.
    overridden : names of parameters that do not come from the file but were given to the notebook.

    Raises
    ------
    ParameterError
        Naming every unknown, missing, mistyped or out-of-range parameter.
    """
    from pydantic import ValidationError

    try:
        return model(**given)
    except ValidationError as error:
        blamed: dict[str, list[str]] = {}
        for problem in error.errors():
            place = "given to the notebook" if (problem["loc"] or ("",))[0] in overridden else origin
            blamed.setdefault(place, []).append(_explain(model, problem))
        raise ParameterError("; ".join(f"{place}: {'; '.join(each)}" for place, each in blamed.items())) from error


def _explain(model: type, problem: dict[str, Any]) -> str:
    *outer, last = problem["loc"] or ("",)
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        for part in outer:
            inner = model.model_fields[part].annotation if part in getattr(model, "model_fields", {}) else None
            model = inner if hasattr(inner, "model_fields") else model
        return f"unknown parameter '{name}'.{nearest(str(last), model.model_fields)}"
    if problem["type"] == "missing":
        return f"parameter '{name}' is missing"
    return f"parameter '{name}' is {problem['input']!r}: {problem['msg']}"
