"""Switches: one thing of a preference is changed, and nothing else is read or written. Floor F2."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, select, update

from fmn_core.backends import one_line
from fmn_core.model import DigestPlan

from .database import reading, storable
from .revisions import changing, key
from .rows import dump_plan
from .tables import destinations, filters, preferences, users

_PAIRS = tuple(zip("[]\\^", "{}|~", strict=True))
_SMALL = str.maketrans(dict(_PAIRS))
#: characters of a reason, as users' documents have them at most
_LONGEST = 320


class Switches:
    """Narrow changes. Safe for threads; each is one transaction and counts as a change only if it made one.

    :param engine: from :func:`fmn_core.store.database.open_engine`, of the current version
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def switch(self, user: str, backend: str, on: bool) -> bool:
        """Switch a preference on or off.

        :returns: whether that changed anything; False too where there is no such preference
        """
        return self._set(user, backend, "enabled", on)

    def set_digest(self, user: str, backend: str, plan: DigestPlan) -> bool:
        """Change what is collected for a user and when it is sent.

        :returns: as :meth:`switch`
        """
        return self._set(user, backend, "digest", dump_plan(plan))

    def _set(self, user: str, backend: str, name: str, value: Any) -> bool:
        which = select(preferences.c.id, preferences.c[name]).join_from(preferences, users)
        with changing(self._engine) as change:
            row = change.connection.execute(which.where(_belongs(user, backend))).first()
            if row is None or row[1] == value:
                return False
            change.note(row.id)
            change.connection.execute(update(preferences).where(preferences.c.id == row.id).values({name: value}))
            return True

    def switch_filter(self, user: str, filter_id: str, on: bool) -> bool:
        """Switch one of a user's filters on or off. One for one notification that is switched on has its shot again.

        :returns: whether that changed anything; False too where the user has no such filter
        """
        return bool(self.switch_filters(user, [filter_id], on))

    def switch_filters(self, user: str, filter_ids: Collection[str], on: bool) -> list[str]:
        """Switch some of a user's filters on or off, as :meth:`switch_filter` does one.

        :returns: those for which that changed anything
        """
        f = filters.c
        keys = {number for one in filter_ids if (number := key(one)) is not None}
        which = select(f.id, f.preference_id).select_from(filters.join(preferences).join(users))
        which = which.where(f.id.in_(keys), f.active.is_not(on), users.c.name == storable(user)).order_by(f.id)
        with changing(self._engine) as change:
            found = change.connection.execute(which).all()
            if found:
                values = {"active": True, "shot": ""} if on else {"active": False}
                changed = update(filters).where(f.id.in_([row.id for row in found]))
                change.note(*(row.preference_id for row in found))
                change.connection.execute(changed.values(values))
        return [str(row.id) for row in found]

    def owner(self, backend: str, address: str, alike: bool = False) -> str | None:
        """Return the one user whose confirmed destination an address is; None where there is none, or are several.

        Those whose account is disabled do not count.

        :param address: in its canonical form
        :param alike: whether small and large letters are the same, as :func:`folded` has it
        """
        d = destinations.c
        same = _folded(d.address) == folded(storable(address)) if alike else d.address == storable(address)
        here = same, d.confirmed.is_(True), users.c.disabled == ""
        joined = destinations.join(preferences).join(users)
        query = select(users.c.name).select_from(joined).where(preferences.c.backend == backend, *here).limit(2)
        with reading(self._engine) as connection:
            found = list(connection.scalars(query))
        return found[0] if len(found) == 1 else None

    def suspend(self, backend: str, address: str, reason: str) -> list[str]:
        """Send nothing to an address any more, whoever has it.

        :param reason: one sentence for its users
        :returns: the names of users to whom this is new, sorted
        """
        d = destinations.c
        here = d.address == storable(address), d.suspended == ""
        which = select(preferences.c.id, users.c.name).select_from(destinations.join(preferences).join(users))
        with changing(self._engine) as change:
            found = change.connection.execute(which.where(preferences.c.backend == backend, *here)).all()
            if found:
                keys = [row.id for row in found]
                values = {"suspended": one_line(reason)[:_LONGEST] or "it was refused"}
                change.note(*keys)
                change.connection.execute(update(destinations).where(*here, d.preference_id.in_(keys)).values(values))
        return sorted(row.name for row in found)

    def suspended(self, backend: str) -> int:
        """Return how many destinations of a backend are suspended."""
        which = preferences.c.backend == backend, destinations.c.suspended != ""
        query = select(func.count()).select_from(destinations.join(preferences)).where(*which)
        with reading(self._engine) as connection:
            return connection.scalar(query) or 0

    def resume(self, user: str, backend: str, address: str) -> bool:
        """Send to a suspended destination again.

        :returns: whether it was suspended
        """
        d = destinations.c
        which = select(preferences.c.id).join_from(preferences, users).where(_belongs(user, backend))
        with changing(self._engine) as change:
            preference = change.connection.scalar(which)
            here = d.preference_id == preference, d.address == storable(address), d.suspended != ""
            if preference is None or change.connection.scalar(select(d.address).where(*here)) is None:
                return False
            change.note(preference)
            change.connection.execute(update(destinations).where(*here).values(suspended=""))
            return True

    def claim_oneshot(self, filter_id: str, message_id: str) -> bool:
        """Take the one shot of a filter for a message; the filter is inactive from then on.

        :returns: whether this message has the shot, now or since before: True for exactly one message, whatever the
            number of processes, until it is released or the filter is switched on again
        """
        f = filters.c
        query = select(f.preference_id, f.active, f.shot).where(f.id == key(filter_id), f.oneshot.is_(True))
        message_id = storable(message_id)
        with changing(self._engine) as change:
            row = change.connection.execute(query).first()
            if row is None or not row.active:
                return row is not None and row.shot == message_id != ""
            taken = update(filters).where(f.id == key(filter_id)).values(active=False, shot=message_id)
            change.note(row.preference_id)
            change.connection.execute(taken)
            return True

    def release_oneshot(self, filter_id: str, message_id: str) -> bool:
        """Give the shot of a filter back: what it was taken for was not sent.

        :returns: whether this message had it
        """
        f = filters.c
        held = f.id == key(filter_id), f.active.is_(False), f.shot == storable(message_id), f.shot != ""
        with changing(self._engine) as change:
            preference = change.connection.scalar(select(f.preference_id).where(*held))
            if preference is None:
                return False
            change.note(preference)
            change.connection.execute(update(filters).where(*held).values(active=True, shot=""))
            return True


def folded(address: str) -> str:
    """Return an address with small letters only, as nicks are compared: RFC 1459 counts ``{}|~`` as small letters."""
    return address.lower().translate(_SMALL)


def _folded(column: ColumnElement[str]) -> ColumnElement[str]:
    small: ColumnElement[str] = func.lower(column)
    for large, letter in _PAIRS:
        small = func.replace(small, large, letter)
    return small


def _belongs(user: str, backend: str) -> ColumnElement[bool]:
    return (users.c.name == storable(user)) & (preferences.c.backend == storable(backend))
