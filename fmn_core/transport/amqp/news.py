"""News: what is told to everybody who listens now. It may get lost: whoever has to know looks for himself too. F2."""

from __future__ import annotations

import logging
from typing import Any

from .connection import Channel, Link
from .refusals import Refused
from .topology import Topology

log = logging.getLogger(__name__)


class News:
    """Listens on a channel of its own, with a queue that goes with it."""

    def __init__(self, link: Link, topology: Topology, exchange: str) -> None:
        self._link, self._topology, self._exchange = link, topology, exchange
        self._heard: dict[str, list[bytes]] = {}
        self._channel: Channel | None = None
        self._queue = ""

    def heard(self, topic: str) -> list[bytes]:
        """Return what was told since the last time; the first time, begin to listen."""
        if topic not in self._heard:
            self._heard[topic] = []
            try:
                self._listen(topic)
            except Refused as refused:
                log.warning("no news of %r from the broker, what is stored is looked at instead: %s", topic, refused)
        with self._link.lock:
            self._link.turn()
            told, self._heard[topic] = self._heard[topic], []
        return told

    def _listen(self, topic: str) -> None:
        self._topology.news()
        if self._channel is None:
            self._channel = self._link.channel()
            self._queue = self._channel.ask("queue_declare", queue="", exclusive=True, auto_delete=True).queue
            self._channel.ask("basic_consume", self._queue, self._take, auto_ack=True)
        self._channel.ask("queue_bind", self._queue, self._exchange, topic)

    def _take(self, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        self._heard.setdefault(method.routing_key, []).append(body)
