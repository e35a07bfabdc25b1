"""CORS: whose pages may read what we answer. Tokens are all it takes, so cookies are never asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import web

#: seconds that a browser may remember what we allow
REMEMBERED = 3600


class Origins:
    """What is said to pages of other origins.

    :param allowed: such as ``https://pages.example.org``, or ``*`` for all
    """

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = frozenset(allowed)

    def headers(self, origin: str) -> Mapping[str, str]:
        """Return what lets a page of an origin read an answer."""
        if "*" in self._allowed:
            return {"Access-Control-Allow-Origin": "*"}
        allowed = {"Access-Control-Allow-Origin": origin} if origin in self._allowed else {}
        return {"Vary": "Origin", **allowed}

    async def mark(self, request: web.Request, response: web.StreamResponse) -> None:
        """Put the headers on an answer; errors too, so that pages can tell what is wrong."""
        response.headers.update(self.headers(request.headers.get("Origin", "")))


async def preflight(request: web.Request) -> web.Response:
    """Answer a browser that asks before it sends a token in a header."""
    return web.Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": "GET, HEAD",
            "Access-Control-Allow-Headers": "Authorization, Last-Event-ID, Cache-Control",
            "Access-Control-Max-Age": str(REMEMBERED),
            "Allow": "GET, HEAD, OPTIONS",
        },
    )
