"""Log: what was changed of the visitor's notifications, by whom, and a button that takes it back."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug import Response

from fmn_core.acting import Actor
from fmn_core.backends import Backend
from fmn_core.errors import UnknownNameError
from fmn_core.store import What

from .differences import differences
from .parts import Parts
from .visitor import visitor

#: changes of a page
SHOWN = 25
_WAYS = {"web": "on these pages", "api": "by a program", "link": "by a link in a message"}


def blueprint(parts: Parts) -> Blueprint:
    """Make the pages."""
    pages = Blueprint("audit", __name__, url_prefix="/changes")

    @pages.get("")
    def index() -> str:
        found = parts.store.audit.of_user(visitor(), request.args.get("before", ""), SHOWN + 1)
        rows = [
            (one, differences(one.before, one.after, parts.registry.rules),
             actor_in_words(one.actor, visitor(), parts.registry.backends))
            for one in found[:SHOWN]
        ]  # fmt: skip
        older = found[SHOWN - 1].id if len(found) > SHOWN else None
        visits = [one for one in parts.store.orders.about(visitor()) if one.what == What.ACT_AS]
        return render_template("audit.html", rows=rows, older=older, visits=visits, backends=parts.registry.backends)

    @pages.post("/<change_id>/undo")
    def undo(change_id: str) -> Response:
        try:
            back = parts.store.audit.undo(visitor(), change_id)
        except UnknownNameError:
            abort(404)
        flash("It is again as it was before that change.")
        return redirect(url_for("mine.index", _anchor=back.backend))

    return pages


def actor_in_words(actor: Actor, user: str, backends: Mapping[str, Backend]) -> str:
    """Return who made a change of a user's preferences, and how."""
    if actor.way == "command":
        return "those who run this service"
    if not actor.way:
        return "FMN, by itself"
    title = backends[actor.way].title if actor.way in backends else actor.way
    way = _WAYS.get(actor.way, f"by a message through {title}")
    who = {user: "you", "": "whoever has it" if actor.way == "link" else "somebody"}.get(actor.name, actor.name)
    return f"{who}, {way}" if who != "whoever has it" else _WAYS["link"]
