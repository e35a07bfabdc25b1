"""``fmn db``: the database of users, preferences and ledger. Floor F4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from .context import Context, echo_row, json_option, pass_context


@click.group("db", epilog="\b\nExample:\n  fmn db upgrade")
def command() -> None:
    """Look after the database."""


@command.command(epilog="\b\nExample:\n  fmn --config fmn.toml db upgrade")
@json_option
@pass_context
def upgrade(context: Context, as_json: bool) -> None:
    """Bring the database to the version this code needs.

    Stages that start do the same by themselves; here it is a step of its own, before anything starts.
    """
    from fmn_core.store import Store

    context.settings.data_dir.mkdir(parents=True, exist_ok=True)
    store = Store(context.settings.store_url)
    try:
        before = store.version
        store.upgrade()
        echo_row(as_json, {"before": before, "now": store.version}, _in_words)
    finally:
        store.close()


def _in_words(row: Mapping[str, Any]) -> str:
    if row["before"] == row["now"]:
        return f"the database has version {row['now']} already"
    came = f"upgraded from version {row['before']}" if row["before"] else "made"
    return f"the database is {came}; it has version {row['now']} now"
