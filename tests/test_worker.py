"""The worker with a real queue and store: what it publishes, what it sets aside, how fresh it is."""

import contextlib
import gc
from dataclasses import replace

import pytest

from fmn_core.codec import decode_notification, encode_message
from fmn_core.errors import StoreError, TransportError
from fmn_core.following import HEAL_EVERY, Follower
from fmn_core.herald import CHANGES, TRY_EVERY, Herald
from fmn_core.matching import IndexMatcher
from fmn_core.model import Destination, Filter, Preference, RuleUse, User
from fmn_core.rules import RuleBook, app_rule
from fmn_core.store import open_store
from fmn_core.summaries import SummaryBook
from fmn_core.testing import lookups, message
from fmn_core.transport.base import MESSAGES, deliveries
from fmn_core.transport.embedded import EmbeddedTransport
from fmn_core.worker import Worker

RULES = RuleBook([app_rule("koji", "buildsys", "Koji"), app_rule("pkgdb", "pkgdb", "Pkgdb")])


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path):
    with contextlib.closing(open_store(f"sqlite:///{tmp_path / 'fmn.sqlite'}")) as store:
        yield store


@pytest.fixture
def place(tmp_path):
    """Open a transport on the queues of the test."""
    return lambda: EmbeddedTransport(tmp_path / "queue.sqlite")


@pytest.fixture
def transport(place):
    with contextlib.closing(place()) as transport:
        yield transport


@pytest.fixture
def matcher():
    return IndexMatcher(RULES, lookups())


@pytest.fixture
def follower(store, matcher, clock):
    return Follower(store.preferences, matcher, clock)


@pytest.fixture
def worker(matcher, follower):
    return Worker(SummaryBook(), matcher, follower)


def wants(rule, *, backend="mail", places=("home",), name="marta", enabled=True):
    """A user with one filter of one rule."""
    one = Filter("", rule, (RuleUse(rule),))
    known = tuple(Destination(place, confirmed=True) for place in places)
    return User(name, (Preference("", name, backend, enabled, known, (one,)),))


def publish(transport, *messages):
    transport.publish(MESSAGES, [m if isinstance(m, bytes) else encode_message(m) for m in messages])


def turn(worker, transport):
    worker.handle(transport, transport.receive([MESSAGES], worker.room))


def queued(transport, backend):
    return [decode_notification(e.payload) for e in transport.receive([deliveries(backend)], 100)]


def test_one_envelope_for_each_notification_on_the_queue_of_its_backend(worker, transport, store):
    store.preferences.save(wants("koji", places=("home", "office")))
    store.preferences.save(wants("koji", name="jo", backend="chat", places=("nick",)))
    publish(transport, message("buildsys.tag", {}, id="m1"), message("pkgdb.x", {}, id="m2"))
    turn(worker, transport)
    assert {(n.user, n.destination, n.message_id) for n in queued(transport, "mail")} == {
        ("marta", "home", "m1"), ("marta", "office", "m1"),
    }  # fmt: skip
    assert [(n.user, n.destination, n.filter_name) for n in queued(transport, "chat")] == [("jo", "nick", "koji")]
    assert transport.depth(MESSAGES) == 0
    assert worker.counts == {"matched": 2, "notifications": 3}


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        pytest.param(b"nonsense", "not JSON", id="no JSON"),
        pytest.param(b'{"topic": 5, "body": {}}', "topic is a number, expected text", id="odd topic"),
        pytest.param(b'{"topic": "a.b", "body": null}', "body is null, expected an object", id="null body"),
    ],
)
def test_what_cannot_be_read_becomes_a_dead_letter_and_the_rest_goes_on(worker, transport, store, odd, reason):
    store.preferences.save(wants("koji"))
    publish(transport, message("buildsys.a", id="m1"), odd, message("buildsys.b", id="m2"))
    turn(worker, transport)
    assert [n.message_id for n in queued(transport, "mail")] == ["m1", "m2"]
    [letter] = transport.dead_letters()
    assert (letter.queue, letter.payload) == (MESSAGES, odd)
    assert reason in letter.reason


def test_what_makes_matching_raise_becomes_a_dead_letter(worker, transport, matcher, caplog):
    matcher.match = lambda message: 1 / 0
    publish(transport, message("buildsys.a"))
    turn(worker, transport)
    [letter] = transport.dead_letters()
    assert letter.reason == "matching failed: ZeroDivisionError('division by zero')"
    assert "matching a message failed" in caplog.text
    assert worker.counts["rejected"] == 1


def test_nothing_is_acknowledged_before_what_came_of_it_is_safe(worker, transport, store, monkeypatch):
    store.preferences.save(wants("koji"))
    publish(transport, message("buildsys.a"))
    envelopes = transport.receive([MESSAGES], 10)

    def fail(outgoing, done):
        raise TransportError("disk full")

    monkeypatch.setattr(transport, "pass_on", fail)
    with pytest.raises(TransportError):
        worker.handle(transport, envelopes)
    assert transport.depth(MESSAGES) == 1


