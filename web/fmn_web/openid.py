"""Login at an OpenID provider: the code flow with PKCE and a nonce, by Authlib."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, abort, request, session, url_for

from fmn_core.config import WebSettings
from fmn_core.errors import FmnError

from .entering import Page, enter, no_login, target
from .parts import Parts

log = logging.getLogger(__name__)

#: seconds that the provider may take for an answer
PATIENCE = 10
#: what the library calls the provider, and how its keys in the session begin
NAME = "provider"
ATTEMPT = f"_state_{NAME}_"


def blueprint(app: Flask, parts: Parts) -> Blueprint:
    """Make the pages."""
    pages = Blueprint("openid", __name__, url_prefix="/login")
    web, place = parts.settings.web, parts.settings.base_url.rstrip("/")
    provider = _provider(app, web)

    @pages.post("/begin")
    def begin() -> Any:
        if provider is None:
            abort(404)
        _forget_attempts()
        session["next"] = target(request.args.get("next"))
        try:
            return provider.authorize_redirect(place + url_for("openid.callback"))
        except Exception as error:  # whatever its HTTP client raises
            log.warning("the provider of logins cannot be reached: %r", error)
            return no_login("The login service gives no answer. Please try again in a minute.", 503)

    @pages.get("/callback")
    def callback() -> Page:
        if provider is None:
            abort(404)
        page = target(session.pop("next", None))
        try:
            claims = _claims(provider, web)
        except OAuthError as error:
            log.info("a login was not completed: %r", error)
            return no_login("The login was not completed, or took too long. Please try again.", 400)
        except Exception as error:  # a token that is not the provider's, or the provider is away
            log.warning("the answer of the provider of logins cannot be used: %r", error)
            return no_login("The answer of the login service could not be used. Please try again.", 502)
        return enter(parts, _text(claims, web.name_claim), _text(claims, web.mail_claim), page)

    return pages


def _provider(app: Flask, web: WebSettings) -> Any:
    if not web.issuer:
        return None
    return OAuth(app).register(
        NAME,
        client_id=web.client_id,
        client_secret=web.client_secret,
        server_metadata_url=f"{web.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": web.scopes,
            "code_challenge_method": "S256",
            "default_timeout": PATIENCE,
            "leeway": 0,  # a token is used at once: one that lives for a minute is not too old
        },
    )


def _forget_attempts() -> None:
    """Let go of logins that were not completed: each takes some 700 bytes of a cookie, and browsers drop long ones."""
    for key in [key for key in session if key.startswith(ATTEMPT)]:
        session.pop(key)


def _claims(provider: Any, web: WebSettings) -> Mapping[str, Any]:
    """Return what the provider says of who logs in: in its signed token, and of what is not there when it is asked.

    Fedora's provider puts neither nickname nor address into the token.
    """
    token = provider.authorize_access_token()
    signed: Mapping[str, Any] = token["userinfo"]
    known = all(signed.get(name) for name in (web.name_claim, web.mail_claim))
    if known or not provider.load_server_metadata().get("userinfo_endpoint"):
        return signed
    asked = provider.userinfo(token=token)
    if asked.get("sub") != signed["sub"]:
        raise FmnError("the provider of logins speaks of two people")
    return {**asked, **signed}


def _text(claims: Any, name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""
