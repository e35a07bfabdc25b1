"""How alembic runs the migrations: in the transaction that :mod:`fmn_core.store.schema` has begun. Floor F2."""

from __future__ import annotations

from alembic import context

from fmn_core.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
