"""Lanes: one for each destination, in which one job goes after the other; any number of threads serve them. Floor F3.

Destinations take turns, so that one with much to do, or a slow one, has one thread at most.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .jobs import Job

#: seconds between two looks at the clock, which stands still while a machine sleeps
_LOOK = 0.05


@dataclass(slots=True)
class Lane:
    """What waits for a destination, and how it is.

    :param busy: somebody is sending
    :param blocked: what is new has to wait in the store, behind others
    """

    jobs: deque[Job] = field(default_factory=deque)
    busy: bool = False
    blocked: bool = False

    @property
    def ready(self) -> bool:
        """Whether somebody may take a job."""
        return bool(self.jobs) and not self.busy


class Lanes:
    """All lanes of a backend. Safe for threads.

    :param clock: seconds that only grow
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._state = threading.Condition()  # of a lock that its holder may take again
        self._lanes: dict[str, Lane] = {}
        self._turns: deque[str] = deque()
        self._held = self._running = 0
        self._closed = self._halted = False
        self._rest_until = -1.0
        self._probing = False

    @property
    def held(self) -> int:
        """How many jobs there are, those included that are being sent."""
        return self._held

    @property
    def running(self) -> int:
        """How many are being sent."""
        return self._running

    @property
    def resting(self) -> bool:
        """Whether the backend is away: at most one job at a time finds out whether it is back."""
        return self._probing

    @property
    def asleep(self) -> bool:
        """Whether nothing at all is sent now."""
        return self._rest_until > self._clock()

    def add(self, job: Job) -> bool:
        """Put a new job at the end of its lane.

        :returns: False if the lane is blocked, and nothing was added
        """
        with self._state:
            if self.is_blocked(job.destination):
                return False
            self._append(job)
            return True

    def refill(self, jobs: Iterable[Job]) -> None:
        """Put jobs that waited in the store at the end of their lanes, all before any of them can fail."""
        with self._state:
            for job in jobs:
                self._append(job)

    def _append(self, job: Job) -> None:
        lane = self._lanes.setdefault(job.destination, Lane())
        lane.jobs.append(job)
        self._held += 1
        if len(lane.jobs) == 1 and not lane.busy:
            self._turns.append(job.destination)
            self._state.notify()

    def next(self) -> Job | None:
        """Wait for a job that may be sent now, and take it; None once the lanes are closed."""
        with self._state:
            while not self._closed:
                rest = self._rest_until - self._clock()
                if rest <= 0 and self._turns and not self._halted and not (self._probing and self._running):
                    return self._start(self._turns.popleft())
                self._state.wait(min(rest, _LOOK) if rest > 0 else None)
            return None

    def _start(self, destination: str) -> Job:
        lane = self._lanes[destination]
        lane.busy = True
        self._running += 1
        return lane.jobs.popleft()

    def done(self, job: Job) -> None:
        """A job is no more; the next one of its lane may go."""
        with self._state:
            self._held -= 1
            self._stop(job)

    def put_back(self, job: Job) -> None:
        """A job could not be sent because the backend is away: it stays the first of its lane."""
        with self._state:
            self._lanes[job.destination].jobs.appendleft(job)
            self._stop(job)

    def _stop(self, job: Job) -> None:
        lane = self._lanes[job.destination]
        lane.busy = False
        self._running -= 1
        if lane.jobs:
            self._turns.append(job.destination)
        elif not lane.blocked:
            del self._lanes[job.destination]
        self._state.notify_all()

    def block(self, destination: str) -> list[Job]:
        """Let everything new wait in the store, and return what waited here."""
        with self._state:
            lane = self._lanes.setdefault(destination, Lane())
            lane.blocked = True
            return self._empty(destination, lane, 0)

    def is_blocked(self, destination: str) -> bool:
        """Tell whether something waits in the store that goes before all that is new."""
        with self._state:
            return destination in self._lanes and self._lanes[destination].blocked

    def unblock(self, destination: str) -> None:
        """Nothing waits in the store any more: what is new goes to the end of the lane."""
        with self._state:
            if lane := self._lanes.get(destination):
                lane.blocked = False
                if not lane.jobs and not lane.busy:
                    del self._lanes[destination]

    def spill(self, keep: int) -> list[Job]:
        """Block the longest lane, and return what is beyond the first so many jobs of it."""
        with self._state:
            destination, lane = max(self._lanes.items(), key=lambda item: len(item[1].jobs), default=("", Lane()))
            if len(lane.jobs) <= keep:
                return []
            lane.blocked = True
            return self._empty(destination, lane, keep)

    def _empty(self, destination: str, lane: Lane, keep: int) -> list[Job]:
        spilled = list(lane.jobs)[keep:]
        for _ in spilled:
            lane.jobs.pop()
        self._held -= len(spilled)
        if not lane.jobs and not lane.busy and destination in self._turns:
            self._turns.remove(destination)
        return spilled

    def halt(self) -> None:
        """Begin nothing until told to resume."""
        with self._state:
            self._halted = True

    def resume(self) -> None:
        """Go on."""
        with self._state:
            self._halted = False
            self._state.notify_all()

    def clear(self) -> list[Job]:
        """Return everything that waits."""
        with self._state:
            return [job for name, lane in list(self._lanes.items()) for job in self._empty(name, lane, 0)]

    def finish(self) -> list[Job]:
        """Return everything that waits; what is being sent is the last."""
        with self._state:
            self.close()
            return self.clear()

    def rest(self, seconds: float) -> None:
        """The backend is away: nothing goes for so long, and then one job at a time."""
        with self._state:
            self._rest_until, self._probing = self._clock() + seconds, True

    def well(self) -> None:
        """The backend is there."""
        with self._state:
            if self._probing:
                self._probing, self._rest_until = False, -1.0
                self._state.notify_all()

    def close(self) -> None:
        """Send everybody home who waits for a job."""
        with self._state:
            self._closed = True
            self._state.notify_all()
