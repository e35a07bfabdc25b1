"""Delivery: notifications of one backend are sent once each, in order, tried again, or given up aloud. Floor F3.

They come from the queue of the backend and from the waiting room of the store. To each destination one goes after the
other; what does not go now waits in the store, and its envelope is settled. The ledger is asked before sending and told
right after. Copies of a notification that meet here are one; that they meet in one process is what holding the queue
alone is for.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from fmn_core.backends import Backend
from fmn_core.reception import Reception
from fmn_core.retry import RetrySchedule
from fmn_core.store import Store
from fmn_core.transport.base import Envelope, Transport, deliveries
from fmn_core.wanted import StillWanted

from .addressing import Addressing
from .admission import Admission
from .gate import Gate, Hold
from .held import Held
from .jobs import Job
from .lanes import Lanes
from .report import behind
from .results import Results
from .rounds import Rounds
from .sender import Sender
from .settlement import Settlement
from .tally import Tally

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


class Delivery:
    """Delivers through one backend. :meth:`handle` belongs to one thread, the backend is called from others.

    :param addressing: gives notifications their links
    :param reception: answers people who write to us; None for nobody
    :param now: the time
    :param clock: seconds that only grow
    :param rng: chance, for the pauses between attempts
    :ivar counts: how often what became of a notification, see :class:`fmn_core.delivery.tally.Tally`
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
        self._backend, self._store, self._reception, self._now, self._clock = backend, store, reception, now, clock
        self._wanted = wanted or StillWanted(store)
        self._results = Results(AHEAD // 2)
        self._lanes, self._tally = Lanes(clock), Tally(now)
        self.counts, self.lag = self._tally.counts, self._tally.lag
        self._held, self._gate = Held(self._lanes), Gate(self._wanted, backend.overflow, clock)
        self._admission = Admission(store, self._wanted, self._gate, self._lanes, self._held, self._tally, now)
        self._rounds = Rounds(backend.name, store, self._wanted, self._gate, self._lanes, self._held)
        self._settlement = Settlement(self.queues[0], store, self._held, self._rounds, self._tally)
        self._sender = Sender(
            backend, store, schedule, self._wanted, addressing or Addressing(""), self._lanes, self._results, now,
            rng or random.Random(),  # noqa: S311 - jitter is no secret
        )  # fmt: skip
        self._next_round = -1.0
        self._full_since: float | None = None
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
        return self._held.anything and not self._finishing

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
        if self._held.suspect:
            return 0
        held = len(self._held)
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
        if any(envelope.attempt == 1 for envelope in envelopes):
            self._gathered_at = None  # it comes in order: all that was taken before is here
        if envelopes:
            self._admission.take_in(transport, envelopes)
        if not self._finishing:
            self._make_rounds()
            self._make_room(transport)
        self._settlement.settle(transport, self._results.take(TURN if self._lanes.held else 0))

    def interrupted(self) -> None:
        """Begin nothing until :meth:`handle` is called again: what came may go to another process meanwhile."""
        self._lanes.halt()
        self._interrupted = True

    def _begin(self) -> None:
        """Begin, or go on, with what the store says: what was not begun comes again."""
        for job in self._lanes.clear():
            self._held.let_go(job)
        lines = self._rounds.begin()
        self._admission.begin(self.backend, lines)
        self._gathered_at = self._clock() + GATHERING if lines else None
        self._lanes.resume()
        self._interrupted = False

    def _make_rounds(self) -> None:
        if self._lanes.resting and self._lanes.held:
            return
        clock = self._clock()
        if self._gathered_at is not None and clock >= self._gathered_at:
            self._gathered_at = None
        if self._gathered_at is None:
            for destination in self._held.take_drained():
                self._fetch(self._rounds.in_line(destination, self._now()))
        if clock >= self._next_round:
            self._fetch(self._rounds.turn(self._now(), lines=self._gathered_at is None))
            self._next_round = clock + max(ROUND, 20 * (self._clock() - clock))

    def _fetch(self, found: Iterable[tuple[Job, Hold | None]]) -> None:
        decided = list(found)
        jobs = [job for job, hold in decided if hold is None]
        for job in jobs:
            self._held.keep(job)
        self._lanes.refill(jobs)
        changed = [self._admission.hold(job, hold) for job, hold in decided if hold is not None]
        self._store.settle(changed)
        self._tally.decided(changed)

    def _make_room(self, transport: Transport) -> None:
        """Move what holds up the others into the store: much for one destination, while threads have nothing to do."""
        idle = self._backend.concurrency - self._lanes.running
        if len(self._held) < AHEAD or idle <= 0 or self._lanes.resting:
            self._full_since = None
            return
        if self._full_since is None:
            self._full_since = self._clock()
        if self._clock() - self._full_since < STUCK:
            return  # it is quick: what comes for others will have its turn in a moment
        spilled = self._lanes.spill(KEPT)
        for job in spilled:
            self._held.let_go(job)
        notes = behind(spilled, self._now(), "waits behind others for the same destination")
        self._store.settle(notes)
        transport.ack([envelope for job in spilled for envelope in job.envelopes])

    def finish(self) -> None:
        """Begin nothing new: what waits for a thread goes back to the queue when the transport is closed."""
        self._ends_at = time.monotonic() + PATIENCE
        for job in self._lanes.finish():
            self._held.let_go(job)

    def close(self) -> None:
        """Let go of the threads and of the backend."""
        self._sender.close()
        self._backend.close()
