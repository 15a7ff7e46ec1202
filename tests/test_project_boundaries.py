"""What the operating system refuses, and what an installed wheel lacks, is one clear line and status 2."""

import errno
import json
import os
import shutil
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from mer_repro import paths
from mer_repro.cli import FriendlyGroup
from mer_repro.cli import main as cli_main

ROOT = Path(__file__).resolve().parent.parent
#: root reads and writes everything unless these are dropped
AS_A_USER = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner", "--inh-caps")
MAIN = "from mer_repro.cli import main; main()"


def mer_repro(*words, cwd=None, limits=(), **environment):
    """`mer-repro` in a process of its own, with a plain user's rights."""
    before = [*AS_A_USER, AS_A_USER[2]] if os.geteuid() == 0 else []
    if before and not shutil.which("setpriv"):
        pytest.skip("dropping root's rights needs setpriv")
    given = {name: value for name, value in os.environ.items() if name not in ("MER_REPRO_DATA", "XDG_CACHE_HOME")}
    given |= {"PYTHONPATH": str(ROOT)} | {name: str(value) for name, value in environment.items()}
    command = [*before, *limits, sys.executable, "-c", MAIN, *words]
    return subprocess.run(command, cwd=cwd, env=given, capture_output=True, text=True)


def assert_one_line(done, says):
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith("mer-repro: ") and done.stderr.count("\n") == 1 and says in done.stderr, done.stderr


@pytest.fixture
def place(tmp_path):
    """A folder with a home that cannot be written and a data set that cannot be read."""
    (tmp_path / "home").mkdir(mode=0o555)
    (tmp_path / "data" / "mxmh").mkdir(parents=True)
    (tmp_path / "data" / "mxmh" / "mxmh_survey_results.csv").write_text("x")
    (tmp_path / "data" / "mxmh" / "mxmh_survey_results.csv").chmod(0)
    (tmp_path / "temporary").mkdir()
    yield tmp_path
    (tmp_path / "home").chmod(0o755)


def test_an_unreadable_file_is_one_line(place):
    done = mer_repro("data", "verify", "mxmh", MER_REPRO_DATA=place / "data", XDG_CACHE_HOME=place / "cache")
    assert_one_line(done, "mxmh_survey_results.csv: Permission denied. Change its permissions")


def test_an_unreadable_folder_hides_no_other_data_set(place):
    (place / "data" / "mxmh").chmod(0)
    done = mer_repro("data", "status", "--json", MER_REPRO_DATA=place / "data", XDG_CACHE_HOME=place / "cache")
    (place / "data" / "mxmh").chmod(0o755)
    states = {row["name"]: row["data"] for row in json.loads(done.stdout)}
    assert done.returncode == 0 and states["mxmh"] == "unreadable" and states["deam"] == "twin"


def test_a_home_that_cannot_be_written_costs_time_only(place):
    done = mer_repro("data", "verify", "mxmh", HOME=place / "home", TMPDIR=place / "temporary")
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert list((place / "temporary").rglob("truth.json")) and list((place / "home").iterdir()) == []


def test_a_symbolic_link_that_leads_to_itself_is_one_line(place):
    (place / "data" / "deam").symlink_to(place / "data" / "deam")
    done = mer_repro("data", "verify", "deam", MER_REPRO_DATA=place / "data", XDG_CACHE_HOME=place / "cache")
    # The check of a set that cannot be read fails, and says what to do.
    assert done.returncode == 1 and "Traceback" not in done.stdout + done.stderr
    assert "remove the link" in done.stdout


def test_a_disk_that_refuses_an_export_is_one_line_and_leaves_nothing(place):
    """A file-size limit of 4 KiB stands for the full disk: the export's table does not fit."""
    if not shutil.which("prlimit"):
        pytest.skip("limiting the size of files needs prlimit")
    limit = ("prlimit", "--fsize=4096")
    done = mer_repro(
        "records", "qiu2025", "--export", str(place / "crate"), limits=limit, XDG_CACHE_HOME=place / "cache"
    )
    assert_one_line(done, "File too large")
    assert not (place / "crate").exists() and not list(place.glob(".crate*"))


