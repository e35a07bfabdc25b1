"""Feeds: what a filter let through, for feed readers, as Atom and as RSS. Whoever has the address may read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote

from feedgen.feed import FeedGenerator
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug import Response as BaseResponse

from fmn_core.errors import UsageError
from fmn_core.model import Outcome
from fmn_core.store import LedgerEntry, Token

from .discretion import discreet
from .parts import Parts
from .visitor import visitor

KIND = "feed"
#: entries of a feed, and notifications that are looked through for them: several may be of one message
SHOWN, LOOKED_AT = 50, 300
_TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml"}
#: characters that XML does not know (XML 1.0, section 2.2)
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def reading(parts: Parts) -> Blueprint:
    """Make what feed readers read."""
    pages = discreet(Blueprint("feeds", __name__, url_prefix="/feeds"))

    @pages.get("/<secret>.<any(atom, rss):form>")
    def read(secret: str, form: str) -> BaseResponse:
        token = parts.store.tokens.holder(secret, KIND, datetime.now(UTC))
        if token is None:
            abort(404)
        feed = _feed(parts, token, parts.settings.base_url.rstrip("/") + request.path)
        answer = Response(feed.atom_str() if form == "atom" else feed.rss_str(), mimetype=_TYPES[form])
        answer.add_etag()
        return answer.make_conditional(request)

    return pages


def blueprint(parts: Parts) -> Blueprint:
    """Make what members use to have a feed."""
    pages = Blueprint("feed", __name__)

    @pages.post("/notifications/filters/<filter_id>/feed")
    def make(filter_id: str) -> str | BaseResponse:
        found = parts.store.editing.find_filter(visitor(), filter_id)
        if found is None:
            abort(404)
        try:
            _, secret = parts.store.tokens.make(visitor(), KIND, found[1].name, datetime.now(UTC), filter_id)
        except UsageError as error:
            flash(f"No feed was made: {error}")
            return redirect(url_for("edit.change", filter_id=filter_id))
        place = parts.settings.base_url.rstrip("/")
        urls = {form: place + url_for("feeds.read", secret=secret, form=form) for form in _TYPES}
        return render_template("feed.html", filter=found[1], urls=urls)

    return pages


def _feed(parts: Parts, token: Token, url: str) -> FeedGenerator:
    entries = _of_messages(parts.store.ledger.of_user(token.user, LOOKED_AT, filter_id=token.filter_id or None))
    feed = FeedGenerator()
    place = parts.settings.base_url
    feed.id(f"{place}feeds/{token.id}")
    feed.title(_clean(token.title))
    feed.description("What a filter of FMN lets through")
    feed.link(href=place, rel="alternate")
    feed.link(href=url, rel="self")
    feed.author(name="FMN")
    feed.updated(entries[0].at if entries else token.made_at)
    feed.lastBuildDate(entries[0].at if entries else token.made_at)
    for entry in reversed(entries):  # the library puts each before those that it has
        _add(parts, feed, entry)
    return feed


def _of_messages(entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """Return one entry of each message: it may have gone to several places."""
    seen: dict[str, LedgerEntry] = {}
    for entry in entries:
        if entry.outcome is not Outcome.SUPPRESSED:
            seen.setdefault(entry.message_id, entry)
    return list(seen.values())[:SHOWN]


def _add(parts: Parts, feed: FeedGenerator, entry: LedgerEntry) -> None:
    message = parts.store.archive.get(entry.message_id)
    facts = parts.registry.summaries.describe(message).facts if message else None
    here = f"{parts.settings.base_url}expected/{quote(entry.message_id, safe='')}"
    one = feed.add_entry()
    one.id(here)
    one.title(_clean(entry.summary) or "(nothing is written down of it any more)")
    url = (facts and facts.url) or ""
    one.link(href=_clean(url) if url.startswith(("http://", "https://")) else here)
    one.updated(entry.at)
    one.published(entry.at)
    if facts and facts.details:
        one.content(_clean(facts.details), type="text")


def _clean(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
