"""Outlet: publishes on a bus as its applications do, on an exchange that goes with it. For measurements. Floor F2."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

import pika

from fmn_core.errors import TransportError
from fmn_core.wire import Delivered

from .access import parameters
from .connection import Link
from .publishing import Publisher

#: messages sent before the connection is looked after
BATCH = 200


class Outlet:
    """A topic exchange of a name, and queues that get all of it.

    :param url: of the broker
    :param name: of the exchange; the queues' names begin with it
    :raises TransportError: if there is no broker, or it refuses
    """

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        self._queues: list[str] = []
        self._link = Link(parameters(url, name="fmn bench"))
        self._channel = self._link.channel()
        self._publisher = Publisher(self._channel)
        self._channel.ask("exchange_declare", exchange=name, exchange_type="topic")

    def queue(self, suffix: str) -> str:
        """Have a queue for everything from now on, and return its name."""
        name = f"{self.name}.{suffix}"
        self._channel.ask("queue_declare", queue=name)
        self._queues.append(name)
        self._channel.ask("queue_bind", queue=name, exchange=self.name, routing_key="#")
        return name

    def publish(self, messages: Iterable[Delivered]) -> None:
        """Publish messages, and return when the broker has them."""
        with self._link.lock:
            for message in messages:
                self._channel.raw.basic_publish(self.name, message.topic, message.body, _properties(message))
                self._publisher.sent += 1
                if self._publisher.sent % BATCH == 0:
                    self._link.turn()
            self._link.wait(lambda: self._publisher.safe >= self._publisher.sent, "confirms no messages")

    def waiting(self) -> int:
        """Return how many messages wait on the queues."""
        counts = [self._channel.ask("queue_declare", queue=name, passive=True) for name in self._queues]
        return sum(int(count.message_count) for count in counts)

    def forget(self, queues: Iterable[str]) -> None:
        """Delete queues, whosever they are."""
        for name in queues:
            self._channel.ask("queue_delete", queue=name)

    def close(self) -> None:
        """Take everything along."""
        with contextlib.suppress(TransportError):
            self.forget(self._queues)
            self._channel.ask("exchange_delete", exchange=self.name)
        self._link.close()


def _properties(message: Delivered) -> pika.BasicProperties:
    return pika.BasicProperties(
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        headers=dict(message.headers or {}),
        message_id=message.message_id,
        delivery_mode=pika.DeliveryMode.Persistent.value,
    )
