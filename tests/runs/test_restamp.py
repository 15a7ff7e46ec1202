"""Re-stamping: renaming and tidying cost nothing once a rerun proves them, a changed coefficient stays stale."""

import importlib
import json
import sys

import pytest

from mer_repro.runs import fingerprint
from mer_repro.runs.restamp import restamp
from mer_repro.runs.sweep import survey, sweep

STUDY = """
from pydantic import BaseModel
from mer_repro.runs.records import Outcome, Run
from {package} import {module} as experiment

class Generated:
    fingerprint = "made in memory"

class Parameters(BaseModel):
    seeds: int = 2{more}

def plan(parameters):
    given = parameters.model_dump(exclude={{"seeds"}})
    return [Run("{key}", "toys", "twin", "clean", variant, "", seed, given)
            for variant in ("half", "double") for seed in range(parameters.seeds)]

def locate(name, source):
    return Generated

def sources(run):
    return ("{package}.{module}:" + run.variant,)

def execute(run, *, device):
    return getattr(experiment, run.variant)(run)
"""
EXPERIMENT = """
from mer_repro.runs.records import Outcome

FACTOR = {factor}

def half(run):
    return Outcome({{"score": run.seed / 2}})

def double(run):
    return Outcome({{"score": FACTOR * (run.seed + 1)}})
"""


class Project:
    """A study in a package of its own, rewritten by the test as an editor would."""

    def __init__(self, folder):
        self.folder, self.store = folder / "restamped", folder / "store"
        (self.folder / "params" / "smoke").mkdir(parents=True)
        (self.folder / "__init__.py").write_text("")
        (self.folder / "params" / "smoke" / "toy.yaml").write_text("seeds: 2\n")

    def write(self, module="experiment", factor="2", more=""):
        for path in self.folder.glob("*.py"):
            if path.name != "__init__.py":
                path.unlink()
        given = {"package": "restamped", "module": module, "key": "toy", "more": more}
        (self.folder / "toy.py").write_text(STUDY.format(**given))
        (self.folder / f"{module}.py").write_text(EXPERIMENT.format(factor=factor))
        for name in [name for name in sys.modules if name.startswith("restamped")]:
            del sys.modules[name]
        importlib.invalidate_caches()
        fingerprint._file.cache_clear()

    def states(self):
        return {cell.run.variant: cell.state for cell in survey("restamped.toy", "smoke", folder=self.store)}

    def restamp(self, base=None):
        return restamp("restamped.toy", "smoke", folder=self.store, base=base)

    def records(self):
        return {path.stem: json.loads(path.read_text()) for path in (self.store / "toy" / "records").glob("*.json")}


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    made = Project(tmp_path)
    made.write()
    sweep("restamped.toy", "smoke", workers=1, device="cpu", folder=made.store, progress=False)
    assert made.states() == {"half": "recorded", "double": "recorded"}
    return made


def test_a_renamed_module_is_proved_and_nothing_stays_stale(project):
    project.write(module="renamed")
    assert project.states() == {"half": "stale", "double": "stale"}
    proofs = project.restamp()
    assert {proof.equal for proof in proofs} == {True} and len(proofs) == 2
    assert project.states() == {"half": "recorded", "double": "recorded"}
    log = json.loads((project.store / "toy" / "restamped.json").read_text())
    assert {entry["reruns"][0].split(".")[4] for entry in log} == {"half", "double"}
    assert all(entry["records"] == 2 and entry["old"] != entry["new"] for entry in log)


def test_a_changed_coefficient_is_refused_and_others_are_renewed(project):
    before = {path.name: path.read_bytes() for path in (project.store / "toy" / "records").glob("*.json")}
    project.write(module="renamed", factor="2.0000001")
    proofs = {proof.reruns[0].split(".")[4]: proof for proof in project.restamp()}
    assert proofs["half"].equal
    assert not proofs["double"].equal and "score was" in proofs["double"].reason
    assert project.states() == {"half": "recorded", "double": "stale"}
    for path in (project.store / "toy" / "records").glob("*double*.json"):
        assert path.read_bytes() == before[path.name]


def test_a_parameter_that_changes_nothing_is_added_by_proof(project):
    project.write(more="\n    added: float = 1.0")
    assert project.states() == {"half": "stale", "double": "stale"}
    assert all(proof.equal for proof in project.restamp())
    assert project.states() == {"half": "recorded", "double": "recorded"}


def test_a_changed_parameter_is_never_restamped(project):
    project.write(more="\n    added: float = 1.0")
    project.restamp()
    project.write(more="\n    added: float = 2.0")
    assert project.restamp() == []
    assert project.states() == {"half": "stale", "double": "stale"}


def test_nothing_stale_is_nothing_to_do(project):
    assert project.restamp() == []


@pytest.mark.parametrize(("whose", "renewed"), [("the record's", True), ("another's", False)])
def test_old_code_proves_only_records_that_it_made(project, monkeypatch, whose, renewed):
    """Made elsewhere, with a last digit of its own: a rerun differs from the record, and so does the old code here."""
    recorded = project.records()
    project.write(module="renamed", factor="2.0000001")
    here = {
        name: 2.0000001 * (record["seed"] + 1) for name, record in recorded.items() if record["variant"] == "double"
    }
    made = {
        name: {
            "metrics": {"score": score},
            "source_fingerprint": recorded[name]["source_fingerprint"] if whose == "the record's" else "0" * 64,
        }
        for name, score in here.items()
    }
    monkeypatch.setattr("mer_repro.runs.restamp._rerun_at", lambda commit, *_: made)
    proofs = {proof.reruns[0].split(".")[4]: proof for proof in project.restamp(base="HEAD")}
    assert proofs["half"].equal and proofs["half"].against == "record"
    assert proofs["double"].equal is renewed and len(proofs["double"].against) == 40
    assert project.states()["double"] == ("recorded" if renewed else "stale")
    assert renewed or "is not the code that made this record" in proofs["double"].reason
