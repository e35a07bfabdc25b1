"""``fmn try``: which messages one rule matches. Floor F4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import click

from fmn_core.errors import UsageError
from fmn_core.lookups import Lookups
from fmn_core.model import Message
from fmn_core.plugins import RULES
from fmn_core.rules import Arguments, Rule

from .context import Context, echo_row, json_option, pass_context, printable
from .reading import file_argument, messages_of
from .stages import application


@click.command("try", epilog="\b\nExample:\n  fmn try package_filter messages.jsonl package=kernel --json")
@click.argument("identifier", metavar="RULE")
@file_argument
@click.argument("arguments", metavar="[NAME=VALUE]...", nargs=-1)
@json_option
@pass_context
def command(context: Context, identifier: str, path: str, arguments: Sequence[str], as_json: bool) -> None:
    """Tell which messages a rule matches.

    FILE holds JSON lines, one array or one object; - is standard input. Lookups are those of the configuration.
    """
    app = application(context, RULES)
    registry = app.registry
    rule = registry.rules.get(identifier)
    parsed = rule.parse(_pairs(arguments))
    with messages_of(path) as messages:
        for message in map(registry.summaries.describe, messages):
            row = _row(rule, message, parsed, app.lookups)
            echo_row(as_json, row, partial(_in_words, message))


def _pairs(arguments: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for argument in arguments:
        name, mark, value = argument.partition("=")
        if not mark or not name:
            raise UsageError(f"{argument!r} is no argument of a rule, expected name=value")
        if name in pairs:
            raise UsageError(f"argument {name!r} is given twice")
        pairs[name] = value
    return pairs


def _row(rule: Rule, message: Message, arguments: Arguments, lookups: Lookups) -> dict[str, Any]:
    try:
        return {"id": message.id, "match": rule.matches(message, arguments, lookups)}
    except Exception as error:  # a rule may raise anything on an odd message; that is its answer
        return {"id": message.id, "error": f"{type(error).__name__}: {error}"}


def _in_words(message: Message, row: Mapping[str, Any]) -> str:
    if "error" in row:
        return f"{click.style('error', fg='red')}  {row['id']}  {row['error']}"
    word = click.style("match", fg="green") if row["match"] else "no   "
    return f"{word}  {row['id']}  {printable(message.facts.summary)}"
