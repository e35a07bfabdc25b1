"""The SQLite file behind the embedded transport: its tables, its connection, its transactions. Floor F2."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from fmn_core.errors import TransportError

#: form of the tables; a file of another form is refused
FORM = 1

#: seconds to wait while another process writes
BUSY_SECONDS = 30.0

# work: owner is '' while the piece waits; due is 0 when it may go out, else seconds since the epoch; lost counts the
# owners that died with it. The index finds what is ready, oldest first, without passing by what waits for its retry.
_TABLES = """
CREATE TABLE work (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    payload BLOB NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    lost INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL DEFAULT 0,
    owner TEXT NOT NULL DEFAULT ''
);
CREATE INDEX work_waiting ON work (queue, owner, due);
CREATE INDEX work_out ON work (owner) WHERE owner <> '';
CREATE TABLE dead (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    payload BLOB NOT NULL,
    reason TEXT NOT NULL,
    died_at REAL NOT NULL,
    attempts INTEGER NOT NULL
);
"""
# what was told, for a while; AUTOINCREMENT, so that no number comes twice for somebody who listens
_NEWS = "CREATE TABLE IF NOT EXISTS news (id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT, payload BLOB, at REAL)"


class QueueFile:
    """An open queue file. Every failure of SQLite comes out as a :class:`TransportError`.

    :param path: made if it does not exist; its folder must
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._failures_named():
            self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def _prepare(self) -> None:
        with _alone(self._path):
            self._db.execute("PRAGMA journal_mode = WAL")
            if self._db.execute("PRAGMA user_version").fetchone()[0] == 0:
                self._db.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {FORM}; COMMIT;")
            self._db.execute(_NEWS)
        form = self._db.execute("PRAGMA user_version").fetchone()[0]
        if form != FORM:
            raise TransportError(
                f"queue file {str(self._path)!r} has form {form}, not {FORM}: let the version that wrote it empty it"
            )
        # with a write-ahead log, NORMAL survives a killed process and FULL a power cut too. A commit then waits for
        # the disk (0.25 ms on a solid-state one), which batches of a hundred make cheap
        self._db.execute("PRAGMA synchronous = FULL")

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for a single question."""
        with self._failures_named():
            yield self._db

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection inside of a transaction, which is on the disk when the block is left."""
        with self._failures_named():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _failures_named(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise TransportError(f"queue file {str(self._path)!r}: {error}") from error

    def close(self) -> None:
        """Close the connection."""
        self._db.close()


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let one process at a time prepare a file: SQLite does not wait for a change of its journal mode."""
    descriptor = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
