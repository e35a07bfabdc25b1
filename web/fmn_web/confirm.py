"""Confirm: somebody who was asked at an address accepts or rejects. A GET changes nothing, as scanners follow links.

Whoever knows the secret was reached at the address, so it is all that is asked for: no login, no session, no token.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Blueprint, render_template

from fmn_core.config import ConfirmationSettings
from fmn_core.plugins import PluginRegistry
from fmn_core.store import Answer, State, Store

from .discretion import discreet

#: a page about something that there is no more
GONE = (State.EXPIRED, State.INVALID, State.VOID)

Page = tuple[str, int]


def blueprint(store: Store, registry: PluginRegistry, settings: ConfirmationSettings) -> Blueprint:
    """Make the pages."""
    pages = discreet(Blueprint("confirm", __name__, url_prefix="/confirm"))
    lifetime = timedelta(hours=settings.expire_hours)

    def page(answer: Answer | None) -> Page:
        if answer is None:
            text = "The address of this page is not whole, or nobody was asked so. Copy all of it from the message."
            return render_template("problem.html", title="There is no such request", text=text), 404
        one = answer.confirmation
        backend = registry.backends.get(one.backend)
        shown = {"backend": backend.title if backend else one.backend, "hours": settings.expire_hours}
        shown["until"] = one.sent_at and one.sent_at + lifetime
        return render_template("confirm.html", answer=answer, one=one, **shown), 410 if one.state in GONE else 200

    @pages.get("/<secret>")
    @pages.get("/<any(accept, reject):verb>/<secret>")
    def ask(secret: str, verb: str = "") -> Page:
        found = store.confirmations.look(secret, datetime.now(UTC), lifetime)
        return page(Answer(found) if found else None)

    @pages.post("/<any(accept, reject):verb>/<secret>")
    def decide(secret: str, verb: str) -> Page:
        act = store.confirmations.accept if verb == "accept" else store.confirmations.reject
        return page(act(secret, datetime.now(UTC), lifetime))

    return pages
