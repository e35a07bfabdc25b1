"""The web pages. Built by :func:`create_app` from parts that are handed in; only ``wsgi.py`` assembles them itself."""

from __future__ import annotations

import logging

from flask import Flask, Response, render_template
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect

from fmn_core.config import Settings
from fmn_core.errors import StoreError
from fmn_core.plugins import PluginRegistry
from fmn_core.store import Store

from . import catalogue, confirm, secret, unsubscribe

#: only what we serve ourselves; Bootstrap draws some of its icons as data URLs
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
#: bytes of a request; no form of ours is longer
LONGEST_REQUEST = 64 * 1024
#: seconds after which somebody may try again, while the database is away
PAUSE = 30

log = logging.getLogger(__name__)


def create_app(settings: Settings, registry: PluginRegistry, store: Store) -> Flask:
    """Build the web application.

    :param settings: the configuration
    :param registry: the installed plugins, whose offer the pages show
    :param store: users and what they wish
    """
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=secret.load(settings.data_dir),
        BOOTSTRAP_SERVE_LOCAL=True,
        MAX_CONTENT_LENGTH=LONGEST_REQUEST,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    Bootstrap5(app)
    protection = CSRFProtect(app)
    app.register_blueprint(catalogue.blueprint(registry))
    for pages in (confirm.blueprint(store, registry, settings.confirmation), unsubscribe.blueprint(store, registry)):
        protection.exempt(pages)  # who has the secret in the address may do it, from wherever; there is no session
        app.register_blueprint(pages)
    app.register_error_handler(StoreError, _store_is_away)
    app.after_request(_protect)
    return app


def _store_is_away(error: StoreError) -> tuple[str, int, dict[str, str]]:
    log.error("a page cannot be shown: %s", error)
    page = render_template(
        "problem.html",
        title="Not now",
        text="The database gives no answer, so nothing was changed. Please try again in a minute.",
    )
    return page, 503, {"Retry-After": str(PAUSE)}


def _protect(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response
