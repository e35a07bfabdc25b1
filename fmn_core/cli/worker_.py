"""``fmn worker``: finds who wants each message. Floor F4."""

from __future__ import annotations

import click

from fmn_core.errors import EXIT_FOUND_WANTING

from .context import Context, json_option, pass_context
from .stages import application, monitoring_option, run_stages, supervise, until_idle_option

EPILOG = """\b
Examples:
  fmn worker                  until it is told to stop
  fmn worker --processes 4    four processes, started again when they die
  fmn worker --until-idle     match what is queued, and end
"""


@click.command("worker", epilog=EPILOG)
@click.option("--processes", type=click.IntRange(1, 1000), metavar="N", help="Run so many processes and watch them.")
@click.option("--supervised", type=(int, int), hidden=True)
@until_idle_option
@monitoring_option
@json_option
@click.pass_context
@pass_context
def command(
    context: Context,
    click_context: click.Context,
    processes: int | None,
    supervised: tuple[int, int] | None,
    until_idle: bool,
    monitoring: str | None,
    as_json: bool,
) -> None:
    """Find who wants each message. Run as many as you like, on any number of machines.

    SIGTERM lets it finish what it has begun; SIGHUP lets it read configuration and plugins anew.
    """
    from fmn_core.plugins import RULES

    if processes is not None:
        options = [option for option, wanted in (("--until-idle", until_idle), ("--json", as_json)) if wanted]
        arguments = ["worker", *options]
        if not supervise(context, "worker", processes, arguments, until_idle=until_idle, monitoring=monitoring):
            click_context.exit(EXIT_FOUND_WANTING)
        return
    app = application(context, RULES)
    run_stages(
        context,
        app,
        [app.worker()],
        until_idle=until_idle,
        as_json=as_json,
        monitoring=monitoring,
        supervisor=supervised,
    )
