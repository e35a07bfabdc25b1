"""Events as they stand in a stream. Pure."""

from __future__ import annotations

from .carrier import Event
from .payload import GAP, written
from .positions import position_id

#: begins a stream: milliseconds after which a client that lost us comes back
RETRY = b"retry: 3000\n\n"


def event_frame(user: str, event: Event) -> bytes:
    """Write an event."""
    return f"id: {position_id(user, event.id)}\nevent: {event.name}\ndata: {event.data}\n\n".encode()


def greeting(user: str, position: int, gap: str = "") -> bytes:
    """Write where a stream begins.

    :param gap: why events may be missing before it; empty if none are
    """
    told = f"event: {GAP}\ndata: {written({'reason': gap})}\n" if gap else ""
    return f"id: {position_id(user, position)}\n{told}\n".encode()


def heartbeat(user: str, position: int | None) -> bytes:
    """Write a sign of life. An id without data is no event, but what a client sends back: so nothing is asked again.

    :param position: None while it is not known
    """
    told = "" if position is None else f"id: {position_id(user, position)}\n"
    return f": heartbeat\n{told}\n".encode()
