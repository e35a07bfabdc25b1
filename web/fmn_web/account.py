"""Account: the visitor's name, tokens for programs, feeds, and the end of all sessions."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug import Response

from fmn_core.errors import UsageError

from .api.bearer import KIND
from .api.operation import ROOT
from .parts import Parts
from .visitor import visitor


def blueprint(parts: Parts) -> Blueprint:
    """Make the pages."""
    pages, tokens = Blueprint("account", __name__, url_prefix="/account"), parts.store.tokens

    def page(secret: str = "") -> str:
        filters = {one.id: one.name for each in parts.store.preferences.user(visitor()).preferences
                   for one in each.filters}  # fmt: skip
        return render_template("account.html", account=current_user.account, tokens=tokens.of_user(visitor()),
                               program=KIND, secret=secret, filters=filters,
                               api=parts.settings.base_url.rstrip("/") + ROOT)  # fmt: skip

    @pages.get("")
    def index() -> str:
        return page()

    @pages.post("/tokens")
    def make() -> str | Response:
        form = request.form
        try:
            _, secret = tokens.make(visitor(), KIND, form.get("title", ""), datetime.now(UTC),
                                    writes=form.get("writes") == "1")  # fmt: skip
        except UsageError as error:
            flash(f"Nothing was made: {error}.")
            return redirect(url_for("account.index"))
        return page(secret)

    @pages.post("/tokens/<token>/revoke")
    def revoke(token: str) -> Response:
        if not tokens.revoke(visitor(), token):
            abort(404)
        flash("It is void from now on.")
        return redirect(url_for("account.index"))

    @pages.post("/log-out-everywhere")
    def end_sessions() -> Response:
        parts.store.accounts.end_sessions(visitor())
        return redirect(url_for("home.index"))

    return pages
