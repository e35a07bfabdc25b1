"""The server as HTTP: a stream of events for each client that holds a token of its user."""

from __future__ import annotations

from contextlib import suppress

from aiohttp import HttpVersion11, web

from fmn_core import UsageError

from .access import Access
from .carrier import CarrierAway
from .choice import Choice, read_choice
from .client import Client
from .figures import Figures
from .frames import RETRY
from .hub import NO_EVENTS, Hub
from .origins import Origins, preflight
from .replay import Replay
from .settings import SseSettings
from .takeover import take_over
from .tokens import Tokens
from .watch import Watch

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
    "X-Content-Type-Options": "nosniff",
}


class EventServer:
    """Answers ``GET /events/<user>``.

    :param hub: where streams live once they are open
    """

    def __init__(self, options: SseSettings, hub: Hub, tokens: Tokens, figures: Figures) -> None:
        self._hub, self._figures, self._watch = hub, figures, Watch(hub, figures)
        self._access, self._origins = Access(tokens, figures), Origins(options.allow_origins)
        self._replay = Replay(hub, figures, options.patience)

    def application(self) -> web.Application:
        """Return the server as aiohttp runs it."""
        application = web.Application()
        application.router.add_get("/events/{user}", self._stream)
        application.router.add_options("/events/{user}", preflight)
        application.router.add_get("/healthz", self._watch.ready)
        application.on_response_prepare.append(self._origins.mark)
        return application

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        user = request.match_info["user"]
        generation = self._access.generation(request, user)
        choice = self._choice(request)
        await self._still(user, generation)
        response = web.StreamResponse(headers=HEADERS)
        if request.version >= HttpVersion11 and request.method != "HEAD":
            response.enable_chunked_encoding()
        await response.prepare(request)
        if request.method != "HEAD":
            await response.write(RETRY)  # with the headers, before anybody else writes
            await self._open(request, generation, choice, response.chunked)
        return response

    async def _open(self, request: web.Request, generation: int, choice: Choice | None, chunked: bool) -> None:
        user, transport = request.match_info["user"], request.transport
        if transport is None or transport.is_closing():
            return
        self._figures.count("connects_total")
        client = Client(user, generation, choice, transport, chunked, self._hub.leave)
        self._hub.join(client)
        self._replay.start(client, _given(request))
        await take_over(request, transport, client)

    def _choice(self, request: web.Request) -> Choice | None:
        try:
            return read_choice(request.query.items())
        except UsageError as error:
            self._figures.count("refused_total", "bad_query")
            raise web.HTTPBadRequest(text=f"{error}\n") from None

    async def _still(self, user: str, generation: int) -> None:
        """Refuse tokens that were revoked. While nobody can tell, the stream opens, and has nothing in it."""
        with suppress(CarrierAway):
            if (await self._hub.read({user: NO_EVENTS}))[user].generation != generation:
                raise self._access.refused("revoked")


def _given(request: web.Request) -> str:
    """Return where a client was: a browser that comes back says it in a header, whatever the URL said at first."""
    return request.headers.get("Last-Event-ID") or request.query.get("last_event_id", "")
