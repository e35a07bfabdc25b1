"""The web pages. Built by :func:`create_app` from parts that are handed in; only ``wsgi.py`` assembles them itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask, Response, g, render_template
from flask_bootstrap import Bootstrap5
from flask_login import current_user
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from fmn_core.asking import Asking
from fmn_core.config import Settings
from fmn_core.errors import StoreError
from fmn_core.lookups import Lookups
from fmn_core.plugins import PluginRegistry
from fmn_core.snapshot import Snapshot
from fmn_core.store import Store

from . import (
    api,
    audit,
    catalogue,
    changes,
    completion,
    confirm,
    edit,
    exchange,
    expected,
    history,
    home,
    less,
    live,
    login,
    mine,
    openid,
    policy,
    secret,
    unsubscribe,
    visitor,
    wording,
)
from .api import problems
from .parts import Parts

#: only what we serve ourselves; Bootstrap draws some of its icons as data URLs
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; form-action {forms}; frame-ancestors 'none'; base-uri 'none'"
)
#: bytes of a request; somebody's whole notifications as a document may be long
LONGEST_REQUEST = 256 * 1024
#: seconds after which somebody may try again, while the database is away
PAUSE = 30

log = logging.getLogger(__name__)

Page = Response | tuple[str, int] | tuple[str, int, dict[str, str]]


def create_app(settings: Settings, registry: PluginRegistry, store: Store, lookups: Lookups | None = None) -> Flask:
    """Build the web application.

    :param settings: the configuration
    :param registry: the installed plugins, whose offer the pages show
    :param store: users and what they wish
    :param lookups: who maintains what; None where nobody knows
    :raises ConfigError: if the settings would let anybody be anybody from elsewhere
    """
    asking = Asking(store, registry.backends, settings.base_url, settings.confirmation)
    parts = Parts(settings, registry, store, lookups or Snapshot(), asking)
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=secret.load(settings.data_dir),
        BOOTSTRAP_SERVE_LOCAL=True,
        MAX_CONTENT_LENGTH=LONGEST_REQUEST,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https:"),
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.web.session_hours),
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form may stay open over night
    )
    _believe(app, settings.web.proxies)
    Bootstrap5(app)
    protection = CSRFProtect(app)
    visitor.recognise(app, store)
    policy.guard(app, store)
    visitor.sign(app, policy.way)
    app.register_blueprint(home.blueprint())
    app.register_blueprint(catalogue.blueprint(registry))
    app.register_blueprint(login.blueprint(parts))
    app.register_blueprint(openid.blueprint(app, parts))
    names = completion.Names(registry, parts.lookups)
    app.register_blueprint(completion.blueprint(names))
    app.register_blueprint(edit.blueprint(parts, names))
    for topic in (mine, changes, history, less, expected, live, audit, exchange):
        app.register_blueprint(topic.blueprint(parts))
    program = api.blueprint(parts)
    protection.exempt(program)  # no session counts there, so no other site can use one
    app.register_blueprint(program)
    problems.answered(app)
    for pages in (confirm.blueprint(store, registry, settings.confirmation), unsubscribe.blueprint(store, registry)):
        protection.exempt(pages)  # who has the secret in the address may do it, from wherever; there is no session
        app.register_blueprint(pages)
    app.register_error_handler(StoreError, _store_is_away)
    app.register_error_handler(CSRFError, _form_is_old)
    app.register_error_handler(HTTPException, _no_page)
    app.after_request(_protection(settings))
    app.jinja_env.globals.update(wording.GLOBALS, known_endpoints=app.view_functions)
    return app


def _believe(app: Flask, proxies: int) -> None:
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, proxies, proxies, proxies)  # type: ignore[method-assign]  # as it is meant


def _form_is_old(error: CSRFError) -> tuple[str, int]:
    text = (
        "The form is too old, or it did not come from these pages. Go back, load the page again, and send it once more."
    )
    return render_template("problem.html", title="Nothing was changed", text=text), 400


def _no_page(error: HTTPException) -> Page:
    if problems.is_wanted():
        return problems.from_http(error)
    title = {404: "There is no such page", 403: "This page is not for you"}.get(error.code or 500, error.name)
    text = (error.description or "").replace("You", "you", 1) if error.code not in (403, 404) else ""
    return render_template("problem.html", title=title, text=text), error.code or 500


def _store_is_away(error: StoreError) -> Page:
    log.error("a page cannot be shown: %s", error)
    visitor.forget()
    if problems.is_wanted():
        return problems.as_problem(
            503, "The database gives no answer, so nothing was changed.", headers={"Retry-After": str(PAUSE)}
        )
    page = render_template(
        "problem.html",
        title="Not now",
        text="The database gives no answer, so nothing was changed. Please try again in a minute.",
    )
    return page, 503, {"Retry-After": str(PAUSE)}


def _protection(settings: Settings) -> Callable[[Response], Response]:
    provider = urlsplit(settings.web.issuer)
    # browsers hold the redirect to the provider, which follows a form, against this too
    forms = f"'self' {provider.scheme}://{provider.netloc}" if provider.netloc else "'self'"
    content = CONTENT_SECURITY_POLICY.format(forms=forms)

    def protect(response: Response) -> Response:
        sources = " ".join(g.get("streams_from", ()))  # a page that reads a stream says from where
        own = f"{content}; connect-src 'self' {sources}" if sources else content
        response.headers.setdefault("Content-Security-Policy", own)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        if current_user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return protect
