"""``fmn replay``: messages from a file into the pipeline. Floor F4."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterable, Iterator
from contextlib import closing

import click

from fmn_core.model import Message

from .context import Context, json_option, pass_context
from .reading import file_argument, messages_of
from .stages import echo_totals

EPILOG = """\b
Examples:
  fmn replay messages.jsonl               as fast as it goes
  fmn replay --rate 10 messages.jsonl     ten a second
  zcat archive.gz | fmn replay -
"""

#: messages handed in at once, at most; with a rate, what is due in a tenth of a second
BATCH, BATCHES_A_SECOND = 200, 10


def _finite(context: click.Context, option: click.Parameter, rate: float | None) -> float | None:
    if rate is not None and not math.isfinite(rate):
        raise click.BadParameter(f"{rate} is no number of messages")
    return rate


@click.command("replay", epilog=EPILOG)
@file_argument
@click.option("--rate", type=click.FloatRange(0, min_open=True), callback=_finite, help="Messages a second, at most.")
@json_option
@pass_context
def command(context: Context, path: str, rate: float | None, as_json: bool) -> None:
    """Take the messages of FILE in, as if they came from the bus: old and new envelopes, one a line, or an array."""
    consumer = context.app.consumer()
    size = BATCH if rate is None else max(1, min(BATCH, int(rate / BATCHES_A_SECOND)))
    with closing(context.app.transport()) as transport, messages_of(path) as messages:
        for batch in _paced(_batches(messages, size), rate):
            consumer.handle(transport, batch)
        echo_totals(as_json, "replay", consumer.counts)


def _batches(messages: Iterable[Message], size: int) -> Iterator[list[Message]]:
    rest = iter(messages)
    while batch := list(itertools.islice(rest, size)):
        yield batch


def _paced(batches: Iterable[list[Message]], rate: float | None) -> Iterator[list[Message]]:
    """Hand out each batch when it is due."""
    due = time.monotonic()
    for batch in batches:
        time.sleep(max(0.0, due - time.monotonic()))
        yield batch
        due += len(batch) / rate if rate else 0.0
