"""narrower: what else a filter could say so that it would not have matched a message. Floor F3.

Each proposal is the filter with one more rule that must not hold, with the number of other messages it would cost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from fmn_core.history import History, Search
from fmn_core.lookups import Lookups
from fmn_core.model import Filter, Message, RuleUse
from fmn_core.rules import Rule, RuleBook
from fmn_core.summaries import SummaryBook

from .impossible import impossible
from .looking import EXACT, Look
from .narrowing import narrowed, period

#: proposals at most
PROPOSALS = 5


@dataclass(frozen=True)
class Proposal:
    """A filter that would not have matched a message.

    :param filter: the filter with one rule more
    :param title: what must not hold any more, in words
    :param lost: other messages of the last days that it would have lost
    :param of: other messages of the last days that the filter matched, as far as they were looked at
    """

    filter: Filter
    title: str
    lost: int
    of: int


def narrower(
    one: Filter,
    message: Message,
    history: History,
    rules: RuleBook,
    summaries: SummaryBook,
    lookups: Lookups,
    now: datetime,
    days: float = 7,
    budget: float = 1.5,
    clock: Callable[[], float] = time.monotonic,
) -> list[Proposal]:
    """Return filters that would not have matched a message, those first that would have lost the fewest others.

    :param message: one that the filter matches; described or not
    :param budget: seconds for looking at history
    """
    deadline = clock() + budget
    made = [
        (title, replace(one, rules=(*one.rules, use)))
        for title, use in _candidates(summaries.describe(message), rules, lookups)
    ]
    possible = [(title, longer) for title, longer in made if impossible(longer, rules, lookups) is None]
    look = Look((one, *(longer for _, longer in possible)), rules, summaries, lookups)
    kept, of = [0] * len(possible), 0
    for other, wanted in _others(look, history, rules, lookups, now, days):
        if 0 in wanted and other.id != message.id:
            of += 1
            kept = [number + (place in wanted) for place, number in enumerate(kept, 1)]
        if clock() >= deadline:
            break
    proposals = [Proposal(f, title, of - n, of) for (title, f), n in zip(possible, kept, strict=True)]
    useful = [proposal for proposal in proposals if proposal.lost < of or not of]
    return sorted(useful, key=lambda proposal: proposal.lost)[:PROPOSALS]


def _others(
    look: Look, history: History, rules: RuleBook, lookups: Lookups, now: datetime, days: float
) -> Iterator[tuple[Message, frozenset[int]]]:
    """Yield what the filter could have matched; an even sample where it is much."""
    when = period(history, now, days)
    if when is None:
        return
    search: Search | None = narrowed(look.filters[:1], rules, lookups, history.topics(*when), *when)
    if search is not None:
        yield from look.at(history, replace(search, every=max(1, -(-history.count(search) // EXACT))))


def _candidates(message: Message, rules: RuleBook, lookups: Lookups) -> Iterator[tuple[str, RuleUse]]:
    """Yield what holds for a message, in words and as a rule that must not."""
    for rule in rules:
        for value, arguments in _fillings(rule, message):
            if _holds(rule, arguments, message, lookups):
                title = f"{rule.title}: {value}" if value else rule.title
                yield title, RuleUse(rule.identifier, arguments, negated=True)


def _fillings(rule: Rule, message: Message) -> Iterable[tuple[str, dict[str, str]]]:
    """Return the arguments that a rule could have for a message: none, or a name of the message that completes it."""
    fields = rule.arguments.model_fields
    if not fields:
        return [("", {})]
    if len(fields) > 1:
        return []
    (name, field), facts = *fields.items(), message.facts
    extra = field.json_schema_extra
    kind = extra.get("completes") if isinstance(extra, dict) else None
    values: dict[object, list[str]] = {
        "package": sorted(facts.packages),
        "user": [facts.agent] if facts.agent else [],
        "app": [message.app] if message.app else [],
    }
    return [(value, {name: value}) for value in values.get(kind, [])]


def _holds(rule: Rule, arguments: dict[str, str], message: Message, lookups: Lookups) -> bool:
    try:
        return rule.matches(message, rule.parse(arguments), lookups)
    except Exception:
        return False  # it would not keep the message away
