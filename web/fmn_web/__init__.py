"""The web pages. Built by :func:`create_app` from parts that are handed in; only ``wsgi.py`` assembles them itself."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from fmn_core.asking import Asking
from fmn_core.config import Settings
from fmn_core.lookups import Directory
from fmn_core.plugins import PluginRegistry
from fmn_core.snapshot import Snapshot
from fmn_core.store import Store

from . import (
    account,
    admin,
    api,
    audit,
    catalogue,
    changes,
    completion,
    confirm,
    edit,
    exchange,
    expected,
    feeds,
    guise,
    headers,
    history,
    home,
    less,
    limits,
    live,
    login,
    mine,
    mishaps,
    openid,
    policy,
    secret,
    unsubscribe,
    visitor,
    wording,
)
from .datagrepper import Datagrepper
from .parts import Parts

#: bytes of a request; somebody's whole notifications as a document may be long
LONGEST_REQUEST = 256 * 1024


def create_app(settings: Settings, registry: PluginRegistry, store: Store, lookups: Directory | None = None) -> Flask:
    """Build the web application.

    :param settings: the configuration
    :param registry: the installed plugins, whose offer the pages show
    :param store: users and what they wish
    :param lookups: who maintains what; None where nobody knows
    :raises ConfigError: if the settings would let anybody be anybody from elsewhere
    """
    asking = Asking(store, registry.backends, settings.base_url, settings.confirmation)
    older = Datagrepper(settings.web.datagrepper, settings.web.datagrepper_seconds)
    parts = Parts(settings, registry, store, lookups or Snapshot(), asking, older)
    app = Flask(__name__)
    _configure(app, settings)
    Bootstrap5(app)
    protection = CSRFProtect(app)
    visitor.recognise(app, store, lambda name: admin.is_admin(parts, name))
    guise.watch(app, store)
    policy.guard(app, store)
    visitor.sign(app, policy.way)
    _for_people(app, parts)
    _for_whoever_has_a_secret(app, parts, protection)
    limits.limited(app, settings)
    mishaps.handled(app)
    headers.added(app, settings)
    app.jinja_env.globals.update(wording.GLOBALS, known_endpoints=app.view_functions)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=secret.load(settings.data_dir),
        BOOTSTRAP_SERVE_LOCAL=True,
        MAX_CONTENT_LENGTH=LONGEST_REQUEST,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https:"),
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.web.session_hours),
        # or what was asked for in the background, as a forecast, would bring back the session from before a change
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form may stay open over night
    )
    if proxies := settings.web.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, proxies, proxies, proxies)  # type: ignore[method-assign]  # as it is meant


def _for_people(app: Flask, parts: Parts) -> None:
    """Add the pages that people look at, logged in or not."""
    names = completion.Names(parts.registry, parts.lookups)
    app.register_blueprint(home.blueprint())
    app.register_blueprint(guise.blueprint(parts))
    app.register_blueprint(catalogue.blueprint(parts.registry))
    app.register_blueprint(openid.blueprint(app, parts))
    app.register_blueprint(completion.blueprint(names))
    app.register_blueprint(edit.blueprint(parts, names))
    for topic in (login, mine, changes, history, less, expected, live, audit, exchange, account, feeds, admin):
        app.register_blueprint(topic.blueprint(parts))


def _for_whoever_has_a_secret(app: Flask, parts: Parts, protection: CSRFProtect) -> None:
    """Add what needs no session: whoever has the secret may, from wherever, so no other site could abuse one."""
    settings, registry, store = parts.settings, parts.registry, parts.store
    for pages in (
        confirm.blueprint(store, registry, settings.confirmation),
        unsubscribe.blueprint(store, registry),
        feeds.reading(parts),
        api.blueprint(parts),
    ):
        protection.exempt(pages)
        app.register_blueprint(pages)
