"""Login at an OpenID provider: the code flow with PKCE and a nonce, by Authlib."""

from __future__ import annotations

import logging
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, abort, request, session, url_for

from fmn_core.config import WebSettings

from .entering import Page, enter, no_login, target
from .parts import Parts

log = logging.getLogger(__name__)

#: seconds that the provider may take for an answer
PATIENCE = 10


def blueprint(app: Flask, parts: Parts) -> Blueprint:
    """Make the pages."""
    pages = Blueprint("openid", __name__, url_prefix="/login")
    web, place = parts.settings.web, parts.settings.base_url.rstrip("/")
    provider = _provider(app, web)

    @pages.post("/begin")
    def begin() -> Any:
        if provider is None:
            abort(404)
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
            claims = provider.authorize_access_token()["userinfo"]
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
        "provider",
        client_id=web.client_id,
        client_secret=web.client_secret,
        server_metadata_url=f"{web.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": web.scopes, "code_challenge_method": "S256", "default_timeout": PATIENCE},
    )


def _text(claims: Any, name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""
