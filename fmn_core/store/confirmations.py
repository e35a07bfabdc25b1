"""Confirmations: a destination counts once somebody who reads there has accepted. Floor F2.

Each attempt has a secret of its own, of which only the fingerprint is kept: who knows it was reached at the address.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, func, insert, select

from fmn_core.backends import one_line
from fmn_core.errors import UsageError
from fmn_core.model import Destination, Notification

from .attempts import OPEN, Confirmation, State, about, end_open, fingerprint, forget, read, set_state
from .database import reading, storable, writing
from .destinations import add, confirm, find, preference_key, preference_of, remove
from .revisions import Change, changing
from .tables import confirmations
from .waiting import Waiting, Why, enter

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """How often somebody may ask.

    :param per_account: attempts of an account within an hour
    :param per_address: attempts for an address within a day, of all accounts together
    """

    per_account: int
    per_address: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an answer.

    :param confirmation: the attempt as it is now
    :param counted: whether this answer decided it; a second click does not
    :param switched_on: whether notifications were switched on along with it
    """

    confirmation: Confirmation
    counted: bool = False
    switched_on: bool = False


class Confirmations:
    """Safe for threads; every method is one transaction.

    :param engine: from :func:`fmn_core.store.database.open_engine`, of the current version
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, asked: Confirmation, secret: str, limits: Limits, compose: Callable[[str], Notification]) -> bool:
        """Add the address if it is new, and put the request to confirm it into the waiting room.

        What was asked before and not answered is void from now on.

        :param asked: the attempt
        :param compose: makes the request, given the id of the preference
        :returns: False, and nothing is done, where the address is confirmed already
        :raises UsageError: if it may not be asked, saying why
        """
        user, backend, address, now = asked.user, asked.backend, asked.address, asked.made_at
        with changing(self._engine) as change:
            preference = preference_of(change, user, backend)
            known = find(change, preference, address)
            if known is not None and known.receives:
                return False
            _refuse(change.connection, asked, limits)
            add(change, preference, address)
            mine = about(user, backend, address)
            end_open(change.connection, mine, State.VOID, "it was asked again, and the later request counts", now)
            request = compose(str(preference))
            values = {name: getattr(asked, name) for name in Confirmation.__slots__}
            values |= {"secret_hash": fingerprint(secret), "notification": request.id}
            change.connection.execute(insert(confirmations).values(values))
            enter(change.connection, [Waiting(request, Why.NOTICE, now)])
            return True

    def was_sent(self, notification_id: str, now: datetime) -> None:
        """Note that a request was sent, perhaps again; from now on the time for an answer runs."""
        which = [confirmations.c.notification == notification_id, confirmations.c.state.in_(OPEN)]
        with writing(self._engine) as connection:
            set_state(connection, which, state=State.ASKED, sent_at=now)

    def failed(self, notification_id: str, reason: str, now: datetime) -> None:
        """Note that a request could not be sent.

        :param reason: one sentence for the user
        """
        with writing(self._engine) as connection:
            which = confirmations.c.notification == notification_id
            end_open(connection, which, State.INVALID, one_line(reason), now)

    def is_open(self, notification_id: str) -> bool:
        """Tell whether a request still has to be sent: nobody has answered, and no later one took its place."""
        which = confirmations.c.notification == notification_id, confirmations.c.state.in_(OPEN)
        with reading(self._engine) as connection:
            return connection.scalar(select(confirmations.c.id).where(*which)) is not None

    def look(self, secret: str, now: datetime, lifetime: timedelta) -> Confirmation | None:
        """Return the attempt of a secret as of now, None where there is none. Nothing is changed.

        :param lifetime: how long after the last sending an answer counts
        """
        with reading(self._engine) as connection:
            return _of(connection, secret, now, lifetime)

    def accept(self, secret: str, now: datetime, lifetime: timedelta) -> Answer | None:
        """Confirm an address, which is not suspended from then on, if the attempt is open.

        The preference is switched on with the first address it ever has, and stays as it is otherwise.

        :returns: what came of it; None for a secret of nothing
        """
        with changing(self._engine) as change:
            found = _of(change.connection, secret, now, lifetime)
            if found is None or found.state not in OPEN:
                return Answer(found) if found else None
            if _destination(change, found) is None:
                return _decided(change, secret, State.VOID, now, "the address was removed from the account")
            switched_on = confirm(change, found.user, found.backend, found.address)
            return replace(_decided(change, secret, State.ACCEPTED, now), switched_on=switched_on)

    def reject(self, secret: str, now: datetime, lifetime: timedelta) -> Answer | None:
        """Remove an address, unless it is in use, if the attempt is open. The account cannot ask again.

        :returns: what came of it; None for a secret of nothing
        """
        with changing(self._engine) as change:
            found = _of(change.connection, secret, now, lifetime)
            if found is None or found.state not in OPEN:
                return Answer(found) if found else None
            destination = _destination(change, found)
            if destination is not None and not destination.receives:
                remove(change, found.user, found.backend, found.address)
            return _decided(change, secret, State.REJECTED, now)

    def of_user(self, user: str) -> list[Confirmation]:
        """Return all attempts of a user that are remembered, latest first."""
        with reading(self._engine) as connection:
            return read(connection, confirmations.c.user == storable(user))

    def forget_rejection(self, user: str, backend: str, address: str) -> bool:
        """Let an account ask again for an address where it was rejected.

        :returns: whether it was
        """
        with writing(self._engine) as connection:
            return forget(connection, about(user, backend, address) & (confirmations.c.state == State.REJECTED))


def _secret(secret: str) -> ColumnElement[bool]:
    return confirmations.c.secret_hash == fingerprint(secret)


def _of(connection: Connection, secret: str, now: datetime, lifetime: timedelta) -> Confirmation | None:
    found = read(connection, _secret(secret))
    return replace(found[0], state=found[0].at(now, lifetime)) if found else None


def _destination(change: Change, found: Confirmation) -> Destination | None:
    preference = preference_key(change, found.user, found.backend)
    return find(change, preference, found.address) if preference is not None else None


def _decided(change: Change, secret: str, state: State, now: datetime, reason: str = "") -> Answer:
    end_open(change.connection, _secret(secret), state, reason, now)
    (found,) = read(change.connection, _secret(secret))
    return Answer(found, counted=True)


def _refuse(connection: Connection, asked: Confirmation, limits: Limits) -> None:
    c = confirmations.c
    mine = about(asked.user, asked.backend, asked.address)
    if read(connection, mine & (c.state == State.REJECTED)):
        raise UsageError(
            f"{asked.address!r} has rejected account {asked.user!r}; who runs this service can allow it to ask again"
        )
    if _count(connection, c.user == asked.user, asked.made_at, HOUR) >= limits.per_account:
        raise UsageError(f"account {asked.user!r} has asked as often as it may within an hour; try again later")
    same = (c.backend == asked.backend) & (c.address == asked.address)
    if _count(connection, same, asked.made_at, DAY) >= limits.per_address:
        raise UsageError(f"{asked.address!r} was asked as often as it may be within a day; try again tomorrow")


def _count(connection: Connection, which: ColumnElement[bool], now: datetime, within: timedelta) -> int:
    """Count attempts of a while; one from the future, before a clock was put back, is of no while."""
    c = confirmations.c
    query = select(func.count()).select_from(confirmations)
    return connection.scalars(query.where(which, c.made_at > now - within, c.made_at < now + within)).one()
