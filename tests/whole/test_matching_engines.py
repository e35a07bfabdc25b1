"""Whatever the people, their filters, the messages and the changes: both engines find the same."""

from __future__ import annotations

import functools
import itertools
import re
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from fmn_core.codec import message_from
from fmn_core.config import Settings
from fmn_core.errors import UsageError
from fmn_core.lookups import Lookups
from fmn_core.matching import IndexMatcher, LinearMatcher, Matcher, explain, notifications
from fmn_core.model import Destination, Filter, Message, Preference, RuleUse
from fmn_core.plugins import RULES as RULE_PLUGINS
from fmn_core.plugins import load_plugins
from fmn_core.rules import Arguments, Hint, Rule, RuleBook, Search, Text, Words, rule
from fmn_core.testing import lookups, message

ROLES = lookups(
    {"kernel": {"ava": "owner", "@cats": "comaintainer"}, "bash": {"hugo": "watcher", "ava": "comaintainer"}},
    {"cats": ["mei"], "dogs": ["ava", "hugo"]},
)


class Names(Arguments):
    names: Words


class Pattern(Arguments):
    pattern: Text


@rule("toy_raises")
def raises(message: Message) -> bool:
    """Always raises"""
    raise RuntimeError


@rule("toy_odd", topics=["build", "tag.*"])
def odd(message: Message) -> bool:
    """Raises on odd bodies"""
    return message.body["new"] == 1


@rule("toy_package_and_topic", hint=lambda a: Hint(packages=a.names, topics=("build",)))
def package_and_topic(message: Message, arguments: Names) -> bool:
    """Two hints in one"""
    return not message.facts.packages.isdisjoint(arguments.names)


@rule("toy_fickle_hint", hint=lambda a: Hint(agents=a.names) if len(a.names) < 3 else Hint(groups=a.names[:0]))
def fickle(message: Message, arguments: Names) -> bool:
    """The hint depends on the arguments, and may admit nothing"""
    return len(arguments.names) < 3 and message.facts.agent in arguments.names


@rule("toy_group_or_raise", hint=lambda a: Hint(groups=a.names))
def group_or_raise(message: Message, arguments: Names, lookups: Lookups) -> bool:
    """Raises where nobody is named"""
    if not message.facts.usernames:
        raise LookupError
    return any(not lookups.members(name).isdisjoint(message.facts.usernames) for name in arguments.names)


def _texts(message: Message) -> list[str]:
    return [message.body["text"], message.topic]  # raises where there is none


@rule("toy_search", search=Search(_texts, lambda a: a.pattern))
def searched(message: Message, arguments: Pattern) -> bool:
    """Found in one of two texts"""
    return any(re.search(arguments.pattern, text) for text in _texts(message))


@rule("toy_search_build", topics=["build"], search=Search(_texts, lambda a: a.pattern))
def searched_build(message: Message, arguments: Pattern) -> bool:
    """Found, and of a build"""
    return searched.predicate(message, arguments, ROLES) is True


@rule("toy_bad_hint", hint=lambda a: Hint(topics=(a.missing,)))
def bad_hint(message: Message) -> bool:
    """Its hint raises"""
    return True


TOYS = (raises, odd, package_and_topic, fickle, group_or_raise, searched, searched_build, bad_hint)
TOY_ARGUMENTS = [
    {},
    {"names": ["ava"]},
    {"names": "kernel, bash"},
    {"names": ["cats"]},
    {"names": ["mei", "ava", "hugo"]},
    {"pattern": "^a"},
    {"pattern": "b+c|build"},
    {"pattern": "tag"},
    {"pattern": "("},
    {"pattern": ""},
    {"other": 1},
]


@functools.cache
def installed() -> list[Rule]:
    return list(load_plugins(Settings(), RULE_PLUGINS_ONLY).rules)


RULE_PLUGINS_ONLY = (RULE_PLUGINS,)


@functools.cache
def book() -> RuleBook:
    return RuleBook([*installed(), *TOYS])


@functools.cache
def pool() -> list[tuple[str, dict[str, Any]]]:
    """Every installed rule with the arguments of its samples and with odd ones, every toy, and one that is unknown."""
    made: list[tuple[str, dict[str, Any]]] = [("nonesuch", {})]
    for one in installed():
        told = [said.get(one.identifier, []) for sample in one.samples for said in (sample.matches, sample.misses)]
        made += [(one.identifier, arguments) for arguments in [*itertools.chain(*told), {}, {"other": ""}]]
    return made + [(one.identifier, arguments) for one in TOYS for arguments in TOY_ARGUMENTS]


@functools.cache
def messages() -> list[Message]:
    """Return what rules have as samples, and messages for the toys."""
    summaries = load_plugins(Settings(), RULE_PLUGINS_ONLY).summaries
    told = {str(sample.message): sample.message for one in installed() for sample in one.samples}
    topics = ["koji.build", "koji.tag.new", "build", "bodhi.update"]
    bodies = [{}, {"new": 1}, {"text": "abbc"}, {"new": 2, "text": "tag"}, {"text": None}]
    people = [(), ("ava",), ("hugo", "mei")]
    packages = [(), ("kernel",), ("bash", "python-x")]
    toys = [
        message(topic, body, facts={"usernames": some, "packages": names, "agent": some[0] if some else None})
        for topic, body, some, names in itertools.product(topics, bodies, people, packages)
    ]
    return [summaries.describe(message_from(raw)) for raw in told.values()] + toys


