"""Depths: how many pieces wait on each queue, asked of the transport now and then. Floor F4."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fmn_core.transport.base import Transport

#: seconds between two times that the transport is asked
EVERY = 15.0


class Depths:
    """The latest answer. :meth:`look` belongs to one thread, which opens a transport for it.

    :ivar latest: queue -> pieces; empty as long as the transport gives no answer
    """

    def __init__(self, open_transport: Callable[[], Transport], queues: Sequence[str]) -> None:
        self._open, self._queues = open_transport, queues
        self._transport: Transport | None = None
        self.latest: Mapping[str, int] = {}

    def look(self) -> None:
        """Ask the transport.

        :raises TransportError: there is no answer, and the old one would lie
        """
        try:
            if self._transport is None:
                self._transport = self._open()
            self.latest = {queue: self._transport.depth(queue) for queue in self._queues}
        except Exception:
            self.latest = {}
            self.close()
            raise

    def close(self) -> None:
        """Let go of the transport."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
