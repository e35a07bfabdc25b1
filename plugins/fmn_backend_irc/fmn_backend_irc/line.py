"""A notification becomes one line of IRC. Pure; whatever its fields hold, it is one line and no command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fmn_core import Links, Notification, one_line

from .text import cut, size, tidy, wrapped

#: bytes of the summary that are worth more than anything else in the line
LEAST_SUMMARY = 80
#: bytes of the title that are kept
LONGEST_TITLE = 60
#: seconds up to which a message is news, and needs no word about its age
NEWS = 10
#: lines of what FMN itself has to say
MOST_LINES = 40

#: mIRC numbers, always of two digits: text that begins with a digit would be taken for more of the number
TEAL, LIGHT_GREY = "10", "15"
COLOURS = {
    "bodhi": "03", "buildsys": "08", "fas": "12", "fmn": "06", "git": "04", "logger": "07", "pkgdb": TEAL,
    "planet": "09", "tagger": "05", "wiki": "06",
}  # fmt: skip

_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))

#: makes a link shorter, where it can
Shorten = Callable[[str], str]


def line(notification: Notification, room: int, now: datetime, shorten: Shorten) -> str:
    """Write ``[title -- ]summary[ age][ link][    ( triggered by … )]``, title and colours only where asked for.

    What does not fit is left out in this order: the filter, the age, the title, the link, the end of the summary.

    :param room: bytes
    :param shorten: is asked where the person wants short links
    """
    facts, wants = notification.facts, notification.presentation
    markup = bool(wants.get("markup_messages", False))
    shorten = shorten if wants.get("shorten_links", False) else str
    title = cut(one_line(facts.title), LONGEST_TITLE) if markup else ""
    head = f"{coloured(title, COLOURS.get(facts.app, LIGHT_GREY))} -- " if title else ""
    page = link(facts.url, markup, shorten)
    when = age(notification.sent_at, now)
    why = trigger(notification.links, wants, shorten)
    choices = [(head, when + page + why), (head, when + page), (head, page), ("", page), ("", "")]
    return fitted(facts.summary, room, choices)


def fitted(summary: str, room: int, choices: list[tuple[str, str]]) -> str:
    """Write a summary between the first head and tail that leave it room; the last ones must.

    :param choices: heads and tails, the dearest first
    """
    summary = one_line(summary) or "a message without words"
    for head, tail in choices:
        left = room - size(head + tail)
        if left >= min(size(summary), LEAST_SUMMARY):
            break
    return head + cut(summary, left) + tail


def link(url: str | None, markup: bool, shorten: Shorten) -> str:
    """Write a link that is one word, with a blank before it; nothing where there is none."""
    whole = one_line(url or "").replace(" ", "%20")
    short = shorten(whole) if whole else ""
    return f" {coloured(short, TEAL) if markup else short}" if short else ""


def coloured(text: str, colour: str) -> str:
    """Write text in a colour.

    :param colour: two digits
    """
    return f"\x03{colour}{text}\x03"


def age(sent_at: datetime | None, now: datetime) -> str:
    """Say how old a message is, with a blank before it; nothing of one that is news, or of tomorrow."""
    seconds = int((now - sent_at).total_seconds()) if sent_at else 0
    if seconds <= NEWS:
        return ""
    unit, length = next(one for one in _UNITS if seconds >= one[1])
    number = seconds // length
    return f" {number} {unit}{'s' if number > 1 else ''} ago"


def trigger(links: Links, wants: Mapping[str, Any], shorten: Shorten) -> str:
    """Say which filter asked for it, with blanks before it; nothing for who does not want to know.

    :param wants: switches of the preference
    """
    page = one_line(links.filter).replace(" ", "%20")
    if not page or not wants.get("triggered_by_links", True):
        return ""
    return f"    ( triggered by {shorten(page)} )"


def words(notification: Notification, room: int) -> list[str]:
    """Write what FMN itself has to say: a summary, and the text below it in as many lines as it takes.

    :param room: bytes of a line
    """
    text = [one_line(notification.facts.summary), *notification.facts.details.splitlines()]
    return broken(text, room)


def broken(lines: list[str], room: int, most: int = MOST_LINES) -> list[str]:
    """Break lines where they are too long, and say how many are left out.

    :param room: bytes of a line
    :param most: lines
    """
    whole = [part for one in lines for part in wrapped(tidy(one), room)]
    if len(whole) <= most:
        return whole
    return [*whole[: most - 1], f"… and {len(whole) - most + 1} more lines"]
