"""``fmn plugins``: what is installed, sound or broken. Floor F4."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import click

from fmn_core.errors import EXIT_FOUND_WANTING
from fmn_core.plugins import Status, load_plugins

from .context import Context, echo_row, json_option, pass_context

_COLOURS = {Status.SOUND: "green", Status.BROKEN: "red", Status.DISABLED: "yellow"}


@click.command("plugins", epilog="\b\nExample:\n  fmn plugins --strict && fmn run")
@click.option("--strict", is_flag=True, help="End with 1 if a plugin is broken.")
@json_option
@click.pass_context
@pass_context
def command(context: Context, click_context: click.Context, strict: bool, as_json: bool) -> None:
    """List the installed plugins, sound or broken.

    A broken plugin comes with its reason; all others work.
    """
    plugins = load_plugins(context.settings, quiet=True).plugins
    for plugin in plugins:
        echo_row(as_json, dataclasses.asdict(plugin), _in_words)
    if strict and any(plugin.status == Status.BROKEN for plugin in plugins):
        click_context.exit(EXIT_FOUND_WANTING)


def _in_words(row: Mapping[str, Any]) -> str:
    status = click.style(f"{row['status']:<8}", fg=_COLOURS[row["status"]])
    line = f"{status}  {row['name']:<16} {row['group']:<12}  {row['distribution']} {row['version']}"
    return f"{line}\n          {row['reason']}" if row["reason"] else line
