"""The command line: ``fmn``, one file for each command. Floor F4.

Commands are imported when they are called, so that ``fmn --version`` does not wait for SQLAlchemy.
"""

from __future__ import annotations

import importlib
import logging
import sys
from pathlib import Path

import click

from fmn_core.errors import FmnError, UnknownNameError

#: command -> module of this package that holds a click command of the same name
COMMANDS = (
    "bench", "check", "consumer", "db", "dead", "deliver", "demo", "describe", "explain", "match", "plugins",
    "replay", "rules", "run", "try", "user", "web", "worker",
)  # fmt: skip


class FmnGroup(click.Group):
    """The group ``fmn``: our commands by name, then those that plugins add."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*COMMANDS, *self._added(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            module = importlib.import_module(f"{__name__}.{cmd_name}_")
            return module.command  # type: ignore[no-any-return]
        return self._added(ctx).get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise UnknownNameError("command", args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)

    def _added(self, ctx: click.Context) -> dict[str, click.Command]:
        from .context import Context

        try:
            registry = ctx.ensure_object(Context).app.registry
        except FmnError:
            return {}  # the configuration is wrong; the command that needs it will say so
        return {command.name: command for command in registry.commands if command.name}


EPILOG = """\b
Examples:
  fmn demo                         everything at once, in a throw-away folder
  fmn rules                        what can be asked for
  fmn explain FILE --user NAME     why a message came, or did not
"""


@click.group(cls=FmnGroup, epilog=EPILOG)
@click.option("--config", type=click.Path(path_type=Path), help="Configuration file; default: what FMN_CONFIG names.")
@click.option("--debug", is_flag=True, help="Show tracebacks and debug logs.")
@click.version_option(package_name="fmn-core", prog_name="fmn")
@click.pass_context
def group(ctx: click.Context, config: Path | None, debug: bool) -> None:
    """Tell people what happens on the bus, as they asked."""
    from .context import Context

    logging.basicConfig(
        level=logging.DEBUG if debug else logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    ctx.obj = Context(config, debug)


def main() -> None:
    """Run a command; an expected failure is one line and an exit code, a traceback only with ``--debug``."""
    try:
        group(prog_name="fmn")
    except FmnError as error:
        if "--debug" in sys.argv:
            raise
        click.echo(f"fmn: {error}", err=True)
        sys.exit(error.exit_code)
