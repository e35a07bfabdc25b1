"""Delivery: notifications of one backend are sent once each, tried again, or given up aloud. Floor F3.

The ledger is asked before sending and told right after, by the thread that sent, before it sends anything else: a crash
between the two repeats at most one notification for each of the backend's threads. Copies of a notification that meet
here are one; that they meet in one process is what holding the queue alone is for.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime

from . import logs
from .backends import Backend
from .codec import decode_notification
from .errors import DecodeError, DropDelivery, FmnError, RetryDelivery, StoreError
from .instruments import WAITING, Timing
from .model import Notification, Outcome
from .retry import RetrySchedule
from .store import LedgerEntry, Store
from .transport.base import MOST_LOSSES, Envelope, Transport, deliveries
from .wanted import StillWanted

log = logging.getLogger(__name__)

#: notifications held at once beyond those that are being sent
AHEAD = 64
#: seconds to wait for what is being sent before looking for more
TURN = 0.05


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one attempt.

    :param after: seconds until the next, where it was deferred
    """

    outcome: Outcome
    reason: str = ""
    after: float = 0.0


@dataclass(slots=True)
class Flight:
    """A notification that is being sent, and every envelope that carries it; the last one came last."""

    notification: Notification
    future: Future[Verdict]
    envelopes: list[Envelope]


