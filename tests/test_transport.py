"""The contract of transports: every test below holds for each of them."""

import contextlib
import functools
import multiprocessing
import os
import signal
import threading
import time

import pytest

from fmn_core.config import TransportSettings
from fmn_core.transport import open_transport
from fmn_core.transport.base import MOST_LOSSES
from fmn_core.transport.embedded import EmbeddedTransport

SPAWN = multiprocessing.get_context("spawn")

#: seconds that work may take to come, and that are waited for work which must not come
SOON, A_WHILE = 20, 0.3


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


class Embedded:
    """Transports on one file; time passes when a test says so."""

    def __init__(self, folder):
        self.path = folder / "queue.sqlite"
        self.now = Clock()

    def open(self):
        return EmbeddedTransport(self.path, clock=self.now)

    def elapse(self, seconds):
        self.now.now += seconds

    @property
    def opener(self):
        """What a process calls to open one."""
        return functools.partial(EmbeddedTransport, self.path)


class OnBroker:
    """Transports on one prefix of a real broker; time passes by itself."""

    now = staticmethod(time.time)

    def __init__(self, url, kind, prefix):
        self.opener = functools.partial(open_transport, url, TransportSettings(prefix=prefix, queues=kind))

    def open(self):
        return self.opener()

    def elapse(self, seconds):
        """Who waits for work waits long enough."""


@pytest.fixture(params=["embedded", "quorum", "classic"])
def place(request, tmp_path):
    """Where the queues of a test are."""
    if request.param == "embedded":
        return Embedded(tmp_path)
    url, prefix = request.getfixturevalue("broker"), request.getfixturevalue("prefix")
    return OnBroker(url, request.param, prefix)


@pytest.fixture
def opener(place):
    """Open transports on the same queues, as several threads or processes would."""
    opened = []

    def open_(kept=True):
        transport = place.open()
        if kept:
            opened.append(transport)
        return transport

    yield open_
    for transport in opened:
        transport.close()


@pytest.fixture
def transport(opener):
    return opener()


def take(transport, queues, count):
    """Receive so many pieces, at once or in several goes."""
    taken, deadline = [], time.monotonic() + SOON
    while len(taken) < count and time.monotonic() < deadline:
        taken += transport.receive(queues, count - len(taken), timeout=A_WHILE)
    return taken


def nothing(transport, queues):
    """Tell whether nothing comes."""
    return transport.receive(queues, 10, timeout=A_WHILE) == []


def payloads(envelopes):
    return [envelope.payload for envelope in envelopes]


def test_work_comes_in_the_order_it_was_published(transport):
    transport.publish("q", [b"1", b"2"])
    transport.publish("q", [b"3"])
    assert payloads(take(transport, ["q"], 2)) == [b"1", b"2"]
    assert payloads(take(transport, ["q"], 1)) == [b"3"]


def test_each_piece_of_several_queues_knows_where_it_is_from(transport):
    transport.publish("a", [b"1"])
    transport.publish("b", [b"2"])
    transport.publish("a", [b"3"])
    received = take(transport, ["b", "a"], 3)
    assert [e.payload for e in received if e.queue == "a"] == [b"1", b"3"]
    assert [e.payload for e in received if e.queue == "b"] == [b"2"]


def test_queues_do_not_mix(transport):
    transport.publish("a", [b"1"])
    assert nothing(transport, ["b"])
    assert (transport.depth("a"), transport.depth("b")) == (1, 0)


def test_any_bytes_pass_unchanged(transport):
    odd = [b"", bytes(range(256)), b"\0" * 300_000, "ü\u2028".encode()]
    transport.publish("q", odd)
    assert payloads(take(transport, ["q"], 4)) == odd


def test_work_that_is_out_is_nobody_elses(opener):
    first, second = opener(), opener()
    first.publish("q", [b"1"])
    assert payloads(take(first, ["q"], 1)) == [b"1"]
    assert nothing(second, ["q"])
    assert first.depth("q") == 1


def test_acknowledged_work_is_gone(opener):
    first, second = opener(), opener()
    first.publish("q", [b"1", b"2", b"3"])
    envelopes = take(first, ["q"], 3)
    first.ack(envelopes[:2])
    first.close()
    assert payloads(take(second, ["q"], 1)) == [b"3"]
    assert nothing(second, ["q"])


