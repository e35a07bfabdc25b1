"""Accounts: who may log in, which of their sessions still count, and what a user who is new starts with. Floor F2."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, select, update

from fmn_core.backends import Backend, one_line
from fmn_core.errors import UnknownNameError
from fmn_core.model import Destination, Filter, Preference, User

from . import revisions
from .database import reading, storable, writing
from .revisions import changing
from .saving import save_user, user_id
from .tables import preferences, users


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of a user beside their preferences.

    :param mail: the address that the login service told last
    :param disabled: why nobody gets in; empty while all is well
    :param sessions: who is logged in with another number is logged in no more
    :param made_at: of the first login
    :param seen_at: of the last one
    """

    name: str
    mail: str = ""
    disabled: str = ""
    sessions: int = 0
    made_at: datetime | None = None
    seen_at: datetime | None = None


class Accounts:
    """Safe for threads; every method is one transaction.

    :param engine: from :func:`fmn_core.store.database.open_engine`, of the current version
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, name: str) -> Account | None:
        """Return an account, or None if there is none of this name."""
        with reading(self._engine) as connection:
            return _find(connection, name)

    def log_in(
        self, name: str, mail: str, preferences: Callable[[], Sequence[Preference]], now: datetime
    ) -> tuple[Account, bool]:
        """Note that somebody logs in; who is new has these preferences.

        :param mail: kept unless it is empty
        :returns: the account, and whether it is new
        """
        with writing(self._engine) as connection:
            revision = revisions.count(connection)  # first: of two who log in for the first time, one waits
            known = _find(connection, name)
            if known is None:
                save_user(connection, User(storable(name), tuple(preferences())), revision)
            values = {
                "seen_at": now,
                **({"mail": storable(mail)} if mail else {}),
                **({} if known else {"made_at": now}),
            }
            connection.execute(update(users).where(users.c.name == storable(name)).values(values))
            account = _find(connection, name)
        assert account is not None  # noqa: S101 - it was saved above, tells mypy
        return account, known is None

    def end_sessions(self, name: str) -> None:
        """Log somebody out wherever they are logged in."""
        with writing(self._engine) as connection:
            values = {"sessions": users.c.sessions + 1}
            connection.execute(update(users).where(users.c.name == storable(name)).values(values))

    def disable(self, name: str, reason: str) -> None:
        """Let nobody in and send nothing any more. What there is stays as it is; who is logged in is logged out.

        :param reason: one sentence, which they read who try to log in
        :raises UnknownNameError: if there is no such account
        """
        self._set_disabled(name, one_line(reason) or "it was disabled by those who run this service")

    def enable(self, name: str) -> None:
        """Let somebody in again, and send again.

        :raises UnknownNameError: if there is no such account
        """
        self._set_disabled(name, "")

    def _set_disabled(self, name: str, reason: str) -> None:
        with changing(self._engine) as change:
            number = user_id(change.connection, storable(name))
            if number is None:
                raise UnknownNameError("user", name, [])
            mine = select(preferences.c.id).where(preferences.c.user_id == number)
            change.note(*change.connection.scalars(mine))
            values = {"disabled": storable(reason), "sessions": users.c.sessions + (1 if reason else 0)}
            change.connection.execute(update(users).where(users.c.id == number).values(values))

    def search(self, words: str = "", after: str = "", limit: int = 50) -> list[Account]:
        """Return accounts by name, some at a time.

        :param words: how their names begin
        :param after: only names behind this one
        """
        query = select(users).where(users.c.name.startswith(storable(words), autoescape=True))
        query = query.where(users.c.name > storable(after)).order_by(users.c.name).limit(limit)
        with reading(self._engine) as connection:
            return [_account(row) for row in connection.execute(query)]


def _find(connection: Connection, name: str) -> Account | None:
    row = connection.execute(select(users).where(users.c.name == storable(name))).first()
    return _account(row) if row else None


def _account(row: object) -> Account:
    return Account(**{name: getattr(row, name) for name in Account.__slots__})


def new_user(
    name: str,
    backends: Mapping[str, Backend],
    filters: Sequence[Filter] = (),
    addresses: Mapping[str, Sequence[str]] | None = None,
) -> User:
    """Make a user with one preference for each backend, on where there is a confirmed address.

    :param filters: what each preference starts with, from :func:`fmn_core.defaults.default_filters`
    :param addresses: confirmed addresses by backend
    """
    known = addresses or {}
    return User(
        name,
        tuple(
            Preference(
                id="",
                user=name,
                backend=backend,
                enabled=bool(known.get(backend)),
                destinations=tuple(Destination(address, confirmed=True) for address in known.get(backend, ())),
                filters=tuple(filters),
            )
            for backend in sorted(backends)
        ),
    )
