"""Measures the way of messages through a real broker, row by row: who matches, and with how many workers. Floor F4.

In each row the same messages wait on the bus; a consumer brings them in, worker processes match them, and what arrives
at the end of the second queue is counted. The clock runs from the consumer's start to the last notification counted.
"""

from __future__ import annotations

import itertools
import random
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from fmn_core.app import Application
from fmn_core.codec import dumps, encode_message, encode_notification
from fmn_core.config import Settings, load_settings
from fmn_core.following import Follower
from fmn_core.matching import IndexMatcher, notifications
from fmn_core.model import Message, Notification
from fmn_core.schemas import PLAIN_SCHEMA, SCHEMA_HEADER
from fmn_core.snapshot import Snapshot
from fmn_core.transport.amqp.removal import remove
from fmn_core.transport.base import MESSAGES, Outgoing, deliveries
from fmn_core.wire import Delivered, decode_delivered

from . import locked, ownership, traffic
from .filling import fill
from .flow import Depth, Flow, flow
from .measure import everybody
from .people import BACKEND, GROUP_SIZE, GROUPS, People
from .pool import INDEX, LINEAR, NONE, Effort, Job, pool, read_ownership, write_outputs, write_ownership

MATCHERS = (LINEAR, INDEX, NONE)
#: rows of the algorithm of 2016 are cut to so many users asked in all, so that one takes less than a minute
LINEAR_ASKED = 150_000
FEWEST = 5
#: where a Redis of one's own usually is
REDIS = "redis://127.0.0.1:6379/0"


@dataclass(frozen=True)
class Row:
    """What ``fmn bench pipeline`` prints of one run.

    :param workers: 0 is the architecture with one process, which matches what it takes in
    :param lasted_seconds: from the start of the consumer to the last notification counted
    :param max_depth: of the queue of messages
    :param cpu_us_per_message: of all workers together
    :param max_rss_mb: of the largest worker
    :param lost: notifications that did not arrive
    :param repeated: notifications that arrived again
    """

    matcher: str
    workers: int
    users: int
    messages: int
    notifications: int
    lasted_seconds: float
    max_depth: int
    messages_per_second: float
    cpu_us_per_message: float
    max_rss_mb: float
    lost: int
    repeated: int


class Load:
    """The people and the messages of all rows, in a folder, and what has to come of each message.

    :param app: an instance of its own
    """

    def __init__(self, app: Application, users: int, messages: int, seed: int) -> None:
        folder = app.settings.data_dir
        self.users, self.app = users, app
        self.ownership, self.outputs = folder / "ownership.json", folder / "outputs.json"
        rng = random.Random(seed)
        owners = ownership.made_up(rng)
        names = everybody(owners, users)
        groups = {f"group{n}": rng.sample(names[:1000], min(GROUP_SIZE, len(names))) for n in range(GROUPS)}
        write_ownership(self.ownership, ownership.lookup_data(owners, groups))
        people = People(names, list(owners), app.registry.defaults, app.registry.rules)
        fill(app.settings.store_url, people.preferences(rng))
        made = itertools.islice(traffic.made_up(traffic.World(owners, rng)), messages)
        self.messages = list(map(_on_the_bus, made))
        self._queued = self._match()
        outputs = {payload: [_outgoing(one) for one in some] for payload, some in self._queued.items()}
        write_outputs(self.outputs, outputs)

    def _match(self) -> dict[bytes, list[Notification]]:
        """Match here, as the rows must: what the consumer queues of each message -> what comes of it."""
        registry = self.app.registry
        matcher = IndexMatcher(registry.rules, Snapshot([read_ownership(self.ownership)]))
        Follower(self.app.store.preferences, matcher).refresh()
        found: dict[bytes, list[Notification]] = {}
        for message in map(decode_delivered, self.messages):
            described = registry.summaries.describe(message)
            found[encode_message(message)] = notifications(described, matcher.match(described))
        return found

    def first(self, count: int) -> tuple[Sequence[Delivered], list[Notification]]:
        """Return some messages, and all that has to come of them."""
        chosen = itertools.islice(self._queued.values(), count)
        return self.messages[:count], [one for some in chosen for one in some]


