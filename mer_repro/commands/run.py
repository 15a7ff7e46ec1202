"""`mer-repro run`: compute what a study's store is missing."""

from __future__ import annotations

import json

import click

from mer_repro.errors import ParameterError, require_choice
from mer_repro.paths import PROFILES, require_clone


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("key")
@click.argument("more_only", metavar="[FIELD=VALUE]...", nargs=-1)
@click.option("--profile", default="quick", show_default=True, help=f"One of {', '.join(PROFILES)}.")
@click.option("--workers", type=int, help="Processes side by side.  [default: one a core; four on a GPU]")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@click.option("--only", multiple=True, metavar="FIELD=VALUE", help="Only these runs; VALUE may be a list: a,b.")
@click.option("--force", is_flag=True, help="Run again what is recorded, too.")
@click.option("--cluster", help="slurm: a job array instead of processes on this machine.")
@click.option("--partition", help="Slurm: the partition.  [default: the cluster's]")
@click.option("--gpus", type=click.IntRange(0, 1), help="Slurm: GPUs a job.  [default: 0]")
@click.option("--time", "limit", help="Slurm: time limit of a job, as MM, MM:SS or HH:MM:SS.  [default: 4:00:00]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def command(key, more_only, profile, workers, device, only, force, cluster, partition, gpus, limit, as_json):
    """Run what the study of paper KEY (or of "all") is missing.

    KEY may also be the dotted path of a study module of your own. FIELD is dataset, data, protocol, variant, target
    or seed. What is recorded with the same parameters, data and source is not run again. The exit status is 1 if a
    run failed, 2 if the input is at fault.

    \b
    Examples:
      mer-repro run qiu2025 --profile smoke
      mer-repro run all --profile full --device cuda
      mer-repro run qiu2025 --only dataset=deam protocol=song_grouped,frame_random
      mer-repro run all --profile full --cluster slurm --partition gpu --gpus 1 --time 8:00:00
    """
    require_clone("mer-repro run", key)
    from mer_repro.runs.study import study_keys
    from mer_repro.runs.sweep import sweep

    chosen, where = selectors([*only, *more_only]), _cluster(cluster, partition, gpus, limit)
    summaries = []
    try:
        for name in study_keys() if key == "all" else [key]:
            options = dict(workers=workers, device=device, cluster=where, only=chosen, force=force)
            summaries.append(sweep(name, profile, **options, progress=not as_json))
            if not as_json:
                click.echo(summaries[-1].report())
    except KeyboardInterrupt:
        click.echo("\nInterrupted. What was finished is recorded; the same command continues from there.", err=True)
        raise SystemExit(130) from None
    if as_json:
        click.echo(json.dumps([summary.as_dict() for summary in summaries], indent=1))
    if not all(summary.ok for summary in summaries):
        raise SystemExit(1)


def _cluster(name: str | None, partition: str | None, gpus: int | None, limit: str | None):
    """The cluster that the options describe, or None for this machine."""
    given = {"--partition": partition, "--gpus": gpus, "--time": limit}
    if name is None:
        if unused := [option for option, value in given.items() if value is not None]:
            raise ParameterError(f"{', '.join(unused)} only says something together with --cluster slurm.")
        return None
    require_choice("cluster", name, ["slurm"])
    from mer_repro.runs.slurm import Slurm, minutes

    return Slurm(partition, gpus or 0, minutes(limit or "4:00:00"))


def selectors(words: list[str]) -> dict[str, list[str]]:
    """["dataset=deam,pmemo", "seed=0"] as {"dataset": ["deam", "pmemo"], "seed": ["0"]}."""
    chosen: dict[str, list[str]] = {}
    for word in words:
        name, equals, values = word.partition("=")
        if not equals or not values:
            raise ParameterError(f"Cannot read the selector '{word}'. Write it as FIELD=VALUE, e.g. dataset=deam.")
        chosen.setdefault(name, []).extend(values.split(","))
    return chosen
