"""What a filter would send, told from recorded history, agrees with what matching finds in all of it."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmn_core.foresight import EXACT, forecast, impossible, narrowed, narrower
from fmn_core.history import Search, terms_of
from fmn_core.lookups import Lookups
from fmn_core.matching import LinearMatcher
from fmn_core.model import Filter, Message, Preference, RuleUse
from fmn_core.rules import Arguments, Hint, RuleBook, Text, Words, app_rule, completes, rule, topic_rule
from fmn_core.summaries import Summary, SummaryBook
from fmn_core.testing import lookups

NOW = datetime(2026, 5, 8, 12, tzinfo=UTC)
PREFIX = "org.example.prod."
ROLES = lookups({"kernel": {"jane": "owner", "@cats": "comaintainer"}, "bash": {"lena": "watcher"}}, {"cats": ["tom"]})


class Named(Summary):
    """Reads the facts of a message from its body."""

    def packages(self, message: Message) -> list[str]:
        return list(message.body.get("packages", ()))

    def usernames(self, message: Message) -> list[str]:
        return list(message.body.get("usernames", ()))

    def agent(self, message: Message) -> str | None:
        return message.body.get("agent")


SUMMARIES = SummaryBook(otherwise=Named())


class Recorded:
    """A history in memory, in batches of three."""

    def __init__(self, messages: list[Message]) -> None:
        self._messages = sorted(messages, key=lambda one: one.sent_at or NOW, reverse=True)
        self.searches: list[Search] = []

    def span(self) -> tuple[datetime, datetime] | None:
        times = [one.sent_at for one in self._messages if one.sent_at]
        return (min(times), max(times)) if times else None

    def topics(self, since: datetime, until: datetime) -> Mapping[str, int]:
        return Counter(one.topic for one in self._found(Search(since, until)))

    def count(self, search: Search) -> int:
        return len(self._found(search))

    def find(self, search: Search) -> Iterator[list[Message]]:
        self.searches.append(search)
        found = self._found(search)
        for start in range(0, len(found), 3):
            yield found[start : start + 3]

    def get(self, message_id: str) -> Message | None:
        return next((one for one in self._messages if one.id == message_id), None)

    def _found(self, search: Search) -> list[Message]:
        return [one for one in self._messages if self._fits(one, search)][:: search.every]

    def _fits(self, one: Message, search: Search) -> bool:
        if not (one.sent_at and search.since <= one.sent_at < search.until):
            return False
        if search.topics is not None and one.topic not in search.topics:
            return False
        carried = terms_of(SUMMARIES.describe(one).facts) if search.terms else frozenset()
        return not any(carried.isdisjoint(group) for group in search.terms)


def sent(title: str, hours_ago: float = 1, **body: Any) -> Message:
    sent_at = NOW - timedelta(hours=hours_ago)
    return Message(f"{title} {hours_ago} {body}", PREFIX + title, body, sent_at=sent_at)


class PackageNames(Arguments):
    package: Annotated[Words, completes("package")]


class Nicks(Arguments):
    nick: Annotated[Words, completes("user")]


class Name(Arguments):
    name: Text


class Apps(Arguments):
    apps: Annotated[Words, completes("app")]


@rule("package", hint=lambda arguments: Hint(packages=arguments.package))
def package(message: Message, arguments: PackageNames) -> bool:
    """About a package"""
    return not message.facts.packages.isdisjoint(arguments.package)


@rule("user", hint=lambda arguments: Hint(usernames=arguments.nick))
def user(message: Message, arguments: Nicks) -> bool:
    """About a user"""
    return not message.facts.usernames.isdisjoint(arguments.nick)


@rule("agent", hint=lambda arguments: Hint(agents=arguments.nick))
def agent(message: Message, arguments: Nicks) -> bool:
    """Done by a user"""
    return message.facts.agent in arguments.nick


@rule("mine", hint=lambda arguments: Hint(owners=(arguments.name,)))
def mine(message: Message, arguments: Name, lookups: Lookups) -> bool:
    """A package of this user"""
    return not lookups.packages(arguments.name).isdisjoint(message.facts.packages)


@rule("member", hint=lambda arguments: Hint(groups=(arguments.name,)))
def member(message: Message, arguments: Name, lookups: Lookups) -> bool:
    """A user of this group"""
    return not lookups.members(arguments.name).isdisjoint(message.facts.usernames)


@rule("apps", hint=lambda arguments: Hint(apps=arguments.apps), topic_decides=True)
def apps(message: Message, arguments: Apps) -> bool:
    """From applications"""
    return message.app in arguments.apps


@rule("failed", topics=["oven.build"])
def failed(message: Message) -> bool:
    """A build failed"""
    return message.body["new"] == 3


@rule("some_oven", apps=["oven"], topic_decides=True)
def some_oven(message: Message) -> bool:
    """Some of the oven's messages"""
    return message.topic.endswith("build")


