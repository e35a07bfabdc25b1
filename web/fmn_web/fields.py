"""Fields: the arguments of a rule as fields of a form, built from what the rule declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fmn_core.model import RuleUse
from fmn_core.rules import RuleBook


@dataclass(frozen=True)
class Argument:
    """An argument of a rule, as a field of the form.

    :param value: as the field shows it
    :param default: what it is where nothing is said
    :param options: the only values it can have; empty for any
    :param chosen: those of the options that it has, where it can have several
    :param completes: what it is the name of: ``package``, ``user``, ``group``, ``app``; empty for anything
    """

    name: str
    title: str
    description: str
    value: str
    required: bool
    default: Any = None
    is_switch: bool = False
    is_list: bool = False
    options: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    completes: str = ""

    @property
    def is_many(self) -> bool:
        """Whether several of the options can be chosen."""
        return self.is_list and bool(self.options)


def about_oneself(rule: str, rules: RuleBook, user: str) -> dict[str, str]:
    """Return what an argument is at first that names an account and cannot be left out: one's own."""
    return {one.name: user for one in arguments(RuleUse(rule), rules) if one.required and one.completes == "user"}


def arguments(use: RuleUse, rules: RuleBook) -> list[Argument]:
    """Return the arguments of a rule as fields; none for a rule that is not installed."""
    return list(_arguments(use, rules)) if use.rule in rules else []


def _arguments(use: RuleUse, rules: RuleBook) -> Iterator[Argument]:
    schema = rules.get(use.rule).arguments.model_json_schema()
    definitions = schema.get("$defs", {})
    for name, declared in schema.get("properties", {}).items():
        one = _resolved(declared, definitions)
        is_list = one.get("type") == "array"
        options = _resolved(one.get("items", {}), definitions) if is_list else one
        value = use.arguments.get(name, declared.get("default"))
        yield Argument(
            name,
            declared.get("title", name),
            declared.get("description", ""),
            shown(value),
            name in schema.get("required", []),
            declared.get("default"),
            one.get("type") == "boolean",
            is_list,
            tuple(map(str, options.get("enum", ()))),
            tuple(parts_of(value)),
            declared.get("completes", one.get("completes", "")),
        )


def _resolved(declared: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in declared:
        return _resolved(definitions[declared["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in declared:
        return _resolved(next(one for one in declared["anyOf"] if one.get("type") != "null"), definitions)
    return declared


def shown(value: Any) -> str:
    """Return an argument as a field shows it."""
    if value is None or value is False:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def parts_of(value: Any) -> list[str]:
    """Return what a list holds, however it was written."""
    return [part for raw in shown(value).split(",") if (part := raw.strip())]
