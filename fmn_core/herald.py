"""Herald: tells every process that the store has changed, so that none has to ask for it all the time. Floor F3.

One process at a time looks into the store, several times a second, and tells the others through the transport. What
they miss they find when they look themselves, every few seconds.
"""

from __future__ import annotations

from .store import PreferenceStore
from .transport.base import Transport

#: topic of the news, and the thing that is held
CHANGES = "changes"
#: seconds between two looks into the store
LOOK_EVERY = 0.25


class Herald:
    """Looks and tells. Belongs to one thread."""

    def __init__(self, preferences: PreferenceStore) -> None:
        self._preferences = preferences
        self._told: int | None = None

    def turn(self, transport: Transport) -> None:
        """Look, unless another process does, and tell of what has changed since the last look.

        :raises StoreError: it is not known whether anything has changed
        :raises TransportError: nobody was told
        """
        if not transport.hold(CHANGES):
            self._told = None
            return
        revision = self._preferences.revision()
        if revision != self._told:
            transport.broadcast(CHANGES, str(revision).encode())
            self._told = revision
