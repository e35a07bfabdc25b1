"""Login: the page that offers it, and a click for those who try FMN where nobody but this machine reaches the pages."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask_login import logout_user
from werkzeug import Response

from fmn_core.backends import one_line
from fmn_core.config import Settings
from fmn_core.errors import ConfigError

from . import guise
from .entering import Page, enter, target
from .parts import Parts

#: demo users that are proposed
PROPOSED = 12


def blueprint(parts: Parts) -> Blueprint:
    """Make the pages.

    :raises ConfigError: if anybody could be anybody from elsewhere
    """
    settings, pages = parts.settings, Blueprint("login", __name__)
    _refuse_open_demo(settings)

    @pages.get("/login")
    def ask() -> str:
        demo = _demo_is_open(settings)
        people = parts.store.accounts.search(limit=PROPOSED) if demo else []
        return render_template("login.html", demo=demo, provider=bool(settings.web.issuer), people=people)

    @pages.post("/login/demo")
    def demo() -> Page:
        if not _demo_is_open(settings):
            abort(404)
        form = request.form
        name, mail = one_line(form.get("name", "")), one_line(form.get("mail", ""))
        return enter(parts, name, mail, target(request.args.get("next")))

    @pages.post("/logout")
    def leave() -> Response:
        guise.take_off(parts.store, "logged out")
        logout_user()
        session.clear()
        return redirect(url_for("home.index"))

    return pages


def _refuse_open_demo(settings: Settings) -> None:
    host = urlsplit(settings.base_url).hostname or ""
    if settings.web.demo_login and not _is_loopback(host):
        raise ConfigError("section [web]", [f"demo_login: anybody could be anybody, as base_url is on {host!r}"])


def _demo_is_open(settings: Settings) -> bool:
    """Tell whether this request comes from this machine, to a name that is this machine's."""
    host = urlsplit(f"//{request.host}").hostname or ""
    return settings.web.demo_login and _is_loopback(host) and _is_loopback(request.remote_addr or "")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
