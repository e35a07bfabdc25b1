"""Archive: recent messages of the bus, found by time, topic and what they are about. Floor F2."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Engine, and_, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from fmn_core.codec import decode_message, encode_message
from fmn_core.errors import DecodeError
from fmn_core.history import Search, terms_of
from fmn_core.model import Message

from .database import chunks, reading, storable, writing
from .tables import archive, archive_terms

#: messages that are read at once
BATCH = 500
#: keys that are read at once where terms are looked for: thousands of them take as long to look up as thousands of keys
_KEYS = 20 * BATCH
#: messages that one transaction forgets
_FORGOTTEN = 1000
#: characters of a term by which it is found: what is longer is nobody's name
_LONGEST_TERM = 300
#: characters of an id or a topic, which stand in indexes: the bus has 255 bytes for each, PostgreSQL 2,700 for both
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Archived:
    """A message as the archive keeps it.

    :param payload: compressed
    :param terms: by which it is found, see :func:`fmn_core.history.terms_of`
    """

    message_id: str
    topic: str
    sent_at: datetime
    payload: bytes
    terms: frozenset[str]

    @classmethod
    def of(cls, message: Message, now: datetime) -> Archived:
        """Make it of a described message.

        :param now: when it was sent, if the message does not say, or says that it will be
        :raises DecodeError: if no index takes its id or its topic
        """
        for what, text in (("id", message.id), ("topic", message.topic)):
            if len(text) > _LONGEST:
                raise DecodeError(f"its {what} has {len(text):,} characters, the archive takes {_LONGEST}")
        payload = zlib.compress(encode_message(message), 1)
        return cls(message.id, message.topic, min(message.sent_at or now, now), payload, terms_of(message.facts))


class _Key(NamedTuple):
    """Where a message stands in the order of time."""

    id: int
    sent_at: datetime


class Archive:
    """Recorded messages, see :class:`fmn_core.history.History`. Safe for threads; every method is one transaction.

    :param engine: from :func:`fmn_core.store.database.open_engine`, of the current version
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, messages: Sequence[Archived]) -> int:
        """Keep messages; those that are kept already stay as they are.

        :returns: how many were new
        """
        found = {storable(one.message_id): one for one in messages}
        if not found:
            return 0
        with writing(self._engine) as connection:
            kind = sqlite if connection.dialect.name == "sqlite" else postgresql
            # in one order, so that two processes with the same messages wait for each other one way round
            rows = [_row(message_id, one) for message_id, one in sorted(found.items())]
            added = kind.insert(archive).on_conflict_do_nothing(index_elements=["message_id"])
            keys = connection.execute(added.returning(archive.c.id, archive.c.message_id), rows).all()
            terms = [
                {"term": term, "archive_id": row.id} for row in keys for term in sorted(_terms(found[row.message_id]))
            ]
            if terms:
                connection.execute(archive_terms.insert(), terms)
        return len(keys)

    def span(self) -> tuple[datetime, datetime] | None:
        """See :meth:`fmn_core.history.History.span`."""
        with reading(self._engine) as connection:
            first, last = connection.execute(select(func.min(archive.c.sent_at), func.max(archive.c.sent_at))).one()
        return (first, last) if first else None

    def topics(self, since: datetime, until: datetime) -> Mapping[str, int]:
        """See :meth:`fmn_core.history.History.topics`."""
        query = select(archive.c.topic, func.count()).where(_between(since, until)).group_by(archive.c.topic)
        with reading(self._engine) as connection:
            return {row.topic: row[1] for row in connection.execute(query)}

    def count(self, search: Search) -> int:
        """See :meth:`fmn_core.history.History.count`."""
        with reading(self._engine) as connection:
            return connection.scalar(select(func.count()).select_from(archive).where(_which(search))) or 0

    def find(self, search: Search) -> Iterator[list[Message]]:
        """See :meth:`fmn_core.history.History.find`."""
        page = _KEYS if search.terms else BATCH
        keys = self._keys(search, page)
        while keys:
            for start in range(0, len(keys), BATCH):
                yield self._read([key.id for key in keys[start : start + BATCH]])
            keys = self._keys(search, page, keys[-1]) if len(keys) == page else []

    def _keys(self, search: Search, page: int, behind: _Key | None = None) -> list[_Key]:
        """Return the keys of the latest messages that a search brings, those behind a key if there is one."""
        a = archive.c
        query = select(a.id, a.sent_at).where(_which(search)).order_by(a.sent_at.desc(), a.id.desc()).limit(page)
        if behind is not None:
            # the first condition alone says where the index is to be entered
            same = or_(a.sent_at < behind.sent_at, a.id < behind.id)
            query = query.where(a.sent_at <= behind.sent_at, same)
        with reading(self._engine) as connection:
            return [_Key(row.id, row.sent_at) for row in connection.execute(query)]

    def _read(self, keys: Sequence[int]) -> list[Message]:
        """Return messages in this order, without those that were forgotten meanwhile."""
        query = select(archive.c.id, archive.c.payload).where(archive.c.id.in_(keys))
        with reading(self._engine) as connection:
            payloads = {row.id: row.payload for row in connection.execute(query)}
        return [message for key in keys if key in payloads and (message := _message(payloads[key]))]

    def get(self, message_id: str) -> Message | None:
        """See :meth:`fmn_core.history.History.get`."""
        query = select(archive.c.payload).where(archive.c.message_id == storable(message_id))
        with reading(self._engine) as connection:
            payload = connection.scalar(query)
        return _message(payload) if payload is not None else None

    def forget(self, before: datetime) -> int:
        """Forget messages that were sent before a moment, some at a time.

        :returns: how many it were; more may be left
        """
        return self._forget(archive.c.sent_at < before)

    def shrink(self, most: int) -> int:
        """Forget the oldest messages, some at a time, while there are more bytes than this.

        :returns: as :meth:`forget`
        """
        with reading(self._engine) as connection:
            size = connection.scalar(select(func.coalesce(func.sum(func.length(archive.c.payload)), 0)))
        return self._forget(archive.c.id > 0) if size and size > most else 0

    def _forget(self, which: ColumnElement[bool]) -> int:
        some = select(archive.c.id).where(which).order_by(archive.c.sent_at).limit(_FORGOTTEN)
        some = some.with_for_update(skip_locked=True)  # what somebody else is forgetting
        with writing(self._engine) as connection:
            return connection.execute(delete(archive).where(archive.c.id.in_(some))).rowcount


