"""Every data set as Croissant 1.0 (mlcommons.org/croissant/1.0), made of what its loader declares.

A download is a ``FileObject``, a table a ``FileObject`` (or a ``FileSet``, where its path is a pattern) inside the
archive that holds it, and the columns of a table are the fields of a ``RecordSet``. Tables that no official download
holds are left out. Where a download's checksum is not known the data set is called live, as the standard asks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from mer_repro.data import registry
from mer_repro.data.base import Column, Remote, Table

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
FOLDER = "croissant"
_TYPED = {"@type": "@vocab"}
_TERMS = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty", "fileSet", "format"),
    *("includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex"),
    *("repeated", "replace", "separator", "source", "subField", "transform"),
)
#: The context that the standard recommends; consumers may compare it word for word.
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", **_TYPED},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in _TERMS},
}
TYPES = {"int": "sc:Integer", "float": "sc:Float", "str": "sc:Text"}
MEDIA = {
    ".csv": "text/csv", ".tsv": "text/tab-separated-values", ".json": "application/json", ".zip": "application/zip",
    ".gz": "application/gzip", ".tar.gz": "application/x-tar", ".dat": "text/tab-separated-values",
    ".cls": "text/tab-separated-values",
}  # fmt: skip
_ADDRESS = re.compile(r"https?://[^\s,]+")


def document(name: str) -> dict[str, Any]:
    """The Croissant description of a data set of the registry, JSON types only."""
    module = registry.dataset_module(name)
    work = _work(module)
    remotes: Mapping[str, Remote] = module.REMOTES
    held = [(key, table, held) for key, table in module.TABLES.items() if (held := _holder(table, remotes))]
    packed = [key for key, _, holder in held if remotes[holder].unpack_to]
    files = [_file(key, table, holder, remotes[holder]) for key, table, holder in held if key in packed]
    records = [_records(key, t, key if key in packed else f"download-{holder}") for key, t, holder in held if t.columns]
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": name,
        "description": registry.DATASETS[name].says,
        "license": module.LICENSE_INFO,
        "url": work["url"] or next(filter(None, map(_address, remotes.values()))),
        "creator": [{"@type": "Person", "name": person} for person in work["people"]],
        "datePublished": work["year"],
        "citeAs": module.BIBTEX,
        **({} if all(remote.checksum for remote in remotes.values()) else {"isLiveDataset": True}),
        "distribution": [*(_remote(key, remote) for key, remote in remotes.items()), *files],
        **({"recordSet": records} if records else {}),
    }


def write(folder: Path) -> list[Path]:
    """Write one file per data set, ``<name>.json``; returns them."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in registry.DATASETS:
        written.append(folder / f"{name}.json")
        written[-1].write_text(json.dumps(document(name), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return written


def section() -> str:
    """Links to the files of `write`, as the end of a page at the root of the book."""
    links = ", ".join(f'<a href="{FOLDER}/{name}.json">{name}</a>' for name in registry.DATASETS)
    return f"\n## For programs\n\n```{{raw}} html\n<p>The same as Croissant 1.0: {links}.</p>\n```\n"


def _work(module: ModuleType) -> dict[str, Any]:
    """Who published a data set and when, from its bibliography entry."""
    from pybtex.database import parse_string
    from pylatexenc.latex2text import LatexNodes2Text

    entry = next(iter(parse_string(module.BIBTEX, "bibtex").entries.values()))
    plain = LatexNodes2Text().latex_to_text
    people = [plain(" ".join(p.first_names + p.middle_names + p.last_names)) for p in entry.persons["author"]]
    people = [person for person in people if person != "others"]
    fields = entry.fields
    address = fields.get("url") or (f"https://doi.org/{fields['doi']}" if "doi" in fields else None)
    return {"people": people, "year": fields["year"], "url": address}


def _address(remote: Remote) -> str:
    """Where a download is, or else the page on which a person finds it."""
    found = remote.address or _ADDRESS.search(remote.manual or "")
    return found if isinstance(found, str) else found[0] if found else ""


def _holder(table: Table, remotes: Mapping[str, Remote]) -> str:
    """The download that is a table, is called like it, or must hold it; "" where none does."""
    for key, remote in remotes.items():
        if Path(remote.filename.removesuffix(".zip")).match(table.path) or remote.filename == table.path:
            return key
    top = table.path.partition("/")[0]
    archives = [key for key, remote in remotes.items() if remote.unpack_to and (not remote.part or key == top)]
    if len(archives) != 1:
        return top if top in archives else ""
    listed = remotes[archives[0]].contents
    return archives[0] if not listed or _inside(table, remotes[archives[0]]) != table.path else ""


def _inside(table: Table, remote: Remote) -> str:
    """Where a table lies in its archive."""
    return next((path for path in remote.contents if path.endswith(f"/{table.path}")), table.path)


def _media(name: str) -> str:
    name = name.lower()
    return next((media for ending, media in reversed(MEDIA.items()) if name.endswith(ending)), "text/plain")


def _remote(key: str, remote: Remote) -> dict[str, Any]:
    kind, _, digest = (remote.checksum or "").partition(":")
    return {
        "@type": "cr:FileObject",
        "@id": f"download-{key}",
        "name": remote.filename,
        "contentUrl": _address(remote),
        "encodingFormat": _media(remote.filename),
        **({"description": remote.manual} if remote.manual else {}),
        **({"contentSize": f"{remote.size} B"} if remote.size else {}),
        **({kind: digest} if digest else {}),
    }


def _file(key: str, table: Table, holder: str, remote: Remote) -> dict[str, Any]:
    place = {"includes": table.path} if "*" in table.path else {"contentUrl": _inside(table, remote)}
    return {
        "@type": "cr:FileSet" if "*" in table.path else "cr:FileObject",
        "@id": key,
        "name": key,
        **({"description": table.says} if table.says else {}),
        "containedIn": {"@id": f"download-{holder}"},
        "encodingFormat": _media(table.path),
        **place,
    }


def _records(key: str, table: Table, file: str) -> dict[str, Any]:
    kind = "fileSet" if "*" in table.path and file == key else "fileObject"
    # A column without a header cannot be named.
    columns = {column.name: column for column in table.columns if column.published}
    keyed = bool(table.key) and all(name in columns for name in table.key)
    return {
        "@type": "cr:RecordSet",
        "@id": f"{key}-rows",
        "name": f"{key}-rows",
        **({"description": table.says} if table.says else {}),
        **({"key": [{"@id": f"{key}-rows/{name}"} for name in table.key]} if keyed else {}),
        "field": [_field(key, column, {kind: {"@id": file}}) for column in columns.values()],
    }


def _field(key: str, column: Column, source: dict[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{key}-rows/{column.name}",
        "name": column.name,
        "description": "; ".join(_said(column)),
        "dataType": TYPES[column.kind],
        "source": {**source, "extract": {"column": column.published}},
    }


def _said(column: Column) -> Iterator[str]:
    yield column.says or column.name.replace("_", " ")
    yield column.expectation() + (f", {column.unit}" if column.unit else "")
