"""Destinations: addresses of users are added, confirmed and removed, one at a time. Floor F2."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Engine, delete, func, insert, select, update

from fmn_core.errors import UnknownNameError
from fmn_core.model import Destination

from .attempts import State, about, end_open
from .database import storable
from .revisions import Change, changing
from .saving import insert_row, user_id
from .tables import confirmations, destinations, preferences, users


class Destinations:
    """Safe for threads; every method is one transaction.

    :param engine: from :func:`fmn_core.store.database.open_engine`, of the current version
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def confirm(self, user: str, backend: str, address: str, now: datetime | None = None) -> bool:
        """Take an address as confirmed, which is added if it is new, and not as suspended. Nobody is asked any more.

        :param address: in its canonical form
        :returns: whether the preference was switched on, which happens with the first address that it ever has
        :raises UnknownNameError: if there is no such user
        """
        with changing(self._engine) as change:
            preference = preference_of(change, user, backend)
            add(change, preference, address)
            reason = "the address was confirmed without it"
            end_open(change.connection, about(user, backend, address), State.VOID, reason, now or datetime.now(UTC))
            return confirm(change, user, backend, address)

    def remove(self, user: str, backend: str, address: str, now: datetime | None = None) -> bool:
        """Remove an address of a user. Links that were sent there do nothing any more.

        :returns: whether there was one
        """
        with changing(self._engine) as change:
            reason = "the address was removed from the account"
            end_open(change.connection, about(user, backend, address), State.VOID, reason, now or datetime.now(UTC))
            return remove(change, user, backend, address)


def preference_key(change: Change, user: str, backend: str) -> int | None:
    """Return the key of a user's preference, or None if there is none."""
    which = users.c.name == storable(user), preferences.c.backend == storable(backend)
    return change.connection.scalar(select(preferences.c.id).join_from(preferences, users).where(*which))


def preference_of(change: Change, user: str, backend: str) -> int:
    """Return the key of a user's preference, which is made if it is missing.

    :raises UnknownNameError: if there is no such user
    """
    found = preference_key(change, user, backend)
    if found is None:
        owner = user_id(change.connection, storable(user))
        if owner is None:
            raise UnknownNameError("user", user, change.connection.scalars(select(users.c.name)))
        row = {"user_id": owner, "backend": backend, "enabled": False, "presentation": {}, "digest": {}, "revision": 0}
        found = insert_row(change.connection, preferences, **row)
        change.note(found)
    return found


def find(change: Change, preference: int, address: str) -> Destination | None:
    """Return a destination of a preference, or None if it has none of this address."""
    d = destinations.c
    query = select(d.address, d.confirmed, d.suspended).where(_here(preference, address))
    row = change.connection.execute(query).first()
    return Destination(*row) if row else None


def add(change: Change, preference: int, address: str) -> None:
    """Add an address that is not confirmed, after those there are; one that is there stays as it is."""
    if find(change, preference, address) is None:
        d = destinations.c
        last = select(func.coalesce(func.max(d.position), -1)).where(d.preference_id == preference)
        position = change.connection.scalars(last).one() + 1
        row = {"preference_id": preference, "address": address, "position": position, "confirmed": False}
        change.note(preference)
        change.connection.execute(insert(destinations).values(row))


def confirm(change: Change, user: str, backend: str, address: str) -> bool:
    """Take a destination, which there is, as confirmed and not suspended.

    :returns: whether the preference was switched on, which happens with the first address that it ever has
    """
    preference = preference_of(change, user, backend)
    found = find(change, preference, address)
    if found is None or found.receives:
        return False
    first = not found.confirmed and _never_had(change, preference, user, backend)
    values = {"confirmed": True, "suspended": ""}
    change.note(preference)
    change.connection.execute(update(destinations).where(_here(preference, address)).values(values))
    off = preferences.c.id == preference, preferences.c.enabled.is_(False)
    return first and change.connection.execute(update(preferences).where(*off).values(enabled=True)).rowcount == 1


def remove(change: Change, user: str, backend: str, address: str) -> bool:
    """Remove a destination.

    :returns: whether there was one
    """
    preference = preference_key(change, user, backend)
    if preference is None or find(change, preference, address) is None:
        return False
    change.note(preference)
    change.connection.execute(delete(destinations).where(_here(preference, address)))
    return True


def _here(preference: int, address: str) -> ColumnElement[bool]:
    return (destinations.c.preference_id == preference) & (destinations.c.address == storable(address))


def _never_had(change: Change, preference: int, user: str, backend: str) -> bool:
    """Tell whether a preference has had no confirmed address, as far as anybody remembers."""
    d, c = destinations.c, confirmations.c
    now = select(d.address).where(d.preference_id == preference, d.confirmed.is_(True)).limit(1)
    before = select(c.id).where(c.user == user, c.backend == backend, c.state == State.ACCEPTED).limit(1)
    return all(change.connection.scalar(query) is None for query in (now, before))
