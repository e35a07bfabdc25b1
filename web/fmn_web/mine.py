"""My notifications: everything of the visitor on one page, a card for each backend."""

from __future__ import annotations

from flask import Blueprint, render_template

from .parts import Parts
from .visitor import visitor


def blueprint(parts: Parts) -> Blueprint:
    """Make the page."""
    pages = Blueprint("mine", __name__)

    @pages.get("/notifications")
    def index() -> str:
        user = parts.store.preferences.user(visitor())
        return render_template("mine.html", user=user, backends=parts.registry.backends)

    return pages
