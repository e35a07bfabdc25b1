"""Bus: messages from a real broker, through fedora-messaging and its own configuration file. Floor F3.

The only home of fedora-messaging's client, which is imported when it is needed: it brings Twisted and takes a second.
A bus message is acknowledged after our own queue has it. The library drops one that fails its
schema before it gets here.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .consumer import Consumer
from .errors import TransportError, UsageError
from .retry import pause
from .transport.base import Transport

log = logging.getLogger(__name__)

#: seconds to wait before a message is handed back, which the broker would send again at once
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
#: seconds to wait for the broker's answer, and in the end for a message in hand
PATIENCE = 30.0
#: seconds between two looks whether all is well
TURN = 0.2


class Bus:
    """Brings what a broker has for us.

    :param consumer: takes the messages
    :param open_transport: opens the transport, once in each thread that the library calls us from
    :param configuration: a configuration file of fedora-messaging; None for the one that the library finds
    :raises UsageError: if fedora-messaging is not installed, or the file is missing or wrong
    """

    name = "bus"

    def __init__(
        self,
        consumer: Consumer,
        open_transport: Callable[[], Transport],
        configuration: Path | None = None,
        rng: random.Random | None = None,
    ) -> None:
        _configure(configuration)
        self._consumer, self._open = consumer, open_transport
        self.counts = consumer.counts
        self._rng = rng or random.Random()  # noqa: S311 - jitter is no secret
        self._local = threading.local()
        self._failures = 0
        self._stop = threading.Event()

    def run(self, stop: threading.Event, well: Callable[[], None]) -> None:
        """Consume until told to stop.

        :raises TransportError: if the broker does not answer, refuses us or ends it
        """
        self._stop = stop
        subscriptions = _subscribe(self._take)
        deadline = time.monotonic() + PATIENCE
        try:
            while not stop.wait(TURN):
                if subscriptions.are_up():
                    well()
                elif time.monotonic() > deadline:
                    raise TransportError(f"the bus does not answer within {PATIENCE:.0f} s")
        finally:
            subscriptions.cancel()

    def _take(self, message: Any) -> None:
        """Take one message, in a thread of the library: to return is to acknowledge."""
        from fedora_messaging.exceptions import Nack

        try:
            self._consumer.handle(self._transport(), [_as_bytes(message)])
        except TransportError as error:
            self._failures += 1
            wait = pause(self._failures, FIRST_PAUSE, LONGEST_PAUSE, self._rng)
            level = logging.WARNING if self._failures == 1 else logging.DEBUG
            log.log(level, "message %s goes back to the bus in %.1f s: %s", message.id, wait, error)
            self._drop_transport()
            self._stop.wait(wait)
            raise Nack from error
        self._failures = 0

    def _transport(self) -> Transport:
        if not hasattr(self._local, "transport"):
            self._local.transport = self._open()
        transport: Transport = self._local.transport
        return transport

    def _drop_transport(self) -> None:
        if hasattr(self._local, "transport"):
            self._local.transport.close()
            del self._local.transport


def _as_bytes(message: Any) -> bytes:
    """Write a message of the library in the form that the codec reads; NaN stays NaN, for the codec to refuse.

    The library's own way to do so is public, and checks the schema once more, which takes milliseconds.
    """
    whole = {"id": message.id, "topic": message.topic, "headers": message._headers or {}, "body": message.body}
    return json.dumps(whole, default=str).encode("ascii")


def _configure(path: Path | None) -> None:
    """Let the library read its configuration now, so that a mistake in it is told before anything runs."""
    try:
        from fedora_messaging import config, exceptions
    except ImportError:
        raise UsageError("the library of the bus is missing; install fmn-core[bus]") from None
    if path is not None and not path.is_file():
        raise UsageError(f"bus configuration {str(path)!r} does not exist")
    try:
        config.conf.load_config(None if path is None else str(path))
    except (exceptions.ConfigurationException, OSError, ValueError) as error:
        raise UsageError(f"bus configuration {str(path or 'of fedora-messaging')!r} is wrong: {error}") from None


class _Subscriptions:
    """The library's consumers, one for each queue of its configuration. Made in Twisted's thread, where they live.

    :param asked: the consumers, once the broker has answered
    """

    def __init__(self, asked: Any) -> None:
        self._asked = asked
        self._consumers: list[Any] = []
        self._failure: str | None = None
        asked.addCallbacks(self._began, self._failed)

    def _began(self, consumers: list[Any]) -> None:
        self._consumers = consumers
        for consumer in consumers:
            consumer.result.addErrback(self._failed)

    def _failed(self, failure: Any) -> None:
        reason = getattr(failure.value, "reason", None) or failure.value
        self._failure = str(reason) or repr(reason)

    def are_up(self) -> bool:
        """Tell whether the broker has answered.

        :raises TransportError: if it refused, or ended a consumer
        """
        if self._failure is not None:
            raise TransportError(f"the bus ended the consumer: {self._failure}")
        return bool(self._consumers)

    def cancel(self) -> None:
        """End; what a consumer has in hand is finished first."""
        from twisted.internet import defer

        def cancel() -> Any:
            self._asked.cancel()  # has no effect once the broker has answered
            return defer.gatherResults([consumer.cancel() for consumer in self._consumers])

        _in_reactor(cancel)


def _subscribe(take: Callable[[Any], None]) -> _Subscriptions:
    """Ask the broker for the queues of the library's configuration."""
    import crochet
    from fedora_messaging import api

    crochet.setup()
    subscriptions: _Subscriptions = _in_reactor(lambda: _Subscriptions(api.twisted_consume(take)))
    return subscriptions


def _in_reactor(function: Callable[[], Any]) -> Any:
    """Call something in Twisted's thread and wait for what comes of it, but not for ever."""
    from twisted.internet import defer, reactor, threads

    def call() -> Any:
        return defer.maybeDeferred(function).addTimeout(PATIENCE, reactor)

    return threads.blockingCallFromThread(reactor, call)
