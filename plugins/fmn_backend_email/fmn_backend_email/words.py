"""Text that came over the bus, made harmless for mails. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import quote, urlsplit

#: characters of a body; what is longer is cut
MOST_TEXT = 500_000

#: what a page or a terminal could take for more than text; tab and line feed may stay
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
#: characters of a URL that stay as they are, beside letters and digits
_OF_URLS = "%:/?#[]@!$&'()*+,;=-._~"
#: a URL that needs no care, as most do not
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.:-]+(/[A-Za-z0-9%:/?#@!$&'()*+,;=._~-]*)?")


def lines(text: str) -> str:
    """Return text of many lines with plain line feeds, without control characters and blanks at the ends.

    A blank at the end may not stay, for "-- " is a signature mark, and hides all that follows.
    """
    safe = _UNSAFE.sub(" ", "\n".join(text.splitlines()))
    return "\n".join(map(str.rstrip, safe.split("\n"))).strip("\n")


def cut(text: str, room: int) -> str:
    """Return the first characters of a text, up to the end of a line if one is near.

    :param room: characters at most
    """
    if len(text) <= room:
        return text
    kept = text[:room]
    return kept[: end if (end := kept.rfind("\n")) > room // 2 else room]


def web_url(text: str | None) -> str:
    """Return a URL of the web in plain ASCII, as it may stand in a header or a link; nothing for anything else."""
    url = (text or "").strip()
    if _PLAIN_URL.fullmatch(url):
        return url
    try:
        parts = urlsplit(url)
    except ValueError:  # an IPv6 address that is none
        return ""
    return quote(url, safe=_OF_URLS, errors="replace") if parts.scheme in ("http", "https") and parts.netloc else ""


def time_line(moment: datetime | None) -> str:
    """Return a time in UTC for people; nothing where there is none."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else ""
