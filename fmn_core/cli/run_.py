"""``fmn run``: all stages in one process. Floor F4."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .context import Context, json_option, pass_context
from .stages import application, bus_config_option, monitoring_option, run_stages, until_idle_option

if TYPE_CHECKING:
    from fmn_core.runner import Stage

EPILOG = """\b
Examples:
  fmn run                                 match and deliver what fmn replay brings
  fmn run --bus-config fedora.toml        the same, and read the bus
  fmn run --until-idle                    match and deliver what is queued, and end
"""


@click.command("run", epilog=EPILOG)
@bus_config_option
@until_idle_option
@monitoring_option
@json_option
@pass_context
def command(context: Context, bus_config: Path | None, until_idle: bool, monitoring: str | None, as_json: bool) -> None:
    """Run all stages in one process. The bus is read if its configuration is given."""
    app = application(context)
    sources = [app.bus(bus_config)] if bus_config else []
    stages: list[Stage] = [app.worker(), *app.archivists(), *app.deliveries()]
    run_stages(context, app, stages, sources, until_idle=until_idle, as_json=as_json, monitoring=monitoring)
