"""The command line `mer-repro`: a thin, lazy front; each subcommand lives in `mer_repro.commands`."""

from __future__ import annotations

import errno
import importlib
import warnings

import click

import mer_repro
from mer_repro.errors import MerReproError, explained, nearest

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
        """The commands' names, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of a name; imports its module."""
        if name not in COMMANDS:
            return None
        return importlib.import_module(f"mer_repro.commands.{name}").command

    def resolve_command(self, ctx: click.Context, args: list[str]):
        """As click does, with the nearest name where there is no such command."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"Unknown command '{args[0]}'.{nearest(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands with their one-line help, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


class FriendlyGroup(LazyGroup):
    """The one boundary: bad input and what the operating system refuses are one message on stderr and status 2."""

    def invoke(self, ctx: click.Context):
        """Call the command behind the boundary."""
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            try:
                return super().invoke(ctx)
            except MerReproError as error:
                message = str(error)
            except OSError as error:
                if error.errno == errno.EPIPE:  # whoever read our output has left: click ends quietly
                    raise
                message = explained(error)
            except RuntimeError as error:
                if "Symlink loop" not in str(error):
                    raise
                message = f"{error}. Mend the symbolic link."
        click.echo(f"mer-repro: {message}", err=True)
        ctx.exit(2)


def _show_warning(message, category, filename, lineno, file=None, line=None) -> None:
    """A warning as one line, without the line of source that gave it."""
    click.echo(f"mer-repro: warning: {' '.join(str(message).split())}", err=True)


@click.command(cls=FriendlyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(mer_repro.__version__, prog_name="mer-repro")
def main() -> None:
    """Audit, rebuild, rerun and judge papers on music emotion.

    \b
    Examples:
      mer-repro audit qiu2025
      mer-repro run qiu2025 --profile quick
      mer-repro records qiu2025 --json
    """


if __name__ == "__main__":
    main()
