"""``mer-repro audit``: the papers' numbers tested against each other, as a traffic-light table."""

from __future__ import annotations

import json

import click

LIGHTS = {"inconsistent": "red", "undetermined": "yellow", "consistent": "green"}


@click.command()
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list of verdicts and nothing else.")
@click.option("--checks", "list_checks", is_flag=True, help="List the checks with their roles and options, and stop.")
def command(keys: tuple[str, ...], as_json: bool, list_checks: bool) -> None:
    """Test the numbers that the papers state against each other, worst verdicts first.

    Without KEY, all papers.  Needs no data.  The exit status is 0 whatever is found, 2 if a ledger is broken.

    \b
    Examples:
      mer-repro audit qiu2025
      mer-repro audit --json > verdicts.json
      mer-repro audit --checks
    """
    if list_checks:
        _print_checks()
        return
    from mer_repro import audit
    from mer_repro.papers import paper_keys

    results = [result for key in keys or paper_keys() for result in audit.run(key)]
    if as_json:
        click.echo(json.dumps([result.entry() for result in results], ensure_ascii=False, indent=1))
        return
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
