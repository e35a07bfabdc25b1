"""A digest becomes a few lines of IRC: what it holds, and one line for each thing that it is about. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from fmn_core import Digest, Group, groups, headline, one_line

from .line import Shorten, fitted, link, trigger

#: lines below the headline
MOST_LINES = 10
#: notifications of a group that are told one by one, where details are wanted
SMALL = 3


def digest_lines(digest: Digest, room: int, base_url: str, shorten: Shorten) -> list[str]:
    """Write ``12 notifications: kernel, bash (every hour)`` and the filter, its groups, and where the rest is.

    :param room: bytes of a line
    :param base_url: where people can read the rest
    """
    shorten = shorten if digest.presentation.get("shorten_links", False) else str
    below: list[str] = []
    told = 0
    for group in groups(digest.notifications):
        lines = list(_lines(group, digest, room, shorten))
        if len(below) + len(lines) > MOST_LINES:
            lines = lines[:1]
        if len(below) == MOST_LINES:
            break
        below += lines
        told += len(group.notifications)
    reason = f" ({one_line(digest.reason)})" if digest.reason.strip() else ""
    why = trigger(digest.links, digest.presentation, shorten)
    more = len(digest.notifications) - told
    end = [fitted(f"and {more} more:", room, [("", link(base_url, False, str)), ("", "")])] if more else []
    return [fitted(headline(digest), room, [("", reason + why), ("", reason), ("", "")]), *below, *end]


def _lines(group: Group, digest: Digest, room: int, shorten: Shorten) -> Iterator[str]:
    markup = bool(digest.presentation.get("markup_messages", False))
    last = group.notifications[-1].facts
    yield fitted(group.line, room, [("", link(last.url, markup, shorten)), ("", "")])
    if 1 < len(group.notifications) <= SMALL and digest.presentation.get("verbose", True):
        for one in group.notifications:
            yield fitted(one.facts.summary, room, [("  ", link(one.facts.url, markup, shorten)), ("  ", "")])
