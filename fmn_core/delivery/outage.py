"""Outage: a backend whose far end is away is left alone, ever longer, and everything for it waits in order. F3."""

from __future__ import annotations

import random
import threading

from fmn_core.errors import BackendAway, StoreError
from fmn_core.incident import Incident

from .lanes import Lanes

#: seconds that a backend is left alone at most, unless it asks for more
LONGEST_REST = 60.0


class Outage:
    """Safe for threads: of many failures at the same time one counts, and one warning is given for all.

    :param name: of what is away, for the log
    :param lanes: that rest meanwhile
    :ivar reason: why it is away, as it was said last; empty while it is there
    """

    def __init__(self, name: str, lanes: Lanes, rng: random.Random) -> None:
        self._incident = Incident(name, rng, longest=LONGEST_REST)
        self._lanes = lanes
        self._lock = threading.Lock()
        #: how many failures there were
        self.failures = 0
        self.reason = ""

    def failed(self, error: BackendAway | StoreError) -> None:
        """The backend is away, or the store, without which nothing is sent either."""
        with self._lock:
            self.failures += 1
            if not self._lanes.asleep:
                after, told = (error.after, error.told) if isinstance(error, BackendAway) else (None, False)
                self.reason = str(error)
                self._lanes.rest(max(after or 0.0, self._incident.failed(error, told)))

    def well(self, failures: int) -> None:
        """The backend has taken something, or has refused it for good reason: it is there.

        :param failures: how many there were when that began; what began before the last one says nothing
        """
        if self._lanes.resting:
            with self._lock:
                if failures == self.failures:
                    self._incident.well()
                    self._lanes.well()
                    self.reason = ""
