"""Archivist: keeps every message that comes in, so that people can be told what they would have got. Floor F3.

It reads a queue of its own, which the consumer fills: a database that is slow or away delays no message.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from .bundles import unbundled
from .codec import decode_message
from .errors import DecodeError
from .store import Archive, Archived
from .summaries import SummaryBook
from .transport.base import ARCHIVE, Envelope, Transport

log = logging.getLogger(__name__)

#: bundles whose messages are kept in one transaction
BATCH = 8


class Archivist:
    """A stage, beside the workers. Belongs to one thread.

    :param open_archive: returns the archive; asked at work and not before, so that nobody beside waits for a database
    :param now: the time
    :ivar counts: how many messages were ``archived``, ``known`` already or ``rejected``
    """

    name = "archivist"
    queues = (ARCHIVE,)
    alone = False
    busy = False
    waits = False
    room = BATCH

    def __init__(
        self,
        summaries: SummaryBook,
        open_archive: Callable[[], Archive],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._summaries, self._open_archive, self._now = summaries, open_archive, now
        self.counts: Counter[str] = Counter(archived=0)

    def handle(self, transport: Transport, envelopes: Sequence[Envelope]) -> None:
        """Keep messages.

        :raises TransportError: what was not settled comes again
        :raises StoreError: as above
        """
        if not envelopes:
            return
        sound = [(envelope, some) for envelope in envelopes if (some := self._unbundled(transport, envelope))]
        rows = [row for _, some in sound for one in some if (row := self._row(transport, one))]
        new = self._open_archive().put(rows)
        transport.ack(envelope for envelope, _ in sound)
        self.counts["archived"] += new
        self.counts["known"] += len(rows) - new

    def _unbundled(self, transport: Transport, envelope: Envelope) -> list[bytes]:
        try:
            return unbundled(envelope.payload)
        except DecodeError as error:
            transport.reject(envelope, str(error))
            self.counts["rejected"] += 1
            return []

    def _row(self, transport: Transport, payload: bytes) -> Archived | None:
        try:
            return Archived.of(self._summaries.describe(decode_message(payload)), self._now())
        except DecodeError as error:
            reason = str(error)
        except Exception as error:
            log.exception("keeping a message failed, it becomes a dead letter")
            reason = f"keeping it failed: {error!r}"
        transport.bury(ARCHIVE, payload, reason)
        self.counts["rejected"] += 1
        return None

    def interrupted(self) -> None:
        """Nothing outlasts :meth:`handle`, so nothing is to be done."""

    def finish(self) -> None:
        """Begin nothing new: there is nothing that outlasts :meth:`handle`."""

    def close(self) -> None:
        """Let go of everything: there is nothing to let go of."""
