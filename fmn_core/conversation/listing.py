"""``list``: what one can ask for, and what one's own filters ask for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from fmn_core.model import Filter, RuleUse
from fmn_core.rules import RuleBook

from .help_ import not_understood
from .lines import plain, shown, unquoted
from .request import Command, Request, Who

_DIVIDER = "-*" * 10
#: characters of a description and of the value of an argument
_LONGEST_TEXT = 300


def _list(asked: Request) -> Iterable[str]:
    what, _, rest = asked.rest.partition(" ")
    match what.lower(), rest:
        case "categories", "":
            return _categories(asked.rules())
        case "rules", category if category:
            return _rules(asked.rules(), unquoted(category))
        case "filters", "":
            return _filters(asked)
        case "filters", name:
            return _filters_named(asked, name)
    return not_understood(asked)


def _audience(rest: str) -> Who:
    known = {"categories": Who.ANYBODY, "rules": Who.ANYBODY, "filters": Who.USER}
    return known.get(rest.partition(" ")[0].lower(), Who.IDENTIFIED)


LIST = Command(_list, audience=_audience)


def _categories(rules: RuleBook) -> Iterable[str]:
    yield "There are rules of these categories; list rules CATEGORY names them:"
    yield from (f"  - {name}" for name in sorted({rules.plugin_of(rule.identifier) for rule in rules}))


def _rules(rules: RuleBook, category: str) -> Iterable[str]:
    wanted = category.casefold()
    titles = sorted(rule.title for rule in rules if rules.plugin_of(rule.identifier).casefold() == wanted)
    if not titles:
        yield f"There is no category {shown(category)!r}. Say list categories for those there are."
    yield from (f"  - {title}" for title in titles)


def _filters(asked: Request) -> Iterable[str]:
    preference = asked.preference()
    number = len(preference.filters)
    stopped = "" if preference.enabled else "; none of them counts while all is stopped"
    yield f"You have {number or 'no'} filter{'' if number == 1 else 's'} here{stopped}"
    yield from (f"  - {shown(one.name)}{state(one)}" for one in preference.filters)


def _filters_named(asked: Request, name: str) -> Iterable[str]:
    found = _named(asked.preference().filters, name)
    if not found:
        yield f"You have no filter {shown(unquoted(name))!r} here. Say list filters for those you have."
    for one in found:
        number = len(one.rules)
        rules = f"{number} rule{'' if number == 1 else 's'}" if number else "no rules, so it lets nothing through"
        yield f"Filter {shown(one.name)!r}{state(one)} has {rules}"
        for use in one.rules:
            yield from _at_length(use, asked.rules())


def state(one: Filter) -> str:
    """Return what is to be known of a filter beside its name, to put behind it."""
    marks = [*([] if one.active else ["off"]), *(["once only"] if one.oneshot else [])]
    return f" ({', '.join(marks)})" if marks else ""


def _named(filters: Iterable[Filter], name: str) -> list[Filter]:
    """Return all filters of a name: as it was written, else without quotes, else whatever its letters and blanks."""
    filters = list(filters)
    for wanted in (name, unquoted(name)):
        found = [one for one in filters if one.name == wanted]
        if not found:
            found = [one for one in filters if _folded(one.name) == _folded(wanted)]
        if found:
            return found
    return []


def _folded(name: str) -> str:
    return shown(name).casefold()


def _at_length(use: RuleUse, rules: RuleBook) -> Iterator[str]:
    yield titled(use, rules)
    if use.rule in rules:
        yield f"  {shown(plain(rules.get(use.rule).description), _LONGEST_TEXT)}"
    yield from (f"  {shown(name)} - {_value(value)}" for name, value in use.arguments.items())
    yield _DIVIDER


def in_words(use: RuleUse, rules: RuleBook) -> str:
    """Return a rule as a filter uses it, in one line: ``not Build failed (fasnick: bo)``."""
    arguments = ", ".join(f"{shown(name)}: {_value(value)}" for name, value in use.arguments.items())
    return titled(use, rules) + (f" ({arguments})" if arguments else "")


def titled(use: RuleUse, rules: RuleBook) -> str:
    """Return the title of a rule, and ``not`` before it where the filter wants it not to hold."""
    title = rules.get(use.rule).title if use.rule in rules else f"{use.rule}, a rule that is not installed now"
    return shown(f"not {title}" if use.negated else title)


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return shown(", ".join(map(_value, value)), _LONGEST_TEXT)
    return shown(value if isinstance(value, str) else json.dumps(value, default=str), _LONGEST_TEXT)
