"""Expected: "why did I not get this message?" It is looked for in the archive, and explained rule by rule."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from fmn_core.history import PACKAGE, Search
from fmn_core.model import Message

from .history import explained, moment_of
from .parts import Parts
from .visitor import visitor

#: messages that are shown, and looked through, at most
SHOWN, LOOKED_AT = 50, 5000
#: seconds that are looked in one go
BUDGET = 0.12
_INSTANT = timedelta(microseconds=1)
#: days that are looked back, if no day is named
DAYS = 14

Page = Response | str | tuple[str, int]


@dataclass
class Found:
    """What a search brought.

    :param messages: described, latest first
    :param looked: messages that were looked through
    :param further: before which moment there are more to look through; None where there are none
    """

    messages: list[Message]
    looked: int = 0
    further: datetime | None = None


def blueprint(parts: Parts) -> Blueprint:
    """Make the pages."""
    pages, store = Blueprint("expected", __name__, url_prefix="/expected"), parts.store

    @pages.get("")
    def ask() -> Page:
        known = request.args.get("id", "").strip()
        if known:
            return redirect(url_for("expected.show", message_id=known)) if store.archive.get(known) else gone(known)
        package, words = request.args.get("package", "").strip(), request.args.get("words", "").split()
        day, before = _day(request.args.get("day", "")), moment_of(request.args.get("before", ""))
        since, until = _when(day)
        until = max(since, min(until, before)) if before else until
        found = _find(parts, package, words, since, until) if package or words or day else None
        return render_template("expected.html", found=found, span=store.archive.span(), package=package,
                               words=" ".join(words), day=day, shown=SHOWN)  # fmt: skip

    @pages.get("/<path:message_id>")
    def show(message_id: str) -> Page:
        message = store.archive.get(message_id)
        if message is None:
            return gone(message_id)
        described = parts.registry.summaries.describe(message)
        muted = store.mutes.of_user(visitor(), datetime.now(UTC)).get(described.facts.thread)
        return render_template("explained.html", message=described, explanation=explained(parts, message),
                               entries=store.ledger.of_message(visitor(), message.id), muted=muted,
                               backends=parts.registry.backends)  # fmt: skip

    def gone(message_id: str) -> Page:
        entries = store.ledger.of_message(visitor(), message_id)
        return render_template("unseen.html", message_id=message_id, span=store.archive.span(), entries=entries,
                               backends=parts.registry.backends), 404  # fmt: skip

    return pages


def _find(parts: Parts, package: str, words: list[str], since: datetime, until: datetime) -> Found:
    """Look for messages: those first whose topic says it, which the archive finds by itself, then all others."""
    terms = (frozenset([PACKAGE + package]),) if package else ()
    search = Search(since, until, None, terms)
    wanted = [word.lower() for word in words]
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
        text = f"{message.id} {message.topic} {described.facts.summary}".lower()
        if all(word in text for word in words):
            found.messages.append(described)
    return found


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
