"""Renew requirements.lock and requirements-extra.lock from pyproject.toml, and environment.yml from both.

`uv pip compile` resolves for the least Python that pyproject.toml allows, for every platform, and writes the hashes of
every file of each version. What is locked keeps its version while that still fits; ``--upgrade`` takes the newest.
Above each pin stands the Python that it asks for, which a test compares with pyproject.toml without a network.

PyTorch is pinned in requirements-torch.lock and carries no hash: which build of it is right depends on the machine
(see tools/install_torch.py), and the packages that only its GPU build asks for are left to it.

Usage: python tools/lock.py [--upgrade | --environment-only]
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
#: setuptools builds the editable install without isolation
ALSO = "setuptools"
GPU_COMPANIONS = re.compile(r"(nvidia|cuda)-|triton$")
HEADER = """\
# Exact versions of everything that `make book` and `make test` install beside PyTorch; Python 3.11.0 and later, 3.12.
# Renew with `make lock`. "python" is what a version asks for; the hashes are those of all its published files.
"""
EXTRA_HEADER = """\
# On top of requirements.lock: openSMILE (non-commercial licence) and the rivals in benchmarks/.
"""


def canonical(requirement: str) -> str:
    """The normalised project name at the start of a requirement."""
    return re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]+", requirement).group()).lower()


def project() -> dict:
    """The table ``project`` of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def declared(*extras: str) -> list[str]:
    """The requirements of pyproject.toml: the base ones without arguments, else those of the named extras."""
    if not extras:
        return project()["dependencies"]
    return [requirement for extra in extras for requirement in project()["optional-dependencies"][extra]]


def least_python() -> str:
    """The least Python that pyproject.toml allows, with its patch number: "3.11.0"."""
    return re.search(r">=\s*(\d+\.\d+)", project()["requires-python"]).group(1) + ".0"


def pins(path: Path) -> dict[str, str]:
    """Name -> version of a lock file, those for other platforms included."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", path.read_text(), re.MULTILINE))


def compiled(uv: Path, requirements: list[str], before: Path, upgrade: bool) -> dict[str, list[str]]:
    """Name -> the lines of its entry (pin and hashes), of everything that the requirements need."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.txt"), Path(folder, "out.txt")
        source.write_text("\n".join(requirements))
        if before.is_file() and not upgrade:
            target.write_text(before.read_text())
        command = [uv, "pip", "compile", source, "--output-file", target, "--universal", "--generate-hashes"]
        command += ["--python-version", least_python(), "--fork-strategy", "fewest", "--no-annotate", "--no-header"]
        subprocess.run([*map(str, command), "--quiet"], check=True)
        lines = target.read_text().splitlines()
    entries: dict[str, list[str]] = {}
    for line in lines:
        if line and not line.startswith(("#", " ")):
            entry = entries.setdefault(canonical(line), [])
        if line and not line.startswith("#"):
            entry.append(line)
    return entries


def pinned(lines: list[str]) -> list[str]:
    """The pins of an entry, markers included, without their hashes: more than one where Python versions differ."""
    return [line.removesuffix("\\").strip() for line in lines if not line.startswith(" ")]


def asked_python(python: Path, entries: dict[str, list[str]]) -> dict[str, str]:
    """Name -> Requires-Python of every pinned version that this platform installs ("" where it states none)."""
    bare = [line for lines in entries.values() for line in pinned(lines)]
    with tempfile.NamedTemporaryFile(suffix=".json") as report, tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(bare))
        file.flush()
        command = [python, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps"]
        subprocess.run([*map(str, command), "--report", report.name, "-r", file.name], check=True)
        found = [item["metadata"] for item in json.loads(Path(report.name).read_text())["install"]]
    return {canonical(item["name"]): item.get("requires_python", "") for item in found}


def written(header: str, entries: dict[str, list[str]], asked: dict[str, str]) -> str:
    """A lock file's text."""
    notes = {name: [f"# python {wanted or 'any'}"] for name, wanted in asked.items()}
    return header + "".join(f"{line}\n" for name in sorted(entries) for line in notes.get(name, []) + entries[name])


def environment() -> str:
    """The conda environment: Python from conda, the project's direct requirements at their locked versions."""
    versions = pins(ROOT / "requirements.lock") | pins(ROOT / "requirements-torch.lock")
    direct = sorted({canonical(requirement) for requirement in declared() + declared(*CORE_EXTRAS)})
    lines = "".join(f"      - {name}=={versions[name]}\n" for name in direct)
    return (
        "# For conda users; written by `make lock`, kept in step with requirements.lock by a test.\n"
        "#   conda env create -f environment.yml && conda activate mer_repro && mer-repro book\n"
        "name: mer_repro\nchannels:\n  - conda-forge\ndependencies:\n  - python=3.11\n  - pip\n"
        f"  - pip:\n{lines}      - --editable .\n"
    )


def resolve(upgrade: bool) -> None:
    """Write both lock files."""
    torch = (ROOT / "requirements-torch.lock").read_text().splitlines()[-1]
    core_file, extra_file = ROOT / "requirements.lock", ROOT / "requirements-extra.lock"
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, "bin", "python")
        # A pip of today reads a dry run's answers from the index's metadata and downloads nothing.
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--upgrade", "pip", "uv"], check=True)
        base = [torch, ALSO, *declared(), *declared(*CORE_EXTRAS)]
        core = compiled(python.with_name("uv"), base, core_file, upgrade)
        fixed = [line for lines in core.values() for line in pinned(lines)]
        extra = compiled(python.with_name("uv"), [*fixed, *declared(*EXTRA_EXTRAS)], extra_file, upgrade)
        for file, header, entries in ((core_file, HEADER, core), (extra_file, EXTRA_HEADER, extra)):
            # What the core needs on some machines only (a marker) counts as new where the extras need it on all.
            known = {name: pinned(lines) for name, lines in core.items()} if entries is extra else {}
            kept = {name: lines for name, lines in entries.items() if pinned(lines) != known.get(name)}
            kept = {name: lines for name, lines in kept.items() if name != "torch" and not GPU_COMPANIONS.match(name)}
            file.write_text(written(header, kept, asked_python(python, kept)))


def main() -> None:
    """See the module's docstring."""
    words = sys.argv[1:]
    if "--environment-only" not in words:
        resolve(upgrade="--upgrade" in words)
    (ROOT / "environment.yml").write_text(environment())


if __name__ == "__main__":
    main()
