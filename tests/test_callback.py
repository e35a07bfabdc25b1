"""The library's own programs at both ends: ``fedora-messaging publish``, and ``consume`` with our callback."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest
from fedora_messaging.exceptions import HaltConsumer, Nack

from fmn_core.bench.koji import SCHEMA, TOPIC, build
from fmn_core.bus import Bus
from fmn_core.callback import Callback
from fmn_core.codec import decode_message
from fmn_core.config import ConsumerSettings
from fmn_core.consumer import Consumer
from fmn_core.errors import TransportError, UsageError
from fmn_core.runner import Runner
from fmn_core.transport.base import MESSAGES
from fmn_core.transport.embedded import EmbeddedTransport
from fmn_core.validation import Validator

PROGRAM = [sys.executable, "-c", "from fedora_messaging.cli import cli; cli()"]
CONSUME = ["consume", "--callback=fmn_core.callback:Callback"]
PATIENCE = 60


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """A configuration of FMN for processes, and its queue."""
    path = tmp_path / "fmn.toml"
    path.write_text('data_dir = "data"\n[consumer]\njunk = [".repo.init"]\n')
    monkeypatch.setenv("FMN_CONFIG", str(path))
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "queue.sqlite"


def dumped(topic, body, schema, key):
    """Return a message in the form of a file for ``fedora-messaging publish``."""
    headers = {
        "fedora_messaging_schema": schema,
        "fedora_messaging_severity": 20,
        "sent-at": "2026-01-01T00:00:00+00:00",
    }
    return {"topic": topic, "headers": headers, "id": key, "body": body, "queue": "q"}


def publish(place, configuration, *messages):
    """Publish with the library."""
    path = configuration.with_name("messages.jsonl")
    path.write_text("".join(json.dumps(one) + "\n" for one in messages))
    command = [*PROGRAM, "--conf", str(configuration), "publish", "--exchange", place.name, str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)


KOJI = dumped(TOPIC, build(1, random.Random(1)), SCHEMA, "11111111-1111-4111-8111-111111111111")
JUNK = dumped("org.fedoraproject.prod.buildsys.repo.init", {}, "base.message", "22222222-1111-4111-8111-111111111111")


def received(path, count):
    """Return messages of the queue once they are there."""
    end = time.monotonic() + PATIENCE
    found = []
    with contextlib.closing(EmbeddedTransport(path)) as transport:
        while len(found) < count:
            assert time.monotonic() < end, "waited in vain"
            found += transport.receive([MESSAGES], 10, timeout=0.2)
    return [decode_message(one.payload) for one in found]


def test_what_the_library_publishes_reaches_the_queue_with_all_it_said(bus_place, configured):
    configuration = bus_place.configuration()
    publish(bus_place, configuration, KOJI, JUNK)
    consumer = Consumer(ConsumerSettings(junk=("repo.init",)), Validator().reason)
    opened = lambda: EmbeddedTransport(configured)  # noqa: E731 - a factory
    runner = Runner(opened, [], [Bus(consumer, opened, configuration)])
    with running(runner):
        (message,) = received(configured, 1)
    assert (message.id, message.topic, message.body) == (KOJI["id"], TOPIC, KOJI["body"])
    assert message.headers["fedora_messaging_schema"] == SCHEMA
    assert message.sent_at is not None


@contextlib.contextmanager
def running(runner):
    thread = threading.Thread(target=runner.run)
    thread.start()
    try:
        yield
    finally:
        runner.stop()
        thread.join()


def test_fmn_consumer_takes_it_in_and_ends_with_its_totals_when_asked_to(bus_place, configured):
    configuration = bus_place.configuration()
    publish(bus_place, configuration, KOJI, JUNK)
    bus_place.publish("bad", {}, {"fedora_messaging_severity": 7})
    bus_place.publish("odd", b"nonsense")
    bus_place.publish("end", {})
    program = [sys.executable, "-c", "from fmn_core.cli import main; main()"]
    process = subprocess.Popen(
        [*program, "consumer", "--bus-config", str(configuration), "--json"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert [one.topic for one in received(configured, 2)] == [TOPIC, "end"]
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    bus, archivist = map(json.loads, output.splitlines())
    assert bus == {"stage": "bus", "queued": 2, "dropped": 1, "invalid": 1, "malformed": 1}
    assert archivist["stage"] == "archivist"
    assert bus_place.waiting() == 0


@contextlib.contextmanager
def consuming(configuration):
    """Run the library's consumer with our callback, and end it as an operator does."""
    process = subprocess.Popen(
        [*PROGRAM, "--conf", str(configuration), *CONSUME], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()
            process.stdout.close()


def test_the_librarys_consumer_with_our_callback_fills_the_queue(bus_place, configured):
    configuration = bus_place.configuration()
    publish(bus_place, configuration, JUNK, KOJI)
    bus_place.publish("odd.body", b'{"k": NaN}')
    bus_place.publish("end", {})
    with consuming(configuration):
        messages = received(configured, 2)
    assert [one.topic for one in messages] == [TOPIC, "end"]
    assert (messages[0].id, messages[0].body) == (KOJI["id"], KOJI["body"])
    with contextlib.closing(EmbeddedTransport(configured)) as transport:
        (letter,) = transport.dead_letters()
    assert "NaN is no JSON number" in letter.reason
    assert bus_place.waiting() == 0


def test_a_wrong_configuration_of_ours_ends_the_librarys_consumer_with_one_sentence(bus_place, configured):
    bus_place.publish("a.b", {})
    environment = os.environ | {"FMN__CONSUMER__JUNQUE": "x"}
    command = [*PROGRAM, "--conf", str(bus_place.configuration()), *CONSUME]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=PATIENCE, check=False, text=True)
    assert done.returncode != 0
    assert "no setting is named 'consumer.junque'; did you mean 'consumer.junk'" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert bus_place.waiting() == 1


class LibraryMessage:
    """A message as the library hands it to a callback."""

    topic, body, id, _headers = "a.b", {"k": 1}, "m1", None


def test_when_our_queue_refuses_the_message_goes_back_after_a_pause_and_later_it_is_taken(
    configured, caplog, monkeypatch
):
    callback = Callback()
    waited = []
    monkeypatch.setattr(callback, "_wait", waited.append)
    with monkeypatch.context() as broken:
        broken.setattr(EmbeddedTransport, "publish_all", refuse)
        for _ in range(3):
            with pytest.raises(Nack):
                callback(LibraryMessage())
    callback(LibraryMessage())
    callback._drop_transport()
    assert len(waited) == 3
    assert 0 < waited[0] < waited[1] < waited[2]
    assert [one.topic for one in received(configured, 1)] == ["a.b"]
    assert [one.getMessage().partition(";")[0] for one in caplog.records] == [
        "taking messages from the bus stopped: disk full",
        "taking messages from the bus works again after 3 failed attempts",
    ]


def refuse(*_):
    raise TransportError("disk full")


def test_where_waiting_does_not_help_the_consumer_is_halted_and_the_message_stays(configured, monkeypatch):
    def open_none(*_):
        raise UsageError("no such transport")

    monkeypatch.setattr("fmn_core.app.open_transport", open_none)
    with pytest.raises(HaltConsumer) as caught:
        Callback()(LibraryMessage())
    assert (caught.value.exit_code, caught.value.reason, caught.value.requeue) == (2, "no such transport", True)
