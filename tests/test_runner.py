"""The runner: loops, failures, idleness, signals."""

import os
import signal
import threading
from collections import Counter

import pytest

from fmn_core.errors import StoreError, TransportError
from fmn_core.incident import Incident
from fmn_core.runner import Chore, Runner
from fmn_core.transport.embedded import EmbeddedTransport


class NoChance:
    def uniform(self, low, high):
        return 0.0


class Copier:
    """A stage that moves work from one queue to another, or to nowhere, and fails when told to."""

    alone = busy = waits = False
    room = 10

    def __init__(self, source, target=None, failures=()):
        self.name = f"copier of {source}"
        self.queues = (source,)
        self.counts = Counter()
        self._target, self.failures = target, list(failures)
        self.seen, self.finished, self.turned = [], False, threading.Event()
        self.interruptions = 0

    def handle(self, transport, envelopes):
        self.turned.set()
        if envelopes and self.failures:
            raise self.failures.pop(0)
        if self._target:
            transport.publish(self._target, [envelope.payload for envelope in envelopes])
        self.seen += [envelope.payload for envelope in envelopes]
        transport.ack(envelopes)

    def interrupted(self):
        self.interruptions += 1

    def finish(self):
        self.finished = True

    def close(self):
        pass


@pytest.fixture
def open_transport(tmp_path):
    return lambda: EmbeddedTransport(tmp_path / "queue.sqlite")


@pytest.fixture
def publish(open_transport):
    def publish(queue, *payloads):
        transport = open_transport()
        transport.publish(queue, payloads)
        transport.close()

    return publish


def test_it_ends_when_all_queues_are_empty(open_transport, publish):
    publish("a", *[b"%d" % n for n in range(35)])
    upper, lower = Copier("a", "b"), Copier("b")
    Runner(open_transport, [upper, lower]).run(until_idle=True)
    assert lower.seen == [b"%d" % n for n in range(35)]
    assert upper.finished


@pytest.mark.parametrize(
    "failures",
    [
        pytest.param([TransportError("disk full")], id="transport"),
        pytest.param([StoreError("gone"), StoreError("gone"), StoreError("gone")], id="store, three times"),
        pytest.param([KeyError("a bug")], id="bug"),
    ],
)
def test_a_failed_stage_gives_back_what_it_held_warns_once_and_goes_on(open_transport, publish, caplog, failures):
    stage = Copier("a", failures=failures)
    said = f"copier of a stopped: {failures[0]}; next attempt in 0.0 s"
    publish("a", b"1", b"2")
    Runner(open_transport, [stage], rng=NoChance()).run(until_idle=True)
    assert stage.seen == [b"1", b"2"]
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warnings[0] == said
    assert warnings[1:] == [f"copier of a works again after {len(failures)} failed attempts"]


