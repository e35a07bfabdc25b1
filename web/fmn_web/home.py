"""Home: what this is, for strangers; whoever is logged in wants their own page."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask_login import current_user
from werkzeug import Response


def blueprint() -> Blueprint:
    """Make the page."""
    pages = Blueprint("home", __name__)

    @pages.get("/")
    def index() -> Response | str:
        if current_user.is_authenticated:
            return redirect(url_for("mine.index"))
        return render_template("home.html")

    return pages
