"""``fmn mute``: threads of which a user wants to hear nothing for a while. Floor F4."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from fmn_core.errors import UsageError

from .context import Context, echo_row, json_option, pass_context
from .words import span

EPILOG = """\b
Examples:
  fmn mute alice                                  what is muted now
  fmn mute alice koji/build/1234 --for 2h
  fmn mute alice koji/build/1234 --off
"""


@click.command("mute", epilog=EPILOG)
@click.argument("user")
@click.argument("thread", required=False)
@click.option("--for", "length", default="1d", show_default=True, metavar="SPAN", help="For how long: 30m, 2h, 1d.")
@click.option("--off", is_flag=True, help="Hear of it again.")
@json_option
@pass_context
def command(context: Context, user: str, thread: str | None, length: str, off: bool, as_json: bool) -> None:
    """Mute a thread for a user, or list what is muted. "fmn ledger --json" and "fmn describe" show threads."""
    store, now = context.app.store, datetime.now(UTC)
    store.preferences.user(user)
    if thread is None and off:
        raise UsageError("--off needs a thread; see 'fmn mute USER' for those that are muted")
    if thread and off and not store.mutes.remove(user, thread):
        raise UsageError(f"user {user!r} has not muted {thread!r}; see 'fmn mute {user}'")
    if thread and not off:
        store.mutes.put(user, thread, now + span(length))
    for name, until in store.mutes.of_user(user, now).items():
        row = {"user": user, "thread": name, "until": until.isoformat(timespec="seconds")}
        echo_row(as_json, row, lambda row: f"{row['thread']}  until {row['until']}")