def test_work_can_be_acknowledged_in_any_order(opener):
    first, second = opener(), opener()
    first.publish("q", [b"%d" % number for number in range(6)])
    envelopes = take(first, ["q"], 6)
    for number in (4, 0, 2, 1, 5):
        first.ack([envelopes[number]])
    first.close()
    assert payloads(take(second, ["q"], 1)) == [b"3"]
    assert nothing(second, ["q"])


def test_work_is_passed_on(opener):
    first, second = opener(), opener()
    first.publish("in", [b"1", b"2", b"3"])
    done = take(first, ["in"], 3)
    first.pass_on([("out", b"a"), ("other", b"b"), ("out", b"c")], done[:2])
    first.close()
    assert payloads(take(second, ["out"], 2)) == [b"a", b"c"]
    assert payloads(take(second, ["other"], 1)) == [b"b"]
    assert payloads(take(second, ["in"], 1)) == [b"3"]


def test_what_was_not_settled_goes_to_others_at_close(opener):
    first, second = opener(), opener()
    first.publish("q", [b"1"])
    [before] = take(first, ["q"], 1)
    first.close()
    [after] = take(second, ["q"], 1)
    assert (before.payload, before.attempt, after.payload, after.attempt) == (b"1", 1, b"1", 2)


def test_settling_what_was_taken_back_changes_nothing(opener):
    first, second = opener(), opener()
    first.publish("q", [b"1"])
    stale = take(first, ["q"], 1)
    first.close()
    take(second, ["q"], 1)
    third = opener()
    third.ack(stale)
    third.reject(stale[0], "late")
    third.retry(stale[0], 0)
    assert (second.depth("q"), third.dead_letters(), nothing(third, ["q"])) == (1, [], True)


def test_a_retry_waits_and_lets_others_pass(transport, place):
    transport.publish("q", [b"1", b"2", b"3"])
    first, second, third = take(transport, ["q"], 3)
    transport.retry(first, after=60)
    transport.retry(second, after=1)
    transport.ack([third])
    assert nothing(transport, ["q"])
    place.elapse(1)
    [again] = take(transport, ["q"], 1)
    assert (again.payload, again.attempt) == (b"2", 2)
    assert nothing(transport, ["q"])


def test_a_retry_without_a_pause_comes_again(transport):
    transport.publish("q", [b"1"])
    transport.retry(take(transport, ["q"], 1)[0], after=0)
    [again] = take(transport, ["q"], 1)
    assert (again.payload, again.attempt) == (b"1", 2)


def test_what_waits_for_its_retry_counts_as_depth(transport):
    transport.publish("q", [b"1"])
    transport.retry(take(transport, ["q"], 1)[0], after=60)
    assert transport.depth("q") == 1


def test_a_rejected_piece_is_a_dead_letter_with_its_reason(transport, place):
    transport.publish("q", [b"1"])
    before = place.now()
    transport.reject(take(transport, ["q"], 1)[0], "no good")
    [letter] = transport.dead_letters()
    assert (letter.queue, letter.payload, letter.reason, letter.attempts) == ("q", b"1", "no good", 1)
    assert round(before, 3) <= letter.died_at <= round(place.now(), 3)
    assert transport.depth("q") == 0


def test_what_never_was_on_a_queue_is_buried_and_can_be_put_there(transport):
    transport.bury("q", b"\xffodd", "no UTF-8 at byte 1")
    [letter] = transport.dead_letters()
    assert (letter.queue, letter.payload, letter.reason, letter.attempts) == ("q", b"\xffodd", "no UTF-8 at byte 1", 0)
    assert transport.replay([letter.id]) == 1
    assert payloads(take(transport, ["q"], 1)) == [b"\xffodd"]


def test_dead_letters_are_replayed_and_dropped_by_id(transport):
    transport.publish("q", [b"1", b"2", b"3"])
    for envelope in take(transport, ["q"], 3):
        transport.reject(envelope, "no good")
    first, second, third = transport.dead_letters()
    assert transport.replay([first.id, "unknown"]) == 1
    assert transport.drop([second.id, "-1"]) == 1
    assert transport.dead_letters() == [third]
    [again] = take(transport, ["q"], 1)
    assert (again.payload, again.attempt) == (b"1", 1)


def test_dead_letters_come_oldest_first_up_to_a_limit(transport):
    transport.publish("q", [b"1", b"2", b"3"])
    for envelope in take(transport, ["q"], 3):
        transport.reject(envelope, "no good")
    assert [letter.payload for letter in transport.dead_letters(limit=2)] == [b"1", b"2"]
    assert len(transport.dead_letters()) == transport.dead_count() == 3


