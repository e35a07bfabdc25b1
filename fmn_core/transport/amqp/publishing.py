"""Publisher: messages go out one after the other, and the broker says up to which all are safe. Floor F2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pika

from fmn_core.errors import TransportError

from .connection import Channel

#: delivery mode of what survives a restart of the broker
PERSISTENT = 2
_PLAIN = pika.BasicProperties(delivery_mode=PERSISTENT)


class Publisher:
    """Publishes on a channel with confirms, which come later and for many at once.

    :ivar sent: number of the last message; they are counted from 1
    :ivar safe: number up to which the broker has all
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._basic_publish = channel.raw.basic_publish
        self.sent = self.safe = 0
        self._ahead: set[int] = set()
        self._refusal: str | None = None
        channel.raw.add_on_return_callback(self._returned)
        channel.ask("confirm_delivery", self._confirmed)

    def put(self, queue: str, payload: bytes, headers: Mapping[str, Any] | None = None) -> None:
        """Send a message to a queue of the broker; it is safe once :attr:`safe` has come to its number."""
        properties = _PLAIN if not headers else pika.BasicProperties(delivery_mode=PERSISTENT, headers=dict(headers))
        self._basic_publish("", queue, payload, properties, mandatory=True)
        self.sent += 1

    def tell(self, exchange: str, topic: str, payload: bytes) -> None:
        """Send a message to whoever listens, if anybody does."""
        self._basic_publish(exchange, topic, payload)
        self.sent += 1

    def check(self) -> None:
        """Make sure that the broker has refused nothing.

        :raises TransportError: if it has: some of what was sent is not safe and never will be
        """
        if self._refusal:
            raise TransportError(self._refusal)

    def _confirmed(self, frame: Any) -> None:
        method = frame.method
        if method.NAME == "Basic.Nack":
            self._refusal = "the broker refuses a message: its queue is full, or it is short of something"
            return
        if self._refusal:
            return  # what came before it was counted; from here on nothing is known to be safe
        if method.multiple:
            self.safe = max(self.safe, method.delivery_tag)
        else:
            self._ahead.add(method.delivery_tag)
        while self.safe + 1 in self._ahead:
            self.safe += 1
            self._ahead.discard(self.safe)
        if method.multiple:
            self._ahead = {number for number in self._ahead if number > self.safe}

    def _returned(self, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        self._refusal = f"the broker has no queue {method.routing_key!r} any more: {method.reply_text}"
