"""What delivery needs: the waiting room, digests, suspended addresses, confirmations, mutes, a fuller ledger. F2."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns with what was true before, and tables."""
    _columns()
    _waiting_room()
    _confirmations()


def _columns() -> None:
    op.add_column("preferences", sa.Column("digest", sa.Text, nullable=False, server_default="{}"))
    op.add_column("destinations", sa.Column("suspended", sa.Text, nullable=False, server_default=""))
    op.add_column("filters", sa.Column("shot", sa.Text, nullable=False, server_default=""))
    op.add_column("removals", sa.Column("at", sa.DateTime, nullable=False, server_default="1970-01-01 00:00:00"))
    for name in ("filter_id", "thread", "summary"):
        op.add_column("ledger", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("ledger", sa.Column("until", sa.DateTime))
    op.create_index("ix_ledger_age", "ledger", ["at"])
    op.create_index("ix_destinations_address", "destinations", ["address"])


def _waiting_room() -> None:
    op.create_table(
        "waiting",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("notification", sa.Text, nullable=False, unique=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("backend", "destination", "user", "preference", "why")),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("due", sa.DateTime),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_waiting_order", "waiting", ["backend", "destination", "id"])
    columns = ["backend", "destination", "user", "preference", "why", "since", "due"]
    op.create_index("ix_waiting_groups", "waiting", columns)


def _confirmations() -> None:
    op.create_table(
        "mutes",
        sa.Column("user", sa.Text, primary_key=True),
        sa.Column("thread", sa.Text, primary_key=True),
        sa.Column("until", sa.DateTime, nullable=False),
    )
    op.create_table(
        "confirmations",
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("user", "backend", "address")),
        sa.Column("secret_hash", sa.Text, nullable=False, unique=True),
        sa.Column("notification", sa.Text, nullable=False, unique=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("state", "reason")),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("sent_at", sa.DateTime),
        sa.Column("decided_at", sa.DateTime),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_confirmations_address", "confirmations", ["backend", "address", "made_at"])
    op.create_index("ix_confirmations_user", "confirmations", ["user", "made_at"])
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
