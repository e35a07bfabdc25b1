"""Measures the consumer: ours against the one that comes with fedora-messaging, on the same messages. Floor F4."""

from __future__ import annotations

import json
import logging
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tomli_w

from fmn_core.bus import Bus
from fmn_core.config import ConsumerSettings, TransportSettings
from fmn_core.consumer import Consumer, Incoming
from fmn_core.errors import DecodeError, TransportError, UsageError
from fmn_core.messages import read_messages
from fmn_core.schemas import PLAIN_SCHEMA, SCHEMA_HEADER
from fmn_core.transport import open_transport
from fmn_core.transport.amqp.outlet import Outlet
from fmn_core.transport.base import Transport
from fmn_core.validation import Validator
from fmn_core.wire import Delivered

from .counting import END, RESULT_VARIABLE
from .koji import delivered, koji_messages

#: messages of which the stock consumer gets no more: enough for some seconds
STOCK = 500
#: messages that the broker hands out at once, to both
PREFETCH = 500
#: seconds in which everything has to be done
PATIENCE = 300.0

_STOCK = (sys.executable, "-c", "from fedora_messaging.cli import cli; cli()")


@dataclass(frozen=True)
class Rate:
    """What ``fmn bench consumer`` prints of one consumer."""

    consumer: str
    messages: int
    invalid: int
    lasted_seconds: float
    messages_per_second: float


def measure_consumer(
    broker: str, messages: int, seed: int = 1, topics: Path | None = None, transport: str | None = None
) -> list[dict[str, Any]]:
    """Publish messages, let both consumers read them, one after the other, and return a row for each and the ratios.

    Ours reads them a second time, and then queues each for the archive too.

    :param broker: URL of the broker that is the bus
    :param messages: how many ours reads
    :param topics: recorded messages to publish; None for Koji's, made up
    :param transport: URL of our own queue; None for the same broker
    :raises TransportError: if the broker cannot be used
    """
    rng = random.Random(seed)
    published = list(_recorded(topics, messages, rng) if topics else koji_messages(messages, rng))
    name = f"fmn-bench-{uuid.uuid4().hex[:12]}"
    with tempfile.TemporaryDirectory() as folder, closing(Outlet(broker, name)) as outlet:
        stock = _stock(outlet, broker, Path(folder), published[:STOCK], rng)
        ours = _ours(outlet, broker, Path(folder), published, transport or broker)
        archiving = _ours(outlet, broker, Path(folder), published, transport or broker, archive=True)
    ratio = round(ours.messages_per_second / stock.messages_per_second, 1)
    kept = round(archiving.messages_per_second / ours.messages_per_second, 2)
    return [asdict(stock), asdict(ours), asdict(archiving), {"ratio": ratio, "ratio_archiving": kept}]


def _recorded(path: Path, count: int, rng: random.Random) -> Iterator[Delivered]:
    """Repeat recorded messages, each under an id of its own."""
    read = [one for _, one in read_messages(path) if not isinstance(one, DecodeError)]
    if not read:
        raise UsageError(f"file {str(path)!r} holds no messages")
    for number in range(count):
        one = read[number % len(read)]
        schema = one.headers.get(SCHEMA_HEADER, PLAIN_SCHEMA)
        yield delivered(one.topic, str(schema), dict(one.body), rng)


def _stock(outlet: Outlet, broker: str, folder: Path, messages: Sequence[Delivered], rng: random.Random) -> Rate:
    """Let the stock consumer read, as a process of its own."""
    queue = outlet.queue("stock")
    first, end = (delivered(topic, PLAIN_SCHEMA, {}, rng) for topic in (f"{END}.not", END))
    outlet.publish([first, *messages, end])
    result = folder / "result.json"
    configuration = write_subscription(folder / "stock.toml", broker, queue)
    command = [*_STOCK, "--conf", str(configuration), "consume", "--callback=fmn_core.bench.counting:Counting"]
    environment = os.environ | {RESULT_VARIABLE: str(result)}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=PATIENCE, check=False)  # noqa: S603 - our own command
    outlet.forget([queue])
    if not result.exists():
        raise TransportError(f"the stock consumer failed: {done.stdout.decode()[-500:]} {done.stderr.decode()[-500:]}")
    counted = json.loads(result.read_text("utf-8"))
    return _rate("stock", len(messages), len(messages) - counted["count"], counted["seconds"])


def _ours(
    outlet: Outlet, broker: str, folder: Path, messages: Sequence[Delivered], transport: str, archive: bool = False
) -> Rate:
    """Let ours read, validate and publish to our own queue, with confirmation."""
    name = "ours, archiving" if archive else "ours"
    queue = outlet.queue("archiving" if archive else "ours")
    outlet.publish(messages)
    settings = TransportSettings(url=transport, prefix=outlet.name)
    consumer = _Timed(len(messages), archive)
    bus = Bus(
        consumer, lambda: open_transport(transport, settings), write_subscription(folder / "ours.toml", broker, queue)
    )
    logging.getLogger("fmn_core.consumer").setLevel(logging.ERROR)  # what is invalid is counted
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(bus.run, stop, lambda: None)
        running.add_done_callback(lambda _: consumer.done.set())
        consumer.done.wait(PATIENCE)
        stop.set()
        running.result()
    if not consumer.seconds:
        raise TransportError(f"only {consumer.counts.total():,} messages were read within {PATIENCE:.0f} s")
    if transport.startswith("amqp"):
        outlet.forget(
            f"{outlet.name}.{name}" for name in ("messages", "archive", "messages.suspects", "archive.suspects", "dead")
        )
    return _rate(name, consumer.timed, consumer.counts["invalid"], consumer.seconds)


class _Timed(Consumer):
    """Notes how long it takes. The first batch is left out, for which the schema packages are loaded."""

    def __init__(self, messages: int, archive: bool) -> None:
        super().__init__(ConsumerSettings(), Validator().reason, archive=archive)
        self._messages, self._first, self._began = messages, 0, 0.0
        self.seconds = 0.0
        self.done = threading.Event()

    @property
    def timed(self) -> int:
        """How many messages were read in the time."""
        return self._messages - self._first

    def handle(self, transport: Transport, messages: Iterable[Incoming]) -> None:
        """See :meth:`Consumer.handle`."""
        super().handle(transport, messages)
        if not self._first:
            self._first, self._began = self.counts.total(), time.perf_counter()
        if self.counts.total() >= self._messages:
            self.seconds = time.perf_counter() - self._began
            self.done.set()


def _rate(consumer: str, messages: int, invalid: int, seconds: float) -> Rate:
    return Rate(consumer, messages, invalid, round(seconds, 3), round(messages / max(seconds, 1e-9), 1))


def write_subscription(path: Path, broker: str, queue: str) -> Path:
    """Write a configuration of fedora-messaging that reads one queue, and does not log each message."""
    console = {"class": "logging.StreamHandler", "stream": "ext://sys.stderr"}
    whole = {
        "amqp_url": broker,
        "passive_declares": True,
        "queues": {queue: {"durable": False, "auto_delete": False, "exclusive": False, "arguments": {}}},
        "bindings": [],
        "qos": {"prefetch_size": 0, "prefetch_count": PREFETCH},
        "log_config": {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"console": console},
            "root": {"level": "CRITICAL", "handlers": ["console"]},
        },
    }
    path.write_text(tomli_w.dumps(whole), "utf-8")
    return path