def _on_the_bus(message: Message) -> Delivered:
    headers = {SCHEMA_HEADER: PLAIN_SCHEMA, **message.headers}
    return Delivered(0, message.topic, dumps(message.body), message.id, headers, "utf-8", "application/json")


def _outgoing(one: Notification) -> Outgoing:
    return deliveries(one.backend), encode_notification(one)


def measure_pipeline(
    settings: Settings,
    broker: str,
    workers: Sequence[int],
    users: int,
    messages: int,
    matcher: str | None = None,
    seed: int = 1,
) -> Iterator[tuple[Row, Sequence[Depth]]]:
    """Run row after row: what came of it, and how deep the queues were meanwhile.

    :param settings: whose ``[plugins]``, ``[redis]`` and kind of queues count
    :param broker: URL of RabbitMQ
    :param matcher: only the rows of this one; None for all
    :raises TransportError: if the broker cannot be used
    """
    with instance(settings, broker) as app:
        load = Load(app, users, messages, seed)
        for name, count in _rows(workers, matcher):
            yield _measure(load, name, count, settings.redis.url or REDIS)


def _rows(workers: Sequence[int], matcher: str | None) -> list[tuple[str, int]]:
    alone = [(LINEAR, 0)] if matcher in (None, LINEAR) else []
    return [*alone, *((name, count) for name in MATCHERS if matcher in (None, name) for count in workers)]


@contextmanager
def instance(settings: Settings, broker: str) -> Iterator[Application]:
    """Make an instance with a store and queues of its own, and remove both in the end."""
    prefix = f"fmn-bench-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory(prefix="fmn-bench-") as folder:
        raw = {
            "data_dir": ".",
            "archive": {"keep_days": 0},  # what is measured is the way of a message to people
            "transport": {"url": broker, "prefix": prefix, "queues": settings.transport.queues},
            "plugins": settings.plugins.model_dump(mode="json"),
        }
        _path(Path(folder)).write_text(tomli_w.dumps(raw), "utf-8")
        with closing(Application(load_settings(_path(Path(folder)), {}), ("fmn.rules",))) as app:
            try:
                yield app
            finally:
                remove(broker, prefix, [MESSAGES, deliveries(BACKEND)])


def _path(folder: Path) -> Path:
    return folder / "fmn.toml"


def _measure(load: Load, matcher: str, workers: int, redis: str) -> tuple[Row, Sequence[Depth]]:
    count = len(load.messages)
    if matcher == LINEAR:
        count = min(count, max(FEWEST, LINEAR_ASKED // load.users))
    messages, expected = load.first(count)
    configuration, prefix = _path(load.app.settings.data_dir), load.app.settings.transport.prefix
    if matcher == LINEAR and workers:
        locked.share(redis, prefix, read_ownership(load.ownership))
    job = Job(configuration, matcher, not workers, load.ownership, load.outputs, (redis, prefix))
    try:
        with pool(job, workers or 1) as at_work:
            seen = flow(configuration, messages, len(expected))
            at_work.end()
    finally:
        if matcher == LINEAR and workers:
            locked.forget(redis, prefix)
    return _row(load, matcher, workers, count, expected, seen, at_work.efforts), seen.depths


def _row(
    load: Load,
    matcher: str,
    workers: int,
    messages: int,
    expected: list[Notification],
    seen: Flow,
    efforts: list[Effort],
) -> Row:
    wanted = Counter(one.id for one in expected)
    return Row(
        matcher=matcher,
        workers=workers,
        users=load.users,
        messages=messages,
        notifications=len(expected),
        lasted_seconds=round(seen.lasted, 3),
        max_depth=max((depth.messages for depth in seen.depths), default=0),
        messages_per_second=round(messages / seen.lasted, 2),
        cpu_us_per_message=round(sum(effort.cpu_seconds for effort in efforts) / messages * 1e6, 1),
        max_rss_mb=max(effort.max_rss_mb for effort in efforts),
        lost=(wanted - seen.arrived).total(),
        repeated=(seen.arrived - wanted).total(),
    )
