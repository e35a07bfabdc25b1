"""Tally: counts what became of notifications, for people and monitoring. Floor F3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from fmn_core.instruments import WAITING, Timing
from fmn_core.model import Outcome
from fmn_core.store import Note
from fmn_core.store.waiting import COLLECTED

from .jobs import Job


class Tally:
    """Belongs to the thread of the stage; any may read.

    :param now: the time
    :ivar counts: how many were ``sent``, ``deferred``, ``failed``, ``suppressed``, ``collected``, ``repeated`` and
        ``malformed``
    :ivar lag: from the sending of a message on the bus until a notification of it was sent
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.counts: Counter[str] = Counter()
        self.lag = Timing(WAITING)

    def decided(self, notes: Iterable[Note]) -> None:
        """Count what was decided without an attempt; what only waits behind others is counted when it is tried."""
        for note in notes:
            if note.waits is None:
                self.counts[note.entry.outcome] += 1
            elif note.waits.why in COLLECTED:
                self.counts["collected"] += 1

    def tried(self, job: Job, outcomes: Iterable[tuple[str, Outcome]]) -> None:
        """Count an attempt. Of several envelopes with the same notification, all but one were repeats."""
        for _, outcome in outcomes:
            self.counts[outcome] += 1
        self.repeated(max(0, len(job.envelopes) - 1))

    def repeated(self, count: int) -> None:
        """Count what was known already."""
        self.counts["repeated"] += count

    def malformed(self) -> None:
        """Count what could not be read."""
        self.counts["malformed"] += 1

    def arrived(self, job: Job) -> None:
        """Note how long it took."""
        for one in job.notifications:
            if one.sent_at is not None:
                self.lag.observe(max(0.0, (self._now() - one.sent_at).total_seconds()))
