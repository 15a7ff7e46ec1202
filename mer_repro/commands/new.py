"""`mer-repro new`: lay out a further paper."""

from __future__ import annotations

import click

from mer_repro.publish.new_paper import TITLE_MARK


@click.command()
@click.argument("key")
@click.option("--title", default=TITLE_MARK, help="The paper's title.")
@click.option("--doi", default="", help="Its DOI, bare: 10.7717/peerj-cs.3086.")
def command(key: str, title: str, doi: str) -> None:
    """Lay out a paper under the citation KEY: first author and year, as in qiu2025.

    Writes its room in the package, its parameters, its page, its bibliography entry and its line in the table of
    contents, or nothing at all. They run as they are, on example numbers: a mean and a small network on DEAM.

    \b
    Examples:
      mer-repro new smith2027 --title "Deep Moods" --doi 10.1000/182
      mer-repro audit smith2027
      mer-repro run smith2027 --profile smoke
      mer-repro book --profile smoke --only papers/smith2027 --only ledgers --renew
    """
    from mer_repro.paths import PROJECT
    from mer_repro.publish.new_paper import lay_out

    for path in lay_out(key, title, doi):
        click.echo(path.relative_to(PROJECT))
    click.echo(
        f"Next: mer-repro audit {key}; mer-repro run {key} --profile smoke;"
        f" mer-repro book --profile smoke --only papers/{key} --only ledgers --renew; python tools/readme.py."
        " See the book's page 'Add a paper'."
    )
