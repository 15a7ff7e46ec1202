"""Shows what was read from a file and what was found: as text, as a page, and as a ledger to go on with."""

from __future__ import annotations

import html
import re
from collections import defaultdict

from mer_repro.audit.runner import Result
from mer_repro.audit.tables.audited import Audited
from mer_repro.audit.tables.interpret import Table

_SHORT = 90
_STYLE = """
:root { color-scheme: light dark; --line: #8885; --bad: #c62828; --open: #b26a00; --good: #2e7d32 }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a80; --open: #ffcc80; --good: #a5d6a7 } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: .5rem 0; display: block; overflow-x: auto }
th, td { border: 1px solid var(--line); padding: .2rem .6rem; text-align: left }
.inconsistent { color: var(--bad) } .undetermined { color: var(--open) } .consistent { color: var(--good) }
td.inconsistent { outline: 2px solid var(--bad); font-weight: 600 } td.undetermined { outline: 1px solid var(--open) }
td.unread, .question { font-style: italic }
"""


def read_text(audited: Audited) -> str:
    """What was read, in lines for a terminal: tables, columns with their quantities and units, questions."""
    lines = [f"Read from {audited.document.source}: {_counted(len(audited.tables), 'table')} with numbers."]
    for table in audited.tables:
        title = table.grid.caption or "without a caption"
        short = title if len(title) <= _SHORT else title[:_SHORT].rsplit(" ", 1)[0] + " ..."
        lines += ["", f"Table {table.name} ({short})", *(f"  {line}" for line in described(table))]
    said = [bound for bound in audited.bound if any(value.row < 0 for value in bound.values())]
    if said:
        numbers = ", ".join(f"{v.printed} {v.unit}" for bound in said for v in bound.values() if v.row < 0)
        lines += ["", f"Sentences: gains of {numbers}"]
    return "\n".join(lines)


def described(table: Table) -> list[str]:
    """What one table was read as, and the questions that are open."""
    meant: dict[str, list[str]] = defaultdict(list)
    for value in table.values.values():
        if value.quantity:
            unit = "" if value.unit in ("1", "items") else f" in {value.unit}"
            name = f"{value.family}{unit}"
            if value.header not in meant[name]:
                meant[name].append(value.header)
    named = "; ".join(f"{name} ({', '.join(filter(None, headers)) or 'rows'})" for name, headers in meant.items())
    lines = [f"{_counted(len(table.rows), 'row')}: {named or 'no quantity was recognised'}"]
    if table.report:
        classes = sum(not kind for kind in table.report.values())
        runs = "a mean over several runs" if table.several else "one evaluation, as nothing speaks of runs or folds"
        lines.append(f"a report by {classes} classes of {runs}")
    if table.unread:
        lines.append(f"left aside, as not one number: {'; '.join(table.unread[:5])}{' ...' * (len(table.unread) > 5)}")
    return lines + [f"? {question}" for question in table.questions]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def page(audited: Audited) -> str:
    """A self-contained HTML page: the verdicts, then every table as read with the cells that cannot stand together."""
    worst = _cells(audited.results)
    verdicts = "".join(
        f'<li class="{r.verdict}"><b>{r.verdict}</b> <code>{r.check}</code>: {html.escape(r.detail)}</li>'
        for r in audited.results
    )
    tables = "".join(_table(table, worst, audited.ledger.paper) for table in audited.tables)
    title = html.escape(f"Audit of {audited.document.source}")
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><h1>{title}</h1>'
        "<p>A verdict says that printed numbers cannot all be right together; not which one is wrong, nor why.</p>"
        f"<h2>What was found</h2><ul>{verdicts or '<li>No check could be bound.</li>'}</ul>"
        f"<h2>What was read</h2>{tables}</body></html>"
    )


def _cells(results: list[Result]) -> dict[str, Result]:
    """The worst result that concerns each claim, among those that do not say consistent."""
    worst: dict[str, Result] = {}
    for result in results:
        if result.verdict != "consistent":
            for claim in result.claims:
                worst.setdefault(claim, result)
    return worst


def _table(table: Table, worst: dict[str, Result], paper: str) -> str:
    rows = []
    for position, row in enumerate(table.grid.rows):
        cells = []
        for column, cell in enumerate(row):
            value = table.values.get((position, column))
            result = worst.get(f"{paper}.{value.id}") if value else None
            kind = result.verdict if result else "" if value or position not in table.rows else "unread"
            detail = f' title="{html.escape(result.detail, quote=True)}"' if result else ""
            tag = "td" if position in table.rows else "th"
            cells.append(f'<{tag} class="{kind}"{detail}>{html.escape(cell.text)}</{tag}>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    read = "".join(
        f"<li{' class=question' * line.startswith('?')}>{html.escape(line.removeprefix('? '))}</li>"
        for line in described(table)
    )
    caption = html.escape(table.grid.caption or f"Table {table.name}")
    return f"<h3>{caption}</h3><table>{''.join(rows)}</table><ul>{read}</ul>"


def ledger_text(audited: Audited) -> str:
    """A claims.yaml to go on with, which ``mer-repro audit`` takes; open questions stand at its head."""
    import yaml

    content = audited.ledger.model_dump(exclude_none=True, exclude_defaults=True)
    content = {"paper": audited.ledger.paper, **content}
    questions = [f"# ? Table {table.name}: {question}" for table in audited.tables for question in table.questions]
    head = [
        "# Made from a table by `mer-repro audit --write-ledger`: compare it with the paper, then go on.",
        *questions,
    ]
    body = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    return "\n".join(head) + "\n" + re.sub(r"^([a-z]+):$", r"\n\1:", body, flags=re.M)
