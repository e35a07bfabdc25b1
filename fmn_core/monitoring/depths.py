"""Depths: how many pieces wait on each queue, and how many were given up, asked of the transport. Floor F4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fmn_core.transport.base import Transport

#: seconds between two times that the transport is asked
EVERY = 15.0


class Depths:
    """The latest answers.

    :ivar latest: queue -> pieces; empty as long as the transport gives no answer
    :ivar dead: dead letters; None as long as the transport gives no answer
    """

    def __init__(self, queues: Sequence[str]) -> None:
        self._queues = queues
        self.latest: Mapping[str, int] = {}
        self.dead: int | None = None

    def look(self, transport: Transport) -> None:
        """Ask the transport.

        :raises TransportError: there is no answer, and the old one would lie
        """
        latest: dict[str, int] = {}
        self.latest, self.dead = {}, None
        for queue in self._queues:
            latest[queue] = transport.depth(queue)
        dead = transport.dead_count()
        self.latest, self.dead = latest, dead
