"""Measures a mass rebuild: thousands of builds within a minute, and preferences changed in its midst. Floor F4.

Two people are watched. One follows every build and switches that off in the midst; the other begins to follow them
then. When the change is in force is read from the messages: from the last one that was treated as before.
"""

from __future__ import annotations

import http.client
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import tomli_w

from fmn_core.app import Application
from fmn_core.clerk import CLERK
from fmn_core.codec import decode_notification
from fmn_core.config import Settings
from fmn_core.errors import FmnError
from fmn_core.following import Follower
from fmn_core.herald import CHANGES
from fmn_core.matching import IndexMatcher, notifications
from fmn_core.model import Destination, Filter, Message, Notification, Preference, RuleUse, User
from fmn_core.snapshot import Snapshot
from fmn_core.transport.amqp.removal import remove
from fmn_core.transport.base import MESSAGES, deliveries

from . import ownership
from .filling import fill
from .measure import everybody
from .people import BACKEND, GROUP_SIZE, GROUPS, People
from .pipeline import instance
from .processes import Unkillable, running

TOPIC = "org.fedoraproject.prod.buildsys.build.state.change"
#: who stops to follow every build in the midst, and who begins
LEAVING, COMING = "leaving", "coming"
FOLLOWING = Filter("", "every build", (RuleUse("koji_build_completed"),))
#: what no build of a rebuild that goes well is
IDLE = Filter("", "builds that fail", (RuleUse("koji_build_failed"),))
#: batches of messages a second
BATCHES_A_SECOND = 20
#: notifications taken at once
TAKEN = 1000
#: seconds until workers have to be ready, and until everything has to have arrived once all is fed
PATIENCE = 120.0
#: seconds between two looks
TICK = 0.1


@dataclass(frozen=True)
class Result:
    """What became of a mass rebuild.

    :param notifications: of people whose preferences did not change
    :param lost: of these, how many did not arrive
    :param max_depth: of the queue of messages
    :param max_notifications_depth: of the second queue
    :param max_rss_mb: most memory of each worker
    :param grown_mb: how much more that was than when it was ready
    :param in_force_messages: the last message that was treated as before came so many after the change
    :param in_force_seconds: it came so many seconds after the change
    """

    messages: int
    users: int
    workers: int
    seconds: float
    messages_per_second: float
    notifications: int
    lost: int
    max_depth: int
    max_notifications_depth: int
    max_rss_mb: Sequence[float]
    grown_mb: Sequence[float]
    in_force_messages: int
    in_force_seconds: float

    @property
    def right(self) -> bool:
        """Whether nothing was lost, and the change was in force within a second."""
        return not self.lost and self.in_force_seconds <= 1


@dataclass
class Watch:
    """What is seen while it runs."""

    depth: int = 0
    notifications_depth: int = 0
    arrived: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, set[int]] = field(default_factory=lambda: {LEAVING: set(), COMING: set()})

    def take(self, one: Notification) -> None:
        """Note a notification."""
        if one.user in self.numbers:
            self.numbers[one.user].add(int(one.message_id))
        else:
            self.arrived[one.id] += 1


def measure_rebuild(settings: Settings, broker: str, messages: int, users: int, workers: int, rate: float) -> Result:
    """Let builds come in at a rate, and change two preferences in the midst.

    :param settings: whose ``[plugins]`` and kind of queues count
    :param broker: URL of RabbitMQ
    :raises TransportError: if the broker cannot be used
    """
    with instance(settings, broker) as app:
        app.transport().close()  # before anything is made up for a broker that is not there
        try:
            return Rebuild(app, messages, users, workers, rate).run()
        finally:
            held = (CHANGES, CLERK, app.shelf.role)
            remove(broker, app.settings.transport.prefix, [MESSAGES, deliveries(BACKEND)], held)