def matched(worker, transport):
    publish(transport, message("buildsys.a"))
    turn(worker, transport)
    return len(queued(transport, "mail"))


def test_changes_are_looked_for_now_and_then(worker, transport, store, clock, follower):
    def look():
        clock.now += HEAL_EVERY
        follower.turn(transport)

    assert matched(worker, transport) == 0
    saved = store.preferences.save(wants("koji"))
    follower.turn(transport)
    assert matched(worker, transport) == 0
    look()
    assert matched(worker, transport) == 1
    [preference] = saved.preferences
    store.preferences.save(replace(saved, preferences=(replace(preference, enabled=False),)))
    look()
    assert matched(worker, transport) == 0
    store.preferences.save(saved)
    look()
    assert matched(worker, transport) == 1
    store.preferences.remove("marta")
    look()
    assert matched(worker, transport) == 0


def test_what_the_herald_tells_is_in_force_without_a_look_at_the_clock(worker, transport, store, follower, place):
    herald = Herald(store.preferences)
    worker.handle(transport, [])
    with contextlib.closing(place()) as others:
        follower.turn(transport)
        herald.turn(others)
        follower.turn(transport)
        store.preferences.save(wants("koji"))
        follower.turn(transport)
        assert matched(worker, transport) == 0
        herald.turn(others)
        follower.turn(transport)
    assert matched(worker, transport) == 1


def test_the_revision_told_is_the_one_that_is_applied_not_the_one_that_was_fetched(
    worker, transport, store, clock, follower
):
    worker.handle(transport, [])
    before = worker.revision
    store.preferences.save(wants("koji"))
    clock.now += HEAL_EVERY
    follower.turn(transport)
    assert worker.revision == before
    worker.handle(transport, [])
    assert worker.revision == store.preferences.revision() > before


def test_one_herald_at_a_time_tells_and_another_takes_over(store, place, clock):
    with contextlib.closing(place()) as listener, contextlib.closing(place()) as second:
        listener.heard(CHANGES)
        with contextlib.closing(place()) as first:
            speaking, silent = Herald(store.preferences, clock), Herald(store.preferences, clock)
            speaking.turn(first)
            silent.turn(second)
            assert listener.heard(CHANGES) == [b"0"]
        store.preferences.save(wants("koji"))
        clock.now += TRY_EVERY
        silent.turn(second)
        assert listener.heard(CHANGES) == [b"1"]


def test_a_worker_goes_on_while_the_store_is_gone(worker, transport, store, clock, follower, monkeypatch):
    store.preferences.save(wants("koji"))
    assert matched(worker, transport) == 1

    def gone(revision):
        raise StoreError("the database is gone")

    clock.now += HEAL_EVERY
    with monkeypatch.context() as patch:
        patch.setattr(store.preferences, "changes_since", gone)
        with pytest.raises(StoreError):
            follower.turn(transport)
        assert matched(worker, transport) == 1
    store.preferences.remove("marta")
    follower.turn(transport)
    assert matched(worker, transport) == 0


class Flaky:
    """A preference store that fails once while it is read."""

    def __init__(self, real, meanwhile):
        self._real, self._meanwhile = real, meanwhile

    def __getattr__(self, name):
        return getattr(self._real, name)

    def enabled(self):
        if self._meanwhile:
            yield from self._real.enabled()
            self._meanwhile.pop()()
            raise StoreError("connection lost")
        yield from self._real.enabled()


def test_what_was_removed_while_loading_failed_is_not_matched(store, matcher, transport, clock):
    store.preferences.save(wants("koji"))
    flaky = Flaky(store.preferences, [lambda: store.preferences.remove("marta")])
    worker = Worker(SummaryBook(), matcher, Follower(flaky, matcher, clock))
    with pytest.raises(StoreError):
        worker.handle(transport, [])
    assert matched(worker, transport) == 0


class Observant:
    """A matcher that looks whether the garbage collector is on."""

    def __init__(self, real):
        self._real = real
        self.collected = []

    def __getattr__(self, name):
        return getattr(self._real, name)

    def put(self, preference):
        self.collected.append(gc.isenabled())
        self._real.put(preference)


def test_the_garbage_collector_rests_while_everybody_is_loaded_even_if_that_fails(store, matcher, clock, transport):
    store.preferences.save(wants("koji"))
    observant = Observant(matcher)

    def look():
        observant.collected.append("failed")

    follower = Follower(Flaky(store.preferences, [look]), observant, clock)
    with pytest.raises(StoreError):
        follower.refresh()
    assert gc.isenabled()
    follower.refresh()
    assert gc.isenabled()
    store.preferences.save(wants("koji", name="hugo"))
    clock.now += HEAL_EVERY
    follower.turn(transport)
    follower.refresh()
    assert observant.collected == [False, "failed", False, True]
