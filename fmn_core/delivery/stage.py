"""Delivery: notifications of one backend are sent once each, in order, tried again, or given up aloud. Floor F3.

They come from the queue of the backend and from the waiting room of the store. To each destination one goes after the
other; what does not go now waits in the store, and its envelope is settled. The ledger is asked before sending and told
right after. Copies of a notification that meet here are one; that they meet in one process is what holding the queue
alone is for.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue

from fmn_core.backends import Backend
from fmn_core.codec import decode_notification, encode_notification
from fmn_core.errors import DecodeError
from fmn_core.instruments import WAITING, Timing
from fmn_core.model import Notification, Outcome
from fmn_core.reception import Reception
from fmn_core.retry import RetrySchedule
from fmn_core.store import LedgerEntry, Note, Store, Why
from fmn_core.store.ledger import DONE
from fmn_core.store.waiting import COLLECTED, IN_LINE
from fmn_core.transport.base import Envelope, Transport, deliveries
from fmn_core.wanted import StillWanted

from .addressing import Addressing
from .claims import Claims
from .gate import Gate, Hold, Objection
from .jobs import Job, Result
from .lanes import Lanes
from .report import behind, left, waits
from .rounds import Rounds
from .sender import Sender

#: notifications held at once beyond those that are being sent; more are taken when half of them are gone
AHEAD = 64
#: jobs that a destination keeps here when it holds up the others; the rest of its jobs wait in the store
KEPT = 8
#: seconds that all places may be taken, while threads have nothing to do
STUCK = 0.5
#: seconds to wait for what is being sent before looking for more
TURN = 0.05
#: seconds between two looks into the waiting room
ROUND = 1.0
#: seconds until everything has come again that was taken before, as long as nothing new has come
GATHERING = 1.0
#: seconds that the end waits for what is being sent. What hangs longer than that may be sent once more, later
PATIENCE = 15.0
_TICK = timedelta(microseconds=1)


class Delivery:
    """Delivers through one backend. :meth:`handle` belongs to one thread, the backend is called from others.

    :param addressing: gives notifications their links
    :param reception: answers people who write to us; None for nobody
    :param now: the time
    :param clock: seconds that only grow
    :param rng: chance, for the pauses between attempts
    :ivar counts: how many were ``sent``, ``deferred``, ``failed``, ``suppressed``, ``collected``, ``repeated`` and
        ``malformed``
    :ivar lag: from the sending of a message on the bus until a notification of it was sent
    """

    alone = True

    def __init__(
        self,
        backend: Backend,
        store: Store,
        schedule: RetrySchedule,
        *,
        wanted: StillWanted | None = None,
        addressing: Addressing | None = None,
        reception: Reception | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self.name = f"delivery of {backend.name}"
        self.queues = (deliveries(backend.name),)
        self.counts: Counter[str] = Counter()
        self.lag = Timing(WAITING)
        self._backend, self._store, self._reception, self._now, self._clock = backend, store, reception, now, clock
        self._wanted = wanted or StillWanted(store)
        self._jobs: dict[str, Job] = {}
        self._served: Counter[str] = Counter()
        self._drained: set[str] = set()
        self._results: SimpleQueue[Result] = SimpleQueue()
        self._lanes, self._claims = Lanes(clock), Claims(store)
        self._gate = Gate(self._wanted, backend.overflow, clock)
        is_served = self._served.__contains__
        self._rounds = Rounds(
            backend.name, store, self._wanted, self._gate, self._lanes, self._jobs.__contains__, is_served
        )
        self._sender = Sender(
            backend, store, schedule, self._wanted, addressing or Addressing(""), self._lanes, self._results, now,
            rng or random.Random(),  # noqa: S311 - jitter is no secret
        )  # fmt: skip
        self._next_round = -1.0
        self._full_since: float | None = None
        self._last = datetime.min.replace(tzinfo=UTC)
        self._begun, self._interrupted = False, True
        self._gathered_at: float | None = None
        self._ends_at: float | None = None

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
        if self._ends_at is not None and time.monotonic() > self._ends_at:
            return False
        if self._lanes.running or not self._results.empty():
            return True
        return bool(self._jobs or self._drained) and not self._finishing

    @property
    def _finishing(self) -> bool:
        return self._ends_at is not None

    @property
    def asleep(self) -> bool:
        """Whether the backend is away, and not even tried now."""
        return self._lanes.asleep

    @property
    def away(self) -> str:
        """Why the backend is away, from the first failure until something is sent again; empty while it is there."""
        return self._sender.away

    @property
    def waits(self) -> bool:
        """Whether anything waits in the store that will be tried again; what is collected for a digest is not."""
        return self._rounds.anything

    @property
    def room(self) -> int:
        """How many envelopes may come now. What a process died with goes by itself: it may be what killed it."""
        if any(job.lost for job in self._jobs.values()):
            return 0
        held = self._served.total()
        return AHEAD + self._backend.concurrency - held if held <= AHEAD // 2 else 0

    def handle(self, transport: Transport, envelopes: Sequence[Envelope]) -> None:
        """Begin to send what came and what is due, and settle what threads have finished since.

        :raises TransportError: what was not settled comes again; what was sent is in the ledger
        :raises StoreError: as above; what was sent and is not in the ledger is remembered here
        """
        if not self._begun and self._reception is not None:
            self._backend.start(self._reception)
        self._begun = True
        self._wanted.refresh()
        self._sender.tell_again()
        if self._interrupted and not self._finishing:
            self._begin()
        if envelopes:
            self._take_in(transport, envelopes)
        if not self._finishing:
            self._make_rounds()
            self._make_room(transport)
        self._settle(transport)

    def interrupted(self) -> None:
        """Begin nothing until :meth:`handle` is called again: what came may go to another process meanwhile."""
        self._lanes.halt()
        self._interrupted = True

    def _begin(self) -> None:
        """Begin, or go on, with what the store says: what was not begun comes again."""
        for job in self._lanes.clear():
            self._let_go(job)
        self._gathered_at = self._clock() + GATHERING if self._rounds.begin() else None
        self._lanes.resume()
        self._interrupted = False

    # What comes from the queue.

    def _take_in(self, transport: Transport, envelopes: Sequence[Envelope]) -> None:
        if any(envelope.attempt == 1 for envelope in envelopes):
            self._gathered_at = None  # it comes in order: all that was taken before is here
        new: dict[str, Job] = {}
        for envelope in envelopes:
            if (one := self._decoded(transport, envelope)) is None:
                continue
            job = self._jobs.get(one.id) or new.get(one.id)
            if job is None:
                job = new[one.id] = Job((one,), self._stamp())
            job.envelopes.append(envelope)
        if new:
            self._admit(transport, list(new.values()))

    def _decoded(self, transport: Transport, envelope: Envelope) -> Notification | None:
        try:
            return decode_notification(envelope.payload)
        except DecodeError as error:
            transport.reject(envelope, str(error))
            self.counts["malformed"] += 1
            return None

    def _stamp(self) -> datetime:
        """Return the time, and never the same twice: it orders what waits in the store."""
        self._last = max(self._now(), self._last + _TICK)
        return self._last

    def _admit(self, transport: Transport, jobs: Sequence[Job]) -> None:
        known = self._store.ledger.take(
            [LedgerEntry.of(job.notifications[0], Outcome.QUEUED, job.since) for job in jobs]
        )
        waiting = self._store.waiting.known([one for one, (outcome, _) in known.items() if outcome not in DONE])
        self._wanted.expect({job.preference for job in jobs})
        notes: list[Note] = []
        over: list[Envelope] = []
        for job in jobs:
            one = job.notifications[0]
            outcome, at = known.get(one.id, (None, job.since))
            if outcome is Outcome.QUEUED:
                job.since = at
            if outcome in DONE or one.id in waiting:
                self.counts["repeated"] += len(job.envelopes)
            elif note := self._turned_away(job):
                notes.append(note)
            else:
                self._keep(job)
                continue
            over += job.envelopes
        self._store.settle(notes)
        self._count(notes)
        transport.ack(over)

    def _turned_away(self, job: Job) -> Note | None:
        """Return what to write down of a job that does not go now; None for one that is in its lane."""
        one, now = job.notifications[0], self._now()
        decision = self._gate.decide(one, now, goes=not self._lanes.is_blocked(job.destination))
        if isinstance(decision, Objection):
            return left(job, one, Outcome.SUPPRESSED, now, decision.reason)
        if isinstance(decision, Hold):
            return self._held(job, decision)
        if self._lanes.add(job):
            return None
        return waits(job, one, Why.BEHIND, now, "waits behind others for the same destination")

    def _held(self, job: Job, hold: Hold) -> Note:
        """Let a notification wait to be collected. It takes the shot of its filter, for it will be sent."""
        one, now = job.notifications[0], self._now()
        if objection := self._claims.objection(one):
            return left(job, one, Outcome.SUPPRESSED, now, objection)
        return waits(job, one, hold.why, now, hold.reason, hold.due)

    def _keep(self, job: Job) -> None:
        for one in job.notifications:
            self._jobs[one.id] = job
        self._served[job.destination] += 1

    def _let_go(self, job: Job) -> None:
        for one in job.notifications:
            self._jobs.pop(one.id, None)
        self._served[job.destination] -= 1
        if self._served[job.destination] <= 0:
            del self._served[job.destination]
            if job.why in IN_LINE or self._lanes.is_blocked(job.destination):
                self._drained.add(job.destination)

    # What waited in the store, and what has to.

    def _make_rounds(self) -> None:
        if self._lanes.resting and self._lanes.held:
            return
        clock = self._clock()
        if self._gathered_at is not None and clock >= self._gathered_at:
            self._gathered_at = None
        if self._gathered_at is None:
            drained, self._drained = self._drained, set()
            for destination in drained:
                self._fetch(self._rounds.in_line(destination, self._now()))
        if clock >= self._next_round:
            self._fetch(self._rounds.turn(self._now(), lines=self._gathered_at is None))
            self._next_round = clock + max(ROUND, 20 * (self._clock() - clock))

    def _fetch(self, found: Iterable[tuple[Job, Hold | None]]) -> None:
        decided = list(found)
        jobs = [job for job, hold in decided if hold is None]
        for job in jobs:
            self._keep(job)
        self._lanes.refill(jobs)
        changed = [self._held(job, hold) for job, hold in decided if hold is not None]
        self._store.settle(changed)
        self._count(changed)

    def _make_room(self, transport: Transport) -> None:
        """Move what holds up the others into the store: much for one destination, while threads have nothing to do."""
        idle = self._backend.concurrency - self._lanes.running
        if self._served.total() < AHEAD or idle <= 0 or self._lanes.resting:
            self._full_since = None
            return
        if self._full_since is None:
            self._full_since = self._clock()
        if self._clock() - self._full_since < STUCK:
            return  # it is quick: what comes for others will have its turn in a moment
        spilled = self._lanes.spill(KEPT)
        for job in spilled:
            self._let_go(job)
        notes = behind(spilled, self._now(), "waits behind others for the same destination")
        self._store.settle(notes)
        self._count(notes)
        transport.ack([envelope for job in spilled for envelope in job.envelopes])

    # What threads have finished.

    def _settle(self, transport: Transport) -> None:
        failure: Exception | None = None
        done: list[Envelope] = []
        for result in self._finished():
            for job in (result.job, *result.dropped):
                self._let_go(job)
            if result.error is not None:
                failure = result.error  # envelopes stay unsettled and come again
                continue
            done += self._settled(transport, result)
        transport.ack(done)
        if failure:
            raise failure

    def _finished(self) -> Iterable[Result]:
        """Gather what is finished, for some time while there is enough to do: each turn waits for the disk."""
        until, left = time.monotonic() + TURN, AHEAD // 2
        try:
            while left and (patience := until - time.monotonic()) > 0:
                yield self._results.get(timeout=patience if self._lanes.held else 0)
                left -= 1
        except Empty:
            return

    def _settled(self, transport: Transport, result: Result) -> list[Envelope]:
        """Settle what has become a dead letter, and return envelopes that are done."""
        job, envelopes = result.job, [one for job in (result.job, *result.dropped) for one in job.envelopes]
        self._count_outcomes(outcome for _, outcome in result.outcomes)
        if result.due is not None and job.collected:
            self._rounds.rest(job, result.due)
        outcomes = {outcome for _, outcome in result.outcomes}
        if Outcome.DEFERRED in outcomes:
            self._rounds.anything = True
        if Outcome.SENT in outcomes:
            self._observe(job)
        self.counts["repeated"] += max(0, len(job.envelopes) - 1)
        failed = {one for one, outcome in result.outcomes if outcome is Outcome.FAILED}
        if not failed:
            return envelopes
        if not job.envelopes or result.unsettled:
            self._bury(transport, job, failed, result)
            return envelopes
        # of several copies the last one carries on: an earlier one may have been taken back with a lost connection
        transport.reject(job.envelopes[-1], result.reason)
        return envelopes[:-1]

    def _bury(self, transport: Transport, job: Job, failed: set[str], result: Result) -> None:
        """Make dead letters of what came from the waiting room, which it leaves only then."""
        for one in job.notifications:
            if one.id in failed:
                transport.bury(self.queues[0], encode_notification(one), result.reason)
        self._store.settle(result.unsettled)

    def _observe(self, job: Job) -> None:
        for one in job.notifications:
            if one.sent_at is not None:
                self.lag.observe(max(0.0, (self._now() - one.sent_at).total_seconds()))

    def _count(self, notes: Iterable[Note]) -> None:
        """Count what was decided without an attempt; what only waits behind others is counted when it is tried."""
        for note in notes:
            if note.waits is None:
                self.counts[note.entry.outcome] += 1
            elif note.waits.why in COLLECTED:
                self.counts["collected"] += 1

    def _count_outcomes(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            self.counts[outcome] += 1

    def finish(self) -> None:
        """Begin nothing new: what waits for a thread goes back to the queue when the transport is closed."""
        self._ends_at = time.monotonic() + PATIENCE
        for job in self._lanes.finish():
            self._let_go(job)

    def close(self) -> None:
        """Let go of the threads and of the backend."""
        self._sender.close()
        self._backend.close()
