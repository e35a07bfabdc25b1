"""Inbox: what the broker has handed to us and nobody has settled. Suspects come alone. Floor F2.

A piece that a process died with comes again, and its neighbours with it. One that several died with is moved aside
before it is looked at, to where each process is given one at a time: so what kills processes is found, and nothing else
is taken for it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from fmn_core.transport.base import MOST_LOSSES, Envelope

from .connection import Channel
from .topology import Names

#: processes in a row that died with a piece until it is taken out of the crowd
CROWD = 2

#: headers of ours: tries before this one, processes that died with it, and when it is due (ms since the epoch)
ATTEMPTS, LOST, DUE = "fmn-attempts", "fmn-lost", "fmn-due"
#: milliseconds that a piece may come early
_EARLY = 1000
#: how often a quorum queue has handed it out before
_COUNT = "x-delivery-count"


_NO_HEADERS: Mapping[str, Any] = MappingProxyType({})


class Tag(NamedTuple):
    """What a piece is known by while it is out.

    :param inbox: that received it; what another one received cannot be settled here
    """

    inbox: Inbox
    number: int
    headers: Mapping[str, Any] = _NO_HEADERS


@dataclass(slots=True)
class _Basket:
    """What is here of one queue."""

    crowd: deque[Envelope] = field(default_factory=deque)
    suspects: deque[Envelope] = field(default_factory=deque)


class Inbox:
    """Receives on a channel.

    :param prefetch: pieces that the broker hands out before one is settled
    :ivar strays: pieces that must not be handed out here: they are to be moved aside, or wait longer
    :ivar held: pieces that are here or with the stage, by number
    """

    def __init__(self, channel: Channel, names: Names, prefetch: int) -> None:
        self._channel, self._names, self._prefetch = channel, names, prefetch
        self._baskets: dict[str, _Basket] = {}
        self.strays: list[Envelope] = []
        self.held: dict[int, Envelope] = {}
        self._consumers: list[str] = []
        channel.raw.add_on_cancel_callback(channel.cancelled)

    def open(self, queue: str) -> None:
        """Begin to receive from a queue and its suspects, which must be there."""
        if queue in self._baskets:
            return
        basket = self._baskets[queue] = _Basket()
        for name, keep, limit in (
            (self._names.work(queue), basket.crowd, self._prefetch),
            (self._names.suspects(queue), basket.suspects, 1),
        ):
            self._channel.ask("basic_qos", prefetch_count=limit)
            self._consumers.append(self._channel.ask("basic_consume", name, self._taker(queue, keep)).consumer_tag)

    def end(self) -> None:
        """Receive nothing more."""
        while self._consumers:
            self._channel.ask("basic_cancel", self._consumers.pop())

    def _taker(self, queue: str, keep: deque[Envelope]) -> Any:
        crowd = keep is self._baskets[queue].crowd

        def take(channel: Any, method: Any, properties: Any, body: bytes) -> None:
            headers = properties.headers or {}
            if not method.redelivered and ATTEMPTS not in headers:
                envelope = Envelope(queue, body, Tag(self, method.delivery_tag))
                self.held[method.delivery_tag] = envelope
                keep.append(envelope)
                return
            envelope = self._experienced(queue, body, method, headers)
            self.held[method.delivery_tag] = envelope
            (self.strays if self._is_stray(envelope, headers, crowd) else keep).append(envelope)

        return take

    @staticmethod
    def _is_stray(envelope: Envelope, headers: Mapping[str, Any], crowd: bool) -> bool:
        uncounted = envelope.lost > int(headers.get(LOST, 0)) and _COUNT not in headers
        early = headers.get(DUE, 0) > now() + _EARLY
        return early or uncounted or envelope.lost > MOST_LOSSES or (crowd and envelope.lost >= CROWD)

    def _experienced(self, queue: str, body: bytes, method: Any, headers: Mapping[str, Any]) -> Envelope:
        """Return a piece that was handed out before: a broker that does not count says at least that it was."""
        deaths = int(headers.get(_COUNT, method.redelivered))
        attempt = int(headers.get(ATTEMPTS, 0)) + deaths + 1
        return Envelope(
            queue, body, Tag(self, method.delivery_tag, headers), attempt, int(headers.get(LOST, 0)) + deaths
        )

    def out(self, queue: str) -> int:
        """Return how many pieces of a queue are here or with the stage."""
        return sum(envelope.queue == queue for envelope in self.held.values())

    def take(self, queues: Sequence[str], limit: int) -> list[Envelope]:
        """Take what is here: a suspect alone, or else the oldest of each queue."""
        for queue in queues:
            if suspects := self._baskets[queue].suspects:
                return [suspects.popleft()]
        return self.crowd(queues, limit)

    def crowd(self, queues: Sequence[str], limit: int) -> list[Envelope]:
        """Take what is here beside suspects, the oldest of each queue."""
        taken: list[Envelope] = []
        for queue in queues:
            crowd = self._baskets[queue].crowd
            taken += [crowd.popleft() for _ in range(min(limit - len(taken), len(crowd)))]
        return taken


def now() -> int:
    """Return the time in milliseconds since the epoch: a broker takes no fractions in headers."""
    return round(time.time() * 1000)
