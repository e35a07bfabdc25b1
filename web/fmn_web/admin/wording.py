"""Wording of the pages for admins: what the store knows, in the words of people. Plain text; templates escape it."""

from __future__ import annotations

from datetime import datetime, timedelta

from fmn_core.model import Outcome
from fmn_core.store import Order, What, Why

#: seconds in each unit, the largest first
_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))

OUTCOMES = {
    Outcome.SENT: "sent",
    Outcome.SUPPRESSED: "not wanted any more",
    Outcome.DEFERRED: "waiting",
    Outcome.QUEUED: "about to be sent",
    Outcome.FAILED: "failed",
}
REASONS = {
    Why.DIGEST: "for a digest",
    Why.QUIET: "for the end of quiet hours",
    Why.OVERFLOW: "too many at once, so collected",
    Why.TROUBLE: "to be tried again",
    Why.BEHIND: "behind others to the same place",
    Why.BUG: "the backend raised what it should not",
    Why.NOTICE: "about to go",
}


def age(at: datetime, now: datetime) -> str:
    """Return how long ago something was: ``5 minutes ago``."""
    seconds = max(0, round((now - at) / timedelta(seconds=1)))
    name, size = next(((name, size) for name, size in _UNITS if seconds >= size), _UNITS[-1])
    count = seconds // size
    return f"{count} {name}{'' if count == 1 else 's'} ago"


def order_in_words(order: Order) -> str:
    """Return what somebody ordered or did."""
    about = "" if order.argument is None else str(order.argument)
    words: dict[str, str] = {
        What.REPLAY: f"replay dead letter {about}" if about else "replay all dead letters",
        What.DROP: f"drop dead letter {about}",
        What.ACT_AS: f"act as {about}",
        What.ACT_NO_MORE: f"act as {about} no more",
        What.DISABLE: f"disable {about}",
        What.ENABLE: f"enable {about}",
        What.END_SESSIONS: f"end all sessions of {about}",
    }
    return words.get(order.what, f"{order.what} {about}")
