"""Report: what the store is told of a notification. Floor F3."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from fmn_core.model import Notification, Outcome
from fmn_core.store import LedgerEntry, Note, Waiting, Why

from .jobs import Job


def left(job: Job, one: Notification, outcome: Outcome, now: datetime, reason: str = "") -> Note:
    """Tell that nothing more will become of a notification; if it waited, it does no longer."""
    entry = LedgerEntry.of(one, outcome, now, reason, job.attempt)
    return Note(entry, left=job.why is not None)


def waits(
    job: Job,
    one: Notification,
    why: Why,
    now: datetime,
    reason: str,
    due: datetime | None = None,
    tried: bool = False,
) -> Note:
    """Tell that a notification waits in the store.

    :param due: when it may go; None where that depends on others
    :param tried: whether there was an attempt
    """
    attempts = job.attempt if tried else job.attempt - 1
    entry = LedgerEntry.of(one, Outcome.DEFERRED, now, reason, attempts, due)
    return Note(entry, Waiting(one, why, job.since, due, attempts))


def behind(jobs: Iterable[Job], now: datetime, reason: str) -> list[Note]:
    """Tell that jobs wait for others to the same destination. What is collected is in the store, and stays as it is."""
    single = [(job, one) for job in jobs if not job.collected for one in job.notifications]
    return [waits(job, one, Why.BEHIND, now, reason) for job, one in single]
