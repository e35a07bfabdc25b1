"""``fmn match``: who would get each message. Floor F4."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import click

from fmn_core.matching import Matcher
from fmn_core.model import Message

from .context import Context, echo_row, json_option, pass_context, printable
from .reading import file_argument, messages_of


@click.command("match", epilog="\b\nExample:\n  fmn match messages.jsonl --json")
@file_argument
@click.option("--engine", type=click.Choice(["index", "linear"]), default="index", show_default=True,
              help="Both find the same; linear asks every rule of everybody.")  # fmt: skip
@json_option
@pass_context
def command(context: Context, path: str, engine: str, as_json: bool) -> None:
    """Print for each message in FILE (- for standard input) who would be notified, and because of which filter.

    Nothing is sent. People and their filters are those of the configured store.
    """
    matcher = context.app.matcher(engine)
    for preference in context.app.store.preferences.enabled():
        matcher.put(preference)
    with messages_of(path) as messages:
        for message in map(context.app.registry.summaries.describe, messages):
            echo_row(as_json, _row(message, matcher), partial(_in_words, message))


def _row(message: Message, matcher: Matcher) -> dict[str, Any]:
    notified = [
        {
            "user": match.preference.user,
            "backend": match.preference.backend,
            "destination": destination.address,
            "filter": match.filter.name,
        }
        for match in matcher.match(message)
        for destination in match.preference.destinations
        if destination.confirmed
    ]
    return {"id": message.id, "notifications": sorted(notified, key=lambda one: tuple(one.values()))}


def _in_words(message: Message, row: Mapping[str, Any]) -> str:
    lines = [f"{row['id']}  {click.style(printable(message.facts.summary), bold=True)}"]
    for one in row["notifications"]:
        lines.append(f"  {one['user']}  {one['backend']} {one['destination']}  because of {one['filter']!r}")
    return "\n".join(lines if len(lines) > 1 else [*lines, "  nobody"])
