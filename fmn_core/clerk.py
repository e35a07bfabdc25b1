"""Clerk: tells the store how queues and dead letters are, and carries out what was ordered there. Floor F3.

So whoever runs an instance sees it and has things done without talking to the broker. One process at a time does it, in
a thread beside its stages. A store that is away is nobody's concern here: the stages tell of it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from .codec import loads
from .errands import carry_out, failed
from .errors import DecodeError, StoreError, TransportError
from .store import Store
from .store.reports import DEAD, QUEUES
from .transport.base import DeadLetter, Transport

log = logging.getLogger(__name__)

#: the thing that is held
CLERK = "clerk"
#: seconds between two tries to become the one who does it, and between two reports
TRY_EVERY, TELL_EVERY = 5.0, 10.0
#: seconds between two looks into the dead letters. To look takes each out of a broker's queue and puts it back, and
#: some brokers count that: it is done only if their number has changed
LOOK_EVERY = 30.0
#: dead letters that are told, and characters of a reason
TOLD, LONGEST = 200, 500


class Clerk:
    """Belongs to one thread.

    :param queues: of which the depth is told
    :param clock: seconds of any origin
    :param now: the time
    """

    def __init__(
        self,
        store: Store,
        queues: Sequence[str],
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._queues, self._clock, self._now = store, queues, clock, now
        self._next_try = self._next_report = self._next_look = 0.0
        self._seen: int | None = None
        #: answers that the store does not have yet, by order
        self._answers: dict[str, str] = {}

    def turn(self, transport: Transport) -> None:
        """Carry out what was ordered, and report now and then; unless another process does.

        :raises TransportError: the rest is for the next turn
        """
        if self._clock() < self._next_try:
            return
        if not transport.hold(CLERK):
            self._next_try, self._next_report, self._seen = self._clock() + TRY_EVERY, 0.0, None
            return
        try:
            self._work(transport)
        except StoreError as error:
            self._next_try = self._clock() + TRY_EVERY
            log.debug("nothing is told, and no order is known: %s", error)

    def _work(self, transport: Transport) -> None:
        for order in self._store.orders.open():
            if order.id not in self._answers:
                self._next_report, self._next_look, self._seen = 0.0, 0.0, None
                try:
                    self._answers[order.id] = carry_out(order, transport)
                except TransportError as error:
                    self._answers[order.id] = failed(error)
            self._store.orders.done(order.id, self._answers[order.id], self._now())
        self._answers.clear()
        if self._clock() >= self._next_report:
            self._report(transport)

    def _report(self, transport: Transport) -> None:
        dead = transport.dead_count()
        depths = {queue: transport.depth(queue) for queue in self._queues}
        self._store.reports.put(QUEUES, {"depths": depths, "dead": dead}, self._now())
        if dead != self._seen and self._clock() >= self._next_look:
            letters = [_told(one) for one in transport.dead_letters(TOLD)] if dead else []
            self._store.reports.put(DEAD, {"letters": letters}, self._now())
            self._seen, self._next_look = dead, self._clock() + LOOK_EVERY
        self._next_report = self._clock() + TELL_EVERY


def _told(letter: DeadLetter) -> dict[str, Any]:
    """Return what is told of a dead letter: where it is from and why, and what it is about as far as that is known."""
    return {
        "id": letter.id,
        "queue": letter.queue,
        "reason": letter.reason[:LONGEST],
        "attempts": letter.attempts,
        "died_at": letter.died_at,
        **_about(letter.payload),
    }


def _about(payload: bytes) -> dict[str, str]:
    try:
        found = loads(payload)
    except DecodeError:
        return {}
    if not isinstance(found, dict):
        return {}
    known = {
        "topic": found.get("topic"),
        "message_id": found.get("message_id") or found.get("id"),
        "user": found.get("user"),
    }
    return {name: value[:LONGEST] for name, value in known.items() if isinstance(value, str)}
