"""Expected: "I expected this message. Why did I not get it?" It is found, and explained rule by rule."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from .history import explained, recorded
from .looking import SHOWN, Asked, find, find_older
from .parts import Parts
from .visitor import visitor

Page = Response | str | tuple[str, int]


def blueprint(parts: Parts) -> Blueprint:
    """Make the pages."""
    pages, store = Blueprint("expected", __name__, url_prefix="/expected"), parts.store

    @pages.get("")
    def ask() -> Page:
        if known := request.args.get("id", "").strip():
            return redirect(url_for("expected.show", message_id=known)) if store.archive.get(known) else show(known)
        asked = Asked.of(request.args)
        found = None
        if asked.package or asked.words or asked.day:
            found = find_older(parts, asked) if asked.page and parts.datagrepper else find(parts, asked)
        return render_template("expected.html", found=found, span=store.archive.span(), asked=asked, shown=SHOWN,
                               datagrepper=bool(parts.datagrepper))  # fmt: skip

    @pages.get("/<path:message_id>")
    def show(message_id: str) -> Page:
        found = recorded(parts, message_id)
        if (message := found.message) is None:
            entries = store.ledger.of_message(visitor(), message_id)
            return render_template("unseen.html", message_id=message_id, span=store.archive.span(), entries=entries,
                                   backends=parts.registry.backends, trouble=found.trouble), 404  # fmt: skip
        described = parts.registry.summaries.describe(message)
        muted = store.mutes.of_user(visitor(), datetime.now(UTC)).get(described.facts.thread)
        return render_template("explained.html", message=described, explanation=explained(parts, message),
                               entries=store.ledger.of_message(visitor(), message.id), muted=muted, older=found.older,
                               backends=parts.registry.backends, rules=parts.registry.rules)  # fmt: skip

    return pages
