"""narrowed: the search that surely brings every message that a filter could match. Floor F3.

It reads hints, as the index does; where a rule says nothing, the search is wider.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fmn_core.errors import UsageError
from fmn_core.history import PACKAGE, USER, History, Search
from fmn_core.lookups import Lookups
from fmn_core.matching.base import prepare
from fmn_core.model import Filter, RuleUse, of_topic
from fmn_core.rules import Arguments, Hint, Rule, RuleBook
from fmn_core.snapshot import Snapshot

#: names in one set of terms; a larger one, such as the members of a group that everybody is in, narrows little
MOST_TERMS = 2_000

Terms = frozenset[str]

_NOBODY = Snapshot()


def period(history: History, now: datetime, days: float) -> tuple[datetime, datetime] | None:
    """Return from when until when there is history of the last days; None if there is none."""
    span = history.span()
    if span is None:
        return None
    since = max(now - timedelta(days=days), span[0])
    return (since, now) if since < now and since <= span[1] else None


def narrowed(
    filters: Sequence[Filter],
    rules: RuleBook,
    lookups: Lookups,
    topics: Mapping[str, int],
    since: datetime,
    until: datetime,
) -> Search | None:
    """Return the search that surely brings all messages that any of the filters could match, active or not.

    :param topics: those that occur in the period
    :returns: None if there can be no such message
    """
    reaches = [reach for one in filters if (reach := _reach(one, rules, lookups, topics)) is not None]
    if not reaches:
        return None
    wanted = frozenset[str]().union(*(reach.topics for reach in reaches))
    return Search(since, until, None if len(wanted) == len(topics) else wanted, _united([r.terms for r in reaches]))


@dataclass(frozen=True)
class _Reach:
    """What messages that one filter could match carry: one of the topics, and a term of each set."""

    topics: frozenset[str]
    terms: tuple[Terms, ...]


def _reach(one: Filter, rules: RuleBook, lookups: Lookups, topics: Iterable[str]) -> _Reach | None:
    """Return None if the filter cannot match any message of these topics."""
    try:
        known = [(use, *understood(use, rules)) for use in one.rules]
    except UsageError:
        return None
    left = frozenset(t for t in topics if all(_possible(use, rule, args, hint, t) for use, rule, args, hint in known))
    terms = [group for use, _, _, hint in known if not use.negated for group in _terms(hint, lookups)]
    if not known or not left or not all(terms):
        return None
    return _Reach(left, tuple(dict.fromkeys(group for group in terms if len(group) <= MOST_TERMS)))


def understood(use: RuleUse, rules: RuleBook) -> tuple[Rule, Arguments, Hint]:
    """Return the rule of a use, its validated arguments and its hint.

    :raises UsageError: where matching could not use it either
    """
    rule, arguments = prepare(use, rules)
    try:
        hint = rule.hint_for(arguments)
        hint.admits_topic("")
    except Exception as error:
        raise UsageError(f"rule {rule.identifier!r} gives no hint for its arguments: {error!r}") from error
    return rule, arguments, hint


def _possible(use: RuleUse, rule: Rule, arguments: Arguments, hint: Hint, topic: str) -> bool:
    """Tell whether the topic leaves it possible that the rule is as its filter wants it."""
    answer = by_topic(rule, arguments, hint, topic)
    return answer is None or answer is not use.negated


def by_topic(rule: Rule, arguments: Arguments, hint: Hint, topic: str) -> bool | None:
    """Return what the topic alone decides of a rule, or None."""
    if not hint.admits_topic(topic):
        return False
    if not rule.topic_decides:
        return None
    try:
        return bool(rule.predicate(of_topic(topic), arguments, _NOBODY))
    except Exception:
        return None  # it raises on each message too, where matching sees to it


def _terms(hint: Hint, lookups: Lookups) -> list[Terms]:
    """Return the sets of terms of each of which a message must carry one."""
    found = []
    if hint.packages is not None:
        found.append(_marked(PACKAGE, hint.packages))
    for names in (hint.usernames, hint.agents):
        if names is not None:
            found.append(_marked(USER, names))
    if hint.owners is not None:
        found.append(_marked(PACKAGE, (p for owner in hint.owners for p in lookups.packages(owner))))
    if hint.groups is not None:
        found.append(_marked(USER, (m for group in hint.groups for m in lookups.members(group))))
    return found


def _marked(mark: str, names: Iterable[str]) -> Terms:
    return frozenset(mark + name for name in names)


def _united(all_terms: Sequence[tuple[Terms, ...]]) -> tuple[Terms, ...]:
    """Return the sets of terms that hold for every message of any of the filters."""
    common = tuple(group for group in all_terms[0] if all(group in terms for terms in all_terms[1:]))
    others = [[group for group in terms if group not in common] for terms in all_terms]
    if not all(others):
        return common
    either = frozenset[str]().union(*(min(groups, key=len) for groups in others))
    return (*common, either) if len(either) <= MOST_TERMS else common
