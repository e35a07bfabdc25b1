"""Transport: the one contract of everything that carries work between stages. Floor F2.

At least once: work that was received and neither acknowledged, retried nor rejected comes again, after a crash too.
"""

from __future__ import annotations

import abc
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

#: queue of bus messages that workers match
MESSAGES = "messages"
#: queue of the same messages, for the archive
ARCHIVE = "archive"

#: processes that may die with a piece of work: it is probably what kills them. Whoever has to note what becomes of it
#: then gives it up; if even that process dies, the transport does
MOST_LOSSES = 5


def deliveries(backend: str) -> str:
    """Return the name of the queue that feeds a backend."""
    return f"deliveries.{backend}"


#: a payload, and the queue that it goes to
Outgoing = tuple[str, bytes]


class Envelope(NamedTuple):
    """A piece of work as received.

    :param tag: what the transport knows it by while it is out
    :param attempt: 1 the first time it is handed out, and one more each time after
    :param lost: processes in a row that died while they held it
    """

    queue: str
    payload: bytes
    tag: object
    attempt: int = 1
    lost: int = 0


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A piece of work that was given up.

    :param id: by which ``fmn dead`` knows it
    :param died_at: seconds since the epoch
    """

    id: str
    queue: str
    payload: bytes
    reason: str
    died_at: float
    attempts: int


class Transport(abc.ABC):
    """Durable queues of bytes. One object belongs to one thread; each thread opens its own."""

    def publish(self, queue: str, payloads: Sequence[bytes]) -> None:
        """Put work on a queue, in order, and return when it is safe.

        :raises TransportError: nothing is known to be safe; publish again
        """
        self.publish_all([(queue, payload) for payload in payloads])

    @abc.abstractmethod
    def publish_all(self, outgoing: Sequence[Outgoing]) -> None:
        """Put work on several queues, in order, and return when all of it is safe.

        :raises TransportError: nothing is known to be safe; publish again
        """

    @abc.abstractmethod
    def pass_on(self, outgoing: Sequence[Outgoing], done: Sequence[Envelope]) -> None:
        """Publish what came of work, and acknowledge the work once that is safe, which may be after the return.

        :raises TransportError: what is not acknowledged comes again; an earlier call may be the cause
        """

    @abc.abstractmethod
    def receive(self, queues: Sequence[str], limit: int = 1, timeout: float = 0.0) -> list[Envelope]:
        """Take work, the oldest of each queue, that is then nobody else's until it is settled or this process dies.

        :param limit: pieces at most
        :param timeout: seconds to wait where there is none
        """

    @abc.abstractmethod
    def ack(self, envelopes: Iterable[Envelope]) -> None:
        """Settle work that is done, and whose output is safe."""

    @abc.abstractmethod
    def retry(self, envelope: Envelope, after: float) -> None:
        """Hand the work out again, in so many seconds at the earliest."""

    @abc.abstractmethod
    def reject(self, envelope: Envelope, reason: str) -> None:
        """Give the work up: it becomes a dead letter with its reason."""

    @abc.abstractmethod
    def bury(self, queue: str, payload: bytes, reason: str) -> None:
        """Make a dead letter of what is not fit for a queue, and return when it is safe.

        :param queue: where it goes if it is replayed all the same
        """

    @abc.abstractmethod
    def depth(self, queue: str) -> int:
        """Return how many pieces wait on a queue or are out, dead letters not counted.

        A broker does not tell what others have out: there, only what this object has out is counted.
        """

    @abc.abstractmethod
    def dead_letters(self, limit: int = 1000) -> list[DeadLetter]:
        """Return what was given up, oldest first."""

    @abc.abstractmethod
    def dead_count(self) -> int:
        """Return how many dead letters there are, without looking at any.

        A broker does not count those that somebody is looking at just then.
        """

    @abc.abstractmethod
    def replay(self, ids: Iterable[str]) -> int:
        """Put dead letters back on the queues they came from, and return how many there were."""

    @abc.abstractmethod
    def drop(self, ids: Iterable[str]) -> int:
        """Forget dead letters, and return how many there were."""

    @abc.abstractmethod
    def hold(self, queue: str) -> bool:
        """Become the only one that receives from a queue, until this is closed or the process dies.

        Delivery needs it: of two copies of a notification in the hands of two processes, both would be sent.

        :returns: False while another holds the queue
        """

    @abc.abstractmethod
    def broadcast(self, topic: str, payload: bytes) -> None:
        """Tell everybody who listens. It may get lost: whoever has to know looks for himself too, now and then."""

    @abc.abstractmethod
    def heard(self, topic: str) -> list[bytes]:
        """Return what was told since the last call. The first one begins to listen and returns nothing."""

    @abc.abstractmethod
    def close(self) -> None:
        """Let go of everything. What was not settled goes to others."""
