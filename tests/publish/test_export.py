"""Records for other programs: the table, the RO-Crate, and numbers on pages that find their records."""

import json
import math
from datetime import datetime

import foreign_validators
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from mer_repro import paths
from mer_repro.cli import main
from mer_repro.publish import export
from mer_repro.runs.records import Outcome, RecordStore, Run

#: Validates a crate as a Process Run Crate, with the context that the package rocrate holds in place of the network's.
CHECK = """
import sys
from pathlib import Path
import requests, rocrate
from rocrate_validator import models, services
context = (Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_bytes()
def send(self, request, **options):
    if request.url != "https://w3id.org/ro/crate/1.1/context":
        raise requests.ConnectionError(request.url)
    answer = requests.Response()
    answer.status_code, answer._content, answer.url, answer.request = 200, context, request.url, request
    answer.headers["Content-Type"] = "application/ld+json"
    return answer
requests.adapters.HTTPAdapter.send = send
settings = services.ValidationSettings(
    rocrate_uri=sys.argv[1], profile_identifier="process-run-crate", requirement_severity=models.Severity.RECOMMENDED,
    no_cache=True,
)
for issue in services.validate(settings).get_issues():
    print(issue.severity.name, issue.check.identifier, issue.message)
"""
#: What only a project with an address on the web can give.
WITHOUT_ADDRESS = {
    "The Application SHOULD have a url",
    "The SoftwareApplication id SHOULD be an absolute URI",
    "The organization SHOULD have a URL.",
}


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Three seeds of a network and one run without intervals, of qiu2025, in a results folder of their own."""
    monkeypatch.setattr(paths, "records_home", lambda profile: tmp_path / profile)
    store = RecordStore(tmp_path / "full")
    common = dict(data_fingerprint="d" * 64, source_fingerprint="s" * 64, device="cpu", seconds=1.5)
    for seed in range(3):
        run = Run("qiu2025", "pmemo", "real", "song_grouped", "net", "arousal", seed, {"epochs": 3, "layers": [1, 2]})
        score = 0.1234 + seed / 10
        predicted = {"y_true": np.arange(4.0), "y_pred": np.arange(4.0), "group": np.array(list("aabb"))}
        outcome = Outcome(
            {"r2": score, "mae": 0.2}, {"r2": (score - 0.1, score + 0.1)}, {"n_test": 7 + seed}, predicted
        )
        store.put(run, outcome, **common)
    store.put(Run("qiu2025", "deam", "twin", "frame_random", "mean"), Outcome({"r2": math.nan}), **common)
    yield store


def test_the_table_holds_every_number_of_every_record(store, tmp_path):
    done = CliRunner().invoke(main, ["records", "qiu2025", "--export", str(tmp_path / "crate")])
    assert done.exit_code == 0, done.output
    typed = pd.read_parquet(tmp_path / "crate" / "records.parquet").set_index("id")
    text = pd.read_csv(tmp_path / "crate" / "records.csv").set_index("id")
    for record in store.all("qiu2025"):
        for table in (typed, text):
            row = table.loc[record.id]
            assert row["r2"] == pytest.approx(record.metrics["r2"], nan_ok=True)
            assert json.loads(row["parameters"]) == record.parameters
            assert row["data_fingerprint"] == "d" * 64 and row["seconds"] == 1.5
            if record.intervals:
                assert [row["r2_low"], row["r2_high"]] == pytest.approx(record.intervals["r2"])
                assert row["n_test"] == record.counts["n_test"]


def test_the_crate_has_the_structure_of_ro_crate_1_1(store, tmp_path):
    crate = export.write(tmp_path / "crate")
    document = json.loads((crate / "ro-crate-metadata.json").read_text())
    assert document["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    entities = {entity["@id"]: entity for entity in document["@graph"]}
    assert len(entities) == len(document["@graph"])
    descriptor = entities["ro-crate-metadata.json"]
    assert descriptor["@type"] == "CreativeWork" and descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    root = entities["./"]
    assert root["@type"] == "Dataset" and {"name", "description", "datePublished", "license"} <= set(root)
    files = {path.relative_to(crate).as_posix() for path in crate.rglob("*") if path.is_file()}
    assert {part["@id"] for part in root["hasPart"]} == files - {"ro-crate-metadata.json"}
    assert len(files) == 4 + 3 + 3
    for part in root["hasPart"]:
        entity = entities[part["@id"]]
        assert entity["@type"] == "File" and int(entity["contentSize"]) == (crate / part["@id"]).stat().st_size

    def references(value):
        if isinstance(value, dict):
            yield from [value["@id"]] if set(value) == {"@id"} else []
            value = list(value.values())
        for item in value if isinstance(value, list) else []:
            yield from references(item)

    assert set(references(document["@graph"])) - {"https://w3id.org/ro/crate/1.1"} <= set(entities)


def test_every_run_is_an_action_with_what_it_read_and_what_it_made(store, tmp_path):
    crate = export.write(tmp_path / "crate")
    entities = {entity["@id"]: entity for entity in json.loads((crate / export.METADATA).read_text())["@graph"]}
    actions = {name: entity for name, entity in entities.items() if entity["@type"] == "CreateAction"}
    assert set(actions) == {f"#{record.id}" for record in store.all("qiu2025")}
    assert {action["@id"] for action in entities["./"]["mentions"]} == set(actions)
    for record in store.all("qiu2025"):
        action = actions[f"#{record.id}"]
        made = action["result"] if isinstance(action["result"], list) else [action["result"]]
        names = [f"qiu2025/{record.id}.json"] + ([f"qiu2025/{record.evidence}"] if record.evidence else [])
        assert [part["@id"] for part in made] == names
        given = [entities[part["@id"]] for part in action["object"]]
        assert given[0]["identifier"] == record.data_fingerprint
        assert {part["name"]: json.loads(part["value"]) for part in given[1:]} == {
            **record.parameters,
            "seed": record.seed,
        }
        took = datetime.fromisoformat(action["endTime"]) - datetime.fromisoformat(action["startTime"])
        assert abs(took.total_seconds() - record.seconds) <= 1
        needed = [entities[part["@id"]] for part in entities[action["instrument"]["@id"]]["softwareRequirements"]]
        assert {part["name"]: part["softwareVersion"] for part in needed}["numpy"] == record.versions["numpy"]


def test_roc_validator_accepts_the_process_run_crate(store, tmp_path):
    crate = export.write(tmp_path / "crate")
    found = foreign_validators.run(CHECK, crate, needs=["rocrate_validator", "rocrate"])
    assert {line.partition(" ")[0] for line in found} <= {"RECOMMENDED"}
    assert {line.split(" ", 2)[2] for line in found} <= WITHOUT_ADDRESS
    text = (crate / export.METADATA).read_text()
    (crate / export.METADATA).write_text(text.replace('"instrument"', '"agent2"'))
    assert any(
        line.startswith("REQUIRED") for line in foreign_validators.run(CHECK, crate, needs=["rocrate_validator"])
    )


def test_an_export_never_touches_what_is_there(store, tmp_path):
    (tmp_path / "full" / "notes.txt").write_text("mine")
    done = CliRunner().invoke(main, ["records", "--export", str(tmp_path / "full")])
    assert done.exit_code == 2 and "not an empty folder" in done.output
    done = CliRunner().invoke(main, ["records", "--profile", "quick", "--export", str(tmp_path / "none")])
    assert done.exit_code == 2 and "no quick records" in done.output
    assert not (tmp_path / "none").exists() and not list(tmp_path.glob(".none*"))
