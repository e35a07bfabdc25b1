"""Revisions: every change of what workers and deliveries hold has a number, by which they learn of it. Floor F2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, select, update

from . import tables
from .database import writing
from .tables import preferences


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
        self._touched: set[int] = set()

    def note(self, *touched: int) -> None:
        """Note that something is different now.

        :param touched: keys of the preferences in which it is
        """
        self._different = True
        self._touched.update(touched)

    def finish(self) -> None:
        """Give the change its number, and the number to the preferences, if there is a change."""
        if self._different:
            number = count(self.connection)
            which = preferences.c.id.in_(sorted(self._touched))
            self.connection.execute(update(preferences).where(which).values(revision=number))


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
