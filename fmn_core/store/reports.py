"""Reports: what processes of the pipeline tell of themselves, for those who run it. Floor F2.

What they are called, and what stands in them:

* ``queues``: ``{"depths": {queue: pieces}, "dead": number}``
* ``dead``: ``{"letters": [{"id", "queue", "reason", "attempts", "died_at", "topic", "message_id", "user"}]}``
* ``worker.HOST.PROCESS``: ``{"rules": {identifier: {"count", "seconds", "errors"}}, "revision", "matched",
  "notifications", "unusable", "broken": {plugin: reason}}``, since that process began
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from .database import reading, storable, writing
from .tables import reports

QUEUES, DEAD, WORKER = "queues", "dead", "worker."

#: after which nobody has told anything: a report comes every few seconds
FRESH = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Report:
    """What was told last under a name.

    :param at: when
    """

    name: str
    value: Any
    at: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether it says how things are now."""
        return now - self.at <= FRESH


class Reports:
    """Safe for threads; every method is one transaction.

    :param engine: from :func:`fmn_core.store.database.open_engine`, of the current version
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, name: str, value: Any, now: datetime) -> None:
        """Tell something, in place of what was told under that name before."""
        dialect = sqlite if self._engine.dialect.name == "sqlite" else postgresql
        row = dialect.insert(reports).values(name=storable(name), value=value, at=now)
        fresh = {"value": row.excluded.value, "at": row.excluded.at}
        with writing(self._engine) as connection:
            connection.execute(row.on_conflict_do_update(index_elements=["name"], set_=fresh))

    def find(self, name: str) -> Report | None:
        """Return what was told last under a name; None for nothing."""
        return next((one for one in self.like(name) if one.name == name), None)

    def like(self, beginning: str = "") -> list[Report]:
        """Return all reports whose names begin so, by name."""
        which = reports.c.name.startswith(storable(beginning), autoescape=True)
        with reading(self._engine) as connection:
            rows = connection.execute(select(reports).where(which).order_by(reports.c.name)).all()
        return [Report(row.name, row.value, row.at) for row in rows]
