"""Ledger: what became of each notification. It is asked before sending and told afterwards. Floor F2."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, and_, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from fmn_core.model import Notification, Outcome

from .database import chunks, reading, storable, writing
from .tables import ledger

#: outcomes after which a notification is never sent again. A failed one may be: the operator can replay it
DONE = (Outcome.SENT, Outcome.SUPPRESSED)


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What became of one notification.

    :param notification: its id
    :param reason: one sentence, empty where all went well
    :param attempts: how often it was tried
    :param at: when this became known
    :param until: when it is tried again or sent with others, where it was deferred and that is known
    :param thread: of the message
    :param summary: of the message
    """

    notification: str
    message_id: str
    user: str
    backend: str
    destination: str
    filter_name: str
    outcome: Outcome
    reason: str
    attempts: int
    at: datetime
    until: datetime | None = None
    filter_id: str = ""
    thread: str = ""
    summary: str = ""

    @classmethod
    def of(
        cls,
        one: Notification,
        outcome: Outcome,
        at: datetime,
        reason: str = "",
        attempts: int = 0,
        until: datetime | None = None,
    ) -> LedgerEntry:
        """Make the entry of a notification."""
        return cls(
            notification=one.id,
            message_id=one.message_id,
            user=one.user,
            backend=one.backend,
            destination=one.destination,
            filter_name=one.filter_name,
            outcome=outcome,
            reason=reason,
            attempts=attempts,
            at=at,
            until=until,
            filter_id=one.filter_id,
            thread=one.facts.thread,
            summary=one.facts.summary,
        )


_COLUMNS = tuple(field.name for field in fields(LedgerEntry))


class Known(NamedTuple):
    """What is known of a notification.

    :param at: since when; of one that is queued, when it was taken for the first time
    """

    outcome: Outcome
    at: datetime


