"""What a client sends back to go on where it was: the id of an event, and a mark of the user it was for. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from .carrier import Window

#: asks for everything that is still there
BEGINNING = "0"
_FORM = re.compile(r"([0-9]{1,18})-([0-9a-f]{8})")


class Start(NamedTuple):
    """Where a stream begins.

    :param gap: why events may be missing before it; empty if none are
    """

    position: int
    gap: str = ""


def position_id(user: str, position: int) -> str:
    """Return what a client is told to send back."""
    return f"{position}-{_mark(user)}"


def start_of(user: str, given: str, window: Window) -> Start:
    """Find where to begin: whatever a client says, it gets a stream, for a browser gives up for ever on an error.

    :param given: what the client sent back; empty for what comes from now on
    """
    if not given:
        return Start(window.last)
    if given == BEGINNING:
        return Start(window.horizon)
    found = _FORM.fullmatch(given)
    if not found or found[2] != _mark(user) or int(found[1]) > window.last:
        return Start(window.horizon, "the last event id is none of this stream")
    if int(found[1]) < window.horizon:
        return Start(window.horizon, "the last event is longer ago than events are kept")
    return Start(int(found[1]))


def _mark(user: str) -> str:
    return hashlib.blake2b(user.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
