"""Pacing: how fast one may send, so that a server does not take us for a flood, and a person neither. Floor F1."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast deliveries of one process may follow one another.

    :param rate: a second, in the long run
    :param burst: that may go at once after a rest
    """

    rate: float
    burst: int = 1


@dataclass(frozen=True, slots=True)
class Overflow:
    """How much one destination gets, before the rest is collected into a digest.

    :param most: notifications
    :param within: seconds
    """

    most: int
    within: float


class TokenBucket:
    """Lets ``burst`` go at once, and ``rate`` a second in the long run. Safe for threads.

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


class SlidingWindow:
    """Lets so many pass within so many seconds. Belongs to one thread.

    :param clock: seconds that only grow
    """

    def __init__(self, limit: Overflow, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._clock = limit, clock
        self._passed: deque[float] = deque()

    def passes(self) -> bool:
        """Tell whether one more may pass now, and count it if so."""
        now = self._clock()
        while self._passed and self._passed[0] <= now - self._limit.within:
            self._passed.popleft()
        if len(self._passed) >= self._limit.most:
            return False
        self._passed.append(now)
        return True

    @property
    def idle(self) -> bool:
        """Whether nothing has passed lately, so that this may be forgotten."""
        return not self._passed or self._passed[-1] <= self._clock() - self._limit.within