@rule("broken", topic_decides=True)
def broken(message: Message) -> bool:
    """Always raises"""
    raise RuntimeError("no rule is perfect")


ANY_OVEN = app_rule("any_oven", "oven", "Anything from the oven")
BUILDS = topic_rule("builds", "oven.build", "Any build")
TAGS = topic_rule("tags", "oven.tag", "Any tag")
POSTS = topic_rule("posts", "forum.post", "Any post")
RULES = RuleBook([package, user, agent, mine, member, apps, failed, some_oven, broken, ANY_OVEN, BUILDS, TAGS, POSTS])


def use(text: str, **arguments: Any) -> RuleUse:
    return RuleUse(text.removeprefix("!"), arguments, text.startswith("!"))


def wish(*uses: RuleUse) -> Filter:
    return Filter("f", "a filter", uses)


def foreseen(history: Recorded, draft: Filter, saved: Filter | None = None, **options: Any) -> Any:
    return forecast(draft, saved, history, RULES, SUMMARIES, ROLES, NOW, **options)


USES = st.builds(
    lambda one, negated: dataclasses.replace(one, negated=negated),
    st.sampled_from(
        [
            use("package", package="kernel"),
            use("package", package="bash, kernel"),
            use("package", package=""),
            use("user", nick="jane"),
            use("agent", nick="jane, tom"),
            use("mine", name="jane"),
            use("mine", name="@cats"),
            use("mine", name="tom"),
            use("mine", name="nobody"),
            use("member", name="cats"),
            use("apps", apps="oven"),
            use("apps", apps="oven, forum"),
            *(use(name) for name in ("failed", "some_oven", "broken", "any_oven", "builds", "tags", "posts", "none")),
        ]
    ),
    st.booleans(),
)
FILTERS = st.lists(USES, max_size=3).map(lambda uses: wish(*uses))
PEOPLE = st.lists(st.sampled_from(["jane", "tom", "lena"]), max_size=2)
MESSAGES = st.builds(
    lambda title, hours, packages, usernames, agent, new: sent(
        title, hours, packages=packages, usernames=usernames, agent=agent, new=new
    ),
    st.sampled_from(["oven.build", "oven.tag", "forum.post", "forum.post.edited", "hall"]),
    st.integers(1, 240),
    st.lists(st.sampled_from(["kernel", "bash"]), max_size=2),
    PEOPLE,
    st.sampled_from(["jane", "tom", None]),
    st.sampled_from([1, 3]),
)


def matching(one: Filter, messages: list[Message]) -> set[str]:
    matcher = LinearMatcher(RULES, ROLES)
    matcher.put(Preference("p", "jane", "mail", True, filters=(one,)))
    return {m.id for m in messages if matcher.match(SUMMARIES.describe(m))}


@settings(max_examples=300, deadline=None)
@given(FILTERS, FILTERS, st.lists(MESSAGES, max_size=20, unique_by=lambda one: one.id))
def test_an_exact_forecast_is_what_matching_finds(draft: Filter, saved: Filter, messages: list[Message]) -> None:
    recent = [one for one in messages if one.sent_at and one.sent_at >= NOW - timedelta(days=7)]
    made = foreseen(Recorded(messages), draft, saved, budget=1e9)
    now, before = matching(draft, recent), matching(saved, recent)
    assert made.exact
    assert (made.total, made.matched, made.of) == (len(now), len(now), len(recent))
    assert {one.id for one in made.gained} <= now - before
    assert {one.id for one in made.lost} <= before - now
    assert (len(made.gained), len(made.lost)) == (min(5, len(now - before)), min(5, len(before - now)))
    if impossible(draft, RULES, ROLES):
        assert not now


TOPICS = {PREFIX + title: 1 for title in ("oven.build", "oven.tag", "forum.post", "hall")}
OVEN = {PREFIX + "oven.build", PREFIX + "oven.tag"}

