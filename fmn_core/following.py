"""Following: a matcher's preferences are as fresh as the store's, and no message waits for the store. Floor F3."""

from __future__ import annotations

import contextlib
import gc
import time
from collections import deque
from collections.abc import Callable, Iterator

from .herald import CHANGES
from .matching import Matcher
from .store import Changes, PreferenceStore
from .transport.base import Transport

#: seconds after which the store is asked though nobody told of a change: news can get lost
HEAL_EVERY = 2.0
#: new objects between two collections: messages go without any, and Python's usual 700 cost a tenth of the time
YOUNG = 20_000


class Follower:
    """Loads all preferences into a matcher once, and applies single changes in place from then on.

    :meth:`refresh` belongs to the thread of the matcher, :meth:`turn` to another one, which may wait for the store.

    :param clock: seconds of any origin
    """

    def __init__(
        self, preferences: PreferenceStore, matcher: Matcher, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._preferences, self._matcher, self._clock = preferences, matcher, clock
        self._fetched: int | None = None
        #: the revision of the store that is in force; None until preferences are loaded
        self.revision: int | None = None
        self._next = 0.0
        self._found: deque[Changes] = deque()

    def refresh(self) -> None:
        """Load everything the first time, and apply what was found since.

        :raises StoreError: if it cannot be loaded; the matcher is of no use yet
        """
        if self.revision is None:
            self._load()
        while self._found:
            self._apply(self._found.popleft())

    def turn(self, transport: Transport) -> None:
        """Listen for news of changes, and fetch these; now and then also without any.

        :raises StoreError: the matcher goes on with what it holds
        """
        told = transport.heard(CHANGES)
        if self.revision is not None and (told or self._clock() >= self._next):
            self._fetch()

    def _fetch(self) -> None:
        assert self._fetched is not None  # noqa: S101 - loaded before, tells mypy
        changes = self._preferences.changes_since(self._fetched)
        if changes.revision != self._fetched:
            self._found.append(changes)
            self._fetched = changes.revision
        self._next = self._clock() + HEAL_EVERY

    def _load(self) -> None:
        # the revision is taken first, and once: what changes while this runs, or fails, is applied afterwards
        if self._fetched is None:
            self._fetched = self._preferences.revision()
        with loading():
            for preference in self._preferences.enabled():
                self._matcher.put(preference)
        loaded = self._fetched
        self._fetch()
        self.revision = loaded

    def _apply(self, changes: Changes) -> None:
        for preference_id in changes.removed:
            self._matcher.remove(preference_id)
        for preference in changes.changed:
            self._matcher.put(preference)
        self.revision = changes.revision


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """Make millions of objects that stay: none is garbage, so none is looked through, now or ever again.

    With 150,000 users, 18 s of the processor's time become 10, and each full collection later on takes nothing instead
    of 3 s. What comes after is one message after the other, and collections are rarer from here on.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
        gc.set_threshold(YOUNG)
    finally:
        if was_on:
            gc.enable()
