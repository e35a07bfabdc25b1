"""The events of everybody, in one SQLite file that deliveries write and servers read. Any number of processes."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fmn_core import Settings

from .settings import SseSettings

#: name of the file, in the data folder
EVENTS_FILE = "events.sqlite"

#: an id is never used again, so a client that comes back never misses an event behind an old id
SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE NOT NULL, user TEXT NOT NULL, data TEXT NOT NULL,
    created REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS events_of_user ON events (user, id);
CREATE INDEX IF NOT EXISTS events_by_age ON events (created);
"""

#: seconds to wait for another process that writes
PATIENCE = 10.0


class Event(NamedTuple):
    """An event of a user: its id, and JSON."""

    id: int
    data: str


class EventLog:
    """What was said lately, by user. Opened at first use; safe for threads.

    :param keep_seconds: older events are forgotten
    :param keep_events: of each user the latest so many are kept
    :param clock: seconds since the epoch
    """

    def __init__(
        self, path: Path, keep_seconds: float, keep_events: int, clock: Callable[[], float] = time.time
    ) -> None:
        self.path = path
        self._keep_seconds, self._keep_events, self._clock = keep_seconds, keep_events, clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def append(self, user: str, key: str, data: str) -> None:
        """Add an event, and forget what has become too old or too much.

        :param key: a second event of the same key is the same event, and is not added
        :raises sqlite3.Error: if it is not added
        """
        now = self._clock()
        with self._lock, self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT OR IGNORE INTO events (key, user, data, created) VALUES (?, ?, ?, ?)", (key, user, data, now)
            )
            connection.execute("DELETE FROM events WHERE created < ?", (now - self._keep_seconds,))
            connection.execute(
                "DELETE FROM events WHERE user = ? AND id <="
                " (SELECT id FROM events WHERE user = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (user, user, self._keep_events),
            )

    def after(self, user: str, position: int, limit: int = 100) -> list[Event]:
        """Return the events of a user behind an id, oldest first."""
        rows = self._ask(
            "SELECT id, data FROM events WHERE user = ? AND id > ? AND created >= ? ORDER BY id LIMIT ?",
            (user, position, self._clock() - self._keep_seconds, limit),
        )
        return [Event(*row) for row in rows]

    def last(self) -> int:
        """Return the highest id that was ever given, or 0."""
        rows = self._ask("SELECT seq FROM sqlite_sequence WHERE name = 'events'")
        return int(rows[0][0]) if rows else 0

    def users_since(self, position: int) -> tuple[int, set[str]]:
        """Return the highest id now, and the users who have events behind another id."""
        rows = self._ask("SELECT id, user FROM events WHERE id > ?", (position,))
        return max((row[0] for row in rows), default=position), {row[1] for row in rows}

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._connection:
                self._connection.close()
            self._connection = None

    def _ask(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._open().execute(statement, values).fetchall()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._make()
            connection = sqlite3.connect(self.path, PATIENCE, isolation_level=None, check_same_thread=False)
            connection.executescript(SCHEMA)
            self._connection = connection
        return self._connection

    def _make(self) -> None:
        """Make the file before SQLite does, so that nobody else can read it for a moment."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise sqlite3.OperationalError(str(error)) from error


def open_events(settings: Settings) -> EventLog:
    """Return the event log of a configuration."""
    options = settings.section("sse", SseSettings)
    return EventLog(settings.data_dir / EVENTS_FILE, options.keep_seconds, options.keep_events)