NARROWED = {
    "a topic": ([wish(use("builds"))], {PREFIX + "oven.build"}, []),
    "an application": ([wish(use("any_oven"))], OVEN, []),
    "a topic decides against its own hint": ([wish(use("some_oven"))], {PREFIX + "oven.build"}, []),
    "a negated rule on the topic": ([wish(use("!builds"), use("any_oven"))], {PREFIX + "oven.tag"}, []),
    "a negated rule on more than the topic": ([wish(use("!failed"), use("any_oven"))], OVEN, []),
    "a rule that raises": ([wish(use("!broken"))], None, []),
    "packages": ([wish(use("package", package="a, b"))], None, [{"p:a", "p:b"}]),
    "agents": ([wish(use("agent", nick="jane"))], None, [{"u:jane"}]),
    "packages of an owner": ([wish(use("mine", name="tom"))], None, [{"p:kernel"}]),
    "members of a group": ([wish(use("member", name="cats"))], None, [{"u:tom"}]),
    "two rules": ([wish(use("user", nick="jane"), use("mine", name="lena"))], None, [{"u:jane"}, {"p:bash"}]),
    "two filters": ([wish(use("user", nick="jane")), wish(use("mine", name="lena"))], None, [{"u:jane", "p:bash"}]),
    "two filters, one about anything": ([wish(use("user", nick="jane")), wish(use("tags"))], None, []),
    "two filters with a rule in common": (
        [wish(use("user", nick="jane"), use("builds")), wish(use("user", nick="jane"))], None, [{"u:jane"}],
    ),
    "one of two filters cannot match": ([wish(use("builds")), wish(use("nonesuch"))], {PREFIX + "oven.build"}, []),
}  # fmt: skip


@pytest.mark.parametrize(("filters", "topics", "terms"), NARROWED.values(), ids=NARROWED)
def test_search_for_filters(filters: list[Filter], topics: set[str] | None, terms: list[set[str]]) -> None:
    search = narrowed(filters, RULES, ROLES, TOPICS, NOW - timedelta(days=7), NOW)
    assert search is not None
    assert (search.topics, list(search.terms), search.every) == (topics, terms, 1)


NOTHING = {
    "no rules": [],
    "not installed": [use("nonesuch")],
    "argument missing": [use("package")],
    "no package": [use("mine", name="nobody")],
    "a topic that does not occur": [use("apps", apps="cellar")],
    "no topic is left": [use("any_oven"), use("!builds"), use("!tags")],
}


@pytest.mark.parametrize("uses", NOTHING.values(), ids=NOTHING)
def test_no_search_for_a_filter_that_cannot_match(uses: list[RuleUse]) -> None:
    assert narrowed([wish(*uses)], RULES, ROLES, TOPICS, NOW - timedelta(days=7), NOW) is None


IMPOSSIBLE = {
    "no rules": ([], "it has no rules, so it never matches"),
    "not installed": ([use("build")], "no rule is named 'build'; did you mean 'builds'?"),
    "wanted and not": (
        [use("package", package="a,b"), use("!package", package=["a", "b"])],
        "'About a package' must hold and must not hold",
    ),
    "two topics": ([use("builds"), use("tags")], "no message is both 'Any build' and 'Any tag'"),
    "two applications": (
        [use("any_oven"), use("apps", apps="forum")],
        "no message is both 'Anything from the oven' and 'From applications'",
    ),
    "all of an application but that application": (
        [use("failed"), use("!any_oven")],
        "'A build failed' holds only where 'Anything from the oven' does, which must not",
    ),
    "an application without itself": (
        [use("any_oven"), use("!apps", apps="forum, oven")],
        "'Anything from the oven' holds only where 'From applications' does, which must not",
    ),
    "a topic without itself": (
        [use("failed"), use("!builds")],
        "'A build failed' holds only where 'Any build' does, which must not",
    ),
}


