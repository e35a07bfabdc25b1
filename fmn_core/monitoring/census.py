"""Census: how much waits in the store, and how many addresses are suspended, asked now and then. Floor F4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from fmn_core.errors import StoreError
from fmn_core.store import Store, Why


class Census:
    """The latest answers.

    :param backends: that are delivered here
    :ivar waiting: backend -> reason -> notifications; empty as long as the store gives no answer
    :ivar suspended: backend -> destinations; empty as long as the store gives no answer
    """

    def __init__(self, backends: Sequence[str]) -> None:
        self._backends = backends
        self.waiting: Mapping[str, Mapping[Why, int]] = {}
        self.suspended: Mapping[str, int] = {}

    def look(self, store: Store) -> None:
        """Ask the store. While it gives no answer there is none, for an old one would lie; delivery warns of it."""
        self.waiting, self.suspended = {}, {}
        with suppress(StoreError):
            waiting = {name: store.waiting.census(name) for name in self._backends}
            suspended = {name: store.switches.suspended(name) for name in self._backends}
            self.waiting, self.suspended = waiting, suspended
