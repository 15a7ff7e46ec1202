"""`mer-repro data`: what data is here, where it came from, and whether it is what it says it is."""

from __future__ import annotations

import json
import warnings

import click

from mer_repro.commands import data_check
from mer_repro.data import registry
from mer_repro.errors import DataError, DataMissing, DataWarning, explained
from mer_repro.paths import data_home, require_clone

CONTEXT = {"help_option_names": ["-h", "--help"]}


@click.group(context_settings=CONTEXT)
def command() -> None:
    """Show, fetch and verify the data sets.

    \b
    Examples:
      mer-repro data status
      mer-repro data verify deam
      mer-repro data fetch merge
      mer-repro data check my_split.csv --set deam
    """


for _each in data_check.COMMANDS:
    command.add_command(_each)


@command.command("list", context_settings=CONTEXT)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def list_command(as_json: bool) -> None:
    """List every data set, its licence, and those that nobody can have.

    \b
    Examples:
      mer-repro data list
    """
    rows = [
        {"name": name, "says": entry.says, "licence": registry.dataset_module(name).LICENSE_INFO}
        for name, entry in registry.DATASETS.items()
    ]
    gone = [
        {"name": name, "says": g.says, "why": g.why, "since": g.since, "stands_in": list(g.stands_in)}
        for name, g in registry.UNAVAILABLE.items()
    ]
    if as_json:
        click.echo(json.dumps({"datasets": rows, "unavailable": gone}, indent=1))
        return
    for row in rows:
        click.echo(f"{row['name']:<18} {row['says']}\n{'':<18} Licence: {row['licence']}")
    click.echo("\nCannot be had:")
    for row in gone:
        since = f" since {row['since']}" if row["since"] else ""
        click.echo(f"{row['name']:<18} {row['says']}\n{'':<18} Why: {row['why']}{since}.")
        click.echo(f"{'':<18} Stand-ins: {', '.join(row['stands_in'])}")


@command.command(context_settings=CONTEXT)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def status(as_json: bool) -> None:
    """Show which copy of each data set would serve: real files, and where, or a generated twin.

    \b
    Examples:
      mer-repro data status
      MER_REPRO_DATA=~/music mer-repro data status --json
    """
    rows = [_state(name) for name in registry.DATASETS]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        size = f"{row['bytes'] / 1e6:.1f} MB" if row["bytes"] is not None else "-"
        click.echo(f"{row['name']:<18} {row['data']:<10} {size:>10}  {row['folder'] or row['problem']}")
        if row["folder"] and row["problem"]:
            click.echo(f"{'':<18} {row['problem']}")
        click.echo(f"{'':<18} Licence: {row['licence']}")


def _state(name: str) -> dict:
    """What serves for one data set; a twin is not generated for the asking."""
    row = {
        "name": name,
        "data": "twin",
        "folder": None,
        "bytes": None,
        "files": [],
        "problem": "generated when asked for" if data_home() is None else f"no copy in {data_home()}; the twin serves",
        "licence": registry.dataset_module(name).LICENSE_INFO,
    }
    try:
        if registry.available(name):
            location = registry.locate(name, "real")
        elif registry.twin_folder(name).is_dir():
            location = registry.locate(name, "twin")
        else:
            return row
    except DataMissing as error:
        return row | {"data": "incomplete", "problem": str(error)}
    except OSError as error:  # the other sets are shown all the same
        return row | {"data": "unreadable", "problem": explained(error)}
    return row | {
        "data": location.kind,
        "folder": str(location.folder),
        "bytes": location.size,
        "files": list(location.files),
        "problem": row["problem"] if location.kind == "twin" and data_home() is not None else None,
    }


