"""Topology: the queues and exchanges that we need on the broker, declared by us or only looked for. Floor F2.

For each queue of work there are: the queue itself; one for suspects, whose holders died; and, once something has to be
tried again later, one for each delay, from which it comes back by itself. All share one queue of dead letters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .connection import Channel, Link
from .refusals import NOT_FOUND, Difference, Refused, about_declaring, about_differences, difference

#: seconds after which a piece of work can come again; what has to wait for another time waits for the next of these
DELAYS = (1, 5, 30, 120, 600, 3600)

#: deliveries without an answer after which the broker itself makes a dead letter of a piece. We do so much earlier, see
#: :data:`fmn_core.transport.base.MOST_LOSSES`; this is for pieces that die before we have a look at them
DELIVERY_LIMIT = 20


@dataclass(frozen=True)
class Names:
    """What things are called on the broker.

    :param prefix: stands before all of them, so that several instances can share a broker
    """

    prefix: str

    def work(self, queue: str) -> str:
        """Return the name of a queue of work."""
        return f"{self.prefix}.{queue}"

    def suspects(self, queue: str) -> str:
        """Return where pieces wait that several processes have died with."""
        return f"{self.prefix}.{queue}.suspects"

    def delayed(self, queue: str, seconds: int) -> str:
        """Return where pieces wait for their next try."""
        return f"{self.prefix}.{queue}.in-{seconds}s"

    def held(self, thing: str) -> str:
        """Return the empty queue whose only consumer holds a thing."""
        return f"{self.prefix}.held.{thing}"

    @property
    def dead(self) -> str:
        """The queue of dead letters."""
        return f"{self.prefix}.dead"

    @property
    def news(self) -> str:
        """The exchange that tells everybody who listens."""
        return f"{self.prefix}.news"

    def queue_of(self, name: str) -> str:
        """Return the queue of work that a name on the broker belongs to."""
        return name.removeprefix(f"{self.prefix}.").removesuffix(".suspects")


class Topology:
    """What we need on the broker, made when it is first needed.

    :param kind: ``quorum`` or ``classic``
    :param passive: only look whether the operator has made it
    """

    def __init__(self, link: Link, names: Names, kind: str, passive: bool) -> None:
        self._link, self._names, self._kind, self._passive = link, names, kind, passive
        self._there: set[str] = set()
        self._work: dict[str, str] = {}
        self._channel: Channel | None = None
        #: names of all that was declared here
        self.made: list[str] = []

    def work(self, queue: str) -> str:
        """Have a queue of work, its suspects and the dead letters, and return its name.

        :raises TransportError: saying what the broker has against it, and what to do
        """
        if queue not in self._work:
            self.dead()
            self._queue(self._names.work(queue), self._buried())
            self._queue(self._names.suspects(queue), self._buried())
            self._work[queue] = self._names.work(queue)
        return self._work[queue]

    def dead(self) -> None:
        """Have the queue of dead letters."""
        if self._names.dead not in self._there:
            self._queue(self._names.dead, {})
            self._there.add(self._names.dead)

    def delayed(self, queue: str) -> None:
        """Have the queues from which work comes back; :meth:`work` has been called."""
        mark = f"{queue} delayed"
        if mark not in self._there:
            for seconds in DELAYS:
                self._queue(self._names.delayed(queue, seconds), self._returning(queue, seconds))
            self._there.add(mark)

    def held(self, thing: str) -> str:
        """Have the queue whose only consumer holds a thing, and return its name."""
        name = self._names.held(thing)
        self._declare("queue_declare", f"queue {name!r}", queue=name, durable=True)
        return name

    def news(self) -> None:
        """Have the exchange of news."""
        name = self._names.news
        self._declare("exchange_declare", f"exchange {name!r}", exchange=name, exchange_type="direct", durable=True)

    def counts(self, queue: str) -> int:
        """Return how many pieces wait for somebody to take them, or for their next try."""
        self.work(queue)
        names = [self._names.work(queue), self._names.suspects(queue)]
        return sum(self.count(name) for name in names) + sum(self._delayed_counts(queue))

    def _delayed_counts(self, queue: str) -> Iterator[int]:
        for seconds in DELAYS:
            try:
                yield self.count(self._names.delayed(queue, seconds))
            except Refused as refused:
                if refused.code != NOT_FOUND:
                    raise
                return  # nothing was ever tried again here, or they would all be there

    def count(self, name: str) -> int:
        """Return how many pieces wait in a queue of the broker.

        :raises Refused: if there is none of this name
        """
        return int(self._ask("queue_declare", queue=name, passive=True).message_count)

    def _queue(self, name: str, more: dict[str, Any]) -> None:
        arguments = {"x-queue-type": self._kind, **more}
        self._declare("queue_declare", f"queue {name!r}", queue=name, durable=True, arguments=arguments)

    def _declare(self, method: str, what: str, **options: Any) -> None:
        if self._passive:
            options = {key: options[key] for key in ("queue", "exchange") if key in options} | {"passive": True}
        try:
            self._ask(method, **options)
            self.made.append(str(options.get("queue") or options["exchange"]))
        except Refused as refused:
            differences = list(self._differences(method, options, refused))
            said = about_differences(what, differences) if differences else about_declaring(what, refused)
            refused.args = (said,)
            raise

    def _differences(self, method: str, options: dict[str, Any], refused: Refused) -> Iterator[Difference]:
        """Find all in which a thing that exists is not as we want it, by asking for it more and more as it is."""
        told: set[str] = set()
        while (one := difference(refused)) and one.argument not in told:
            yield one
            told.add(one.argument)
            options = one.as_it_is(options)
            try:
                self._ask(method, **options)
            except Refused as next_one:
                refused = next_one
            else:
                return

    def _ask(self, method: str, **options: Any) -> Any:
        """Ask on a channel of our own, as a refusal closes it."""
        if self._channel is None:
            self._channel = self._link.channel()
        try:
            return self._channel.ask(method, **options)
        except Refused:
            self._channel = None
            raise

    def _buried(self) -> dict[str, Any]:
        """Return what makes a queue hand what it gives up to the dead letters, safely where it can."""
        dead = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": self._names.dead}
        return dead | self._safely({"x-delivery-limit": DELIVERY_LIMIT})

    def _returning(self, queue: str, seconds: int) -> dict[str, Any]:
        back = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": self._names.work(queue)}
        return back | {"x-message-ttl": seconds * 1000} | self._safely({})

    def _safely(self, more: dict[str, Any]) -> dict[str, Any]:
        """Let letters arrive at least once; only quorum queues can."""
        if self._kind != "quorum":
            return {"x-overflow": "reject-publish"}
        return {"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish", **more}
