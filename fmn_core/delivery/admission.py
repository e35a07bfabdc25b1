"""Admission: what comes from the queue is taken in hand, waits in the store, or is turned away. Floor F3."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from fmn_core.codec import decode_notification
from fmn_core.errors import DecodeError
from fmn_core.model import Notification, Outcome
from fmn_core.store import LedgerEntry, Note, Store, Why
from fmn_core.store.ledger import DONE
from fmn_core.transport.base import Envelope, Transport
from fmn_core.wanted import StillWanted

from .claims import Claims
from .gate import Gate, Hold, Objection
from .held import Held
from .jobs import Job
from .lanes import Lanes
from .report import left, waits
from .tally import Tally

_TICK = timedelta(microseconds=1)
_BEHIND = "waits behind others for the same destination"


class Admission:
    """Belongs to the thread of the stage.

    :param now: the time
    """

    def __init__(
        self,
        store: Store,
        wanted: StillWanted,
        gate: Gate,
        lanes: Lanes,
        held: Held,
        tally: Tally,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._wanted, self._gate, self._lanes = store, wanted, gate, lanes
        self._held, self._tally, self._now = held, tally, now
        self._claims = Claims(store)
        self._last = datetime.min.replace(tzinfo=UTC)
        self._before: dict[str, datetime] = {}

    def begin(self, backend: str, lines: Mapping[str, datetime]) -> None:
        """Let what is new come after all that was taken before, by a process whose clock may have been ahead.

        :param lines: since when the last one waits in line, by destination
        :raises StoreError: it is not known
        """
        self._before = self._store.ledger.queued(backend, self._now())
        for destination, latest in lines.items():
            self._before[destination] = max(latest, self._before.get(destination, latest))

    def take_in(self, transport: Transport, envelopes: Sequence[Envelope]) -> None:
        """Decide on each notification; a copy of one that is on its way joins it.

        :raises StoreError: what was not decided comes again
        """
        new: dict[str, Job] = {}
        for envelope in envelopes:
            if (one := self._decoded(transport, envelope)) is None:
                continue
            job = self._held.job_of(one.id) or new.get(one.id)
            if job is None:
                job = new[one.id] = Job((one,), self._stamp(one.destination))
            job.envelopes.append(envelope)
        if new:
            self._admit(transport, list(new.values()))

    def _decoded(self, transport: Transport, envelope: Envelope) -> Notification | None:
        try:
            return decode_notification(envelope.payload)
        except DecodeError as error:
            transport.reject(envelope, str(error))
            self._tally.malformed()
            return None

    def _stamp(self, destination: str) -> datetime:
        """Return the time, for a destination later than ever before: it orders what waits in the store."""
        self._last = max(self._now(), self._last + _TICK)
        before = self._before.get(destination)
        if before is None or before < self._last:
            return self._last
        self._before[destination] = before + _TICK
        return self._before[destination]

    def _admit(self, transport: Transport, jobs: Sequence[Job]) -> None:
        known = self._store.ledger.take(
            [LedgerEntry.of(job.notifications[0], Outcome.QUEUED, job.since) for job in jobs]
        )
        waiting = self._store.waiting.known([one for one, (outcome, _) in known.items() if outcome not in DONE])
        self._wanted.expect({job.preference for job in jobs})
        notes: list[Note] = []
        over: list[Envelope] = []
        for job in jobs:
            one = job.notifications[0]
            outcome, at = known.get(one.id, (None, job.since))
            if outcome is Outcome.QUEUED:
                job.since = at
            if outcome in DONE or one.id in waiting:
                self._tally.repeated(len(job.envelopes))
            elif note := self._turned_away(job):
                notes.append(note)
            else:
                self._held.keep(job)
                continue
            over += job.envelopes
        self._store.settle(notes)
        self._tally.decided(notes)
        transport.ack(over)

    def _turned_away(self, job: Job) -> Note | None:
        """Return what to write down of a job that does not go now; None for one that is in its lane."""
        one, now = job.notifications[0], self._now()
        decision = self._gate.decide(one, now, goes=not self._lanes.is_blocked(job.destination))
        if isinstance(decision, Objection):
            return left(job, one, Outcome.SUPPRESSED, now, decision.reason)
        if isinstance(decision, Hold):
            return self.hold(job, decision)
        if self._lanes.add(job):
            return None
        return waits(job, one, Why.BEHIND, now, _BEHIND)

    def hold(self, job: Job, hold: Hold) -> Note:
        """Let a notification wait to be collected. It takes the shot of its filter, for it will be sent."""
        one, now = job.notifications[0], self._now()
        if objection := self._claims.objection(one):
            return left(job, one, Outcome.SUPPRESSED, now, objection)
        return waits(job, one, hold.why, now, hold.reason, hold.due)