@command.command(context_settings=CONTEXT)
@click.argument("keys", nargs=-1, metavar="KEY...")
@click.option("--all", "everything", is_flag=True, help="Verify every data set.")
@click.option("--source", default="auto", show_default=True, help=f"One of {', '.join(registry.SOURCES)}.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def verify(keys: tuple[str, ...], everything: bool, source: str, as_json: bool) -> None:
    """Load data sets KEY and run every check on them; ends with one line per set.

    Exits with status 1 if a check failed or a set could not be loaded. Known defects of published files,
    which the loaders handle, are reported and do not count as failures.

    \b
    Examples:
      mer-repro data verify deam
      mer-repro data verify --all
    """
    if bool(keys) == everything:
        raise click.UsageError("Name the data sets to verify, or give --all.")
    reports = [_verify(name, source) for name in (registry.DATASETS if everything else keys)]
    if as_json:
        click.echo(json.dumps(reports, indent=1, default=lambda number: number.item()))  # of numpy
    else:
        for report in reports:
            for finding in report["findings"]:
                click.echo(f"{report['name']}: {finding['status']}: {finding['check']}: {finding['says']}")
        for report in reports:
            click.echo(_verdict(report))
    if any(report["error"] or report["failed"] for report in reports):
        raise SystemExit(1)


def _verify(name: str, source: str) -> dict:
    report = {"name": name, "data": None, "folder": None, "error": None, "failed": 0, "findings": []}
    module = registry.dataset_module(name)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", DataWarning)
        try:
            location = registry.locate(name, source)
            report |= {"data": location.kind, "folder": str(location.folder)}
            findings = registry.validate(module.load(location))
        except (DataError, DataMissing) as error:
            report["error"], findings = str(error), []
    report["warnings"] = [str(warning.message) for warning in said if issubclass(warning.category, DataWarning)]
    for warning in report["warnings"]:
        click.echo(f"mer-repro: warning: {warning}", err=True)
    return report | {
        "failed": sum(finding.status == "failed" for finding in findings),
        "findings": [
            {"check": f.check, "status": f.status, "says": f.says, "numbers": dict(f.numbers)} for f in findings
        ],
    }


def _verdict(report: dict) -> str:
    if report["error"]:
        return f"{report['name']:<18} {report['data'] or '-':<5} ERROR  {report['error']}"
    counts = {status: 0 for status in ("ok", "note", "known_defect", "failed")}
    for finding in report["findings"]:
        counts[finding["status"]] += 1
    word = "FAILED" if counts["failed"] else "ok"
    tally = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items() if count)
    return f"{report['name']:<18} {report['data']:<5} {word:<6} {tally or 'no checks'}"


@command.command(context_settings=CONTEXT)
@click.argument("key")
@click.option("--part", "parts", multiple=True, help="Also this part, e.g. audio (may be given more than once).")
def fetch(key: str, parts: tuple[str, ...]) -> None:
    """Download what the tables of data set KEY need into the user cache, check it and unpack it.

    Resumes what was cut off. Sets behind a sign-in or a shared drive print the steps to take by hand.

    \b
    Examples:
      mer-repro data fetch deam --part audio
      mer-repro data fetch hetrec2011_lastfm
    """
    from mer_repro.data import remote

    click.echo(remote.fetch(key, parts=parts, progress=True))


@command.command(context_settings=CONTEXT)
@click.option("--write", is_flag=True, help="Write results/data/survey.json, which the book's data chapter shows.")
def survey(write: bool) -> None:
    """Run every check on every real copy and print what the data chapter shows, as one JSON document.

    \b
    Examples:
      mer-repro data survey
      MER_REPRO_DATA=~/music mer-repro data survey --write
    """
    require_clone("mer-repro data survey")
    from mer_repro.critique.data_chapter import survey as chapter

    document = chapter.measure("real")
    if not write:
        click.echo(json.dumps(document, indent=1, sort_keys=True))
        return
    missing = sorted({"deam", "merge", "pmemo", "vgmidi", "emotify", "emomusic"} - set(document["sets"]))
    if missing:
        raise DataMissing(f"The chapter needs real copies of {', '.join(missing)}; see: mer-repro data status")
    chapter.write(document)
    click.echo(chapter.COMMITTED)
