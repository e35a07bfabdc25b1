"""Lines of IRC and what they say: RFC 2812, with the tags of IRCv3. Pure; whatever comes in, nothing raises."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_ENDS = re.compile("[\r\n\0]")
_ESCAPES = {":": ";", "s": " ", "r": "\r", "n": "\n"}
_ESCAPED = re.compile(r"\\(.?)")
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ASCII = str.maketrans(_UPPER, _UPPER.lower())
_STRICT = str.maketrans(_UPPER + "[]\\", _UPPER.lower() + "{}|")
_RFC1459 = str.maketrans(_UPPER + "[]\\~", _UPPER.lower() + "{}|^")
_MAPPINGS = {"ascii": _ASCII, "rfc1459": _RFC1459, "strict-rfc1459": _STRICT, "rfc1459-strict": _STRICT}


@dataclass(frozen=True, slots=True)
class Message:
    """One line, taken apart.

    :param command: a word in capitals, or three digits
    :param source: who says it: a server, or ``nick!user@host``
    """

    command: str
    params: tuple[str, ...] = ()
    source: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def nick(self) -> str:
        """The nick that says it; of a server its name."""
        return self.source.partition("!")[0]

    def param(self, number: int) -> str:
        """Return a parameter, counted from 0 or from the end; empty where there is none."""
        return self.params[number] if -len(self.params) <= number < len(self.params) else ""


def parse(raw: bytes) -> Message | None:
    """Take a line apart.

    :param raw: with or without its end; not all of IRC is UTF-8, so what is not is replaced
    :returns: None for a line that says nothing
    """
    text = raw.decode("utf-8", "replace").strip("\r\n")
    tags, source = "", ""
    if text.startswith("@"):
        tags, _, text = text[1:].partition(" ")
    text = text.lstrip(" ")
    if text.startswith(":"):
        source, _, text = text[1:].partition(" ")
    head, more, last = text.lstrip(" ").partition(" :")
    words = [word for word in head.split(" ") if word]
    if not words:
        return None
    return Message(words[0].upper(), (*words[1:], *([last] if more else [])), source, _tags(tags))


def _tags(text: str) -> dict[str, str]:
    pairs = (tag.partition("=") for tag in text.split(";") if tag)
    return {key: _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), value) for key, _, value in pairs}


def render(command: str, *params: str) -> bytes:
    """Write a line with its end. Nothing in the parameters can end it earlier; only the last one may have blanks."""
    *words, last = (_ENDS.sub(" ", param) for param in (command, *params))
    mark = ":" if words and (not last or last.startswith(":") or " " in last) else ""
    return " ".join([*words, mark + last]).encode("utf-8", "replace") + b"\r\n"


def folding(casemapping: str) -> Callable[[str], str]:
    """Return what makes two spellings of one nick or channel the same text.

    :param casemapping: as the server calls it in ``ISUPPORT``
    """
    table = _MAPPINGS.get(casemapping.lower())
    return str.casefold if table is None else lambda name: name.translate(table)
