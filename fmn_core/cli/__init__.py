"""The command line: ``fmn``, one file for each command. Floor F4.

Commands are imported when they are called, and heavy libraries inside of them, so that ``fmn --help`` is quick.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

import click

from fmn_core import logs
from fmn_core.acting import acting
from fmn_core.commands import COMMANDS
from fmn_core.config import CONFIG_VARIABLE
from fmn_core.errors import EXIT_FOUND_WANTING, FmnError, UnknownNameError

from .context import Context

#: option that is taken wherever it stands
DEBUG = "--debug"


class FmnGroup(click.Group):
    """The group ``fmn``: our commands by name, then those that plugins add."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take ``--debug`` from wherever it stands."""
        ours = args[: args.index("--")] if "--" in args else args
        if DEBUG in ours:
            args = [DEBUG, *(arg for arg in ours if arg != DEBUG), *args[len(ours) :]]
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            _end_misused(ctx, error)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of our commands and those of plugins."""
        try:
            added = _added(ctx)
        except FmnError:
            added = {}  # the configuration is wrong; the command that needs it will say so
        return sorted({*COMMANDS, *added})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one of our commands, or else ask the plugins."""
        if cmd_name in COMMANDS:
            module = importlib.import_module(f"{__name__}.{cmd_name}_")
            return module.command  # type: ignore[no-any-return] # by the convention that the package states
        return _added(ctx).get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name what comes near."""
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise UnknownNameError("command", args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever fails becomes one line and an exit code."""
        try:
            return super().invoke(ctx)
        except FmnError as error:
            _tell(ctx, str(error))
            ctx.exit(error.exit_code)
        except click.UsageError as error:
            _end_misused(ctx, error)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise  # click has its own words for these, and is quiet where a pipe was closed
        except Exception as error:
            _tell(ctx, _refusal(error) if isinstance(error, OSError) else _bug(error))
            ctx.exit(EXIT_FOUND_WANTING)


def _context(ctx: click.Context) -> Context:
    """Return what commands get; made from the options that stand before them, when it is first needed."""
    if ctx.obj is None:
        ctx.obj = Context(ctx.params.get("config"), bool(ctx.params.get("debug")))
    return ctx.obj  # type: ignore[no-any-return] # click knows it as Any


def _added(ctx: click.Context) -> dict[str, click.Command]:
    return {command.name: command for command in _context(ctx).registry.commands if command.name}


def _tell(ctx: click.Context, failure: str) -> None:
    """Say in one line how a command failed; the traceback comes before it where it is wanted."""
    if _context(ctx).debug:
        traceback.print_exc()
    click.echo(f"fmn: {failure}", err=True)


def _end_misused(ctx: click.Context, error: click.UsageError) -> NoReturn:
    """Say in one sentence what click says in four lines."""
    said = error.format_message().rstrip(".").replace(". Did you", "; did you")
    if "\n" in said:
        raise error  # a group that was called without a command: its help is the answer
    place = f"; see '{(error.ctx or ctx).command_path} --help'"
    _tell(ctx, f"{said[:1].lower()}{said[1:]}{'' if said.endswith('?') else place}")
    ctx.exit(error.exit_code)


def _refusal(error: OSError) -> str:
    """Say what the system would not do: a folder that cannot be made, a disk that is full."""
    what = f"{str(error.filename)!r} cannot be used" if error.filename else "the system refuses"
    return f"{what}: {error.strerror or error}"


def _bug(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"{what} in {Path(place.filename).name} line {place.lineno}: this is a bug, see it whole with {DEBUG}"


EPILOG = """\b
Examples:
  fmn demo                         everything at once, in a throw-away folder
  fmn rules                        what can be asked for
  fmn explain FILE --user NAME     why a message came, or did not
"""


@click.group("fmn", cls=FmnGroup, epilog=EPILOG)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar=CONFIG_VARIABLE,
    show_envvar=True,
    is_eager=True,
    help="Configuration file.",
)
@click.option(DEBUG, is_flag=True, is_eager=True, help="Show tracebacks and debug logs.")
@click.version_option(package_name="fmn-core", prog_name="fmn")
@click.pass_context
def group(ctx: click.Context, config: Path | None, debug: bool) -> None:
    """Tell people what happens on the bus, as they asked."""
    logs.begin(debug)
    _context(ctx)
    ctx.with_resource(acting("", "command"))


def main() -> None:
    """Run a command. Texts of messages may hold what the terminal cannot show: that must not end it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    group(prog_name="fmn")
