"""The page of all data sets, made from their declarations: files, columns, ranges, licence, where to have them."""

from __future__ import annotations

from collections.abc import Iterator

from mer_repro.data import registry
from mer_repro.data.base import Column, Table

#: A table of more columns than this shows the first ones and says how many follow.
MOST_COLUMNS = 40
HEAD = """\
# Data sets

Every set that the package reads: its files as the official archive has them, and what their columns hold. The loaders
read the files against these declarations, and name file and line of what is not as declared. `mer-repro data fetch SET`
brings what a program may download; `mer-repro data status` says which copy serves.
"""


def page() -> str:
    """The page's MyST text."""
    return "\n".join([HEAD, *(line for name in registry.DATASETS for line in _dataset(name))])


def _dataset(name: str) -> Iterator[str]:
    module = registry.dataset_module(name)
    yield f"## {name}\n\n{registry.DATASETS[name].says}. Licence: {module.LICENSE_INFO}\n"
    yield f"Module `{module.__name__}`. To be had from:\n"
    for remote in module.REMOTES.values():
        part = f" (part `{remote.part}`)" if remote.part else ""
        yield f"- `{remote.filename}`{part}: {remote.address or remote.manual}"
    yield ""
    shown: dict[tuple[Column, ...], str] = {}
    for table in module.TABLES.values():
        yield from _table(table, shown.setdefault(table.columns, table.path))


def _table(table: Table, alike: str) -> Iterator[str]:
    """One file; `alike` is the first file of the set that has the same columns."""
    optional = ", optional" if table.optional else ""
    rows = f"; {table.lines:,} lines" if table.lines else ""
    yield f"`{table.path}`{optional}: {table.says}{rows}.\n"
    if not table.columns:
        return
    if alike != table.path:
        yield f"Columns as in `{alike}`.\n"
        return
    yield "| column | published as | holds |\n|---|---|---|"
    for column in table.columns[:MOST_COLUMNS]:
        yield f"| `{column.name}` | {_cell(', '.join(column.headers))} | {_cell(_holds(column))} |"
    more = len(table.columns) - MOST_COLUMNS
    yield f"| and {more} more | | |\n" if more > 0 else ""


def _holds(column: Column) -> str:
    unit = f", {column.unit}" if column.unit else ""
    says = f"; {column.says}" if column.says else ""
    optional = "; the column may be missing" if column.optional else ""
    return column.expectation() + unit + says + optional


def _cell(text: str) -> str:
    return text.replace("|", "\\|") or "no header"