@pytest.mark.parametrize(("uses", "reason"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_why_a_filter_can_never_match(uses: list[RuleUse], reason: str) -> None:
    assert impossible(wish(*uses), RULES, ROLES) == reason
    made = foreseen(Recorded([sent("oven.build", new=3)]), wish(*uses))
    assert (made.warnings, made.total) == ((reason,), 0)


def test_refused_arguments_make_a_filter_impossible() -> None:
    assert "package" in (impossible(wish(use("package", package="")), RULES, ROLES) or "")


POSSIBLE = {
    "a topic of an application": [use("builds"), use("any_oven")],
    "a rule and its topic": [use("failed"), use("builds")],
    "other arguments": [use("package", package="a"), use("!package", package="b")],
    "a rule that holds for some messages of an application": [use("tags"), use("!some_oven")],
    "one application of two": [use("apps", apps="oven, forum"), use("!any_oven")],
    "a topic without some of it": [use("builds"), use("!failed")],
    "an owner of nothing": [use("mine", name="nobody")],
}


@pytest.mark.parametrize("uses", POSSIBLE.values(), ids=POSSIBLE)
def test_what_may_match_is_not_called_impossible(uses: list[RuleUse]) -> None:
    assert impossible(wish(*uses), RULES, ROLES) is None


def test_numbers_and_examples_of_a_forecast() -> None:
    history = Recorded([sent("oven.build", hours, new=3) for hours in range(1, 49)] + [sent("hall", 49)])
    made = foreseen(history, wish(use("failed")))
    assert (made.total, made.matched, made.seen, made.of, made.exact) == (48, 48, 48, 49, True)
    assert made.days == pytest.approx(2)
    assert made.per_day == pytest.approx(24)
    assert [one.sent_at for one in made.latest] == [NOW - timedelta(hours=h) for h in range(1, 11)]
    assert made.latest[0].facts.title == "oven.build"
    assert made.warnings == ()


def test_a_draft_counts_as_active_and_is_compared_with_the_saved_version() -> None:
    history = Recorded([sent("oven.build", 1, new=3), sent("oven.build", 2, new=1), sent("oven.tag", 3)])
    made = foreseen(history, dataclasses.replace(wish(use("builds")), active=False), wish(use("tags")))
    assert made.total == 2
    assert [one.sent_at for one in made.gained] == [NOW - timedelta(hours=1), NOW - timedelta(hours=2)]
    assert [one.topic for one in made.lost] == [PREFIX + "oven.tag"]


def test_without_history_nothing_is_foreseen() -> None:
    made = foreseen(Recorded([]), wish(use("builds")))
    assert (made.of, made.total, made.days) == (0, 0, 0)
    assert made.warnings == ("there are no recorded messages to look at",)
    old = foreseen(Recorded([sent("oven.build", 24 * 30)]), wish(use("builds")))
    assert (old.of, old.warnings) == (0, made.warnings)


WARNINGS = {
    "only what must not be": (
        [use("!tags")], ["all its rules say what must not be, so it matches nearly everything on the bus"],
    ),
    "nothing": ([use("failed"), use("user", nick="jane")], ["nothing matched in this period"]),
    "a firehose": ([use("builds")], ["it would send some 600 notifications a day"]),
}  # fmt: skip


@pytest.mark.parametrize(("uses", "warnings"), WARNINGS.values(), ids=WARNINGS)
def test_warnings(uses: list[RuleUse], warnings: list[str]) -> None:
    history = Recorded([*(sent("oven.build", n / 25, new=3) for n in range(1, 26)), sent("hall", 1)])
    made = foreseen(history, wish(*uses))
    assert [one for one in made.warnings if one in warnings] == warnings


def test_few_of_very_many_messages_are_all_looked_at() -> None:
    history = Recorded([sent("oven.tag", 2 + n / 1000) for n in range(EXACT + 1)] + [sent("oven.build", 1, new=3)])
    made = foreseen(history, wish(use("failed")), budget=1e9)
    assert (made.exact, made.total, made.seen, made.of) == (True, 1, 1, EXACT + 2)


def test_an_estimate_from_a_sample_comes_near() -> None:
    many = 3 * EXACT
    history = Recorded([sent("oven.build", 1 + n / 1000, new=n * n % 7) for n in range(many)])
    wanted = sum(n * n % 7 != 3 for n in range(many))
    made = foreseen(history, wish(use("!user", nick="jane"), use("!failed")), budget=1e9)
    assert not made.exact
    assert [search.every for search in history.searches] == [1, 3]
    assert made.total == pytest.approx(wanted, rel=0.1)
    assert len(made.latest) == 10


def test_when_the_time_is_over_it_is_estimated_from_what_was_seen() -> None:
    history = Recorded([sent("oven.build", n, new=3 if n % 2 else 1) for n in range(1, 101)])
    ticks = itertools.count()
    made = foreseen(history, wish(use("failed")), budget=20, clock=lambda: float(next(ticks)))
    assert (made.seen, made.matched, made.total, made.exact) == (20, 10, 50, False)


def test_proposals_to_be_told_less() -> None:
    loud = sent("oven.build", 1, new=3, packages=["bash"], usernames=["lena"], agent="lena")
    others = [
        *(sent("oven.build", n, new=3, packages=["kernel"], agent="jane") for n in range(2, 6)),
        sent("oven.build", 7, new=1, packages=["bash"], agent="tom"),
        sent("oven.tag", 8, packages=["bash"]),
        sent("forum.post", 9),
    ]
    made = narrower(
        wish(use("any_oven")), loud, Recorded([loud, *others]), RULES, SUMMARIES, ROLES, NOW, budget=1e9
    )  # fmt: skip
    assert [(one.title, one.lost, one.of) for one in made] == [
        ("About a user: lena", 0, 6),
        ("Done by a user: lena", 0, 6),
        ("About a package: bash", 2, 6),
        ("A build failed", 4, 6),
        ("Some of the oven's messages", 5, 6),
    ]
    assert made[2].filter == wish(use("any_oven"), use("!package", package="bash"))
    assert all(loud.id not in matching(one.filter, [loud]) for one in made)


def test_what_an_argument_names_stands_in_its_schema() -> None:
    schema = PackageNames.model_json_schema()
    assert schema["properties"]["package"]["completes"] == "package"
