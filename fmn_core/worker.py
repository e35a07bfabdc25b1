"""Worker: finds who wants a message, and puts one envelope for each notification on the queue of its backend. F3.

Any number of workers share the queue of messages. What they publish is safe before what they took is acknowledged.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import inf

from . import logs
from .codec import decode_message, encode_notification
from .errors import DecodeError
from .following import Follower
from .instruments import WAITING, Timing
from .matching import Matcher, TimesRules, notifications
from .summaries import SummaryBook
from .transport.base import MESSAGES, Envelope, Outgoing, Transport, deliveries

log = logging.getLogger(__name__)

#: messages taken at once: enough that a commit costs little, few enough that a crash repeats little
BATCH = 200
#: seconds between two messages whose rules are timed: so seldom that it costs next to nothing
TIMED_EVERY = 1.0


class Worker:
    """Matches messages. Belongs to one thread.

    :param matcher: empty; the follower fills it
    :param clock: seconds of any origin
    :param now: the time
    :ivar counts: how many messages were ``matched`` or ``rejected``, and how many ``notifications`` came of them
    :ivar timing: of a message, until what came of it was handed over; the average of those that were taken together
    :ivar lag: from the sending of a message on the bus until its notifications were handed over
    """

    name = "worker"
    queues = (MESSAGES,)
    alone = False
    busy = False
    waits = False
    room = BATCH

    def __init__(
        self,
        summaries: SummaryBook,
        matcher: Matcher,
        follower: Follower,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._summaries, self._matcher, self._follower = summaries, matcher, follower
        self._clock, self._now = clock, now
        self.counts: Counter[str] = Counter(matched=0, notifications=0)
        self.timing, self.lag = Timing(), Timing(WAITING)
        self._time_rules_at = -inf
        self._sent_at: datetime | None = None
        self._subject = logs.Subject()

    @property
    def matcher(self) -> Matcher:
        """What matches, for those who watch it."""
        return self._matcher

    @property
    def revision(self) -> int | None:
        """The revision of the store that is in force; None until preferences are loaded."""
        return self._follower.revision

    def handle(self, transport: Transport, envelopes: Sequence[Envelope]) -> None:
        """Match messages and pass on what comes of them. Without envelopes, stay up to date.

        :raises TransportError: what was not settled comes again
        :raises StoreError: preferences could not be loaded at the start; what was taken comes again
        """
        self._follower.refresh()
        if envelopes:
            began = self._clock()
            with logs.about(queue=MESSAGES) as self._subject:
                self._handle(transport, envelopes)
            ended = self._clock()
            self.timing.observe((ended - began) / len(envelopes), len(envelopes))
            self._time_rules(ended)

    def _handle(self, transport: Transport, envelopes: Sequence[Envelope]) -> None:
        found: list[Outgoing] = []
        matched = [envelope for envelope in envelopes if self._match(transport, envelope, found)]
        transport.pass_on(found, matched)
        self.counts["matched"] += len(matched)
        self.counts["notifications"] += len(found)
        if matched and self._sent_at is not None:
            # they waited together: the last one stands for all
            self.lag.observe(max(0.0, (self._now() - self._sent_at).total_seconds()), len(matched))

    def _time_rules(self, now: float) -> None:
        if now >= self._time_rules_at and isinstance(self._matcher, TimesRules):
            self._time_rules_at = now + TIMED_EVERY
            self._matcher.time_rules()

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
        self._subject.message_id = None
        message = self._summaries.describe(decode_message(payload))
        self._subject.message_id, self._sent_at = message.id, message.sent_at
        found = notifications(message, self._matcher.match(message))
        return [(deliveries(one.backend), encode_notification(one)) for one in found]

    def _reject(self, transport: Transport, envelope: Envelope, reason: str) -> bool:
        transport.reject(envelope, reason)
        self.counts["rejected"] += 1
        return False

    def interrupted(self) -> None:
        """Nothing outlasts :meth:`handle`, so nothing is to be done."""

    def finish(self) -> None:
        """Begin nothing new: there is nothing that outlasts :meth:`handle`."""

    def close(self) -> None:
        """Let go of everything: there is nothing to let go of."""
