"""Job: what is sent as one, and what became of it. Floor F3."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from fmn_core.model import Notification, Outcome
from fmn_core.store import Note, Why
from fmn_core.transport.base import Envelope


@dataclass(eq=False, slots=True)
class Job:
    """Notifications that are sent as one to one destination; mostly one.

    :param since: when delivery took it for the first time; this orders what waits in the store
    :param attempts: how often it was tried before
    :param why: why it waited; None for one that comes straight from the queue
    :param collected: why they were collected, in words, if they are a digest
    :param envelopes: all that carry it; the last one came last
    """

    notifications: tuple[Notification, ...]
    since: datetime
    attempts: int = 0
    why: Why | None = None
    collected: str = ""
    envelopes: list[Envelope] = field(default_factory=list)

    @property
    def destination(self) -> str:
        """Where it goes."""
        return self.notifications[0].destination

    @property
    def preference(self) -> str:
        """The preference that all of it comes from."""
        return self.notifications[0].preference

    @property
    def lost(self) -> int:
        """How many processes in a row died while they held it."""
        return max((envelope.lost for envelope in self.envelopes), default=0)

    @property
    def attempt(self) -> int:
        """1 for the first time. That it was handed out before, and was not tried, does not count."""
        return self.attempts + 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one attempt.

    :param after: seconds until the next, where it was deferred
    :param waits: why it waits then
    """

    outcome: Outcome
    reason: str = ""
    after: float = 0.0
    waits: Why = Why.TROUBLE


@dataclass(frozen=True, slots=True)
class Result:
    """What a thread has to say of a job.

    :param outcomes: what became of notifications, by id
    :param unsettled: notes that the store has to be told yet, once there are dead letters
    :param dropped: jobs that wait in the store now, behind this one
    :param due: when it is tried again
    :param error: why nothing of it is known
    """

    job: Job
    outcomes: Sequence[tuple[str, Outcome]] = ()
    reason: str = ""
    unsettled: Sequence[Note] = ()
    dropped: Sequence[Job] = ()
    due: datetime | None = None
    error: Exception | None = None


def digest_id(notifications: Sequence[Notification]) -> str:
    """Derive the id of a digest: 32 hex digits, the same as long as they are the same notifications."""
    text = "\0".join(sorted(one.id for one in notifications))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
