"""Running the server: until a signal comes, or in a thread for as long as a context lasts."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from signal import SIGINT, SIGTERM

from aiohttp import web

from fmn_core import FmnError, Settings

from .events import open_events
from .server import EventServer
from .settings import SseSettings
from .tokens import open_tokens

#: seconds that open streams get to end when the server stops
FAREWELL = 2.0


def make_runner(server: EventServer) -> web.AppRunner:
    """Return what runs a server."""
    return web.AppRunner(
        server.application(),
        handler_cancellation=True,  # else a client that left would be served for ever
        access_log=None,  # it would hold the tokens
        shutdown_timeout=FAREWELL,
    )


async def serve(settings: Settings, started: Callable[[str], object], stop: asyncio.Event) -> None:
    """Serve until told to stop.

    :param started: called with the URL once the server listens
    :raises FmnError: if it cannot listen there, or has no event log
    """
    options = settings.section("sse", SseSettings)
    events = open_events(settings)
    runner = make_runner(EventServer(options, events, open_tokens(settings)))
    try:
        await runner.setup()
        await web.TCPSite(runner, options.host, options.port).start()
        started(options.url(runner.addresses[0][1]))
        await stop.wait()
    except OSError as error:
        reason = str(error.strerror or error).rpartition("): ")[2]  # asyncio repeats the address
        raise FmnError(f"cannot listen on {options.host}:{options.port}: {reason}") from error
    except sqlite3.Error as error:
        raise FmnError(f"event log {str(events.path)!r} cannot be opened: {error}") from error
    finally:
        await runner.cleanup()
        events.close()


def run(settings: Settings, started: Callable[[str], object]) -> None:
    """Serve until SIGINT or SIGTERM.

    :param started: called with the URL once the server listens
    """

    async def main() -> None:
        stop = asyncio.Event()
        for signal in (SIGINT, SIGTERM):
            asyncio.get_running_loop().add_signal_handler(signal, stop.set)
        await serve(settings, started, stop)

    asyncio.run(main())


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
