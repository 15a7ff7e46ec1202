"""Renew requirements.lock and requirements-extra.lock from pyproject.toml, and environment.yml from both.

Resolves in a throw-away environment with pip's own resolver and writes exact versions. Local version labels such as
``+cpu`` are dropped, so that one lock serves CPU and GPU machines.

Usage: python tools/lock.py [--environment-only]
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORE_EXTRAS = ("test", "encoder", "browser")
EXTRA_EXTRAS = ("opensmile", "benchmark")
#: The one version chosen by hand, because every record names it; setuptools builds the editable install.
PINNED = {"torch": "torch==2.13.0", "setuptools": "setuptools"}
CORE_HEADER = """\
# Exact versions of everything that `make book` and `make test` install; Python 3.11 and 3.12.
# Renew with `make lock`.
"""
EXTRA_HEADER = """\
# On top of requirements.lock: openSMILE (non-commercial licence) and the rivals in benchmarks/.
"""


def canonical(requirement: str) -> str:
    """The normalised project name at the start of a requirement."""
    return re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]+", requirement).group()).lower()


def declared(*extras: str) -> list[str]:
    """The requirements of pyproject.toml: the base ones without arguments, else those of the named extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    if not extras:
        return project["dependencies"]
    return [requirement for extra in extras for requirement in project["optional-dependencies"][extra]]


def resolve(python: Path, requirements: list[str]) -> dict[str, str]:
    """Name -> version of everything pip would install for these requirements."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        command = [str(python), "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        subprocess.run([*command, "--report", report.name, *requirements], check=True)
        installs = json.loads(Path(report.name).read_text())["install"]
    versions = {canonical(item["metadata"]["name"]): item["metadata"]["version"].split("+")[0] for item in installs}
    return dict(sorted(versions.items()))


def locked(path: Path) -> dict[str, str]:
    """Name -> version of a lock file."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("==") for line in lines)


def environment() -> str:
    """The conda environment: Python from conda, the project's direct requirements at their locked versions."""
    versions = locked(ROOT / "requirements.lock")
    direct = sorted({canonical(requirement) for requirement in declared() + declared(*CORE_EXTRAS)})
    pins = "".join(f"      - {name}=={versions[name]}\n" for name in direct)
    return (
        "# For conda users; written by `make lock`, kept in step with requirements.lock by a test.\n"
        "#   conda env create -f environment.yml && conda activate mer_repro && mer-repro book\n"
        "name: mer_repro\nchannels:\n  - conda-forge\ndependencies:\n  - python=3.11\n  - pip\n"
        f"  - pip:\n{pins}      - --editable .\n"
    )


def main() -> None:
    if "--environment-only" not in sys.argv[1:]:
        base = [PINNED.get(canonical(name), name) for name in declared()] + [PINNED["setuptools"]]
        core = base + declared(*CORE_EXTRAS)
        with tempfile.TemporaryDirectory() as folder:
            venv.create(folder, with_pip=True)
            python = Path(folder) / "bin" / "python"
            core_versions = resolve(python, core)
            pins = [f"{name}=={version}" for name, version in core_versions.items()]
            all_versions = resolve(python, [*pins, *declared(*EXTRA_EXTRAS)])
        extra_versions = {name: version for name, version in all_versions.items() if name not in core_versions}
        for file, header, versions in (
            ("requirements.lock", CORE_HEADER, core_versions),
            ("requirements-extra.lock", EXTRA_HEADER, extra_versions),
        ):
            (ROOT / file).write_text(header + "".join(f"{name}=={version}\n" for name, version in versions.items()))
    (ROOT / "environment.yml").write_text(environment())


if __name__ == "__main__":
    main()
