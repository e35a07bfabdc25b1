"""The play itself: messages go in at the pace of their act, and what becomes of them is followed. Floor F4."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from fmn_core.errors import FmnError
from fmn_core.model import Message, Notification, Outcome
from fmn_core.store import LedgerEntry

from .instance import Instance
from .messages import Act
from .totals import Totals, sum_up
from .verdict import Verdict, expected, judge

#: seconds between two looks at what happened
TICK = 0.1
#: messages given to the consumer at once where no pace is set
PORTION = 100
#: seconds without any progress after which nothing more is expected
PATIENCE = 10.0
#: seconds that what was sent may take to arrive
FLIGHT = 3.0
#: entries of a user that one look can show
_MOST_ENTRIES = 10_000


@dataclass(frozen=True)
class Progress:
    """How far it went.

    :param read: messages that the consumer took
    :param matched: messages of which somebody is told
    :param delivered: notifications
    """

    read: int
    matched: int
    delivered: int


class StoppedError(FmnError):
    """Somebody had seen enough."""


class Stages(Protocol):
    """The stages at work, as far as the play has to do with them."""

    def read(self, messages: Sequence[Message]) -> None:
        """Give messages to the consumer."""

    def waiting(self) -> int:
        """Return how many messages nobody has matched yet."""

    def idle(self) -> bool:
        """Tell whether nothing is on its way any more."""


class Audience(Protocol):
    """Who watches."""

    def act(self, act: Act) -> None:
        """A part of the play begins."""

    def delivered(self, entry: LedgerEntry, summary: str) -> None:
        """Something became of a notification."""

    def progress(self, progress: Progress) -> None:
        """Time went by."""


class Play:
    """One performance.

    :param paced: each act at the rate at which it can be watched, or everything at once
    :param stop: set by somebody who has seen enough
    :param clock: seconds that only grow
    """

    def __init__(
        self,
        instance: Instance,
        stages: Stages,
        audience: Audience,
        paced: bool,
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._instance, self._stages, self._audience, self._paced = instance, stages, audience, paced
        self._stop, self._clock = stop, clock
        self._summaries = {message.id: message.facts.summary for message in instance.messages}
        self._seen: set[tuple[str, Outcome]] = set()
        self._matched: set[str] = set()
        self._read = 0

    def perform(self) -> Totals:
        """Play every act to its end, and hold what arrived against what should have.

        :raises StoppedError: if it was stopped before
        """
        instance, begin = self._instance, self._clock()
        for act in instance.acts:
            self._audience.act(act)
            for portion in self._portions(act):
                self._stages.read(portion)
                self._read += len(portion)
                self.look()
        self._settle()
        app, messages = instance.app, instance.messages
        wanted = expected(messages, instance.cast.preferences, app.registry.rules, app.lookups)
        verdict = self._arrivals(wanted)
        return sum_up(len(messages), wanted, verdict, instance.cast.absences, self._clock() - begin)

    def look(self) -> Progress:
        """Show what happened since the last look."""
        news = [entry for entry in self._entries() if (entry.notification, entry.outcome) not in self._seen]
        for entry in sorted(news, key=lambda entry: entry.at):
            self._seen.add((entry.notification, entry.outcome))
            self._matched.add(entry.message_id)
            self._audience.delivered(entry, self._summaries.get(entry.message_id, f"message {entry.message_id}"))
        sent = sum(outcome is Outcome.SENT for _, outcome in self._seen)
        progress = Progress(self._read, len(self._matched), sent)
        self._audience.progress(progress)
        return progress

    def _portions(self, act: Act) -> Iterator[Sequence[Message]]:
        rate = act.rate if self._paced else None
        size = max(1, round(rate * TICK)) if rate else PORTION
        for start in range(0, len(act.messages), size):
            yield act.messages[start : start + size]
            if rate:
                self._wait(size / rate)

    def _wait(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise StoppedError("the demo was stopped before everything had arrived")

    def _entries(self) -> Iterator[LedgerEntry]:
        for user in self._instance.cast.users:
            yield from self._instance.app.store.ledger.of_user(user.name, _MOST_ENTRIES)

    def _settle(self) -> None:
        """Wait until nothing is on its way, or nothing moves any more."""
        last, since = (self.look(), self._stages.waiting()), self._clock()
        while not self._stages.idle() and self._clock() - since < PATIENCE:
            self._wait(TICK)
            if (now := (self.look(), self._stages.waiting())) != last:
                last, since = now, self._clock()
        self.look()

    def _arrivals(self, wanted: Sequence[Notification]) -> Verdict:
        until = self._clock() + FLIGHT
        while not (verdict := judge(wanted, self._instance.rehearsals)).right and self._clock() < until:
            self._wait(TICK)
        return verdict
