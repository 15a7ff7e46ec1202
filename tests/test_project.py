"""The project's own files agree with each other, and the light paths stay light."""

import ast
import hashlib
import importlib.util
import io
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from mer_repro.features.cache import Cache
from mer_repro.runs.records import Outcome, RecordStore, Run

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("torch", "transformers", "librosa", "pandas", "scipy", "sklearn", "matplotlib", "numpy", "pydantic")


LOCKS = ("requirements.lock", "requirements-extra.lock")


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def entries(lock):
    """(requirement, the Python it asks for or None where not known, number of hashes) of every pin of a lock file."""
    found, asked = [], None
    for line in (ROOT / lock).read_text().splitlines():
        if line.startswith("# python "):
            asked = line.removeprefix("# python ").replace("any", "")
        elif line.startswith("    --hash=sha256:"):
            found[-1][2] += 1
        elif line and not line.startswith("#"):
            found.append([Requirement(line.removesuffix("\\").strip()), asked, 0])
            asked = None
    return found


def locked():
    """Name -> version of what Linux gets, PyTorch included."""
    torch = (ROOT / "requirements-torch.lock").read_text().split()[-1]
    here = {"sys_platform": "linux", "python_full_version": "3.11.0", "python_version": "3.11"}
    pins = [entry[0] for entry in entries("requirements.lock")] + [Requirement(torch)]
    pins = [pin for pin in pins if pin.marker is None or pin.marker.evaluate(here)]
    return {canonical(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def supported_pythons():
    """The least and the latest Python that pyproject.toml allows: "3.11.0", "3.12.99"."""
    least, below = re.fullmatch(r">=(\d+\.\d+),<3\.(\d+)", project()["requires-python"]).groups()
    return f"{least}.0", f"3.{int(below) - 1}.99"


def test_lock_satisfies_every_declared_requirement():
    extras = project()["optional-dependencies"]
    declared = [*project()["dependencies"], *extras["test"], *extras["encoder"], *extras["browser"]]
    versions = locked()
    for requirement in map(Requirement, declared):
        assert requirement.specifier.contains(versions[canonical(requirement.name)]), str(requirement)
    assert versions["torch"] == "2.13.0"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_installs_on_the_least_and_the_latest_python(lock):
    """Debian 12 has 3.11.2; one pin that asked for 3.11.5 once broke the whole set-up there."""
    known = 0
    for version in supported_pythons():
        here = {"python_full_version": version, "python_version": version.rpartition(".")[0]}
        for requirement, asked, _ in entries(lock):
            if asked is None or (requirement.marker and not requirement.marker.evaluate(here)):
                continue
            assert SpecifierSet(asked).contains(version), f"{requirement} asks for Python {asked}, not {version}"
            known += 1
    assert known > 1.5 * len(entries(lock))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_is_exact_and_has_hashes(lock):
    for requirement, _, hashes in entries(lock):
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)) and hashes > 0, str(requirement)
    assert not [str(e[0]) for e in entries(lock) if re.match(r"torch$|nvidia|cuda|triton", canonical(e[0].name))]


def test_set_up_checks_hashes_and_leaves_torch_to_the_machine():
    makefile = (ROOT / "Makefile").read_text()
    installs = re.findall(r"install .*-r (\S+)", makefile)
    assert set(installs) == set(LOCKS)
    assert all("--require-hashes" in line for line in makefile.splitlines() if " -r " in line)


@pytest.mark.parametrize(
    ("gpu", "gpu_build", "says"),
    [
        (False, False, [["install", "--no-deps", "torch==2.13.0"]]),
        (True, False, [["install", "--no-deps", "torch==2.13.0"]]),
        (True, True, [["install", "torch==2.13.0"]]),
    ],
)
def test_torch_comes_in_the_build_that_the_machine_can_use(gpu, gpu_build, says):
    found = tool("install_torch").commands(gpu, gpu_build)
    assert [command[command.index("install") :] for command in found] == says


def test_without_a_gpu_the_gpu_build_is_never_taken():
    *_, last = tool("install_torch").commands(gpu=False, gpu_build=True)
    assert last[-3:] == ["--torch-backend", "cpu", "torch==2.13.0"]
    asks = [{"metadata": {"requires_dist": ["sympy", 'nvidia-cublas==13; sys_platform == "linux"']}}]
    assert tool("install_torch").needs_gpu_libraries({"install": asks})
    assert not tool("install_torch").needs_gpu_libraries({"install": [{"metadata": {"requires_dist": ["sympy"]}}]})


