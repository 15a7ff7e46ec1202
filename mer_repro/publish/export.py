"""All run records for other programs: one table (CSV and Parquet), and an RO-Crate that describes it and every record.

The crate follows RO-Crate 1.1 (w3id.org/ro/crate/1.1): ``ro-crate-metadata.json`` is JSON-LD in which the folder is a
``Dataset`` and every file in it a ``File`` with its size, its encoding and the paper that it is about. It is a Process
Run Crate 0.5 (w3id.org/ro/wfrun/process/0.5), too: every run is a ``CreateAction`` whose instrument is the package with
the libraries of that run, whose objects are its data and parameters, and whose results are its record and evidence.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
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
PROCESS_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
#: A term that RO-Crate 1.1 does not have and Process Run Crate takes from the workflow run vocabulary.
TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
AGENT = {"@id": "#contributors", "@type": "Organization", "name": "the mer_repro contributors"}
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
    document = metadata(folder, records)
    # One line per entity: half the bytes of an indented file, and a program or a person finds a run in one line.
    entities = ",\n".join(json.dumps(entity) for entity in document["@graph"])
    text = f'{{"@context": {json.dumps(document["@context"])}, "@graph": [\n{entities}\n]}}\n'
    (folder / METADATA).write_text(text, encoding="utf-8")


def record_file(record: Record) -> str:
    """Where a record lies in the crate, and below ``records/`` in the book."""
    return f"{record.paper}/{record.id}.json"


def metadata(folder: Path, records: list[Record]) -> dict[str, Any]:
    """The RO-Crate metadata document of a filled folder."""
    about = {key: _reference(f"#{key}") for key in sorted({record.paper for record in records})}
    all_papers = _reference(*(f"#{key}" for key in about))
    files = [_file(folder, name, media, title, about=all_papers) for name, (media, title) in TABLES.items()]
    for record in records:
        title = record.run.label()
        files.append(_file(folder, record_file(record), "application/json", title, about=about[record.paper]))
        if record.evidence:
            name = f"{record.paper}/{record.evidence}"
            files.append(_file(folder, name, "application/zip", f"Evidence of {title}", about=about[record.paper]))
    actions = [_action(record) for record in records]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": _reference(PROCESS_PROFILE),
        "name": "mer_repro: run records",
        "description": "Scores, intervals, parameters and fingerprints of every recorded run of the mer_repro study.",
        # The day of the last run, so that equal records make an equal crate.
        "datePublished": max(record.finished for record in records)[:10],
        "license": _reference(LICENCE),
        "author": _reference(AGENT["@id"]),
        "publisher": _reference(AGENT["@id"]),
        "about": all_papers,
        "hasPart": [_reference(file["@id"]) for file in files],
        "mentions": _reference(*(action["@id"] for action in actions)),
    }
    descriptor = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "conformsTo": _reference(PROFILE),
        "about": _reference("./"),
    }
    licence = {"@id": LICENCE, "@type": "CreativeWork", "name": "MIT License", "description": "The licence of records."}
    process = {"@id": PROCESS_PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    described = [{"@id": f"#{key}", "@type": "ScholarlyArticle", "name": key, "identifier": key} for key in about]
    shared = {entity["@id"]: entity for record in records for entity in _shared(record)}
    graph = [descriptor, root, *files, *actions, *shared.values(), licence, process, AGENT, *described]
    return {"@context": [CONTEXT, TERMS], "@graph": graph}


def _reference(*names: str) -> dict[str, str] | list[dict[str, str]]:
    """One reference, or a list of several: the profile wants no list of one."""
    found = [{"@id": name} for name in names]
    return found if len(found) > 1 else found[0]


def _action(record: Record) -> dict[str, Any]:
    """One run as an action of schema.org; its start is its end less the seconds that it took."""
    end = datetime.fromisoformat(record.finished)
    start = end - timedelta(seconds=record.seconds)
    results = [record_file(record)] + ([f"{record.paper}/{record.evidence}"] if record.evidence else [])
    instrument, *needed = _software(record)
    software = {entity["@id"] for entity in (instrument, *needed)}
    objects = [entity["@id"] for entity in _shared(record) if entity["@id"] not in software]
    return {
        "@id": f"#{record.id}",
        "@type": "CreateAction",
        "name": f"Run {record.run.label()}",
        "description": f"{record.paper}: {record.run.label()}, on {record.device}, from source"
        f" {record.source_fingerprint}; made again by mer-repro verify.",
        "startTime": start.isoformat(timespec="seconds"),
        "endTime": end.isoformat(timespec="seconds"),
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "agent": _reference(AGENT["@id"]),
        "instrument": _reference(instrument["@id"]),
        "object": _reference(*objects),
        "result": _reference(*results),
    }


def _shared(record: Record) -> Iterator[dict[str, Any]]:
    """What many runs have in common: software, data as it was read, a parameter with its value."""
    yield from _software(record)
    yield {
        "@id": f"#data-{record.dataset}-{record.data}-{record.data_fingerprint}",
        "@type": "CreativeWork",
        "name": f"{record.dataset}, {'generated stand-in' if record.data == 'twin' else 'as published'}",
        "description": "Data that runs read, not part of this crate; its identifier is the hash of its files.",
        "identifier": record.data_fingerprint,
    }
    for name, value in {**record.parameters, **record.factors, "seed": record.seed}.items():
        text = json.dumps(value, sort_keys=True)
        digest = hashlib.sha256(f"{name}={text}".encode()).hexdigest()[:16]
        yield {"@id": f"#set-{digest}", "@type": "PropertyValue", "name": name, "value": text}


def _software(record: Record) -> Iterator[dict[str, Any]]:
    """The package as a run had it, and then the libraries that it needs."""
    versions = {name: version for name, version in record.versions.items() if version}
    own = versions.pop("mer_repro", "unknown")
    needed = [
        {
            "@id": f"pkg:{'generic' if name == 'python' else 'pypi'}/{name}@{version}",
            "@type": "SoftwareApplication",
            "name": name,
            "softwareVersion": version,
        }
        for name, version in versions.items()
    ]
    digest = hashlib.sha256(json.dumps([own, versions], sort_keys=True).encode()).hexdigest()[:16]
    yield {
        "@id": f"#mer_repro-{own}-{digest}",
        "@type": "SoftwareApplication",
        "name": "mer_repro",
        "softwareVersion": own,
        **({"softwareRequirements": _reference(*(entity["@id"] for entity in needed))} if needed else {}),
    }
    yield from needed


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
