"""Still wanted: what was switched off while a notification waited is not sent, within a second. Floor F3."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from .model import Destination, Filter, Notification, Preference, Purpose
from .store import Store

#: seconds between two questions for the revision; what is switched off is off within a second
POLL_EVERY = 0.25
#: preferences kept at most
_MOST_KEPT = 10_000


class StillWanted:
    """Compares notifications with the preferences they came from, as these are now.

    :meth:`refresh` belongs to one thread, all else to any.

    :param clock: seconds of any origin
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._revision = -1
        self._next = 0.0
        self._kept: dict[str, Preference | None] = {}
        self._mutes: Mapping[str, Mapping[str, datetime]] | None = None

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
            self._revision, self._kept, self._mutes = revision, {}, None
        self._next = now + POLL_EVERY

    def forget(self) -> None:
        """Ask the store anew from now on: something has just been changed here."""
        self._kept, self._mutes = {}, None

    def preference(self, preference_id: str) -> Preference | None:
        """Return a preference as it is now; None if it was removed.

        :raises StoreError: it is not known
        """
        kept = self._kept
        if preference_id not in kept:
            kept.update(self._store.preferences.get_all([preference_id]))
        return kept[preference_id]

    def expect(self, ids: Collection[str]) -> None:
        """Fetch at once the preferences that will be asked for.

        :raises StoreError: they are not known
        """
        kept = self._kept
        if missing := {one for one in ids if one not in kept}:
            kept.update(self._store.preferences.get_all(missing))

    def objection(self, one: Notification, now: datetime) -> str | None:
        """Return why a notification must not be sent any more; None if it may.

        :raises StoreError: it is not known
        """
        preference = self.preference(one.preference)
        if preference is None:
            return "the preference was removed"
        if preference.barred:
            return f"the account is disabled: {preference.barred}"
        place = next((place for place in preference.destinations if place.address == one.destination), None)
        if one.purpose is Purpose.CONFIRMATION:
            return None if place else "the destination was removed"
        if not preference.enabled:
            return "the preference was switched off"
        return _objection_to_place(place) or (self._unwanted(one, preference, now) if one.filter_id else None)

    def _unwanted(self, one: Notification, preference: Preference, now: datetime) -> str | None:
        used = next((each for each in preference.filters if each.id == one.filter_id), None)
        if used is None:
            return "the filter was removed"
        until = self._muted(one.user, now).get(one.facts.thread)
        if until is not None and until > now:
            return f"its thread is muted until {until:%Y-%m-%d %H:%M} UTC"
        return None if used.active else _objection_to_inactive(one, used)

    def _muted(self, user: str, now: datetime) -> Mapping[str, datetime]:
        mutes = self._mutes
        if mutes is None:
            mutes = self._mutes = self._store.mutes.all(now)
        return mutes.get(user, {})


def _objection_to_place(place: Destination | None) -> str | None:
    if place is None or not place.confirmed:
        return "the destination was removed"
    return f"the destination is suspended: {place.suspended}" if place.suspended else None


def _objection_to_inactive(one: Notification, used: Filter) -> str | None:
    """Let a shot hit every destination of its message, and nothing else."""
    if not used.oneshot:
        return "the filter was switched off"
    return None if used.shot == one.message_id else "the filter was for one notification, which another message took"
