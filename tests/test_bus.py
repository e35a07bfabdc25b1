"""The consumer on a real broker: what arrives, what is set aside, and what happens when something is gone."""

import contextlib
import json
import logging
import random
import struct
import threading
import time

import pika
import pytest
from proxy import Proxy

from fmn_core.bus import Bus, read_subscription
from fmn_core.codec import MAX_MESSAGE_BYTES, decode_message
from fmn_core.config import ConsumerSettings
from fmn_core.consumer import Consumer
from fmn_core.errors import TransportError, UsageError
from fmn_core.runner import Runner
from fmn_core.transport.base import MESSAGES
from fmn_core.transport.embedded import EmbeddedTransport
from fmn_core.validation import Validator

#: seconds after which a test gives up waiting
PATIENCE = 30.0


@pytest.fixture
def opened(tmp_path):
    return lambda: EmbeddedTransport(tmp_path / "queue.sqlite")


@pytest.fixture
def transport(opened):
    with contextlib.closing(opened()) as transport:
        yield transport


def consumer(**settings):
    return Consumer(ConsumerSettings(**settings), Validator().reason)


@contextlib.contextmanager
def running(*sources, opened=None):
    """Run sources as ``fmn consumer`` does, and end them."""
    runner = Runner(opened, [], sources, rng=Hurried())
    thread = threading.Thread(target=runner.run)
    thread.start()
    try:
        yield
    finally:
        runner.stop()
        thread.join()


class Hurried(random.Random):
    """Makes every pause very short."""

    def uniform(self, low, high):
        return 0.01


