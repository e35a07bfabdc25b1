"""Running the server: until a signal comes, or in a thread for as long as a context lasts."""

from __future__ import annotations

import asyncio
import logging
import resource
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager, suppress
from signal import SIGHUP, SIGINT, SIGTERM

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from fmn_core import FmnError, Settings

from .figures import Figures
from .hub import Hub
from .opening import open_carrier
from .secret import secret_of
from .server import EventServer
from .settings import SseSettings
from .tokens import Tokens
from .watch import Watch

http_log = logging.getLogger(f"{__package__}.http")
http_log.addFilter(lambda record: not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError)))

#: seconds that open streams get to end when the server stops
FAREWELL = 2.0
#: connections that may wait to be accepted: after a restart everybody comes back at once
BACKLOG = 1024


async def serve(settings: Settings, started: Callable[[str], object], stop: asyncio.Event) -> None:
    """Serve until told to stop.

    :param started: called with the URL once the server listens
    :raises FmnError: if it cannot listen there, or has no events
    """
    options = settings.section("sse", SseSettings)
    tokens = Tokens(secret_of(settings))
    carrier = open_carrier(settings)
    figures = Figures()
    hub = Hub(carrier, figures, options.heartbeat, options.buffer)
    try:
        await hub.start()
        async with (
            _listening(EventServer(options, hub, tokens, figures).application(), options.host, options.port) as port,
            _watched(Watch(hub, figures), options.monitoring),
        ):
            started(options.url(port))
            await _run_until(stop, hub)
    finally:
        carrier.close()


async def _run_until(stop: asyncio.Event, hub: Hub) -> None:
    """Let streams get what they are for until told to stop, or until something goes wrong."""
    following = asyncio.create_task(hub.follow())
    others = [asyncio.create_task(hub.beat()), asyncio.create_task(stop.wait())]
    try:
        done, _ = await asyncio.wait([following, *others], return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            await one
    finally:
        for one in others:
            one.cancel()
        await hub.close(FAREWELL)
        await asyncio.gather(following, *others, return_exceptions=True)


@asynccontextmanager
async def _watched(watch: Watch, place: str) -> AsyncIterator[None]:
    if not place:
        yield
        return
    host, _, port = place.rpartition(":")
    async with _listening(watch.application(), host.strip("[]"), int(port)):
        yield


@asynccontextmanager
async def _listening(application: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Listen as long as the block lasts; the value is the port."""
    runner = web.AppRunner(
        application,
        handler_cancellation=True,  # else a client that left would be served for ever
        access_log=None,  # it would hold the tokens, as does the line of a request that is none
        logger=http_log,
        shutdown_timeout=FAREWELL,
    )
    try:
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port, backlog=BACKLOG).start()
        except OSError as error:
            reason = str(error.strerror or error).rpartition("): ")[2]  # asyncio repeats the address
            raise FmnError(f"cannot listen on {host}:{port}: {reason}") from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def run(settings: Settings, started: Callable[[str], object], may_reload: Callable[[], bool]) -> bool:
    """Serve until SIGINT or SIGTERM, or SIGHUP.

    :param started: called with the URL once the server listens
    :param may_reload: asked at SIGHUP
    :returns: whether to start again, with everything read anew
    """
    _allow_many_files()
    again = False

    async def main() -> None:
        stop = asyncio.Event()

        def reload() -> None:
            nonlocal again
            again = may_reload()
            if again:
                stop.set()

        loop = asyncio.get_running_loop()
        for signal, do in ((SIGINT, stop.set), (SIGTERM, stop.set), (SIGHUP, reload)):
            loop.add_signal_handler(signal, do)
        await serve(settings, started, stop)

    asyncio.run(main())
    return again


def _allow_many_files() -> None:
    """Each stream is an open file, and the usual limit is 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Serve in a thread while the context lasts; its value is the URL of the server.

    :raises FmnError: if it cannot listen there
    """
    url: Future[str] = Future()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    def main() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(serve(settings, url.set_result, stop))
        except BaseException as error:
            if url.done():
                raise
            url.set_exception(error)

    thread = threading.Thread(target=main, name="fmn-sse", daemon=True)
    thread.start()
    try:
        yield url.result()
    finally:
        with suppress(RuntimeError):  # the loop has ended by itself
            loop.call_soon_threadsafe(stop.set)
        thread.join()
