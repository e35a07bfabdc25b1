"""A notification becomes one line of IRC. Pure; whatever its fields hold, it is one line and no command."""

from __future__ import annotations

from fmn_core import Notification, filter_url, one_line

#: bytes of a line as others receive it, without its end: RFC 2812, section 2.3
LONGEST = 510
#: bytes of ``:nick!user@host PRIVMSG  :`` that the server puts before it; a host has at most 63, a nick here 30
PREFIX = 120
#: bytes of the summary that are worth more than anything else in the line
LEAST_SUMMARY = 80
#: bytes of the title that are kept
LONGEST_TITLE = 60
MORE = "…"

#: mIRC numbers, always of two digits: text that begins with a digit would be taken for more of the number
TEAL, LIGHT_GREY = "10", "15"
COLOURS = {
    "bodhi": "03", "buildsys": "08", "fas": "12", "fmn": "06", "git": "04", "logger": "07", "pkgdb": TEAL,
    "planet": "09", "tagger": "05", "wiki": "06",
}  # fmt: skip


def line(notification: Notification, base_url: str) -> str:
    """Write ``[title -- ]summary link[    ( triggered by … )]``, the title and colours only where they are asked for.

    What does not fit is left out in this order: the filter, the title, the link, the end of the summary.

    :param base_url: where people reach the web pages
    """
    title, summary, link, why = _parts(notification, base_url)
    room = LONGEST - PREFIX - _size(notification.destination)
    for head, tail in ((title, link + why), (title, link), ("", link), ("", "")):
        left = room - _size(head + tail)
        if left >= min(_size(summary), LEAST_SUMMARY):
            break
    return head + cut(summary, left) + tail


def _parts(notification: Notification, base_url: str) -> tuple[str, str, str, str]:
    facts, wants = notification.facts, notification.presentation
    markup = bool(wants.get("markup_messages", False))
    link = one_line(facts.url or "").replace(" ", "%20")
    title = cut(one_line(facts.title), LONGEST_TITLE) if markup else ""
    why = f"    ( triggered by {filter_url(base_url, notification)} )" if wants.get("triggered_by_links", True) else ""
    return (
        f"{_coloured(title, COLOURS.get(facts.app, LIGHT_GREY))} -- " if title else "",
        one_line(facts.summary) or "a message without words",
        f" {_coloured(link, TEAL) if markup else link}" if link else "",
        why,
    )


def _coloured(text: str, colour: str) -> str:
    return f"\x03{colour}{text}\x03"


def cut(text: str, size: int) -> str:
    """Return text in at most so many bytes of UTF-8, with a mark where something is missing."""
    if _size(text) <= size:
        return text
    return text.encode()[: max(size - _size(MORE), 0)].decode("utf-8", "ignore") + MORE


def _size(text: str) -> int:
    return len(text.encode())
