"""How long to wait before the next attempt to connect, and how often to speak of it. Pure but for the log."""

from __future__ import annotations

import logging
import random

from .settings import IrcSettings

log = logging.getLogger(__name__)

#: seconds that a connection has to last before its loss is taken for a new one, after which we come back at once
STEADY = 60.0
#: how far chance moves a pause up or down, so that not all who were put out come back together
JITTER = 0.25
_MOST_DOUBLINGS = 20


class Outage:
    """Counts failures in a row, and warns once for all of them."""

    def __init__(self, options: IrcSettings, rng: random.Random) -> None:
        self._options, self._rng = options, rng
        self._failures = 0
        self._warned = False

    def over(self) -> None:
        """There is a connection."""
        self._warned = False

    def goes_on(self, trouble: str, lasted: float) -> float:
        """Return the seconds to wait before the next attempt; they double each time.

        :param trouble: what ended the last one
        :param lasted: seconds of a connection, 0 if there was none
        """
        self._failures = 0 if lasted > STEADY else self._failures + 1
        wait = self._pause() if self._failures else 0.0
        level = logging.DEBUG if self._warned else logging.WARNING
        self._warned = True
        log.log(level, "no connection to %s: %s; next attempt in %.0f s", self._options.server, trouble, wait)
        return wait

    def _pause(self) -> float:
        doubled = self._options.pause * 2.0 ** min(self._failures - 1, _MOST_DOUBLINGS)
        return min(doubled, self._options.longest_pause) * self._rng.uniform(1 - JITTER, 1 + JITTER)
