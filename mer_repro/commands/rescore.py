"""`mer-repro rescore`: every score again from committed evidence alone."""

from __future__ import annotations

import json

import click

from mer_repro.paths import PROFILES


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("key", default="all")
@click.option("--profile", default="full", show_default=True, help=f"One of {', '.join(PROFILES)}.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def command(key, profile, as_json):
    """Compute every score of paper KEY (default: all) from evidence alone and compare it with the records.

    Needs no data. The exit status is 1 if evidence and record disagree.

    \b
    Examples:
      mer-repro rescore
      mer-repro rescore qiu2025 --json
    """
    from mer_repro.errors import require_choice
    from mer_repro.runs.rescore import rescore
    from mer_repro.runs.study import load_study, study_keys

    require_choice("profile", profile, PROFILES)
    found = [rescore(load_study(name).key, profile) for name in (study_keys() if key == "all" else [key])]
    if as_json:
        click.echo(json.dumps([one.as_dict() for one in found], indent=1))
    else:
        for one in found:
            click.echo(
                f"{one.paper}: {one.scores:,} scores of {one.with_evidence:,} of {one.runs:,} runs, largest difference"
                f" {one.largest_difference:.1e}, {one.compared_with_predictions} checked against predictions,"
                f" {one.seconds:.1f} s"
            )
            for fault in one.faults:
                click.echo(f"  {fault}")
    if not all(one.ok for one in found):
        raise SystemExit(1)
