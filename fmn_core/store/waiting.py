"""The waiting room: notifications that delivery has taken and does not send now, and why. Floor F2.

Whoever puts something in here has put it on the disk. It leaves in the transaction in which the ledger is told what
became of it, so nothing is gone before it was sent.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from fmn_core.codec import decode_notification, encode_notification
from fmn_core.errors import DecodeError
from fmn_core.model import Notification

from .database import chunks, reading, writing
from .tables import waiting


class Why(enum.StrEnum):
    """Why a notification waits."""

    #: the user wants a digest
    DIGEST = "digest"
    #: it is a quiet hour
    QUIET = "quiet"
    #: there were too many at once
    OVERFLOW = "overflow"
    #: the destination does not take it now; what comes later for it waits behind
    TROUBLE = "trouble"
    #: others to the same destination wait before it
    BEHIND = "behind"
    #: the backend raised what it should not; nothing waits behind it
    BUG = "bug"
    #: FMN itself has something to say: it goes at once
    NOTICE = "notice"


log = logging.getLogger(__name__)

#: what is sent as one
COLLECTED = (Why.DIGEST, Why.QUIET, Why.OVERFLOW)
#: what is sent in order, one by one
IN_LINE = (Why.TROUBLE, Why.BEHIND)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One notification in the waiting room.

    :param since: when delivery took it; this orders what goes to one destination
    :param due: when it may be sent, where that is known
    :param attempts: how often it was tried
    """

    notification: Notification
    why: Why
    since: datetime
    due: datetime | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """What waits at one destination, for one preference and for one reason.

    :param oldest: since when the first of them waits
    :param latest: since when the last of them waits
    :param due: the earliest that any of them is due; None where none says
    """

    destination: str
    user: str
    preference: str
    why: Why
    count: int
    oldest: datetime
    latest: datetime
    due: datetime | None


class WaitingRoom:
    """Safe for threads; every method is one transaction.

    :param engine: from :func:`fmn_core.store.database.open_engine`, of the current version
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, some: Sequence[Waiting]) -> None:
        """Let notifications wait, those that do already from now on for another reason."""
        if some:
            with writing(self._engine) as connection:
                enter(connection, some)

    def known(self, ids: Collection[str]) -> set[str]:
        """Return those notifications that wait."""
        with reading(self._engine) as connection:
            return {
                found
                for part in chunks(list(ids))
                for found in connection.scalars(select(waiting.c.notification).where(waiting.c.notification.in_(part)))
            }

    def groups(self, backend: str) -> list[Group]:
        """Return what waits for a backend, summed up, longest waiting first."""
        w = waiting.c
        columns = w.destination, w.user, w.preference, w.why
        oldest = func.min(w.since).label("oldest")
        latest = func.max(w.since).label("latest")
        sums = func.count().label("count"), oldest, latest, func.min(w.due).label("due")
        query = select(*columns, *sums).where(w.backend == backend)
        with reading(self._engine) as connection:
            rows = connection.execute(query.group_by(*columns).order_by(oldest))
            return [Group(**{**row, "why": Why(row["why"])}) for row in rows.mappings()]

    def census(self, backend: str) -> dict[Why, int]:
        """Return how many wait for a backend for each reason, those for which none does included."""
        query = (
            select(waiting.c.why, func.count().label("number"))
            .where(waiting.c.backend == backend)
            .group_by(waiting.c.why)
        )
        with reading(self._engine) as connection:
            counts = {row.why: row.number for row in connection.execute(query)}
        return {why: counts.get(why, 0) for why in Why}

    def take(self, backend: str, destination: str, whys: Collection[Why], limit: int, **which: Any) -> list[Waiting]:
        """Return what waits at a destination for one of these reasons, in order; it stays in the room.

        :param limit: notifications at most
        :param which: values of other columns, such as ``preference``
        """
        w = waiting.c
        where = [w.backend == backend, w.destination == destination, w.why.in_([*whys])]
        where += [w[name] == value for name, value in which.items()]
        query = select(waiting).where(*where).order_by(w.since, w.id).limit(limit)
        with reading(self._engine) as connection:
            return [one for row in connection.execute(query).mappings() if (one := _waiting(row))]

    def moving(self) -> int:
        """Return how many go by themselves sooner or later: what is collected for a digest is not counted."""
        query = select(func.count()).select_from(waiting).where(waiting.c.why.not_in(COLLECTED))
        with reading(self._engine) as connection:
            return connection.scalar(query) or 0

    def count(self, user: str, backend: str | None = None) -> int:
        """Return how many of a user's notifications wait, for one backend or for all."""
        where = [waiting.c.user == user, *([waiting.c.backend == backend] if backend else [])]
        with reading(self._engine) as connection:
            return connection.scalar(select(func.count()).select_from(waiting).where(*where)) or 0


def enter(connection: Connection, some: Iterable[Waiting]) -> None:
    """Put notifications into the room within a transaction; those that are there already change their reason."""
    for one in some:
        fields = {"why": one.why, "since": one.since, "due": one.due, "attempts": one.attempts}
        known = waiting.c.notification == one.notification.id
        if connection.execute(update(waiting).where(known).values(fields)).rowcount == 0:
            connection.execute(insert(waiting).values({**fields, **_row(one.notification)}))


def leave(connection: Connection, ids: Collection[str]) -> None:
    """Take notifications out of the room within a transaction; those that are not there do no harm."""
    for part in chunks(list(ids)):
        connection.execute(delete(waiting).where(waiting.c.notification.in_(part)))


def _row(one: Notification) -> dict[str, Any]:
    return {
        "notification": one.id,
        "backend": one.backend,
        "destination": one.destination,
        "user": one.user,
        "preference": one.preference,
        "payload": encode_notification(one).decode("utf-8"),
    }


def _waiting(row: Any) -> Waiting | None:
    try:
        notification = decode_notification(row["payload"].encode("utf-8"))
    except DecodeError as error:  # of another version of this code: it stays until that one is back
        log.error("notification %s stays in the waiting room: %s", row["notification"], error)
        return None
    return Waiting(notification, Why(row["why"]), row["since"], row["due"], row["attempts"])