def tool(name):
    """A script of tools/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_dependency_is_used():
    """What pyproject.toml declares is imported, or named by the commands that make the book and test it."""
    named = {"pyyaml": "yaml", "scikit-learn": "sklearn", "jupyter-book": "jupyter_book", "beautifulsoup4": "bs4"}
    named["markdown-it-py"] = "markdown_it"
    sources = [path.read_text() for place in ("mer_repro", "tests") for path in (ROOT / place).rglob("*.py")]
    sources += [(ROOT / name).read_text() for name in ("Makefile", "pyproject.toml")]
    texts = "\n".join(sources)
    for requirement in map(Requirement, project()["dependencies"]):
        name = named.get(canonical(requirement.name), canonical(requirement.name).replace("-", "_"))
        used = re.search(rf"\b(import|from) {name}\b", texts) or f"--{name}" in texts
        # pyarrow writes pandas' Parquet files
        assert used or (name == "pyarrow" and "to_parquet" in texts), f"{requirement} is declared and not used"


def test_every_installed_package_states_a_licence():
    licences = tool("licences")
    found = {name: licences.licence(name) for name in licences.pinned()}
    assert sum(stated is not None for stated in found.values()) > 150
    # its repository says MIT, the package does not
    silent = {name for name, stated in found.items() if stated == licences.UNSTATED} - {"axe-playwright-python"}
    assert not silent


# Pickles: whoever can write one where we read runs their code --------------------------------------------------------

UNSAFE = {
    ("pickle", "load"), ("pickle", "loads"), ("pickle", "Unpickler"), ("cloudpickle", "load"), ("cloudpickle", "loads"),
    ("joblib", "load"), ("torch", "load"), ("pandas", "read_pickle"), ("pd", "read_pickle"), ("yaml", "load"),
    ("yaml", "unsafe_load"), ("dill", "load"), ("shelve", "open"), ("marshal", "load"), ("marshal", "loads"),
}  # fmt: skip


def test_no_source_loads_a_pickle():
    for path in [path for place in ("mer_repro", "tools", "benchmarks") for path in (ROOT / place).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            where = f"{path.relative_to(ROOT)}, line {node.lineno}"
            if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
                assert (node.func.value.id, node.func.attr) not in UNSAFE, where
            for keyword in node.keywords:
                allowed = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
                assert keyword.arg != "allow_pickle" or allowed, where


class Trap:
    """Leaves a file where it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_a_pickle_where_an_array_is_expected_is_not_run(tmp_path):
    mark, pickled = tmp_path / "sprung", io.BytesIO()
    np.save(pickled, np.array([Trap(mark)], dtype=object), allow_pickle=True)
    cache = Cache(tmp_path / "cache")
    key = f"test/{'0' * 64}"
    cache.path(key).parent.mkdir(parents=True)
    cache.path(key).write_bytes(pickled.getvalue() + hashlib.sha256(pickled.getvalue()).digest())
    with pytest.warns(UserWarning, match="Corrupt cache entry"):
        assert cache.get(key) is None
    store, run = RecordStore(tmp_path / "store"), Run("qiu2025", "deam", "real", "song_grouped", "ridge")
    made = {"data_fingerprint": "d", "source_fingerprint": "s", "device": "cpu", "seconds": 1.0}
    record = store.put(run, Outcome({"r2": 0.5}, predictions={"y_pred": np.zeros(3)}), **made)
    archive = io.BytesIO()
    np.savez(archive, y_pred=np.array([Trap(mark)], dtype=object))
    # An attacker who knows the name that a content must have.
    record.predictions = f"predictions/x.{hashlib.sha256(archive.getvalue()).hexdigest()[:16]}.npz"
    (tmp_path / "store" / "qiu2025" / record.predictions).write_bytes(archive.getvalue())
    with pytest.raises(ValueError, match="allow_pickle=False"):
        store.predictions(record)
    assert not mark.exists()


# ---------------------------------------------------------------------------------------------------------------------


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


def test_codemeta_and_the_citation_say_what_the_project_says():
    meta, declared = json.loads((ROOT / "codemeta.json").read_text()), project()
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert meta["@context"] == "https://w3id.org/codemeta/3.0" and meta["@type"] == "SoftwareSourceCode"
    assert meta["name"] == declared["name"] and meta["description"] == declared["description"]
    assert meta["version"] == meta["softwareVersion"] == declared["version"] == cited["version"]
    assert meta["dateModified"] == cited["date-released"] and meta["keywords"] == declared["keywords"]
    assert meta["license"].rpartition("/")[2] == cited["license"]
    assert meta["programmingLanguage"]["version"] == declared["requires-python"]
    named = [[person["name"] for person in whose] for whose in (meta["author"], declared["authors"], cited["authors"])]
    assert named[0] == named[1] == named[2]
    words = " ".join(declared["classifiers"])
    assert all(version in words for version in re.findall(r"3\.\d+", meta["runtimePlatform"]))
    assert meta["operatingSystem"] in words
