"""Still wanted: what was switched off while a notification waited is not sent, within a second. Floor F3."""

from __future__ import annotations

import time
from collections.abc import Callable

from .herald import LOOK_EVERY
from .model import Filter, Notification, Outcome, Preference
from .store import Store

#: preferences kept at most
_MOST_KEPT = 10_000

#: at most so many of a user's latest notifications are looked through for the one that took the shot of a filter
_LATEST = 200


class StillWanted:
    """Compares notifications with the preferences they came from, as these are now.

    :meth:`refresh` belongs to one thread, :meth:`objection` to any.

    :param clock: seconds of any origin
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._revision = -1
        self._next = 0.0
        self._kept: dict[str, Preference | None] = {}

    @property
    def revision(self) -> int | None:
        """The revision of the store that is in force; None until it was asked for."""
        return self._revision if self._revision >= 0 else None

    def refresh(self) -> None:
        """Forget what is kept if anything has changed, once it is time to ask.

        :raises StoreError: nothing is forgotten
        """
        if (now := self._clock()) < self._next:
            return
        revision = self._store.preferences.revision()
        if revision != self._revision or len(self._kept) > _MOST_KEPT:
            # a new dictionary, not an emptied one: a thread that still looks something up fills the old one
            self._revision, self._kept = revision, {}
        self._next = now + LOOK_EVERY

    def objection(self, notification: Notification) -> str | None:
        """Return why a notification must not be sent any more; None if it may.

        :raises StoreError: it is not known
        """
        preference = self._preference(notification.preference)
        if preference is None:
            return "the preference was removed"
        if not preference.enabled:
            return "the preference was switched off"
        if not any(place.confirmed and place.address == notification.destination for place in preference.destinations):
            return "the destination was removed"
        used = next((one for one in preference.filters if one.id == notification.filter_id), None)
        if used is None:
            return "the filter was removed"
        return None if used.active else self._objection_to_inactive(notification, used)

    def _objection_to_inactive(self, notification: Notification, used: Filter) -> str | None:
        """Let a shot hit every destination of its message, and nothing else."""
        if not used.oneshot:
            return "the filter was switched off"
        latest = self._store.ledger.of_user(notification.user, _LATEST)
        same = (notification.message_id, notification.backend, Outcome.SENT)
        if any((entry.message_id, entry.backend, entry.outcome) == same for entry in latest):
            return None
        return "the filter was for one notification, which was sent"

    def _preference(self, preference_id: str) -> Preference | None:
        kept = self._kept
        if preference_id not in kept:
            kept[preference_id] = self._store.preferences.get(preference_id)
        return kept[preference_id]
