"""What the web needs: accounts that log in, and an archive of messages. F2."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns with what was true before, and tables."""
    _accounts()
    _archive()


def _accounts() -> None:
    for name in ("mail", "disabled"):
        op.add_column("users", _text(name, server_default=""))
    op.add_column("users", sa.Column("sessions", sa.Integer, nullable=False, server_default="0"))
    for name in ("made_at", "seen_at"):
        op.add_column("users", sa.Column(name, sa.DateTime))


def _archive() -> None:
    op.create_table(
        "archive",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("message_id", sa.Text, nullable=False, unique=True),
        _text("topic"),
        sa.Column("sent_at", sa.DateTime, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_archive_time", "archive", ["sent_at", "topic"])
    op.create_table(
        "archive_terms",
        sa.Column("term", sa.Text, primary_key=True),
        sa.Column("archive_id", sa.Integer, sa.ForeignKey("archive.id", ondelete="CASCADE"), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_archive_terms_message", "archive_terms", ["archive_id"])


def _text(name: str, server_default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=server_default)
