"""Audit: what was changed of a user's preferences, by whom, and how to take it back. Floor F2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from fmn_core.acting import Actor
from fmn_core.errors import UnknownNameError
from fmn_core.model import Destination, Preference

from .attempts import State, about, end_open, read
from .database import reading, storable
from .destinations import preference_of
from .images import restored
from .revisions import changing, key
from .rows import load
from .saving import rewrite
from .tables import audit, filters, preferences


@dataclass(frozen=True, slots=True)
class Audited:
    """One change of a preference.

    :param after: as the preference was then; None if it is gone
    """

    id: str
    at: datetime
    actor: Actor
    before: Preference
    after: Preference | None

    @property
    def backend(self) -> str:
        """Of the preference."""
        return self.before.backend


class Audit:
    """Safe for threads; every method is one transaction and looks at nothing that is another user's.

    :param engine: from :func:`fmn_core.store.database.open_engine`, of the current version
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_user(self, user: str, before: str = "", limit: int = 50) -> list[Audited]:
        """Return changes of a user's preferences, latest first.

        :param before: only changes before this one, for whoever goes from page to page
        """
        which = [audit.c.user == storable(user), *([audit.c.id < (key(before) or 0)] if before else [])]
        query = select(audit).where(*which).order_by(audit.c.id.desc()).limit(limit)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
            return [Audited(str(row.id), row.at, Actor(row.actor, row.way), _before(row), _after(connection, row))
                    for row in rows]  # fmt: skip

    def undo(self, user: str, change_id: str) -> Preference:
        """Put a preference back to how it was before a change; that takes back all that came after it, too.

        An address that comes back counts as confirmed if it was, unless those who read there have rejected it since.

        :returns: the preference as it was put back
        :raises UnknownNameError: if no such change of this user is remembered
        """
        which = audit.c.id == key(change_id), audit.c.user == storable(user)
        with changing(self._engine) as change:
            row = change.connection.execute(select(audit).where(*which)).first()
            if row is None:
                raise UnknownNameError("change", change_id, [])
            number = preference_of(change, user, row.backend)
            change.note(number)
            (current,) = load(change.connection, preferences.c.id == number)
            wanted = _before(row)
            places = tuple(_reconciled(change.connection, current, wanted))
            _let_go(change.connection, current, places)
            back = replace(wanted, id=str(number), destinations=places)
            rewrite(change.connection, number, back, _free(change.connection, number, back))
            return back


def _before(row: Any) -> Preference:
    return restored(row.before, row.preference_id, row.user, row.backend)


def _after(connection: Connection, row: Any) -> Preference | None:
    """Return how the preference was after a change: as it was before the next one, or is now."""
    next_one = select(func.min(audit.c.id)).where(audit.c.preference_id == row.preference_id, audit.c.id > row.id)
    following = connection.execute(select(audit).where(audit.c.id == next_one.scalar_subquery())).first()
    if following is not None:
        return _before(following)
    return next(load(connection, preferences.c.id == row.preference_id), None)


def _reconciled(connection: Connection, current: Preference, wanted: Preference) -> Iterator[Destination]:
    """Return the destinations that come back: what became of an address since is not undone."""
    now = {place.address: place for place in current.destinations}
    for place in wanted.destinations:
        rejected = about(current.user, current.backend, place.address), State.REJECTED
        if place.address in now:
            yield now[place.address]
        elif place.confirmed and any(one.state is rejected[1] for one in read(connection, rejected[0])):
            yield replace(place, confirmed=False)
        else:
            yield place


def _let_go(connection: Connection, current: Preference, places: tuple[Destination, ...]) -> None:
    """End questions to addresses that go with the change."""
    kept = {place.address for place in places}
    for place in current.destinations:
        if place.address not in kept:
            which = about(current.user, current.backend, place.address)
            end_open(connection, which, State.VOID, "the address was removed from the account", datetime.now(UTC))


def _free(connection: Connection, number: int, back: Preference) -> set[str]:
    """Return the ids of filters that can be used again: no filter of another preference has them."""
    ids = {int(one.id) for one in back.filters}
    used = select(filters.c.id).where(filters.c.id.in_(ids), filters.c.preference_id != number)
    return {str(one) for one in ids - set(connection.scalars(used))}
