"""`mer-repro verify`: rerun recorded runs and compare."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from mer_repro.paths import PROFILES, require_clone


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("key", default="all")
@click.argument("more_only", metavar="[FIELD=VALUE]...", nargs=-1)
@click.option("--profile", default="full", show_default=True, help=f"One of {', '.join(PROFILES)}.")
@click.option("--sample", type=click.IntRange(min=1), help="So many records a study, chosen at random.  [default: all]")
@click.option("--only", multiple=True, metavar="FIELD=VALUE", help="Only these records; VALUE may be a list: a,b.")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes side by side.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def command(key, more_only, profile, sample, only, workers, device, as_json):
    """Rerun recorded runs of paper KEY (default: all) from their records alone and compare the metrics.

    On the record's own kind of processor with the same versions the metrics must agree exactly, elsewhere within
    0.01 plus 5 %. The exit status is 1 if a record does not hold. The records stay as they are.

    \b
    Examples:
      mer-repro verify qiu2025 --sample 5
      mer-repro verify --sample 3 --json
      mer-repro verify qiu2025 --only dataset=pmemo variant=song_mean seed=0
    """
    require_clone("mer-repro verify", key)
    from mer_repro.commands.run import selectors
    from mer_repro.errors import require_choice
    from mer_repro.runs.study import study_keys
    from mer_repro.runs.verify import report, verify

    require_choice("profile", profile, PROFILES)
    keys = study_keys() if key == "all" else [key]
    options = {"sample": sample, "only": selectors([*only, *more_only]), "workers": workers, "device": device}
    found = [v for name in keys for v in verify(name, profile, **options)]
    click.echo(json.dumps([asdict(v) for v in found], indent=1) if as_json else report(found))
    if not all(v.ok for v in found):
        raise SystemExit(1)
