"""The consumer of a real broker, with fedora-messaging's own configuration file."""

import contextlib
import json
import os
import threading
import uuid

import pika
import pytest

from fmn_core.bus import Bus
from fmn_core.config import ConsumerSettings
from fmn_core.consumer import Consumer
from fmn_core.errors import TransportError, UsageError
from fmn_core.transport.base import MESSAGES
from fmn_core.transport.embedded import EmbeddedTransport

URL = os.environ.get("FMN_TEST_AMQP", "amqp://guest:guest@127.0.0.1:5672/%2F")

CONFIGURATION = """
amqp_url = "{url}"
passive_declares = false

[[bindings]]
queue = "{name}"
exchange = "{name}"
routing_keys = ["#"]

[exchanges.{name}]
type = "topic"
durable = false
auto_delete = true
arguments = {{}}

[queues.{name}]
durable = false
auto_delete = false
exclusive = false
arguments = {{}}
"""


@pytest.fixture(scope="module")
def broker():
    try:
        connection = pika.BlockingConnection(pika.URLParameters(URL))
    except pika.exceptions.AMQPError as error:
        if os.environ.get("FMN_TEST_REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(f"no broker answers at FMN_TEST_AMQP: {error!r}")
    yield connection
    connection.close()


@pytest.fixture
def place(broker, tmp_path):
    """A queue and an exchange of this test alone, and the configuration that leads to them."""
    name = f"fmn-test-{uuid.uuid4().hex}"
    channel = broker.channel()
    channel.exchange_declare(name, "topic", auto_delete=True)
    channel.queue_declare(name)
    channel.queue_bind(name, name, "#")
    path = tmp_path / "bus.toml"
    path.write_text(CONFIGURATION.format(url=URL, name=name))
    yield channel, name, path
    channel.queue_delete(name)
    channel.close()


def publish(channel, name, topic, body):
    headers = {"fedora_messaging_schema": "base.message", "fedora_messaging_severity": 20}
    properties = pika.BasicProperties(message_id=f"id of {topic}", headers=headers, content_encoding="utf-8")
    channel.basic_publish(name, topic, json.dumps(body).encode(), properties)


@contextlib.contextmanager
def running(bus):
    stop, failures = threading.Event(), []

    def run():
        try:
            bus.run(stop, lambda: None)
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield failures
    finally:
        stop.set()
        thread.join()


def test_messages_of_the_bus_reach_the_queue_and_are_acknowledged(place, tmp_path):
    channel, name, configuration = place
    opened = lambda: EmbeddedTransport(tmp_path / "queue.sqlite")  # noqa: E731 - a factory for two uses
    publish(channel, name, "org.fedoraproject.prod.buildsys.tag", {"name": "kernel"})
    publish(channel, name, "org.fedoraproject.prod.buildsys.repo.init", {})
    publish(channel, name, "org.fedoraproject.prod.odd", {"value": float("nan")})
    consumer = Consumer(ConsumerSettings(junk=("repo.init",)))
    with contextlib.closing(opened()) as transport, running(Bus(consumer, opened, configuration)) as failures:
        received = transport.receive([MESSAGES], 1, timeout=20) + transport.receive([MESSAGES], 1, timeout=20)
    assert failures == []
    sound, odd = (envelope.payload for envelope in received)
    message = json.loads(sound)
    assert message["id"] == "id of org.fedoraproject.prod.buildsys.tag"
    assert (message["topic"], message["body"]) == ("org.fedoraproject.prod.buildsys.tag", {"name": "kernel"})
    assert b"NaN" in odd
    assert consumer.counts == {"queued": 1, "dropped": 1, "malformed": 1}
    assert channel.queue_declare(name, passive=True).method.message_count == 0


class Broken(EmbeddedTransport):
    """Refuses the first work it gets."""

    refused = threading.Event()

    def publish(self, queue, payloads):
        if not self.refused.is_set():
            self.refused.set()
            raise TransportError("disk full")
        super().publish(queue, payloads)


class NoChance:
    def uniform(self, low, high):
        return 0.0


def test_a_message_that_our_queue_refuses_goes_back_and_comes_again(place, tmp_path, caplog):
    channel, name, configuration = place
    publish(channel, name, "org.fedoraproject.prod.buildsys.tag", {})
    opened = lambda: Broken(tmp_path / "queue.sqlite")  # noqa: E731 - a factory for two uses
    bus = Bus(Consumer(ConsumerSettings()), opened, configuration, rng=NoChance())
    with contextlib.closing(opened()) as transport, running(bus):
        assert len(transport.receive([MESSAGES], 1, timeout=20)) == 1
    assert Broken.refused.is_set()
    assert [r.getMessage() for r in caplog.records if r.name == "fmn_core.bus"] == [
        "message id of org.fedoraproject.prod.buildsys.tag goes back to the bus in 0.0 s: disk full"
    ]


def test_a_missing_configuration_is_one_sentence(tmp_path):
    with pytest.raises(UsageError, match=r"bus configuration '.*nowhere.toml' does not exist"):
        Bus(Consumer(ConsumerSettings()), lambda: None, tmp_path / "nowhere.toml")


def test_a_wrong_configuration_is_one_sentence(tmp_path):
    path = tmp_path / "bus.toml"
    path.write_text("amqp_url = 'amqp://'\nqueues = 5\nwhatever = 1\n")
    with pytest.raises(UsageError, match=r"bus configuration '.*bus.toml' is wrong: .*whatever"):
        Bus(Consumer(ConsumerSettings()), lambda: None, path)
