"""Pruning: what nobody needs any more is forgotten, some rows at a time so that nobody waits for it. Floor F2."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Engine, and_, delete, exists, func, not_, or_, select, tuple_

from fmn_core.model import Outcome

from .attempts import OPEN, State
from .database import writing
from .reports import WORKER
from .tables import audit, confirmations, ledger, mutes, orders, removals, reports, waiting

#: rows that one transaction forgets
ROWS = 1000


class Pruning:
    """Each method forgets :data:`ROWS` rows at most, in one transaction, and returns how many it were.

    :param engine: from :func:`fmn_core.store.database.open_engine`, of the current version
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ledger(self, before: datetime) -> int:
        """Forget what became of notifications that is known since before a moment, but for those that still wait."""
        waits = exists().where(waiting.c.notification == ledger.c.notification)
        open_ = ledger.c.outcome.in_((Outcome.QUEUED, Outcome.DEFERRED))
        return self._forget([ledger.c.notification], and_(ledger.c.at < before, not_(and_(open_, waits))))

    def tombstones(self, before: datetime) -> int:
        """Forget which preferences were removed before a moment. Who has not followed since has to read all anew."""
        return self._forget([removals.c.preference_id], removals.c.at < before)

    def audit(self, before: datetime) -> int:
        """Forget changes of preferences from before a moment; they can be taken back no more."""
        return self._forget([audit.c.id], audit.c.at < before)

    def orders(self, before: datetime) -> int:
        """Forget orders that were carried out before a moment."""
        return self._forget([orders.c.id], orders.c.done_at < before)

    def reports(self, before: datetime) -> int:
        """Forget what workers have told that are gone since before a moment."""
        return self._forget([reports.c.name], and_(reports.c.name.startswith(WORKER), reports.c.at < before))

    def mutes(self, now: datetime) -> int:
        """Forget mutes that are over."""
        return self._forget([mutes.c.user, mutes.c.thread], mutes.c.until <= now)

    def confirmations(self, before: datetime) -> int:
        """Forget attempts that ended before a moment, with or without an answer; rejections are never forgotten."""
        c = confirmations.c
        ended = or_(c.decided_at < before, and_(c.state.in_(OPEN), func.coalesce(c.sent_at, c.made_at) < before))
        return self._forget([c.id], and_(ended, c.state != State.REJECTED))

    def _forget(self, key: list[ColumnElement[object]], which: ColumnElement[bool]) -> int:
        """Delete rows. Those that somebody else is changing now are left for another time."""
        table = key[0].table
        some = select(*key).where(which).limit(ROWS).with_for_update(skip_locked=True, of=table)
        with writing(self._engine) as connection:
            return connection.execute(delete(table).where(tuple_(*key).in_(some))).rowcount