@functools.cache
def agreeing(number: int, toys: bool) -> tuple[list[RuleUse], list[RuleUse], list[RuleUse]]:
    """Return the rules that hold for a message; those that do not, negated; and those that raise, negated too.

    :param toys: only the rules of this file, or only the installed ones
    """
    positive, negated, raising = [], [], []
    for name, arguments in pool():
        if name not in book() or name.startswith("toy_") is not toys:
            continue
        one = book().get(name)
        try:
            parsed = one.parse(arguments)
        except UsageError:
            continue
        try:
            holds = one.matches(messages()[number], parsed, ROLES)
        except Exception:
            raising.append(RuleUse(name, arguments, negated=True))
            continue
        (positive if holds else negated).append(RuleUse(name, arguments, negated=not holds))
    return positive, negated, raising


Rules = tuple[RuleUse, ...]


def rules_for(number: int) -> st.SearchStrategy[Rules]:
    """Make filters of which many match a message, and many miss it by one rule."""
    positive, negated, raising = (
        _either(*lists) for lists in zip(agreeing(number, True), agreeing(number, False), strict=True)
    )
    anything = st.builds(lambda use, turned: RuleUse(*use, turned), st.sampled_from(pool()), st.booleans())
    wrong = st.one_of(raising, anything)
    parts = st.lists(positive, max_size=2), st.lists(negated, max_size=2), st.lists(wrong, max_size=1)
    return st.tuples(*parts).map(lambda lists: tuple(itertools.chain(*lists)))


def _either(toys: list[RuleUse], others: list[RuleUse]) -> st.SearchStrategy[RuleUse]:
    return st.one_of([st.sampled_from(uses) for uses in (toys, others) if uses])


def preferences(numbers: list[int]) -> st.SearchStrategy[Preference]:
    mostly = st.sampled_from([True, True, True, False])
    rules = st.sampled_from(numbers).flatmap(rules_for)
    rows = st.lists(st.tuples(rules, mostly), min_size=1, max_size=4)
    return st.builds(_preference, st.integers(0, 5), rows, mostly, st.booleans())


def _preference(
    number: int, rows: list[tuple[tuple[RuleUse, ...], bool]], enabled: bool, confirmed: bool
) -> Preference:
    place = Destination("ava@example.org", confirmed)
    filters = [Filter(f"p{number}.{rank}", "", rules, active) for rank, (rules, active) in enumerate(rows)]
    return Preference(f"p{number}", "ava", "email", enabled, (place,), tuple(filters))


Step = Preference | str | Message

some_messages = st.lists(st.integers(0, 10_000).map(lambda n: n % len(messages())), min_size=1, max_size=3)


def histories(numbers: list[int]) -> st.SearchStrategy[list[Step]]:
    """Make changes of preferences, and messages between them."""
    wanted = preferences(numbers)
    removed = st.integers(0, 5).map(lambda number: f"p{number}")
    asked = st.sampled_from(numbers).map(lambda number: messages()[number])
    return st.lists(st.one_of(wanted, wanted, asked, asked, removed), min_size=6, max_size=24)


def found(matcher: Matcher, one: Message) -> set[tuple[str, str]]:
    matches = matcher.match(one)
    pairs = {(match.preference.id, match.filter.id) for match in matches}
    assert len(pairs) == len(matches)
    return pairs


def take(matcher: Matcher, step: Preference | str) -> None:
    if isinstance(step, str):
        matcher.remove(step)
    else:
        matcher.put(step)


@settings(deadline=None, max_examples=300)
@given(some_messages.flatmap(histories))
def test_both_engines_find_the_same_through_any_history(history: list[Step]) -> None:
    index, linear = IndexMatcher(book(), ROLES), LinearMatcher(book(), ROLES)
    for step in history:
        if isinstance(step, Message):
            expected = found(linear, step)
            event("somebody" if expected else "nobody")
            assert found(index, step) == expected
        else:
            take(index, step)
            take(linear, step)


@settings(deadline=None, max_examples=100)
@given(some_messages.flatmap(histories))
def test_an_index_that_forgot_everything_is_as_new(history: list[Step]) -> None:
    index = IndexMatcher(book(), ROLES)
    for step in history:
        if isinstance(step, Message):
            index.match(step)
        else:
            take(index, step)
    for number in range(6):
        index.remove(f"p{number}")
    assert index.size() == {"preferences": 0, "bodies": 0, "predicates": 0, "names": 0}


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10_000), st.data())
def test_explanations_agree_with_matching(number: int, data: st.DataObject) -> None:
    number %= len(messages())
    one, preference = messages()[number], data.draw(preferences([number]))
    matcher = LinearMatcher(book(), ROLES)
    matcher.put(preference)
    matches = matcher.match(one)
    (verdict,) = explain(one, preference.user, [preference], book(), ROLES).preferences
    assert [f.id for f in verdict.filters if f.wins] == [match.filter.id for match in matches]
    assert verdict.notified is bool(notifications(one, matches))
