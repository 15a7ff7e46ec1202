"""The command line `mer-repro`: a thin, lazy front; each subcommand lives in `mer_repro.commands`."""

from __future__ import annotations

import importlib
import warnings

import click

import mer_repro
from mer_repro.errors import DataWarning, MerReproError, nearest

#: subcommand -> (module in mer_repro.commands, one-line help shown without importing it)
COMMANDS = {
    "audit": "Test the numbers that the papers state against each other; needs no data.",
    "book": "Execute the notebooks and build the book.",
    "claims": "List every number and statement in the papers' ledgers.",
    "data": "Show, fetch and verify the data sets.",
    "links": "Open every link of the built book and make every number again.",
    "new": "Lay out a further paper.",
    "records": "Show the recorded runs.",
    "rescore": "Compute every score again from committed evidence alone.",
    "run": "Run what a paper's study is missing.",
    "verdicts": "Judge every claim by its rule, from the committed records.",
    "verify": "Rerun recorded runs from their records alone and compare.",
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and imports a command's module only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        return importlib.import_module(f"mer_repro.commands.{name}").command

    def resolve_command(self, ctx: click.Context, args: list[str]):
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"Unknown command '{args[0]}'.{nearest(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


class FriendlyGroup(LazyGroup):
    """Prints a `MerReproError` as one message on stderr and exits with status 2, and a `DataWarning` as one line."""

    def invoke(self, ctx: click.Context):
        show = warnings.showwarning

        def show_on_one_line(message, category, *place, **options):
            if issubclass(category, DataWarning):
                click.echo(f"mer-repro: warning: {message}", err=True)
            else:
                show(message, category, *place, **options)

        try:
            with warnings.catch_warnings():
                warnings.showwarning = show_on_one_line
                return super().invoke(ctx)
        except MerReproError as error:
            click.echo(f"mer-repro: {error}", err=True)
            ctx.exit(2)


@click.command(cls=FriendlyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(mer_repro.__version__, prog_name="mer-repro")
def main() -> None:
    """Audit, rebuild, rerun and judge five papers on music emotion.

    \b
    Examples:
      mer-repro audit qiu2025
      mer-repro run qiu2025 --profile quick
      mer-repro records qiu2025 --json
    """


if __name__ == "__main__":
    main()
