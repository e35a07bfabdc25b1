"""explain: why a message comes to somebody or does not, down to each rule and the values it saw. Floor F3.

It asks every rule, also where matching need not: of disabled preferences, inactive filters and after the first failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fmn_core.errors import UsageError
from fmn_core.lookups import Lookups
from fmn_core.model import Filter, Message, Preference, RuleUse
from fmn_core.rules import RuleBook

from .base import prepare
from .watching import seen_by


@dataclass(frozen=True)
class RuleVerdict:
    """What one rule says.

    :param result: ``true``, ``false`` or ``error``, negation left aside
    :param agrees: whether that is what its filter wants
    :param seen: what the rule read, by name
    :param error: why there is no answer
    """

    rule: str
    title: str
    arguments: Mapping[str, Any]
    negated: bool
    result: str
    agrees: bool
    seen: Mapping[str, Any]
    error: str = ""


@dataclass(frozen=True)
class FilterVerdict:
    """What one filter says.

    :param matches: whether all its rules agree, it has some, and it is active
    :param wins: whether it is the reason of a notification, destinations permitting
    :param reason: why it matches or does not, in words
    """

    id: str
    name: str
    active: bool
    matches: bool
    wins: bool
    reason: str
    rules: tuple[RuleVerdict, ...]


@dataclass(frozen=True)
class PreferenceVerdict:
    """What one preference says.

    :param destinations: confirmed addresses, to which a notification goes if a filter wins
    :param notified: whether there is a notification
    :param reason: why, in words
    """

    backend: str
    enabled: bool
    destinations: tuple[str, ...]
    notified: bool
    reason: str
    filters: tuple[FilterVerdict, ...]

    @property
    def winner(self) -> FilterVerdict | None:
        """The filter that is the reason, if there is one."""
        return next((one for one in self.filters if one.wins), None)


@dataclass(frozen=True)
class Explanation:
    """Why a message comes to a user, or does not."""

    message_id: str
    topic: str
    user: str
    preferences: tuple[PreferenceVerdict, ...]

    @property
    def notified(self) -> bool:
        """Whether there is any notification."""
        return any(one.notified for one in self.preferences)


def explain(
    message: Message, user: str, preferences: Iterable[Preference], rules: RuleBook, lookups: Lookups
) -> Explanation:
    """Put a message to all preferences of a user.

    :param message: described
    :param preferences: complete: disabled ones and inactive filters too
    """
    verdicts = tuple(_preference(one, message, rules, lookups) for one in preferences)
    return Explanation(message.id, message.topic, user, verdicts)


def _preference(one: Preference, message: Message, rules: RuleBook, lookups: Lookups) -> PreferenceVerdict:
    filters: list[FilterVerdict] = []
    for candidate in one.filters:
        winner = next((f.name for f in filters if f.matches), None)
        filters.append(_filter(candidate, one.enabled, winner, message, rules, lookups))
    destinations = tuple(place.address for place in one.destinations if place.confirmed)
    name = next((f.name for f in filters if f.wins), None)
    reason = _why(one, name, destinations)
    return PreferenceVerdict(
        one.backend, one.enabled, destinations, name is not None and bool(destinations), reason, tuple(filters)
    )


def _why(one: Preference, winner: str | None, destinations: tuple[str, ...]) -> str:
    if not one.enabled:
        return "the preference is switched off"
    if winner is None:
        return "no filter matches" if one.filters else "there are no filters"
    if not destinations:
        return f"filter {winner!r} matches, but no destination is confirmed"
    return f"filter {winner!r} matches: sent to {', '.join(destinations)}"


def _filter(
    one: Filter, enabled: bool, earlier: str | None, message: Message, rules: RuleBook, lookups: Lookups
) -> FilterVerdict:
    asked = tuple(_rule(use, message, rules, lookups) for use in one.rules)
    agreed = bool(asked) and all(verdict.agrees for verdict in asked)
    matches = one.active and agreed
    wins = matches and enabled and earlier is None
    reason = _why_not(one, asked) or (f"it matches, but {earlier!r} came first" if earlier else "it matches")
    return FilterVerdict(one.id, one.name, one.active, matches, wins, reason, asked)


def _why_not(one: Filter, asked: tuple[RuleVerdict, ...]) -> str:
    if not one.active:
        return "it is switched off"
    if not asked:
        return "it has no rules, so it never matches"
    return "; ".join(_objection(verdict) for verdict in asked if not verdict.agrees)


def _objection(verdict: RuleVerdict) -> str:
    if verdict.result == "error":
        return f"{verdict.rule} gives no answer: {verdict.error}"
    return f"{verdict.rule} holds, and must not" if verdict.negated else f"{verdict.rule} does not hold"


def _rule(use: RuleUse, message: Message, rules: RuleBook, lookups: Lookups) -> RuleVerdict:
    try:
        rule, arguments = prepare(use, rules)
    except UsageError as error:
        return _no_answer(use, use.rule, {}, str(error))
    seen = seen_by(rule, arguments, message, lookups)
    try:
        result = rule.matches(message, arguments, lookups)
    except Exception as error:
        return _no_answer(use, rule.title, seen, f"it raised {error!r}")
    agrees = result is not use.negated
    return RuleVerdict(use.rule, rule.title, use.arguments, use.negated, str(result).lower(), agrees, seen)


def _no_answer(use: RuleUse, title: str, seen: Mapping[str, Any], error: str) -> RuleVerdict:
    return RuleVerdict(use.rule, title, use.arguments, use.negated, "error", False, seen, error)
