"""Pacing: how long a line has to wait so that the server does not take us for a flood. Pure but for the clock."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable


class TokenBucket:
    """Lets ``burst`` lines go at once, and ``rate`` a second in the long run.

    :param clock: seconds that only grow
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval, self._burst, self._clock = 1 / rate, burst, clock
        self._lock = threading.Lock()
        self._due = -math.inf

    def take(self) -> float:
        """Take the next place in the line, and return the seconds to wait until it is due."""
        with self._lock:
            now = self._clock()
            self._due = max(self._due, now - (self._burst - 1) * self._interval)
            wait = self._due - now
            self._due += self._interval
        return max(wait, 0.0)
