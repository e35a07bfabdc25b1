"""Settlement: what threads have finished is counted, and its envelopes are done with. Floor F3."""

from __future__ import annotations

from collections.abc import Iterable

from fmn_core.codec import encode_notification
from fmn_core.model import Outcome
from fmn_core.store import Store
from fmn_core.transport.base import Envelope, Transport

from .held import Held
from .jobs import Job, Result
from .rounds import Rounds
from .tally import Tally


class Settlement:
    """Belongs to the thread of the stage.

    :param queue: of the backend, to which dead letters of the waiting room go back when they are replayed
    """

    def __init__(self, queue: str, store: Store, held: Held, rounds: Rounds, tally: Tally) -> None:
        self._queue, self._store, self._held, self._rounds, self._tally = queue, store, held, rounds, tally

    def settle(self, transport: Transport, results: Iterable[Result]) -> None:
        """Settle results.

        :raises StoreError: and whatever else a thread could not cope with; what is not settled comes again
        """
        failure: Exception | None = None
        done: list[Envelope] = []
        for result in results:
            for job in (result.job, *result.dropped):
                self._held.let_go(job)
            if result.error is not None:
                failure = result.error  # envelopes stay unsettled and come again
                continue
            self._note(result)
            done += self._settled(transport, result)
        transport.ack(done)
        if failure:
            raise failure

    def _note(self, result: Result) -> None:
        self._tally.tried(result.job, result.outcomes)
        outcomes = {outcome for _, outcome in result.outcomes}
        if Outcome.DEFERRED in outcomes:
            self._rounds.anything = True
        if Outcome.SENT in outcomes:
            self._tally.arrived(result.job)
        if result.due is not None and result.job.collected:
            self._rounds.rest(result.job, result.due)

    def _settled(self, transport: Transport, result: Result) -> list[Envelope]:
        """Settle what has become a dead letter, and return envelopes that are done."""
        job, envelopes = result.job, [one for job in (result.job, *result.dropped) for one in job.envelopes]
        failed = {one for one, outcome in result.outcomes if outcome is Outcome.FAILED}
        if not failed:
            return envelopes
        if not job.envelopes or result.unsettled:
            self._bury(transport, job, failed, result)
            return envelopes
        # of several copies the last one carries on: an earlier one may have been taken back with a lost connection
        transport.reject(job.envelopes[-1], result.reason)
        return envelopes[:-1]

    def _bury(self, transport: Transport, job: Job, failed: set[str], result: Result) -> None:
        """Make dead letters of what came from the waiting room, which it leaves only then."""
        for one in job.notifications:
            if one.id in failed:
                transport.bury(self._queue, encode_notification(one), result.reason)
        self._store.settle(result.unsettled)
