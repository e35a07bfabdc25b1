"""impossible: why a filter can never match, where that can be told from its rules alone. Floor F3."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from fmn_core.errors import UsageError
from fmn_core.lookups import Lookups
from fmn_core.model import Filter
from fmn_core.rules import Arguments, Hint, Rule, RuleBook, always

from .narrowing import by_topic, understood

_GLOB_MARKS = frozenset("*?[")


class _Known(NamedTuple):
    rule: Rule
    arguments: Arguments
    hint: Hint
    negated: bool


def impossible(one: Filter, rules: RuleBook, lookups: Lookups) -> str | None:
    """Return why a filter can never match, in a sentence; None if it can, or if nobody knows."""
    if not one.rules:
        return "it has no rules, so it never matches"
    try:
        known = [_Known(*understood(use, rules), use.negated) for use in one.rules]
    except UsageError as error:
        return str(error)
    wanted, unwanted = [k for k in known if not k.negated], [k for k in known if k.negated]
    return _denied(wanted, unwanted) or _apart(wanted) or _covered(wanted, unwanted)


def _denied(wanted: Sequence[_Known], unwanted: Sequence[_Known]) -> str | None:
    for one in wanted:
        for other in unwanted:
            if one.rule is other.rule and one.arguments.model_dump() == other.arguments.model_dump():
                return f"{one.rule.title!r} must hold and must not hold"
    return None


def _apart(wanted: Sequence[_Known]) -> str | None:
    for one, other in combinations(wanted, 2):
        if _disjoint(one.hint, other.hint):
            return f"no message is both {one.rule.title!r} and {other.rule.title!r}"
    return None


def _disjoint(one: Hint, other: Hint) -> bool:
    """Tell whether no topic can satisfy both."""
    if one.apps is not None and other.apps is not None and set(one.apps).isdisjoint(other.apps):
        return True
    if one.topics is None or other.topics is None:
        return False
    return not any(_together(a, b) for a in one.topics for b in other.topics)


def _together(one: str, other: str) -> bool:
    """Tell whether a topic may fit both patterns: two ends of a topic, or at least one glob, of which nobody knows."""
    return _is_glob(one) or _is_glob(other) or one.endswith(other) or other.endswith(one)


def _is_glob(pattern: str) -> bool:
    return not _GLOB_MARKS.isdisjoint(pattern)


def _covered(wanted: Sequence[_Known], unwanted: Sequence[_Known]) -> str | None:
    for other in unwanted:
        for one in wanted:
            if _covers_app(other, one.hint) or _covers_topic(other, one.hint):
                return f"{one.rule.title!r} holds only where {other.rule.title!r} does, which must not"
    return None


def _covers_app(other: _Known, hint: Hint) -> bool:
    """Tell whether a rule holds for whatever its applications send, and the hint admits nothing else.

    The end of a topic is taken to begin with the application where its first word is one, as rules write it.
    """
    apps = other.hint.apps
    if not apps or not other.rule.topic_decides or other.hint != Hint(apps=apps):
        return False
    if hint.apps is not None:
        reached = list(hint.apps)
    elif hint.topics is not None and not any(map(_is_glob, hint.topics)):
        reached = [topic.partition(".")[0] for topic in hint.topics]
    else:
        return False
    return set(reached) <= set(apps) and all(_catches_all(other, app) for app in reached)


def _catches_all(other: _Known, app: str) -> bool:
    """Tell whether the rule holds for an application whatever the rest of the topic is, tried with topics of nobody."""
    tried = (f"one.two.three.{app}", f"one.two.three.{app}.nobody.sends.this")
    return all(by_topic(other.rule, other.arguments, other.hint, topic) for topic in tried)


def _covers_topic(other: _Known, hint: Hint) -> bool:
    """Tell whether a rule holds for whatever ends so, and the hint admits nothing else."""
    ends = other.hint.topics
    if ends is None or other.rule.predicate is not always or other.hint != Hint(topics=ends) or hint.topics is None:
        return False
    literal = tuple(end for end in ends if not _is_glob(end))
    return all(not _is_glob(topic) and topic.endswith(literal) for topic in hint.topics)
