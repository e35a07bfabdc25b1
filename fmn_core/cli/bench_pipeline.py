"""``fmn bench pipeline``: messages through a real broker, with as many workers as one likes. Floor F4."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from .bench_consumer import BROKER
from .context import Context, echo_row, json_option, pass_context

EPILOG = """\b
Examples:
  fmn bench pipeline --workers 1,2,4,8 --users 15000 --plot depths.svg
  fmn bench pipeline --workers 1 --users 15000 --matcher index --json
"""


def numbers(context: click.Context, option: click.Parameter, text: str | None) -> list[int]:
    """Read numbers of processes, with commas between them; none where nothing is given."""
    if text is None:
        return []
    try:
        found = [int(part) for part in text.split(",")]
    except ValueError:
        raise click.BadParameter(f"{text!r} is no list of numbers such as 1,2,4") from None
    if min(found) < 1:
        raise click.BadParameter("a pool has one worker at least")
    return found


@click.command("pipeline", epilog=EPILOG)
@click.option("--workers", default="1,2,4,8", show_default=True, callback=numbers, help="Sizes of the pool.")
@click.option("--users", type=click.IntRange(min=1), default=1500, show_default=True, help="How many people.")
@click.option("--messages", type=click.IntRange(min=1), default=15_000, show_default=True, help="How many.")
@click.option("--broker", default=BROKER, show_default=True, help="URL of RabbitMQ.")
@click.option("--matcher", type=click.Choice(["index", "linear", "none"]), help="Only the rows of this one.")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw how deep the queues were into this SVG file.")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed makes the same people and messages."
)
@json_option
@pass_context
def pipeline(
    context: Context,
    workers: list[int],
    users: int,
    messages: int,
    broker: str,
    matcher: str | None,
    plot: Path | None,
    seed: int,
    as_json: bool,
) -> None:
    """Measure the way of messages through a real broker.

    They wait on the bus; a consumer reads, checks and queues them, worker processes match them, and a process counts
    what arrives at the end of the second queue. Everything is persistent, confirmed and acknowledged; the clock runs
    from the start of the consumer to the last notification counted. People and messages are those of fmn bench match.

    Rows: "linear" with 0 workers is the first FMN, one process that asks every filter of everybody about what it takes
    in; "linear" with workers is the second, with ownership in Redis behind one lock; both on fewer messages, as
    they would take hours. "index" is ours. "none" is the limit: workers that know beforehand what comes of each
    message, publish the same, with the same guarantees, and do nothing else.

    Queues have names of their own and are deleted in the end. The Redis is that of [redis], or a local one.
    """
    from fmn_core.bench.pipeline import measure_pipeline
    from fmn_core.bench.plot import drawing

    done = []
    for row, depths in measure_pipeline(context.settings, broker, workers, users, messages, matcher, seed):
        echo_row(as_json, dataclasses.asdict(row), _in_words)
        done.append((_title(dataclasses.asdict(row)), depths))
    if plot:
        plot.write_text(drawing(done), "utf-8")


def _title(row: Mapping[str, Any]) -> str:
    workers = {0: "one process", 1: "1 worker"}.get(row["workers"], f"{row['workers']} workers")
    return f"{row['matcher']}, {workers}"


def _in_words(row: Mapping[str, Any]) -> str:
    safe = f", {row['lost']:,} lost, {row['repeated']:,} twice" if row["lost"] or row["repeated"] else ""
    return (
        f"{_title(row):<20} {row['messages']:>7,} messages lasted {row['lasted_seconds']:>8,} s, at most "
        f"{row['max_depth']:>6,} waited: {row['messages_per_second']:>9,} a second, "
        f"{row['cpu_us_per_message']:>11,} µs each, {row['max_rss_mb']:>5,} MB{safe}"
    )
