"""Expected: "why did I not get this message?" It is looked for in the archive, and explained rule by rule."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from flask import Blueprint, abort, render_template, request

from fmn_core.history import PACKAGE, Search
from fmn_core.model import Message

from .history import explained
from .parts import Parts
from .visitor import visitor

#: messages that are shown, and looked through, at most
SHOWN, LOOKED_AT = 50, 5000
#: days that are looked back
DAYS = 14


def blueprint(parts: Parts) -> Blueprint:
    """Make the pages."""
    pages, archive = Blueprint("expected", __name__, url_prefix="/expected"), parts.store.archive

    @pages.get("")
    def ask() -> str:
        package, words = request.args.get("package", "").strip(), request.args.get("words", "").lower().split()
        found = list(itertools.islice(_found(parts, package, words), SHOWN)) if package or words else None
        return render_template("expected.html", found=found, span=archive.span(), package=package,
                               words=" ".join(words), shown=SHOWN)  # fmt: skip

    @pages.get("/<path:message_id>")
    def show(message_id: str) -> str:
        message = archive.get(message_id)
        if message is None:
            abort(404, "This message is not in the archive: it was not seen, dropped as junk, or is too old.")
        entries = [one for one in parts.store.ledger.of_user(visitor(), 1000) if one.message_id == message.id]
        described = parts.registry.summaries.describe(message)
        muted = parts.store.mutes.of_user(visitor(), datetime.now(UTC)).get(described.facts.thread)
        return render_template("explained.html", message=described, explanation=explained(parts, message),
                               entries=entries, muted=muted)  # fmt: skip

    return pages


def _found(parts: Parts, package: str, words: list[str]) -> Iterator[Message]:
    now = datetime.now(UTC)
    terms = (frozenset([PACKAGE + package]),) if package else ()
    batches = parts.store.archive.find(Search(now - timedelta(days=DAYS), now + timedelta(days=1), None, terms))
    for message in itertools.islice(itertools.chain.from_iterable(batches), LOOKED_AT):
        described = parts.registry.summaries.describe(message)
        text = f"{message.id} {message.topic} {described.facts.summary}".lower()
        if all(word in text for word in words):
            yield described
