"""``mer-repro claims``: every number and statement in the papers' ledgers."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list of claims and nothing else.")
def command(keys: tuple[str, ...], as_json: bool) -> None:
    """List what the papers state: numbers exactly as printed, and testable statements.

    Without KEY, all papers.

    \b
    Examples:
      mer-repro claims qiu2025
      mer-repro claims bath2025 --json
    """
    from mer_repro.audit import ledger
    from mer_repro.papers import paper_keys

    ledgers = [ledger.load(key) for key in keys or paper_keys()]
    if as_json:
        entries = [entry for one in ledgers for entry in one.entries()]
        click.echo(json.dumps(entries, ensure_ascii=False, indent=1))
        return
    for one in ledgers:
        click.echo(f"{one.paper}: {len(one.claims)} numbers, {len(one.statements)} statements")
        for claim in one.claims:
            printed = claim.value + (f" ± {claim.spread}" if claim.spread else "")
            unit = "" if claim.unit in ("1", "") or claim.value.endswith(claim.unit) else f" {claim.unit}"
            click.echo(f"  {claim.id:<44} {claim.quantity:<18} {printed + unit:<20} {claim.where}")
        for statement in one.statements:
            click.echo(f"  {statement.id:<44} {statement.kind:<18} {statement.says} ({statement.where})")
