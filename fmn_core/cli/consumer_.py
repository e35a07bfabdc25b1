"""``fmn consumer``: reads the bus. Floor F4."""

from __future__ import annotations

from pathlib import Path

import click

from .context import Context, json_option, pass_context
from .stages import application, bus_config_option, monitoring_option, run_stages

EPILOG = """\b
Examples:
  fmn consumer --bus-config fedora.toml
  FEDORA_MESSAGING_CONF=fedora.toml fmn consumer
  fmn consumer --no-archive-here            only read the bus; "fmn archive" runs elsewhere
"""


@click.command("consumer", epilog=EPILOG)
@bus_config_option
@click.option("--no-archive-here", is_flag=True, help="Leave to fmn archive what it is to keep.")
@monitoring_option
@json_option
@pass_context
def command(
    context: Context, bus_config: Path | None, no_archive_here: bool, monitoring: str | None, as_json: bool
) -> None:
    """Read the bus and queue what somebody may want. Without a configuration, the library's own is taken.

    Beside that, messages are kept in the archive, where there is one.
    """
    app = application(context)
    stages = [] if no_archive_here else app.archivists()
    run_stages(context, app, stages, [app.bus(bus_config)], as_json=as_json, monitoring=monitoring)
