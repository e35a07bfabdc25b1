"""``fmn sse``: the server of live events, and where a user's stream is."""

from __future__ import annotations

from typing import Any

import click

from .settings import SseSettings

EPILOG = """\b
Examples:
  fmn sse                          serve until Ctrl-C
  fmn sse --url jane               where jane's stream is, token included
  curl -N "$(fmn sse --url jane)"  read it
"""


@click.command("sse", epilog=EPILOG)
@click.option("--url", "user", metavar="USER", help="Print the URL of a user's stream instead, and end.")
@click.pass_obj
def command(context: Any, user: str | None) -> None:
    """Serve notifications as live events, to browsers and to curl."""
    if user is None:
        _serve(context)
    else:
        _print_url(context, user)


def _serve(context: Any) -> None:
    from .serving import run  # aiohttp takes half a second, which other commands need not spend

    run(context.settings, lambda url: click.echo(f"live events at {url}/events/<user>"))


def _print_url(context: Any, user: str) -> None:
    from .names import canonical
    from .tokens import open_tokens, stream_url

    options = context.settings.section("sse", SseSettings)
    user = canonical(user)
    click.echo(stream_url(options.url(options.port), user, open_tokens(context.settings).of(user)))
