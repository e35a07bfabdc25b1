"""The catalogue: what is installed, and every rule with its description, arguments and samples, on one page."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template
from markdown_it import MarkdownIt
from markupsafe import Markup

from fmn_core.codec import message_from
from fmn_core.errors import DecodeError
from fmn_core.plugins import PluginRegistry
from fmn_core.rules import NO_HINT, Rule
from fmn_core.samples import Sample
from fmn_core.summaries import SummaryBook

from .wording import hint_in_words

#: descriptions come from plugins, which may be anybody's: no raw HTML
_MARKDOWN = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True)
class ArgumentView:
    """An argument as its JSON schema declares it."""

    name: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True)
class SampleView:
    """A sample as one line: what the message says, and with which arguments."""

    title: str
    summary: str
    topic: str
    arguments: str


@dataclass(frozen=True)
class RuleView:
    """A rule as the page shows it.

    :param hint: which messages it looks at, in words; empty where that depends on the arguments, or is all of them
    """

    identifier: str
    title: str
    description: Markup
    arguments: list[ArgumentView]
    matches: list[SampleView]
    misses: list[SampleView]
    hint: str = ""


@dataclass(frozen=True)
class PluginView:
    """The rules of one plugin, by title."""

    name: str
    rules: list[RuleView]


def blueprint(registry: PluginRegistry) -> Blueprint:
    """Make the page: the offer does not change while the process lives."""
    pages = Blueprint("catalogue", __name__)
    groups = plugin_views(registry)

    @pages.get("/plugins")
    def index() -> str:
        return render_template(
            "catalogue.html", plugins=registry.plugins, groups=groups, backends=registry.backends.values()
        )

    return pages


def plugin_views(registry: PluginRegistry) -> list[PluginView]:
    """Group rules by plugin: those that serve every application first, then by name."""
    by_plugin: dict[str, list[Rule]] = defaultdict(list)
    for rule in registry.rules:
        by_plugin[registry.rules.plugin_of(rule.identifier)].append(rule)
    order = sorted(by_plugin, key=lambda name: (not _serves_all(by_plugin[name]), name))
    return [PluginView(name, rule_views(by_plugin[name], registry.summaries)) for name in order]


def in_markdown(line: str) -> Markup:
    """Render a line of a plugin's text as a part of a paragraph."""
    return Markup(_MARKDOWN.renderInline(line))  # noqa: S704 - rendered with raw HTML switched off


def _serves_all(rules: list[Rule]) -> bool:
    """Tell whether most rules are bound to no application."""
    free = [rule for rule in rules if callable(rule.hint) or rule.hint == NO_HINT]
    return len(free) * 2 > len(rules)


def rule_views(rules: Iterable[Rule], book: SummaryBook) -> list[RuleView]:
    """Prepare rules for the page, by title."""
    return [_rule_view(rule, book) for rule in sorted(rules, key=lambda rule: rule.title)]


def _rule_view(rule: Rule, book: SummaryBook) -> RuleView:
    return RuleView(
        identifier=rule.identifier,
        title=rule.title,
        description=Markup(_MARKDOWN.render(rule.description)),  # noqa: S704 - rendered with raw HTML switched off
        arguments=_arguments(rule),
        matches=_samples(rule, "matches", book),
        misses=_samples(rule, "misses", book),
        hint="" if callable(rule.hint) else hint_in_words(rule.hint),
    )


def _arguments(rule: Rule) -> list[ArgumentView]:
    schema = rule.arguments.model_json_schema()
    required = schema.get("required", [])
    return [
        ArgumentView(name, _kind(field, schema.get("$defs", {})), name in required, field.get("description", ""))
        for name, field in schema.get("properties", {}).items()
    ]


def _kind(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    if "$ref" in field:
        return _kind(definitions[field["$ref"].rpartition("/")[2]], definitions)
    if "enum" in field:
        return "one of " + ", ".join(map(str, field["enum"]))
    if "anyOf" in field:
        return " or ".join(_kind(option, definitions) for option in field["anyOf"])
    if field.get("type") == "array":
        return "list of " + _kind(field.get("items", {}), definitions)
    names = {"string": "text", "boolean": "yes or no", "integer": "whole number", "number": "number", "null": "nothing"}
    return names.get(str(field.get("type")), "value")


def _samples(rule: Rule, verdict: str, book: SummaryBook) -> list[SampleView]:
    return [
        _sample_view(sample, arguments, book)
        for sample in rule.samples
        for arguments in getattr(sample, verdict).get(rule.identifier, [])
    ]


def _sample_view(sample: Sample, arguments: Mapping[str, Any], book: SummaryBook) -> SampleView:
    try:
        message = book.describe(message_from(sample.message))
        summary, topic = message.facts.summary, message.topic
    except DecodeError as error:
        summary, topic = f"(unreadable: {error})", ""
    return SampleView(sample.title, summary, topic, json.dumps(arguments, ensure_ascii=False) if arguments else "")
