"""Tokens: by what programs and feed readers prove who they come for. A secret is shown once and never kept. F2."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, func, select, update

from fmn_core.backends import one_line
from fmn_core.errors import UsageError

from .attempts import fingerprint
from .database import reading, storable, writing
from .revisions import key
from .saving import insert_row
from .tables import tokens, users

#: what a secret begins with, by which people and scanners of code know it
PREFIX = "fmn_"
#: tokens of an account, and characters of a title
MOST, LONGEST_TITLE = 50, 100
#: how old a note of the last use grows before there is a new one: reading must not become writing
_NOTED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token.

    :param kind: ``api`` for programs, ``feed`` for what feed readers read
    :param filter_id: which filter's notifications a feed has; empty for all of the user's
    :param writes: whether it may change things
    :param used_at: when it was used last, to the hour
    """

    id: str
    user: str
    kind: str
    title: str
    filter_id: str
    writes: bool
    made_at: datetime
    used_at: datetime | None


class Tokens:
    """Safe for threads; every method is one transaction.

    :param engine: from :func:`fmn_core.store.database.open_engine`, of the current version
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def make(
        self, user: str, kind: str, title: str, now: datetime, filter_id: str = "", writes: bool = False
    ) -> tuple[Token, str]:
        """Make a token, and return it with its secret, which nobody can tell again.

        :raises UsageError: if the account has too many, or the title is no line
        """
        title = one_line(title)
        if not title or len(title) > LONGEST_TITLE:
            raise UsageError(f"a token needs a name, of {LONGEST_TITLE} characters at most")
        secret = PREFIX + secrets.token_urlsafe(32)
        row: dict[str, Any] = {
            "user": storable(user), "kind": kind, "title": storable(title), "filter_id": filter_id,
            "writes": writes, "made_at": now, "used_at": None,
        }  # fmt: skip
        mine = tokens.c.user == storable(user)
        with writing(self._engine) as connection:
            # who makes several at once has them counted one after the other
            connection.execute(select(users.c.id).where(users.c.name == storable(user)).with_for_update())
            if connection.scalars(select(func.count()).select_from(tokens).where(mine)).one() >= MOST:
                raise UsageError(f"an account has {MOST} tokens at most; revoke one that is not used any more")
            number = insert_row(connection, tokens, **row, fingerprint=fingerprint(secret))
        return Token(str(number), **row), secret

    def holder(self, secret: str, kind: str, now: datetime) -> Token | None:
        """Return the token that a secret is of; None for a wrong or revoked one, or if the account is disabled."""
        which = tokens.c.fingerprint == fingerprint(secret), tokens.c.kind == kind, users.c.disabled == ""
        joined = tokens.join(users, users.c.name == tokens.c.user)
        with reading(self._engine) as connection:
            row = connection.execute(select(tokens).select_from(joined).where(*which)).first()
        if row is None:
            return None
        if row.used_at is None or abs(now - row.used_at) > _NOTED_EVERY:
            with writing(self._engine) as connection:
                connection.execute(update(tokens).where(tokens.c.id == row.id).values(used_at=now))
        return _token(row)

    def of_user(self, user: str) -> list[Token]:
        """Return a user's tokens, latest first."""
        query = select(tokens).where(tokens.c.user == storable(user)).order_by(tokens.c.id.desc())
        with reading(self._engine) as connection:
            return [_token(row) for row in connection.execute(query)]

    def revoke(self, user: str, token_id: str) -> bool:
        """Make one of a user's tokens void.

        :returns: whether there was one
        """
        which = tokens.c.user == storable(user), tokens.c.id == key(token_id)
        with writing(self._engine) as connection:
            return connection.execute(delete(tokens).where(*which)).rowcount == 1


def _token(row: object) -> Token:
    values = {name: getattr(row, name) for name in Token.__slots__}
    return Token(**{**values, "id": str(values["id"])})
