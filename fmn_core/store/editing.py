"""Editing: one filter of a user is added, changed, removed or moved, and what another tab did meanwhile is kept. F2."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Engine, delete, func, select, update

from fmn_core import codec
from fmn_core.errors import UnknownNameError, UsageError
from fmn_core.model import Filter, Preference

from .database import reading, storable
from .destinations import preference_key, preference_of
from .revisions import Change, changing, key
from .rows import dump_rules, load
from .saving import insert_row
from .tables import filters, preferences, users


class ConflictError(UsageError):
    """Somebody has saved another version since this one was read.

    :ivar current: what is saved now
    """

    def __init__(self, current: Filter) -> None:
        self.current = current
        super().__init__(f"filter {current.name!r} was changed meanwhile, in another window or by another program")


def version_of(one: Filter) -> str:
    """Return a fingerprint by which two versions of a filter are told apart, 16 hex digits."""
    text = codec.dumps([one.name, one.active, one.oneshot, dump_rules(one.rules)])
    return hashlib.blake2b(text, digest_size=8).hexdigest()


class Editing:
    """Safe for threads; every method is one transaction and looks at nothing that is another user's.

    :param engine: from :func:`fmn_core.store.database.open_engine`, of the current version
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_filter(self, user: str, filter_id: str) -> tuple[Preference, Filter] | None:
        """Return one of a user's filters, with the preference that it belongs to; None if they have no such filter."""
        with reading(self._engine) as connection:
            found = list(load(connection, _holder(user, filter_id)))
        pairs = [(preference, one) for preference in found for one in preference.filters if one.id == filter_id]
        return pairs[0] if pairs else None

    def add_filter(self, user: str, backend: str, one: Filter) -> Filter:
        """Add a filter after those that there are, and return it with its id.

        :raises UnknownNameError: if there is no such user
        """
        with changing(self._engine) as change:
            preference = preference_of(change, user, backend)
            change.note(preference)
            return _insert(change, preference, _next_position(change, preference), one)

    def replace_filter(self, user: str, one: Filter, expected: str) -> Filter:
        """Put another version of a filter in its place. One that is switched on again has its shot again.

        :param one: with the id of the filter
        :param expected: :func:`version_of` what the change began with
        :raises ConflictError: if it was changed since
        :raises UnknownNameError: if it is gone
        """
        with changing(self._engine) as change:
            preference, current = _find(change, user, one.id)
            if version_of(current) != expected:
                raise ConflictError(current)
            values = _values(one) | {"shot": "" if one.active else current.shot}
            change.note(preference)
            change.connection.execute(update(filters).where(filters.c.id == key(one.id)).values(values))
            return Filter(one.id, one.name, one.rules, one.active, one.oneshot, values["shot"])

    def remove_filter(self, user: str, filter_id: str) -> Filter | None:
        """Remove a filter, and return what it was; None if there was none."""
        with changing(self._engine) as change:
            try:
                preference, current = _find(change, user, filter_id)
            except UnknownNameError:
                return None
            change.note(preference)
            change.connection.execute(delete(filters).where(filters.c.id == key(filter_id)))
            return current

    def order_filters(self, user: str, backend: str, ids: Sequence[str]) -> bool:
        """Put filters in this order; those that are not named keep theirs, behind.

        :returns: whether that changed anything
        """
        f = filters.c
        which = select(f.id, f.preference_id).select_from(filters.join(preferences).join(users))
        mine = users.c.name == storable(user), preferences.c.backend == storable(backend)
        with changing(self._engine) as change:
            rows = change.connection.execute(which.where(*mine).order_by(f.position)).all()
            before = [row.id for row in rows]
            wanted = [number for one in dict.fromkeys(ids) if (number := key(one)) in before]
            after = wanted + [number for number in before if number not in wanted]
            if after == before:
                return False
            change.note(rows[0].preference_id)
            for position, number in enumerate(after):
                change.connection.execute(update(filters).where(f.id == number).values(position=position))
            return True

    def reset_filters(self, user: str, backend: str, wanted: Sequence[Filter]) -> None:
        """Put these filters in the place of all that a preference has."""
        with changing(self._engine) as change:
            preference = preference_of(change, user, backend)
            change.note(preference)
            change.connection.execute(delete(filters).where(filters.c.preference_id == preference))
            _insert_all(change, preference, wanted)

    def begin(self, user: str, backend: str, wanted: Sequence[Filter]) -> bool:
        """Give a user a preference with these filters, unless they have one, whoever gave it to them meanwhile.

        :returns: whether they had none
        """
        with changing(self._engine) as change:
            if preference_key(change, user, backend) is not None:
                return False
            _insert_all(change, preference_of(change, user, backend), wanted)
            return True


def _values(one: Filter) -> dict[str, Any]:
    return {"name": one.name, "active": one.active, "oneshot": one.oneshot, "rules": dump_rules(one.rules)}


def _insert(change: Change, preference: int, position: int, one: Filter) -> Filter:
    values = _values(one) | {"preference_id": preference, "position": position, "shot": ""}
    number = insert_row(change.connection, filters, **values)
    return Filter(str(number), one.name, one.rules, one.active, one.oneshot)


def _insert_all(change: Change, preference: int, wanted: Sequence[Filter]) -> None:
    for position, one in enumerate(wanted):
        _insert(change, preference, position, one)


def _next_position(change: Change, preference: int) -> int:
    last = select(func.coalesce(func.max(filters.c.position), -1)).where(filters.c.preference_id == preference)
    return int(change.connection.scalars(last).one()) + 1


def _holder(user: str, filter_id: str) -> ColumnElement[bool]:
    """Choose the preference that has a filter, if it is the user's."""
    holder = select(filters.c.preference_id).where(filters.c.id == key(filter_id)).scalar_subquery()
    owner = select(users.c.id).where(users.c.name == storable(user)).scalar_subquery()
    return (preferences.c.id == holder) & (preferences.c.user_id == owner)


def _find(change: Change, user: str, filter_id: str) -> tuple[int, Filter]:
    for preference in load(change.connection, _holder(user, filter_id)):
        for one in preference.filters:
            if one.id == filter_id:
                return int(preference.id), one
    raise UnknownNameError("filter", filter_id, [])
