"""All run records for other programs: one table (CSV and Parquet), and an RO-Crate that describes it and every record.

The crate follows RO-Crate 1.1 (w3id.org/ro/crate/1.1): ``ro-crate-metadata.json`` is JSON-LD in which the folder is a
``Dataset`` and every file in it a ``File`` with its size, its encoding and the paper that it is about.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mer_repro import papers, paths, report
from mer_repro.audit import ledger
from mer_repro.errors import MerReproError
from mer_repro.runs.records import Record

if TYPE_CHECKING:
    import pandas as pd

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
PROFILE = "https://w3id.org/ro/crate/1.1"
LICENCE = "https://spdx.org/licenses/MIT"
#: Tables of the crate: file name -> (media type, name)
TABLES = {
    "records.csv": ("text/csv", "All run records, one row a run"),
    "records.parquet": ("application/vnd.apache.parquet", "All run records, one row a run"),
}
METADATA = "ro-crate-metadata.json"


class ExportError(MerReproError):
    """A folder that an export cannot go into."""


def table(records: list[Record]) -> pd.DataFrame:
    """One row per run: its cell, every score with its interval, counts, cost, and what the result depends on.

    Scores are named as in the records (``r2``, ``r2_low``, ``r2_high``); factors, parameters, notes and versions are
    JSON texts.
    """
    import pandas as pd

    rows = []
    for record in records:
        cell = ("paper", "id", "dataset", "data", "protocol", "variant", "target", "seed", "seconds", "device")
        row = {name: getattr(record, name) for name in cell} | record.metrics | record.counts
        for name, (low, high) in record.intervals.items():
            row |= {f"{name}_low": low, f"{name}_high": high}
        row |= {name: getattr(record, name) for name in ("finished", "data_fingerprint", "source_fingerprint")}
        texts = ("factors", "parameters", "notes", "versions")
        rows.append(row | {name: json.dumps(record.as_dict()[name], sort_keys=True) for name in texts})
    frame = pd.DataFrame(rows)
    return frame


def write(folder: Path, profile: str = "full", keys: list[str] | None = None) -> Path:
    """Write the crate of the recorded runs of papers `keys` (default: all) into `folder`, whole or not at all.

    Raises
    ------
    ExportError
        If `folder` exists and is not empty, or there are no records.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExportError(f"{folder} exists and is not an empty folder. Name a new one.")
    keys = papers.paper_keys() if keys is None else keys
    records = [record for key in keys for record in report.records(key, profile)]
    if not records:
        raise ExportError(f"There are no {profile} records of {', '.join(keys)} to export. Make some: mer-repro run.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        building.chmod(0o755)
        _fill(building, records, paths.records_home(profile))
        if folder.is_dir():
            folder.rmdir()
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder


def _fill(folder: Path, records: list[Record], home: Path) -> None:
    frame = table(records)
    frame.to_csv(folder / "records.csv", index=False)
    frame.to_parquet(folder / "records.parquet", index=False)
    for record in records:
        target = folder / record_file(record)
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(home / record.paper / "records" / f"{record.id}.json", target)
        if record.evidence:
            beside = folder / record.paper / record.evidence
            beside.parent.mkdir(exist_ok=True)
            shutil.copyfile(home / record.paper / record.evidence, beside)
    (folder / METADATA).write_text(json.dumps(metadata(folder, records), indent=1) + "\n", encoding="utf-8")


def record_file(record: Record) -> str:
    """Where a record lies in the crate, and below ``records/`` in the book."""
    return f"{record.paper}/{record.id}.json"


def metadata(folder: Path, records: list[Record]) -> dict[str, Any]:
    """The RO-Crate metadata document of a filled folder."""
    about = {key: {"@id": f"#{key}"} for key in sorted({record.paper for record in records})}
    files = [_file(folder, name, media, title, about=list(about.values())) for name, (media, title) in TABLES.items()]
    files += [
        _file(folder, record_file(record), "application/json", record.run.label(), about=about[record.paper])
        for record in records
    ]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": "mer_repro: run records",
        "description": "Scores, intervals, parameters and fingerprints of every recorded run of the mer_repro study.",
        # The day of the last run, so that equal records make an equal crate.
        "datePublished": max(record.finished for record in records)[:10],
        "license": {"@id": LICENCE},
        "about": list(about.values()),
        "hasPart": [{"@id": file["@id"]} for file in files],
    }
    descriptor = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "conformsTo": {"@id": PROFILE},
        "about": {"@id": "./"},
    }
    licence = {"@id": LICENCE, "@type": "CreativeWork", "name": "MIT License"}
    described = [{"@id": f"#{key}", "@type": "ScholarlyArticle", "name": key, "identifier": key} for key in about]
    return {"@context": CONTEXT, "@graph": [descriptor, root, *files, licence, *described]}


def _file(folder: Path, name: str, media: str, title: str, about: Any) -> dict[str, Any]:
    content = (folder / name).read_bytes()
    return {
        "@id": name,
        "@type": "File",
        "name": title,
        "encodingFormat": media,
        "contentSize": str(len(content)),
        "sha256": hashlib.sha256(content).hexdigest(),
        "about": about,
    }


def ledger_table() -> pd.DataFrame:
    """Every stated number and statement of every paper, one row each, with its place in columns."""
    import pandas as pd

    rows = [
        entry | entry.pop("where") | {"about": json.dumps(entry.get("about", {}))}
        for key in papers.paper_keys()
        for entry in ledger.load(key).entries()
    ]
    return pd.DataFrame(rows).drop(columns="claims").fillna("")
