"""Processes on a broker whose servers go away, and messages that kill: workers wait, go on, and lose nothing."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from numbers_place import NumbersPlace, wanted, wish
from processes import Running, children, eventually
from proxy import Proxy
from rabbit import Rabbit

from fmn_core.app import Application
from fmn_core.bench.crash import calm_run
from fmn_core.cli import group
from fmn_core.model import Outcome
from fmn_core.transport import open_transport
from fmn_core.transport.amqp.inbox import CROWD
from fmn_core.transport.base import MESSAGES, MOST_LOSSES

Assemble = Callable[..., Application]
Start = Callable[..., Running]


def _behind(proxy: Proxy, url: str) -> dict[str, Any]:
    return {"transport": {"url": proxy.url(url)}}


@pytest.fixture
def proxy(rabbit: Rabbit) -> Iterator[Proxy]:
    """What stands between the processes of a test and their broker."""
    with Proxy("127.0.0.1", rabbit.port) as one:
        yield one


def feed(url: str, path: Path) -> None:
    """Queue messages, whatever stands between others and the broker."""
    with contextlib.closing(open_transport(url)) as transport:
        transport.publish(MESSAGES, path.read_bytes().splitlines())


def warnings(running: Running, name: str) -> list[str]:
    """Return what a process has said about a stage of its own."""
    return [line for line in running.said if f": {name} " in line]


def test_a_worker_waits_for_a_broker_that_is_down_and_goes_on_when_it_comes(
    assemble: Assemble, messages: Callable[[int], Path], numbers_place: NumbersPlace, vhost: str, proxy: Proxy,
    start: Start,
) -> None:  # fmt: skip
    proxy.cut()
    assemble(_behind(proxy, vhost))
    worker, delivery = start("worker"), start("deliver", "--json")
    for running, name in ((worker, "worker"), (delivery, "delivery of crash")):
        [line] = eventually(lambda running=running, name=name: warnings(running, name))
        assert f"{name} stopped: broker 127.0.0.1:{proxy.port}: it cannot be reached: Connection refused" in line
        assert "next attempt in 0." in line
    proxy.mend()
    feed(vhost, messages(200))
    eventually(lambda: numbers_place.sent().total() == wanted(200) and warnings(delivery, "delivery of crash")[1:])
    assert (worker.end(), delivery.end()) == (0, 0)
    assert delivery.rows == [{"stage": "delivery of crash", "sent": wanted(200), "repeated": 0}]
    assert [line for line in worker.said if "WARNING" in line] == warnings(worker, "worker"), "one incident, one voice"
    assert len(warnings(worker, "worker")) == 2


def test_with_the_broker_away_in_between_everything_arrives_once(
    assemble: Assemble, messages: Callable[[int], Path], numbers_place: NumbersPlace, vhost: str, proxy: Proxy,
    start: Start,
) -> None:  # fmt: skip
    app = assemble(_behind(proxy, vhost))
    start("worker")
    start("deliver")
    feed(vhost, messages(5000))
    for _ in range(2):
        before = len(numbers_place.sent())
        eventually(lambda before=before: len(numbers_place.sent()) > before)
        proxy.cut()
        proxy.mend()
    eventually(lambda: len(numbers_place.sent()) == wanted(5000))
    assert set(numbers_place.sent().values()) == {1}
    eventually(lambda: app.store.ledger.counts() == {("crash", Outcome.SENT): wanted(5000)})


def test_with_a_full_disk_from_the_start_everything_waits_and_then_arrives_once(
    assemble: Assemble, messages: Callable[[int], Path], numbers_place: NumbersPlace, rabbit: Rabbit, vhost: str,
    start: Start,
) -> None:  # fmt: skip
    assemble({"transport": {"url": vhost}})
    feed(vhost, messages(300))
    rabbit.fill_disk()
    try:
        worker, delivery = start("worker"), start("deliver")
        eventually(lambda: [line for line in worker.said if "takes no messages until its alarm is over" in line])
        assert numbers_place.sent() == {}
    finally:
        rabbit.empty_disk()
    eventually(lambda: len(numbers_place.sent()) == wanted(300))
    assert set(numbers_place.sent().values()) == {1}
    assert (worker.end(), delivery.end()) == (0, 0)
    told = {line.partition("WARNING")[2] for line in worker.said if "WARNING" in line}
    assert len(told) == 2, "when it began, and when it was over"


def test_a_message_that_kills_becomes_a_letter_and_the_pool_lives(
    assemble: Assemble, messages: Callable[[int], Path], numbers_place: NumbersPlace, vhost: str, start: Start
) -> None:
    app = assemble({"transport": {"url": vhost}})
    expected = {one.id for one in calm_run(app, messages(300).read_bytes().splitlines())}
    app.store.preferences.save(wish("eve", 151, "eve", rule="crash_deadly"))
    supervisor, _ = start("worker", "--processes", "2"), start("deliver")
    with contextlib.closing(open_transport(vhost)) as transport:
        feed(vhost, messages(300))
        [letter] = eventually(transport.dead_letters)
    assert letter.queue == MESSAGES
    assert letter.reason == f"{MOST_LOSSES + 1} processes died while they held it"
    assert json.loads(letter.payload)["id"] == "m151"
    eventually(lambda: set(numbers_place.sent()) == expected)
    assert set(numbers_place.sent().values()) == {1}
    eventually(lambda: len(children(supervisor.process.pid)) == 2)
    assert supervisor.end() == 0


def test_dead_letters_on_a_broker_are_listed_shown_replayed_and_dropped(
    numbers_place: NumbersPlace, assemble: Assemble, vhost: str
) -> None:
    assemble({"transport": {"url": vhost}})

    def fmn(*arguments: str) -> list[dict[str, Any]]:
        done = CliRunner().invoke(group, ["--config", str(numbers_place.configuration), "dead", *arguments, "--json"])
        assert done.exit_code == 0, done.output
        return [json.loads(line) for line in done.stdout.splitlines()]

    with contextlib.closing(open_transport(vhost)) as transport:
        for number in range(3):
            transport.bury(MESSAGES, b'{"number": %d}' % number, f"reason {number}")
        first, second, third = fmn("list")
        assert [one["reason"] for one in (first, second, third)] == ["reason 0", "reason 1", "reason 2"]
        assert {one["queue"] for one in (first, second, third)} == {MESSAGES}
        assert fmn("show", second["id"]) == [{**second, "payload": {"number": 1}}]
        assert fmn("replay", first["id"]) == [{"replayed": 1}]
        assert fmn("drop", second["id"]) == [{"dropped": 1}]
        assert fmn("list") == [third]
        [back] = transport.receive([MESSAGES], 10, timeout=20)
        assert back.payload == b'{"number": 0}'
        transport.ack([back])


# The database is away.


@pytest.fixture
def database(postgres: str) -> Iterator[Proxy]:
    """What stands between the processes of a test and their PostgreSQL."""
    place = urlsplit(postgres)
    with Proxy(str(place.hostname), place.port or 5432) as one:
        yield one


def test_with_the_database_away_workers_go_on_and_delivery_waits_and_loses_nothing(
    assemble: Assemble, messages: Callable[[int], Path], numbers_place: NumbersPlace, vhost: str, postgres: str,
    database: Proxy, start: Start,
) -> None:  # fmt: skip
    assemble({"transport": {"url": vhost}, "store": {"url": database.url(postgres)}}).store.close()
    worker, delivery = start("worker", "--json"), start("--debug", "deliver", "--json")
    feed(vhost, messages(50))
    eventually(lambda: len(numbers_place.sent()) == wanted(50))
    database.cut()
    path = messages(1000)
    feed(vhost, path)
    with contextlib.closing(open_transport(vhost)) as transport:
        eventually(lambda: transport.depth(MESSAGES) == 0)
        eventually(lambda: len(_attempts(delivery)) > CROWD + 1)
        assert transport.dead_letters() == []
    database.mend()
    eventually(lambda: len(numbers_place.sent()) == wanted(1000))
    assert set(numbers_place.sent().values()) == {1}
    assert (worker.end(), delivery.end()) == (0, 0)
    assert worker.rows[0]["matched"] >= 1000
    assert [line.split()[2] for line in _attempts(delivery)].count("WARNING") == 1, "one incident, one line"


def test_with_redis_away_workers_go_on(
    assemble: Assemble, messages: Callable[[int], Path], numbers_place: NumbersPlace, vhost: str, redis_url: str,
    start: Start,
) -> None:  # fmt: skip
    place = urlsplit(redis_url)
    with Proxy(str(place.hostname), place.port or 6379) as proxy:
        assemble({"transport": {"url": vhost}, "redis": {"url": proxy.url(redis_url)}})
        worker, delivery = start("worker"), start("deliver")
        feed(vhost, messages(50))
        eventually(lambda: len(numbers_place.sent()) == wanted(50))
        proxy.cut()
        feed(vhost, messages(500))
        eventually(lambda: len(numbers_place.sent()) == wanted(500))
        assert (worker.end(), delivery.end()) == (0, 0)
    assert set(numbers_place.sent().values()) == {1}


def _attempts(running: Running) -> list[str]:
    return [line for line in warnings(running, "delivery of crash") if " stopped: " in line]
