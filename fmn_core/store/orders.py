"""Orders: what those who run an instance want done by a process that may talk to the broker, and what they did. F2."""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, insert, select, update

from .database import reading, storable, writing
from .revisions import key
from .tables import orders

#: characters of an answer
LONGEST = 500


class What(enum.StrEnum):
    """What can be ordered, and what is only noted because it is done at once."""

    #: dead letters; the argument is the id of one, and None for all that there are
    REPLAY = "replay"
    DROP = "drop"
    #: noted; the argument is the name of an account, the answer says why, or how it ended
    ACT_AS = "act-as"
    ACT_NO_MORE = "act-no-more"
    DISABLE = "disable"
    ENABLE = "enable"
    END_SESSIONS = "end-sessions"


#: what is noted of an account
OF_ACCOUNTS = (What.ACT_AS, What.ACT_NO_MORE, What.DISABLE, What.ENABLE, What.END_SESSIONS)


@dataclass(frozen=True, slots=True)
class Order:
    """Something that was ordered.

    :param actor: who ordered it
    :param answer: what came of it, in one sentence; empty as long as nothing did
    """

    id: str
    what: str
    argument: Any
    actor: str
    answer: str
    made_at: datetime
    done_at: datetime | None


class Orders:
    """Safe for threads; every method is one transaction.

    :param engine: from :func:`fmn_core.store.database.open_engine`, of the current version
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def place(self, what: str, argument: Any, actor: str, now: datetime) -> str:
        """Order something, and return the id of the order."""
        return self._add(what, argument, actor, "", now, None)

    def note(self, what: str, argument: Any, actor: str, answer: str, now: datetime) -> str:
        """Note something that was done at once, and return its id."""
        return self._add(what, argument, actor, answer, now, now)

    def _add(self, what: str, argument: Any, actor: str, answer: str, now: datetime, done: datetime | None) -> str:
        row = {
            "what": storable(what),
            "argument": argument,
            "actor": storable(actor),
            "answer": storable(answer)[:LONGEST],
            "made_at": now,
            "done_at": done,
        }
        with writing(self._engine) as connection:
            return str(connection.execute(insert(orders).values(row).returning(orders.c.id)).scalar_one())

    def open(self, limit: int = 20) -> list[Order]:
        """Return orders that nobody has carried out yet, oldest first."""
        return self._found([orders.c.done_at.is_(None)], orders.c.id, limit)

    def done(self, order_id: str, answer: str, now: datetime) -> bool:
        """Answer an order.

        :param answer: what came of it
        :returns: whether it was open
        """
        which = orders.c.id == (key(order_id) or 0), orders.c.done_at.is_(None)
        values = {"answer": storable(answer)[:LONGEST], "done_at": now}
        with writing(self._engine) as connection:
            return connection.execute(update(orders).where(*which).values(values)).rowcount == 1

    def latest(self, limit: int = 50, before: str = "", whats: Collection[str] = ()) -> list[Order]:
        """Return orders, latest first.

        :param before: only those before this one, for whoever goes from page to page
        :param whats: only of these kinds
        """
        which = [
            *([orders.c.id < (key(before) or 0)] if before else []),
            *([orders.c.what.in_(whats)] if whats else []),
        ]
        return self._found(which, orders.c.id.desc(), limit)

    def about(self, user: str, limit: int = 20) -> list[Order]:
        """Return what was noted of an account, latest first."""
        which = [orders.c.what.in_(OF_ACCOUNTS), orders.c.argument == user]
        return self._found(which, orders.c.id.desc(), limit)

    def _found(self, which: list[ColumnElement[bool]], order: ColumnElement[Any], limit: int) -> list[Order]:
        query = select(orders).where(*which).order_by(order).limit(limit)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [
            Order(str(row.id), row.what, row.argument, row.actor, row.answer, row.made_at, row.done_at) for row in rows
        ]
