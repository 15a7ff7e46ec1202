"""`mer-repro records`: what has been run, and whether it is still current."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mer_repro.paths import PROFILES, require_clone


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("key", default="all")
@click.option("--profile", default="full", show_default=True, help=f"One of {', '.join(PROFILES)}.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@click.option("--restamp", is_flag=True, help="Renew records whose code changed, where a rerun proves them equal.")
@click.option("--base", help="With --restamp: commit of the old code, for records that another machine made.")
@click.option("--sample", default=4, show_default=True, help="With --restamp: runs to make again behind each root.")
@click.option("--seconds", default=60.0, show_default=True, help="With --restamp: longest run to make again.")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="With --restamp: processes.")
@click.option("--export", "folder", type=click.Path(path_type=Path), help="Write table and RO-Crate to a new folder.")
def command(key, profile, as_json, restamp, base, sample, seconds, workers, folder):
    """Show the recorded runs of paper KEY (default: all).

    A record is "recorded" while a rerun would give it again, "stale" once its parameters, data or source changed,
    and "unplanned" where the study no longer has such a run. "here" tells whether its data is on this machine.

    \b
    Examples:
      mer-repro records qiu2025
      mer-repro records qiu2025 --profile quick
      mer-repro records --json
      mer-repro records --export my-crate
      mer-repro records bath2025 --restamp --base HEAD~3
    """
    require_clone("mer-repro records", key)
    from mer_repro.errors import require_choice
    from mer_repro.paths import records_home
    from mer_repro.runs.records import RecordStore
    from mer_repro.runs.study import load_study, study_keys
    from mer_repro.runs.sweep import survey

    require_choice("profile", profile, PROFILES)
    if restamp:
        from mer_repro.runs import restamp as module

        refused = False
        for name in study_keys() if key == "all" else [key]:
            proofs = module.restamp(name, profile, base=base, sample=sample, seconds=seconds, workers=workers)
            click.echo(f"{name}:\n{module.report(proofs)}")
            refused |= not all(proof.equal for proof in proofs)
        raise SystemExit(1 if refused else 0)
    if folder:
        from mer_repro.publish import export

        click.echo(export.write(folder, profile, None if key == "all" else [load_study(key).key]))
        return
    store = RecordStore(records_home(profile))
    documents = []
    for name in study_keys() if key == "all" else [key]:
        cells = {cell.run.id: cell for cell in survey(name, profile)}
        for record in store.all(load_study(name).key):
            cell = cells.get(record.id)
            state = {
                "state": cell.state if cell else "unplanned",
                "reasons": cell.reasons if cell else [],
                "here": cell is not None and cell.obtain is None,
            }
            documents.append(record.as_dict() | {"profile": profile} | state)
    if as_json:
        click.echo(json.dumps(documents, indent=1))
        return
    for document in documents:
        metrics = "  ".join(f"{name} {_number(value)}" for name, value in document["metrics"].items())
        reasons = f" ({'; '.join(document['reasons'])})" if document["reasons"] else ""
        click.echo(f"{document['id']}  {document['state']}{reasons}  {document['data']}  {metrics}")
    if not documents:
        click.echo(f"No records under {store.folder}. Make them: mer-repro run {key} --profile {profile}")


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4g}"