def test_a_failed_stage_does_not_stop_another(open_transport, publish):
    broken, sound = Copier("a", failures=[TransportError("x")] * 3), Copier("b")
    publish("a", b"1")
    publish("b", b"2")
    Runner(open_transport, [broken, sound], rng=NoChance()).run(until_idle=True)
    assert (broken.seen, sound.seen) == ([b"1"], [b"2"])
    assert (broken.interruptions, sound.interruptions) == (3, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_gracefully_and_leaves_the_handlers_as_they_were(open_transport, number):
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    stage = Copier("a")

    def send():
        stage.turned.wait(30)
        os.kill(os.getpid(), number)

    sender = threading.Thread(target=send)
    sender.start()
    Runner(open_transport, [stage]).run()
    sender.join()
    assert stage.finished
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_a_stage_that_must_be_alone_stands_by(open_transport, publish):
    other = open_transport()
    assert other.hold("a")
    stage = Copier("a")
    stage.alone = True
    publish("a", b"1")
    runner = Runner(open_transport, [stage])
    thread = threading.Thread(target=runner.run)
    thread.start()
    assert not stage.turned.wait(0.3)
    other.close()
    assert stage.turned.wait(30)
    runner.stop()
    thread.join()
    assert stage.seen == [b"1"]


class Finisher(Copier):
    """A stage that has begun something, which it finishes in three turns."""

    busy, waits = True, False
    left = 3

    def handle(self, transport, envelopes):
        super().handle(transport, envelopes)
        self.left -= self.finished
        self.busy = self.left > 0


def test_what_was_begun_is_finished(open_transport):
    stage = Finisher("a")
    Runner(open_transport, [stage]).run(until_idle=True)
    assert stage.left == 0


class Well:
    """A source that fails once."""

    name = "well"

    def __init__(self):
        self.runs, self.ran = 0, threading.Event()

    def run(self, stop, well):
        self.runs += 1
        if self.runs == 1:
            raise TransportError("the bus is away")
        well()
        self.ran.set()
        stop.wait()


def test_a_source_runs_beside_the_stages_and_is_tried_again(open_transport, caplog):
    source = Well()
    runner = Runner(open_transport, [], [source], rng=NoChance())
    thread = threading.Thread(target=runner.run)
    thread.start()
    assert source.ran.wait(30)
    runner.stop()
    thread.join()
    assert "well stopped: the bus is away; next attempt in 0.0 s" in caplog.text


def test_a_chore_is_done_again_and_again_and_after_it_failed(open_transport, caplog):
    done, failures = threading.Semaphore(0), [StoreError("not now")]

    def do():
        done.release()
        if failures:
            raise failures.pop()

    runner = Runner(open_transport, [], chores=[Chore("sweeping", 0.001, do)], rng=NoChance())
    thread = threading.Thread(target=runner.run)
    thread.start()
    for _ in range(3):
        assert done.acquire(timeout=30)
    runner.stop()
    thread.join()
    assert "sweeping stopped: not now; next attempt in 0.0 s" in caplog.text


def test_a_chore_that_hangs_or_is_not_due_does_not_delay_the_end(open_transport):
    begun, go_on = threading.Event(), threading.Event()

    def hang():
        begun.set()
        go_on.wait()

    runner = Runner(open_transport, [], chores=[Chore("hangs", 0.001, hang), Chore("tomorrow", 86_400, hang)])
    thread = threading.Thread(target=runner.run)
    thread.start()
    assert begun.wait(30)
    runner.stop()
    thread.join(30)
    assert not thread.is_alive()
    go_on.set()


def test_pauses_of_an_incident_grow_and_begin_anew_after_it():
    class Middle:
        def uniform(self, low, high):
            return (low + high) / 2

    incident = Incident("it", Middle())
    assert [incident.failed(TransportError("x")) for _ in range(7)] == [0.5, 1, 2, 4, 8, 10, 10]
    incident.well()
    assert incident.failed(TransportError("x")) == 0.5


# SIGHUP, and how threads are.


def told_when_it_turns(stage, *numbers):
    """Send signals to ourselves once a stage is at work."""

    def send():
        stage.turned.wait(30)
        for number in numbers:
            os.kill(os.getpid(), number)

    sender = threading.Thread(target=send)
    sender.start()
    return sender


def test_sighup_lets_it_finish_and_begin_anew(open_transport):
    stage = Finisher("a")
    sender = told_when_it_turns(stage, signal.SIGHUP)
    assert Runner(open_transport, [stage], reload=lambda: True).run() is True
    sender.join()
    assert stage.left == 0


def test_sighup_changes_nothing_where_a_reload_is_refused(open_transport):
    stage, asked = Copier("a"), []

    def refuse():
        asked.append(len(stage.seen))
        runner.stop()
        return False

    sender = told_when_it_turns(stage, signal.SIGHUP)
    runner = Runner(open_transport, [stage], reload=refuse)
    assert runner.run() is False
    sender.join()
    assert asked == [0]


def test_to_stop_while_it_finishes_for_a_reload_is_to_stop(open_transport):
    class Stopped(Copier):
        def finish(self):
            os.kill(os.getpid(), signal.SIGTERM)

    stage = Stopped("a")
    sender = told_when_it_turns(stage, signal.SIGHUP)
    assert Runner(open_transport, [stage], reload=lambda: True).run() is False
    sender.join()


def test_the_pulse_of_a_stage_tells_how_its_thread_is(open_transport, publish):
    class Watched(Copier):
        def handle(self, transport, envelopes):
            states.append((pulse.ready, pulse.state))
            super().handle(transport, envelopes)

    states, stage = [], Watched("a", failures=[TransportError("disk full")])
    publish("a", b"1")
    runner = Runner(open_transport, [stage], rng=NoChance())
    pulse = runner.pulses["copier of a"]
    runner.run(until_idle=True)
    assert states[:3] == [(False, "starting"), (False, "stopped: disk full"), (True, "well")]
    assert (pulse.failures, pulse.ready, pulse.live) == (1, False, False), "it has ended"


def test_a_stage_that_stands_by_is_ready_and_says_so(open_transport, caplog):
    caplog.set_level("INFO")
    other = open_transport()
    assert other.hold("a")
    stage = Copier("a")
    stage.alone = True
    runner = Runner(open_transport, [stage])
    pulse = runner.pulses[stage.name]
    thread = threading.Thread(target=runner.run)
    thread.start()
    while not pulse.ready:
        assert not stage.turned.wait(0.01)
    assert pulse.state == "standing by: another process serves it"
    runner.stop()
    thread.join()
    other.close()
    assert caplog.text.count("another process serves copier of a; standing by") == 1
