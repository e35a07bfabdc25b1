"""Mutes: threads of which somebody wants to hear nothing for a while. Floor F2."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, delete, insert, select, update

from fmn_core.errors import UsageError

from .database import reading, storable
from .revisions import changing
from .tables import mutes

#: bytes of a thread: no longer ones fit into an index of PostgreSQL, beside a name
LONGEST = 2000


class Mutes:
    """Safe for threads; every method is one transaction. Each change counts, so that deliveries learn of it.

    :param engine: from :func:`fmn_core.store.database.open_engine`, of the current version
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, user: str, thread: str, until: datetime) -> None:
        """Mute a thread, or change until when.

        :raises UsageError: if that is too long to be a thread
        """
        if len(storable(thread).encode()) > LONGEST:
            raise UsageError(f"a thread that is muted has {LONGEST} bytes at most")
        which = mutes.c.user == storable(user), mutes.c.thread == storable(thread)
        with changing(self._engine) as change:
            known = change.connection.scalar(select(mutes.c.until).where(*which))
            if known is None:
                row = {"user": storable(user), "thread": storable(thread), "until": until}
                change.connection.execute(insert(mutes).values(row))
            elif known != until:
                change.connection.execute(update(mutes).where(*which).values(until=until))
            if known != until:
                change.note()

    def remove(self, user: str, thread: str) -> bool:
        """Hear of a thread again.

        :returns: whether it was muted
        """
        which = mutes.c.user == storable(user), mutes.c.thread == storable(thread)
        with changing(self._engine) as change:
            muted = change.connection.execute(delete(mutes).where(*which)).rowcount == 1
            if muted:
                change.note()
            return muted

    def all(self, now: datetime) -> dict[str, dict[str, datetime]]:
        """Return everybody's threads that are muted now, by user, and until when."""
        query = select(mutes).where(mutes.c.until > now)
        found: dict[str, dict[str, datetime]] = {}
        with reading(self._engine) as connection:
            for row in connection.execute(query):
                found.setdefault(row.user, {})[row.thread] = row.until
        return found

    def of_user(self, user: str, now: datetime) -> dict[str, datetime]:
        """Return a user's threads that are muted now, and until when."""
        query = select(mutes.c.thread, mutes.c.until).where(mutes.c.user == storable(user), mutes.c.until > now)
        with reading(self._engine) as connection:
            return {row.thread: row.until for row in connection.execute(query.order_by(mutes.c.until))}
