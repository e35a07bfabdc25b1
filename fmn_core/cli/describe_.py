"""``fmn describe``: the facts of messages. Floor F4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from fmn_core.model import Message
from fmn_core.plugins import RULES, load_plugins

from .context import Context, echo_row, json_option, pass_context
from .reading import file_argument, messages_of


@click.command("describe", epilog="\b\nExample:\n  fmn describe messages.jsonl --json | head -3")
@file_argument
@json_option
@pass_context
def command(context: Context, path: str, as_json: bool) -> None:
    """Print the facts of messages.

    FILE holds JSON lines, one array or one object; - is standard input.
    """
    summaries = load_plugins(context.settings, [RULES]).summaries
    with messages_of(path) as messages:
        for message in messages:
            echo_row(as_json, _row(summaries.describe(message)), _in_words)


def _row(message: Message) -> dict[str, Any]:
    facts = message.facts
    return {
        "id": message.id,
        "topic": message.topic,
        "app": facts.app,
        "summary": facts.summary,
        "url": facts.url,
        "agent": facts.agent,
        "usernames": sorted(facts.usernames),
        "packages": sorted(facts.packages),
        "thread": facts.thread,
    }


def _in_words(row: Mapping[str, Any]) -> str:
    lines = [click.style(row["summary"], bold=True)]
    for name in ("id", "topic", "url", "agent", "usernames", "packages", "thread"):
        value = ", ".join(row[name]) if isinstance(row[name], list) else row[name]
        if value:
            lines.append(f"  {name:<9}  {value}")
    return "\n".join(lines)
