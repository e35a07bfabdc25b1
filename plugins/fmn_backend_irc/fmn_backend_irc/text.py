"""Text for lines of IRC, which are measured in bytes: cut or broken at words, never within a character. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from fmn_core import one_line

#: what stands for an end that was cut off
MORE = "…"
#: characters of a word that are given up so that the cut is between words; a longer word is cut itself
_LONGEST_WORD = 60
#: characters that one can be made of, as far as we look
_LONGEST_CLUSTER = 16
_JOINER = "\u200d"


def size(text: str) -> int:
    """Return the bytes that a text takes."""
    return len(text.encode("utf-8", "replace"))


def tidy(text: str) -> str:
    """Return text as one line that keeps its indentation, and cannot be taken for anything but text."""
    return " " * (len(text) - len(text.lstrip(" "))) + one_line(text)


def cut(text: str, room: int) -> str:
    """Return text in at most so many bytes, with a mark where something is missing."""
    if size(text) <= room:
        return text
    at = _characters(text, room - size(MORE))
    space = text.rfind(" ", 0, at + 1)
    end = space if space > 0 and at - space <= _LONGEST_WORD else _between(text, at)
    return text[:end].rstrip() + MORE


def wrapped(text: str, room: int) -> Iterator[str]:
    """Break a line into several of at most so many bytes: between words, so that links stay whole if they can."""
    while size(text) > room:
        at = max(_characters(text, room), 1)
        space = text.rfind(" ", 0, at + 1)
        end = next((end for end in (space, _between(text, at)) if text[: max(end, 0)].strip()), at)
        if line := text[:end].rstrip():
            yield line
        text = text[end:].lstrip()
    if text.strip():
        yield text


def _characters(text: str, room: int) -> int:
    """Return how many characters fit."""
    return len(text.encode("utf-8", "replace")[: max(room, 0)].decode("utf-8", "ignore"))


def _between(text: str, at: int) -> int:
    """Return a place near before, at which no accent is torn off and no emoji taken apart."""
    for place in range(at, max(at - _LONGEST_CLUSTER, 0), -1):
        if not _joined(text[place - 1], text[place]):
            return place
    return at


def _joined(before: str, after: str) -> bool:
    modifies = unicodedata.category(after) in {"Mn", "Mc", "Me"} or "\U0001f3fb" <= after <= "\U0001f3ff"
    return modifies or _JOINER in (before, after)
