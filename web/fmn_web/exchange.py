"""Exchange: all of the visitor's notifications as one document, and such a document back in their place.

An address of a document is asked for like any other that somebody writes: a document confirms nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as BaseResponse

from fmn_core.errors import ConfigError, UsageError
from fmn_core.model import Filter, Preference, User
from fmn_core.store.exchange import Installed, dump_user, load_user

from .parts import Parts
from .sizes import excess_of_document
from .visitor import visitor

Page = BaseResponse | str | tuple[str, int]


def blueprint(parts: Parts) -> Blueprint:
    """Make the pages."""
    pages = Blueprint("exchange", __name__)

    @pages.get("/notifications.<any(toml, json):form>")
    def export(form: str) -> Page:
        try:
            text = dump_user(parts.store.preferences.user(visitor()), "json" if form == "json" else "toml")
        except UsageError:  # TOML knows no null
            flash("Something in your settings cannot be written as TOML. Please download it as JSON.")
            return redirect(url_for("exchange.ask"))
        answer = Response(text, mimetype="application/json" if form == "json" else "application/toml")
        answer.headers["Content-Disposition"] = f"attachment; filename=notifications.{form}"
        return answer

    @pages.get("/import")
    def ask() -> Page:
        return render_template("exchange.html", text="", problems=[])

    @pages.post("/import")
    def put() -> Page:
        text = _sent()
        try:
            read = load_user(text, Installed(parts.registry.rules, parts.registry.backends), "the document")
            sentences = take_in(parts, visitor(), read)
        except ConfigError as error:
            return render_template("exchange.html", text=text, problems=error.problems), 422
        for sentence in sentences:
            flash(sentence)
        flash("Your document is in force. “Changes” shows what it changed, and can take it back.")
        return redirect(url_for("mine.index"))

    return pages


def _sent() -> str:
    """Return the document: what was uploaded, or else what was written."""
    file = request.files.get("file")
    raw = file.read() if file else b""
    return raw.decode("utf-8-sig", "replace") if raw else request.form.get("text", "").lstrip("\ufeff")


def take_in(parts: Parts, name: str, read: User) -> list[str]:
    """Put a document in the place of what somebody has, and ask at the addresses that are new.

    :returns: what cannot be asked, a sentence each
    :raises ConfigError: if it is larger than the pages would let it become
    """

    def changed(mine: User) -> User:
        if problems := list(excess_of_document(mine, read)):
            raise ConfigError("the document", problems)
        return merged(mine, read)

    return list(_ask(parts, parts.store.preferences.change(name, changed), read))


def merged(mine: User, read: User) -> User:
    """Return a user's preferences with those of a document in the place of theirs; addresses stay as they are.

    A filter that has a name as before is the same filter: links to it go on, and what it let through is still counted.
    """
    by_backend = {one.backend: one for one in mine.preferences}
    for one in read.preferences:
        before = by_backend.get(one.backend) or Preference("", mine.name, one.backend)
        filters = tuple(_named_as_before(before, one))
        by_backend[one.backend] = replace(
            one, id=before.id, user=mine.name, destinations=before.destinations, filters=filters
        )
    return User(mine.name, tuple(by_backend.values()))


def _named_as_before(before: Preference, read: Preference) -> list[Filter]:
    free = {one.name: one.id for one in reversed(before.filters)}
    return [replace(one, id=free.pop(one.name, "")) for one in read.filters]


def _ask(parts: Parts, mine: User, read: User) -> Iterator[str]:
    known = {(one.backend, place.address) for one in mine.preferences for place in one.destinations}
    for one in read.preferences:
        for place in one.destinations:
            if (one.backend, place.address) not in known:
                try:
                    parts.asking.ask(mine.name, one.backend, place.address)
                except UsageError as error:
                    yield f"{parts.registry.backends[one.backend].title}: {error}"
