"""The contract of transports: every test below holds for each of them."""

import contextlib
import multiprocessing
import os
import signal
import sqlite3
import threading

import pytest

from fmn_core.errors import TransportError
from fmn_core.transport import open_transport
from fmn_core.transport.base import MOST_LOSSES
from fmn_core.transport.embedded import EmbeddedTransport

SPAWN = multiprocessing.get_context("spawn")


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["embedded"])
def opener(request, tmp_path, clock):
    """Open transports on the same queues, as several threads or processes would."""
    opened = []

    def open_(kept=True):
        transport = EmbeddedTransport(tmp_path / "queue.sqlite", clock=clock)
        if kept:
            opened.append(transport)
        return transport

    yield open_
    for transport in opened:
        transport.close()


@pytest.fixture
def transport(opener):
    return opener()


def payloads(envelopes):
    return [envelope.payload for envelope in envelopes]


def test_work_comes_in_the_order_it_was_published(transport):
    transport.publish("q", [b"1", b"2"])
    transport.publish("q", [b"3"])
    assert payloads(transport.receive(["q"], 2)) == [b"1", b"2"]
    assert payloads(transport.receive(["q"], 2)) == [b"3"]


def test_oldest_first_over_several_queues(transport):
    transport.publish("a", [b"1"])
    transport.publish("b", [b"2"])
    transport.publish("a", [b"3"])
    received = transport.receive(["b", "a"], 10)
    assert [(e.queue, e.payload) for e in received] == [("a", b"1"), ("b", b"2"), ("a", b"3")]


def test_queues_do_not_mix(transport):
    transport.publish("a", [b"1"])
    assert transport.receive(["b"]) == []
    assert (transport.depth("a"), transport.depth("b")) == (1, 0)


def test_any_bytes_pass_unchanged(transport):
    odd = [b"", bytes(range(256)), b"\0" * 100_000, "ü\u2028".encode()]
    transport.publish("q", odd)
    assert payloads(transport.receive(["q"], 10)) == odd


def test_work_that_is_out_is_nobody_elses(opener):
    first, second = opener(), opener()
    first.publish("q", [b"1"])
    assert payloads(first.receive(["q"])) == [b"1"]
    assert second.receive(["q"]) == []
    assert first.depth("q") == 1


def test_acknowledged_work_is_gone(opener):
    first, second = opener(), opener()
    first.publish("q", [b"1", b"2", b"3"])
    envelopes = first.receive(["q"], 3)
    first.ack(envelopes[:2])
    first.close()
    assert payloads(second.receive(["q"], 3)) == [b"3"]


def test_what_was_not_settled_goes_to_others_at_close(opener):
    first, second = opener(), opener()
    first.publish("q", [b"1"])
    [before] = first.receive(["q"])
    first.close()
    [after] = second.receive(["q"])
    assert (before.payload, before.attempt, after.payload, after.attempt) == (b"1", 1, b"1", 2)


def test_settling_what_was_taken_back_changes_nothing(opener):
    first, second = opener(), opener()
    first.publish("q", [b"1"])
    stale = first.receive(["q"])
    first.close()
    second.receive(["q"])
    third = opener()
    third.ack(stale)
    third.reject(stale[0], "late")
    third.retry(stale[0], 0)
    assert (third.depth("q"), third.dead_letters(), third.receive(["q"])) == (1, [], [])


def test_a_retry_waits_and_lets_others_pass(transport, clock):
    transport.publish("q", [b"1", b"2"])
    transport.retry(transport.receive(["q"])[0], after=60)
    assert payloads(transport.receive(["q"], 5)) == [b"2"]
    clock.now += 59
    assert transport.receive(["q"]) == []
    clock.now += 1
    [again] = transport.receive(["q"])
    assert (again.payload, again.attempt) == (b"1", 2)


def test_what_waits_for_its_retry_counts_as_depth(transport):
    transport.publish("q", [b"1"])
    transport.retry(transport.receive(["q"])[0], after=60)
    assert transport.depth("q") == 1


def test_a_rejected_piece_is_a_dead_letter_with_its_reason(transport, clock):
    transport.publish("q", [b"1"])
    transport.reject(transport.receive(["q"])[0], "no good")
    [letter] = transport.dead_letters()
    assert (letter.queue, letter.payload, letter.reason, letter.attempts) == ("q", b"1", "no good", 1)
    assert letter.died_at == clock.now
    assert transport.depth("q") == 0


def test_dead_letters_are_replayed_and_dropped_by_id(transport):
    transport.publish("q", [b"1", b"2", b"3"])
    for envelope in transport.receive(["q"], 3):
        transport.reject(envelope, "no good")
    first, second, third = transport.dead_letters()
    assert transport.replay([first.id, "unknown"]) == 1
    assert transport.drop([second.id, "-1"]) == 1
    assert transport.dead_letters() == [third]
    [again] = transport.receive(["q"], 3)
    assert (again.payload, again.attempt) == (b"1", 1)


def test_dead_letters_come_oldest_first_up_to_a_limit(transport):
    transport.publish("q", [b"1", b"2", b"3"])
    for envelope in transport.receive(["q"], 3):
        transport.reject(envelope, "no good")
    assert [letter.payload for letter in transport.dead_letters(limit=2)] == [b"1", b"2"]


