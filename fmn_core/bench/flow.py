"""What is around the workers that are measured: bus, consumer, and a count at the far end. Floor F4."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from fmn_core.app import Application
from fmn_core.codec import loads
from fmn_core.config import load_settings
from fmn_core.errors import FmnError
from fmn_core.runner import Runner
from fmn_core.transport.amqp.outlet import Outlet
from fmn_core.transport.base import MESSAGES, deliveries
from fmn_core.wire import Delivered

from .consumer import write_subscription
from .people import BACKEND

#: notifications counted at once
COUNTED = 1000
#: seconds between two looks at the depth of the queues
LOOK_EVERY = 0.15
#: seconds without any notification after which no more are waited for
QUIET = 60.0
#: seconds that are waited for what comes twice
AFTERMATH = 1.0

_SPAWN = multiprocessing.get_context("spawn")


class Depth(NamedTuple):
    """How many pieces wait at a moment: on the bus, for a worker, for delivery.

    :param at: seconds since the consumer was started
    """

    at: float
    bus: int
    messages: int
    deliveries: int


@dataclass
class Flow:
    """What became of the messages of a row.

    :param lasted: seconds from the start of the consumer to the last notification counted
    :param arrived: how often each notification arrived, by id
    """

    lasted: float
    arrived: Counter[str]
    depths: list[Depth] = field(default_factory=list)


def flow(configuration: Path, messages: Sequence[Delivered], expected: int) -> Flow:
    """Let messages wait on the bus, have them consumed, and count what comes of them, with workers that are ready.

    :param expected: notifications that come of them
    :raises FmnError: if a process of ours dies
    """
    transport = load_settings(configuration, {}).transport
    subscription = configuration.with_name("bus.toml")
    with (
        closing(Outlet(transport.url, f"{transport.prefix}.bus")) as outlet,
        closing(_Helper(_count, configuration, expected)) as sink,
    ):
        write_subscription(subscription, transport.url, outlet.queue("all"))
        outlet.publish(messages)
        with closing(_Helper(_consume, configuration, subscription)) as consumer:
            sink.told()
            consumer.told()
            began = time.monotonic()
            consumer.tell("go")
            with _Watch(configuration, outlet, began) as depths:
                last, arrived = sink.told()
    return Flow(last - began, Counter(arrived), depths)


class _Helper:
    """A process of ours that we talk to."""

    def __init__(self, target: Callable[..., object], *arguments: object) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=target, args=(*arguments, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def tell(self, what: object) -> None:
        self._pipe.send(what)

    def told(self) -> tuple[float, list[str]]:
        """Return what it says.

        :raises FmnError: if it has died
        """
        try:
            said: tuple[float, list[str]] = self._pipe.recv()
        except EOFError:
            raise FmnError("a process of the measurement has died") from None
        return said

    def close(self) -> None:
        self._process.kill()
        self._process.join()


def _consume(configuration: Path, subscription: Path, pipe: Connection) -> None:
    """Be the consumer, from the word on."""
    with closing(Application(load_settings(configuration, {}))) as app:
        bus = app.bus(subscription)
        pipe.send("ready")
        pipe.recv()
        Runner(app.transport, [], [bus]).run()


def _count(configuration: Path, expected: int, pipe: Connection) -> None:
    """Be the end of the second queue: take every notification, and count."""
    app = Application(load_settings(configuration, {}))
    queue, last = deliveries(BACKEND), time.monotonic()
    payloads: list[bytes] = []
    with closing(app.transport()) as transport:
        transport.receive([queue])
        pipe.send("ready")
        quiet = time.monotonic() + QUIET
        while time.monotonic() < quiet:
            taken = transport.receive([queue], COUNTED, timeout=AFTERMATH)
            transport.ack(taken)
            if taken and len(payloads) < expected:
                last = time.monotonic()
            payloads += [envelope.payload for envelope in taken]
            if taken:
                quiet = time.monotonic() + (QUIET if len(payloads) < expected else AFTERMATH)
            elif len(payloads) >= expected:
                break
    pipe.send((last, [loads(payload)["id"] for payload in payloads]))


class _Watch:
    """Looks at the depth of the queues, in a thread of its own, as long as the block lasts."""

    def __init__(self, configuration: Path, outlet: Outlet, began: float) -> None:
        self._app, self._outlet = Application(load_settings(configuration, {})), outlet
        self._began, self._depths = began, list[Depth]()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        with closing(self._app.transport()) as transport:
            while not self._stop.is_set():
                at = round(time.monotonic() - self._began, 3)
                work = transport.depth(MESSAGES), transport.depth(deliveries(BACKEND))
                self._depths.append(Depth(at, self._outlet.waiting(), *work))
                self._stop.wait(LOOK_EVERY)

    def __enter__(self) -> list[Depth]:
        self._thread.start()
        return self._depths

    def __exit__(self, *failure: object) -> None:
        self._stop.set()
        self._thread.join()
