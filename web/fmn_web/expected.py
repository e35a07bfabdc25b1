"""Expected: "why did I not get this message?" It is looked for in the archive, and explained rule by rule."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from fmn_core.history import PACKAGE, Search
from fmn_core.model import Message

from .history import explained
from .parts import Parts
from .visitor import visitor

#: messages that are shown, and looked through, at most
SHOWN, LOOKED_AT = 50, 5000
#: days that are looked back, if no day is named
DAYS = 14

Page = Response | str | tuple[str, int]


@dataclass
class Found:
    """What a search brought.

    :param messages: described, latest first
    :param cut: whether there was more than could be looked through
    """

    messages: list[Message]
    cut: bool = False


def blueprint(parts: Parts) -> Blueprint:
    """Make the pages."""
    pages, store = Blueprint("expected", __name__, url_prefix="/expected"), parts.store

    @pages.get("")
    def ask() -> Page:
        known = request.args.get("id", "").strip()
        if known:
            return redirect(url_for("expected.show", message_id=known)) if store.archive.get(known) else gone(known)
        package, words = request.args.get("package", "").strip(), request.args.get("words", "").split()
        day = _day(request.args.get("day", ""))
        found = _find(parts, package, words, day) if package or words or day else None
        return render_template("expected.html", found=found, span=store.archive.span(), package=package,
                               words=" ".join(words), day=day, shown=SHOWN, looked_at=LOOKED_AT)  # fmt: skip

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


def _find(parts: Parts, package: str, words: list[str], day: date | None) -> Found:
    """Look for messages: those first whose topic says it, which the archive finds by itself, then all others."""
    since, until = _when(day)
    terms = (frozenset([PACKAGE + package]),) if package else ()
    search = Search(since, until, None, terms)
    wanted = [word.lower() for word in words]
    topics = {one for one in parts.store.archive.topics(since, until) if all(word in one.lower() for word in wanted)}
    if not wanted or not topics:
        found, cut = _look(parts, search, wanted)
        return Found(found, cut)
    found, _ = _look(parts, Search(since, until, frozenset(topics), terms), [])
    others, cut = _look(parts, search, wanted) if len(found) < SHOWN else ([], False)
    both = {one.id: one for one in [*found, *others]}.values()
    return Found(sorted(both, key=lambda one: one.sent_at or since, reverse=True)[:SHOWN], cut)


def _look(parts: Parts, search: Search, words: list[str]) -> tuple[list[Message], bool]:
    """Return messages that say all words, and whether the looking was given up before enough were found."""
    found: list[Message] = []
    messages: Iterator[Message] = itertools.chain.from_iterable(parts.store.archive.find(search))
    for message in itertools.islice(messages, LOOKED_AT):
        described = parts.registry.summaries.describe(message)
        text = f"{message.id} {message.topic} {described.facts.summary}".lower()
        if all(word in text for word in words):
            found.append(described)
            if len(found) == SHOWN:
                return found, False
    return found, next(messages, None) is not None


def _when(day: date | None) -> tuple[datetime, datetime]:
    if day is None:
        now = datetime.now(UTC)
        return now - timedelta(days=DAYS), now + timedelta(days=1)
    since = datetime.combine(day, time(), UTC)
    return since, since + timedelta(days=1)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 3000 else None  # both ends of time have a day that none can be added to
