"""Held: the jobs that delivery has in hand, by notification and by destination. Floor F3."""

from __future__ import annotations

from collections import Counter

from fmn_core.store.waiting import IN_LINE

from .jobs import Job
from .lanes import Lanes


class Held:
    """Belongs to the thread of the stage. Copies of a notification are known by it, and what is drained.

    :param lanes: say which destinations have more waiting in the store
    """

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._jobs: dict[str, Job] = {}
        self._served: Counter[str] = Counter()
        self._drained: set[str] = set()

    def __contains__(self, notification: object) -> bool:
        """Tell whether a notification is on its way, by its id."""
        return notification in self._jobs

    def __len__(self) -> int:
        """Return how many jobs there are."""
        return self._served.total()

    @property
    def anything(self) -> bool:
        """Whether there is anything to do, also in the store for destinations that have just been served."""
        return bool(self._jobs or self._drained)

    @property
    def suspect(self) -> bool:
        """Whether a process died with one of these, which may be what killed it."""
        return any(job.lost for job in self._jobs.values())

    def job_of(self, notification: str) -> Job | None:
        """Return the job of a notification that is on its way, by its id."""
        return self._jobs.get(notification)

    def serves(self, destination: str) -> bool:
        """Tell whether anything is on its way to a destination."""
        return destination in self._served

    def keep(self, job: Job) -> None:
        """Take a job in hand."""
        for one in job.notifications:
            self._jobs[one.id] = job
        self._served[job.destination] += 1

    def let_go(self, job: Job) -> None:
        """A job is over, or waits in the store, or comes again."""
        for one in job.notifications:
            self._jobs.pop(one.id, None)
        self._served[job.destination] -= 1
        if self._served[job.destination] <= 0:
            del self._served[job.destination]
            if job.why in IN_LINE or self._lanes.is_blocked(job.destination):
                self._drained.add(job.destination)

    def take_drained(self) -> set[str]:
        """Return destinations for which the next may be fetched from the store, once."""
        drained, self._drained = self._drained, set()
        return drained
