"""Schema: which version a database has, and how it gets to the one this code needs. Floor F2."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from fmn_core.errors import StoreError

from .database import reading, writing

if TYPE_CHECKING:
    from alembic.config import Config

#: the newest migration; written here too, because asking alembic for it costs every start a fifth of a second
HEAD = "0004"

#: any number that is the same in all processes: PostgreSQL locks by it who upgrades
_LOCK = 0x464D4E


def version(engine: Engine) -> str | None:
    """Return the version of a database, or None for an empty one.

    :raises StoreError: if the database cannot be reached
    """
    with reading(engine) as connection:
        return _version(connection)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(engine: Engine) -> None:
    """Bring a database to :data:`HEAD`. Of several processes that try at once, one does it and the others wait.

    :raises StoreError: if the database is newer than this code, or cannot be reached
    """
    if version(engine) == HEAD:
        return
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if _version(connection) != HEAD:
            _migrate(connection)


def check(engine: Engine) -> None:
    """Make sure that a database has the version this code needs.

    :raises StoreError: saying what to do if it has not
    """
    found = version(engine)
    if found == HEAD:
        return
    _refuse_newer(found)
    state = "is empty" if found is None else f"has version {found}, and this code needs {HEAD}"
    raise StoreError(f"the database {state}; run 'fmn db upgrade'")


def _migrate(connection: Connection) -> None:
    from alembic import command

    _refuse_newer(_version(connection))
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)


def _refuse_newer(found: str | None) -> None:
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if found is not None and found not in known:
        raise StoreError(f"the database has version {found}, which is newer than this code ({HEAD}); upgrade fmn-core")


def alembic_config() -> Config:
    """Return where alembic finds the migrations: inside this package, so that a wheel has them."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
