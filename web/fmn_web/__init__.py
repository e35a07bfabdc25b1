"""The web pages. Built by :func:`create_app` from parts that are handed in; only ``wsgi.py`` assembles them itself."""

from __future__ import annotations

from flask import Flask, Response
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect

from fmn_core.config import Settings
from fmn_core.plugins import PluginRegistry

from . import catalogue, secret

#: only what we serve ourselves; Bootstrap draws some of its icons as data URLs
CONTENT_SECURITY_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"


def create_app(settings: Settings, registry: PluginRegistry) -> Flask:
    """Build the web application.

    :param settings: the configuration
    :param registry: the installed plugins, whose offer the pages show
    """
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=secret.load(settings.data_dir),
        BOOTSTRAP_SERVE_LOCAL=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    Bootstrap5(app)
    CSRFProtect(app)
    app.register_blueprint(catalogue.blueprint(registry))
    app.after_request(_protect)
    return app


def _protect(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response
