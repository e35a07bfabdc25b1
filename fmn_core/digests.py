"""Digests in words: what belongs together is counted in one line, with each below. Pure. Floor F1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from .model import Digest, Facts, Notification

#: characters of the text of a digest that is sent as an ordinary notification, and of each of its lines
_LONGEST = 20_000
_LONGEST_LINE = 1000
#: characters of the name of a thing that is named beside others
_LONGEST_NAME = 60
#: things that one line names at most
_MOST_NAMED = 3
#: what is counted where a message says nothing better
_EVENT = "event"
#: threads that belong to one message alone, of which nobody could make out what they are about
_NO_NAME = "message/"


@dataclass(frozen=True, slots=True)
class Group:
    """Notifications about the same thing, oldest first.

    :param about: its package or packages, or else what the thread is about
    :param line: ``kernel: 3 builds started, 2 completed``; of a single notification its summary
    """

    about: str
    line: str
    notifications: tuple[Notification, ...]


def groups(notifications: Iterable[Notification]) -> list[Group]:
    """Gather notifications by the packages they are about, else by thread, in the order of the first of each."""
    gathered: dict[tuple[str, ...], list[Notification]] = {}
    for one in notifications:
        gathered.setdefault(_key(one.facts), []).append(one)
    return [_group(some) for some in gathered.values()]


def _key(facts: Facts) -> tuple[str, ...]:
    return ("packages", *sorted(facts.packages)) if facts.packages else ("thread", facts.thread or facts.summary)


def _group(some: Sequence[Notification]) -> Group:
    first = some[0].facts
    about = _about(first)
    line = _summary(first) if len(some) == 1 else f"{about}: {counted(one.facts for one in some)}"
    return Group(about, line, tuple(some))


def _summary(facts: Facts) -> str:
    """Return the summary as a line that is not empty, whoever wrote it."""
    return _line(facts.summary) or _line(facts.title) or "a message"


def _about(facts: Facts) -> str:
    if facts.packages:
        return _named(sorted(facts.packages))
    nameless = facts.thread.startswith(_NO_NAME)
    return _name("" if nameless else facts.thread) or _name(facts.app) or _name(_summary(facts))


def counted(many: Iterable[Facts]) -> str:
    """Say how often what happened: ``3 builds started, 2 completed, 1 update pushed``."""
    nouns: dict[str, Counter[str]] = {}
    for facts in many:
        noun, _, how = _line(facts.event, _LONGEST_NAME).rpartition(" ")
        nouns.setdefault(noun or _EVENT, Counter())[how] += 1
    return ", ".join(words for noun, ways in nouns.items() for words in _ways(noun, ways))


def _ways(noun: str, ways: Counter[str]) -> Iterator[str]:
    """Say the noun once, with the first number; what has no word for how it happened cannot go without."""
    for place, (how, number) in enumerate(ways.items()):
        said = "" if place and how else noun if number == 1 else _plural(noun)
        yield " ".join(filter(None, (str(number), said, how)))


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in set("aeiou"):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "z", "ch", "sh")) else f"{noun}s"


def headline(digest: Digest) -> str:
    """Say in one line what a digest holds: ``12 notifications: kernel, bash, zlib and 4 more``."""
    number = len(digest.notifications)
    names = list(dict.fromkeys(group.about for group in groups(digest.notifications)))
    return f"{number} notification{'' if number == 1 else 's'}: {_named(names)}"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(map(_name, names[:_MOST_NAMED])) + more


def _name(text: str) -> str:
    return _line(text, _LONGEST_NAME)


def _line(text: str, longest: int = _LONGEST_LINE) -> str:
    """Return text as one line that is not too long."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def as_notification(digest: Digest) -> Notification:
    """Write a digest as one ordinary notification, for a backend that knows no other form.

    It names all filters; rules and id of a filter are there only if it is one. Its thread is its own.
    """
    first, notifications = digest.notifications[0], digest.notifications
    filters = {one.filter_id for one in notifications}
    return replace(
        first,
        id=digest.id,
        sent_at=max((one.sent_at for one in notifications if one.sent_at), default=None),
        facts=_facts(digest),
        filter_id=first.filter_id if len(filters) == 1 else "",
        filter_name=", ".join(dict.fromkeys(one.filter_name for one in notifications)),
        filter_rules=first.filter_rules if len(filters) == 1 else (),
        oneshot=False,
        severity=max(one.severity for one in notifications),
        presentation=digest.presentation,
        links=digest.links,
    )


def _facts(digest: Digest) -> Facts:
    many = [one.facts for one in digest.notifications]
    apps = {facts.app for facts in many}
    return Facts(
        title="digest",
        summary=headline(digest),
        details=_text(digest),
        app=apps.pop() if len(apps) == 1 else "",
        usernames=frozenset().union(*(facts.usernames for facts in many)),
        packages=frozenset().union(*(facts.packages for facts in many)),
        thread=f"digest/{digest.id}",
    )


def _text(digest: Digest) -> str:
    lines, length, told = [], 0, 0
    for line, tells in _lines(digest):
        length += len(line) + 1
        if length > _LONGEST:
            lines.append(f"… and {len(digest.notifications) - told} more")
            break
        lines.append(line)
        told += tells
    return "\n".join([*lines, *(["", f"Collected: {_line(digest.reason)}"] if digest.reason else [])])


def _lines(digest: Digest) -> Iterator[tuple[str, int]]:
    """Yield each line, and how many notifications it is about that no other line tells of."""
    for group in groups(digest.notifications):
        alone = len(group.notifications) == 1
        if not alone:
            yield group.line, 0
        for one in group.notifications:
            yield ("" if alone else "  ") + _with_url(one.facts), 1


def _with_url(facts: Facts) -> str:
    summary, url = _summary(facts), facts.url or ""
    return f"{summary} {_line(url)}" if url and len(url) <= _LONGEST_LINE else summary
