"""A history in memory and a few made-up rules, for the tests of foresight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fmn_core.foresight import Forecast, forecast
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


def foreseen(history: Recorded, draft: Filter, saved: Filter | None = None, **options: Any) -> Forecast:
    return forecast(draft, saved, history, RULES, SUMMARIES, ROLES, NOW, **options)


def matching(one: Filter, messages: list[Message]) -> set[str]:
    matcher = LinearMatcher(RULES, ROLES)
    matcher.put(Preference("p", "jane", "mail", True, filters=(one,)))
    return {m.id for m in messages if matcher.match(SUMMARIES.describe(m))}
