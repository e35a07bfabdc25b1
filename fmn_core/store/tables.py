"""The tables, without behaviour. A change here needs a migration beside it; a test compares the two. Floor F2."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from fmn_core import codec

metadata = MetaData()


class Json(TypeDecorator[Any]):
    """A JSON value as text, read and written by our codec: it keeps integers of any size on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        return codec.dumps(value).decode("utf-8")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return codec.loads(value or "null")


class Moment(TypeDecorator[datetime]):
    """A moment, kept in UTC and without zone, which SQLite cannot keep."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


#: one row: the number of the last change. Who changes anything locks it first, so that changes are committed in the
#: order of their numbers and nobody who asks "what is newer than 7" can miss a 6 that commits late
revision = Table(
    "revision",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
)

#: ``disabled`` says why nobody gets in and nothing is sent; whoever is logged in holds the number ``sessions``
users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("mail", Text, nullable=False, server_default=""),
    Column("disabled", Text, nullable=False, server_default=""),
    Column("sessions", Integer, nullable=False, server_default="0"),
    Column("made_at", Moment),
    Column("seen_at", Moment),
    sqlite_autoincrement=True,
)

#: ids are never used again (hence the autoincrement): a removed one is known by its tombstone
preferences = Table(
    "preferences",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("backend", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("presentation", Json, nullable=False),
    Column("digest", Json, nullable=False, server_default="{}"),
    Column("revision", Integer, nullable=False, index=True),
    UniqueConstraint("user_id", "backend"),
    sqlite_autoincrement=True,
)

#: a preference has one user and backend, so this key makes an address unique for both
destinations = Table(
    "destinations",
    metadata,
    Column("preference_id", ForeignKey("preferences.id", ondelete="CASCADE"), primary_key=True),
    Column("address", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("suspended", Text, nullable=False, server_default=""),
    Index("ix_destinations_address", "address"),
)

#: the rules of a filter are one value and no table: they are always read and written whole, nobody asks for filters by
#: rule, and 150,000 users load as 300,000 rows in place of four million
filters = Table(
    "filters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("preference_id", ForeignKey("preferences.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("oneshot", Boolean, nullable=False),
    Column("shot", Text, nullable=False, server_default=""),
    Column("rules", Json, nullable=False),
    Index("ix_filters_order", "preference_id", "position"),
    sqlite_autoincrement=True,
)

#: tombstones: preferences that are gone, and the change that removed them
removals = Table(
    "removals",
    metadata,
    Column("preference_id", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer, nullable=False, index=True),
    Column("at", Moment, nullable=False, server_default="1970-01-01 00:00:00"),
)

#: it names users and backends by name and without foreign keys, because it outlives them
ledger = Table(
    "ledger",
    metadata,
    Column("notification", Text, primary_key=True),
    Column("message_id", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("backend", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("filter_id", Text, nullable=False, server_default=""),
    Column("filter_name", Text, nullable=False),
    Column("thread", Text, nullable=False, server_default=""),
    Column("summary", Text, nullable=False, server_default=""),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("until", Moment),
    Column("at", Moment, nullable=False),
    Index("ix_ledger_user", "user", "at"),
    Index("ix_ledger_age", "at", "outcome"),  # with the outcome, a day is counted without reading a row
)

#: the waiting room: notifications that delivery has taken and does not send now. One leaves it when it was sent, given
#: up or suppressed, in the transaction in which the ledger is told
waiting = Table(
    "waiting",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("notification", Text, nullable=False, unique=True),
    Column("backend", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("preference", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("due", Moment),
    Column("attempts", Integer, nullable=False),
    Column("payload", Text, nullable=False),
    Index("ix_waiting_order", "backend", "destination", "id"),
    # all that is asked each second: who has a hundred thousand rows need not read them
    Index("ix_waiting_groups", "backend", "destination", "user", "preference", "why", "since", "due"),
    sqlite_autoincrement=True,
)

#: threads of which somebody wants to hear nothing for a while
mutes = Table(
    "mutes",
    metadata,
    Column("user", Text, primary_key=True),
    Column("thread", Text, primary_key=True),
    Column("until", Moment, nullable=False),
)

#: every attempt to have an address confirmed. The secret itself stands nowhere but in the request that was sent
confirmations = Table(
    "confirmations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user", Text, nullable=False),
    Column("backend", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("secret_hash", Text, nullable=False, unique=True),
    Column("notification", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("decided_at", Moment),
    Index("ix_confirmations_address", "backend", "address", "made_at"),
    Index("ix_confirmations_user", "user", "made_at"),
    sqlite_autoincrement=True,
)

#: what links are signed with, made by the first process that needs it
secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

#: recent messages of the bus, whole, for forecasts and explanations. The payload is compressed
archive = Table(
    "archive",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message_id", Text, nullable=False, unique=True),
    Column("topic", Text, nullable=False),
    Column("sent_at", Moment, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Index("ix_archive_time", "sent_at", "topic"),
    sqlite_autoincrement=True,
)

#: by what a message of the archive can be found beside topic and time, see :mod:`fmn_core.history`
archive_terms = Table(
    "archive_terms",
    metadata,
    Column("term", Text, primary_key=True),
    Column("archive_id", ForeignKey("archive.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_archive_terms_message", "archive_id"),
    sqlite_with_rowid=False,
)

#: by what programs prove who sends them (``api``), and feed readers what they may read (``feed``). The secret itself
#: stands nowhere. ``filter_id`` is empty for all of the user's
tokens = Table(
    "tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("filter_id", Text, nullable=False),
    Column("fingerprint", Text, nullable=False, unique=True),
    Column("writes", Boolean, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("used_at", Moment),
    Index("ix_tokens_user", "user", "id"),
    sqlite_autoincrement=True,
)

#: who changed a preference when and how it was before, by which a change can be taken back. How it was then stands in
#: the next row of the preference, or is how it is now
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("preference_id", Integer, nullable=False),
    Column("user", Text, nullable=False),
    Column("backend", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("before", Json, nullable=False),
    Index("ix_audit_user", "user", "id"),
    Index("ix_audit_preference", "preference_id", "id"),
    Index("ix_audit_age", "at"),
    sqlite_autoincrement=True,
)

#: what the processes of the pipeline tell of themselves, for those who run it; each takes the place of the last one
reports = Table(
    "reports",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Json, nullable=False),
    Column("at", Moment, nullable=False),
)

#: what those who run it want done by a process that may talk to the broker, and what came of it
orders = Table(
    "orders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("what", Text, nullable=False),
    Column("argument", Json, nullable=False),
    Column("actor", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("done_at", Moment),
    Index("ix_orders_open", "done_at", "id"),
    sqlite_autoincrement=True,
)
