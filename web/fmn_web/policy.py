"""Policy: who may see which page. The one place where that is decided; a page that is not listed is nobody's.

Beyond that, every function behind the pages takes the name of the visitor and looks at nothing that is somebody else's.
"""

from __future__ import annotations

from enum import Enum

from flask import Flask, abort, redirect, request, url_for
from flask_login import current_user
from werkzeug import Response

from fmn_core.store import Store

from .api import OPERATIONS, bearer, problems


class Access(Enum):
    """Who may see a page."""

    EVERYBODY = "everybody"
    #: whoever knows the secret in its address
    LINK = "link"
    #: whoever is logged in, and only what is theirs
    MEMBER = "member"
    #: programs with a token, and only what is its owner's; some tokens may change things
    READ = "read"
    WRITE = "write"
    #: the same, but not while an admin acts as them
    OWNER = "owner"
    #: whoever runs the instance; for all others the page is not there
    ADMIN = "admin"


POLICY: dict[str, Access] = {
    "static": Access.EVERYBODY,
    "bootstrap.static": Access.EVERYBODY,
    "home.index": Access.EVERYBODY,
    "catalogue.index": Access.EVERYBODY,
    "login.ask": Access.EVERYBODY,
    "login.demo": Access.EVERYBODY,
    "openid.begin": Access.EVERYBODY,
    "openid.callback": Access.EVERYBODY,
    "login.leave": Access.MEMBER,
    "mine.index": Access.MEMBER,
    "history.index": Access.MEMBER,
    "history.why": Access.MEMBER,
    "history.mute": Access.MEMBER,
    "history.unmute": Access.MEMBER,
    "less.index": Access.MEMBER,
    "less.narrow": Access.MEMBER,
    "less.switch_off": Access.MEMBER,
    "expected.ask": Access.MEMBER,
    "expected.show": Access.MEMBER,
    "live.index": Access.MEMBER,
    "account.index": Access.MEMBER,
    "account.make": Access.OWNER,
    "account.revoke": Access.OWNER,
    "account.end_sessions": Access.OWNER,
    "feed.make": Access.OWNER,
    "feeds.read": Access.LINK,
    "audit.index": Access.MEMBER,
    "audit.undo": Access.MEMBER,
    "exchange.export": Access.MEMBER,
    "exchange.ask": Access.MEMBER,
    "exchange.put": Access.MEMBER,
    "changes.switch": Access.MEMBER,
    "changes.ask": Access.MEMBER,
    "changes.forget": Access.MEMBER,
    "changes.digest": Access.MEMBER,
    "changes.switch_filter": Access.MEMBER,
    "changes.move": Access.MEMBER,
    "changes.order": Access.MEMBER,
    "changes.remove": Access.MEMBER,
    "changes.copy": Access.MEMBER,
    "changes.reset": Access.MEMBER,
    "edit.new": Access.MEMBER,
    "edit.add": Access.MEMBER,
    "edit.change": Access.MEMBER,
    "edit.save": Access.MEMBER,
    "edit.aside": Access.MEMBER,
    "edit.link": Access.MEMBER,
    "completion.like": Access.MEMBER,
    "guise.stop": Access.MEMBER,
    "admin.overview": Access.ADMIN,
    "admin.users": Access.ADMIN,
    "admin.user": Access.ADMIN,
    "admin.disable": Access.ADMIN,
    "admin.enable": Access.ADMIN,
    "admin.end_sessions": Access.ADMIN,
    "admin.act": Access.ADMIN,
    "admin.plugins": Access.ADMIN,
    "admin.rules": Access.ADMIN,
    "admin.dead": Access.ADMIN,
    "admin.replay": Access.ADMIN,
    "admin.replay_all": Access.ADMIN,
    "admin.drop": Access.ADMIN,
    "admin.volume": Access.ADMIN,
    "admin.log": Access.ADMIN,
    "confirm.ask": Access.LINK,
    "confirm.decide": Access.LINK,
    "unsubscribe.ask": Access.LINK,
    "unsubscribe.switch_off": Access.LINK,
    "unsubscribe.ask_back": Access.LINK,
    "unsubscribe.switch_on": Access.LINK,
    "api.openapi": Access.EVERYBODY,
    **{one.endpoint: Access.WRITE if one.writes else Access.READ for one in OPERATIONS},
}


#: how changes come about, for the audit; all else is the ``web``
_WAYS = {Access.LINK: "link", Access.READ: "api", Access.WRITE: "api"}


def way() -> str:
    """Return how the current request came."""
    access = POLICY.get(request.endpoint or "")
    return _WAYS.get(access, "web") if access else "web"


def guard(app: Flask, store: Store) -> None:
    """Have every request checked before a page sees it."""
    app.before_request(lambda: _check(store))


def _check(store: Store) -> Response | None:
    if request.endpoint is None:  # no page is there: 404 or 405 follow
        return None
    access = POLICY.get(request.endpoint)
    if problems.is_wanted() and request.blueprint != "api":  # /api/v1/x is no link of a notification for user "api"
        abort(404)
    if access in (Access.EVERYBODY, Access.LINK):
        return None
    if access is None:
        abort(403)
    if access in (Access.READ, Access.WRITE):
        bearer.let_in(store, writes=access is Access.WRITE)
        return None
    if current_user.is_authenticated:
        _check_visitor(access)
        return None
    if request.method != "GET":
        abort(401)
    return redirect(url_for("login.ask", next=request.full_path.rstrip("?")))


def _check_visitor(access: Access) -> None:
    """Refuse what somebody who is logged in may not see."""
    if access is Access.ADMIN and not current_user.admin:
        abort(404)
    if access is Access.OWNER and current_user.acts:
        abort(403)
