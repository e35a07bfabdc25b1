"""Changes: what the buttons and small forms of "My notifications" do. Each goes back to the card that it is on."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from pydantic import ValidationError
from werkzeug import Response

from fmn_core.errors import UsageError
from fmn_core.mistakes import in_words
from fmn_core.model import DigestPlan
from fmn_core.store.documents import DigestPart
from fmn_core.store.exchange import plan_of

from . import newcomer
from .parts import Parts
from .visitor import visitor


def blueprint(parts: Parts) -> Blueprint:
    """Make what answers the forms."""
    pages = Blueprint("changes", __name__, url_prefix="/notifications/<backend>")
    pages.before_request(lambda: _known(parts))
    _of_preferences(pages, parts)
    _of_filters(pages, parts)
    _of_their_order(pages, parts)
    return pages


def _known(parts: Parts) -> None:
    if (request.view_args or {}).get("backend") not in parts.registry.backends:
        abort(404)


def _back(backend: str) -> Response:
    return redirect(url_for("mine.index", _anchor=backend))


def _of_preferences(pages: Blueprint, parts: Parts) -> None:
    store = parts.store

    @pages.post("/switch")
    def switch(backend: str) -> Response:
        newcomer.have(parts, visitor(), backend)
        store.switches.switch(visitor(), backend, request.form.get("on") == "1")
        return _back(backend)

    @pages.post("/address")
    def ask(backend: str) -> Response:
        address = request.form.get("address", "")
        newcomer.have(parts, visitor(), backend)
        try:
            state = parts.asking.ask(visitor(), backend, address)
        except UsageError as error:
            flash(f"{parts.registry.backends[backend].title}: {error}")
        else:
            flash(f"{address}: {'it is confirmed' if state == 'accepted' else 'a message with a link is on its way'}.")
        return _back(backend)

    @pages.post("/forget-address")
    def forget(backend: str) -> Response:
        store.destinations.remove(visitor(), backend, request.form.get("address", ""))
        return _back(backend)

    @pages.post("/digest")
    def digest(backend: str) -> Response:
        try:
            plan = _plan(request.form)
        except ValidationError as error:
            flash(f"Nothing was changed: {'; '.join(in_words(one) for one in error.errors())}")
        else:
            newcomer.have(parts, visitor(), backend)
            store.switches.set_digest(visitor(), backend, plan)
        return _back(backend)


def _of_filters(pages: Blueprint, parts: Parts) -> None:
    store = parts.store

    @pages.post("/filters/<filter_id>/<any(on, off):state>")
    def switch_filter(backend: str, filter_id: str, state: str) -> Response:
        store.switches.switch_filter(visitor(), filter_id, state == "on")
        return _back(backend)

    @pages.post("/filters/<filter_id>/remove")
    def remove(backend: str, filter_id: str) -> Response:
        gone = store.editing.remove_filter(visitor(), filter_id)
        if gone is None:
            abort(404)
        flash(f"Filter “{gone.name}” was removed.")
        return _back(backend)

    @pages.post("/filters/<filter_id>/copy")
    def copy(backend: str, filter_id: str) -> Response:
        found, to = store.editing.find_filter(visitor(), filter_id), request.form.get("to", "")
        if found is None or to not in parts.registry.backends:
            abort(404)
        store.editing.add_filter(visitor(), to, found[1])
        return _back(to)

    @pages.post("/reset")
    def reset(backend: str) -> Response:
        if request.form.get("sure") != "1":
            flash("Nothing was changed: tick the box if you are sure.")
        else:
            store.editing.reset_filters(visitor(), backend, newcomer.filters(parts, visitor()))
        return _back(backend)


def _of_their_order(pages: Blueprint, parts: Parts) -> None:
    store = parts.store

    @pages.post("/filters/<filter_id>/<any(up, down):way>")
    def move(backend: str, filter_id: str, way: str) -> Response:
        user = store.preferences.user(visitor())
        ids = [one.id for each in user.preferences if each.backend == backend for one in each.filters]
        if filter_id not in ids:
            abort(404)
        place = ids.index(filter_id)
        ids.insert(max(0, place + (-1 if way == "up" else 1)), ids.pop(place))
        store.editing.order_filters(visitor(), backend, ids)
        return _back(backend)

    @pages.post("/order")
    def order(backend: str) -> tuple[str, int]:
        # for the script of the page, which stays: ids of other people or cards are not among what is put in order
        store.editing.order_filters(visitor(), backend, request.form.getlist("filter"))
        return "", 204


def _plan(form: Any) -> DigestPlan:
    """Read the form.

    :raises ValidationError: for whatever is no plan
    """
    raw = {
        "on": form.get("on") == "1",
        "every": _number(form.get("every", "")) * 60 if form.get("every") else None,
        "count": int(_number(form.get("count", ""))) if form.get("count") else None,
        "at": [part.strip() for part in form.get("at", "").split(",") if part.strip()],
        "zone": form.get("zone", "").strip() or "UTC",
        "quiet": form.get("quiet", "").replace(" ", ""),
    }
    return plan_of(DigestPart.model_validate(raw))


def _number(text: str) -> float:
    """Read a number; of what is none comes one that no plan can have."""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1.0
