"""`mer-repro links`: does every number of the built book lead to what it says, and do its records give it again?"""

from __future__ import annotations

import json

import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def command(as_json):
    """Open every link of the built book and make every number again from the records that its link lists.

    The exit status is 1 if a link is dead or ambiguous, a number is not what its records give, or two places print
    different values of one thing.

    \b
    Examples:
      mer-repro links
      mer-repro links --json
    """
    from mer_repro import paths
    from mer_repro.publish import links

    found = links.check(paths.build_home() / "html", paths.build_home() / links.LOG)
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=1, ensure_ascii=False))
    else:
        click.echo(
            f"{found.numbers:,} numbers, {found.linked:,} linked: {found.recomputed:,} made again, {found.derived:,}"
            f" derived; {found.ambiguous} ambiguous, {found.dead} dead, {found.mismatched} mismatched;"
            f" {found.several} things with several values"
        )
        for fault in found.faults:
            click.echo(f"  {fault}")
    if not found.ok:
        raise SystemExit(1)
