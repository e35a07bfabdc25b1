"""Live: the visitor's notifications as they come, read by the browser from wherever a backend streams them."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from flask import Blueprint, g, render_template

from fmn_core.errors import FmnError

from .parts import Parts
from .visitor import visitor

log = logging.getLogger(__name__)


def blueprint(parts: Parts) -> Blueprint:
    """Make the page."""
    pages = Blueprint("live", __name__)

    @pages.get("/live")
    def index() -> str:
        streams, failed = _streams(parts, visitor())
        on = {one.backend for one in parts.store.preferences.user(visitor()).preferences if one.enabled}
        off = [name for name in streams if name not in on]
        backends = parts.registry.backends
        g.streams_from = sorted({_origin(url) for url in streams.values()} - {""})  # for the content security policy
        return render_template("live.html", streams=streams, failed=failed, off=off, backends=backends)

    return pages


def _streams(parts: Parts, user: str) -> tuple[dict[str, str], list[str]]:
    """Return where each backend streams what is for somebody, and the titles of those that cannot tell now."""
    found, failed = {}, []
    for name, backend in parts.registry.backends.items():
        try:
            url = backend.stream_url(user)
        except FmnError as error:
            log.warning("backend %r gives no stream: %s", name, error)
            failed.append(backend.title)
            continue
        if url:
            found[name] = url
    return found, failed


def _origin(url: str) -> str:
    """Return whose a stream is, as browsers name it; empty for one of our own."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