def test_without_a_home_no_cache_lands_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "")
    monkeypatch.setenv("XDG_CACHE_HOME", "somewhere/relative")
    assert paths.cache_home().is_absolute() and tmp_path not in paths.cache_home().parents


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/a/b"), "Cannot use /a/b: Permission denied. Change"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device. Free some space"),
        (OSError(errno.EROFS, "Read-only file system", "a", None, "b"), "Cannot use a and b: Read-only file system."),
        (OSError("of a library's own"), "of a library's own."),
    ],
)
def test_every_error_of_the_system_becomes_one_line(error, says):
    @click.group(cls=FriendlyGroup)
    def group():
        raise error

    done = CliRunner().invoke(group, ["audit"])
    assert done.exit_code == 2 and done.output.startswith(f"mer-repro: {says}") and done.output.count("\n") == 1


def test_a_warning_is_one_line_without_the_source_that_gave_it():
    @click.group(cls=FriendlyGroup, invoke_without_command=True)
    def group():
        warnings.warn("two\nlines", stacklevel=1)

    assert CliRunner().invoke(group, []).output == "mer-repro: warning: two lines\n"


# An installed wheel ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The package as a wheel unpacks it, far from any clone."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(ROOT / "mer_repro", source / "mer_repro", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, source]
    subprocess.run(build, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    site = folder / "site-packages"
    with zipfile.ZipFile(built) as archive:
        archive.extractall(site)
    return site


NEEDS_A_CLONE = (
    "book", "records", "verify --sample 1", "run bai2026 --profile smoke", "new smith2027", "data survey"
)  # fmt: skip
NEEDS_NONE = ("audit", "claims bai2026", "data list", "data verify mxmh", "--help")
#: every command in one process; prints {words: [status, stdout, stderr]}
EACH = """
import json, sys
from click.testing import CliRunner
from mer_repro import cli, paths
assert not paths.is_clone()
found = {}
for words in json.loads(sys.argv[1]):
    done = CliRunner().invoke(cli.main, words.split())
    found[words] = [done.exit_code, done.stdout, done.stderr]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def from_the_wheel(wheel, tmp_path_factory):
    """What every command answers, called from an empty folder; and the files that the package had before and after."""
    place = tmp_path_factory.mktemp("elsewhere")
    environment = {name: value for name, value in os.environ.items() if name != "MER_REPRO_DATA"}
    environment |= {"PYTHONPATH": str(wheel), "XDG_CACHE_HOME": str(place.with_name("cache-of-the-wheel"))}

    def files():
        return {path for path in wheel.rglob("*") if "__pycache__" not in path.parts}

    before = files()
    command = [sys.executable, "-c", EACH, json.dumps([*NEEDS_A_CLONE, *NEEDS_NONE])]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), before, files(), place


@pytest.mark.parametrize("words", NEEDS_A_CLONE)
def test_what_needs_a_clone_says_so(from_the_wheel, words):
    status, _, error = from_the_wheel[0][words]
    assert status == 2 and error.startswith("mer-repro: ") and error.count("\n") == 1, error
    assert "works in a clone of the project" in error


@pytest.mark.parametrize("words", NEEDS_NONE)
def test_what_needs_no_clone_works_from_a_wheel(from_the_wheel, words):
    status, out, _ = from_the_wheel[0][words]
    assert status == 0 and len(out) > 100


def test_nothing_is_written_beside_an_installed_package(from_the_wheel):
    _, before, after, place = from_the_wheel
    assert after == before and list(place.iterdir()) == []


def test_the_command_line_is_behind_the_boundary():
    assert isinstance(cli_main, FriendlyGroup)