def test_receive_waits_for_what_comes(opener):
    waiting = opener()

    def publish():
        with contextlib.closing(opener(kept=False)) as other:
            other.publish("q", [b"1"])

    timer = threading.Timer(0.05, publish)
    timer.start()
    assert payloads(waiting.receive(["q"], timeout=SOON)) == [b"1"]
    timer.join()


def test_only_one_holds_a_thing(opener):
    first, second = opener(), opener()
    assert (first.hold("q"), second.hold("q"), first.hold("q")) == (True, False, True)
    assert second.hold("another / thing")
    first.close()
    assert eventually(lambda: second.hold("q"))


def test_everybody_who_listens_hears_what_is_told(opener):
    teller, early, late = opener(), opener(), opener()
    assert early.heard("weather") == []
    teller.broadcast("weather", b"rain")
    teller.broadcast("sports", b"2:1")
    assert hear(early, "weather", 1) == [b"rain"]
    assert late.heard("weather") == []
    teller.broadcast("weather", b"sun")
    assert hear(early, "weather", 1) == hear(late, "weather", 1) == [b"sun"]


def test_nobody_has_to_listen(transport):
    transport.broadcast("weather", b"rain")
    transport.publish("q", [b"1"])
    assert payloads(take(transport, ["q"], 1)) == [b"1"]


def hear(transport, topic, count):
    heard = []

    def enough():
        heard.extend(transport.heard(topic))
        return len(heard) >= count

    assert eventually(enough)
    return heard


def eventually(condition):
    deadline = time.monotonic() + SOON
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


def _take_and_die(open_, queue, count):
    transport = open_()
    transport.hold(queue)
    take(transport, [queue], count)
    os.kill(os.getpid(), signal.SIGKILL)


def die_with(place, queue, count):
    process = SPAWN.Process(target=_take_and_die, args=(place.opener, queue, count))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


def test_what_a_killed_process_held_comes_back(transport, place):
    transport.publish("q", [b"1", b"2"])
    die_with(place, "q", 2)
    assert eventually(lambda: transport.hold("q"))
    assert [(e.payload, e.attempt) for e in take(transport, ["q"], 2)] == [(b"1", 2), (b"2", 2)]


def test_what_kills_its_process_again_and_again_becomes_a_dead_letter_alone(transport, place):
    good = [b"%d" % number for number in range(99)]
    transport.publish("in", [*good[:7], b"poison", *good[7:]])
    workers = [SPAWN.Process(target=_work_until_poisoned, args=(place.opener,)) for _ in range(MOST_LOSSES + 2)]
    for worker in workers:
        worker.start()
        worker.join()
    assert [worker.exitcode for worker in workers] == [-signal.SIGKILL] * (MOST_LOSSES + 1) + [0]
    [letter] = transport.dead_letters()
    assert (letter.payload, letter.reason) == (b"poison", f"{MOST_LOSSES + 1} processes died while they held it")
    assert set(payloads(transport.receive(["out"], 1000, timeout=SOON))) == set(good)


def _work_until_poisoned(open_):
    """Do what a worker does, and die of one piece."""
    with contextlib.closing(open_()) as transport:
        while batch := transport.receive(["in"], 100, timeout=1):
            if b"poison" in payloads(batch):
                os.kill(os.getpid(), signal.SIGKILL)
            transport.pass_on([("out", payload) for payload in payloads(batch)], batch)


def test_a_piece_of_work_knows_how_many_died_with_it_in_a_row(transport, place):
    transport.publish("q", [b"1"])
    die_with(place, "q", 1)
    die_with(place, "q", 1)
    [envelope] = take(transport, ["q"], 1)
    assert (envelope.lost, envelope.attempt) == (2, 3)
    transport.retry(envelope, 0)
    [envelope] = take(transport, ["q"], 1)
    assert (envelope.lost, envelope.attempt) == (0, 4)


def _work(open_, source, target, count):
    transport = open_()
    while batch := transport.receive([source], count, timeout=A_WHILE):
        transport.pass_on([(target, payload) for payload in payloads(batch)], batch)
    transport.close()


def test_several_processes_share_a_queue_and_lose_nothing(transport, place):
    transport.publish("in", [b"%d" % n for n in range(2000)])
    workers = [SPAWN.Process(target=_work, args=(place.opener, "in", "out", 50)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    taken = []
    while batch := transport.receive(["out"], 5000, timeout=A_WHILE):
        taken += [int(payload) for payload in payloads(batch)]
        transport.ack(batch)
    assert sorted(taken) == list(range(2000))
