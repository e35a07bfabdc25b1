"""Looking: messages are found by what people know of them, in our archive and in datagrepper, a little at a time."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time

from fmn_core.history import PACKAGE, Search
from fmn_core.model import Message

from .datagrepper import DatagrepperError, Older
from .history import moment_of
from .parts import Parts

#: messages that are shown, and looked through, at most
SHOWN, LOOKED_AT = 50, 5000
#: seconds that are looked in one go
BUDGET = 0.12
_INSTANT = timedelta(microseconds=1)
#: days that are looked back, if no day is named
DAYS = 14
#: and in datagrepper, before our archive begins
OLDER_DAYS = 90
_DIGITS = 4


@dataclass
class Found:
    """What a search brought.

    :param messages: described, latest first
    :param looked: messages that were looked through
    :param further: before which moment there are more to look through; None where there are none
    :param page: of datagrepper, to go on with; 0 if this is not from there
    :param trouble: why datagrepper gave no answer
    :param older: of which time datagrepper was asked
    :param skipped: messages that could not be read
    """

    messages: list[Message]
    looked: int = 0
    further: datetime | None = None
    page: int = 0
    trouble: str = ""
    older: tuple[datetime, datetime] | None = None
    skipped: int = 0


@dataclass(frozen=True)
class Asked:
    """What somebody knows of a message that did not come.

    :param before: only messages from before this moment
    :param page: of datagrepper, from 1; 0 for our own archive
    """

    package: str
    words: list[str]
    day: date | None
    before: datetime | None
    page: int

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """Read what stands in an address; whatever is odd says nothing."""
        number = query.get("older", "")
        page = int(number) if number.isascii() and number.isdigit() and len(number) <= _DIGITS else 0
        words = query.get("words", "").split()
        before = moment_of(query.get("before", ""))
        return cls(query.get("package", "").strip(), words, _day(query.get("day", "")), before, page)

    def span(self) -> tuple[datetime, datetime]:
        """Return the time that is meant."""
        since, until = _when(self.day)
        return since, max(since, min(until, self.before)) if self.before else until

    def query(self, **more: object) -> dict[str, object]:
        """Return what leads here again."""
        mine = {"package": self.package, "words": " ".join(self.words), "day": self.day}
        return {name: value for name, value in {**mine, **more}.items() if value}


def find_older(parts: Parts, asked: Asked) -> Found:
    """Look for messages from before our archive begins, a page of datagrepper at a time."""
    since, until = asked.span()
    if span := parts.store.archive.span():
        until = min(until, span[0])
    since = since if asked.day else min(since, until - timedelta(days=OLDER_DAYS))
    try:
        older = parts.datagrepper.page(asked.package, since, until, asked.page) if since < until else Older([])
    except DatagrepperError as error:
        return Found([], trouble=str(error))
    described = [parts.registry.summaries.describe(one) for one in older.messages]
    wanted = [word.lower() for word in asked.words]
    fitting = [one for one in described if _says(one, wanted)]
    return Found(
        fitting, len(described), page=asked.page + older.more, older=(since, max(since, until)), skipped=older.skipped
    )


def find(parts: Parts, asked: Asked) -> Found:
    """Look for messages: those first whose topic says it, which the archive finds by itself, then all others."""
    since, until = asked.span()
    terms = (frozenset([PACKAGE + asked.package]),) if asked.package else ()
    search = Search(since, until, None, terms)
    wanted = [word.lower() for word in asked.words]
    topics = {one for one in parts.store.archive.topics(since, until) if all(word in one.lower() for word in wanted)}
    if not wanted or not topics:
        return _look(parts, search, wanted)
    first = _look(parts, Search(since, until, frozenset(topics), terms), [])
    if first.further or len(first.messages) == SHOWN:
        return first
    others = _look(parts, search, wanted)
    both = {one.id: one for one in [*first.messages, *others.messages]}.values()
    latest = sorted(both, key=lambda one: one.sent_at or since, reverse=True)
    return Found(latest[:SHOWN], others.looked, others.further)


def _look(parts: Parts, search: Search, words: list[str]) -> Found:
    """Return messages that say all words, until there are enough of them, or it takes too long."""
    found, until = Found([]), time.monotonic() + BUDGET
    messages: Iterator[Message] = itertools.chain.from_iterable(parts.store.archive.find(search))
    for message in messages:
        if found.looked and (found.looked >= LOOKED_AT or time.monotonic() > until or len(found.messages) == SHOWN):
            found.further = message.sent_at + _INSTANT if message.sent_at else None
            break
        found.looked += 1
        described = parts.registry.summaries.describe(message)
        if _says(described, words):
            found.messages.append(described)
    return found


def _says(described: Message, words: list[str]) -> bool:
    text = f"{described.id} {described.topic} {described.facts.summary}".lower()
    return all(word in text for word in words)


def _when(day: date | None) -> tuple[datetime, datetime]:
    if day is None:
        now = datetime.now(UTC)
        return now - timedelta(days=DAYS), now + timedelta(days=1)
    since = datetime.combine(day, clock_time(), UTC)
    return since, since + timedelta(days=1)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 3000 else None  # both ends of time have a day that none can be added to
