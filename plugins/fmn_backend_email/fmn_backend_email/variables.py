"""What templates see of a notification or a digest: plain text, harmless already, and every name always there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fmn_core import Digest, Notification, Purpose, groups, headline, one_line

from . import words

#: notifications of a digest that are listed one by one; the rest is counted
MOST_ENTRIES = 1000
#: characters of a summary; what is longer is cut
LONGEST_SUMMARY = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One notification.

    :param summary: one line, never empty
    :param details: many lines; empty where there are none or none are wanted
    :param cut: how many characters the details had, where not all of them are here; else 0
    :param url: where to read on, a page of the web; possibly empty
    :param time: when it happened, in UTC; possibly empty
    """

    summary: str
    details: str
    cut: int
    url: str
    time: str
    topic: str
    message_id: str
    app: str
    packages: Sequence[str]
    usernames: Sequence[str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A filter that asked for it.

    :param rules: titles of its rules
    :param url: where to change it, possibly empty
    """

    name: str
    rules: Sequence[str]
    url: str


@dataclass(frozen=True, slots=True)
class Bunch:
    """Entries of a digest about the same thing; ``line`` sums them up, and of a single one it is the summary."""

    line: str
    entries: Sequence[Entry]


def of_notification(one: Notification, home: str) -> Mapping[str, Any]:
    """Return the variables of ``notification.*`` and ``notice.*``.

    :param home: where people reach the web pages
    """
    wish = one.purpose is Purpose.WISH
    wanted = not wish or one.presentation.get("verbose", True)
    return {
        "entry": _entry(one, words.MOST_TEXT if wanted else 0),
        "filters": _filters([one], one.presentation) if wish else [],
        "unsubscribe": words.web_url(one.links.unsubscribe) if wish else "",
        "user": one_line(one.user),
        "home": home,
        "confirmation": one.purpose is Purpose.CONFIRMATION,
    }


def of_digest(digest: Digest, home: str) -> Mapping[str, Any]:
    """Return the variables of ``digest.*``.

    :param home: where people reach the web pages
    """
    listed, verbose = digest.notifications[:MOST_ENTRIES], bool(digest.presentation.get("verbose", True))
    room = _room(listed, verbose)
    return {
        "headline": _short(headline(digest)),
        "reason": one_line(digest.reason),
        "bunches": [_bunch(group.line, group.notifications, room) for group in groups(listed)],
        "more": len(digest.notifications) - len(listed),
        "verbose": verbose,
        "filters": _filters(listed, digest.presentation),
        "unsubscribe": words.web_url(digest.links.unsubscribe),
        "user": one_line(digest.user),
        "home": home,
    }


def _room(some: Sequence[Notification], verbose: bool) -> int:
    """Return how many characters the details of each may have: all of them, or an equal share of what fits."""
    if not verbose:
        return 0
    fits = sum(len(one.facts.details) for one in some) <= words.MOST_TEXT
    return words.MOST_TEXT if fits else words.MOST_TEXT // len(some)


def _bunch(line: str, some: Sequence[Notification], room: int) -> Bunch:
    entries = [_entry(one, room) for one in some]
    return Bunch(_short(line) or entries[0].summary, entries)


def _entry(one: Notification, room: int) -> Entry:
    """Describe a notification.

    :param room: characters that its details may have; 0 if they are not wanted
    """
    facts, summary = one.facts, summary_of(one)
    url = words.web_url(facts.url)
    whole = words.lines(facts.details) if room else ""
    if facts.url and not url:
        whole = f"{whole}\n\n{one_line(facts.url)}".strip()
    details = words.cut(whole, room)
    return Entry(
        summary=summary,
        details="" if details == summary else details,
        cut=len(whole) if len(details) < len(whole) else 0,
        url=url,
        time=words.time_line(one.sent_at),
        topic=one_line(one.topic),
        message_id=one_line(one.message_id),
        app=one_line(facts.app),
        packages=_sorted(facts.packages),
        usernames=_sorted(facts.usernames),
    )


def summary_of(one: Notification) -> str:
    """Return what happened as one line that is never empty."""
    candidates = (one.facts.summary, one.facts.title, one.topic)
    return next(filter(None, map(_short, candidates)), "a message without a word")


def _short(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= LONGEST_SUMMARY else f"{line[:LONGEST_SUMMARY]}…"


def _filters(some: Iterable[Notification], presentation: Mapping[str, Any]) -> Sequence[Asked]:
    if not presentation.get("triggered_by_links", True):
        return []
    asked = {one.filter_id: one for one in some}
    return [
        Asked(one_line(one.filter_name), [one_line(rule) for rule in one.filter_rules], words.web_url(one.links.filter))
        for one in asked.values()
    ]


def _sorted(names: Iterable[str]) -> Sequence[str]:
    return [one_line(name) for name in sorted(names)]
