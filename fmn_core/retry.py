"""How long to wait before another try, and when to give up. Pure: chance comes in as an argument. Floor F3."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from .config import DeliverySettings

#: how far chance moves a pause up or down, so that what failed together is not tried again together
JITTER = 0.2
#: doublings after which only the limit counts
_MOST_DOUBLINGS = 60


def pause(attempt: int, first: float, longest: float, rng: Random) -> float:
    """Return the pause after a failed attempt: it doubles each time, moved by chance and bounded.

    :param attempt: 1 for the first
    :param first: seconds after the first attempt
    :param longest: seconds at most
    """
    doublings = min(max(attempt, 1) - 1, _MOST_DOUBLINGS)
    return min(first * 2.0**doublings * rng.uniform(1 - JITTER, 1 + JITTER), longest)


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """When to try again, and how often.

    :param attempts: tries in all
    :param first: seconds before the second try
    :param longest: seconds between two tries at most
    """

    attempts: int
    first: float
    longest: float

    @classmethod
    def from_settings(cls, settings: DeliverySettings) -> RetrySchedule:
        """Take the schedule from the configuration."""
        return cls(settings.attempts, settings.first_delay, settings.longest_delay)

    def delay(self, attempt: int, rng: Random) -> float | None:
        """Return the seconds to wait after a failed attempt; None to give up."""
        return None if attempt >= self.attempts else pause(attempt, self.first, self.longest, rng)
