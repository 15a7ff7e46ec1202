"""`mer-repro verdicts`: what the reruns say of every claim, by which rule."""

from __future__ import annotations

import json

import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("key", default="all")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def command(key, as_json):
    """Judge every claim of paper KEY (default: all) by its rule, from the committed records.

    \b
    Examples:
      mer-repro verdicts qiu2025
      mer-repro verdicts --json
    """
    from mer_repro import verdicts
    from mer_repro.results import Results
    from mer_repro.runs.study import study_keys

    documents = []
    for name in study_keys() if key == "all" else [key]:
        judged = verdicts.judge(verdicts.of_paper(name), Results.load(name))
        documents += [verdict.as_dict(name) for verdict in judged]
        if not as_json:
            click.echo(f"{name}: {verdicts.tally(judged)}")
            for verdict in judged:
                click.echo(f"  {verdict.says:13}  {verdict.claim}")
                click.echo(f"      {verdict.because}")
    if as_json:
        click.echo(json.dumps(documents, indent=1, ensure_ascii=False))
