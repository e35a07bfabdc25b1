"""Unsubscribe: a link in a notification switches off the filters that asked for it, and back on.

A GET changes nothing. A POST does, by the button of the page or by a mail program (RFC 8058). Whoever has the link may:
the token in it is signed, so there is no session, and nothing that another site could lead a browser to do.
"""

from __future__ import annotations

from functools import cache

from flask import Blueprint, Response, render_template, request

from fmn_core.errors import UsageError
from fmn_core.plugins import PluginRegistry
from fmn_core.signing import LINKS, Signer, Wish
from fmn_core.store import Store

from .discretion import discreet

Page = Response | str | tuple[str, int]


def blueprint(store: Store, registry: PluginRegistry) -> Blueprint:
    """Make the pages."""
    pages = discreet(Blueprint("unsubscribe", __name__, url_prefix="/unsubscribe"))
    pages.register_error_handler(UsageError, _no_such_link)

    @cache
    def signer(purpose: str) -> Signer:
        return Signer(store.secrets.get(LINKS), purpose)

    def page(wish: Wish, changed: list[str] | None, undo: bool = False) -> str:
        preference = store.preferences.get(wish.preference)
        filters = preference.filters if preference and preference.user == wish.user else ()
        meant = [one for one in filters if one.id in wish.filters]
        backend = registry.backends.get(preference.backend) if preference and meant else None
        done = [one for one in meant if changed and one.id in changed]
        # after a click in a mail program, which shows no page, this is where people come to take it back
        off = changed or [one.id for one in meant if not one.active]
        again = signer("undo").token(Wish(wish.user, wish.preference, tuple(off)))
        return render_template(
            "unsubscribe.html", wish=wish, filters=meant, done=done, changed=changed, undo=undo, again=again,
            backend=backend.title if backend else preference and preference.backend,
        )  # fmt: skip

    @pages.get("/<token>")
    def ask(token: str) -> Page:
        return page(signer("unsubscribe").read(token), None)

    @pages.post("/<token>")
    def switch_off(token: str) -> Page:
        wish, is_one_click = signer("unsubscribe").read(token), _is_one_click()
        changed = store.switches.switch_filters(wish.user, wish.filters, False)
        return _in_words(store, wish) if is_one_click else page(wish, changed)

    @pages.get("/undo/<token>")
    def ask_back(token: str) -> Page:
        return page(signer("undo").read(token), None, undo=True)

    @pages.post("/undo/<token>")
    def switch_on(token: str) -> Page:
        wish = signer("undo").read(token)
        return page(wish, store.switches.switch_filters(wish.user, wish.filters, True), undo=True)

    return pages


def _is_one_click() -> bool:
    """Tell whether a mail program asks, which shows nobody what it gets for an answer."""
    return request.form.get("List-Unsubscribe") == "One-Click"


def _in_words(store: Store, wish: Wish) -> Response:
    preference = store.preferences.get(wish.preference)
    names = [repr(one.name) for one in (preference.filters if preference else ()) if one.id in wish.filters]
    return Response(f"switched off: {', '.join(names) or 'it was removed before'}\n", mimetype="text/plain")


def _no_such_link(error: UsageError) -> Page:
    if _is_one_click():
        return f"{error}\n", 404
    text = f"{str(error)[:1].upper()}{str(error)[1:]} from the message that it came in."
    return render_template("problem.html", title="This link does nothing", text=text), 404
