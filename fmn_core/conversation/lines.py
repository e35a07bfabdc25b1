"""Lines: what people wrote as words, and what we say as short lines that hold nothing but text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import cycle

from fmn_core.backends import one_line

#: characters of a line, and lines of an answer
LONGEST_LINE = 400
MOST_LINES = 40

_QUOTES = [*zip("\"'“„‘«»`", "\"'”“’»«`", strict=True)]
_TIME = re.compile(r"([0-9]{1,6}) ?(m|min|minutes?|h|hours?|d|days?)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}

#: a link or picture with text; a link alone; a mark of Markdown; a tag of HTML
_LINKED = re.compile(r"!?\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])")
_BARE_LINK = re.compile(r"<?\b(https?|mailto|ftp):[^\s>]*>?")
_MARKS = re.compile(r"\*+|\b__?(?=\S)|(?<=\S)__?\b|^\s*(#+|>|[-+]|[0-9]+\.)\s+|</?[A-Za-z][^>]*>", re.MULTILINE)


def as_words(text: str) -> tuple[str, str]:
    """Return the command, in small letters, and the rest as one line. An empty text has neither."""
    word, _, rest = one_line(text).partition(" ")
    return word.rstrip("?!.").lower(), rest


def shown(text: str, longest: int = 120) -> str:
    """Return strangers' text as part of a line."""
    line = one_line(text[: 4 * longest])
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def limited(lines: Iterable[str], page: str) -> list[str]:
    """Return lines as they can be said: each short and clean, and not too many.

    :param page: where the rest can be read
    """
    clean = [line for line in map(_clean, lines) if line.strip()]
    if len(clean) <= MOST_LINES:
        return clean
    return [*clean[: MOST_LINES - 1], f"… and {len(clean) - MOST_LINES + 1} lines more: {page}"]


def _clean(line: str) -> str:
    indent = " " * (len(line) - len(line.lstrip(" ")))
    return indent + shown(line, LONGEST_LINE - len(indent))


def unquoted(text: str) -> str:
    """Return text without the quotes around it; one without the other is text."""
    for opening, closing in _QUOTES:
        if len(text) > 1 and text.startswith(opening) and text.endswith(closing):
            return text[1:-1].strip()
    return text


def plain(markdown: str) -> str:
    """Return text without markup and links, as one line."""
    parts = re.split("`+", _LINKED.sub(r"\1", markdown[:10_000]))
    return one_line("".join(part if code else _unmarked(part) for part, code in zip(parts, cycle((False, True)))))


def _unmarked(text: str) -> str:
    return _MARKS.sub("", _BARE_LINK.sub("", text))


def read_time(text: str) -> timedelta | None:
    """Read how long something is to last: ``2h``, ``30 minutes``; None if it does not say so."""
    found = _TIME.fullmatch(text.lower())
    return int(found[1]) * _UNITS[found[2][0]] if found else None


def moment(when: datetime) -> str:
    """Return when that is."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
