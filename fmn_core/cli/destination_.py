"""``fmn destination``: where users are told, and whether that is confirmed. Floor F4."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from fmn_core.errors import UsageError

from .context import Context, echo_row, json_option, pass_context
from .words import split_place

if TYPE_CHECKING:
    from fmn_core.model import Destination
    from fmn_core.store import Confirmation

EPILOG = """\b
Examples:
  fmn destination list alice
  fmn destination ask alice email=alice@example.org
  fmn destination resume alice email=alice@example.org
"""

user_argument = click.argument("user")
place_argument = click.argument("place", metavar="BACKEND=ADDRESS")


@click.group("destination", epilog=EPILOG)
def command() -> None:
    """Look after the addresses of users."""


@command.command("list", epilog="\b\nExample:\n  fmn destination list alice --json")
@user_argument
@json_option
@pass_context
def list_(context: Context, user: str, as_json: bool) -> None:
    """List a user's addresses with their state, and those that have rejected the account."""
    store, now = context.app.store, datetime.now(UTC)
    preferences = store.preferences.user(user).preferences
    attempts = _latest(store.confirmations.of_user(user))
    lifetime = timedelta(hours=context.settings.confirmation.expire_hours)
    for preference in preferences:
        for destination in preference.destinations:
            attempt = attempts.pop((preference.backend, destination.address), None)
            row = {"user": user, "backend": preference.backend, "address": destination.address}
            echo_row(as_json, {**row, **_state(destination, attempt, now, lifetime)}, _line)
    for (backend, address), attempt in attempts.items():
        if attempt.state == "rejected":
            row = {"user": user, "backend": backend, "address": address, "state": "rejected", "reason": ""}
            echo_row(as_json, {**row, "since": _moment(attempt.decided_at)}, _line)


def _latest(attempts: list[Confirmation]) -> dict[tuple[str, str], Confirmation]:
    return {(one.backend, one.address): one for one in reversed(attempts)}


def _state(
    destination: Destination, attempt: Confirmation | None, now: datetime, lifetime: timedelta
) -> dict[str, Any]:
    since = _moment(attempt.decided_at or attempt.sent_at or attempt.made_at) if attempt else None
    if destination.suspended:
        return {"state": "suspended", "reason": destination.suspended, "since": None}
    if destination.confirmed:
        return {"state": "confirmed", "reason": "", "since": since if attempt and attempt.state == "accepted" else None}
    state = str(attempt.at(now, lifetime)) if attempt else "not confirmed"
    return {"state": state, "reason": attempt.reason if attempt else "", "since": since}


def _moment(when: datetime | None) -> str | None:
    return when.isoformat(timespec="seconds") if when else None


def _line(row: Mapping[str, Any]) -> str:
    since = f" since {row['since']}" if row["since"] else ""
    return f"{row['backend']}  {row['address']}  {row['state']}{since}{': ' if row['reason'] else ''}{row['reason']}"


@command.command(epilog="\b\nExample:\n  fmn destination ask alice email=alice@example.org")
@user_argument
@place_argument
@json_option
@pass_context
def ask(context: Context, user: str, place: str, as_json: bool) -> None:
    """Add an address, and ask there for confirmation; or ask again. Delivery sends the question."""
    backend, address = _place(context, place)
    state = context.app.asking.ask(user, backend, address)
    _tell(as_json, user, backend, address, str(state))


@command.command(epilog="\b\nExample:\n  fmn destination accept alice irc=alice")
@user_argument
@place_argument
@json_option
@pass_context
def accept(context: Context, user: str, place: str, as_json: bool) -> None:
    """Take an address as confirmed, on your own word, and add it if it is new."""
    backend, address = _place(context, place)
    context.app.store.destinations.confirm(user, backend, address)
    _tell(as_json, user, backend, address, "confirmed")


@command.command(epilog="\b\nExample:\n  fmn destination remove alice irc=alice")
@user_argument
@place_argument
@json_option
@pass_context
def remove(context: Context, user: str, place: str, as_json: bool) -> None:
    """Remove an address."""
    store, (backend, address) = context.app.store, split_place(place)
    found = store.destinations.remove(user, backend, address)
    if not found:  # as it is stored, or else as the backend writes it
        backend, address = _place(context, place)
        found = store.destinations.remove(user, backend, address)
    _done(context, found, user, f"has no {backend} destination {address!r}")
    _tell(as_json, user, backend, address, "removed")


@command.command(epilog="\b\nExample:\n  fmn destination resume alice email=alice@example.org")
@user_argument
@place_argument
@json_option
@pass_context
def resume(context: Context, user: str, place: str, as_json: bool) -> None:
    """Send to an address again that was suspended because it was refused."""
    backend, address = _place(context, place)
    found = context.app.store.switches.resume(user, backend, address)
    _done(context, found, user, f"has no {backend} destination {address!r} that is suspended")
    _tell(as_json, user, backend, address, "resumed")


@command.command(epilog="\b\nExample:\n  fmn destination forget-rejection alice email=alice@example.org")
@user_argument
@place_argument
@json_option
@pass_context
def forget_rejection(context: Context, user: str, place: str, as_json: bool) -> None:
    """Let an account ask again for an address that has rejected it."""
    backend, address = _place(context, place)
    found = context.app.store.confirmations.forget_rejection(user, backend, address)
    _done(context, found, user, f"was not rejected by {backend} destination {address!r}")
    _tell(as_json, user, backend, address, "may be asked again")


def _place(context: Context, text: str) -> tuple[str, str]:
    """Read ``BACKEND=ADDRESS``, the address brought into its backend's form.

    :raises UsageError: if there is no such backend, or it has no such addresses
    """
    name, address = split_place(text)
    backend = context.registry.backend(name)
    return backend.name, backend.check_address(address)


def _done(context: Context, done: bool, user: str, objection: str) -> None:
    if not done:
        context.app.store.preferences.user(user)  # an unknown user is the better reason
        raise UsageError(f"user {user!r} {objection}; see 'fmn destination list {user}'")


def _tell(as_json: bool, user: str, backend: str, address: str, state: str) -> None:
    row = {"user": user, "backend": backend, "address": address, "state": state}
    echo_row(as_json, row, lambda row: f"{row['user']}: {row['backend']} {row['address']}: {row['state']}")
