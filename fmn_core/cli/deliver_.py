"""``fmn deliver``: sends notifications through backends. Floor F4."""

from __future__ import annotations

import click

from .context import Context, json_option, pass_context
from .stages import application, monitoring_option, run_stages, until_idle_option

EPILOG = """\b
Examples:
  fmn deliver                     through all backends that are installed
  fmn deliver email irc           through these two
  fmn deliver --until-idle        send what is queued, and end
"""


@click.command("deliver", epilog=EPILOG)
@click.argument("backends", metavar="[BACKEND]...", nargs=-1)
@until_idle_option
@monitoring_option
@json_option
@pass_context
def command(
    context: Context, backends: tuple[str, ...], until_idle: bool, monitoring: str | None, as_json: bool
) -> None:
    """Send notifications through the backends named, or through all.

    One process at a time serves a backend. Another one for the same backend stands by, and takes over when the first
    one ends.
    """
    app = application(context)  # with rules too: mails name them, and people ask for them on IRC
    run_stages(context, app, app.deliveries(backends), until_idle=until_idle, as_json=as_json, monitoring=monitoring)
