"""Rounds: looks through the waiting room for what may go now. Floor F3."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from fmn_core import planning
from fmn_core.model import DigestPlan
from fmn_core.store import Store, Waiting, Why
from fmn_core.store.waiting import COLLECTED, IN_LINE, Group
from fmn_core.wanted import StillWanted

from .gate import Gate, Hold
from .held import Held
from .jobs import Job
from .lanes import Lanes

#: notifications in one digest at most; what is more makes another one
MOST_IN_DIGEST = 1000
#: notifications of one destination that are taken out of the store at once
PORTION = 64
#: what had trouble is tried again after so long at most, and
#: what was collected because there was too much goes after so long at most, whatever clocks have done
LONGEST_TROUBLE, LONGEST_OVERFLOW = timedelta(days=1), timedelta(hours=1)

Place = tuple[str, str]


class Rounds:
    """Fetches what is due for one backend. Belongs to the thread of the stage.

    :param held: what is on its way already
    """

    def __init__(
        self,
        backend: str,
        store: Store,
        wanted: StillWanted,
        gate: Gate,
        lanes: Lanes,
        held: Held,
    ) -> None:
        self._backend, self._store, self._wanted, self._gate = backend, store, wanted, gate
        self._lanes, self._held = lanes, held
        self._resting: dict[Place, datetime] = {}
        #: whether anything waits that goes by itself, sooner or later, without anything else happening
        self.anything = False

    def begin(self) -> dict[str, datetime]:
        """Let nothing new overtake what waits in line since before.

        :returns: since when the last one waits, by destination
        :raises StoreError: it is not known
        """
        lines: dict[str, datetime] = {}
        for group in self._store.waiting.groups(self._backend):
            if group.why in IN_LINE:
                lines[group.destination] = max(group.latest, lines.get(group.destination, group.latest))
        for destination in lines:
            self._lanes.block(destination)
        self.anything = bool(lines)
        return lines

    def rest(self, job: Job, due: datetime) -> None:
        """A digest could not be sent: leave it alone until then."""
        self._resting[job.destination, job.preference] = due

    def turn(self, now: datetime, lines: bool = True) -> Iterator[tuple[Job, Hold | None]]:
        """Return jobs that may go now, and those that have to wait for another reason than before.

        :param lines: take what waits in line too
        :raises StoreError: nothing is lost
        """
        places: dict[str, list[Group]] = defaultdict(list)
        groups = self._store.waiting.groups(self._backend)
        for group in groups:
            places[group.destination].append(group)
        self.anything = any(group.why not in COLLECTED for group in groups)
        self._gate.overflowing((g.destination, g.preference) for g in groups if g.why is Why.OVERFLOW)
        for destination, some in places.items():
            yield from self._at_once(destination, some, now)
            if any(group.why in IN_LINE for group in some):
                if lines and not _rests(some, now):
                    yield from self.in_line(destination, now)
            elif not self._held.serves(destination):
                yield from self._collected(some, now)

    def _at_once(self, destination: str, some: Sequence[Group], now: datetime) -> Iterator[tuple[Job, None]]:
        """Take what nothing else waits for."""
        whys = [g.why for g in some if g.why in (Why.NOTICE, Why.BUG) and (g.due is None or g.due <= now)]
        for one in self._take(destination, whys):
            if one.due is None or one.due <= now:
                yield _job(one), None

    def in_line(self, destination: str, now: datetime) -> Iterator[tuple[Job, Hold | None]]:
        """Take the next few of what has to go in order, once nothing for there is on its way any more."""
        if self._held.serves(destination):
            return
        self._lanes.block(destination)
        portion = self._take(destination, IN_LINE)
        if not portion:
            self._lanes.unblock(destination)
        if portion and portion[0].why is Why.TROUBLE:
            if not _past(portion[0].due, now, LONGEST_TROUBLE):
                return
            del portion[1:]  # the one that had trouble finds out whether it is over
            yield _job(portion[0]), None
            return
        for one in portion:
            decision = self._gate.decide(one.notification, now)
            yield _job(one), decision if isinstance(decision, Hold) else None

    def _take(self, destination: str, whys: Sequence[Why]) -> list[Waiting]:
        if not whys:
            return []
        found = self._store.waiting.take(self._backend, destination, whys, PORTION)
        return [one for one in found if one.notification.id not in self._held]

    def _collected(self, some: Sequence[Group], now: datetime) -> Iterator[tuple[Job, None]]:
        by_preference: dict[str, list[Group]] = defaultdict(list)
        for group in some:
            if group.why in COLLECTED:
                by_preference[group.preference].append(group)
        for preference, groups in by_preference.items():
            if reason := self._due(preference, groups, now):
                job = self._digest(groups[0].destination, preference, reason)
                if job is not None:
                    yield job, None

    def _due(self, preference_id: str, groups: Sequence[Group], now: datetime) -> str | None:
        """Return why a digest was collected, if it is to be sent now."""
        resting = self._resting.get((groups[0].destination, preference_id))
        if resting is not None and not _past(resting, now):
            return None
        preference = self._wanted.preference(preference_id)
        if preference is None or not preference.enabled:
            return "switched off"  # it goes through the same hands, which write down that nobody wants it any more
        plan = preference.digest
        whys = {group.why for group in groups}
        if not plan.on and whys == {Why.OVERFLOW} and not any(_past(g.due, now, LONGEST_OVERFLOW) for g in groups):
            return None
        count, oldest = sum(group.count for group in groups), min(group.oldest for group in groups)
        return _reason(plan, whys) if planning.due(plan, oldest, count, now) else None

    def _digest(self, destination: str, preference: str, reason: str) -> Job | None:
        found = self._store.waiting.take(self._backend, destination, COLLECTED, MOST_IN_DIGEST, preference=preference)
        some = [one for one in found if one.notification.id not in self._held]
        if not some:
            return None
        attempts = max(one.attempts for one in some)
        return Job(tuple(one.notification for one in some), some[0].since, attempts, some[0].why, reason)


def _rests(some: Sequence[Group], now: datetime) -> bool:
    """Tell whether the one that had trouble is not to be tried yet; the others of its line wait for it."""
    trouble = [group for group in some if group.why is Why.TROUBLE]
    return any(not _past(group.due, now, LONGEST_TROUBLE) for group in trouble)


def _job(one: Waiting) -> Job:
    return Job((one.notification,), one.since, one.attempts, one.why)


def _reason(plan: DigestPlan, whys: set[Why]) -> str:
    """Say why what is sent now was collected: by the plan that there is, or for what has ended."""
    if plan.on:
        return planning.in_words(plan)
    if whys == {Why.OVERFLOW}:
        return "there was much at once"
    return "quiet hours" if Why.QUIET in whys else "collecting was switched off"


def _past(due: datetime | None, now: datetime, longest: timedelta = timedelta.max) -> bool:
    """Tell whether a moment is past. One that is too far ahead comes of a clock that was wrong, and is past too."""
    return due is None or due <= now or due - now > longest
