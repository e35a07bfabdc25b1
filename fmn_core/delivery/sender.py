"""Sender: the threads that hand jobs to the backend, and write down what became of them. Floor F3.

The ledger is told right after sending, by the thread that sent, before it sends anything else: a crash between the two
repeats at most one job for each thread.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue

from fmn_core import logs
from fmn_core.backends import Backend
from fmn_core.errors import AddressRefused, BackendAway, DropDelivery, RetryDelivery, StoreError
from fmn_core.model import Notification, Outcome
from fmn_core.pacing import TokenBucket
from fmn_core.retry import RetrySchedule
from fmn_core.store import Note, Store, Why
from fmn_core.transport.base import MOST_LOSSES
from fmn_core.wanted import StillWanted

from .addressing import Addressing
from .claims import Claims
from .jobs import Job, Result, Verdict
from .lanes import Lanes
from .outage import Outage
from .report import behind, left, waits
from .results import Results
from .scribe import Scribe
from .suspending import suspend

log = logging.getLogger(__name__)

#: seconds that the end waits for threads; one that hangs in its backend ends with the process
PATIENCE = 5.0


class Sender:
    """Serves the lanes of one backend with as many threads as it wants.

    :param results: what became of each job, for the stage to settle
    :param now: the time
    :param rng: chance, for the pauses between attempts
    """

    def __init__(
        self,
        backend: Backend,
        store: Store,
        schedule: RetrySchedule,
        wanted: StillWanted,
        addressing: Addressing,
        lanes: Lanes,
        results: Results,
        now: Callable[[], datetime],
        rng: random.Random,
    ) -> None:
        self._backend, self._store, self._schedule, self._wanted = backend, store, schedule, wanted
        self._addressing, self._lanes, self._results = addressing, lanes, results
        self._now, self._rng = now, rng
        self._scribe, self._claims = Scribe(store), Claims(store)
        self._outage = Outage(f"delivery of {backend.name}", lanes, rng)
        self._pace = TokenBucket(backend.pace.rate, backend.pace.burst) if backend.pace else None
        self._closing = threading.Event()
        self._untold: SimpleQueue[Callable[[], None]] = SimpleQueue()
        names = [f"deliver-{backend.name}-{number}" for number in range(max(1, backend.concurrency))]
        self._threads = [threading.Thread(target=self._work, name=name, daemon=True) for name in names]
        for thread in self._threads:
            thread.start()

    @property
    def away(self) -> str:
        """Why the backend is away; empty while it is there."""
        return self._outage.reason

    def close(self) -> None:
        """Finish what is being sent, and end. Who waits for a far end that says nothing is not waited for long."""
        self._closing.set()
        self._lanes.close()
        until = time.monotonic() + PATIENCE
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        if hanging := [thread.name for thread in self._threads if thread.is_alive()]:
            log.warning("left behind in the middle of sending, which may come twice: %s", ", ".join(hanging))

    def _work(self) -> None:
        while (job := self._lanes.next()) is not None:
            one = job.notifications[0]
            with logs.about(message_id=one.message_id, notification_id=one.id, backend=self._backend.name):
                result = self._result_of(job)
            if result is None:
                self._lanes.put_back(job)
            else:
                self._results.put(result)
                self._lanes.done(job)
            if not self._lanes.running:
                self._results.idle()

    def _result_of(self, job: Job) -> Result | None:
        try:
            return self._result(job)
        except Exception as error:  # without this thread nobody would serve the lane again
            return Result(job, error=error)

    def _result(self, job: Job) -> Result | None:
        """Send a job and write down what became of it; None if nothing can be sent now: it stays where it is."""
        try:
            return self._attempt(job)
        except (BackendAway, StoreError) as error:
            self._outage.failed(error)
            return None
        except Exception as error:
            log.exception("notification %s is tried again because of a bug", job.notifications[0].id)
            return self._defer(job, job.notifications, [], self._again(job, repr(error), waits=Why.BUG))

    def _attempt(self, job: Job) -> Result:
        notes, wanted = self._sift(job)
        verdict = self._verdict(job, wanted) if wanted else Verdict(Outcome.SUPPRESSED)
        if verdict.outcome is Outcome.DEFERRED:
            return self._defer(job, wanted, notes, verdict)
        return self._conclude(job, wanted, notes, verdict)

    def _conclude(self, job: Job, wanted: Sequence[Notification], notes: list[Note], verdict: Verdict) -> Result:
        notes += [self._left(job, one, verdict) for one in wanted]
        outcomes = [(note.entry.notification, note.entry.outcome) for note in notes]
        buried = verdict.outcome is Outcome.FAILED and job.why is not None
        try:
            self._tell(partial(self._settle, wanted, verdict, [] if buried else notes))
        except StoreError as error:
            return Result(job, error=error)
        # what waited has no envelope that could become a dead letter: the stage makes one first
        return Result(job, outcomes, verdict.reason, unsettled=notes if buried else ())

    def _settle(self, wanted: Sequence[Notification], verdict: Verdict, notes: Sequence[Note]) -> None:
        for one in wanted:
            self._claims.settle(one, verdict.outcome, verdict.reason, self._now())
        self._scribe.write(notes)

    def _sift(self, job: Job) -> tuple[list[Note], list[Notification]]:
        """Return notes on what is not wanted any more, and what is left to send."""
        notes: list[Note] = []
        wanted: list[Notification] = []
        for one in job.notifications:
            if objection := self._wanted.objection(one, self._now()) or self._claims.objection(one):
                notes.append(self._left(job, one, Verdict(Outcome.SUPPRESSED, objection)))
            else:
                wanted.append(one)
        return notes, wanted

    def _verdict(self, job: Job, wanted: Sequence[Notification]) -> Verdict:
        if job.lost >= MOST_LOSSES:
            reason = f"given up: {job.lost} processes died while they held it, so it may have arrived"
            return Verdict(Outcome.FAILED, reason)
        failures = self._outage.failures
        verdict = self._verdict_of_backend(job, wanted)
        self._outage.well(failures)
        return verdict

    def _verdict_of_backend(self, job: Job, wanted: Sequence[Notification]) -> Verdict:
        try:
            self._send(job, wanted)
        except (BackendAway, StoreError):
            raise
        except RetryDelivery as error:
            return self._again(job, error.reason, error.after)
        except AddressRefused as error:
            suspend(self._store, self._backend.name, job.destination, error.reason, self._now())
            self._wanted.forget()
            return Verdict(Outcome.FAILED, error.reason)
        except DropDelivery as error:
            return Verdict(Outcome.FAILED, error.reason)
        except (Exception, SystemExit) as error:
            name = self._backend.name
            log.exception("backend %r has a bug: notification %s is tried again", name, wanted[0].id)
            return self._again(job, f"backend {name!r} raised {error!r}", waits=Why.BUG)
        return Verdict(Outcome.SENT)

    def _send(self, job: Job, wanted: Sequence[Notification]) -> None:
        if self._pace:
            self._closing.wait(self._pace.take())
        preference = self._wanted.preference(job.preference)
        if len(wanted) == 1:
            self._backend.deliver(self._addressing.complete(wanted[0], preference))
        else:
            self._backend.deliver_digest(self._addressing.digest(wanted, preference, job.collected))

    def _again(self, job: Job, reason: str, after: float | None = None, waits: Why = Why.TROUBLE) -> Verdict:
        delay = self._schedule.delay(job.attempt, self._rng)
        if delay is None:
            return Verdict(Outcome.FAILED, f"given up after {job.attempt} attempts: {reason}")
        return Verdict(Outcome.DEFERRED, reason, max(after or 0.0, delay), waits)

    def _defer(self, job: Job, wanted: Sequence[Notification], notes: list[Note], verdict: Verdict) -> Result:
        """Let a job wait in the store, and with trouble everything that waits for the same destination behind it."""
        dropped: list[Job] = []
        if verdict.waits is Why.TROUBLE:
            dropped = self._lanes.block(job.destination)
        now = self._now()
        due = now + timedelta(seconds=verdict.after)
        why = job.why if job.collected and job.why else verdict.waits
        notes += [waits(job, one, why, now, verdict.reason, due, tried=True) for one in wanted]
        outcomes = [(note.entry.notification, note.entry.outcome) for note in notes]
        notes += behind(dropped, now, f"waits behind others: {verdict.reason}")
        try:
            self._tell(partial(self._scribe.write, notes))
        except StoreError as error:
            return Result(job, dropped=dropped, error=error)
        return Result(job, outcomes, verdict.reason, dropped=dropped, due=due)

    def _left(self, job: Job, one: Notification, verdict: Verdict) -> Note:
        return left(job, one, verdict.outcome, self._now(), verdict.reason)

    def _tell(self, tell: Callable[[], None]) -> None:
        """Tell the store. What it cannot take now is told later: something may have been sent."""
        try:
            tell()
        except StoreError:
            self._untold.put(tell)
            raise

    def tell_again(self) -> None:
        """Tell the store what it could not take before.

        :raises StoreError: it still cannot
        """
        with suppress(Empty):
            while True:
                self._tell(self._untold.get_nowait())
