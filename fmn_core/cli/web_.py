"""``fmn web``: serve the web pages. Floor F4."""

from __future__ import annotations

import importlib

import click

from fmn_core.errors import FmnError

from .context import Context, pass_context


@click.command("web", epilog="\b\nExample:\n  fmn --config fmn.toml web --port 8080")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@pass_context
def command(context: Context, host: str, port: int) -> None:
    """Serve the web pages until Ctrl-C."""
    try:
        wsgi = importlib.import_module("fmn_web.wsgi")
        waitress = importlib.import_module("waitress")
    except ModuleNotFoundError as error:
        raise FmnError(f"the web pages need the distribution fmn-web: {error}") from None
    try:
        server = waitress.create_server(wsgi.create(context.app), host=host, port=port)
    except OSError as error:
        raise FmnError(f"cannot listen on {host} port {port}: {error.strerror or error}") from None
    click.echo(f"serving http://{host}:{server.effective_port}/ until Ctrl-C")
    server.run()
