"""``fmn user``: who is told, about what and how. Floor F4."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fmn_core.defaults import default_filters
from fmn_core.errors import UsageError
from fmn_core.model import User

from .context import Context, echo_row, json_option, pass_context
from .words import plan_in_words, split_place

if TYPE_CHECKING:
    from fmn_core.store.exchange import Form, Installed

EPILOG = """\b
Examples:
  fmn user add alice --destination email=alice@example.org
  fmn user export alice > alice.toml
  fmn user import alice.toml
"""


@click.group("user", epilog=EPILOG)
def command() -> None:
    """Look after users and what they want to hear of."""


@command.command(epilog="\b\nExample:\n  fmn user add alice --destination email=alice@example.org")
@click.argument("name")
@click.option("--destination", "destinations", multiple=True, metavar="BACKEND=ADDRESS",
              help="A confirmed address; switches the backend on. May be repeated.")  # fmt: skip
@click.option("--no-defaults", is_flag=True, help="Start without filters.")
@json_option
@pass_context
def add(context: Context, name: str, destinations: Sequence[str], no_defaults: bool, as_json: bool) -> None:
    """Add a user, with the default filters of the installed plugins."""
    from fmn_core.store.accounts import new_user
    from fmn_core.store.exchange import document, read_document

    registry, source = context.registry, f"user {name!r}"
    read_document({"user": name}, _installed(context), source)  # before it makes each default filter wrong
    filters = [] if no_defaults else default_filters(name, registry.defaults, registry.rules)
    user = new_user(name, registry.backends, filters, _addresses(context, destinations))
    checked = read_document(document(user), _installed(context), source)
    _tell(context.app.store.preferences.add(checked), as_json)


@command.command("list", epilog="\b\nExample:\n  fmn user list --json")
@json_option
@pass_context
def list_(context: Context, as_json: bool) -> None:
    """List all users by name."""
    for name in context.app.store.preferences.users():
        echo_row(as_json, {"user": name}, lambda row: str(row["user"]))


@command.command(epilog="\b\nExample:\n  fmn user show alice")
@click.argument("name")
@json_option
@pass_context
def show(context: Context, name: str, as_json: bool) -> None:
    """Show a user's preferences, destinations and filters, with their ids."""
    echo_row(as_json, _row(context.app.store.preferences.user(name)), _in_words)


@command.command("import", epilog="\b\nExample:\n  fmn user import alice.toml")
@click.argument("path", metavar="FILE", type=click.Path(allow_dash=True))
@json_option
@pass_context
def import_(context: Context, path: str, as_json: bool) -> None:
    """Read a user's whole settings from a file (TOML or JSON), in place of those there may be."""
    from fmn_core.store.exchange import load_user

    user = load_user(_read(path), _installed(context), f"user file {path}")
    _tell(context.app.store.preferences.save(user), as_json)


@command.command(epilog="\b\nExample:\n  fmn user export alice --format json > alice.json")
@click.argument("name")
@click.option("--format", "form", type=click.Choice(["toml", "json"]), default="toml", show_default=True)
@pass_context
def export(context: Context, name: str, form: Form) -> None:
    """Write a user's whole settings, as "import" reads them."""
    from fmn_core.store.exchange import dump_user

    click.echo(dump_user(context.app.store.preferences.user(name), form), nl=False)


@command.command(epilog="\b\nExample:\n  fmn user remove alice")
@click.argument("name")
@pass_context
def remove(context: Context, name: str) -> None:
    """Remove a user and all settings. The ledger keeps what was sent."""
    context.app.store.preferences.remove(name)


def _installed(context: Context) -> Installed:
    from fmn_core.store.exchange import Installed

    return Installed(context.registry.rules, context.registry.backends)


def _addresses(context: Context, destinations: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for destination in destinations:
        backend, address = split_place(destination)
        found.setdefault(context.registry.backend(backend).name, []).append(address)
    return found


def _read(path: str) -> str:
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"user file {path!r} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"user file {path!r} is no text in UTF-8") from None


def _tell(user: User, as_json: bool) -> None:
    """Say in a line what was saved."""
    echo_row(as_json, _row(user), _in_short)


def _row(user: User) -> dict[str, Any]:
    """Return a user as plain values; which message took a shot is for the store alone."""
    row = dataclasses.asdict(user)
    for one in (one for preference in row["preferences"] for one in preference["filters"]):
        del one["shot"]
    return row


def _in_short(user: Mapping[str, Any]) -> str:
    parts = [f"{p['backend']} {_switch(p)}, {_count(p['filters'], 'filter')}" for p in user["preferences"]]
    return f"{user['name']}: {'; '.join(parts) or 'no preferences'}"


def _count(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _switch(preference: Mapping[str, Any]) -> str:
    return "on" if preference["enabled"] else "off"


def _in_words(user: Mapping[str, Any]) -> str:
    lines = [line for preference in user["preferences"] for line in _preference_in_words(preference)]
    return "\n".join([click.style(user["name"], bold=True), *lines])


def _preference_in_words(preference: Mapping[str, Any]) -> list[str]:
    lines = [f"  {preference['backend']}: {_switch(preference)}"]
    for destination in preference["destinations"]:
        lines.append(f"    to {destination['address']}{_state_of(destination)}")
    if plan := plan_in_words(preference["digest"]):
        lines.append(f"    {plan}")
    for one in preference["filters"]:
        marks = ("" if one["active"] else ", inactive") + (", one shot" if one["oneshot"] else "")
        lines.append(f"    filter {one['id']}: {one['name']} ({_count(one['rules'], 'rule')}{marks})")
        lines += [f"      {_rule_in_words(use)}" for use in one["rules"]]
    return lines


def _state_of(destination: Mapping[str, Any]) -> str:
    marks = [] if destination["confirmed"] else ["not confirmed"]
    marks += [f"suspended: {destination['suspended']}"] if destination["suspended"] else []
    return f" ({', '.join(marks)})" if marks else ""


def _rule_in_words(use: Mapping[str, Any]) -> str:
    arguments = " ".join(f"{name}={value}" for name, value in use["arguments"].items())
    return f"{'not ' if use['negated'] else ''}{use['rule']} {arguments}".rstrip()
