"""The server: a stream of events for each client that holds the token of its user.

A client is no more than a position in the event log. News only wake it; what it then sends it reads from the log, so
replay, many windows of one user and slow clients are all the same, and no queue can grow.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress

from aiohttp import web

from .events import Event, EventLog
from .settings import SseSettings
from .tokens import Tokens

log = logging.getLogger(__name__)

#: milliseconds after which a client that lost us comes back
RETRY = b"retry: 3000\n\n"
HEARTBEAT = b": heartbeat\n\n"
#: events read from the log at once
BATCH = 100


class EventServer:
    """Answers ``GET /events/<user>``.

    :param events: where events come from; closed by its owner
    """

    def __init__(self, options: SseSettings, events: EventLog, tokens: Tokens) -> None:
        self._options, self._events, self._tokens = options, events, tokens
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._closing = False

    @property
    def clients(self) -> int:
        """How many streams are open."""
        return sum(map(len, self._waiting.values()))

    def application(self) -> web.Application:
        """Return the server as aiohttp runs it."""
        application = web.Application()
        application.router.add_get("/events/{user}", self._stream, allow_head=False)
        application.cleanup_ctx.append(self._watching)
        application.on_shutdown.append(self._end_streams)
        return application

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        user = request.match_info["user"]
        self._authorise(request, user)
        position = await self._position(request)
        response = web.StreamResponse(headers=self._headers())
        await response.prepare(request)
        with self._wake_for(user) as news:
            try:
                await self._write(response, RETRY)
                while not self._closing:
                    position = await self._send_news(response, user, position, news)
            except TimeoutError:
                log.info("client of %s takes nothing and is dropped", user)
                if request.transport:
                    request.transport.abort()
        return response

    def _authorise(self, request: web.Request, user: str) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = request.query.get("token", "")
        if not token:
            raise web.HTTPUnauthorized(text="a token is needed\n", headers={"WWW-Authenticate": "Bearer"})
        if not self._tokens.is_of(user, token):
            raise web.HTTPForbidden(text="the token is not for this stream\n")

    async def _position(self, request: web.Request) -> int:
        """Find out where to begin: behind the event that the client had last, else with what comes from now on."""
        last = await asyncio.to_thread(self._events.last)
        given = request.headers.get("Last-Event-ID") or request.query.get("last_event_id")
        if not given:
            return last
        if not (given.isascii() and given.isdigit()):
            raise web.HTTPBadRequest(text="the last event id is no number\n")
        position = int(given[:20])  # as many digits as any id has
        return position if position <= last else 0  # an id that was never given comes from another log: begin anew

    def _headers(self) -> dict[str, str]:
        return {
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
            "Access-Control-Allow-Origin": self._options.allow_origin,
        }

    async def _send_news(self, response: web.StreamResponse, user: str, position: int, news: asyncio.Event) -> int:
        """Send what is new, or wait for it, and return the new position."""
        news.clear()  # before looking: what is added afterwards sets it again
        found = await asyncio.to_thread(self._events.after, user, position, BATCH)
        if found:
            await self._write(response, b"".join(map(_encoded, found)))
            return found[-1].id
        try:
            async with asyncio.timeout(self._options.heartbeat):
                await news.wait()
        except TimeoutError:
            await self._write(response, HEARTBEAT)
        return position

    async def _write(self, response: web.StreamResponse, data: bytes) -> None:
        async with asyncio.timeout(self._options.patience):
            await response.write(data)

    @contextmanager
    def _wake_for(self, user: str) -> Iterator[asyncio.Event]:
        news = asyncio.Event()
        self._waiting[user].add(news)
        try:
            yield news
        finally:
            self._waiting[user].discard(news)
            if not self._waiting[user]:
                del self._waiting[user]

    async def _watching(self, application: web.Application) -> AsyncIterator[None]:
        watch = asyncio.create_task(self._watch(await asyncio.to_thread(self._events.last)))
        yield
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch

    async def _watch(self, position: int) -> None:
        """Look into the log for all clients, and wake those who have news."""
        while True:
            try:
                position, users = await asyncio.to_thread(self._events.users_since, position)
            except sqlite3.Error as error:
                log.warning("event log %s cannot be read: %s", self._events.path, error)
                users = set()
            for user in users & self._waiting.keys():
                self._wake(user)
            await asyncio.sleep(self._options.poll)

    async def _end_streams(self, application: web.Application) -> None:
        self._closing = True
        for user in list(self._waiting):
            self._wake(user)

    def _wake(self, user: str) -> None:
        for news in self._waiting[user]:
            news.set()


def _encoded(event: Event) -> bytes:
    return f"id: {event.id}\nevent: notification\ndata: {event.data}\n\n".encode()
