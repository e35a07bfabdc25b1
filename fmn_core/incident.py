"""Incident: one warning when something fails, however often it fails again until it is well. Floor F3."""

from __future__ import annotations

import logging
import random

from .errors import FmnError
from .retry import pause

log = logging.getLogger(__name__)

#: seconds before what failed is tried again: the first pause and what it grows to
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0


class Incident:
    """Counts failures, and says how long to wait.

    :param name: of what fails, for the log
    :param elsewhere: failures that somebody else warns of
    :param longest: seconds that the pause grows to
    """

    def __init__(
        self,
        name: str,
        rng: random.Random,
        elsewhere: tuple[type[Exception], ...] = (),
        longest: float = LONGEST_PAUSE,
    ) -> None:
        self._name, self._rng, self._elsewhere, self._longest = name, rng, elsewhere, longest
        self._failures = 0
        self._told = False

    def failed(self, error: Exception, told: bool = False) -> float:
        """Note a failure and return the seconds to wait.

        :param told: somebody has warned of it already
        """
        self._failures += 1
        wait = pause(self._failures, FIRST_PAUSE, self._longest, self._rng)
        level = logging.DEBUG if told or self._told or isinstance(error, self._elsewhere) else logging.WARNING
        self._told = self._told or level == logging.WARNING
        bug = None if isinstance(error, FmnError) else error
        log.log(level, "%s stopped: %s; next attempt in %.1f s", self._name, error, wait, exc_info=bug)
        return wait

    def well(self) -> None:
        """Note that it works."""
        if self._told:
            log.warning("%s works again after %d failed attempts", self._name, self._failures)
        self._failures, self._told = 0, False
