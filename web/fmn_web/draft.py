"""Draft: a filter while somebody is at it. Form fields become a draft, a draft becomes a filter or its mistakes.

Fields: ``name``, ``active``, ``oneshot``; for each rule ``rule-N``, ``negated-N`` and ``N-ARGUMENT``. What nobody
touched stays as it is saved: ``kept-N`` tells which of the saved rules one is whose plugin is gone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from fmn_core import codec
from fmn_core.errors import ArgumentsError
from fmn_core.mistakes import in_words
from fmn_core.model import Filter, RuleUse
from fmn_core.rules import RuleBook
from fmn_core.store.documents import FilterPart

from .fields import Argument, arguments, parts_of, shown

#: rules of a filter, and characters of an argument, at most; what is saved already may be more
MOST_RULES, LONGEST_ARGUMENT = 100, 4096
#: digits of a rule's number
_DIGITS = 4


@dataclass
class Draft:
    """A filter as somebody left it in the form.

    :ivar problems: sentences by field: ``name``, ``rules``, the number of a rule, or ``N-ARGUMENT``
    """

    filter: Filter
    problems: dict[str, list[str]] = field(default_factory=dict)


def read(form: MultiDict[str, str], rules: RuleBook, saved: Filter | None) -> Draft:
    """Read a form; whatever is wrong in it stays as it is and becomes a problem."""
    numbers = _numbers(form)
    most = max(MOST_RULES, len(saved.rules) if saved else 0)
    uses = tuple(_use(form, number, rules, saved) for number in numbers[:most])
    draft = Draft(
        Filter(
            saved.id if saved else "",
            form.get("name", "").strip(),
            uses,
            active=form.get("active") == "1",
            oneshot=form.get("oneshot") == "1",
        )
    )
    if len(numbers) > most:
        draft.problems["rules"] = [f"a filter has {most} rules at most, and what was more is not here"]
    _judge(draft, rules, saved)
    return draft


def _numbers(form: MultiDict[str, str]) -> list[int]:
    """Return the numbers of the rules in the form, in order."""
    written = [key.removeprefix("rule-") for key, value in form.items() if key.startswith("rule-") and value]
    return sorted(int(one) for one in written if one.isascii() and one.isdigit() and len(one) <= _DIGITS)


def _use(form: MultiDict[str, str], number: int, rules: RuleBook, saved: Filter | None) -> RuleUse:
    identifier, negated = form[f"rule-{number}"], form.get(f"negated-{number}") == "1"
    before = [use for use in (saved.rules if saved else ()) if use.rule == identifier]
    if identifier not in rules:
        # two of them may differ in nothing but their arguments; if none is as it was, another window changed it
        same = [use for use in before if mark(use) == form.get(f"kept-{number}")]
        return RuleUse(identifier, (same or before)[0].arguments if before else {}, negated)
    given = {}
    for one in arguments(RuleUse(identifier), rules):
        value = _given(one, form.getlist(f"{number}-{one.name}"), before)
        if value is not None:
            given[one.name] = value
    return RuleUse(identifier, given, negated)


def _given(one: Argument, sent: list[str], before: list[RuleUse]) -> Any:
    """Return an argument as it was sent; as it is saved, where it shows the same; None for nothing."""
    text = ", ".join(sent).strip()
    value: Any = "1" in sent if one.is_switch else text
    as_shown = shown(value)
    for use in before:
        if one.name in use.arguments and shown(use.arguments[one.name]) == as_shown:
            return use.arguments[one.name]
    if as_shown == shown(one.default):
        return None
    if one.is_list:
        return [part for each in sent for part in parts_of(each)]
    return value if one.is_switch else text or None


def mark(use: RuleUse) -> str:
    """Return a fingerprint of a rule's arguments."""
    return hashlib.blake2b(codec.dumps(dict(use.arguments)), digest_size=8).hexdigest()


def _judge(draft: Draft, rules: RuleBook, saved: Filter | None) -> None:
    try:
        FilterPart.model_validate({"name": draft.filter.name})
    except ValidationError as error:
        draft.problems["name"] = [in_words(one) for one in error.errors()]
    kept = {use.rule for use in saved.rules} if saved else set()
    for number, use in enumerate(draft.filter.rules):
        if use.rule in rules:
            before = [one.arguments for one in saved.rules if one.rule == use.rule] if saved else []
            _judge_arguments(draft, number, use, rules, before)
        elif use.rule not in kept:
            draft.problems[str(number)] = [f"no rule is named {use.rule[:60]!r}"]
    if not draft.filter.rules:
        draft.problems["rules"] = ["a filter needs a rule, or it lets nothing through"]


def _judge_arguments(draft: Draft, number: int, use: RuleUse, rules: RuleBook, before: list[Mapping[str, Any]]) -> None:
    too_long = {}
    for name, value in use.arguments.items():
        length = len(shown(value))
        if length > LONGEST_ARGUMENT and value not in [one.get(name) for one in before]:
            too_long[name] = f"{name!r} has {length} characters, {LONGEST_ARGUMENT} at most"
            draft.problems[f"{number}-{name}"] = [too_long[name]]
    try:
        rules.get(use.rule).parse(use.arguments)
    except ArgumentsError as error:
        known = rules.get(use.rule).arguments.model_fields
        for problem in error.problems:
            name = _named(problem)
            if name not in too_long:  # said already
                where = f"{number}-{name}" if name in known else str(number)
                draft.problems.setdefault(where, []).append(problem)


def _named(problem: str) -> str:
    """Return the argument that a problem begins with: ``levels`` of ``'levels.0': it is ...``."""
    return problem[1:].partition("'")[0].partition(".")[0] if problem.startswith("'") else ""
