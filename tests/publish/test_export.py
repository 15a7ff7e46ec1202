"""Records for other programs: the table, the RO-Crate, and numbers on pages that find their records."""

import json
import math
from types import SimpleNamespace

import pandas as pd
import pytest
from click.testing import CliRunner

from mer_repro import paths, report
from mer_repro.cli import main
from mer_repro.publish import export, provenance, quotes
from mer_repro.runs.records import Outcome, RecordStore, Run


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Three seeds of a network and one run without intervals, of qiu2025, in a results folder of their own."""
    monkeypatch.setattr(paths, "records_home", lambda profile: tmp_path / profile)
    store = RecordStore(tmp_path / "full")
    common = dict(data_fingerprint="d" * 64, source_fingerprint="s" * 64, device="cpu", seconds=1.5)
    for seed in range(3):
        run = Run("qiu2025", "pmemo", "real", "song_grouped", "net", "arousal", seed, {"epochs": 3, "layers": [1, 2]})
        score = 0.1234 + seed / 10
        outcome = Outcome({"r2": score, "mae": 0.2}, {"r2": (score - 0.1, score + 0.1)}, {"n_test": 7 + seed})
        store.put(run, outcome, **common)
    store.put(Run("qiu2025", "deam", "twin", "frame_random", "mean"), Outcome({"r2": math.nan}), **common)
    provenance.index.cache_clear()
    provenance._first_records.cache_clear()
    yield store
    provenance.index.cache_clear()
    provenance._first_records.cache_clear()


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
    assert document["@context"] == "https://w3id.org/ro/crate/1.1/context"
    entities = {entity["@id"]: entity for entity in document["@graph"]}
    assert len(entities) == len(document["@graph"])
    descriptor = entities["ro-crate-metadata.json"]
    assert descriptor["@type"] == "CreativeWork" and descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    root = entities["./"]
    assert root["@type"] == "Dataset" and {"name", "description", "datePublished", "license"} <= set(root)
    files = {path.relative_to(crate).as_posix() for path in crate.rglob("*") if path.is_file()}
    assert {part["@id"] for part in root["hasPart"]} == files - {"ro-crate-metadata.json"}
    assert len(files) == 4 + 3
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


def test_an_export_never_touches_what_is_there(store, tmp_path):
    (tmp_path / "full" / "notes.txt").write_text("mine")
    done = CliRunner().invoke(main, ["records", "--export", str(tmp_path / "full")])
    assert done.exit_code == 2 and "not an empty folder" in done.output
    done = CliRunner().invoke(main, ["records", "--profile", "quick", "--export", str(tmp_path / "none")])
    assert done.exit_code == 2 and "no quick records" in done.output
    assert not (tmp_path / "none").exists() and not list(tmp_path.glob(".none*"))


CELL = "qiu2025.pmemo.real.song_grouped.net.arousal"


def test_a_score_leads_to_the_records_whose_mean_it_is_and_to_no_others(store):
    rows = [["net", "0.223 [0.123, 0.323]"], ["seed 1", "0.22 [0.12, 0.32]"], ["by chance", "0.223 [0.123, 0.324]"]]
    table = report.Table(pd.DataFrame(rows, columns=["model", "R²"]), "pmemo, arousal")
    first, second, third = provenance.linked(table.markdown(), "papers/qiu2025").splitlines()[5:-1]
    for line in (first, second):
        assert f'href="../records/qiu2025.html?show={CELL}#{CELL}.seed0"' in line
    assert "<a" not in third


def test_rows_lead_to_the_records_that_they_name_and_ids_to_the_ledger(store):
    frame = pd.DataFrame([["t1.ours.testing.r2, t9.none", "2"]], columns=["ledger", "runs"])
    table = report.Table(frame, records=((CELL, f"{CELL}.seed1", "qiu2025.gone.seed0"),))
    data, metadata = table._repr_mimebundle_()
    line = provenance.linked(data["text/markdown"], "papers/qiu2025", metadata["row_records"]).splitlines()[-2]
    assert '<a href="../ledgers.html#qiu2025.t1.ours.testing.r2">t1.ours.testing.r2</a>, t9.none' in line
    assert f'?show={CELL},{CELL}.seed1#{CELL}.seed0"' in line


def test_the_papers_number_leads_to_the_claims_that_print_it():
    frame = pd.DataFrame([["the paper's network", "0.0786"], ["ours", "0.0786"]], columns=["model", "RMSE"])
    markdown = report.Table(frame).markdown().replace("0.0786", "0.78649")
    theirs, ours = provenance.linked(markdown, "papers/qiu2025").splitlines()[-3:-1]
    assert "ledgers.html?show=qiu2025.t2.ours.testing.r2" in theirs
    assert "<a" not in ours


def test_what_this_machine_measured_is_not_taken_for_a_committed_record(store):
    frame = pd.DataFrame([["0.223 [0.123, 0.323]"]], columns=["R²"])
    markdown = report.Table(frame, "The quick profile on this machine").markdown()
    assert provenance.linked(markdown, "papers/qiu2025") == markdown


def test_a_number_in_the_prose_leads_to_what_it_would_not_be_without():
    records = [SimpleNamespace(id=f"{cell}.seed{seed}", value=value) for cell, seed, value in DRAWN]

    def numbers(chosen):
        values = {cell: [r.value for r in chosen if r.id.startswith(f"{cell}.")] for cell in "abcd"}
        mean = sum(values["b"]) / len(values["b"]) if values["b"] else None
        gain = max(values["c"], default=0) - max(values["a"], default=0)
        return {"mean": f"{mean}", "gain": f"{gain}", "all": str(len(chosen)), "stated_r2": "0.78649"}

    rests_on = quotes.behind(numbers, records)
    assert rests_on == {"mean": ("b",), "gain": ("a", "c"), "all": ("a", "b", "c", "d"), "stated_r2": ()}


#: Cell, seed, score.
DRAWN = [("a", 0, 1), ("a", 1, 2), ("b", 0, 3), ("b", 1, 5), ("c", 0, 8), ("d", 0, 0)]


def test_prose_shows_its_numbers_as_links_and_leaves_what_it_does_not_know(store):
    told = {
        "ours": {"shown": "0.223 [0.1, 0.3]", "records": [CELL, "qiu2025.gone"]},
        "gone": {"shown": "7", "records": ["qiu2025.gone"]},
        "stated_r2": {"shown": "0.78649", "records": []},
    }
    text = "Ours {glue:text}`ours`, {glue:text}`gone`; theirs {glue:text}`stated_r2`; {glue:text}`unknown`."
    shown = provenance.prose_linked(text, "papers/qiu2025", told)
    assert f'href="../records/qiu2025.html?show={CELL}#{CELL}.seed0">0.223 \\[0.1, 0.3\\]</a>, 7; theirs <a' in shown
    assert "ledgers.html?show=qiu2025.t2.ours.testing.r2" in shown
    assert shown.endswith("{glue:text}`unknown`.")
