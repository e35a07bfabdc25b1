"""What the commands that run stages share: their options, how they end, and what they say then. Floor F4."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .context import Context, echo_row

if TYPE_CHECKING:
    from fmn_core.app import Application
    from fmn_core.runner import Source, Stage

until_idle_option = click.option(
    "--until-idle", is_flag=True, help="End when the queues are empty; what waits for another try keeps it going."
)
bus_config_option = click.option(
    "--bus-config",
    type=click.Path(path_type=Path),
    envvar="FEDORA_MESSAGING_CONF",
    show_envvar=True,
    help="Configuration file of fedora-messaging: the broker, and what to read from it.",
)


def application(context: Context, group: str) -> Application:
    """Assemble an application that loads the plugins of one group, unless all are loaded already."""
    from fmn_core.app import Application

    return Application(context.settings, (group,), registry=context.__dict__.get("registry"))


def run_stages(
    app: Application, stages: Sequence[Stage], sources: Sequence[Source], until_idle: bool, as_json: bool
) -> None:
    """Run until a signal, or until there is nothing left; then print what each did."""
    everybody: list[Source | Stage] = [*sources, *stages]
    if not until_idle:
        click.echo(f"running until Ctrl-C: {', '.join(one.name for one in everybody)}", err=True)
    try:
        app.runner(stages, sources).run(until_idle)
    finally:
        for stage in stages:
            stage.close()
        app.close()
    for one in everybody:
        echo_totals(as_json, one.name, one.counts)


def echo_totals(as_json: bool, name: str, counts: Counter[str]) -> None:
    """Print what a stage did."""
    echo_row(as_json, {"stage": name, **counts}, _in_words)


def _in_words(row: Mapping[str, Any]) -> str:
    done = [f"{count:,} {what}" for what, count in row.items() if what != "stage" and count]
    return f"{row['stage']}: {', '.join(done) or 'nothing to do'}"
