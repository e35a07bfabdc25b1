"""``fmn bench rebuild``: a mass rebuild, and a change of preferences in its midst. Floor F4."""

from __future__ import annotations

import dataclasses

import click

from fmn_core.errors import EXIT_FOUND_WANTING

from .bench_consumer import BROKER
from .columns import in_columns
from .context import Context, echo_row, json_option, pass_context


@click.command("rebuild", epilog="\b\nExample:\n  fmn bench rebuild --messages 20000 --users 1500 --json")
@click.option("--messages", type=click.IntRange(min=100), default=20_000, show_default=True, help="How many builds.")
@click.option("--rate", type=click.FloatRange(1), default=333.4, show_default=True, help="Builds a second.")
@click.option("--users", type=click.IntRange(min=1), default=1500, show_default=True, help="How many people.")
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True, help="How many processes.")
@click.option("--broker", default=BROKER, show_default=True, help="URL of RabbitMQ.")
@json_option
@click.pass_context
@pass_context
def rebuild(
    context: Context, click_context: click.Context, messages: int, rate: float, users: int, workers: int, broker: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Let a mass rebuild come in, and change two preferences in its midst.

    Workers run as processes with all that belongs to them, builds come in at a rate, and what arrives on the second
    queue is counted. Beside the users of the other measurements there are two who are watched: in the midst, one
    switches off that every build is told, and the other begins with it. From the last message that was treated as
    before follows when that was in force in every worker.

    The exit code is 1 if a notification was lost, or the change took more than a second.
    """
    from fmn_core.bench.rebuild import measure_rebuild

    result = measure_rebuild(context.settings, broker, messages, users, workers, rate)
    echo_row(as_json, dataclasses.asdict(result), in_columns)
    if not result.right:
        click_context.exit(EXIT_FOUND_WANTING)