class Delivery:
    """Delivers through one backend. :meth:`handle` belongs to one thread, the backend is called from others.

    :param now: the time, for the ledger
    :param rng: chance, for the pauses between attempts
    :ivar counts: how many were ``sent``, ``deferred``, ``failed``, ``suppressed``, ``repeated`` and ``malformed``
    :ivar lag: from the sending of a message on the bus until a notification of it was sent
    """

    alone = True

    def __init__(
        self,
        backend: Backend,
        store: Store,
        schedule: RetrySchedule,
        wanted: StillWanted | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        rng: random.Random | None = None,
    ) -> None:
        self.name = f"delivery of {backend.name}"
        self.queues = (deliveries(backend.name),)
        self.counts: Counter[str] = Counter()
        self.lag = Timing(WAITING)
        self._backend, self._store, self._schedule = backend, store, schedule
        self._wanted = wanted or StillWanted(store)
        self._now = now
        self._rng = rng or random.Random()  # noqa: S311 - jitter is no secret
        self._flights: dict[str, Flight] = {}
        self._parked: list[tuple[Envelope, Notification]] = []
        self._unrecorded: dict[str, tuple[Notification, LedgerEntry]] = {}
        self._threads = ThreadPoolExecutor(max(1, backend.concurrency), f"deliver-{backend.name}")

    @property
    def backend(self) -> str:
        """The name of the backend."""
        return self._backend.name

    @property
    def revision(self) -> int | None:
        """The revision of the store that is in force; None until it was asked for."""
        return self._wanted.revision

    @property
    def busy(self) -> bool:
        """Whether anything is being sent."""
        return bool(self._flights or self._parked)

    @property
    def room(self) -> int:
        """How many envelopes may come now. What a process died with goes by itself: it may be what killed it."""
        if any(envelope.lost for flight in self._flights.values() for envelope in flight.envelopes):
            return 0
        return max(0, AHEAD + self._backend.concurrency - len(self._flights) - len(self._parked))

    def handle(self, transport: Transport, envelopes: Sequence[Envelope]) -> None:
        """Begin to send what came, and settle what threads have finished since.

        :raises TransportError: what was not settled comes again; what was sent is in the ledger
        :raises StoreError: as above; what was sent and is not in the ledger is remembered here
        """
        self._wanted.refresh()
        self._record_the_unrecorded()
        self._begin(transport, envelopes)
        self._settle(transport)

    def _begin(self, transport: Transport, envelopes: Sequence[Envelope]) -> None:
        parked, self._parked = self._parked, []
        decoded = parked + [(envelope, one) for envelope in envelopes if (one := self._decoded(transport, envelope))]
        done = self._store.ledger.sent({one.id for _, one in decoded}) if decoded else set()
        repeated = [envelope for envelope, one in decoded if one.id in done]
        for envelope, one in decoded:
            if one.id not in done:
                self._begin_one(envelope, one)
        transport.ack(repeated)
        self.counts["repeated"] += len(repeated)

    def _begin_one(self, envelope: Envelope, one: Notification) -> None:
        if one.id in self._flights:
            self._flights[one.id].envelopes.append(envelope)
        elif self._shot_is_taken(one):
            self._parked.append((envelope, one))
        else:
            future = self._threads.submit(self._attempt, one, envelope)
            self._flights[one.id] = Flight(one, future, [envelope])

    def _decoded(self, transport: Transport, envelope: Envelope) -> Notification | None:
        try:
            return decode_notification(envelope.payload)
        except DecodeError as error:
            transport.reject(envelope, str(error))
            self.counts["malformed"] += 1
            return None

    def _shot_is_taken(self, one: Notification) -> bool:
        """Tell whether another message is just being sent because of the same filter for one notification."""
        return one.oneshot and any(
            other.notification.filter_id == one.filter_id and other.notification.message_id != one.message_id
            for other in self._flights.values()
        )

    def _attempt(self, one: Notification, envelope: Envelope) -> Verdict:
        """Send and record, in a thread of the pool."""
        known = {"message_id": one.message_id, "notification_id": one.id, "backend": self.backend}
        with logs.about(**known, queue=envelope.queue):
            verdict = self._verdict(one, envelope)
            self._record(one, self._entry(one, verdict, envelope.attempt))
        return verdict

    def _verdict(self, one: Notification, envelope: Envelope) -> Verdict:
        if objection := self._wanted.objection(one):
            return Verdict(Outcome.SUPPRESSED, objection)
        if envelope.lost >= MOST_LOSSES:
            reason = f"given up: {envelope.lost} processes died while they held it, so it may have arrived"
            return Verdict(Outcome.FAILED, reason)
        return self._send(one, envelope.attempt)

    def _send(self, one: Notification, attempt: int) -> Verdict:
        try:
            self._backend.deliver(one)
        except DropDelivery as error:
            return Verdict(Outcome.FAILED, error.reason)
        except RetryDelivery as error:
            return self._again(attempt, error.reason, error.after)
        except (Exception, SystemExit) as error:
            log.exception("backend %r has a bug: notification %s is tried again", self._backend.name, one.id)
            return self._again(attempt, f"backend {self._backend.name!r} raised {error!r}")
        return Verdict(Outcome.SENT)

    def _again(self, attempt: int, reason: str, after: float | None = None) -> Verdict:
        delay = self._schedule.delay(attempt, self._rng)
        if delay is None:
            return Verdict(Outcome.FAILED, f"given up after {attempt} attempts: {reason}")
        return Verdict(Outcome.DEFERRED, reason, max(after or 0.0, delay))

    def _entry(self, one: Notification, verdict: Verdict, attempt: int) -> LedgerEntry:
        return LedgerEntry(
            notification=one.id,
            message_id=one.message_id,
            user=one.user,
            backend=one.backend,
            destination=one.destination,
            filter_name=one.filter_name,
            outcome=verdict.outcome,
            reason=verdict.reason,
            attempts=attempt,
            at=self._now(),
        )

    def _record(self, one: Notification, entry: LedgerEntry) -> None:
        """Tell the ledger. The shot of a filter is taken by what was sent, so a crash before cannot waste it."""
        try:
            if one.oneshot and entry.outcome is Outcome.SENT:
                self._store.switches.claim_oneshot(one.filter_id, one.message_id)
            self._store.ledger.record([entry])
        except StoreError:
            self._unrecorded[one.id] = one, entry
            raise

    def _record_the_unrecorded(self) -> None:
        for one, entry in list(self._unrecorded.values()):
            self._record(one, entry)
            del self._unrecorded[one.id]

    def _settle(self, transport: Transport) -> None:
        wait([flight.future for flight in self._flights.values()], timeout=TURN)
        finished = [flight for flight in self._flights.values() if flight.future.done()]
        done: list[Envelope] = []
        failure: FmnError | None = None
        for flight in finished:
            del self._flights[flight.notification.id]
            try:
                verdict = flight.future.result()
            except StoreError as error:
                failure = error  # the envelope stays unsettled and comes again
                continue
            except Exception as error:
                log.exception("notification %s is tried again because of a bug", flight.notification.id)
                verdict = self._again(flight.envelopes[-1].attempt, repr(error))
            self._observe(flight.notification, verdict)
            done += self._settled(transport, flight.envelopes, verdict)
        transport.ack(done)
        if failure:
            raise failure

    def _observe(self, one: Notification, verdict: Verdict) -> None:
        if verdict.outcome is Outcome.SENT and one.sent_at is not None:
            self.lag.observe(max(0.0, (self._now() - one.sent_at).total_seconds()))

    def _settled(self, transport: Transport, envelopes: list[Envelope], verdict: Verdict) -> list[Envelope]:
        """Settle what is not simply done, and return what is.

        Of several envelopes the last one carries on: an earlier one may have been taken back when a transport was lost.
        """
        self.counts[verdict.outcome] += 1
        *copies, last = envelopes
        if verdict.outcome is Outcome.DEFERRED:
            transport.retry(last, verdict.after)
        elif verdict.outcome is Outcome.FAILED:
            transport.reject(last, verdict.reason)
        else:
            self.counts["repeated"] += len(copies)
            return envelopes
        return copies

    def finish(self) -> None:
        """Begin nothing new: what waits for a thread goes back to the queue when the transport is closed."""
        self._parked.clear()
        for key, flight in list(self._flights.items()):
            if flight.future.cancel():
                del self._flights[key]

    def close(self) -> None:
        """Let go of the threads and of the backend."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._backend.close()
