"""Measures what is lost and what comes twice while processes are killed at random. Floor F4.

A calm run says what should be there, the ledger and the far ends of the backends say what is.
"""

from __future__ import annotations

import itertools
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from fmn_core.app import Application
from fmn_core.backends import Arrival, Rehearsal
from fmn_core.codec import decode_notification, encode_message
from fmn_core.config import PluginsSettings
from fmn_core.demo.instance import CONFIGURATION, OWNERSHIP, acts, prepared
from fmn_core.demo.messages import SEED
from fmn_core.demo.verdict import Verdict, judge
from fmn_core.errors import FmnError
from fmn_core.model import Message, Notification, Outcome
from fmn_core.transport.base import MESSAGES, deliveries

from .processes import Unkillable, kill_one, running

#: seconds between two kills, at least and at most
CALM = (0.1, 0.9)
#: seconds after the last kill in which everything must have come to its end
PATIENCE = 300.0
#: seconds that what was sent may take to arrive
FLIGHT = 5.0
#: seconds between two looks
TICK = 0.1
#: notifications read at once
BATCH = 1000
#: the stages as separate processes, or as one
SEPARATE: tuple[tuple[str, ...], ...] = (("worker",), ("worker",), ("deliver",))
TOGETHER: tuple[tuple[str, ...], ...] = (("run",),)
_DELIVERING = ("deliver", "run")


@dataclass(frozen=True)
class Result:
    """What became of the notifications that a calm run makes.

    :param in_ledger: of those expected, how many the ledger knows as sent
    :param lost: expected ones that did not arrive
    :param repeated: arrivals of what had arrived before
    :param admitted: repeats that there may be: what killed deliveries had sent and not yet noted
    :param foreign: arrivals and entries in the ledger of what nobody expected
    :param dead: dead letters
    :param unwilling: processes that did not end well when they were asked to
    :param killed: how often, by command
    """

    messages: int
    expected: int
    in_ledger: int
    delivered: int
    lost: int
    repeated: int
    admitted: int
    foreign: int
    dead: int
    unwilling: int
    killed: Mapping[str, int]
    seconds: float

    @property
    def right(self) -> bool:
        """Whether nothing was lost, and nothing came twice that need not."""
        wrong = self.lost + self.foreign + self.dead + self.unwilling
        return not wrong and self.in_ledger == self.expected and self.repeated <= self.admitted


def measure_crash(plugins: PluginsSettings, count: int, kills: int, seed: int, together: bool = False) -> Result:
    """Let the people of the demo, and the far ends of the backends that have one, go through a storm.

    :param plugins: which of the installed ones take part
    :param count: messages
    :param seed: of chance; time has a say as well
    :param together: all stages in one process
    """
    with (
        tempfile.TemporaryDirectory(prefix="fmn-crash-") as place,
        prepared(Path(place), "http://127.0.0.1:8080/", plugins) as instance,
    ):
        path = instance.folder / "storm.jsonl"
        messages = itertools.islice(endless((instance.folder / OWNERSHIP).read_text("utf-8")), count)
        path.write_bytes(b"".join(encode_message(message) + b"\n" for message in messages))
        stages = TOGETHER if together else SEPARATE
        storm = Storm(instance.app, instance.rehearsals, instance.folder / CONFIGURATION, stages)
        return storm.run(path, kills, random.Random(seed))


def endless(ownership: str) -> Iterator[Message]:
    """Make messages of the demo, one seed after the other."""
    for seed in itertools.count(SEED):
        for act in acts(ownership, seed):
            yield from act.messages


def calm_run(app: Application, messages: Iterable[Message | bytes]) -> list[Notification]:
    """Match messages and take the notifications from their queues, so that nothing is left of it."""
    worker, queues = app.worker(), [deliveries(name) for name in app.registry.backends]
    found: list[Notification] = []
    with closing(app.transport()) as transport:
        app.consumer(archive=False).handle(transport, messages)
        while taken := transport.receive(worker.queues, worker.room):
            worker.handle(transport, taken)
        while taken := transport.receive(queues, BATCH):
            found += [decode_notification(envelope.payload) for envelope in taken]
            transport.ack(taken)
    return found


