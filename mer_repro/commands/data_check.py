"""`mer-repro data check`, `errata`, `prepare`: is my split right, what is wrong with the sets, what no archive has."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

CONTEXT = {"help_option_names": ["-h", "--help"]}
JSON_HELP = "Print one JSON document and nothing else."
SHOWN = 5


@click.command(context_settings=CONTEXT)
@click.argument("splits", nargs=-1, required=True, metavar="SPLIT...", type=click.Path(path_type=Path))
@click.option("--set", "name", required=True, help="The data set that is split, e.g. deam.")
@click.option("--also", multiple=True, metavar="SET=SPLIT", help="Another split that the same model is trained on.")
@click.option("--source", default="real", show_default=True, help="Which copy says what is right: real, twin or auto.")
@click.option("--json", "as_json", is_flag=True, help=JSON_HELP)
def check(splits: tuple[Path, ...], name: str, also: tuple[str, ...], source: str, as_json: bool) -> None:
    """Check a split of a data set: one table with a column that names the part, lists (one per part), or their folder.

    Says which songs, versions and artists are in two parts, whose labels are not the set's, which ids nobody knows,
    what is missing, what other sets hold too. Exits with status 1 if it finds a fault.

    \b
    Examples:
      mer-repro data check my_split.csv --set deam
      mer-repro data check train.txt test.txt --set pmemo --json
      mer-repro data check splits/deam --set deam --also emomusic=splits/emomusic
    """
    from mer_repro.data import split_check

    pairs = []
    for pair in also:
        other, sign, path = pair.partition("=")
        if not sign or not path:
            raise click.UsageError(f"--also takes SET=SPLIT, as emomusic=splits/emomusic; found '{pair}'.")
        pairs.append((other, Path(path)))
    report = split_check.check(splits, name, also=pairs, source=source)
    if as_json:
        click.echo(json.dumps(asdict(report) | {"faults": report.faults}, indent=1))
    else:
        _print_report(report)
    raise SystemExit(1 if report.faults else 0)


def _print_report(report) -> None:
    parts = ", ".join(f"{part} {count:,}" for part, count in report.parts.items())
    click.echo(f"{report.dataset} ({report.data} copy in {report.folder}): {parts}")
    for remark in report.remarks:
        click.echo(f"       {remark}")
    for finding in sorted(report.findings, key=lambda f: ("fault", "note", "ok").index(f.status)):
        click.echo(f"{finding.status:<6} {finding.check}: {finding.says}")
        if finding.items and finding.status != "ok":
            more = f" and {len(finding.items) - SHOWN:,} more" if len(finding.items) > SHOWN else ""
            click.echo(f"       {', '.join(finding.items[:SHOWN])}{more}")
    click.echo(f"{report.faults} faults" if report.faults else "no fault")


@click.command(context_settings=CONTEXT)
@click.argument("key", required=False, metavar="[SET]")
@click.option("--json", "as_json", is_flag=True, help=JSON_HELP)
def errata(key: str | None, as_json: bool) -> None:
    """List what is known to be wrong with data set SET, or with every set: evidence, who reported it, what is done.

    \b
    Examples:
      mer-repro data errata deam
      mer-repro data errata --json
    """
    from mer_repro.data import errata as known

    found = known.errata(key)
    if as_json:
        click.echo(json.dumps(known.as_rows(found), indent=1))
        return
    for erratum in found:
        click.echo(f"{erratum.dataset}: {erratum.what}")
        for label, text in (
            ("concerns", erratum.concerns),
            ("evidence", erratum.evidence),
            ("reported by", erratum.reported_by),
            ("the loader", erratum.handled),
        ):
            click.echo(f"    {label:<12} {text}")
    if not found:
        click.echo(f"Nothing is known to be wrong with {key}.")


@click.command(context_settings=CONTEXT)
@click.argument("key", type=click.Choice(["vgmidi", "deam"]))
@click.option("--soundfont", type=click.Path(path_type=Path), help="FluidR3_GM.sf2, where it is not found by itself.")
@click.option("--workers", default=2, show_default=True, help="Pieces rendered at the same time.")
def prepare(key: str, soundfont: Path | None, workers: int) -> None:
    """Make the files of ours that no archive holds: VGMIDI's sound from its MIDI, DEAM's song means from its frames.

    VGMIDI needs FluidSynth and the FluidR3 GM sound font (Debian: apt-get install fluidsynth fluid-soundfont-gm);
    pieces that are there already are left alone. Both write into the copy of the set at hand.

    \b
    Examples:
      mer-repro data prepare vgmidi
    """
    from mer_repro.data import prepare as making

    if key == "deam":
        click.echo(f"deam: means of {making.deam():,} songs written.")
        return
    done, there = making.vgmidi(soundfont=soundfont, workers=workers)
    click.echo(f"{key}: {done} pieces rendered, {there} were there already.")


COMMANDS = (check, errata, prepare)
