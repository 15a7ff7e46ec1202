"""From a file to verdicts: read, interpret, bind, audit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mer_repro.audit import ledger, runner
from mer_repro.audit.tables import binder, interpret, readers, sentences
from mer_repro.audit.tables.binder import Bound
from mer_repro.audit.tables.grid import Document
from mer_repro.audit.tables.interpret import Table, Value


@dataclass(slots=True)
class Audited:
    """What was read from one file and what was found: tables with their questions, the ledger made of them, results."""

    document: Document
    tables: list[Table]
    bound: list[Bound]
    ledger: ledger.Ledger
    results: list[runner.Result]


def audit_file(path: Path) -> Audited:
    """Audit the tables and sentences of a file.  Raises LedgerError if it cannot be read or holds no table."""
    return audit_document(readers.read(path), _key(path.stem))


def audit_text(text: str, kind: str = "", key: str = "table") -> Audited:
    """Audit a text (see `mer_repro.audit.tables.readers.read_text`); `key` names it in the results."""
    return audit_document(readers.read_text(text, kind), key)


def audit_document(document: Document, key: str) -> Audited:
    """Interpret, bind and audit what a reader returned."""
    tables = [table for grid in document.grids if (table := interpret.read(grid, _about(grid, document)))]
    bound = binder.bind(tables) + sentences.bind(tables, document.paragraphs)
    made = as_ledger(key, tables, bound)
    return Audited(document, tables, bound, made, runner.audit(made))


def _about(grid, document: Document) -> str:
    """The paragraphs that name a table."""
    named = re.compile(rf"\btable\W*{re.escape(grid.name)}\b", re.I)
    return " ".join(paragraph for paragraph in document.paragraphs if named.search(paragraph))


def _key(stem: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", stem.casefold()).strip("_") or "table"


def as_ledger(key: str, tables: list[Table], bound: list[Bound]) -> ledger.Ledger:
    """A ledger with every value that has a quantity or is bound, and the bindings."""
    values: dict[str, Value] = {}
    for table in tables:
        values |= {value.id: value for value in table.values.values() if value.quantity}
    for one in bound:
        values |= {value.id: value for value in one.values()}
    claims = [_claim(value, table) for table in tables for value in table.values.values() if value.id in values]
    said = {v.id: v for one in bound for v in one.values() if v.row < 0}
    claims += [_said(value) for value in said.values()]
    checks = []
    for position, one in enumerate(bound, 1):
        roles = {role: [v.id for v in b] if isinstance(b, list) else b.id for role, b in one.claims.items()}
        entry: dict = {"id": f"k{position}.{one.check}", "check": one.check, "claims": roles}
        for name in ("options", "unless", "note"):
            if getattr(one, name):
                entry[name] = getattr(one, name)
        checks.append(entry)
    return ledger.build(key, claims, [], checks)


def _claim(value: Value, table: Table) -> dict:
    claim = {
        "id": value.id,
        "where": {"section": "tables", "table": table.name, "row": value.label or "-", "column": value.header or "-"},
        "quantity": value.quantity or "mean",
        "unit": value.unit or "1",
        "value": value.printed,
    }
    if value.spread:
        claim["spread"] = value.spread
    if binder.rounding(value) != "nearest":
        claim["rounding"] = binder.rounding(value)
    return claim


def _said(value: Value) -> dict:
    """The claim of a number in a sentence."""
    paragraph = int(value.id.split(".")[1].lstrip("p"))
    claim = {
        "id": value.id,
        "where": {"section": "text", "paragraph": paragraph},
        "quantity": value.quantity,
        "unit": value.unit,
        "value": value.printed,
    }
    return claim | ({"rounding": value.rounding} if value.rounding != "nearest" else {})
