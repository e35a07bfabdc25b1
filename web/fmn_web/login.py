"""Login: at an OpenID provider, or by a click where nobody but this machine can reach the pages."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, session, url_for
from flask_login import login_user, logout_user
from werkzeug import Response

from fmn_core.backends import one_line
from fmn_core.config import Settings
from fmn_core.errors import ConfigError

from . import newcomer
from .parts import Parts
from .visitor import Visitor

log = logging.getLogger(__name__)

#: characters of an account's name
LONGEST_NAME = 100
#: the name of the provider within the library
PROVIDER = "provider"

Page = Response | str | tuple[str, int]


def blueprint(app: Flask, parts: Parts) -> Blueprint:
    """Make the pages.

    :raises ConfigError: if anybody could be anybody from elsewhere
    """
    settings = parts.settings
    _refuse_open_demo(settings)
    pages = Blueprint("login", __name__)
    provider = _provider(app, settings)

    @pages.get("/login")
    def ask() -> str:
        return render_template("login.html", demo=_demo_is_open(settings), provider=bool(settings.web.issuer),
                               people=parts.store.accounts.search(limit=12) if _demo_is_open(settings) else [])  # fmt: skip

    @pages.post("/login/demo")
    def demo() -> Page:
        if not _demo_is_open(settings):
            abort(404)
        return _enter(
            parts, request.form.get("name", ""), request.form.get("mail", ""), _target(request.args.get("next"))
        )

    @pages.post("/login/provider")
    def begin() -> Any:
        if provider is None:
            abort(404)
        session["next"] = _target(request.args.get("next"))
        place = settings.base_url.rstrip("/") + url_for("login.callback")
        try:
            return provider.authorize_redirect(place)
        except Exception as error:  # whatever its HTTP client raises
            log.warning("the provider of logins cannot be reached: %r", error)
            return _problem("The login service gives no answer. Please try again in a minute.", 503)

    @pages.get("/login/callback")
    def callback() -> Page:
        if provider is None:
            abort(404)
        try:
            claims = provider.authorize_access_token()["userinfo"]
        except (OAuthError, KeyError) as error:
            log.info("a login failed: %r", error)
            return _problem("The login was not completed, or took too long. Please try again.", 400)
        except Exception as error:  # a token that is not the provider's, a provider that is away
            log.warning("a login failed: %r", error)
            return _problem("The answer of the login service could not be used. Please try again.", 400)
        name, mail = claims.get(settings.web.name_claim), claims.get(settings.web.mail_claim)
        return _enter(parts, str(name or ""), str(mail or ""), _target(session.pop("next", None)))

    @pages.post("/logout")
    def leave() -> Response:
        logout_user()
        session.clear()
        return redirect(url_for("home.index"))

    return pages


def _provider(app: Flask, settings: Settings) -> Any:
    web = settings.web
    if not web.issuer:
        return None
    return OAuth(app).register(
        PROVIDER,
        client_id=web.client_id,
        client_secret=web.client_secret,
        server_metadata_url=f"{web.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": web.scopes, "code_challenge_method": "S256"},
    )


def _enter(parts: Parts, name: str, mail: str, target: str) -> Page:
    name = one_line(name)
    if not name or len(name) > LONGEST_NAME or "/" in name:
        return _problem("The login service names an account that cannot be one.", 400)
    account, new = parts.store.accounts.log_in(
        name, one_line(mail)[:320], lambda: newcomer.preferences(parts, name), datetime.now(UTC)
    )
    if account.disabled:
        return _problem(f"This account is disabled: {account.disabled}", 403)
    session.clear()  # whatever somebody had put there before is not taken over
    session.permanent = True
    login_user(Visitor(account))
    if new:
        for title in newcomer.ask_at(parts, name, account.mail):
            flash(
                f"Welcome! To get notifications by {title}, follow the link in the message we sent to {account.mail}."
            )
    return redirect(target)


def _problem(text: str, status: int) -> tuple[str, int]:
    return render_template("problem.html", title="No login", text=text), status


def _target(wanted: str | None) -> str:
    """Return where to go after the login: a page of ours."""
    if wanted and wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and one_line(wanted) == wanted:
        return wanted
    return url_for("mine.index")


def _refuse_open_demo(settings: Settings) -> None:
    host = urlsplit(settings.base_url).hostname or ""
    if settings.web.demo_login and not _is_loopback(host):
        raise ConfigError("section [web]", [f"demo_login: anybody could be anybody, as base_url is {host!r}"])


def _demo_is_open(settings: Settings) -> bool:
    """Tell whether this request comes from this machine, to a name that is this machine's."""
    host = urlsplit(f"//{request.host}").hostname or ""
    return settings.web.demo_login and _is_loopback(host) and _is_loopback(request.remote_addr or "")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
