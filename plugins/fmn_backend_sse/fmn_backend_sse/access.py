"""Who may read: requests are held against tokens, and refused with a reason."""

from __future__ import annotations

import time

from aiohttp import web

from .figures import Figures
from .tokens import TokenRefused, Tokens

REASONS = {
    "no_token": "a token is needed",
    "expired": "the token has expired: load the page again for a new one",
    "wrong_token": "the token is not for this stream",
    "revoked": "the token was revoked",
}
#: whoever asks with these may ask again with another token
UNAUTHORIZED = {"no_token", "expired"}


class Access:
    """Decides by the token of a request.

    :param figures: count who was refused
    """

    def __init__(self, tokens: Tokens, figures: Figures) -> None:
        self._tokens, self._figures = tokens, figures

    def generation(self, request: web.Request, user: str) -> int:
        """Return the generation of a request's token, which is right for this user.

        :raises aiohttp.web.HTTPException: if it is not
        """
        token = token_of(request)
        if not token:
            raise self.refused("no_token")
        try:
            return self._tokens.generation(user, token, time.time())
        except TokenRefused as refused:
            raise self.refused("expired" if refused.expired else "wrong_token") from None

    def refused(self, reason: str) -> web.HTTPException:
        """Return the answer to a request that gets no stream, counted."""
        self._figures.count("refused_total", reason)
        text = f"{REASONS[reason]}\n"
        if reason in UNAUTHORIZED:
            return web.HTTPUnauthorized(text=text, headers={"WWW-Authenticate": "Bearer"})
        return web.HTTPForbidden(text=text)


def token_of(request: web.Request) -> str:
    """Return the token of a request: from its header, else from its URL."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else request.query.get("token", "")
