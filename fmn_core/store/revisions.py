"""Revisions: every change of what workers and deliveries hold has a number, by which they learn of it. Floor F2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, select, update

from fmn_core.model import Preference

from . import tables
from .database import writing
from .images import same
from .rows import load
from .tables import preferences
from .trail import record


def current(connection: Connection) -> int:
    """Return the number of the last change."""
    return int(connection.scalars(select(tables.revision.c.number)).one())


def count(connection: Connection) -> int:
    """Count a change and return its number. From here to the commit nobody else can, see :data:`tables.revision`."""
    connection.execute(update(tables.revision).values(number=tables.revision.c.number + 1))
    return current(connection)


class Change:
    """A change that is being made. It counts only if something is noted as different.

    :ivar connection: the transaction
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._different = False
        self._touched: dict[int, Preference] = {}

    def note(self, *touched: int) -> None:
        """Note that something will be different. To be called before it is, while it can be seen how it was.

        :param touched: keys of the preferences in which it will be
        """
        self._different = True
        self._touched.update(self._states(number for number in touched if number not in self._touched))

    def finish(self) -> None:
        """Give the change its number, and the number to the preferences, if there is a change; tell the audit."""
        if not self._different:
            return
        which = preferences.c.id.in_(sorted(self._touched))
        self.connection.execute(update(preferences).where(which).values(revision=count(self.connection)))
        for number, after in self._states(self._touched).items():
            if not same(self._touched[number], after):
                record(self.connection, self._touched[number])

    def _states(self, numbers: Iterable[int]) -> dict[int, Preference]:
        wanted = sorted(numbers)
        found = load(self.connection, preferences.c.id.in_(wanted)) if wanted else ()
        return {int(one.id): one for one in found}


@contextmanager
def changing(engine: Engine) -> Iterator[Change]:
    """Change something in one transaction. Others who change something wait, so what is read here stays true.

    :raises StoreError: whatever the database complains of
    """
    with writing(engine) as connection:
        connection.execute(select(tables.revision.c.number).with_for_update())  # SQLite's writers are alone anyway
        change = Change(connection)
        yield change
        change.finish()


def key(text: str) -> int | None:
    """Read one of our ids; anything else is the id of nothing."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else 0
    return number if 0 < number < 2**31 else None
