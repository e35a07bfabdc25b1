"""AmqpTransport: the transport contract on RabbitMQ. Floor F2.

Everything that is published is persistent, confirmed and mandatory. What was received is acknowledged once all that
came of it is confirmed; meanwhile more is received and published, so that nobody waits for the disk of the broker.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pika

from fmn_core.errors import TransportError
from fmn_core.transport.base import MOST_LOSSES, DeadLetter, Envelope, Outgoing, Transport

from .connection import Channel, Link
from .inbox import ATTEMPTS, CROWD, DUE, LOST, Inbox, Tag, now
from .letters import Letters, postmark
from .news import News
from .publishing import Publisher
from .receipts import Receipts
from .refusals import ACCESS_REFUSED, RESOURCE_LOCKED, Refused
from .returns import give_back
from .topology import DELAYS, Names, Topology

log = logging.getLogger(__name__)

#: pieces that are few, and seconds that are then waited for more: a batch costs stage and broker little more than one
FEW, GATHER = 100, 0.004
#: messages on their way to the broker, at most
WINDOW = 2000


class _Flight(NamedTuple):
    """Work whose output is on its way.

    :param safe_at: number of the last message that came of it
    """

    safe_at: int
    done: list[Envelope]


class AmqpTransport(Transport):
    """Queues on a broker, over one connection.

    :param parameters: of the connection
    :param prefix: of all names on the broker
    :param kind: of queues: ``quorum`` or ``classic``
    :param passive: declare nothing, the operator has
    :param prefetch: pieces that the broker hands out before one is settled
    :raises TransportError: if there is no broker, or it refuses us
    """

    def __init__(
        self,
        parameters: pika.ConnectionParameters,
        prefix: str,
        kind: str,
        passive: bool,
        prefetch: int,
    ) -> None:
        self._link = Link(parameters)
        self._names = Names(prefix)
        self._topology = Topology(self._link, self._names, kind, passive)
        channel = self._link.channel()
        self._publisher = Publisher(channel)
        self._inbox = Inbox(channel, self._names, prefetch)
        self._receipts = Receipts(lambda tag, all_before: channel.raw.basic_ack(tag, all_before))
        self._channel = channel
        self._news = News(self._link, self._topology, self._names.news)
        self._letters = Letters(self._link, self._topology, self._names)
        self._flights: deque[_Flight] = deque()
        self._holds: dict[str, Channel] = {}

    @contextlib.contextmanager
    def _using(self) -> Iterator[None]:
        """Keep the keeper away, and begin with what it has found out: else pika would raise errors of its own."""
        with self._link.lock:
            self._link.check()
            self._channel.check()
            yield

    def publish_all(self, outgoing: Sequence[Outgoing]) -> None:
        with self._using():
            for queue, payload in outgoing:
                self._put(self._topology.work(queue), payload)
            self._flush()

    def _put(self, name: str, payload: bytes, headers: Mapping[str, Any] | None = None) -> None:
        publisher = self._publisher
        publisher.put(name, payload, headers)
        if publisher.sent - publisher.safe >= WINDOW:
            self._wait_until_on_the_way_are(WINDOW - 1)

    def _flush(self) -> None:
        """Return when all that was published is safe, and what it came of acknowledged."""
        self._wait_until_on_the_way_are(0)

    def _wait_until_on_the_way_are(self, few: int) -> None:
        def enough() -> bool:
            self._advance()
            return self._publisher.sent - self._publisher.safe <= few

        self._link.wait(enough, "confirms nothing")

    def pass_on(self, outgoing: Sequence[Outgoing], done: Sequence[Envelope]) -> None:
        with self._using():
            for queue, payload in outgoing:
                self._put(self._topology.work(queue), payload)
            self._settle(done)
            self._turn()

    def _settle(self, envelopes: Iterable[Envelope]) -> None:
        """Acknowledge work once all that was published until now is safe."""
        held = self._inbox.held
        done = [one for one in envelopes if self._is_ours(one) and held.pop(_number(one), None) is not None]
        if done:
            self._flights.append(_Flight(self._publisher.sent, done))

    def _advance(self) -> None:
        """Acknowledge the work whose output has become safe."""
        self._channel.check()
        safe, flights, done = self._publisher.safe, self._flights, []
        while flights and flights[0].safe_at <= safe:
            done += flights.popleft().done
        if done:
            self._receipts.settle(map(_number, done))
        self._publisher.check()

    def receive(self, queues: Sequence[str], limit: int = 1, timeout: float = 0.0) -> list[Envelope]:
        with self._using():
            for queue in queues:
                self._topology.work(queue)
                self._inbox.open(queue)
            deadline = time.monotonic() + timeout
            self._turn()
            while self._link.blocked or not (taken := self._inbox.take(queues, limit)):
                left = deadline - time.monotonic()
                if left <= 0:
                    return []
                self._turn(left)
            if len(taken) < min(limit, FEW) and timeout and not taken[0].lost:
                time.sleep(GATHER)
                self._turn()
                taken += self._inbox.crowd(queues, limit - len(taken))
            return taken

    def _turn(self, seconds: float = 0.0) -> None:
        self._link.turn(seconds)
        self._advance()
        while self._inbox.strays:
            self._place_strays()

    def _place_strays(self) -> None:
        """Move pieces to where they belong, and see that they are nowhere else: the next holder may die."""
        strays, self._inbox.strays = self._inbox.strays, []
        for envelope in strays:
            self._place(envelope)
        self._flush()
        self._link.turn()

    def _place(self, stray: Envelope) -> None:
        """Move a piece to where it belongs: among the dead, the suspects or the delayed, or back at the end."""
        headers = stray.tag.headers if isinstance(stray.tag, Tag) else {}
        if stray.lost > MOST_LOSSES:
            self._bury(stray, f"{stray.lost} processes died while they held it")
        elif (left := headers.get(DUE, 0) - now()) > 0:
            self._delay(stray, left / 1000, stray.attempt - 1)
        else:
            name = self._names.suspects if stray.lost >= CROWD else self._names.work
            marks = {ATTEMPTS: stray.attempt - 1, LOST: stray.lost}
            self._put(name(stray.queue), stray.payload, marks)
            self._settle([stray])

    def ack(self, envelopes: Iterable[Envelope]) -> None:
        with self._using():
            self._settle(envelopes)
            self._advance()

    def retry(self, envelope: Envelope, after: float) -> None:
        with self._using():
            if self._is_ours(envelope):
                self._delay(envelope, after, envelope.attempt)
                self._advance()

    def _delay(self, envelope: Envelope, after: float, attempts: int) -> None:
        headers: dict[str, Any] = {ATTEMPTS: attempts}
        name = self._names.work(envelope.queue)
        if after > 0:
            self._topology.delayed(envelope.queue)
            step = next((seconds for seconds in DELAYS if seconds >= after), DELAYS[-1])
            name = self._names.delayed(envelope.queue, step)
            if after > step:
                headers[DUE] = now() + round(after * 1000)
        self._put(name, envelope.payload, headers)
        self._settle([envelope])

    def reject(self, envelope: Envelope, reason: str) -> None:
        with self._using():
            if self._is_ours(envelope):
                self._bury(envelope, reason)
                self._advance()

    def _bury(self, envelope: Envelope, reason: str) -> None:
        self._put(self._names.dead, envelope.payload, postmark(envelope.queue, reason, envelope.attempt))
        self._settle([envelope])

    def bury(self, queue: str, payload: bytes, reason: str) -> None:
        with self._using():
            self._topology.dead()
            self._put(self._names.dead, payload, postmark(queue, reason, 0))
            self._flush()

    def _is_ours(self, envelope: Envelope) -> bool:
        return getattr(envelope.tag, "inbox", None) is self._inbox

    def depth(self, queue: str) -> int:
        with self._using():
            self._flush()
            return self._topology.counts(queue) + self._inbox.out(queue)

    def dead_letters(self, limit: int = 1000) -> list[DeadLetter]:
        with self._using():
            self._flush()
            return self._letters.first(limit)

    def dead_count(self) -> int:
        with self._using():
            self._flush()
            return self._letters.count()

    def replay(self, ids: Iterable[str]) -> int:
        def put_back(letter: DeadLetter) -> None:
            self._topology.work(letter.queue)
            self._put(self._names.work(letter.queue), letter.payload)

        with self._using():
            return self._letters.take_out(ids, put_back, self._flush)

    def drop(self, ids: Iterable[str]) -> int:
        with self._using():
            return self._letters.take_out(ids, lambda letter: None, self._flush)

    def hold(self, queue: str) -> bool:
        with self._using():
            if queue in self._holds:
                self._holds[queue].check()
                return True
            name, channel = self._topology.held(queue), self._link.channel()
            channel.raw.add_on_cancel_callback(channel.cancelled)
            try:
                channel.ask("basic_consume", name, lambda *message: None, exclusive=True)
            except Refused as refused:
                if refused.code in (ACCESS_REFUSED, RESOURCE_LOCKED):
                    return False
                raise
            self._holds[queue] = channel
            return True

    def broadcast(self, topic: str, payload: bytes) -> None:
        with self._using():
            self._topology.news()
            self._publisher.tell(self._names.news, topic, payload)
            self._link.turn()

    def heard(self, topic: str) -> list[bytes]:
        return self._news.heard(topic)

    def close(self) -> None:
        try:
            if not self._link.blocked:
                with self._using():
                    self._let_go()
        except TransportError as error:
            log.debug("what was not settled goes to others, and counts as lost: %s", error)
        finally:
            self._link.close()

    def _let_go(self) -> None:
        try:
            self._flush()
        finally:
            self._inbox.end()  # or else what is given back would come back
            held = [one for flight in self._flights for one in flight.done] + list(self._inbox.held.values())
            back = give_back(self._link, self._names, held)
            self._receipts.settle(map(_number, back))


def _number(envelope: Envelope) -> int:
    return envelope.tag.number if isinstance(envelope.tag, Tag) else 0
