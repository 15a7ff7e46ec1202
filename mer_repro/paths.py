"""Where things lie: the project's own files, the user's data, caches and run records.

Lookup order for data: the folder named by the environment variable ``MER_REPRO_DATA``, then the user cache, then
(only when asked) a download, then a generated twin. `mer_repro.data` says which one served.
"""

from __future__ import annotations

import os
from pathlib import Path

from mer_repro.errors import ParameterError

PACKAGE = Path(__file__).resolve().parent
PROJECT = PACKAGE.parent
PROFILES = ("smoke", "quick", "full")
DATA_VARIABLE = "MER_REPRO_DATA"


def data_home() -> Path | None:
    """The folder named by ``MER_REPRO_DATA``, or None where the variable is unset or empty.

    Raises
    ------
    ParameterError
        If the variable names something that is not a folder: a typo must not silently turn real data into twins.
    """
    value = os.environ.get(DATA_VARIABLE, "")
    if not value:
        return None
    home = Path(value).expanduser()
    if not home.is_dir():
        raise ParameterError(
            f"{DATA_VARIABLE} is '{value}', which is not a folder. Set it to the folder that holds the data sets,"
            " or unset it to use the cache and the twins."
        )
    return home.resolve()


def cache_home() -> Path:
    """The user's cache folder of this project (``XDG_CACHE_HOME`` or ``~/.cache``, then ``mer_repro``)."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base else Path.home() / ".cache") / "mer_repro"


def build_home() -> Path:
    """The folder for everything that can be made again; never committed."""
    return PROJECT / "_build"


def records_home(profile: str) -> Path:
    """Home of a profile's run records: ``results/`` for full (committed), ``_build/results/`` for the others."""
    return PROJECT / "results" if profile == "full" else build_home() / "results" / profile


def parameters_file(profile: str, paper: str) -> Path:
    """The papermill parameters of one paper under one profile."""
    return PROJECT / "params" / profile / f"{paper}.yaml"
