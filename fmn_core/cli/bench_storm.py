"""``fmn bench storm``: workers are killed and the broker is restarted. Floor F4."""

from __future__ import annotations

import dataclasses
import random
import subprocess

import click

from fmn_core.errors import EXIT_FOUND_WANTING, FmnError

from .bench_consumer import BROKER
from .columns import in_columns
from .context import Context, echo_row, json_option, pass_context

EPILOG = """\b
Example:
  fmn bench storm --restarts 2 --restart-command 'systemctl restart rabbitmq-server' --json
"""


@click.command("storm", epilog=EPILOG)
@click.option("--messages", type=click.IntRange(min=1), default=15_000, show_default=True, help="How many.")
@click.option("--workers", type=click.IntRange(min=1), default=4, show_default=True, help="How many processes.")
@click.option("--broker", default=BROKER, show_default=True, help="URL of RabbitMQ.")
@click.option("--restarts", type=click.IntRange(min=0), default=0, show_default=True, help="Of the broker.")
@click.option("--restart-command", help="What restarts the broker, for the shell.")
@click.option("--seed", type=int, help="Of chance, which chooses who is killed; default: another each time.")
@json_option
@click.pass_context
@pass_context
def storm(
    context: Context, click_context: click.Context, messages: int, workers: int, broker: str, restarts: int,
    restart_command: str | None, seed: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Kill a worker every second and restart the broker while messages come in, and count what is lost.

    The people of the demo, and the far ends of the installed backends: workers and a delivery run as processes on a
    real broker, under names of their own there, which are removed in the end. 500 messages a second come in, one worker
    after the other is killed (SIGKILL) and started again. A calm run says first which notifications there should be.

    Nothing may be lost, and nothing may arrive twice: what workers repeat ("copies": envelopes that delivery met
    again) the ledger knows. The exit code is 1 if it is otherwise.
    """
    from fmn_core.bench.storm import measure_storm

    if restarts and restart_command is None:
        raise click.UsageError("say with --restart-command how the broker is restarted")

    def restart() -> None:
        if subprocess.run(str(restart_command), shell=True, check=False).returncode:  # noqa: S602 - the user's own words
            raise FmnError("the broker could not be restarted")

    chosen = random.randrange(1000) if seed is None else seed  # noqa: S311 - no secret
    result = measure_storm(context.settings.plugins, broker, messages, workers, restarts, restart, chosen)
    echo_row(as_json, {"seed": chosen, **dataclasses.asdict(result)}, in_columns)
    if not result.right:
        click_context.exit(EXIT_FOUND_WANTING)
