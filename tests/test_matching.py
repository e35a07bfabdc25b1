"""What it means that a filter matches, as tables that both engines pass. Names of quirks are those of RULES 16."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from fmn_core.lookups import Lookups
from fmn_core.matching import IndexMatcher, LinearMatcher, Matcher, notifications
from fmn_core.model import Destination, Filter, Message, Preference, RuleUse
from fmn_core.rules import Arguments, Hint, RuleBook, Text, Words, app_rule, rule, topic_rule
from fmn_core.snapshot import Snapshot
from fmn_core.testing import lookups, message

ENGINES = [pytest.param(IndexMatcher, id="index"), pytest.param(LinearMatcher, id="linear")]
KERNEL = message("koji.build", {"new": 3}, facts={"packages": ["kernel"], "usernames": ["jane"], "agent": "jane"})
ROLES = lookups({"kernel": {"jane": "owner", "@cats": "comaintainer", "lena": "watcher"}}, {"cats": ["tom"]})


class Names(Arguments):
    names: Words


class Name(Arguments):
    name: Text


class Choosy(Arguments):
    level: int = 0


@rule("package", hint=lambda arguments: Hint(packages=arguments.names))
def package(message: Message, arguments: Names) -> bool:
    """One of these packages"""
    return not message.facts.packages.isdisjoint(arguments.names)


@rule("user", hint=lambda arguments: Hint(usernames=arguments.names))
def user(message: Message, arguments: Names) -> bool:
    """One of these users"""
    return not message.facts.usernames.isdisjoint(arguments.names)


@rule("agent", hint=lambda arguments: Hint(agents=arguments.names))
def agent(message: Message, arguments: Names) -> bool:
    """Done by one of these users"""
    return message.facts.agent in arguments.names


@rule("mine", hint=lambda arguments: Hint(owners=(arguments.name,)))
def mine(message: Message, arguments: Name, lookups: Lookups) -> bool:
    """A package of this user"""
    return not lookups.packages(arguments.name).isdisjoint(message.facts.packages)


@rule("member", hint=lambda arguments: Hint(groups=(arguments.name,)))
def member(message: Message, arguments: Name, lookups: Lookups) -> bool:
    """A user of this group"""
    return not lookups.members(arguments.name).isdisjoint(message.facts.usernames)


@rule("failed", topics=["koji.build"])
def failed(message: Message) -> bool:
    """A build failed"""
    return message.body["new"] == 3


@rule("tagged", hint=lambda arguments: Hint(packages=arguments.names, topics=("koji.tag",)))
def tagged(message: Message, arguments: Names) -> bool:
    """One of these packages, where it was tagged"""
    return not message.facts.packages.isdisjoint(arguments.names)


@rule("choosy")
def choosy(message: Message, arguments: Choosy) -> object:
    """A set or nothing, by its truth"""
    return {1} if arguments.level else None


@rule("broken")
def broken(message: Message) -> bool:
    """Always raises"""
    raise RuntimeError("no rule is perfect")


ANY_KOJI = app_rule("any_koji", "koji", "Anything from Koji")
ANY_TAG = topic_rule("any_tag", "koji.tag", "Any tag")
RULES = RuleBook([package, user, agent, mine, member, failed, tagged, choosy, broken, ANY_KOJI, ANY_TAG])


def use(text: str, **arguments: Any) -> RuleUse:
    return RuleUse(text.removeprefix("!"), arguments, text.startswith("!"))


def preference(*filters: tuple[RuleUse, ...], **fields: Any) -> Preference:
    made = tuple(Filter(f"f{n}", f"filter {n}", uses) for n, uses in enumerate(filters))
    whole = Preference("p", "jane", "email", True, (Destination("jane@example.org", True),), made)
    return dataclasses.replace(whole, **fields)


def winner(engine: type[Matcher], *preferences: Preference, to: Message = KERNEL) -> list[str]:
    matcher = engine(RULES, ROLES)
    for one in preferences:
        matcher.put(one)
    return [match.filter.name for match in matcher.match(to)]


MATCHING = {
    "one rule that holds": [use("failed")],
    "all of several rules hold": [use("failed"), use("package", names="kernel"), use("user", names="jane")],
    "negated rule that does not hold": [use("package", names="kernel"), use("!user", names="lena")],
    "only negated rules (quirk 6)": [use("!user", names="lena"), use("!any_tag")],
    "one of several names": [use("package", names="bash, kernel")],
    "two names of one message": [use("user", names="jane, tom")],
    "agent": [use("agent", names="jane")],
    "package of an owner": [use("mine", name="jane")],
    "package of a watcher": [use("mine", name="lena")],
    "package of a group's member": [use("mine", name="tom")],
    "package of a group": [use("mine", name="@cats")],
    "anything of an application": [use("any_koji")],
    "truth of a value that is no boolean": [use("choosy", level=1)],
    "falsehood of a value that is no boolean": [use("!choosy")],
    "the same rule twice": [use("failed"), use("failed")],
    "the same name twice": [use("package", names="kernel"), use("package", names="kernel")],
    "negated rule about a name on another topic": [use("failed"), use("!tagged", names="kernel")],
}

SILENT = {
    "no rules at all (quirk 1)": [],
    "one rule of several does not hold": [use("failed"), use("package", names="bash")],
    "negated rule that holds": [use("failed"), use("!user", names="jane")],
    "a rule raises": [use("failed"), use("broken")],
    "a negated rule raises (quirk 2)": [use("failed"), use("!broken")],
    "only a negated rule, and it raises (quirk 2)": [use("!broken")],
    "unknown rule": [use("failed"), use("nonesuch")],
    "unknown rule, negated": [use("failed"), use("!nonesuch")],
    "argument stored empty (quirk 5)": [use("user", names="")],
    "argument stored empty, negated (quirk 5)": [use("failed"), use("!user", names="")],
    "argument missing": [use("user")],
    "argument of another rule": [use("failed", names="kernel")],
    "topic of another rule": [use("any_tag")],
    "a name on another topic": [use("tagged", names="kernel")],
    "contradiction": [use("failed"), use("!failed")],
    "somebody else's package": [use("mine", name="kate")],
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("uses", MATCHING.values(), ids=MATCHING)
def test_filter_matches(engine: type[Matcher], uses: list[RuleUse]) -> None:
    assert winner(engine, preference(tuple(uses))) == ["filter 0"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("uses", SILENT.values(), ids=SILENT)
def test_filter_does_not_match(engine: type[Matcher], uses: list[RuleUse]) -> None:
    assert winner(engine, preference(tuple(uses))) == []


NEVER, ALWAYS = (use("any_tag"),), (use("failed"),)
NAMED = (use("package", names="kernel"),)

PREFERENCES = {
    "first matching filter wins (quirk 3)": (preference(ALWAYS, ALWAYS), ["filter 0"]),
    "the first, though found by a rarer thing (quirk 3)": (preference(ALWAYS, NAMED), ["filter 0"]),
    "the first, though found by a commoner thing (quirk 3)": (preference(NAMED, ALWAYS), ["filter 0"]),
    "a later filter where the first does not match": (preference(NEVER, ALWAYS), ["filter 1"]),
    "a later filter where the first is broken": (preference((use("broken"),), ALWAYS), ["filter 1"]),
    "a later filter where the first is unusable": (preference((use("nonesuch"),), ALWAYS), ["filter 1"]),
    "disabled": (preference(ALWAYS, enabled=False), []),
    "without filters": (preference(), []),
    "inactive filter": (preference(filters=(Filter("f", "off", ALWAYS, active=False),)), []),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("one", "expected"), PREFERENCES.values(), ids=PREFERENCES)
def test_preference(engine: type[Matcher], one: Preference, expected: list[str]) -> None:
    assert winner(engine, one) == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_put_replaces_and_remove_forgets(engine: type[Matcher]) -> None:
    matcher = engine(RULES, ROLES)
    matcher.put(preference(ALWAYS))
    matcher.put(preference(NEVER, NAMED))
    assert [match.filter.name for match in matcher.match(KERNEL)] == ["filter 1"]
    matcher.remove("p")
    matcher.remove("p")
    assert matcher.match(KERNEL) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_put_of_a_disabled_preference_forgets_it(engine: type[Matcher]) -> None:
    assert winner(engine, preference(ALWAYS), preference(ALWAYS, enabled=False)) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_rule_that_raises_is_counted_and_said_once(engine: type[Matcher], caplog: pytest.LogCaptureFixture) -> None:
    matcher = engine(RULES, ROLES)
    matcher.put(preference((use("broken"),)))
    matcher.match(KERNEL)
    matcher.match(KERNEL)
    assert matcher.faults.errors == {"broken": 2}
    assert [record.message for record in caplog.records if "no rule is perfect" in record.message] == [
        f"rule 'broken' raised RuntimeError('no rule is perfect') on message {KERNEL.id} "
        "(org.fedoraproject.prod.koji.build); filters with it do not match, and this is said once"
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_unusable_filter_is_reported_until_it_is_mended(engine: type[Matcher]) -> None:
    matcher = engine(RULES, ROLES)
    matcher.put(preference((use("packag", names="x"),)))
    matcher.match(KERNEL)
    assert matcher.faults.unusable == {"f0": "no rule is named 'packag'; did you mean 'package'?"}
    matcher.put(preference(ALWAYS))
    assert matcher.faults.unusable == {}


def test_rules_are_asked_once_for_all_filters() -> None:
    asked = []

    @rule("noted")
    def noted(message: Message) -> bool:
        """Noted"""
        asked.append(message)
        raise RuntimeError

    matcher = IndexMatcher(RuleBook([noted, failed]), ROLES)
    for number in range(5):
        matcher.put(preference((use("noted"),), (use("failed"), use("!noted")), id=f"p{number}"))
    matcher.match(KERNEL)
    assert len(asked) == 1


def test_what_the_topic_decides_is_asked_once_for_each_topic() -> None:
    asked = []

    @rule("long", topic_decides=True)
    def long(message: Message) -> bool:
        """A long topic"""
        asked.append(message.topic)
        return len(message.facts.title) > len("koji.build")

    matcher = IndexMatcher(RuleBook([long]), ROLES)
    matcher.put(preference((use("!long"),)))
    found = [len(matcher.match(message(topic))) for topic in ("koji.build", "koji.build.longer") * 3]
    assert found == [1, 0, 1, 0, 1, 0]
    assert len(asked) == 2


def test_a_rule_that_raises_on_a_topic_is_counted_for_each_message() -> None:
    @rule("odd", topic_decides=True)
    def odd(message: Message) -> bool:
        """Odd"""
        raise RuntimeError

    matcher = IndexMatcher(RuleBook([odd]), ROLES)
    matcher.put(preference((use("!odd"),)))
    assert [matcher.match(KERNEL), matcher.match(KERNEL)] == [[], []]
    assert matcher.faults.errors == {"odd": 2}


def test_a_filter_about_other_packages_is_not_asked() -> None:
    asked = []

    @rule("noted")
    def noted(message: Message) -> bool:
        """Noted"""
        asked.append(message)
        return True

    matcher = IndexMatcher(RuleBook([noted, package, mine]), ROLES)
    matcher.put(preference((use("noted"), use("package", names="bash")), (use("mine", name="kate"), use("noted"))))
    assert matcher.match(KERNEL) == []
    assert asked == []


def test_lookups_are_those_in_force() -> None:
    live = type("Live", (), {"owners": Snapshot().owners, "packages": Snapshot().packages})()
    matcher = IndexMatcher(RULES, live)
    matcher.put(preference((use("mine", name="jane"),)))
    assert matcher.match(KERNEL) == []
    live.owners, live.packages = ROLES.owners, ROLES.packages
    assert len(matcher.match(KERNEL)) == 1


ADDRESSES = {
    "one confirmed": ([("a", True)], ["a"]),
    "two confirmed (quirk 4)": ([("a", True), ("b", True)], ["a", "b"]),
    "not confirmed": ([("a", False), ("b", True)], ["b"]),
    "none": ([], []),
}


@pytest.mark.parametrize(("given", "expected"), ADDRESSES.values(), ids=ADDRESSES)
def test_one_notification_for_each_confirmed_destination(given: list[tuple[str, bool]], expected: list[str]) -> None:
    matcher = IndexMatcher(RULES, ROLES)
    matcher.put(preference(ALWAYS, destinations=tuple(Destination(*one) for one in given)))
    made = notifications(KERNEL, matcher.match(KERNEL))
    assert [one.destination for one in made] == expected
    assert len({one.id for one in made}) == len(made)
    assert all(one.filter_name == "filter 0" and one.facts.packages == {"kernel"} for one in made)
