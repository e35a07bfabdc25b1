"""Sender: the threads that hand jobs to the backend, and write down what became of them. Floor F3.

The ledger is told right after sending, by the thread that sent, before it sends anything else: a crash between the two
repeats at most one job for each thread.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from queue import SimpleQueue

from fmn_core import logs
from fmn_core.backends import Backend
from fmn_core.errors import AddressRefused, BackendAway, DropDelivery, RetryDelivery, StoreError
from fmn_core.incident import Incident
from fmn_core.model import Digest, Notification, Outcome
from fmn_core.pacing import TokenBucket
from fmn_core.retry import RetrySchedule
from fmn_core.store import LedgerEntry, Note, Store, Waiting, Why
from fmn_core.transport.base import MOST_LOSSES
from fmn_core.wanted import StillWanted

from .addressing import Addressing
from .jobs import Job, Result, Verdict, digest_id
from .lanes import Lanes
from .scribe import Scribe
from .suspending import suspend

log = logging.getLogger(__name__)

#: seconds that a backend which is away is left alone at most
LONGEST_REST = 60.0


class Sender:
    """Serves the lanes of one backend with as many threads as it wants.

    :param results: what became of each job, for the stage to settle
    """

    def __init__(
        self,
        backend: Backend,
        store: Store,
        schedule: RetrySchedule,
        wanted: StillWanted,
        addressing: Addressing,
        lanes: Lanes,
        results: SimpleQueue[Result],
        now: Callable[[], datetime],
        rng: random.Random,
    ) -> None:
        self._backend, self._store, self._schedule, self._wanted = backend, store, schedule, wanted
        self._addressing, self._lanes, self._results = addressing, lanes, results
        self._now, self._rng = now, rng
        self._scribe = Scribe(store)
        self._outage = Incident(f"delivery of {backend.name}", rng, longest=LONGEST_REST)
        self._pace = TokenBucket(backend.pace.rate, backend.pace.burst) if backend.pace else None
        self._closing = threading.Event()
        names = [f"deliver-{backend.name}-{number}" for number in range(max(1, backend.concurrency))]
        self._threads = [threading.Thread(target=self._work, name=name, daemon=True) for name in names]
        #: what was sent and could not be written down; the stage does so later
        self.unwritten: list[Note] = []

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Finish what is being sent, and end."""
        self._closing.set()
        self._lanes.close()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def _work(self) -> None:
        while (job := self._lanes.next()) is not None:
            one = job.notifications[0]
            with logs.about(message_id=one.message_id, notification_id=one.id, backend=self._backend.name):
                try:
                    result = self._attempt(job)
                except BackendAway as error:
                    self._rest(error)
                    self._lanes.put_back(job)
                    continue
                except Exception as error:
                    result = Result(job, error=error)
            self._results.put(result)
            self._lanes.done(job)

    def _rest(self, error: BackendAway) -> None:
        """Let everything wait: of many that fail at the same time one is counted."""
        with self._outage_lock:
            if not self._lanes.resting_now:
                self._lanes.rest(max(error.after or 0.0, self._outage.failed(error)))