class Rebuild:
    """One run.

    :param app: an instance of its own
    """

    def __init__(self, app: Application, messages: int, users: int, workers: int, rate: float) -> None:
        self._app, self._count, self._users, self._workers, self._rate = app, messages, users, workers, rate
        self._watch = Watch()
        self._sent_at: list[float] = []
        self._expected: set[str] = set()
        self._fill(random.Random(1))

    def _fill(self, rng: random.Random) -> None:
        """Make people, who maintains what, and builds; and match these, as workers must."""
        registry, folder = self._app.registry, self._app.settings.data_dir
        owners = ownership.made_up(rng)
        names = everybody(owners, self._users)
        groups = {f"group{n}": rng.sample(names[:1000], min(GROUP_SIZE, len(names))) for n in range(GROUPS)}
        data = ownership.lookup_data(owners, groups)
        roles = {package: dict(people) for package, people in data.maintainers.items()}
        (folder / "ownership.toml").write_text(tomli_w.dumps({"maintainers": roles, "groups": groups}), "utf-8")
        fill(
            self._app.settings.store_url,
            People(names, list(owners), registry.defaults, registry.rules).preferences(rng),
        )
        matcher = IndexMatcher(registry.rules, Snapshot([data]))
        Follower(self._app.store.preferences, matcher).refresh()
        for name, one in ((LEAVING, FOLLOWING), (COMING, IDLE)):
            self._app.store.preferences.save(User(name, (_preference(name, one),)))
        packages = [name for name, people in owners.items() if people]
        self._messages = [_build(number, rng.choice(packages)) for number in range(self._count)]
        for message in map(registry.summaries.describe, self._messages):
            self._expected |= {one.id for one in notifications(message, matcher.match(message))}

    def run(self) -> Result:
        """Run."""
        configuration = self._app.settings.data_dir / "fmn.toml"
        ports = _free_ports(self._workers)
        commands = [("worker", "--monitoring", f"127.0.0.1:{port}") for port in ports]
        stop = threading.Event()
        with running(configuration, commands) as workers, ExitStack() as stack:
            for port in ports:
                _wait(partial(_is_ready, port))
            at_first = [_memory(one, "VmRSS") for one in workers]
            for look in (self._count_arrivals, self._look_at_depths):
                thread = threading.Thread(target=look, args=(stop,), daemon=True)
                thread.start()
                stack.callback(thread.join)
            stack.callback(stop.set)
            began = time.monotonic()
            changed = self._feed()
            _wait(lambda: self._expected <= set(self._watch.arrived))
            seconds = time.monotonic() - began
            stop.wait(1)
            most = [_memory(one, "VmHWM") for one in workers]
        return self._result(seconds, at_first, most, changed)

    def _feed(self) -> tuple[int, float]:
        """Hand messages in as they happen, and return before which of them the preferences were changed, and when."""
        consumer, size = self._app.consumer(archive=False), max(1, round(self._rate / BATCHES_A_SECOND))
        changed = (0, 0.0)
        due = time.monotonic()
        with closing(self._app.transport()) as transport:
            for begin in range(0, self._count, size):
                if not changed[0] and begin >= self._count // 2:
                    self._change()
                    changed = (begin, time.time())
                now = datetime.now(UTC)
                batch = [replace(one, sent_at=now) for one in self._messages[begin : begin + size]]
                self._sent_at += [now.timestamp()] * len(batch)
                consumer.handle(transport, batch)
                due += len(batch) / self._rate
                time.sleep(max(0.0, due - time.monotonic()))
        return changed

    def _change(self) -> None:
        preferences = self._app.store.preferences
        [leaving], [coming] = (preferences.user(name).preferences for name in (LEAVING, COMING))
        preferences.save(User(LEAVING, (replace(leaving, enabled=False),)))
        preferences.save(User(COMING, (replace(coming, filters=(*coming.filters, FOLLOWING)),)))

    def _count_arrivals(self, stop: threading.Event) -> None:
        queue = deliveries(BACKEND)
        with closing(self._app.transport()) as transport:
            while not stop.is_set():
                taken = transport.receive([queue], TAKEN, timeout=TICK)
                for envelope in taken:
                    self._watch.take(decode_notification(envelope.payload))
                transport.ack(taken)

    def _look_at_depths(self, stop: threading.Event) -> None:
        watch = self._watch
        with closing(self._app.transport()) as transport:
            while not stop.wait(TICK):
                watch.depth = max(watch.depth, transport.depth(MESSAGES))
                watch.notifications_depth = max(watch.notifications_depth, transport.depth(deliveries(BACKEND)))

    def _result(
        self, seconds: float, at_first: Sequence[float], most: Sequence[float], changed: tuple[int, float]
    ) -> Result:
        number, moment = changed
        everyone = set(range(number, self._count))
        late = everyone & self._watch.numbers[LEAVING] | everyone - self._watch.numbers[COMING]
        last = max(late, default=number)
        return Result(
            messages=self._count,
            users=self._users,
            workers=self._workers,
            seconds=round(seconds, 1),
            messages_per_second=round(self._count / seconds, 1),
            notifications=len(self._expected),
            lost=len(self._expected - set(self._watch.arrived)),
            max_depth=self._watch.depth,
            max_notifications_depth=self._watch.notifications_depth,
            max_rss_mb=most,
            grown_mb=[round(now - then, 1) for now, then in zip(most, at_first, strict=True)],
            in_force_messages=last - number,
            in_force_seconds=round(max(0.0, self._sent_at[last] - moment), 2),
        )


def _preference(name: str, one: Filter) -> Preference:
    return Preference("", name, BACKEND, True, (Destination(f"{name}@example.org", confirmed=True),), (one,))


def _build(number: int, package: str) -> Message:
    body = {
        "attribute": "state", "old": 0, "new": 1, "name": package, "version": "1", "release": "2.fc44", "epoch": None,
        "owner": "releng", "build_id": number, "task_id": number, "instance": "primary", "request": [f"git#{number}"],
    }  # fmt: skip
    return Message(str(number), TOPIC, body)


def _memory(process: Unkillable, what: str) -> float:
    """Return memory of a process in MB, as Linux tells it."""
    lines = Path(f"/proc/{process.pid}/status").read_text("utf-8").splitlines()
    [line] = [line for line in lines if line.startswith(f"{what}:")]
    return round(int(line.split()[1]) / 1024, 1)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        doors = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [door.getsockname()[1] for door in doors]


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with suppress(ConnectionRefusedError), closing(connection):
        connection.request("GET", "/healthz/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    return False


def _wait(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            raise FmnError(f"the workers are not done within {PATIENCE:.0f} s")
        time.sleep(TICK)
