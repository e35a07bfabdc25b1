"""The first tables: users, preferences with destinations and filters, revision, ledger. Floor F2."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make everything."""
    _users()
    _preferences()
    _ledger()


def _users() -> None:
    numbers = op.create_table(
        "revision",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, nullable=False),
    )
    op.bulk_insert(numbers, [{"id": 1, "number": 0}])
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sqlite_autoincrement=True,
    )


def _preferences() -> None:
    op.create_table(
        "preferences",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("backend", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("presentation", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False, index=True),
        sa.UniqueConstraint("user_id", "backend"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "removals",
        sa.Column("preference_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("revision", sa.Integer, nullable=False, index=True),
    )
    preference = "preferences.id"
    op.create_table(
        "destinations",
        sa.Column("preference_id", sa.Integer, sa.ForeignKey(preference, ondelete="CASCADE"), primary_key=True),
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("confirmed", sa.Boolean, nullable=False),
    )
    op.create_table(
        "filters",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("preference_id", sa.Integer, sa.ForeignKey(preference, ondelete="CASCADE"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("oneshot", sa.Boolean, nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_filters_order", "filters", ["preference_id", "position"])


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("notification", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("backend", sa.Text, nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("filter_name", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_ledger_user", "ledger", ["user", "at"])
