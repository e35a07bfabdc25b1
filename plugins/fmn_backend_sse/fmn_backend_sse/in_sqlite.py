"""The carrier in one SQLite file, for processes on one machine."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .carrier import MICRO, CarrierAway, Event, EventCarrier, News, Window

#: each event names the one before it, so that what was forgotten is known; one without a name is nothing but news: of
#: tokens that were revoked
SCHEMA = """
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY, user TEXT NOT NULL, before INTEGER NOT NULL, name TEXT NOT NULL, data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS event_of_user ON event (user, id);
CREATE TABLE IF NOT EXISTS seen (key TEXT PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_by_age ON seen (id);
CREATE TABLE IF NOT EXISTS latest_of (user TEXT PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS generation (user TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS latest (id INTEGER NOT NULL);
INSERT INTO latest SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM latest);
"""

#: seconds to wait for another process that writes
PATIENCE = 10.0


class EventLog(EventCarrier):
    """A file.

    :param keep_seconds: older events are forgotten
    :param keep_events: of each user the latest so many are kept
    :param poll: seconds between two looks for news
    :param clock: seconds since the epoch
    """

    def __init__(
        self,
        path: Path,
        keep_seconds: float,
        keep_events: int,
        poll: float = 0.2,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path, self.place = path, f"event log {path}"
        self._keep, self._keep_events, self._poll, self._clock = int(keep_seconds * MICRO), keep_events, poll, clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def append(self, user: str, key: str, name: str, data: str) -> bool:
        """See :meth:`EventCarrier.append`."""
        with self._writing() as connection:
            self._forget_what_is_old(connection)
            if connection.execute("SELECT 1 FROM seen WHERE key = ?", (key,)).fetchone():
                return False
            given = self._next(connection)
            connection.execute("INSERT INTO seen VALUES (?, ?)", (key, given))
            before = _latest_of(connection, user)
            connection.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?)", (given, user, before, name, data))
            connection.execute("INSERT OR REPLACE INTO latest_of VALUES (?, ?)", (user, given))
            self._forget_what_is_much(connection, user)
            return True

    def read(self, positions: Mapping[str, int], limit: int) -> dict[str, Window]:
        """See :meth:`EventCarrier.read`."""
        with self._reading() as connection:
            oldest = self._oldest()
            return {user: _window(connection, user, behind, oldest, limit) for user, behind in positions.items()}

    def last(self) -> int:
        """See :meth:`EventCarrier.last`."""
        with self._reading() as connection:
            return _last(connection)

    def news(self, position: int, patience: float) -> News:
        """See :meth:`EventCarrier.news`."""
        until = time.monotonic() + patience
        while True:
            found = self._look(position)
            if found.users != set() or time.monotonic() >= until:
                return found
            time.sleep(self._poll)

    def generation(self, user: str) -> int:
        """See :meth:`EventCarrier.generation`."""
        with self._reading() as connection:
            known = _generation(connection, user)
        if known:
            return known
        with self._writing() as connection:
            return _generation(connection, user) or self._new_generation(connection, user)

    def revoke(self, user: str) -> None:
        """See :meth:`EventCarrier.revoke`."""
        with self._writing() as connection:
            given = self._new_generation(connection, user)
            connection.execute("INSERT INTO event VALUES (?, ?, 0, '', '')", (given, user))

    def close(self) -> None:
        """See :meth:`EventCarrier.close`."""
        with self._lock:
            if self._connection:
                self._connection.close()
            self._connection = None

    def _look(self, position: int) -> News:
        with self._reading() as connection:
            last = _last(connection)
            rows = connection.execute("SELECT id, user FROM event WHERE id > ?", (position,)).fetchall()
        if last < position:
            return News(last, None)  # another file
        return News(max((row[0] for row in rows), default=position), {row[1] for row in rows})

    def _oldest(self) -> int:
        return int(self._clock() * MICRO) - self._keep

    def _next(self, connection: sqlite3.Connection) -> int:
        given = max(int(self._clock() * MICRO), _last(connection) + 1)
        connection.execute("UPDATE latest SET id = ?", (given,))
        return given

    def _new_generation(self, connection: sqlite3.Connection, user: str) -> int:
        given = self._next(connection)
        connection.execute("INSERT OR REPLACE INTO generation VALUES (?, ?)", (user, given))
        return given

    def _forget_what_is_old(self, connection: sqlite3.Connection) -> None:
        for table in ("event", "seen"):
            connection.execute(f"DELETE FROM {table} WHERE id < ?", (self._oldest(),))  # noqa: S608 - our own names

    def _forget_what_is_much(self, connection: sqlite3.Connection, user: str) -> None:
        connection.execute(
            "DELETE FROM event WHERE user = ? AND id <="
            " (SELECT id FROM event WHERE user = ? AND name != '' ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (user, user, self._keep_events),
        )

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained():
            yield self._open()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained(), self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise CarrierAway(f"{self.place} cannot be used: {error}") from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            # made before SQLite makes it, so that nobody else can read it for a moment
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = sqlite3.connect(self.path, PATIENCE, isolation_level=None, check_same_thread=False)
            try:
                _write_ahead(connection)
                connection.executescript(SCHEMA)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Have writers append to a log beside the file, which then stays so. Here alone SQLite does not wait for others."""
    deadline = time.monotonic() + PATIENCE
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _last(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT id FROM latest").fetchone()[0])


def _generation(connection: sqlite3.Connection, user: str) -> int:
    row = connection.execute("SELECT number FROM generation WHERE user = ?", (user,)).fetchone()
    return int(row[0]) if row else 0


def _latest_of(connection: sqlite3.Connection, user: str) -> int:
    row = connection.execute("SELECT id FROM latest_of WHERE user = ?", (user,)).fetchone()
    return int(row[0]) if row else 0


def _window(connection: sqlite3.Connection, user: str, behind: int, oldest: int, limit: int) -> Window:
    query = "SELECT id, name, data, before FROM event WHERE user = ? AND id >= ? AND name != '' ORDER BY id LIMIT ?"
    first = connection.execute(query, (user, oldest, 1)).fetchone()
    rows = connection.execute(query, (user, max(behind + 1, oldest), limit))
    events = tuple(Event(*row[:3]) for row in rows)
    horizon = int(first[3]) if first else _latest_of(connection, user)
    return Window(_last(connection), _generation(connection, user), horizon, events)