class Ledger:
    """Remembers by the notification's id. Safe for threads; every method is one transaction.

    :param engine: from :func:`fmn_core.store.database.open_engine`, of the current version
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def sent(self, ids: Collection[str]) -> set[str]:
        """Return those notifications that are done: sent, or suppressed for good."""
        with reading(self._engine) as connection:
            found: set[str] = set()
            for some in chunks(list(ids)):
                query = select(ledger.c.notification).where(ledger.c.notification.in_(some), ledger.c.outcome.in_(DONE))
                found.update(connection.scalars(query))
            return found

    def record(self, entries: Sequence[LedgerEntry]) -> None:
        """Note what became of notifications. A later entry takes the place of an earlier one, unless that is done."""
        if entries:
            with writing(self._engine) as connection:
                write_entries(connection, entries)

    def take(self, entries: Sequence[LedgerEntry]) -> dict[str, Known]:
        """Note notifications of which nothing was known, and return what was known of the others."""
        with writing(self._engine) as connection:
            known = _found(connection, [entry.notification for entry in entries])
            new = [entry for entry in entries if entry.notification not in known]
            write_entries(connection, new)
        return known

    def queued(self, backend: str, since: datetime) -> dict[str, datetime]:
        """Return when the last one was taken that is still queued, by destination.

        :param since: only what was taken at this moment or later; that is quick where it is about now
        """
        c = ledger.c
        query = select(c.destination, func.max(c.at)).where(
            c.at >= since, c.backend == storable(backend), c.outcome == Outcome.QUEUED
        )
        with reading(self._engine) as connection:
            return {row[0]: row[1] for row in connection.execute(query.group_by(c.destination))}

    def find(self, user: str, notification: str) -> LedgerEntry | None:
        """Return what became of one of a user's notifications; None if it is not known, or not theirs."""
        which = ledger.c.user == storable(user), ledger.c.notification == storable(notification)
        with reading(self._engine) as connection:
            row = connection.execute(select(ledger).where(*which)).mappings().first()
        return _entry(row) if row else None

    def of_user(
        self,
        user: str,
        limit: int = 100,
        backend: str | None = None,
        before: datetime | None = None,
        behind: str = "",
        outcome: Outcome | None = None,
        filter_id: str | None = None,
    ) -> list[LedgerEntry]:
        """Return what became of a user's notifications, of one backend or of all, latest first.

        :param before: only what became known before this moment
        :param behind: a notification of that very moment: those of it that come behind this one too. All of a digest
            became known in one moment, so who goes from page to page names the last one that was seen
        :param outcome: only of this outcome
        :param filter_id: only what this filter let through
        """
        where = [ledger.c.user == storable(user), *([ledger.c.backend == storable(backend)] if backend else [])]
        if before:
            same = and_(ledger.c.at == before, ledger.c.notification < storable(behind))
            where.append(or_(ledger.c.at < before, same))
        where += [ledger.c.outcome == outcome] if outcome else []
        where += [ledger.c.filter_id == storable(filter_id)] if filter_id else []
        query = select(ledger).where(*where).order_by(ledger.c.at.desc(), ledger.c.notification.desc()).limit(limit)
        with reading(self._engine) as connection:
            return [_entry(row) for row in connection.execute(query).mappings()]

    def of_message(self, user: str, message_id: str) -> list[LedgerEntry]:
        """Return what became of a user's notifications of one message, latest first."""
        which = ledger.c.user == storable(user), ledger.c.message_id == storable(message_id)
        query = select(ledger).where(*which).order_by(ledger.c.at.desc(), ledger.c.notification.desc())
        with reading(self._engine) as connection:
            return [_entry(row) for row in connection.execute(query).mappings()]

    def let_through(self, user: str, since: datetime) -> Counter[str]:
        """Return how many messages came to a user since a moment, by the id of the filter that asked for them."""
        columns = ledger.c.filter_id, func.count(ledger.c.message_id.distinct())
        query = select(*columns).where(ledger.c.user == storable(user), ledger.c.at >= since).group_by(columns[0])
        with reading(self._engine) as connection:
            return Counter({row[0]: row[1] for row in connection.execute(query)})

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how many notifications there are of each backend and outcome."""
        columns = ledger.c.backend, ledger.c.outcome
        with reading(self._engine) as connection:
            rows = connection.execute(select(*columns, func.count()).group_by(*columns))
            return {(backend, outcome): count for backend, outcome, count in rows}

    def volume(self, today: date, days: int = 30) -> dict[date, Counter[Outcome]]:
        """Return how many notifications there were on each of the last days, by what became of them.

        A notification counts on the day, in UTC, on which that became known. An index has all that this needs.

        :param today: the last day, oldest first
        """
        columns = ledger.c.outcome, func.count()
        found: dict[date, Counter[Outcome]] = {}
        with reading(self._engine) as connection:
            for day in (today - timedelta(days=ago) for ago in range(days - 1, -1, -1)):
                begins = datetime.combine(day, time(), UTC)
                within = ledger.c.at >= begins, ledger.c.at < begins + timedelta(days=1)
                rows = connection.execute(select(*columns).where(*within).group_by(ledger.c.outcome))
                found[day] = Counter({Outcome(outcome): count for outcome, count in rows})
        return found


def write_entries(connection: Connection, entries: Iterable[LedgerEntry]) -> None:
    """Note what became of notifications within a transaction. What is done stays as it is."""
    # one entry of each, the last; in one order everywhere, so that nobody waits for somebody who waits for him
    rows = sorted({e.notification: _row(e) for e in entries}.items())
    if rows:
        connection.execute(_upsert(connection.dialect.name), [row for _, row in rows])


def _found(connection: Connection, ids: list[str]) -> dict[str, Known]:
    columns = ledger.c.notification, ledger.c.outcome, ledger.c.at
    found: dict[str, Known] = {}
    for part in chunks(ids):
        rows = connection.execute(select(*columns).where(columns[0].in_(part)))
        found.update((row.notification, Known(Outcome(row.outcome), row.at)) for row in rows)
    return found


@lru_cache
def _upsert(dialect: str) -> Any:
    """Insert or update; both databases have the same words for it, and SQLAlchemy has them twice."""
    insert = sqlite.insert(ledger) if dialect == "sqlite" else postgresql.insert(ledger)
    values = {c.name: insert.excluded[c.name] for c in ledger.c if not c.primary_key}
    open_ = and_(*(ledger.c.outcome != outcome for outcome in DONE))  # NOT IN is not for many rows at once
    return insert.on_conflict_do_update(index_elements=["notification"], set_=values, where=open_)


def _row(entry: LedgerEntry) -> dict[str, Any]:
    """Flatten an entry. Ids of messages and answers of servers are strangers' text that a database may refuse."""
    values = ((name, getattr(entry, name)) for name in _COLUMNS)
    return {name: storable(value) if isinstance(value, str) else value for name, value in values}


def _entry(row: Any) -> LedgerEntry:
    return LedgerEntry(**{**row, "outcome": Outcome(row["outcome"])})
