"""What the commands that run stages share: their options, how they end, and what they say then. Floor F4."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fmn_core.commands import FMN
from fmn_core.config import HIGHEST_PORT, host_and_port
from fmn_core.errors import UsageError

from .context import Context, echo_row

if TYPE_CHECKING:
    from fmn_core.app import Application
    from fmn_core.runner import Runner, Source, Stage
    from fmn_core.supervisor import Supervisor

log = logging.getLogger(__name__)

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


def _place(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    try:
        return value if not value else _written(*host_and_port(value))
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _written(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


monitoring_option = click.option(
    "--monitoring",
    metavar="HOST:PORT",
    callback=_place,
    help="Serve metrics and health there, whatever [monitoring] says; empty for nowhere.",
)


def application(context: Context, group: str | None = None) -> Application:
    """Assemble an application for stages.

    :param group: the entry points whose plugins are loaded, unless all are loaded already; None for all
    """
    from fmn_core.app import Application

    _postpone_reloads()
    if group is None:
        return context.app
    return Application(context.settings, (group,), registry=context.__dict__.get("registry"))


def _announce(context: Context, what: str) -> None:
    """Say what runs: to a person, or to whoever reads the log, which shall hold nothing but JSON."""
    if context.settings.logging.format == "json":
        log.info("running: %s", what)
    else:
        click.echo(f"running until Ctrl-C: {what}", err=True)


def _postpone_reloads() -> None:
    from fmn_core.signals import no_longer_postpone_reloads, postpone_reloads

    postpone_reloads()
    click.get_current_context().call_on_close(no_longer_postpone_reloads)


def run_stages(
    context: Context,
    app: Application,
    stages: Sequence[Stage],
    sources: Sequence[Source] = (),
    *,
    until_idle: bool = False,
    as_json: bool,
    monitoring: str | None = None,
    supervisor: tuple[int, int] | None = None,
) -> None:
    """Run until a signal, or until there is nothing left; then print what each did.

    :param monitoring: where metrics and health are served; None for what the configuration says
    :param supervisor: the process that started us, and our pipe to it
    """
    from fmn_core.signals import begin_anew
    from fmn_core.supervisor import supervised

    everybody: list[Source | Stage] = [*sources, *stages]
    runner = app.runner(stages, sources, context.may_reload)
    if supervisor is not None:
        runner.add(supervised(runner, *supervisor))
    elif not until_idle:
        _announce(context, ", ".join(one.name for one in everybody))
    try:
        with _monitored(_listen(context, monitoring), app, runner, stages, sources):
            anew = runner.run(until_idle)
    finally:
        for stage in stages:
            stage.close()
        app.close()
    for one in everybody:
        echo_totals(as_json, one.name, one.counts)
    if anew:
        log.info("reading configuration and plugins anew")
        begin_anew()


def _listen(context: Context, monitoring: str | None) -> str:
    return context.settings.monitoring.listen if monitoring is None else monitoring


def _monitored(
    listen: str, app: Application, runner: Runner, stages: Sequence[Stage], sources: Sequence[Source]
) -> AbstractContextManager[None]:
    if not listen:
        return nullcontext()
    from fmn_core.monitoring import monitored, open_door  # brings the library of metrics

    return monitored(open_door(listen), app, runner, stages, sources)


def supervise(
    context: Context,
    name: str,
    processes: int,
    arguments: Sequence[str],
    *,
    until_idle: bool = False,
    monitoring: str | None = None,
) -> bool:
    """Run several processes of a command, each of which prints what it did.

    :param arguments: of the command
    :param monitoring: where the supervisor tells of itself; each process does on one of the ports that follow
    :returns: whether each was let finish what it had begun
    """
    from fmn_core.supervisor import Supervisor

    _postpone_reloads()
    listen = _listen(context, monitoring)
    places = _places(listen, processes) if listen else []
    command = [*FMN, *context.options, *arguments]
    commands = [[*command, "--monitoring", place] for place in places[1:] or [""] * processes]
    supervisor = Supervisor(name, commands, context.may_reload)
    if not until_idle:
        _announce(context, f"{processes} processes of {name}")
    with _watched(places[0] if places else "", supervisor):
        return supervisor.run(until_idle)


def _places(listen: str, processes: int) -> list[str]:
    """Return the place of the supervisor and those of its processes, all of which are free.

    :raises UsageError: if one is not
    """
    from fmn_core.monitoring import open_door

    host, port = host_and_port(listen)
    if port + processes > HIGHEST_PORT:
        raise UsageError(f"monitoring of {processes} processes needs as many ports after {port}, and there are not")
    places = [_written(host, port and port + number) for number in range(processes + 1)]
    for place in places:
        open_door(place).server_close()
    return places


def _watched(listen: str, supervisor: Supervisor) -> AbstractContextManager[None]:
    if not listen:
        return nullcontext()
    from fmn_core.monitoring import open_door, supervised_by

    return supervised_by(open_door(listen), supervisor)


def echo_totals(as_json: bool, name: str, counts: Counter[str]) -> None:
    """Print what a stage did."""
    echo_row(as_json, {"stage": name, **counts}, _in_words)


def _in_words(row: Mapping[str, Any]) -> str:
    done = [f"{count:,} {what}" for what, count in row.items() if what != "stage" and count]
    return f"{row['stage']}: {', '.join(done) or 'nothing to do'}"