def _row(message_id: str, one: Archived) -> dict[str, Any]:
    return {"message_id": message_id, "topic": storable(one.topic), "sent_at": one.sent_at, "payload": one.payload}


def _terms(one: Archived) -> set[str]:
    return {_term(term) for term in one.terms}


def _term(term: str) -> str:
    """Cut a term, the same for keeping and looking: so a search brings more at most."""
    return storable(term[:_LONGEST_TERM])


def _message(payload: bytes) -> Message | None:
    """Read a message; None for one that a newer or older version wrote otherwise."""
    try:
        return decode_message(zlib.decompress(payload))
    except (DecodeError, zlib.error):
        return None


def _between(since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(archive.c.sent_at >= since, archive.c.sent_at < until)


def _which(search: Search) -> ColumnElement[bool]:
    conditions = [_between(search.since, search.until)]
    if search.topics is not None:
        conditions.append(archive.c.topic.in_([storable(topic) for topic in sorted(search.topics)]))
    for terms in search.terms:
        carrying = [archive_terms.c.term.in_(some) for some in chunks(sorted({_term(term) for term in terms}))]
        conditions.append(archive.c.id.in_(select(archive_terms.c.archive_id).where(or_(False, *carrying))))
    if search.every > 1:
        conditions.append(archive.c.id % search.every == 0)
    return and_(*conditions)
