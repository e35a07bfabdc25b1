"""Secrets: what links are signed with, the same for all processes. Floor F2."""

from __future__ import annotations

import secrets as chance
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from .database import reading, writing
from .tables import secrets

_BYTES = 32


class Secrets:
    """Safe for threads and processes.

    :param engine: from :func:`fmn_core.store.database.open_engine`, of the current version
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, name: str) -> bytes:
        """Return the secret of a name, 32 bytes of chance. Whoever asks first makes it."""
        known = select(secrets.c.value).where(secrets.c.name == name)
        with reading(self._engine) as connection:
            value = connection.scalar(known)
        if value is None:
            with writing(self._engine) as connection:
                connection.execute(self._offer(name))
                value = connection.scalars(known).one()
        return bytes.fromhex(value)

    def _offer(self, name: str) -> Any:
        """Insert a new secret unless another process was quicker."""
        insert = sqlite.insert(secrets) if self._engine.dialect.name == "sqlite" else postgresql.insert(secrets)
        return insert.values(name=name, value=chance.token_hex(_BYTES)).on_conflict_do_nothing()
