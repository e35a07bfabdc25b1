"""``fmn sse``: the server of live events, where a user's stream is, and the end of all its tokens."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from .settings import SseSettings

EPILOG = """\b
Examples:
  fmn sse                          serve until Ctrl-C
  fmn sse --url jane               where jane's stream is, token included
  curl -N "$(fmn sse --url jane)"  read it
  fmn sse --revoke jane            make all tokens of jane void
"""


@click.command("sse", epilog=EPILOG)
@click.option("--url", "user", metavar="USER", help="Print the URL of a user's stream instead, and end.")
@click.option("--revoke", "revoked", metavar="USER", help="Make all tokens of a user void instead, and end.")
@click.option("--monitoring", metavar="HOST:PORT", help="Where metrics and health are; wins over the configuration.")
@click.pass_obj
def command(context: Any, user: str | None, revoked: str | None, monitoring: str | None) -> None:
    """Serve notifications as live events, to browsers and to curl."""
    if user is None and revoked is None:
        _serve(context, monitoring)
    if revoked is not None:
        _revoke(context, revoked)
    if user is not None:
        _print_url(context, user)


def _serve(context: Any, monitoring: str | None) -> None:
    from .serving import run  # aiohttp takes half a second, which other commands need not spend

    settings = context.settings
    if monitoring is not None:
        own = {**settings.plugin.get("sse", {}), "monitoring": monitoring}
        settings = settings.model_copy(update={"plugin": {**settings.plugin, "sse": own}})
    if run(settings, lambda url: click.echo(f"live events at {url}/events/<user>"), context.may_reload):
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - ourselves, as we were called


def _print_url(context: Any, user: str) -> None:
    from .keys import opened_keys

    options = context.settings.section("sse", SseSettings)
    with opened_keys(context.settings) as keys:
        click.echo(keys.url(options.url(options.port), user))


def _revoke(context: Any, user: str) -> None:
    from .keys import opened_keys

    with opened_keys(context.settings) as keys:
        keys.revoke(user)
    click.echo(f"all tokens of {user} are void, and open streams end")
