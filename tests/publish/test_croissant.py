"""Every data set as Croissant."""

import json

import foreign_validators
import pytest

from mer_repro.data import registry
from mer_repro.publish import croissant

CHECK = """
import logging, sys
import mlcroissant
logging.disable()
for path in sys.argv[1:]:
    try:
        mlcroissant.Dataset(jsonld=path)
    except Exception as error:
        print(path, error)
"""


def test_mlcroissant_accepts_every_data_set(tmp_path):
    written = croissant.write(tmp_path)
    assert {path.stem for path in written} == set(registry.DATASETS)
    assert foreign_validators.run(CHECK, *written, needs=["mlcroissant"]) == []
    broken = json.loads(written[0].read_text())
    del broken["distribution"][0]["contentUrl"]
    written[0].write_text(json.dumps(broken))
    assert foreign_validators.run(CHECK, written[0], needs=["mlcroissant"])


@pytest.mark.parametrize("name", registry.DATASETS)
def test_a_description_says_what_the_loader_declares(name):
    found, module = croissant.document(name), registry.dataset_module(name)
    ids = [part["@id"] for part in found["distribution"]] + [rows["@id"] for rows in found.get("recordSet", [])]
    assert len(ids) == len(set(ids)) and found["license"] == module.LICENSE_INFO and found["creator"]
    assert all(part.get("containedIn", {"@id": ids[0]})["@id"] in ids for part in found["distribution"])
    checksums = {remote.checksum for remote in module.REMOTES.values()} - {None}
    said = {f"{k}:{part[k]}" for part in found["distribution"] for k in ("md5", "sha256") if k in part}
    assert said == checksums
    assert found.get("isLiveDataset", False) == any(not remote.checksum for remote in module.REMOTES.values())
    for rows in found.get("recordSet", []):
        table = module.TABLES[rows["@id"].removesuffix("-rows")]
        columns = [column for column in table.columns if column.published]
        assert [f["source"]["extract"]["column"] for f in rows["field"]] == [column.published for column in columns]
        assert [f["dataType"] for f in rows["field"]] == [croissant.TYPES[column.kind] for column in columns]


def test_a_table_is_said_to_be_in_the_download_that_holds_it():
    held = {part["@id"]: part.get("containedIn") for part in croissant.document("deam")["distribution"]}
    assert held["static_early"] == {"@id": "download-annotations"}
    assert held["metadata_2015"] == {"@id": "download-metadata"} and held["frame_features"] == {
        "@id": "download-features"
    }
    assert "song_means" not in held  # derived here: no download has it
    places = {part["@id"]: part["contentUrl"] for part in croissant.document("lastfm1k")["distribution"]}
    assert places["profiles"] == "lastfm-dataset-1K/userid-profile.tsv"
