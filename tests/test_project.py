"""The project's own files agree with each other, and the light paths stay light."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("torch", "transformers", "librosa", "pandas", "scipy", "sklearn", "matplotlib", "numpy", "pydantic")


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def locked():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_lock_satisfies_every_declared_requirement():
    extras = project()["optional-dependencies"]
    declared = [*project()["dependencies"], *extras["test"], *extras["encoder"], *extras["browser"]]
    versions = locked()
    for requirement in map(Requirement, declared):
        assert requirement.specifier.contains(versions[canonical(requirement.name)]), str(requirement)
    assert versions["torch"] == "2.13.0"


def test_conda_environment_is_in_step_with_the_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [item["pip"] for item in environment["dependencies"] if isinstance(item, dict)]
    pins = dict(item.split("==") for item in pip if "==" in item)
    versions = locked()
    assert pins == {name: versions[name] for name in pins}
    assert {canonical(Requirement(text).name) for text in project()["dependencies"]} <= set(pins)


@pytest.mark.parametrize(
    "statement",
    [
        "import mer_repro",
        "from mer_repro.cli import main; main(['--help'], standalone_mode=False)",
    ],
)
def test_light_paths_import_nothing_heavy(statement):
    code = f"{statement}\nimport sys, json; print('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert not set(loaded) & set(HEAVY)


def test_no_address_of_this_machine_or_of_a_registry_is_committed():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    forbidden = re.compile(r"/(work|root|home/\w+)/|pypi\.org|files\.pythonhosted|registry\.npmjs|deb\.debian", re.I)
    for name in tracked.stdout.splitlines():
        path = ROOT / name
        if name == "tests/test_project.py" or not path.is_file():
            continue
        found = forbidden.search(path.read_text(encoding="utf-8", errors="ignore"))
        assert not found, f"{name}: {found.group()}"
