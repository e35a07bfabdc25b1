"""``fmn archive``: keeps messages for forecasts and explanations. Floor F4."""

from __future__ import annotations

import click

from fmn_core.errors import UsageError

from .context import Context, json_option, pass_context
from .stages import application, monitoring_option, run_stages, until_idle_option

EPILOG = """\b
Examples:
  fmn archive                 until it is told to stop
  fmn archive --until-idle    keep what is queued, and end
"""


@click.command("archive", epilog=EPILOG)
@until_idle_option
@monitoring_option
@json_option
@pass_context
def command(context: Context, until_idle: bool, monitoring: str | None, as_json: bool) -> None:
    """Keep recent messages in the archive, beside the consumers or in place of them. Run as many as you like."""
    from fmn_core.plugins import RULES

    app = application(context, RULES)
    if not app.archives:
        raise UsageError("there is no archive: keep_days in [archive] is 0")
    run_stages(context, app, app.archivists(), until_idle=until_idle, as_json=as_json, monitoring=monitoring)
