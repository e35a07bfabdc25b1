"""``fmn digest``: what is collected for a user, and when it is sent. Floor F4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from fmn_core import planning
from fmn_core.errors import UnknownNameError

from .context import Context, echo_row, json_option, pass_context
from .words import span

if TYPE_CHECKING:
    from fmn_core.model import DigestPlan, Preference

EPILOG = """\b
Examples:
  fmn digest alice email                                  how it is now
  fmn digest alice email --every 2h --count 50
  fmn digest alice email --at 08:00 --at 18:00 --zone Europe/Prague
  fmn digest alice irc --quiet 22:00-07:00 --per-hour 60
  fmn digest alice email --off
"""


@click.command("digest", epilog=EPILOG)
@click.argument("user")
@click.argument("backend")
@click.option("--every", metavar="SPAN", help="So long after the first was collected: 20m, 2h, 1d.")
@click.option("--count", type=int, help="As soon as there are so many.")
@click.option("--at", multiple=True, metavar="HH:MM", help="At this time of the day. May be repeated.")
@click.option("--zone", help="Time zone of the user, by its name in the IANA database.")
@click.option("--quiet", metavar="HH:MM-HH:MM", help="When nothing is sent, but collected; empty for never.")
@click.option("--per-hour", type=int, help="More than so many an hour are collected; 0 for any number.")
@click.option("--off", is_flag=True, help="Collect nothing, but for quiet hours and too many an hour.")
@json_option
@pass_context
def command(context: Context, /, user: str, backend: str, off: bool, as_json: bool, **given: Any) -> None:
    """Show or change when a user's notifications are collected and sent together.

    What is given of --every, --count and --at replaces all three; the rest stays as it is. "fmn deliver" and "fmn run"
    send what was collected: digests need no process of their own.
    """
    switches, preference = context.app.store.switches, _preference(context, user, backend)
    plan = preference.digest
    changes = _changes(off, **given)
    if changes:
        plan = _checked(context, preference, plan, changes)
        switches.set_digest(user, preference.backend, plan)
    row = {"user": user, "backend": preference.backend, "digest": planning.in_words(plan), "per_hour": plan.per_hour}
    echo_row(as_json, row, lambda row: f"{row['user']}, {row['backend']}: {row['digest']}{_limit(row['per_hour'])}")


def _preference(context: Context, user: str, backend: str) -> Preference:
    preferences = {one.backend: one for one in context.app.store.preferences.user(user).preferences}
    if backend not in preferences:
        raise UnknownNameError(f"backend of user {user!r}", backend, preferences)
    return preferences[backend]


def _changes(
    off: bool,
    every: str | None,
    count: int | None,
    at: Sequence[str],
    zone: str | None,
    quiet: str | None,
    per_hour: int | None,
) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if off or every or count is not None or at:
        changes = {"on": not off, "every": None, "count": None, "at": []}
    if not off and changes:
        changes |= {"every": span(every).total_seconds() if every else None, "count": count, "at": list(at)}
    changes |= {name: value for name, value in (("zone", zone), ("quiet", quiet)) if value is not None}
    return changes if per_hour is None else changes | {"per_hour": per_hour or None}


def _checked(context: Context, preference: Preference, plan: DigestPlan, changes: dict[str, Any]) -> DigestPlan:
    """Hold a plan to what every user's document is held to.

    :raises ConfigError: listing every mistake
    """
    from fmn_core.store.exchange import Installed, read_document
    from fmn_core.store.rows import dump_plan

    part = {"backend": preference.backend, "digest": {**dump_plan(plan), **changes}}
    installed = Installed(context.registry.rules, context.registry.backends)
    read = read_document({"user": preference.user, "preferences": [part]}, installed, "the digest")
    return read.preferences[0].digest


def _limit(per_hour: int | None) -> str:
    return f"; {per_hour} an hour at most" if per_hour else ""
