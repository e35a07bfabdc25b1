"""Worker: finds who wants a message, and puts one envelope for each notification on the queue of its backend. F3.

Any number of workers share the queue of messages. What they publish is safe before what they took is acknowledged.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

from .codec import decode_message, encode_notification
from .errors import DecodeError
from .following import Follower
from .matching import Matcher, notifications
from .summaries import SummaryBook
from .transport.base import MESSAGES, Envelope, Outgoing, Transport, deliveries

log = logging.getLogger(__name__)

#: messages taken at once: enough that a commit costs little, few enough that a crash repeats little
BATCH = 200


class Worker:
    """Matches messages. Belongs to one thread.

    :param matcher: empty; the follower fills it
    :ivar counts: how many messages were ``matched`` or ``rejected``, and how many ``notifications`` came of them
    """

    name = "worker"
    queues = (MESSAGES,)
    alone = False
    busy = False
    room = BATCH

    def __init__(self, summaries: SummaryBook, matcher: Matcher, follower: Follower) -> None:
        self._summaries, self._matcher, self._follower = summaries, matcher, follower
        self.counts: Counter[str] = Counter()

    def handle(self, transport: Transport, envelopes: Sequence[Envelope]) -> None:
        """Match messages and pass on what comes of them. Without envelopes, stay up to date.

        :raises TransportError: what was not settled comes again
        :raises StoreError: preferences could not be loaded at the start; what was taken comes again
        """
        self._follower.refresh()
        found: list[Outgoing] = []
        matched = [envelope for envelope in envelopes if self._match(transport, envelope, found)]
        transport.pass_on(found, matched)
        self.counts["matched"] += len(matched)
        self.counts["notifications"] += len(found)

    def _match(self, transport: Transport, envelope: Envelope, found: list[Outgoing]) -> bool:
        """Add what comes of one message; False if it was set aside, for then nothing comes of it."""
        try:
            found += self._notifications(envelope.payload)
        except DecodeError as error:
            return self._reject(transport, envelope, str(error))
        except Exception as error:
            log.exception("matching a message failed, it becomes a dead letter")
            return self._reject(transport, envelope, f"matching failed: {error!r}")
        return True

    def _notifications(self, payload: bytes) -> list[Outgoing]:
        message = self._summaries.describe(decode_message(payload))
        found = notifications(message, self._matcher.match(message))
        return [(deliveries(one.backend), encode_notification(one)) for one in found]

    def _reject(self, transport: Transport, envelope: Envelope, reason: str) -> bool:
        transport.reject(envelope, reason)
        self.counts["rejected"] += 1
        return False

    def finish(self) -> None:
        """Begin nothing new: there is nothing that outlasts :meth:`handle`."""

    def close(self) -> None:
        """Let go of everything: there is nothing to let go of."""
