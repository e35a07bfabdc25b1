"""``fmn broker``: what the stages need on RabbitMQ, made once by an account that may. Floor F4."""

from __future__ import annotations

import click

from fmn_core.errors import UsageError

from .context import Context, echo_row, json_option, pass_context

EPILOG = """\b
Example:
  fmn broker declare --url amqps://admin:secret@rabbit.example.org/fmn
"""


@click.group("broker", epilog=EPILOG)
def command() -> None:
    """Look after the broker."""


@command.command("declare", epilog=EPILOG)
@click.option("--url", help="Of an account that may declare; default: url in [transport].")
@json_option
@pass_context
def declare(context: Context, url: str | None, as_json: bool) -> None:
    """Make every queue and exchange that the stages need, for all backends that are installed.

    Stages do the same by themselves as they go. Where their account may not, this makes what "passive = true" in
    [transport] then finds; call it again when a backend is installed or FMN is updated. What is there already
    stays as it is.
    """
    from fmn_core.clerk import CLERK
    from fmn_core.herald import CHANGES
    from fmn_core.transport.base import ARCHIVE, MESSAGES, deliveries

    place = url or context.settings.transport_url
    if not place.startswith("amqp"):
        raise UsageError("the transport is no broker: set url in [transport], or name one with --url")
    from fmn_core.transport.amqp import declare_all

    backends = [deliveries(name) for name in sorted(context.registry.backends)]
    held = [*backends, CHANGES, CLERK, context.app.shelf.role]
    for name in declare_all(place, context.settings.transport, [MESSAGES, ARCHIVE, *backends], held):
        echo_row(as_json, {"name": name}, lambda row: str(row["name"]))
