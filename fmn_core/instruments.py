"""Instruments: plain numbers that stages write and monitoring reads; nothing here knows who reads them. Floor F1."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable

#: upper bounds of the classes of a :class:`Timing`, in seconds: for work, and for waiting
WORK = (0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.01, 0.1, 1.0, 10.0)
WAITING = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 3600.0, 86_400.0)

#: seconds within which a thread is heard of again: while it looks for work, and at most while it works
LOOKING, WORKING = 60.0, 900.0


class Timing:
    """How long something took, how often. One thread writes, any may read.

    :param bounds: upper bounds of the classes, rising, in seconds
    :ivar counts: how often, by class; the last one is beyond all bounds
    :ivar sum: seconds in all
    """

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...] = WORK) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, seconds: float, times: int = 1) -> None:
        """Note that something took so long, so many times."""
        self.counts[bisect_left(self.bounds, seconds)] += times
        self.sum += seconds * times

    @property
    def count(self) -> int:
        """How often."""
        return sum(self.counts)


class Pulse:
    """How a thread is: when it will be heard of again at the latest, and whether all is well.

    :param clock: seconds of any origin
    :ivar ready: whether it has all it needs
    :ivar state: how it is, in words
    :ivar failures: how often it failed
    """

    __slots__ = ("_clock", "_due", "failures", "ready", "state")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due = clock() + LOOKING
        self.ready = False
        self.state = "starting"
        self.failures = 0

    @property
    def live(self) -> bool:
        """Whether the thread is not overdue."""
        return self._clock() < self._due

    def promise(self, seconds: float) -> None:
        """Promise to be heard of again within so many seconds."""
        self._due = self._clock() + seconds

    def well(self, state: str = "well") -> None:
        """Note that all is well."""
        self.ready, self.state = True, state

    def failed(self, reason: str, wait: float) -> None:
        """Note a failure, after which the thread waits for so many seconds."""
        self.ready, self.state = False, reason
        self.failures += 1
        self.promise(wait + LOOKING)

    def ended(self) -> None:
        """Note that the thread has ended: nothing is to be heard of it any more."""
        self.ready, self.state = False, "ended"
        self._due = self._clock()
