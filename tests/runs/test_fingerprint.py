"""The source fingerprint moves with the code that a result depends on, and with nothing else."""

import pytest

from mer_repro.runs.fingerprint import source_fingerprint

MODEL = '''
"""A module."""
from . import helper
from .scale import factor, unused_factor
import package.constants as constants

LAYERS = 2
TABLE = {}
TABLE["x"] = 1


def network(x):
    """Docstring."""
    from package.deep import layer

    return layer(x) * LAYERS * helper.shift(x) * factor() + constants.OFFSET  # comment


def other():
    return unused_factor()
'''
FILES = {
    "__init__.py": "",
    "model.py": MODEL,
    "helper.py": "def shift(x):\n    return x + STEP\n\n\nSTEP = 1\n\n\ndef spare():\n    return 0\n",
    "scale.py": "def factor():\n    return 3\n\n\ndef unused_factor():\n    return 4\n",
    "deep.py": "def layer(x):\n    return -x\n",
    "constants.py": "OFFSET = 1\nSPARE = 2\n",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package in a folder on the import path; returns a function that edits one file and gives the fingerprint."""
    monkeypatch.syspath_prepend(tmp_path)
    from mer_repro.runs import fingerprint

    fingerprint._file.cache_clear()
    folder = tmp_path / "package"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)

    def edited(name="model.py", old="", new="", root="package.model:network"):
        text = FILES[name]
        assert old in text
        (folder / name).write_text(text.replace(old, new))
        found = source_fingerprint((root,))
        (folder / name).write_text(text)
        return found

    yield edited
    fingerprint._file.cache_clear()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("model.py", "* LAYERS", "+ LAYERS"),
        ("model.py", "LAYERS = 2", "LAYERS = 3"),
        ("model.py", 'TABLE["x"] = 1', 'TABLE["x"] = 2'),
        ("helper.py", "x + STEP", "x - STEP"),
        ("helper.py", "STEP = 1", "STEP = 2"),
        ("scale.py", "return 3", "return 5"),
        ("deep.py", "-x", "+x"),
        ("constants.py", "OFFSET = 1", "OFFSET = 2"),
    ],
)
def test_what_the_result_depends_on_moves_it(package, name, old, new):
    assert package(name, old, new) != package()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("model.py", "  # comment", ""),
        ("model.py", '"""Docstring."""', '"""Another."""'),
        ("model.py", "return unused_factor()", "return 7"),
        ("helper.py", "return 0", "return 1"),
        ("scale.py", "return 4", "return 5"),
        ("constants.py", "SPARE = 2", "SPARE = 3"),
    ],
)
def test_what_it_does_not_depend_on_leaves_it(package, name, old, new):
    assert package(name, old, new) == package()


def test_a_whole_module_as_root_counts_all_of_it(package):
    whole = package(root="package.model")
    assert package("model.py", "return unused_factor()", "return 7", root="package.model") != whole
    assert package("scale.py", "return 4", "return 5", root="package.model") != whole


SYNTAX = """
import dataclasses


@dataclasses.dataclass(frozen=True)
class Point:
    x: int | None = None


async def all_sorts(a, /, b=1, *rest, c: float = 2.5, **more) -> dict:
    if (n := len(rest)) > 1:
        return {f"{a!r:>{b}} {n=}": [*rest], "bytes": b"x", "none": None, **more}
    match a:
        case Point(x=0) | None:
            yield lambda y: y**-1 if y else ...
    for i in range(10):
        a[i:2, ...] = 1e-3 + 2j
    else:
        pass
"""


def test_every_supported_python_gives_the_same_value(package, tmp_path):
    """Committed records must not turn stale because a reader has another Python; this value is from 3.11."""
    (tmp_path / "package" / "syntax.py").write_text(SYNTAX)
    assert source_fingerprint(("package.syntax",)) == "9c4e0737b91854d3575ca4257f1c9cd51c27412168f22638626f8484f84863fc"
