"""``fmn web``: serve the web pages. Floor F4."""

from __future__ import annotations

import importlib
import socket
import threading
from typing import TYPE_CHECKING, Any

import click

from fmn_core.errors import FmnError

from .context import Context, pass_context

if TYPE_CHECKING:
    from fmn_core.app import Application

#: where pages are served unless they shall be reached from elsewhere
HOST = "127.0.0.1"


def listen(host: str, port: int) -> socket.socket:
    """Take a port, before anything else is done that would be in vain without it.

    :param port: 0 for any that is free
    :raises FmnError: if somebody else has it
    """
    try:
        return socket.create_server((host, port))
    except OSError as error:
        reason = str(error.strerror or error).partition(" (while ")[0]  # Python repeats the address
        raise FmnError(f"cannot listen on {host} port {port}: {reason}; choose another with --port") from None


def page_server(app: Application, door: socket.socket) -> Any:
    """Make the server of the web pages; its ``run()`` serves until Ctrl-C.

    :param door: from :func:`listen`
    :raises FmnError: if the pages are not installed
    """
    try:
        wsgi = importlib.import_module("fmn_web.wsgi")
        waitress = importlib.import_module("waitress")
    except ModuleNotFoundError as error:
        raise FmnError(f"the web pages need the distribution fmn-web: {error}") from None
    return waitress.create_server(wsgi.create(app), sockets=[door])


@click.command("web", epilog="\b\nExample:\n  fmn --config fmn.toml web --port 8080")
@click.option("--host", default=HOST, show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@pass_context
def command(context: Context, host: str, port: int) -> None:
    """Serve the web pages until Ctrl-C."""
    with listen(host, port) as door:
        server = page_server(context.app, door)
        stop = threading.Event()
        threading.Thread(target=context.app.follow_lookups, args=(stop,), name="lookups", daemon=True).start()
        click.echo(f"serving http://{host}:{door.getsockname()[1]}/ until Ctrl-C")
        try:
            server.run()
        finally:
            stop.set()