def until(condition):
    """Wait until something holds, and return it."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, "waited in vain"
        threading.Event().wait(0.02)
    return found


def received(transport, count):
    found = []
    until(lambda: found.extend(transport.receive([MESSAGES], 100, timeout=0.1)) or len(found) >= count)
    return [decode_message(one.payload) for one in found]


def test_messages_of_the_bus_reach_the_queue_in_normal_form_and_are_acknowledged(bus_place, opened, transport):
    bus_place.publish("org.fedoraproject.prod.buildsys.tag", {"name": "kernel"})
    bus_place.publish("org.fedoraproject.prod.buildsys.repo.init", {})
    taking = consumer(junk=("repo.init",))
    with running(Bus(taking, opened, bus_place.configuration()), opened=opened):
        (message,) = received(transport, 1)
        until(lambda: taking.counts.total() == 2)
    assert message.id == "id of org.fedoraproject.prod.buildsys.tag"
    assert (message.topic, message.body) == ("org.fedoraproject.prod.buildsys.tag", {"name": "kernel"})
    assert taking.counts == {"queued": 1, "dropped": 1}
    assert bus_place.waiting() == 0


KOJI = {"fedora_messaging_schema": "koji_fedoramessaging.tag.TagV1", "fedora_messaging_severity": 20}
DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    ("body", "headers", "properties", "reason"),
    [
        (b"nonsense", None, {}, "on topic 'a.b': not JSON: expecting value at character 1"),
        (b'"\xff\xfe"', None, {}, "not JSON: no UTF-8 at byte 2"),
        (b"", None, {}, "not JSON: "),
        (b'{"k": NaN}', None, {}, "NaN is no JSON number"),
        (DEEP, None, {}, "nested too deep"),
        (b'{"k":' * 1000 + b"1" + b"}" * 1000, None, {}, "nested too deep"),
        (b"[1]", None, {}, "body is a list, expected an object"),
        (b'"text"', None, {}, "body is text, expected an object"),
        (b'{"k": "' + b"x" * MAX_MESSAGE_BYTES + b'"}', None, {}, "message has 4,194,313 bytes, more than 4,194,304"),
        ({}, None, {"content_encoding": "gzip"}, "content encoding 'gzip' is none of text that is known here"),
        (b"{ }", None, {"content_encoding": "utf-16"}, "not JSON: no utf-16 at byte 3"),
        (
            {},
            {"fedora_messaging_severity": 25},
            {},
            "headers.fedora_messaging_severity does not fit schema 'base.message'",
        ),
        ({}, {"fedora_messaging_schema": 5}, {}, "headers.fedora_messaging_schema does not fit schema 'base.message'"),
        ({"name": 5}, KOJI, {}, "body.name does not fit schema 'koji_fedoramessaging.tag.TagV1'"),
        ({"msg_id": "1", "msg": "text"}, None, {}, "body is text, expected an object"),
    ],
)
def test_a_bad_message_becomes_a_dead_letter_with_its_reason_and_stops_nothing(
    bus_place, opened, transport, body, headers, properties, reason
):
    bus_place.publish("a.b", body, headers, **properties)
    bus_place.publish("c.d", {"sound": True})
    with running(Bus(consumer(), opened, bus_place.configuration()), opened=opened):
        (message,) = received(transport, 1)
        (letter,) = until(transport.dead_letters)
    assert message.body == {"sound": True}
    assert reason in letter.reason
    assert len(letter.reason) < 500
    assert letter.queue == MESSAGES
    assert (body if isinstance(body, bytes) else json.dumps(body).encode()).replace(
        b" ", b""
    ) in letter.payload.replace(b" ", b"")
    assert bus_place.waiting() == 0


class Raw(bytes):
    """A value of a header as it stands on the wire."""


@pytest.fixture
def raw_headers(monkeypatch):
    """Let pika write raw values, as other libraries write what pika cannot read."""
    encode = pika.data.encode_value

    def encode_value(pieces, value):
        if not isinstance(value, Raw):
            return encode(pieces, value)
        pieces.append(bytes(value))
        return len(value)

    monkeypatch.setattr(pika.data, "encode_value", encode_value)


def nested(levels):
    """A table in a table in a table."""
    table = b"\0\0\0\0"
    for _ in range(levels):
        inner = b"\x01aF" + table
        table = struct.pack(">I", len(inner)) + inner
    return Raw(b"F" + table)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(Raw(b"T" + struct.pack(">Q", 1_700_000_000_000)), id="time in milliseconds"),
        pytest.param(nested(9000), id="tables in tables"),
    ],
)
@pytest.mark.usefixtures("raw_headers")
def test_headers_that_end_pikas_connection_end_up_as_a_dead_letter(bus_place, opened, transport, value):
    bus_place.publish("a.b", {"k": 1}, {"odd": value}, content_type="application/json", correlation_id="x")
    bus_place.publish("c.d", {"sound": True})
    with running(Bus(consumer(), opened, bus_place.configuration()), opened=opened):
        (message,) = received(transport, 1)
        (letter,) = until(transport.dead_letters)
    assert message.body == {"sound": True}
    assert letter.reason.startswith("on topic 'a.b': headers cannot be read: ")
    assert b'"id":"id of a.b"' in letter.payload


def test_odd_things_that_are_no_mistake_are_taken(bus_place, opened, transport):
    bus_place.publish("a.1", {}, {}, message_id=None, content_encoding=None)
    bus_place.publish("a.2", b"null")
    bus_place.publish("a.3", '"k"'.join("{}").replace("}", ':"é"}').encode("latin-1"), content_encoding="ISO-8859-1")
    old = {"topic": "org.fedoraproject.prod.bodhi.x", "msg_id": "2016-1", "timestamp": 1.0, "msg": {"k": 1}}
    bus_place.publish("a.4", old)
    bus_place.publish("a.5", {}, {"fedora_messaging_schema": "nobody.has.It", "list": [b"\xff", 2**40]})
    with running(Bus(consumer(), opened, bus_place.configuration()), opened=opened):
        found = received(transport, 5)
    assert [one.body for one in found] == [{}, {}, {"k": "é"}, {"k": 1}, {}]
    assert (found[3].topic, found[3].id) == ("org.fedoraproject.prod.bodhi.x", "2016-1")
    assert found[4].headers["list"] == [{"bytes": "ff"}, 2**40]
    assert transport.dead_letters() == []


class Failing(EmbeddedTransport):
    """Fails as often as it was told, then works."""

    left = 0

    def publish_all(self, outgoing):
        if type(self).left:
            type(self).left -= 1
            raise TransportError("disk full")
        super().publish_all(outgoing)


def test_what_our_queue_refuses_waits_here_and_nothing_is_lost_and_one_warning_says_so(
    bus_place, tmp_path, transport, caplog
):
    for number in range(300):
        bus_place.publish(f"n.{number}", {})
    Failing.left = 5
    taking = consumer()
    opened = lambda: Failing(tmp_path / "queue.sqlite")  # noqa: E731 - a factory
    bus = Bus(taking, opened, bus_place.configuration(), rng=Hurried())
    with running(bus, opened=opened):
        assert [one.topic for one in received(transport, 300)] == [f"n.{number}" for number in range(300)]
    assert taking.counts == {"queued": 300}
    assert bus_place.waiting() == 0
    assert Failing.left == 0
    warnings = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert [text.partition(";")[0] for text in warnings] == [
        "taking messages from the bus stopped: disk full",
        "taking messages from the bus works again after 5 failed attempts",
    ]


def test_a_stop_while_our_queue_refuses_leaves_the_messages_on_the_bus(bus_place, tmp_path):
    bus_place.publish("a.b", {})
    Failing.left = 1_000_000
    opened = lambda: Failing(tmp_path / "queue.sqlite")  # noqa: E731 - a factory
    with running(Bus(consumer(), opened, bus_place.configuration(), rng=Hurried()), opened=opened):
        until(lambda: Failing.left < 1_000_000)
    until(lambda: bus_place.waiting() == 1)


def test_a_broker_that_goes_away_and_comes_back_is_one_incident_and_nothing_is_lost(
    bus_place, opened, transport, caplog
):
    parameters = pika.URLParameters(bus_place.url)
    with Proxy(parameters.host, parameters.port) as proxy:
        configuration = bus_place.configuration(amqp_url=proxy.url(bus_place.url))
        with running(Bus(consumer(), opened, configuration), opened=opened):
            bus_place.publish("n.0", {})
            assert received(transport, 1)[0].topic == "n.0"
            proxy.cut()
            bus_place.publish("n.1", {})
            until(lambda: "bus stopped: broker 127.0.0.1" in caplog.text)
            proxy.mend()
            bus_place.publish("n.2", {})
            assert {one.topic for one in received(transport, 2)} >= {"n.1", "n.2"}
    warnings = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert len(warnings) == 2
    assert warnings[1].startswith("bus works again after")


def test_a_broker_that_is_not_there_at_first_is_waited_for(bus_place, opened, transport):
    parameters = pika.URLParameters(bus_place.url)
    bus_place.publish("a.b", {})
    with Proxy(parameters.host, parameters.port) as proxy:
        proxy.cut()
        configuration = bus_place.configuration(amqp_url=proxy.url(bus_place.url))
        with running(Bus(consumer(), opened, configuration), opened=opened):
            proxy.mend()
            assert received(transport, 1)[0].topic == "a.b"


def test_a_missing_configuration_is_one_sentence(tmp_path):
    with pytest.raises(UsageError, match=r"bus configuration '.*nowhere.toml' does not exist"):
        Bus(consumer(), lambda: None, tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("amqp_url = 'amqp://'\nqueues = 5\n", "is wrong: "),
        ("whatever = 1\n", "whatever"),
        ("no toml", "is wrong: "),
        ("qos = 5\n", "qos: "),
    ],
)
def test_a_wrong_configuration_is_one_sentence(tmp_path, text, said):
    path = tmp_path / "bus.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"bus configuration '.*bus.toml' ") as caught:
        Bus(consumer(), lambda: None, path)
    assert said in str(caught.value)


def test_without_a_path_the_library_finds_the_file_or_its_defaults(tmp_path, monkeypatch, bus_place):
    monkeypatch.setenv("FEDORA_MESSAGING_CONF", str(bus_place.configuration(qos={"prefetch_count": 7})))
    assert read_subscription(None).qos.prefetch_count == 7
    monkeypatch.setenv("FEDORA_MESSAGING_CONF", str(tmp_path / "nowhere.toml"))
    assert read_subscription(None).keys_of("") == [("amq.topic", "#")]
