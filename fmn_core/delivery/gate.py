"""Gate: whether a notification goes now, waits for others, or is not wanted any more. Floor F3."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from fmn_core import planning
from fmn_core.model import Notification, Purpose
from fmn_core.pacing import Overflow, SlidingWindow
from fmn_core.store import Why
from fmn_core.wanted import StillWanted

#: seconds over which a user's own limit counts
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Hold:
    """It has to wait.

    :param reason: for people
    :param due: when it may go; None where that depends on what comes
    """

    why: Why
    reason: str
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """It is not sent at all.

    :param reason: for people
    """

    reason: str


class Gate:
    """Decides. Belongs to one thread.

    :param overflow: what one destination of this backend gets at most
    :param clock: seconds that only grow
    """

    def __init__(
        self, wanted: StillWanted, overflow: Overflow | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._wanted, self._overflow, self._clock = wanted, overflow, clock
        self._windows: dict[tuple[str, Overflow], SlidingWindow] = {}
        self._overflowing: set[tuple[str, str]] = set()

    def decide(self, one: Notification, now: datetime, goes: bool = True) -> Hold | Objection | None:
        """Return why a notification does not go now; None if it goes.

        :param goes: count it among those that went; otherwise it is asked about again when its turn comes
        :raises StoreError: it is not known
        """
        if objection := self._wanted.objection(one, now):
            return Objection(objection)
        if one.purpose is not Purpose.WISH:
            return None
        preference = self._wanted.preference(one.preference)
        plan = preference.digest if preference else planning.NOTHING
        if (quiet := planning.quiet_until(plan, now)) is not None:
            return Hold(Why.QUIET, "quiet hours", quiet)
        if plan.on:
            return Hold(Why.DIGEST, f"collected: {planning.in_words(plan)}", planning.expected(plan, now, now))
        if not goes:
            return None
        own = Overflow(plan.per_hour, HOUR) if plan.per_hour else None
        return self._crowded(one, [limit for limit in (own, self._overflow) if limit], now)

    def _crowded(self, one: Notification, limits: Iterable[Overflow], now: datetime) -> Hold | None:
        for limit in limits:
            window = self._windows.setdefault((one.destination, limit), SlidingWindow(limit, self._clock))
            if (one.destination, one.preference) in self._overflowing or not window.passes():
                self._overflowing.add((one.destination, one.preference))
                reason = f"more than {limit.most} within {_minutes(limit.within)}"
                return Hold(Why.OVERFLOW, reason, now + timedelta(seconds=limit.within))
        return None

    def overflowing(self, places: Iterable[tuple[str, str]]) -> None:
        """Take note of what overflows now, as destination and preference; what is new there joins it."""
        self._overflowing = set(places)
        self._windows = {key: window for key, window in self._windows.items() if not window.idle}


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