def test_receive_waits_for_what_comes(opener):
    waiting = opener()

    def publish():
        with contextlib.closing(opener(kept=False)) as other:
            other.publish("q", [b"1"])

    timer = threading.Timer(0.05, publish)
    timer.start()
    assert payloads(waiting.receive(["q"], timeout=20)) == [b"1"]
    timer.join()


def test_only_one_holds_a_queue(opener):
    first, second = opener(), opener()
    assert (first.hold("q"), second.hold("q"), first.hold("q")) == (True, False, True)
    assert second.hold("another / queue")
    first.close()
    assert second.hold("q")


def _take_and_die(path, queue, count):
    transport = EmbeddedTransport(path)
    transport.hold(queue)
    transport.receive([queue], count, timeout=5)
    os.kill(os.getpid(), signal.SIGKILL)


def die_with(path, queue, count):
    process = SPAWN.Process(target=_take_and_die, args=(path, queue, count))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


@pytest.fixture
def path(tmp_path):
    return tmp_path / "queue.sqlite"


def test_what_a_killed_process_held_comes_back_at_once(transport, path):
    transport.publish("q", [b"1", b"2"])
    die_with(path, "q", 2)
    assert transport.hold("q")
    assert [(e.payload, e.attempt) for e in transport.receive(["q"], 2)] == [(b"1", 2)]


def test_what_kills_its_process_again_and_again_becomes_a_dead_letter_alone(transport, path):
    transport.publish("q", [b"poison", *[b"good"] * 99])
    received = []
    for _ in range(MOST_LOSSES + 1):
        die_with(path, "q", 100)
    while batch := transport.receive(["q"], 100, timeout=1):
        received += payloads(batch)
        transport.ack(batch)
    [letter] = transport.dead_letters()
    assert (letter.payload, letter.reason) == (b"poison", f"{MOST_LOSSES + 1} processes died while they held it")
    assert received == [b"good"] * 99


def test_a_piece_of_work_knows_how_many_died_with_it_in_a_row(transport, path):
    transport.publish("q", [b"1"])
    die_with(path, "q", 1)
    die_with(path, "q", 1)
    [envelope] = transport.receive(["q"], timeout=5)
    assert (envelope.lost, envelope.attempt) == (2, 3)
    transport.retry(envelope, 0)
    [envelope] = transport.receive(["q"], timeout=5)
    assert (envelope.lost, envelope.attempt) == (0, 4)


def test_a_slow_owner_is_never_robbed(opener, clock):
    slow, other = opener(), opener()
    slow.publish("q", [b"1"])
    held = slow.receive(["q"])
    clock.now += 1_000_000
    assert other.receive(["q"]) == []
    slow.ack(held)
    assert other.depth("q") == 0


def _work(path, source, target, count):
    transport = EmbeddedTransport(path)
    while transport.depth(source):
        batch = transport.receive([source], count, timeout=0.01)
        transport.publish(target, payloads(batch))
        transport.ack(batch)
    transport.close()


def test_several_processes_share_a_queue_and_lose_nothing(transport, path):
    transport.publish("in", [b"%d" % n for n in range(2000)])
    workers = [SPAWN.Process(target=_work, args=(path, "in", "out", 50)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    got = [int(payload) for payload in payloads(transport.receive(["out"], 5000))]
    assert sorted(got) == list(range(2000))


def test_threads_open_a_new_file_at_the_same_time(path):
    failures, barrier = [], threading.Barrier(8)

    def open_and_publish():
        barrier.wait()
        try:
            with contextlib.closing(EmbeddedTransport(path)) as transport:
                transport.publish("q", [b"1"])
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=open_and_publish) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with contextlib.closing(EmbeddedTransport(path)) as transport:
        assert transport.depth("q") == 8


def test_a_file_copied_without_its_lock_files_gives_back_what_was_out(tmp_path, transport, path):
    transport.publish("q", [b"1"])
    transport.receive(["q"])
    copy = sqlite3.connect(tmp_path / "copy.sqlite")
    with sqlite3.connect(path) as original:
        original.backup(copy)
    original.close()
    copy.close()
    with contextlib.closing(EmbeddedTransport(tmp_path / "copy.sqlite")) as copied:
        assert payloads(copied.receive(["q"])) == [b"1"]


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        pytest.param(lambda path: path.write_bytes(b"no database" * 100), "not a database", id="something else"),
        pytest.param(lambda path: path.mkdir(), "unable to open", id="a folder"),
    ],
)
def test_a_file_that_cannot_be_opened_is_one_sentence(path, prepare, said):
    prepare(path)
    with pytest.raises(TransportError, match=rf"queue file '{path}': .*{said}"):
        EmbeddedTransport(path)


def test_a_file_of_another_form_is_refused(path):
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(TransportError, match="has form 99, not 1: let the version that wrote it empty it"):
        EmbeddedTransport(path)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(TransportError, match="its folder does not exist"):
        open_transport(f"embedded:///{tmp_path}/nowhere/queue.sqlite")


def test_an_unknown_transport_is_named():
    with pytest.raises(TransportError, match="no transport is called 'carrier-pigeon'"):
        open_transport("carrier-pigeon://home")


@pytest.mark.parametrize("url", ["embedded:///queue.sqlite", "embedded:///{here}/queue.sqlite"])
def test_a_url_names_a_file_from_here_or_with_a_fourth_slash_from_the_root(tmp_path, monkeypatch, url):
    monkeypatch.chdir(tmp_path)
    with contextlib.closing(open_transport(url.format(here=tmp_path))):
        assert (tmp_path / "queue.sqlite").exists()
