"""A data set as it is declared: ``<name>.yaml`` beside its loader, read into what `mer_repro.data.base` defines.

Conventions
-----------
A declaration has ``bibtex``, ``licence`` and ``remotes`` (the fields of `Remote`; without ``filename`` a download keeps
the name that it has at its address), ``tables`` (the fields of `Table`), ``findings`` (what each check says: a template
of `checks.note`) and optionally ``names`` and ``also``. A table that has what another has says so by YAML's own anchors
and merge keys.

A column has the fields of `Column`. ``each`` makes one column per word of a list, which stands for "{}" in its name and
header, or one per ``{name: header}`` of a mapping. A list among the columns stands for what is in it. A word in place
of the list of ``each`` or ``choices`` names one that the loader gives: what is computed, or used elsewhere.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mer_repro.data import checks
from mer_repro.data.base import Breach, Column, Finding, Remote, Table, file_digest

if TYPE_CHECKING:
    import pandas as pd

FOLDER = Path(__file__).parent


class Declaration(NamedTuple):
    """What a loader has under these names in capitals (see `mer_repro.data.base`), and `note`: ``note(check, numbers,
    status, **words)`` is `checks.note` with the sentence of that check in the declaration."""

    bibtex: str
    license_info: str
    remotes: dict[str, Remote]
    tables: dict[str, Table]
    names: tuple[str, ...]
    also: dict[str, tuple[str, ...]]
    note: Callable[..., Finding]


def declared(
    name: str,
    *,
    lists: Mapping[str, Sequence[str] | Mapping[str, str]] | None = None,
    rules: Mapping[str, Callable[[pd.DataFrame], Iterable[Breach]]] | None = None,
) -> Declaration:
    """The declaration of data set `name`.

    Parameters
    ----------
    lists : what ``each`` may name.
    rules : what the rows of a table must obey beyond their cells (`Table.rule`), by the table's name.
    """
    entries = document(name)
    tables = {key: _table(entry, lists or {}) for key, entry in entries["tables"].items()}
    for key, rule in (rules or {}).items():
        tables[key] = dataclasses.replace(tables[key], rule=rule)
    remotes = {
        key: Remote(**{"address": "", "filename": entry.get("address", "").rpartition("/")[2]} | entry)
        for key, entry in entries["remotes"].items()
    }
    also = {prefix: tuple(others) for prefix, others in entries.get("also", {}).items()}
    names, findings = tuple(entries.get("names", ())), entries.get("findings", {})

    def note(check: str, *numbers_and_status, **words) -> Finding:
        return checks.note(check, findings[check], *numbers_and_status, **words)

    return Declaration(entries["bibtex"].rstrip(), entries["licence"], remotes, tables, names, also, note)


def digest(name: str) -> str:
    """SHA-256 (hex) of the file in which a data set is declared: what its source says beside the loader's code."""
    return file_digest(FOLDER / f"{name}.yaml")


@functools.cache
def document(name: str) -> dict:
    """What ``<name>.yaml`` of this folder says."""
    import yaml

    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def _fields(entry: Mapping) -> dict:
    return {field: tuple(value) if isinstance(value, list) else value for field, value in entry.items()}


def _table(entry: Mapping, lists: Mapping) -> Table:
    return Table(**_fields(entry) | {"columns": tuple(_columns(entry.get("columns", ()), lists))})


def _columns(entries: Iterable[Mapping | list], lists: Mapping) -> Iterator[Column]:
    for entry in entries:
        if isinstance(entry, list):
            yield from _columns(entry, lists)
            continue
        fields = _fields(entry)
        for field in {"each", "choices"} & set(fields):
            fields[field] = lists[fields[field]] if isinstance(fields[field], str) else fields[field]
        each, name, header = fields.pop("each", None), fields.pop("name", "{}"), fields.pop("header", "")
        if each is None:
            yield Column(name, header, **fields)
            continue
        for word, published in each.items() if isinstance(each, Mapping) else dict.fromkeys(each, header).items():
            yield Column(name.format(word), published.format(word), **fields)
