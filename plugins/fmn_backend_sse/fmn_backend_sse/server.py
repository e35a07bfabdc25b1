"""The server as HTTP: a stream of events for each client that holds a token of its user."""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import HttpVersion11, web

from fmn_core import UsageError

from .access import Access
from .carrier import CarrierAway, Window
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


class Terms(NamedTuple):
    """On what a stream is opened: see :class:`Client` and :meth:`Replay.start`."""

    generation: int
    choice: Choice | None
    chunked: bool
    state: Window | None


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
        state = await self._state(user, generation)
        response = web.StreamResponse(headers=HEADERS)
        if request.version >= HttpVersion11 and request.method != "HEAD":
            response.enable_chunked_encoding()
        await response.prepare(request)
        if request.method != "HEAD":
            await response.write(RETRY)  # with the headers, before anybody else writes
            self._figures.count("connects_total")
            await self._open(request, Terms(generation, choice, response.chunked, state))
        return response

    async def _open(self, request: web.Request, terms: Terms) -> None:
        user, transport = request.match_info["user"], request.transport
        if transport is None or transport.is_closing():
            return
        client = Client(user, terms.generation, terms.choice, transport, terms.chunked, self._hub.leave)
        self._hub.join(client)
        self._replay.start(client, _given(request), terms.state)
        await take_over(request, transport, client)

    def _choice(self, request: web.Request) -> Choice | None:
        try:
            return read_choice(request.query.items())
        except UsageError as error:
            self._figures.count("refused_total", "bad_query")
            raise web.HTTPBadRequest(text=f"{error}\n") from None

    async def _state(self, user: str, generation: int) -> Window | None:
        """Look where the user's events are before we say that the stream is open, and refuse tokens that were revoked.

        :returns: None while nobody can tell: the stream opens, and has nothing in it until somebody can
        """
        try:
            state = (await self._hub.read({user: NO_EVENTS}))[user]
        except CarrierAway:
            return None
        if state.generation != generation:
            raise self._access.refused("revoked")
        return state


def _given(request: web.Request) -> str:
    """Return where a client was: a browser that comes back says it in a header, whatever the URL said at first."""
    return request.headers.get("Last-Event-ID") or request.query.get("last_event_id", "")
