"""Digests in words: what belongs together is counted in one line, with each below. Pure. Floor F1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .model import Digest, Facts, Notification

#: characters of the text of a digest that is sent as an ordinary notification
_LONGEST = 20_000
#: topics that a summary names at most
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Group:
    """Notifications about the same thing, oldest first.

    :param about: a package, or else what the thread is about
    :param line: ``kernel: 3 builds started, 2 completed``; of a single notification its summary
    """

    about: str
    line: str
    notifications: tuple[Notification, ...]


def groups(notifications: Iterable[Notification]) -> list[Group]:
    """Gather notifications by the package they are about, else by thread, in the order of the first of each."""
    gathered: dict[tuple[str, ...], list[Notification]] = {}
    for one in notifications:
        gathered.setdefault(_key(one.facts), []).append(one)
    return [_group(some) for some in gathered.values()]


def _key(facts: Facts) -> tuple[str, ...]:
    return ("packages", *sorted(facts.packages)) if facts.packages else ("thread", facts.thread or facts.summary)


def _group(some: Sequence[Notification]) -> Group:
    first = some[0].facts
    about = ", ".join(sorted(first.packages)[:_MOST_NAMED]) or first.thread
    line = first.summary if len(some) == 1 else f"{about}: {counted(one.facts for one in some)}"
    return Group(about, line, tuple(some))


def counted(many: Iterable[Facts]) -> str:
    """Say how often what happened: ``3 builds started, 2 completed, 1 update pushed``."""
    numbers = Counter(facts.event or "event" for facts in many)
    words, last = [], ""
    for event, number in numbers.items():
        noun, _, how = event.rpartition(" ")
        noun, how = (noun, f" {how}") if noun else (how, "")
        words.append(f"{number}{how}" if noun == last and how else f"{number} {_plural(noun, number)}{how}")
        last = noun
    return ", ".join(words)


def _plural(noun: str, number: int) -> str:
    if number == 1:
        return noun
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in set("aeiou") else f"{noun}s"


def headline(digest: Digest) -> str:
    """Say in one line what a digest holds: ``12 notifications: kernel, bash, zlib and 4 more``."""
    names = [group.about for group in groups(digest.notifications)]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{len(digest.notifications)} notifications: {', '.join(names[:_MOST_NAMED])}{more}"


def as_notification(digest: Digest) -> Notification:
    """Write a digest as one ordinary notification, for a backend that knows no other form."""
    first, notifications = digest.notifications[0], digest.notifications
    text = "\n".join(_lines(digest))
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}\n…"
    facts = Facts(
        title="digest",
        summary=headline(digest),
        details=text,
        app=first.facts.app if len({one.facts.app for one in notifications}) == 1 else "",
        usernames=frozenset().union(*(one.facts.usernames for one in notifications)),
        packages=frozenset().union(*(one.facts.packages for one in notifications)),
    )
    names = dict.fromkeys(one.filter_name for one in notifications)
    return replace(
        first,
        id=digest.id,
        facts=facts,
        filter_name=", ".join(names),
        presentation=digest.presentation,
        links=digest.links,
    )


def _lines(digest: Digest) -> Iterable[str]:
    for group in groups(digest.notifications):
        yield group.line
        if len(group.notifications) > 1:
            yield from (f"  {one.facts.summary}" for one in group.notifications)
