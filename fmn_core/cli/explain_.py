"""``fmn explain``: why a message comes to somebody, or does not. Floor F4."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import click

from fmn_core.errors import UnknownNameError
from fmn_core.matching import Explanation, explain
from fmn_core.model import Message

from .context import Context, echo_row, json_option, pass_context
from .reading import file_argument, messages_of

_MARKS = {"true": ("yes", "green"), "false": ("no", "yellow"), "error": ("error", "red")}


@click.command("explain", epilog="\b\nExample:\n  fmn explain message.json --user ralph")
@file_argument
@click.option("--user", required=True, metavar="NAME", help="Whose preferences are asked.")
@click.option("--message-id", metavar="ID", help="Only this message of the file.")
@json_option
@pass_context
def command(context: Context, path: str, user: str, message_id: str | None, as_json: bool) -> None:
    """Print why each message in FILE (- for standard input) comes to a user, or does not.

    Shows every preference, filter and rule, with the values that the rule saw, also where matching stops earlier.
    """
    app = context.app
    preferences = app.store.preferences.user(user).preferences
    with messages_of(path) as messages:
        for message in map(app.registry.summaries.describe, _chosen(messages, message_id)):
            explanation = explain(message, user, preferences, app.registry.rules, app.lookups)
            echo_row(as_json, _row(explanation, message.facts.summary), _in_words)


def _chosen(messages: Iterator[Message], message_id: str | None) -> Iterator[Message]:
    """Give all messages, or the one of this id.

    :raises UnknownNameError: if there is none
    """
    ids = set()
    for message in messages:
        ids.add(message.id)
        if message_id in (None, message.id):
            yield message
    if message_id is not None and message_id not in ids:
        raise UnknownNameError("message", message_id, ids)


def _row(explanation: Explanation, summary: str) -> dict[str, Any]:
    row = dataclasses.asdict(explanation)
    return {"id": row.pop("message_id"), "summary": summary, "notified": explanation.notified, **row}


def _in_words(row: Mapping[str, Any]) -> str:
    verdict = "is notified" if row["notified"] else "is not notified"
    lines = [click.style(row["summary"], bold=True), f"{row['id']}  {row['topic']}", f"{row['user']} {verdict}"]
    if not row["preferences"]:
        lines.append("  there are no preferences")
    for preference in row["preferences"]:
        lines.append(f"  {click.style(preference['backend'], bold=True)}: {preference['reason']}")
        for one in preference["filters"]:
            lines.append(f"    {one['name']!r}: {one['reason']}")
            lines += [f"      {_rule(rule)}" for rule in one["rules"]]
    return "\n".join(lines)


def _rule(rule: Mapping[str, Any]) -> str:
    word, colour = _MARKS[rule["result"]]
    given = ", ".join(f"{name}={value}" for name, value in rule["arguments"].items())
    by_topic = rule["seen"].keys() == {"topic"}
    saw = "only the topic" if by_topic else "; ".join(f"{name}: {_value(seen)}" for name, seen in rule["seen"].items())
    name = f"{'not ' * rule['negated']}{rule['rule']}({given})"
    outcome = rule["error"] or (f"saw {saw}" if saw else "")
    mark = "✓" if rule["agrees"] else "✗"
    return f"{mark} {name}  {click.style(word, fg=colour)}  {outcome}".rstrip()


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) or "nothing" if isinstance(value, list) else str(value)
