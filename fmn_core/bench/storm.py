"""Measures what is lost and what comes twice while workers are killed and their broker is restarted. Floor F4.

A calm run says what should be there. A broker does not tell what others have out, so nothing is concluded from its
queues while anybody is connected: everything expected has to arrive, then all leave, and what is left is counted.
"""

from __future__ import annotations

import itertools
import json
import random
import tempfile
import threading
import time
import tomllib
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from fmn_core.app import Application
from fmn_core.backends import Rehearsal
from fmn_core.clerk import CLERK
from fmn_core.codec import encode_message
from fmn_core.config import PluginsSettings, load_settings
from fmn_core.demo.instance import CONFIGURATION, OWNERSHIP, prepared
from fmn_core.demo.verdict import Verdict, judge
from fmn_core.errors import TransportError
from fmn_core.herald import CHANGES
from fmn_core.model import Notification, Outcome
from fmn_core.transport.amqp.removal import remove
from fmn_core.transport.base import MESSAGES, Transport, deliveries

from .crash import calm_run, endless
from .processes import Unkillable, kill_one, running

#: seconds between two kills
KILL_EVERY = 1.0
#: messages handed in at once, and a second: slow enough that there is work as long as there is killing
BATCH, RATE = 50, 500.0
#: seconds before the feeder knocks again at a broker that is away
KNOCK_EVERY = 0.2
#: seconds after the last kill in which everything must have arrived
PATIENCE = 300.0
#: seconds between two looks
TICK = 0.2
#: the counter of a delivery for envelopes of what was sent before
_COPIES = "repeated"


@dataclass(frozen=True)
class Result:
    """What became of the notifications that a calm run makes.

    :param in_ledger: of those expected, how many the ledger knows as sent
    :param lost: expected ones that did not arrive
    :param repeated: arrivals of what had arrived before; there may be none, for no delivery was killed
    :param copies: envelopes that delivery met again, and did not send because of the ledger
    :param foreign: arrivals and entries in the ledger of what nobody expected
    :param left: pieces on the queues, or waiting in the store, when all had ended
    :param dead: dead letters
    :param unwilling: processes that did not end well when they were asked to
    :param killed: how often a worker was
    :param restarts: how often the broker was restarted
    """

    messages: int
    expected: int
    in_ledger: int
    delivered: int
    lost: int
    repeated: int
    copies: int
    foreign: int
    left: int
    dead: int
    unwilling: int
    killed: int
    restarts: int
    seconds: float

    @property
    def right(self) -> bool:
        """Whether everything arrived once, and nothing else is anywhere."""
        wrong = self.lost + self.repeated + self.foreign + self.left + self.dead + self.unwilling
        return not wrong and self.in_ledger == self.expected == self.delivered


def measure_storm(
    plugins: PluginsSettings,
    broker: str,
    count: int,
    workers: int,
    restarts: int,
    restart: Callable[[], object],
    seed: int,
) -> Result:
    """Let the people of the demo go through a storm on a broker.

    :param plugins: which of the installed ones take part
    :param broker: URL
    :param count: messages
    :param restart: restarts the broker once
    :param seed: of chance; time has a say as well
    :raises TransportError: if the broker cannot be used
    """
    prefix = f"fmn-bench-{uuid.uuid4().hex[:12]}"
    with (
        tempfile.TemporaryDirectory(prefix="fmn-storm-") as place,
        prepared(Path(place), "http://127.0.0.1:8080/", plugins) as calm,
    ):
        messages = itertools.islice(endless((calm.folder / OWNERSHIP).read_text("utf-8")), count)
        lines = [encode_message(message) for message in messages]
        expected = calm_run(calm.app, lines)
        path = _on_broker(calm.folder / CONFIGURATION, broker, prefix)
        queues = [MESSAGES, *map(deliveries, calm.app.registry.backends)]
        with closing(Application(load_settings(path, {}))) as app:
            app.transport().close()  # that nothing is killed for a broker that is not there
            storm = BrokerStorm(app, calm.rehearsals, path, workers, restarts, restart)
            try:
                return storm.run(lines, expected, random.Random(seed))
            finally:
                with suppress(TransportError):
                    remove(broker, prefix, queues, [*queues, CHANGES, CLERK, app.shelf.role])


def _on_broker(calm: Path, broker: str, prefix: str) -> Path:
    """Write a configuration that differs in its transport, and return where."""
    raw = tomllib.loads(calm.read_text("utf-8")) | {"transport": {"url": broker, "prefix": prefix}}
    path = calm.with_name("storm.toml")
    path.write_text(tomli_w.dumps(raw), "utf-8")
    return path


