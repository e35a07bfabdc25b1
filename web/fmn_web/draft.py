"""Draft: a filter while somebody is at it. Form fields become a draft, a draft becomes a filter or its mistakes.

Fields: ``name``, ``active``, ``oneshot``; for each rule ``rule-N``, ``negated-N`` and ``N-ARGUMENT``. What is not in
the form of a rule whose plugin is gone is taken from the saved version, so that it is never lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from fmn_core.errors import ArgumentsError
from fmn_core.mistakes import in_words
from fmn_core.model import Filter, RuleUse
from fmn_core.rules import RuleBook
from fmn_core.store.documents import FilterPart

#: rules of a filter, and characters of an argument, at most
MOST_RULES, LONGEST_ARGUMENT = 100, 4096


@dataclass(frozen=True)
class Argument:
    """An argument of a rule, as a field of the form.

    :param value: as the field shows it
    :param options: the only values it can have; empty for any
    :param completes: what it is the name of: ``package``, ``user``, ``group``, ``app``; empty for anything
    """

    name: str
    title: str
    description: str
    value: str
    required: bool
    is_switch: bool = False
    options: tuple[str, ...] = ()
    completes: str = ""


@dataclass
class Draft:
    """A filter as somebody left it in the form.

    :ivar problems: sentences by field: ``name``, or the number of a rule
    """

    filter: Filter
    problems: dict[str, list[str]] = field(default_factory=dict)


def read(form: Mapping[str, str], rules: RuleBook, saved: Filter | None) -> Draft:
    """Read a form; whatever is wrong in it stays as it is and becomes a problem."""
    draft = Draft(Filter(saved.id if saved else "", form.get("name", "").strip()))
    uses = []
    for number in range(MOST_RULES):
        if identifier := form.get(f"rule-{number}", ""):
            uses.append(_use(form, number, identifier, rules, saved))
    draft.filter = replace(
        draft.filter, rules=tuple(uses), active=form.get("active") == "1", oneshot=form.get("oneshot") == "1"
    )
    _judge(draft, rules, saved)
    return draft


def _use(form: Mapping[str, str], number: int, identifier: str, rules: RuleBook, saved: Filter | None) -> RuleUse:
    negated = form.get(f"negated-{number}") == "1"
    if identifier not in rules:
        kept = next((use for use in (saved.rules if saved else ()) if use.rule == identifier), None)
        return RuleUse(identifier, kept.arguments if kept else {}, negated)
    given = {}
    for one in arguments(RuleUse(identifier), rules):
        value = form.get(f"{number}-{one.name}", "")[:LONGEST_ARGUMENT].strip()
        if value:
            given[one.name] = True if one.is_switch else value
    return RuleUse(identifier, given, negated)


def _judge(draft: Draft, rules: RuleBook, saved: Filter | None) -> None:
    try:
        FilterPart.model_validate({"name": draft.filter.name})
    except ValidationError as error:
        draft.problems["name"] = [in_words(one) for one in error.errors()]
    kept = {use.rule for use in saved.rules} if saved else set()
    for number, use in enumerate(draft.filter.rules):
        if use.rule in rules:
            try:
                rules.get(use.rule).parse(use.arguments)
            except ArgumentsError as error:
                draft.problems[str(number)] = list(error.problems)
        elif use.rule not in kept:
            draft.problems[str(number)] = [f"no rule is named {use.rule[:LONGEST_ARGUMENT]!r}"]
    if not draft.filter.rules:
        draft.problems["rules"] = ["a filter needs a rule, or it lets nothing through"]


def arguments(use: RuleUse, rules: RuleBook) -> list[Argument]:
    """Return the arguments of a rule as fields; none for a rule that is not installed."""
    return list(_arguments(use, rules)) if use.rule in rules else []


def _arguments(use: RuleUse, rules: RuleBook) -> Iterator[Argument]:
    schema = rules.get(use.rule).arguments.model_json_schema()
    for name, declared in schema.get("properties", {}).items():
        one = _resolved(declared, schema.get("$defs", {}))
        value = use.arguments.get(name, declared.get("default"))
        yield Argument(
            name,
            declared.get("title", name),
            declared.get("description", ""),
            _shown(value),
            name in schema.get("required", []),
            one.get("type") == "boolean",
            tuple(map(str, one.get("enum", ()))),
            declared.get("completes", one.get("completes", "")),
        )


def _resolved(declared: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in declared:
        return _resolved(definitions[declared["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in declared:
        return _resolved(declared["anyOf"][0], definitions)
    return declared


def _shown(value: Any) -> str:
    if value is None or value is False:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
