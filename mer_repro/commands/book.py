"""`mer-repro book`: execute the notebooks and build the book."""

from __future__ import annotations

import click

from mer_repro.paths import require_clone


@click.command()
@click.option("--profile", default="quick", show_default=True, help="smoke, quick or full.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1), help="Notebooks executed at a time.")
@click.option("--renew", is_flag=True, help="Also renew the committed notebooks; always on for the full profile.")
@click.option("--force", is_flag=True, help="Execute every notebook, even where nothing changed.")
@click.option("--only", multiple=True, metavar="NOTEBOOK", help="Execute only this one; the others as committed.")
@click.option("--pdf", "as_pdf", is_flag=True, help="Also print the book as one PDF; needs Chromium.")
def command(profile: str, workers: int, renew: bool, force: bool, only: tuple[str, ...], as_pdf: bool) -> None:
    """Execute the notebooks with a profile's parameters and build the book.

    Prints the path of the book's first page. A notebook is executed only if its text, its parameters, the package,
    the records or the data changed. A notebook that fails is named, and the exit status is then 2.

    \b
    Examples:
      mer-repro book
      mer-repro book --profile full --workers 4
      mer-repro book --only papers/qiu2025
      mer-repro book --profile full --pdf
    """
    require_clone("mer-repro book")
    from mer_repro.publish import build as book

    renew = renew or profile == "full"
    page = book.build(profile, workers, renew=renew, force=force, only=only or None, say=click.echo, as_pdf=as_pdf)
    click.echo(f"The book: {page}")
