"""Limits: how often somebody may ask for what costs much or could be tried out, in one place for all pages."""

from __future__ import annotations

import ipaddress
import logging
import re
import time
from collections.abc import Callable
from typing import Any, NoReturn

from flask import Flask, g, request
from flask_limiter import Limiter, RequestLimit
from flask_login import current_user
from werkzeug.exceptions import TooManyRequests

from fmn_core.config import Settings, WebSettings

from .policy import POLICY, Access

#: each of these answers whoever is not logged in, and talks to others or makes accounts
_LOGIN = ("login.demo", "openid.begin", "openid.callback")
#: each of these goes through many recorded messages, or may ask another service for one
_SEARCH = (
    "edit.new",
    "edit.add",
    "edit.change",
    "edit.save",
    "edit.aside",
    "less.index",
    "expected.ask",
    "expected.show",
    "history.why",
    "api.forecast",
    "api.why",
    "api.explanation",
)

#: bits of an IPv6 address that tell one customer from another (RFC 6177): whoever has one, has all that begin with them
_NETWORK = 64

#: seconds that a Redis has to answer: a call that counts in vain still has to be answered itself
PATIENCE = 1

Key = Callable[[], str]


def limited(app: Flask, settings: Settings) -> None:
    """Let the application count: in Redis for all its processes, each alone where there is none or it is away."""
    shared = settings.redis.url
    limiter = Limiter(
        _address, app=app, storage_uri=_storage(shared), key_prefix="fmn-web", on_breach=_end,
        in_memory_fallback_enabled=bool(shared), strategy="fixed-window",
        storage_options={"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE} if shared else {},
    )  # fmt: skip
    logging.getLogger("flask-limiter").setLevel(logging.CRITICAL)  # what it says of each request, pages say themselves
    for endpoint, access in POLICY.items():
        for name, limit, key in _limits(endpoint, access, settings.web):
            if limit:
                counted: Any = limiter.shared_limit(limit, scope=name, key_func=key)
                app.view_functions[endpoint] = counted(app.view_functions[endpoint])


def _storage(redis: str) -> str:
    """Return where it is counted, as the library writes it: it knows sockets by another name than Redis does."""
    return re.sub("^unix://", "redis+unix://", redis) or "memory://"


def _end(breach: RequestLimit) -> NoReturn:
    raise TooManyRequests(
        "Wait a little before you try again.", retry_after=max(1, round(breach.reset_at - time.time()))
    )


def _limits(endpoint: str, access: Access, web: WebSettings) -> list[tuple[str, str, Key]]:
    """Return what counts for a page: name, limit and who is counted."""
    found: list[tuple[str, str, Key]] = []
    if endpoint in _LOGIN:
        found.append(("login", web.login_limit, _address))
    if endpoint in _SEARCH:
        found.append(("search", web.search_limit, _name))
    if access is Access.LINK:
        found.append(("link", web.link_limit, _address))
    if access in (Access.READ, Access.WRITE):
        found.append(("api", web.api_limit, _token))
    return found


def _address() -> str:
    """Return where a request is from: its address, or the network of one that has a whole network to itself."""
    said = request.remote_addr or "unknown"  # whoever has no name is not counted by the library
    try:
        address = ipaddress.ip_address(said)
    except ValueError:  # a socket, or a name
        return said
    if address.version == 4:
        return said
    return str(address.ipv4_mapped or ipaddress.ip_network((int(address), _NETWORK), strict=False))


def _name() -> str:
    return str(current_user.name) if current_user.is_authenticated else _address()


def _token() -> str:
    return str(g.token.id)  # not what was sent: one token can be written in many ways
