"""Database: an engine for SQLite or PostgreSQL, its two kinds of transaction, and its failures as sentences. F2."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from fmn_core.errors import StoreError, UsageError

#: seconds that a connection waits for another process to finish writing, or for a server to answer
PATIENCE = 30
SERVER_PATIENCE = 10

#: values in one statement; SQLite takes 32,766
_CHUNK = 1000

#: per connection. FULL lets a commit wait for the disk (0.25 ms on a solid-state one), so that no power cut takes back
#: what somebody saved, or makes the ledger forget what was sent; with a log beside the file, NORMAL would allow both
PRAGMAS = (
    f"busy_timeout = {PATIENCE * 1000}",
    "foreign_keys = ON",
    "synchronous = FULL",
)


def open_engine(url: str) -> Engine:
    """Make an engine; it connects when it is first used.

    :param url: an SQLAlchemy URL of SQLite (a file) or PostgreSQL
    :raises UsageError: if it is neither
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UsageError(
            f"{url!r} is no database URL; write sqlite:////folder/file or postgresql://host/name"
        ) from None
    if parsed.drivername == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return _sqlite(parsed)
    if parsed.drivername in ("postgresql", "postgresql+psycopg"):
        return _postgresql(parsed.set(drivername="postgresql+psycopg"))
    raise UsageError(f"{_shown(parsed)!r} cannot hold the store; use a file of SQLite or a database of PostgreSQL")


def _sqlite(url: URL) -> Engine:
    # SQLite lets writers look again after ever longer pauses; those of one process stand in line instead
    line = {"writers": threading.Lock()}
    # every transaction here ends by itself, so nothing is left to be rolled back when a connection is put away
    engine = create_engine(url, connect_args={"timeout": PATIENCE}, execution_options=line, pool_reset_on_return=None)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _postgresql(url: URL) -> Engine:
    try:
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": SERVER_PATIENCE})
    except (ImportError, NoSuchModuleError):
        raise StoreError("the driver of PostgreSQL is missing; install fmn-core[postgresql]") from None


def _prepare(connection: sqlite3.Connection, record: Any) -> None:
    connection.isolation_level = None  # the driver's own idea of transactions leaves out SELECT and DDL
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    _write_ahead(connection)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Have writers append to a log beside the file, which then stays so. Here alone SQLite does not wait for others."""
    deadline = time.monotonic() + PATIENCE
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _begin(connection: Connection) -> None:
    """Begin as a reader or as a writer: a reader that starts to write is refused at once where another one wrote."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Read in one transaction: all statements see the same state.

    :raises StoreError: whatever the database complains of
    """
    options: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with explained(engine), engine.connect().execution_options(**options) as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Write in one transaction, committed at the end and rolled back at an exception.

    :raises StoreError: whatever the database complains of
    """
    line = engine.get_execution_options().get("writers") or nullcontext()
    with line, explained(engine), engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


def chunks(values: list[str]) -> list[list[str]]:
    """Cut values into parts that one statement can hold."""
    return [values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK)]


def storable(text: str) -> str:
    """Return text as both databases take it: strangers send zeros and halves of characters."""
    if text.isascii() and "\0" not in text:  # nearly all of it
        return text
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")


@contextmanager
def explained(engine: Engine) -> Iterator[None]:
    """Turn what the driver raises into one sentence."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(_sentence(engine, error)) from error


def _sentence(engine: Engine, error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
    return f"database {_shown(engine.url)!r} cannot be used: {lines[0]}"


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)
