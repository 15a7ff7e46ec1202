"""``mer-repro audit``: numbers tested against each other, of our papers, of any ledger, and of any table."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import click

LIGHTS = {"inconsistent": "red", "undetermined": "yellow", "consistent": "green"}


@click.command()
@click.argument("sources", nargs=-1, metavar="[KEY|FILE|-]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list of verdicts and nothing else.")
@click.option("--html", "page", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with the tables.")
@click.option(
    "--write-ledger", type=click.Path(path_type=Path, dir_okay=False), help="Write a claims.yaml of the table."
)
@click.option("--checks", "list_checks", is_flag=True, help="List the checks with their roles and options, and stop.")
@click.option("--quantities", "list_quantities", is_flag=True, help="List the quantities and units known, and stop.")
def command(sources, as_json, page, write_ledger, list_checks, list_quantities) -> None:
    """Test the numbers that papers state against each other, worst verdicts first.

    KEY is one of our papers; without an argument, all of them. FILE is a ledger (claims.yaml) or any table: CSV, TSV,
    Markdown, HTML, LaTeX, Excel, JSON or plain text, several in one file, with or without sentences; - reads standard
    input. What was read from a table is shown before what was found. Needs no data. The exit status is 0 whatever is
    found, 2 if nothing can be read.

    \b
    Examples:
      mer-repro audit qiu2025
      mer-repro audit my_results.csv
      mer-repro audit paper.tex --html report.html
      pbpaste | mer-repro audit -
      mer-repro audit draft.md --write-ledger claims.yaml
    """
    if list_checks or list_quantities:
        _print_checks() if list_checks else _print_quantities()
        return
    from mer_repro.errors import LedgerError
    from mer_repro.papers import paper_keys

    results, tables = [], []
    for source in sources or paper_keys():
        found, audited = _audit(source)
        results += found
        tables += [audited] if audited else []
    if (page or write_ledger) and len(tables) != 1:
        raise LedgerError(f"--html and --write-ledger take one file with tables, not {len(tables)}.")
    if page or write_ledger:
        _write(tables[0], page, write_ledger)
    if as_json:
        click.echo(json.dumps([result.entry() for result in results], ensure_ascii=False, indent=1))
        return
    _print(results, tables)


def _audit(source: str):
    """The results of a paper, a ledger or a file with tables, and what was read of the last (else None)."""
    from mer_repro import audit
    from mer_repro.audit import ledger
    from mer_repro.errors import LedgerError
    from mer_repro.papers import paper_keys

    path = Path(source)
    if source in paper_keys():
        return audit.run(source), None
    if source != "-" and not path.is_file():
        if re.fullmatch(r"[a-z0-9_]+", source):
            return audit.run(source), None  # says which papers there are
        raise LedgerError(f"{source}: there is no such file. Expected a paper's key, a ledger, a table, or -.")
    if path.suffix in (".yaml", ".yml"):
        return audit.audit(ledger.parse(path)), None
    from mer_repro.audit import tables

    if source != "-":
        audited = tables.audit_file(path)
    else:
        text = sys.stdin.read()
        if re.search(r"^paper: ", text, re.M) and re.search(r"^claims:", text, re.M):
            return audit.audit(ledger.read(text, "standard input")), None
        audited = tables.audit_text(text)
    return audited.results, audited


def _write(audited, page: Path | None, write_ledger: Path | None) -> None:
    from mer_repro.audit.tables import report
    from mer_repro.errors import LedgerError

    if write_ledger and write_ledger.exists():
        raise LedgerError(f"{write_ledger} is there already; --write-ledger starts a ledger and overwrites none.")
    if page:
        page.write_text(report.page(audited), encoding="utf-8")
    if write_ledger:
        write_ledger.write_text(report.ledger_text(audited), encoding="utf-8")
    click.echo(f"Written: {', '.join(str(path) for path in (page, write_ledger) if path)}", err=True)


def _print(results: list, tables: list) -> None:
    if tables:
        from mer_repro.audit.tables import report

        click.echo("\n\n".join(report.read_text(audited) for audited in tables) + "\n")
    results.sort(key=lambda result: list(LIGHTS).index(result.verdict))
    for result in results:
        light = click.style(f"● {result.verdict:<12}", fg=LIGHTS[result.verdict])
        click.echo(f"{light} {result.paper:<11} {result.check}: {result.detail}")
    counts = {verdict: sum(result.verdict == verdict for result in results) for verdict in LIGHTS}
    click.echo(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))


def _print_checks() -> None:
    from mer_repro.audit import catalogue
    from mer_repro.audit.checks import CHECKS

    for name in sorted(CHECKS):
        roles = [
            role.name + (" ..." if role.many else "") + (" (optional)" if role.optional else "")
            for role in catalogue.roles(name).values()
        ]
        click.echo(f"{name}\n    {catalogue.summary(name)}\n    roles: {', '.join(roles)}")
        for option, parameter in catalogue.options(name).items():
            click.echo(f"    option {option}: {parameter.annotation}, default {parameter.default!r}")


def _print_quantities() -> None:
    from mer_repro.audit import quantities
    from mer_repro.audit.numbers import show

    for quantity in quantities.quantities().values():
        span = f"{show(quantity.low)} to {show(quantity.high)}"
        aliases = f"; also: {', '.join(quantity.aliases)}" if quantity.aliases else ""
        click.echo(f"{quantity.name} ({quantity.kind}, {span}, better: {quantity.better}){aliases}")
    click.echo(f"units: {', '.join(quantities.UNITS)}; of counts any noun; of rates things/s")
