"""URLs in a text become links. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

from .words import web_url

_URL = re.compile(r"https?://[^\s<>\"]+")
#: what ends a sentence, or what brackets a URL, and is not of it
_AFTER_URL = ".,;:!?)]}'*"


def linked(text: str) -> Markup:
    """Return text of many lines as HTML in which the URLs can be clicked."""
    html = Markup("").join(_linked(text))
    return html.replace("\n", Markup("<br>\n"))  # not every mail program knows white-space: pre-wrap


def _linked(text: str) -> Iterator[Markup]:
    end = 0
    for match in _URL.finditer(text):
        words = match[0].rstrip(_AFTER_URL)
        yield escape(text[end : match.start()])
        url = web_url(words)
        yield Markup('<a href="{}">{}</a>').format(url, words) if url else escape(words)
        end = match.start() + len(words)
    yield escape(text[end:])
