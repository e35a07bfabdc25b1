"""Guise: as whom an admin looks at the pages, for an hour at most. It is kept in the session and shown on every page.

Its begin and its end are noted. Both make all open forms useless: none is sent as somebody else than who it was made
for.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Blueprint, Flask, abort, flash, redirect, request, session, url_for
from flask_login import current_user
from werkzeug import Response

from fmn_core.store import Store, What

from .parts import Parts

#: after which it ends by itself
LASTS = timedelta(hours=1)
#: where it stands in the session, and where the library keeps the token of forms
_KEY, _TOKEN = "guise", "csrf_token"


def blueprint(parts: Parts) -> Blueprint:
    """Make the button that ends it; the one that begins it is on the pages for admins."""
    pages = Blueprint("guise", __name__)

    @pages.post("/stop-acting")
    def stop() -> Response:
        name = take_off(parts.store, "stopped")
        return redirect(url_for("admin.user", name=name) if name else url_for("mine.index"))

    return pages


def put_on(name: str, actor: str, now: datetime) -> None:
    """Let the visitor, who is the actor, be somebody else from the next request on."""
    session[_KEY] = {"name": name, "actor": actor, "until": (now + LASTS).timestamp()}
    session.pop(_TOKEN, None)


def take_off(store: Store, how: str) -> str:
    """Let the visitor be themself again, and return as whom they acted; nothing if they did not.

    :param how: it came to an end, for the log
    """
    worn = session.pop(_KEY, None)
    if not worn:
        return ""
    session.pop(_TOKEN, None)
    store.orders.note(What.ACT_NO_MORE, worn["name"], worn["actor"], how, datetime.now(UTC))
    return str(worn["name"])


def worn() -> str:
    """Return as whom the visitor acts, if that is not over; nothing otherwise."""
    found = session.get(_KEY) or {}
    return str(found["name"]) if found and found["until"] > datetime.now(UTC).timestamp() else ""


def watch(app: Flask, store: Store) -> None:
    """Have it noticed when it is over, before anything is done that was meant for somebody else."""

    @app.before_request
    def notice() -> None:
        if _KEY not in session or getattr(current_user, "acts", False):
            return
        name = take_off(store, "it was over")
        if request.method not in ("GET", "HEAD"):
            abort(409, f"you act as {name} no more, so nothing was changed.")
        flash(f"You act as {name} no more.")
