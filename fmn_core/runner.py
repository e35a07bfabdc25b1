"""Runner: the loops, threads and signals around the stages, which have none of their own. Floor F3.

Each stage runs in a thread with a transport of its own. When that or the store fails, the stage waits, ever longer,
and opens the transport anew, by which everything it held goes back to the queue. A signal lets each stage finish what
it has begun; a second one ends the process at once, which loses nothing either. SIGHUP ends it likewise,
for it to begin anew, if whoever runs it agrees.
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from queue import Empty, SimpleQueue
from signal import SIGTERM
from typing import Protocol

from .errors import TransportError
from .incident import Incident
from .instruments import LOOKING, WORKING, Pulse
from .signals import RELOADING, Orders, obeyed
from .transport.base import Envelope, Transport

log = logging.getLogger(__name__)

#: seconds that a stage without work waits before it looks at its store and at the signals
TURN = 0.2
#: seconds between two tries to hold a queue that another process holds
STANDBY = 0.5
STANDING_BY = "standing by: another process serves it"
#: seconds between two looks whether everything is done
IDLE_CHECK = 0.05
#: seconds that a stage may take to say whether it has anything left
ANSWER_PATIENCE = 1.0
#: seconds that the end waits for a chore, whose work nobody will use any more
CHORE_PATIENCE = 0.5


class Stage(Protocol):
    """What a worker and a delivery have in common."""

    counts: Counter[str]

    @property
    def name(self) -> str:
        """What it is called, in logs and totals."""

    @property
    def queues(self) -> Sequence[str]:
        """The queues it takes from."""

    @property
    def alone(self) -> bool:
        """Whether no other process may take from its queues meanwhile."""

    @property
    def room(self) -> int:
        """How many envelopes it takes now."""

    @property
    def busy(self) -> bool:
        """Whether it has begun something that it has not finished."""

    @property
    def waits(self) -> bool:
        """Whether it keeps something that it will try again, beside its queues."""

    def handle(self, transport: Transport, envelopes: Sequence[Envelope]) -> None:
        """Do the work; without envelopes, finish what was begun and stay up to date."""

    def interrupted(self) -> None:
        """Its transport failed or its store: what was taken and not settled comes again, here or elsewhere."""

    def finish(self) -> None:
        """Begin nothing new."""

    def close(self) -> None:
        """Let go of everything."""


class Source(Protocol):
    """What brings messages from outside: the bus."""

    @property
    def name(self) -> str:
        """What it is called, in logs and totals."""

    @property
    def counts(self) -> Counter[str]:
        """What it did."""

    def run(self, stop: threading.Event, well: Callable[[], None]) -> None:
        """Bring messages until told to stop.

        :param well: called whenever all is well
        """


@dataclass(frozen=True, slots=True)
class Chore:
    """What is done again and again beside the stages, and can be left half done.

    :param name: what it is called, in logs
    :param every: seconds between two times
    :param do: does it once
    :param wired: whether it is handed a transport of its own
    """

    name: str
    every: float
    do: Callable[..., object]
    wired: bool = False


class Query:
    """A question to the thread of a stage, which alone may use its transport: whether it has nothing left to do."""

    def __init__(self) -> None:
        self._answers: SimpleQueue[bool] = SimpleQueue()

    def answer(self, stage: Stage, transport: Transport) -> None:
        """Look, and answer.

        :raises TransportError: there is no answer now
        """
        self._answers.put(not (stage.waits or any(map(transport.depth, stage.queues))))

    def answered(self, patience: float) -> bool:
        """Return the answer; one that does not come in time is no."""
        try:
            return self._answers.get(timeout=patience)
        except Empty:
            return False


class Runner:
    """Runs stages and sources until a signal, or until there is nothing left to do.

    :param open_transport: opens the transport, once in each thread
    :param stages: in the direction of the flow: what the first one publishes, the next ones take
    :param sources: bring messages from outside
    :param chores: each is done for the first time after its pause
    :param reload: tells at SIGHUP whether to end and begin anew; without it, SIGHUP has its usual effect
    :ivar pulses: how the thread of each stage and source is, by name
    """

    def __init__(
        self,
        open_transport: Callable[[], Transport],
        stages: Sequence[Stage],
        sources: Sequence[Source] = (),
        chores: Sequence[Chore] = (),
        rng: random.Random | None = None,
        reload: Callable[[], bool] | None = None,
    ) -> None:
        self._open, self._stages, self._sources, self._chores = open_transport, stages, sources, list(chores)
        self._rng = rng or random.Random()  # noqa: S311 - jitter is no secret
        self._reload = reload
        self._orders = Orders()
        self._stop = threading.Event()
        self._queries: dict[str, Query] = {}
        self.pulses = {name: Pulse() for name in [*(one.name for one in sources), *(one.name for one in stages)]}

    def add(self, chore: Chore) -> None:
        """Take one more chore, before it runs."""
        self._chores.append(chore)

    def stop(self) -> None:
        """Let everything finish what it has begun, and end."""
        self._orders.give(SIGTERM)

    def run(self, until_idle: bool = False) -> bool:
        """Run, and return when everything has ended. Signals are obeyed if this is the main thread.

        :param until_idle: end when the queues of all stages are empty; what waits for another try keeps it going
        :returns: whether all shall begin anew
        """
        threads = [self._thread(stage.name, partial(self._serve, stage)) for stage in self._stages]
        threads += [self._thread(source.name, partial(self._draw, source)) for source in self._sources]
        chores = [self._chore(chore) for chore in self._chores]
        with obeyed(self._orders.give, reloads=self._reload is not None):
            for thread in threads + chores:
                thread.start()
            try:
                anew = self._wait(until_idle)
            finally:
                self._stop.set()
                for thread in threads:
                    thread.join()
                for thread in chores:
                    thread.join(CHORE_PATIENCE)
        return anew and not self._orders.stops()

    def _wait(self, until_idle: bool) -> bool:
        """Return when everything shall end, and whether it shall begin anew."""
        while True:
            order = self._orders.next(IDLE_CHECK if until_idle else None)
            if order in RELOADING:
                if self._reload is not None and self._reload():
                    return True
            elif order is not None or (until_idle and self._is_idle()):
                return False

    def _is_idle(self) -> bool:
        """Tell whether nobody has anything left, asked in the direction of the flow: nothing can come up from below."""
        return all(map(self._has_nothing_left, self._stages))

    def _has_nothing_left(self, stage: Stage) -> bool:
        query = self._queries[stage.name] = Query()
        return query.answered(ANSWER_PATIENCE)

    def _thread(self, name: str, once: Callable[[Incident, Pulse], None]) -> threading.Thread:
        args = Incident(name, self._rng), self.pulses[name], once
        return threading.Thread(target=self._keep_going, name=name, args=args)

    def _chore(self, chore: Chore) -> threading.Thread:
        """Make the thread of a chore. Of a transport that is away the stages tell."""
        incident = Incident(chore.name, self._rng, (TransportError,) if chore.wired else ())
        args = incident, Pulse(), partial(self._repeat, chore)
        return threading.Thread(target=self._keep_going, name=chore.name, args=args, daemon=True)

    def _keep_going(self, incident: Incident, pulse: Pulse, once: Callable[[Incident, Pulse], None]) -> None:
        try:
            while not self._stop.is_set():
                try:
                    once(incident, pulse)
                except Exception as error:
                    wait = incident.failed(error)
                    pulse.failed(f"stopped: {error}", wait)
                    self._stop.wait(wait)
        finally:
            pulse.ended()

    def _draw(self, source: Source, incident: Incident, pulse: Pulse) -> None:
        def well() -> None:
            incident.well()
            pulse.well()

        pulse.promise(inf)  # a source is silent as long as the bus is
        source.run(self._stop, well)

    def _repeat(self, chore: Chore, incident: Incident, pulse: Pulse) -> None:
        with contextlib.ExitStack() as stack:
            given = [stack.enter_context(contextlib.closing(self._open()))] if chore.wired else []
            while not self._stop.wait(chore.every):
                chore.do(*given)
                incident.well()

    def _serve(self, stage: Stage, incident: Incident, pulse: Pulse) -> None:
        """Run a stage until told to stop or until something fails."""
        pulse.promise(WORKING)
        with contextlib.closing(self._open()) as transport:
            try:
                while not self._stop.is_set():
                    self._look(stage, transport, incident, pulse)
                stage.finish()
                while stage.busy:
                    pulse.promise(WORKING)
                    stage.handle(transport, [])
            except Exception:
                stage.interrupted()
                raise

    def _look(self, stage: Stage, transport: Transport, incident: Incident, pulse: Pulse) -> None:
        pulse.promise(LOOKING)
        if self._may_take(stage, transport):
            self._turn(stage, transport, pulse)
            pulse.well()
        elif pulse.state != STANDING_BY:
            log.info("another process serves %s; standing by", stage.name)
            pulse.well(STANDING_BY)
        incident.well()
        if query := self._queries.pop(stage.name, None):
            query.answer(stage, transport)

    def _may_take(self, stage: Stage, transport: Transport) -> bool:
        if not stage.alone or all(transport.hold(queue) for queue in stage.queues):
            return True
        self._stop.wait(STANDBY)
        return False

    @staticmethod
    def _turn(stage: Stage, transport: Transport, pulse: Pulse) -> None:
        room = stage.room
        received = transport.receive(stage.queues, room, timeout=0 if stage.busy else TURN) if room else []
        pulse.promise(WORKING)
        stage.handle(transport, received)
