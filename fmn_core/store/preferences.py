"""PreferenceStore: users and their preferences, with a number for each change. It knows no plugins. Floor F2."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Engine, select

from fmn_core.errors import UnknownNameError, UsageError
from fmn_core.model import Preference, User

from . import revisions
from .database import reading, writing
from .revisions import key
from .rows import load
from .saving import remove_user, save_user, stored_user, user_id
from .tables import filters, preferences, removals, users

#: what workers see: a preference that is on, of an account that is not disabled, and of it the filters that are on
_DISABLED = select(users.c.id).where(users.c.disabled != "").scalar_subquery()
_ENABLED = preferences.c.enabled.is_(True) & preferences.c.user_id.not_in(_DISABLED)
_ACTIVE = (filters.c.active.is_(True),)

#: rows that :meth:`PreferenceStore.enabled` holds at once
_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened since a revision.

    :param revision: the one that these changes lead to: ask for what came after it next time
    :param changed: preferences that are enabled now, with their active filters
    :param removed: ids of preferences that are gone or no longer enabled
    """

    revision: int
    changed: list[Preference]
    removed: list[str]


class PreferenceStore:
    """Users and their preferences. Safe for threads; every method is one transaction.

    :param engine: from :func:`fmn_core.store.database.open_engine`, of the current version
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def revision(self) -> int:
        """Return the number of the last change, 0 if there was none."""
        with reading(self._engine) as connection:
            return revisions.current(connection)

    def enabled(self) -> Iterator[Preference]:
        """Read all enabled preferences with their active filters, in the order they were made.

        Equal rules, arguments and presentations are the same object wherever they occur. To follow from there, ask for
        :meth:`revision` before, and for :meth:`changes_since` after.
        """
        with reading(self._engine) as connection:
            yield from load(connection, _ENABLED, _ACTIVE, _BATCH)

    def changes_since(self, revision: int) -> Changes:
        """Tell what happened after a revision."""
        newer = preferences.c.revision > revision
        with reading(self._engine) as connection:
            current = revisions.current(connection)
            if current == revision:
                return Changes(current, [], [])
            off = select(preferences.c.id).where(newer, ~_ENABLED)
            gone = select(removals.c.preference_id).where(removals.c.revision > revision)
            removed = [str(number) for query in (off, gone) for number in connection.scalars(query)]
            return Changes(current, list(load(connection, newer & _ENABLED, _ACTIVE)), removed)

    def get(self, preference_id: str) -> Preference | None:
        """Return a preference with all its filters, or None if there is none of this id."""
        return self.get_all([preference_id])[preference_id]

    def get_all(self, ids: Collection[str]) -> dict[str, Preference | None]:
        """Return preferences with all their filters, by id; None where there is none of this id."""
        found: dict[str, Preference | None] = dict.fromkeys(ids)
        numbers = sorted(number for one in found if (number := key(one)) is not None)
        with reading(self._engine) as connection:
            for start in range(0, len(numbers), _BATCH):
                some = preferences.c.id.in_(numbers[start : start + _BATCH])
                found.update((one.id, one) for one in load(connection, some))
        return found

    def users(self) -> list[str]:
        """Return the names of all users, sorted."""
        with reading(self._engine) as connection:
            return sorted(connection.scalars(select(users.c.name)))

    def user(self, name: str) -> User:
        """Return a user with all preferences.

        :raises UnknownNameError: naming what comes near
        """
        with reading(self._engine) as connection:
            if user_id(connection, name) is not None:
                return stored_user(connection, name)
        raise UnknownNameError("user", name, self.users())

    def add(self, user: User) -> User:
        """Save a user who must be new.

        :raises UsageError: if there is one of this name already
        """
        with writing(self._engine) as connection:
            revision = revisions.count(connection)
            if user_id(connection, user.name) is not None:
                raise UsageError(f"user {user.name!r} exists already; choose another name, or change this user")
            return save_user(connection, user, revision)

    def save(self, user: User) -> User:
        """Make a user be as given: what is stored and not given is removed.

        Preferences are known by their backend and keep their ids, filters are known by their ids.

        :returns: the user as stored, with ids and revisions
        :raises UsageError: if two preferences are for one backend, or a destination is given twice
        """
        return self.save_all([user])[0]

    def save_all(self, everybody: Iterable[User]) -> list[User]:
        """Save many users in one transaction, as :meth:`save` does one."""
        with writing(self._engine) as connection:
            revision = revisions.count(connection)
            return [save_user(connection, user, revision) for user in everybody]

    def change(self, name: str, how: Callable[[User], User]) -> User:
        """Save what somebody's preferences become, in the transaction that reads them: no change comes between.

        :param how: is told what there is, and says what it shall be; what it raises is raised, and nothing is changed
        :raises UnknownNameError: naming what comes near
        """
        with writing(self._engine) as connection:
            revision = revisions.count(connection)
            if user_id(connection, name) is None:
                raise UnknownNameError("user", name, connection.scalars(select(users.c.name)))
            return save_user(connection, how(stored_user(connection, name)), revision)

    def remove(self, name: str) -> None:
        """Remove a user and all preferences.

        :raises UnknownNameError: naming what comes near
        """
        with writing(self._engine) as connection:
            revision = revisions.count(connection)
            if user_id(connection, name) is None:
                raise UnknownNameError("user", name, connection.scalars(select(users.c.name)))
            remove_user(connection, name, revision)
