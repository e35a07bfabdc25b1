"""Herald: tells every process that the store has changed, so that none has to ask for it all the time. Floor F3.

One process at a time looks into the store, at each turn, and tells the others through the transport. What they miss
they find when they look themselves, every few seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from .store import PreferenceStore
from .transport.base import Transport

#: topic of the news, and the thing that is held
CHANGES = "changes"
#: seconds between two tries to become the one that tells
TRY_EVERY = 1.0


class Herald:
    """Looks and tells. Belongs to one thread.

    :param clock: seconds of any origin
    """

    def __init__(self, preferences: PreferenceStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._preferences, self._clock = preferences, clock
        self._told: int | None = None
        self._next_try = 0.0

    def turn(self, transport: Transport) -> None:
        """Look, unless another process does, and tell of what has changed since the last look.

        :raises StoreError: it is not known whether anything has changed
        :raises TransportError: nobody was told
        """
        if self._told is None and self._clock() < self._next_try:
            return
        if not transport.hold(CHANGES):
            self._told, self._next_try = None, self._clock() + TRY_EVERY
            return
        revision = self._preferences.revision()
        if revision != self._told:
            transport.broadcast(CHANGES, str(revision).encode())
            self._told = revision
