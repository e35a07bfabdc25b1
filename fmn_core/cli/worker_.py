"""``fmn worker``: finds who wants each message. Floor F4."""

from __future__ import annotations

import click

from .context import Context, json_option, pass_context
from .stages import application, run_stages, until_idle_option

EPILOG = """\b
Examples:
  fmn worker                  until it is told to stop
  fmn worker --until-idle     match what is queued, and end
"""


@click.command("worker", epilog=EPILOG)
@until_idle_option
@json_option
@pass_context
def command(context: Context, until_idle: bool, as_json: bool) -> None:
    """Find who wants each message. Run as many as you like, on any number of machines."""
    from fmn_core.plugins import RULES

    app = application(context, RULES)
    run_stages(app, [app.worker()], [], until_idle, as_json)
