"""``fmn ledger``: what became of a user's notifications, and why. Floor F4."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from .context import Context, echo_row, json_option, pass_context

if TYPE_CHECKING:
    from fmn_core.store import LedgerEntry

EPILOG = """\b
Examples:
  fmn ledger alice
  fmn ledger alice --backend email --limit 500 --json
"""


@click.command("ledger", epilog=EPILOG)
@click.argument("user")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="Entries at most.")
@click.option("--backend", help="Of this backend only.")
@json_option
@pass_context
def command(context: Context, user: str, limit: int, backend: str | None, as_json: bool) -> None:
    """Show what became of a user's notifications, latest first."""
    store = context.app.store
    entries = store.ledger.of_user(user, limit, backend)
    if not entries:
        store.preferences.user(user)  # it remembers those who are gone; who was never here is a mistake
    for entry in entries:
        echo_row(as_json, _row(entry), _line)


def _row(entry: LedgerEntry) -> dict[str, Any]:
    moments = {"at": _moment(entry.at), "until": _moment(entry.until)}
    return {**dataclasses.asdict(entry), "outcome": str(entry.outcome), **moments}


def _moment(when: Any) -> str | None:
    return when.isoformat(timespec="seconds") if when else None


def _line(row: Mapping[str, Any]) -> str:
    until = f" until {row['until']}" if row["until"] else ""
    reason = f": {row['reason']}" if row["reason"] else ""
    about = "  ".join(part for part in (row["filter_name"], row["summary"]) if part)
    return f"{row['at']}  {row['backend']}  {row['destination']}  {row['outcome']}{until}{reason}  {about}".rstrip()
