"""The transport in a file: what only it has to do with, files and owners that are slow or gone."""

import contextlib
import sqlite3
import threading

import pytest

from fmn_core.errors import TransportError
from fmn_core.transport import open_transport
from fmn_core.transport.embedded import NEWS_LAST, EmbeddedTransport


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "queue.sqlite"


@pytest.fixture
def opener(path, clock):
    """Open transports on the same file."""
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(contextlib.closing(EmbeddedTransport(path, clock=clock)))


@pytest.fixture
def transport(opener):
    return opener()


def payloads(envelopes):
    return [envelope.payload for envelope in envelopes]


def test_oldest_first_over_several_queues(transport):
    transport.publish("a", [b"1"])
    transport.publish("b", [b"2"])
    transport.publish("a", [b"3"])
    assert payloads(transport.receive(["b", "a"], 10)) == [b"1", b"2", b"3"]


def test_work_is_passed_on_as_a_whole_or_not_at_all(transport):
    transport.publish("in", [b"1"])
    with pytest.raises(TransportError):
        transport.pass_on([("out", b"a"), ("out", object())], transport.receive(["in"]))
    assert (transport.depth("in"), transport.depth("out")) == (1, 0)


def test_news_are_forgotten(opener, transport, clock):
    slow = opener()
    slow.heard("weather")
    transport.broadcast("weather", b"rain")
    clock.now += NEWS_LAST + 1
    transport.broadcast("weather", b"sun")
    assert slow.heard("weather") == [b"sun"]


def test_a_slow_owner_is_never_robbed(opener, clock):
    slow, other = opener(), opener()
    slow.publish("q", [b"1"])
    held = slow.receive(["q"])
    clock.now += 1_000_000
    assert other.receive(["q"]) == []
    slow.ack(held)
    assert other.depth("q") == 0


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
