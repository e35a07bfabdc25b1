"""What carries events from deliveries to servers: the one interface, which two implementations have.

Ids are microseconds since the epoch, or one more than the last where that is later: they grow over everybody's events,
even if the clock jumps or everything that was kept is lost.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping, Set
from typing import NamedTuple

from fmn_core import FmnError

MICRO = 1_000_000


class CarrierAway(FmnError):  # noqa: N818 - named as BackendAway is
    """The carrier cannot be reached, or takes nothing now: wait, then try again."""


class Event(NamedTuple):
    """An event of a user.

    :param name: what a page listens for
    :param data: JSON, one line
    """

    id: int
    name: str
    data: str


class Window(NamedTuple):
    """What can still be had of a user's events, as it is at one moment.

    :param last: the highest id that was ever given, to anybody
    :param generation: of the user's tokens; 0 while there is none
    :param horizon: the latest event that was forgotten: every one with a higher id is still there
    :param events: those asked for, oldest first
    """

    last: int
    generation: int
    horizon: int
    events: tuple[Event, ...]


class News(NamedTuple):
    """Who has something new.

    :param position: where to listen on
    :param users: None if it cannot be told, so that it may be everybody
    """

    position: int
    users: Set[str] | None


class EventCarrier(abc.ABC):
    """Keeps what was said lately, by user. Opened at first use; safe for threads and any number of processes.

    Every method raises :class:`CarrierAway` if it cannot do what it is for.
    """

    #: for people, without passwords
    place: str

    @abc.abstractmethod
    def append(self, user: str, key: str, name: str, data: str) -> bool:
        """Add an event, and forget what of this user has become too old or too much.

        :param key: a second event of the same key within the time that events are kept is the same event
        :returns: whether it was added, and was not there before
        """

    @abc.abstractmethod
    def read(self, positions: Mapping[str, int], limit: int) -> dict[str, Window]:
        """Look at several users at once.

        :param positions: user -> the id behind which events are wanted
        :param limit: events of each user at most
        """

    @abc.abstractmethod
    def last(self) -> int:
        """Return the highest id that was ever given, or 0."""

    @abc.abstractmethod
    def news(self, position: int, patience: float) -> News:
        """Wait until somebody has something new.

        :param position: behind it is new; from :meth:`last` or earlier news
        :param patience: seconds after which to return without any
        """

    @abc.abstractmethod
    def generation(self, user: str) -> int:
        """Return the generation of a user's tokens; the first one begins now."""

    @abc.abstractmethod
    def revoke(self, user: str) -> None:
        """Begin a new generation of a user's tokens, which is news."""

    @abc.abstractmethod
    def close(self) -> None:
        """Let go of it. Whoever uses it again opens it again."""