@dataclass
class Storm:
    """One run, in which processes are killed.

    :param app: of the same configuration as the processes; its backends lead to the rehearsals
    :param rehearsals: the far ends, by backend
    :param stages: commands that run until they are asked to end
    :param rate: messages a second: slow enough that there is work as long as there is killing
    """

    app: Application
    rehearsals: Mapping[str, Rehearsal]
    configuration: Path
    stages: Sequence[Sequence[str]] = SEPARATE
    rate: float = 1000.0

    def run(self, messages: Path, kills: int, chance: random.Random) -> Result:
        """Replay messages while processes are killed, then compare.

        :param messages: JSON lines, each of which can be read
        :raises FmnError: if there is no end
        """
        began = time.monotonic()
        lines = messages.read_bytes().splitlines()
        expected = calm_run(self.app, lines)
        feeding = ("replay", str(messages), "--rate", str(self.rate))
        with running(self.configuration, [*self.stages, feeding]) as processes:
            for _ in range(kills):
                time.sleep(chance.uniform(*CALM))
                kill_one(processes, chance)
            _wait(lambda: not processes[-1].alive and self._is_idle(), PATIENCE)
            self._let_arrive(expected)
            ended = [one.end() for one in processes]
        seconds = time.monotonic() - began
        return self._result(len(lines), expected, processes, ended.count(False), seconds)

    def _is_idle(self) -> bool:
        """Tell whether nothing waits on a queue or in the store, asked in the direction of the flow."""
        queues = [MESSAGES, *map(deliveries, self.app.registry.backends)]
        with closing(self.app.transport()) as transport:
            return not any(map(transport.depth, queues)) and not self.app.store.waiting.moving()

    def _let_arrive(self, expected: Sequence[Notification]) -> None:
        """Wait for what is out: a broker does not tell of it."""
        ids, until = {one.id for one in expected}, time.monotonic() + FLIGHT
        while len(self.app.store.ledger.sent(ids)) < len(ids) and time.monotonic() < until:
            time.sleep(TICK)

    def _result(
        self,
        messages: int,
        expected: list[Notification],
        processes: Sequence[Unkillable],
        unwilling: int,
        seconds: float,
    ) -> Result:
        verdict = self._arrivals(expected)
        repeated = sum(self._is_one_of(expected, *surplus) for surplus in verdict.surplus)
        ledger, known = self.app.store.ledger, self.app.store.ledger.sent({one.id for one in expected})
        sent = sum(count for (_, outcome), count in ledger.counts().items() if outcome == Outcome.SENT)
        with closing(self.app.transport()) as transport:
            dead = len(transport.dead_letters())
        killed = dict.fromkeys((one.name for one in processes), 0)
        for one in processes:
            killed[one.name] += one.kills
        return Result(
            messages=messages,
            expected=len(expected),
            in_ledger=len(known),
            delivered=len(expected) - len(verdict.missing),
            lost=len(verdict.missing),
            repeated=repeated,
            admitted=sum(killed.get(name, 0) for name in _DELIVERING) * self._threads(),
            foreign=len(verdict.surplus) - repeated + sent - len(known),
            dead=dead,
            unwilling=unwilling,
            killed=killed,
            seconds=round(seconds, 1),
        )

    def _arrivals(self, expected: list[Notification]) -> Verdict:
        until = time.monotonic() + FLIGHT
        while (verdict := judge(expected, self.rehearsals)).missing and time.monotonic() < until:
            time.sleep(TICK)
        return verdict

    def _is_one_of(self, expected: list[Notification], backend: str, arrival: Arrival) -> bool:
        mark = self.rehearsals[backend].mark
        return any(one.backend == backend and mark(one) in arrival.text for one in expected)

    def _threads(self) -> int:
        """Return how many deliveries can be under way at once."""
        return sum(max(1, backend.concurrency) for backend in self.app.registry.backends.values())


def _wait(condition: Callable[[], bool], patience: float) -> None:
    until = time.monotonic() + patience
    while not condition():
        if time.monotonic() > until:
            raise FmnError(f"the stages are not done {patience:.0f} s after the last kill")
        time.sleep(TICK)
