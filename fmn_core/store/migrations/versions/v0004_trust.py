"""What the API, the audit and those who run an instance need. F2."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add tables."""
    _tokens()
    _audit()
    _operation()
    _volume()


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer, primary_key=True),
        *(_text(name) for name in ("user", "kind", "title", "filter_id")),
        sa.Column("fingerprint", sa.Text, nullable=False, unique=True),
        sa.Column("writes", sa.Boolean, nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("used_at", sa.DateTime),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tokens_user", "tokens", ["user", "id"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("preference_id", sa.Integer, nullable=False),
        *(_text(name) for name in ("user", "backend", "actor", "way")),
        sa.Column("at", sa.DateTime, nullable=False),
        _text("before"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_user", "audit", ["user", "id"])
    op.create_index("ix_audit_preference", "audit", ["preference_id", "id"])
    op.create_index("ix_audit_age", "audit", ["at"])


def _operation() -> None:
    op.create_table(
        "reports",
        sa.Column("name", sa.Text, primary_key=True),
        _text("value"),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer, primary_key=True),
        *(_text(name) for name in ("what", "argument", "actor", "answer")),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("done_at", sa.DateTime),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_orders_open", "orders", ["done_at", "id"])


def _volume() -> None:
    op.drop_index("ix_ledger_age", "ledger")
    op.create_index("ix_ledger_age", "ledger", ["at", "outcome"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)
