"""``fmn bench consumer``: ours against the one of fedora-messaging. Floor F4."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from .context import echo_row, json_option

#: where a broker of one's own usually is
BROKER = "amqp://guest:guest@127.0.0.1:5672/%2F"


@click.command("consumer", epilog="\b\nExample:\n  fmn bench consumer --messages 20000 --json")
@click.option("--messages", type=click.IntRange(min=1000), default=20_000, show_default=True, help="How many.")
@click.option("--broker", default=BROKER, show_default=True, help="URL of a broker to publish to and read from.")
@click.option("--transport", help="URL of our own queue, which ours publishes to; default: the same broker.")
@click.option("--topics", type=click.Path(path_type=Path), help="Recorded messages to publish instead of Koji's.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same messages.")
@json_option
def consumer(messages: int, broker: str, transport: str | None, topics: Path | None, seed: int, as_json: bool) -> None:
    """Measure how many messages a second come in from the bus.

    The stock consumer (fedora-messaging consume, with a callback that does nothing but count) and ours read the same
    messages, one after the other; the stock one only the first 500. Both validate; ours also puts them on its own
    queue, and acknowledges them once they are safe there. Messages are made up, Koji's builds with their tasks;
    one in a thousand is invalid. The time begins after what is read first (one message, or one batch), for which
    the schema packages are loaded. In the end, ours does the same once more and queues each for the archive too.
    Queues on the broker have names of their own and are deleted in the end.
    """
    from fmn_core.bench.consumer import measure_consumer

    for row in measure_consumer(broker, messages, seed, topics, transport):
        echo_row(as_json, row, _in_words)


def _in_words(row: Mapping[str, Any]) -> str:
    if "ratio" in row:
        return f"ours takes {row['ratio']:,} times as many; with the archive {row['ratio_archiving']} of that"
    return (
        f"{row['consumer']:<15} {row['messages']:>9,} messages, {row['invalid']:,} of all invalid, in "
        f"{row['lasted_seconds']:,} s: {row['messages_per_second']:,} a second"
    )
