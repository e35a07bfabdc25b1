"""``fmn rules``: what people can ask for. Floor F4."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import click

from fmn_core.errors import UnknownNameError
from fmn_core.plugins import RULES, PluginRegistry, load_plugins
from fmn_core.rules import Rule

from .context import Context, echo_row, json_option, pass_context


@click.command("rules", epilog="\b\nExamples:\n  fmn rules --plugin koji\n  fmn rules koji_build_failed --json")
@click.argument("identifier", required=False)
@click.option("--plugin", help="Only rules of this plugin.")
@json_option
@pass_context
def command(context: Context, identifier: str | None, plugin: str | None, as_json: bool) -> None:
    """List what people can ask for, or describe one rule."""
    registry = load_plugins(context.settings, [RULES])
    for one in _chosen(registry, identifier, plugin):
        echo_row(as_json, _row(one, registry), _at_length if identifier else _in_short)


def _chosen(registry: PluginRegistry, identifier: str | None, plugin: str | None) -> list[Rule]:
    known = [info.name for info in registry.plugins]
    if plugin is not None and plugin not in known:
        raise UnknownNameError("rule plugin", plugin, known)
    rules = [registry.rules.get(identifier)] if identifier else sorted(registry.rules, key=lambda r: r.identifier)
    return [one for one in rules if plugin in (None, registry.rules.plugin_of(one.identifier))]


def _row(one: Rule, registry: PluginRegistry) -> dict[str, Any]:
    return {
        "identifier": one.identifier,
        "title": one.title,
        "description": one.description,
        "plugin": registry.rules.plugin_of(one.identifier),
        "arguments": one.arguments.model_json_schema(),
        "samples": len(one.samples),
    }


def _in_short(row: Mapping[str, Any]) -> str:
    arguments = " ".join(f"{name}=…" for name in row["arguments"].get("properties", {}))
    return f"{click.style(row['identifier'], bold=True)} {arguments}".rstrip() + f"\n    {row['title']}"


def _at_length(row: Mapping[str, Any]) -> str:
    schema = row["arguments"]
    lines = [click.style(row["title"], bold=True), "", row["description"], ""]
    lines += [_argument(name, field, schema.get("required", ())) for name, field in schema["properties"].items()]
    lines.append(f"from plugin {row['plugin']}, {row['samples']} samples")
    return "\n".join(lines)


def _argument(name: str, field: Mapping[str, Any], required: Any) -> str:
    need = "required" if name in required else f"default: {field.get('default')}"
    return textwrap.indent(f"{name} ({need}): {field.get('description', field.get('title', name))}", "  ")
