"""Mishaps: a page, or a problem for programs, in place of what could not be shown."""

from __future__ import annotations

import logging

from flask import Flask, Response, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from fmn_core.errors import StoreError

from . import visitor
from .api import problems

#: seconds after which somebody may try again, while the database is away
PAUSE = 30

log = logging.getLogger(__name__)

Page = Response | tuple[str, int] | tuple[str, int, dict[str, str]]


def handled(app: Flask) -> None:
    """Let the application say in words what goes wrong."""
    app.register_error_handler(StoreError, _store_is_away)
    app.register_error_handler(CSRFError, _form_is_old)
    app.register_error_handler(HTTPException, _no_page)
    problems.answered(app)


def _form_is_old(error: CSRFError) -> Page:
    text = (
        "The form is too old, or it did not come from these pages. Go back, load the page again, and send it once more."
    )
    return render_template("problem.html", title="Nothing was changed", text=text), 400


def _no_page(error: HTTPException) -> Page:
    if problems.is_wanted():
        return problems.from_http(error)
    title = {404: "There is no such page", 403: "This page is not for you"}.get(error.code or 500, error.name)
    text = (error.description or "").replace("You", "you", 1) if error.code not in (403, 404) else ""
    again = error.get_response().headers.get("Retry-After")
    page = render_template("problem.html", title=title, text=text)
    return page, error.code or 500, {"Retry-After": again} if again else {}


def _store_is_away(error: StoreError) -> Page:
    log.error("a page cannot be shown: %s", error)
    visitor.forget()
    text, again = "The database gives no answer, so nothing was changed.", {"Retry-After": str(PAUSE)}
    if problems.is_wanted():
        return problems.as_problem(503, text, headers=again)
    return render_template("problem.html", title="Not now", text=f"{text} Please try again in a minute."), 503, again
