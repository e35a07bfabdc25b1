"""Users become rows: only what changed is written, and what changed carries the revision. Floor F2."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from fmn_core.errors import UsageError
from fmn_core.model import Filter, Preference, User

from .images import same
from .rows import dump_plan, dump_rules, load
from .tables import audit, destinations, filters, mutes, preferences, removals, tokens, users
from .trail import record


def user_id(connection: Connection, name: str) -> int | None:
    """Return the key of a user, or None if there is no such user."""
    return connection.scalar(select(users.c.id).where(users.c.name == name))


def stored_user(connection: Connection, name: str) -> User:
    """Read a user with all preferences, sorted by backend."""
    mine = preferences.c.user_id == select(users.c.id).where(users.c.name == name).scalar_subquery()
    return User(name, tuple(sorted(load(connection, mine), key=lambda preference: preference.backend)))


def save_user(connection: Connection, user: User, revision: int) -> User:
    """Make a user be as given, see :meth:`fmn_core.store.preferences.PreferenceStore.save`.

    :param revision: the number of this change
    :raises UsageError: if two preferences are for one backend, or a destination is given twice
    """
    _check(user)
    owner, stored = user_id(connection, user.name), {}
    if owner is None:
        owner = insert_row(connection, users, name=user.name)
    else:
        stored = {preference.backend: preference for preference in stored_user(connection, user.name).preferences}
    for preference in user.preferences:
        _save(connection, owner, stored.pop(preference.backend, None), preference, revision)
    for preference in stored.values():
        _remove(connection, preference, revision)
    return stored_user(connection, user.name)


def remove_user(connection: Connection, name: str, revision: int) -> None:
    """Remove a user and what only this user had; the preferences leave their tombstones."""
    for preference in stored_user(connection, name).preferences:
        _remove(connection, preference, revision)
    for table in (mutes, audit, tokens):
        connection.execute(delete(table).where(table.c.user == name))
    connection.execute(delete(users).where(users.c.name == name))


def _check(user: User) -> None:
    _once((p.backend for p in user.preferences), f"user {user.name!r} has two preferences for backend")
    for p in user.preferences:
        _once((d.address for d in p.destinations), f"user {user.name!r} has twice the {p.backend} destination")


def _once(values: Iterable[str], complaint: str) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise UsageError(f"{complaint} {value!r}; keep one")
        seen.add(value)


def _save(connection: Connection, owner: int, old: Preference | None, new: Preference, revision: int) -> None:
    if old is None:
        values = {"user_id": owner, "backend": new.backend, "revision": revision, **_values(new)}
        number = insert_row(connection, preferences, **values)
        _insert_destinations(connection, number, new)
        _insert_filters(connection, number, new, set())
    elif not same(old, new):  # what is as it was keeps its revision, so that no worker takes it in again
        record(connection, old)
        rewrite(connection, int(old.id), new, {f.id for f in old.filters})
        connection.execute(update(preferences).where(preferences.c.id == int(old.id)).values(revision=revision))


def rewrite(connection: Connection, number: int, wanted: Preference, known: set[str]) -> None:
    """Put all that a preference is in the place of what it was.

    :param number: its key
    :param known: ids that filters may keep
    """
    connection.execute(update(preferences).where(preferences.c.id == number).values(_values(wanted)))
    for table in (destinations, filters):
        connection.execute(delete(table).where(table.c.preference_id == number))
    _insert_destinations(connection, number, wanted)
    _insert_filters(connection, number, wanted, known)


def _values(one: Preference) -> dict[str, Any]:
    return {"enabled": one.enabled, "presentation": dict(one.presentation), "digest": dump_plan(one.digest)}


def _insert_destinations(connection: Connection, number: int, preference: Preference) -> None:
    rows = [
        {"preference_id": number, "position": position, **asdict(d)}
        for position, d in enumerate(preference.destinations)
    ]
    if rows:
        connection.execute(insert(destinations), rows)


def _insert_filters(connection: Connection, number: int, preference: Preference, known: set[str]) -> None:
    """Insert filters; those that were there before keep their ids.

    :param known: ids that they may keep; each serves once
    """
    for position, one in enumerate(preference.filters):
        row = _filter_row(one) | {"preference_id": number, "position": position}
        if one.id in known:
            known.discard(one.id)
            row["id"] = int(one.id)
        connection.execute(insert(filters), row)


def _filter_row(one: Filter) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in ("name", "active", "oneshot", "shot")}
    return row | {"rules": dump_rules(one.rules)}


def _remove(connection: Connection, preference: Preference, revision: int) -> None:
    number = int(preference.id)
    connection.execute(insert(removals).values(preference_id=number, revision=revision, at=datetime.now(UTC)))
    connection.execute(delete(preferences).where(preferences.c.id == number))


def insert_row(connection: Connection, table: Table, **values: Any) -> int:
    """Insert a row and return its key."""
    key = connection.execute(insert(table), values).inserted_primary_key
    return int(key[0])  # type: ignore[index] # None only where many rows were inserted
