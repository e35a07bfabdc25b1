"""What the commands that run stages share: their options, how they end, and what they say then. Floor F4."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fmn_core.commands import FMN

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


def application(context: Context, group: str | None = None) -> Application:
    """Assemble an application for stages.

    :param group: the entry points whose plugins are loaded, unless all are loaded already; None for all
    """
    from fmn_core.app import Application
    from fmn_core.signals import postpone_reloads

    postpone_reloads()
    if group is None:
        return context.app
    return Application(context.settings, (group,), registry=context.__dict__.get("registry"))


def run_stages(
    context: Context,
    app: Application,
    stages: Sequence[Stage],
    sources: Sequence[Source] = (),
    *,
    until_idle: bool = False,
    as_json: bool,
    supervisor: tuple[int, int] | None = None,
) -> None:
    """Run until a signal, or until there is nothing left; then print what each did.

    :param supervisor: the process that started us, and our pipe to it
    """
    from fmn_core.signals import begin_anew
    from fmn_core.supervisor import supervised

    everybody: list[Source | Stage] = [*sources, *stages]
    runner = app.runner(stages, sources, context.may_reload)
    if supervisor is not None:
        runner.add(supervised(runner, *supervisor))
    elif not until_idle:
        click.echo(f"running until Ctrl-C: {', '.join(one.name for one in everybody)}", err=True)
    try:
        anew = runner.run(until_idle)
    finally:
        for stage in stages:
            stage.close()
        app.close()
    for one in everybody:
        echo_totals(as_json, one.name, one.counts)
    if anew:
        begin_anew()


def supervise(context: Context, name: str, processes: int, arguments: Sequence[str], until_idle: bool) -> bool:
    """Run several processes of a command, each of which prints what it did.

    :param arguments: of the command
    :returns: whether each was let finish what it had begun
    """
    from fmn_core.signals import postpone_reloads
    from fmn_core.supervisor import Supervisor

    postpone_reloads()
    _ = context.settings  # a mistake in it is told once, by us
    command = [*FMN, *context.options, *arguments]
    if not until_idle:
        click.echo(f"running until Ctrl-C: {processes} processes of {name}", err=True)
    return Supervisor(name, [command] * processes, context.may_reload).run(until_idle)


def echo_totals(as_json: bool, name: str, counts: Counter[str]) -> None:
    """Print what a stage did."""
    echo_row(as_json, {"stage": name, **counts}, _in_words)


def _in_words(row: Mapping[str, Any]) -> str:
    done = [f"{count:,} {what}" for what, count in row.items() if what != "stage" and count]
    return f"{row['stage']}: {', '.join(done) or 'nothing to do'}"