class Feeder(threading.Thread):
    """Hands messages in at their rate, and those again that a broker did not confirm.

    :ivar fed: how many are safe
    """

    def __init__(self, app: Application, lines: Sequence[bytes]) -> None:
        super().__init__(name="feeder", daemon=True)
        self._app, self._lines, self._consumer = app, lines, app.consumer(archive=False)
        self._transport: Transport | None = None
        self.fed, self.total = 0, len(lines)

    def run(self) -> None:
        """Feed."""
        due = time.monotonic()
        for batch in _batches(self._lines):
            until = time.monotonic() + PATIENCE
            while not self._hand_in(batch):
                if time.monotonic() > until:
                    return  # what was not handed in will be missing
                time.sleep(KNOCK_EVERY)
            self.fed += len(batch)
            due += len(batch) / RATE
            time.sleep(max(0.0, due - time.monotonic()))
        self._let_go()

    def _hand_in(self, batch: Sequence[bytes]) -> bool:
        try:
            self._transport = self._transport or self._app.transport()
            self._consumer.handle(self._transport, batch)
        except TransportError:
            self._let_go()
            return False
        return True

    def _let_go(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()


def _batches(lines: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (lines[begin : begin + BATCH] for begin in range(0, len(lines), BATCH))


@dataclass
class BrokerStorm:
    """One run, in which workers are killed and the broker is restarted.

    :param app: of the same configuration as the processes; its backends lead to the rehearsals
    :param rehearsals: the far ends, by backend
    """

    app: Application
    rehearsals: Mapping[str, Rehearsal]
    configuration: Path
    workers: int
    restarts: int
    restart: Callable[[], object]

    def run(self, lines: Sequence[bytes], expected: Sequence[Notification], chance: random.Random) -> Result:
        """Feed messages in while workers are killed and the broker is restarted, then compare.

        :param lines: messages, each of which can be read
        """
        began = time.monotonic()
        totals = self.configuration.with_name("totals.jsonl")
        commands = [("worker",)] * self.workers + [("deliver", "--json")]
        with running(self.configuration, commands, {"deliver": totals}) as processes:
            workers = processes[: self.workers]
            self._rage(Feeder(self.app, lines), workers, chance)
            self._wait_for(expected)
            ended = [one.end() for one in processes]
        return self._result(len(lines), expected, workers, ended.count(False), totals, time.monotonic() - began)

    def _rage(self, feeder: Feeder, workers: Sequence[Unkillable], chance: random.Random) -> None:
        """Kill and restart as long as messages come in."""
        shocks: list[Future[object]] = []
        with ThreadPoolExecutor(1, "restart") as aside:
            feeder.start()
            while feeder.is_alive():
                feeder.join(KILL_EVERY)
                kill_one(workers, chance)
                if len(shocks) < self.restarts and feeder.fed >= self._due(feeder, len(shocks)):
                    shocks.append(aside.submit(self.restart))
        for shock in shocks:
            shock.result()

    def _due(self, feeder: Feeder, done: int) -> float:
        """Return after how many messages the next restart is due: they are spread evenly."""
        return feeder.total * (done + 1) / (self.restarts + 1)

    def _wait_for(self, expected: Sequence[Notification]) -> None:
        ids, until = {one.id for one in expected}, time.monotonic() + PATIENCE
        while len(self.app.store.ledger.sent(ids)) < len(ids) or self._left():
            if time.monotonic() > until:
                return  # what has not come is lost, and will be counted
            time.sleep(TICK)

    def _left(self) -> int:
        with closing(self.app.transport()) as transport:
            queued = sum(map(transport.depth, [MESSAGES, *map(deliveries, self.app.registry.backends)]))
        return queued + self.app.store.waiting.moving()

    def _result(
        self,
        messages: int,
        expected: Sequence[Notification],
        workers: Sequence[Unkillable],
        unwilling: int,
        totals: Path,
        seconds: float,
    ) -> Result:
        verdict = judge(expected, self.rehearsals)
        repeated = self._repeated(expected, verdict)
        ledger = self.app.store.ledger
        known = len(ledger.sent({one.id for one in expected}))
        sent = sum(count for (_, outcome), count in ledger.counts().items() if outcome == Outcome.SENT)
        with closing(self.app.transport()) as transport:
            dead = len(transport.dead_letters())
        counts = Counter[str]()
        for row in map(json.loads, totals.read_text("utf-8").splitlines()):
            counts.update({name: count for name, count in row.items() if name != "stage"})
        return Result(
            messages=messages,
            expected=len(expected),
            in_ledger=known,
            delivered=len(expected) - len(verdict.missing),
            lost=len(verdict.missing),
            repeated=repeated,
            copies=counts[_COPIES],
            foreign=len(verdict.surplus) - repeated + sent - known,
            left=self._left(),
            dead=dead,
            unwilling=unwilling,
            killed=sum(worker.kills for worker in workers),
            restarts=self.restarts,
            seconds=round(seconds, 1),
        )

    def _repeated(self, expected: Sequence[Notification], verdict: Verdict) -> int:
        marks = {(one.backend, self.rehearsals[one.backend].mark(one)) for one in expected}
        return sum(
            any(at == backend and mark in arrival.text for at, mark in marks) for backend, arrival in verdict.surplus
        )
