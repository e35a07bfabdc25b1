"""Attempts: the rows of those who were asked whether an address is theirs, within a transaction. Floor F2."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select, update

from .database import storable
from .tables import confirmations
from .waiting import leave


class State(enum.StrEnum):
    """How far a confirmation has come."""

    #: the request waits to be sent
    PENDING = "pending"
    #: the request was sent
    ASKED = "asked"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    #: nobody has answered in time
    EXPIRED = "expired"
    #: the request could not be sent
    INVALID = "invalid"
    #: another attempt took its place, or the address was removed
    VOID = "void"


#: an answer still counts
OPEN = (State.PENDING, State.ASKED)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """One attempt to have an address confirmed.

    :param user: the account that wants to use the address
    :param reason: why it is invalid or void, else empty
    :param sent_at: when the request was last sent
    :param decided_at: when an answer came, or the attempt ended without one
    """

    user: str
    backend: str
    address: str
    state: State
    reason: str
    made_at: datetime
    sent_at: datetime | None
    decided_at: datetime | None

    def at(self, now: datetime, lifetime: timedelta) -> State:
        """Return the state as of a moment. A clock that jumped either way ends an attempt no later than it should.

        :param lifetime: how long after the last sending an answer counts
        """
        late = self.sent_at is not None and abs(now - self.sent_at) > lifetime
        return State.EXPIRED if self.state is State.ASKED and late else self.state


def fingerprint(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def about(user: str, backend: str, address: str) -> ColumnElement[bool]:
    """Return the condition on attempts of a user for an address."""
    c = confirmations.c
    return (c.user == storable(user)) & (c.backend == storable(backend)) & (c.address == storable(address))


def read(connection: Connection, *which: ColumnElement[bool]) -> list[Confirmation]:
    """Return attempts, latest first."""
    columns = [confirmations.c[name] for name in Confirmation.__slots__]
    rows = connection.execute(select(*columns).where(*which).order_by(confirmations.c.id.desc()))
    return [Confirmation(**{**row, "state": State(row["state"])}) for row in rows.mappings()]


def end_open(connection: Connection, which: ColumnElement[bool], state: State, reason: str, now: datetime) -> None:
    """End attempts that are open, and do not send what was not sent yet."""
    still = which & confirmations.c.state.in_(OPEN)
    leave(connection, list(connection.scalars(select(confirmations.c.notification).where(still))))
    set_state(connection, [still], state=state, reason=reason, decided_at=now)


def set_state(connection: Connection, which: Iterable[ColumnElement[bool]], **values: Any) -> bool:
    """Change attempts within a transaction.

    :returns: whether there were any
    """
    return connection.execute(update(confirmations).where(*which).values(values)).rowcount > 0


def forget(connection: Connection, which: ColumnElement[bool]) -> bool:
    """Forget attempts within a transaction.

    :returns: whether there were any
    """
    return connection.execute(delete(confirmations).where(which)).rowcount > 0
