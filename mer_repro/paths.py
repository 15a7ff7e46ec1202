"""Where things lie: the project's own files, the user's data, caches and run records.

Lookup order for data: the folder named by the environment variable ``MER_REPRO_DATA``, then the user cache, then
(only when asked) a download, then a generated twin. `mer_repro.data` says which one served.
"""

from __future__ import annotations

import os
from pathlib import Path

from mer_repro import storage
from mer_repro.errors import ParameterError, require_choice

PACKAGE = Path(__file__).resolve().parent
PROJECT = PACKAGE.parent
PROFILES = ("smoke", "quick", "full")
DATA_VARIABLE = "MER_REPRO_DATA"


def require_profile(name: str) -> str:
    """The name of a profile, as it was given.

    Raises
    ------
    ParameterError
        If there is no such profile; the nearest is named.
    """
    return require_choice("profile", name, PROFILES)


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
    """The user's cache folder of this project (``XDG_CACHE_HOME`` or ``~/.cache``, then ``mer_repro``).

    A relative ``XDG_CACHE_HOME`` does not count, as its specification says; without a home, the folder for temporary
    files serves. Whoever writes into it must go on without it: see `mer_repro.storage.spare_home`.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():
        home = Path(os.environ.get("HOME", "") or _home_in_the_password_file())
        base = home / ".cache" if home.is_absolute() else storage.spare_home()
    return base / "mer_repro"


def _home_in_the_password_file() -> str:
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_dir
    except (ImportError, KeyError):
        return str(Path("~").expanduser())


def is_clone() -> bool:
    """Whether the project's own files (parameters, pages, records) lie around the package, as in a clone."""
    return (PROJECT / "params").is_dir() and (PROJECT / "_toc.yml").is_file()


def require_clone(command: str, key: str = "") -> None:
    """Refuse `command` outside a clone: an installed wheel has the package only.

    A `key` with a dot names a study module of one's own, which has its parameters beside it and needs no clone.

    Raises
    ------
    ParameterError
        Naming the command, and what works without a clone.
    """
    if "." not in key and not is_clone():
        raise ParameterError(
            f"`{f'{command} {key}'.strip()}` works in a clone of the project: it needs params/, book/ and results/,"
            f" which an installed package does not have (looked in {PROJECT}). Without a clone: mer-repro audit, claims"
            " and data."
        )


def build_home() -> Path:
    """The folder for everything that can be made again; never committed. Outside a clone, below the working folder."""
    return (PROJECT if is_clone() else Path.cwd()) / "_build"


def records_home(profile: str) -> Path:
    """Home of a profile's run records: ``results/`` for full (committed), ``_build/results/`` for the others."""
    return PROJECT / "results" if profile == "full" and is_clone() else own_records_home(profile)


def own_records_home(profile: str) -> Path:
    """Home of the runs that a notebook asks for: never what is committed, whatever the profile."""
    return build_home() / "results" / profile


def parameters_file(profile: str, paper: str) -> Path:
    """The papermill parameters of one paper under one profile."""
    return PROJECT / "params" / profile / f"{paper}.yaml"
