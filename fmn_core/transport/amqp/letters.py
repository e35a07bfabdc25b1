"""Letters: the queue of dead letters, looked through without taking anything out of it but what is asked for. F2."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fmn_core.transport.base import DeadLetter

from .connection import Channel, Link
from .topology import DELIVERY_LIMIT, Names, Topology

#: letters looked at in one go: no consumer may have more out
MOST = 65_535
#: seconds without another letter after which the others are taken to be with somebody else
QUIET = 2.0
#: seconds between two looks whether letters are back
SHORT = 0.01
_READER = "reader"
#: headers of ours: its id, where it came from, why it was given up, when (ms since the epoch), after how many tries
ID, QUEUE, REASON, DIED_AT, ATTEMPTS = "fmn-id", "fmn-queue", "fmn-reason", "fmn-died-at", "fmn-attempts"
#: header of the broker, where it was the broker that gave up
_DEATHS = "x-death"


def postmark(queue: str, reason: str, attempts: int) -> dict[str, Any]:
    """Return the headers of a new dead letter."""
    moment = round(time.time() * 1000)  # a broker takes no fractions
    return {ID: uuid.uuid4().hex[:12], QUEUE: queue, REASON: reason, DIED_AT: moment, ATTEMPTS: attempts}


@dataclass(frozen=True, slots=True)
class _Found:
    """A dead letter that is out."""

    letter: DeadLetter
    tag: int


class Letters:
    """Reads the queue of dead letters on channels that are closed again, by which all letters are back in it."""

    def __init__(self, link: Link, topology: Topology, names: Names) -> None:
        self._link, self._topology, self._names = link, topology, names

    def count(self) -> int:
        """Return how many wait in the queue, which costs one question."""
        self._topology.dead()
        return self._topology.count(self._names.dead)

    def first(self, limit: int) -> list[DeadLetter]:
        """Return the oldest ones."""
        with self._open(min(limit, MOST)) as (_, found):
            return [one.letter for one in found]

    def take_out(self, ids: Iterable[str], use: Callable[[DeadLetter], None], settle: Callable[[], None]) -> int:
        """Take letters out of the queue for good.

        :param use: is handed each of them
        :param settle: returns when what was done with them is safe
        :returns: how many there were
        """
        wanted = frozenset(ids)
        with self._open() as (channel, found):
            chosen = [one for one in found if one.letter.id in wanted]
            for one in chosen:
                use(one.letter)
            settle()
            for one in chosen:
                channel.raw.basic_ack(one.tag)
                found.remove(one)
        return len(chosen)

    @contextmanager
    def _open(self, limit: int = MOST) -> Iterator[tuple[Channel, list[_Found]]]:
        count = min(self.count(), limit)
        found: list[_Found] = []
        channel = self._link.channel()
        try:
            if count:
                channel.ask("basic_qos", prefetch_count=count)
                channel.ask("basic_consume", self._names.dead, self._taker(found), consumer_tag=_READER)
                self._gather(found, count)
            yield channel, found
            self._put_back(channel, len(found))
        finally:
            channel.close()

    def _put_back(self, channel: Channel, out: int) -> None:
        """Put back what is still out, and wait until it is there: closing the channel does the same, but later."""
        if not out:
            return
        channel.ask("basic_cancel", _READER)
        channel.raw.basic_nack(0, multiple=True, requeue=True)
        deadline = time.monotonic() + QUIET
        while self._topology.count(self._names.dead) < out and time.monotonic() < deadline:
            self._link.turn(SHORT)

    def _gather(self, found: list[_Found], count: int) -> None:
        """Wait for so many, or until no more come: somebody else may have some of them out."""
        deadline = time.monotonic() + QUIET
        while len(found) < count and time.monotonic() < deadline:
            before = len(found)
            self._link.turn(QUIET)
            if len(found) > before:
                deadline = time.monotonic() + QUIET

    def _taker(self, found: list[_Found]) -> Any:
        def take(channel: Any, method: Any, properties: Any, body: bytes) -> None:
            found.append(_Found(self._letter(properties.headers or {}, body), method.delivery_tag))

        return take

    def _letter(self, headers: Mapping[str, Any], body: bytes) -> DeadLetter:
        if REASON in headers:
            return DeadLetter(
                str(headers.get(ID)),
                str(headers.get(QUEUE)),
                body,
                str(headers[REASON]),
                headers.get(DIED_AT, 0) / 1000,
                int(headers.get(ATTEMPTS, 1)),
            )
        return self._buried_by_the_broker(headers, body)

    def _buried_by_the_broker(self, headers: Mapping[str, Any], body: bytes) -> DeadLetter:
        death: Mapping[str, Any] = next(iter(headers.get(_DEATHS) or ()), {})
        moment = death.get("time")
        died_at = moment.timestamp() if isinstance(moment, datetime) else 0.0
        queue, why = self._names.queue_of(str(death.get("queue", ""))), str(death.get("reason", "unknown"))
        reason = f"the broker gave it up: {why.replace('_', ' ')}"
        mark = hashlib.blake2b(f"{died_at} {queue} ".encode() + body, digest_size=6).hexdigest()
        return DeadLetter(mark, queue, body, reason, died_at, DELIVERY_LIMIT + 1)
