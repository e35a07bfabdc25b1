"""Delivery with a real queue, store and ledger: sent once, tried again, or given up aloud."""

import contextlib
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fmn_core.backends import Backend
from fmn_core.codec import encode_notification
from fmn_core.delivery import Delivery
from fmn_core.errors import DropDelivery, RetryDelivery, StoreError
from fmn_core.model import Destination, Filter, Outcome, Preference, User
from fmn_core.retry import RetrySchedule
from fmn_core.store import open_store
from fmn_core.testing import RecordingBackend, notification
from fmn_core.transport.base import deliveries
from fmn_core.transport.embedded import EmbeddedTransport
from fmn_core.wanted import StillWanted

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
SCHEDULE = RetrySchedule(attempts=3, first=10.0, longest=100.0)
QUEUE = deliveries("recording")


class Chance:
    def uniform(self, low, high):
        return 1.0


class Clock:
    def __init__(self, now=0.0):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock(1e9)


@pytest.fixture
def store(tmp_path):
    with contextlib.closing(open_store(f"sqlite:///{tmp_path / 'fmn.sqlite'}")) as store:
        yield store


@pytest.fixture
def transport(tmp_path, clock):
    with contextlib.closing(EmbeddedTransport(tmp_path / "queue.sqlite", clock=clock)) as transport:
        yield transport


@pytest.fixture
def marta(store):
    """A user with two places, a filter and one for a single shot."""
    places = (Destination("home", confirmed=True), Destination("office", confirmed=True))
    filters = (Filter("", "lasting"), Filter("", "once", oneshot=True))
    return store.preferences.save(User("marta", (Preference("", "marta", "recording", True, places, filters),)))


@pytest.fixture
def note(marta):
    """Make notifications of the lasting filter, or with ``once`` of the other one."""
    [preference] = marta.preferences
    lasting, once = preference.filters

    def make(message_id="m1", destination="home", once_only=False):
        used = once if once_only else lasting
        fields = {"filter_id": used.id, "filter_name": used.name, "oneshot": used.oneshot}
        return notification(message_id=message_id, destination=destination, preference=preference.id, **fields)

    return make


@pytest.fixture
def deliver(store, transport):
    """Publish notifications and deliver what is ready, until nothing is being sent."""
    made = {}

    def run(backend, *notes):
        stage = made.setdefault(id(backend), Delivery(
            backend, store, SCHEDULE, StillWanted(store, clock=Ticking()), now=lambda: NOW, rng=Chance()
        ))  # fmt: skip
        payloads = [one if isinstance(one, bytes) else encode_notification(one) for one in notes]
        transport.publish(QUEUE, payloads)
        stage.handle(transport, transport.receive(stage.queues, stage.room))
        while stage.busy:
            stage.handle(transport, [])
        return stage

    yield run
    for stage in made.values():
        stage.close()


class Ticking:
    """A clock by which it is always time to ask."""

    now = 0.0

    def __call__(self):
        self.now += 1
        return self.now


def ledger(store):
    return {(e.message_id, e.destination): (e.outcome, e.reason, e.attempts) for e in store.ledger.of_user("marta")}


def test_what_is_sent_is_in_the_ledger_and_gone_from_the_queue(deliver, transport, store, note):
    backend = RecordingBackend()
    deliver(backend, note("m1"), note("m2"), note("m1", "office"))
    assert [(n.message_id, n.destination) for n in backend.sent] == [("m1", "home"), ("m2", "home"), ("m1", "office")]
    assert set(ledger(store).values()) == {(Outcome.SENT, "", 1)}
    assert transport.depth(QUEUE) == 0
    assert {entry.at for entry in store.ledger.of_user("marta")} == {NOW}


def test_a_notification_that_was_sent_is_not_sent_again(deliver, transport, note):
    backend = RecordingBackend()
    deliver(backend, note())
    stage = deliver(backend, note(), note())
    assert len(backend.sent) == 1
    assert stage.counts == {"sent": 1, "repeated": 2}
    assert transport.depth(QUEUE) == 0


def test_copies_that_are_queued_together_are_sent_once(deliver, transport, note):
    backend = RecordingBackend()
    deliver(backend, *[note()] * 5)
    assert len(backend.sent) == 1
    assert transport.depth(QUEUE) == 0


def test_copies_of_what_is_deferred_become_one(deliver, transport, note, clock):
    backend = RecordingBackend(failures=[RetryDelivery("busy")])
    deliver(backend, note(), note())
    assert transport.depth(QUEUE) == 1
    clock.now += 10
    deliver(backend)
    assert (len(backend.sent), transport.depth(QUEUE)) == (1, 0)


def test_a_delivery_to_retry_waits_as_the_schedule_says(deliver, transport, store, note, clock):
    backend = RecordingBackend(failures=[RetryDelivery("greylisted"), RetryDelivery("greylisted")])
    deliver(backend, note())
    assert ledger(store) == {("m1", "home"): (Outcome.DEFERRED, "greylisted", 1)}
    for pause in (10, 20):
        clock.now += pause - 1
        assert transport.receive([QUEUE]) == []
        clock.now += 1
        deliver(backend)
    assert ledger(store) == {("m1", "home"): (Outcome.SENT, "", 3)}


def test_a_backend_may_ask_for_a_longer_pause(deliver, transport, note, clock):
    deliver(RecordingBackend(failures=[RetryDelivery("slow down", after=50)]), note())
    clock.now += 49
    assert transport.receive([QUEUE]) == []
    clock.now += 1
    assert len(transport.receive([QUEUE])) == 1


def test_a_shorter_pause_than_the_schedules_is_not_granted(deliver, transport, note, clock):
    deliver(RecordingBackend(failures=[RetryDelivery("now, please", after=0)]), note())
    clock.now += 9
    assert transport.receive([QUEUE]) == []


def test_what_is_tried_too_often_is_given_up_with_its_reason(deliver, transport, store, note, clock):
    backend = RecordingBackend(failures=[RetryDelivery("no route")] * 3)
    deliver(backend, note())
    for _ in range(2):
        clock.now += 100
        deliver(backend)
    reason = "given up after 3 attempts: no route"
    assert ledger(store) == {("m1", "home"): (Outcome.FAILED, reason, 3)}
    [letter] = transport.dead_letters()
    assert (letter.reason, letter.payload) == (reason, encode_notification(note()))


def test_what_was_given_up_can_be_replayed(deliver, transport, store, note):
    backend = RecordingBackend(failures=[DropDelivery("no such address")])
    deliver(backend, note())
    assert ledger(store) == {("m1", "home"): (Outcome.FAILED, "no such address", 1)}
    transport.replay([letter.id for letter in transport.dead_letters()])
    deliver(backend)
    assert ledger(store) == {("m1", "home"): (Outcome.SENT, "", 1)}


@pytest.mark.parametrize("bug", [KeyError("x"), SystemExit(3)], ids=repr)
def test_a_bug_of_a_backend_is_logged_and_retried(deliver, transport, store, note, clock, caplog, bug):
    backend = RecordingBackend(failures=[bug])
    deliver(backend, note(), note("m2"))
    assert ledger(store)["m1", "home"] == (Outcome.DEFERRED, f"backend 'recording' raised {bug!r}", 1)
    assert "backend 'recording' has a bug" in caplog.text
    assert "Traceback" in caplog.text
    clock.now += 10
    deliver(backend)
    assert len(backend.sent) == 2


def test_what_is_no_notification_becomes_a_dead_letter(deliver, transport, note):
    backend = RecordingBackend()
    stage = deliver(backend, b"nonsense", note())
    [letter] = transport.dead_letters()
    assert (letter.payload, "not JSON" in letter.reason) == (b"nonsense", True)
    assert len(backend.sent) == 1
    assert stage.counts["malformed"] == 1


def received_after(deaths, transport, *notes):
    """Publish notifications and receive them as after the deaths of so many processes."""
    transport.publish(QUEUE, [encode_notification(one) for one in notes])
    return [envelope._replace(lost=deaths) for envelope in transport.receive([QUEUE], 100)]


def test_nothing_is_taken_beside_what_a_process_died_with(store, transport, note):
    backend = Slow()
    stage = Delivery(backend, store, SCHEDULE)
    stage.handle(transport, received_after(1, transport, note("m1", "office")))
    assert stage.room == 0
    backend.go_on.set()
    until_idle(stage, transport)
    assert stage.room > 0
    stage.close()


def changed(marta, **fields):
    [preference] = marta.preferences
    return replace(marta, preferences=(replace(preference, **fields),))


def no_filter_on(marta):
    return changed(marta, filters=tuple(replace(f, active=False) for f in marta.preferences[0].filters))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(lambda u: changed(u, enabled=False), "the preference was switched off", id="off"),
        pytest.param(lambda u: replace(u, preferences=()), "the preference was removed", id="removed"),
        pytest.param(lambda u: changed(u, filters=()), "the filter was removed", id="filter removed"),
        pytest.param(no_filter_on, "the filter was switched off", id="filter off"),
        pytest.param(lambda u: changed(u, destinations=()), "the destination was removed", id="nowhere"),
        pytest.param(
            lambda u: changed(u, destinations=(Destination("home"),)), "the destination was removed", id="unconfirmed"
        ),
    ],
)
def test_what_was_switched_off_meanwhile_is_not_sent(deliver, transport, store, note, marta, change, reason):
    backend = RecordingBackend()
    deliver(backend, note("m1"))
    store.preferences.save(change(marta))
    deliver(backend, note("m2"))
    assert [n.message_id for n in backend.sent] == ["m1"]
    assert ledger(store)["m2", "home"] == (Outcome.SUPPRESSED, reason, 1)
    assert transport.depth(QUEUE) == 0


def test_a_shot_is_fired_once(deliver, store, note):
    backend = RecordingBackend()
    deliver(backend, note("m1", once_only=True))
    deliver(backend, note("m2", once_only=True))
    assert [n.message_id for n in backend.sent] == ["m1"]
    spent = "the filter was for one notification, which was sent"
    assert ledger(store)["m2", "home"] == (Outcome.SUPPRESSED, spent, 1)


def test_messages_that_meet_do_not_share_a_shot(deliver, store, note):
    backend = RecordingBackend()
    deliver(backend, *[note(f"m{n}", once_only=True) for n in range(5)])
    assert [n.message_id for n in backend.sent] == ["m0"]
    assert [outcome for outcome, *_ in ledger(store).values()].count(Outcome.SUPPRESSED) == 4


def test_a_shot_reaches_every_destination_of_its_message(deliver, note):
    backend = RecordingBackend()
    deliver(backend, note("m1", once_only=True))
    deliver(backend, note("m1", "office", once_only=True))
    assert [n.destination for n in backend.sent] == ["home", "office"]


def test_a_shot_that_missed_is_not_spent(deliver, note, clock):
    backend = RecordingBackend(failures=[RetryDelivery("busy")])
    deliver(backend, note("m1", once_only=True))
    deliver(backend, note("m2", once_only=True))
    clock.now += 1000
    deliver(backend)
    assert [n.message_id for n in backend.sent] == ["m2"]


class Slow(Backend):
    """Takes its time for one destination until it is told to go on."""

    name = "recording"
    concurrency = 2

    def __init__(self):
        self.go_on = threading.Event()
        self.sent = []

    def deliver(self, notification):
        if notification.destination == "office":
            self.go_on.wait(30)
        self.sent.append(notification.destination)


def test_a_slow_destination_does_not_delay_others(store, transport, note):
    backend = Slow()
    stage = Delivery(backend, store, SCHEDULE)
    transport.publish(QUEUE, [encode_notification(note("m0", "office"))])
    transport.publish(QUEUE, [encode_notification(note(f"m{n}")) for n in range(20)])
    stage.handle(transport, transport.receive([QUEUE], stage.room))
    while len(store.ledger.of_user("marta")) < 20:
        stage.handle(transport, [])
    assert backend.sent == ["home"] * 20
    backend.go_on.set()
    while stage.busy:
        stage.handle(transport, [])
    assert transport.depth(QUEUE) == 0
    stage.close()


def test_what_has_not_begun_goes_back_when_the_stage_finishes(store, transport, note):
    backend = Slow()
    backend.concurrency = 1
    stage = Delivery(backend, store, SCHEDULE)
    transport.publish(QUEUE, [encode_notification(note("m0", "office")), encode_notification(note("m1"))])
    stage.handle(transport, transport.receive([QUEUE], stage.room))
    stage.finish()
    backend.go_on.set()
    while stage.busy:
        stage.handle(transport, [])
    assert backend.sent == ["office"]
    assert transport.depth(QUEUE) == 1
    stage.close()


class Forgetful:
    """A ledger that loses its connection when it is told of something, so many times."""

    def __init__(self, real, failures):
        self._real, self.failures = real, failures

    def __getattr__(self, name):
        return getattr(self._real, name)

    def record(self, entries):
        if self.failures:
            self.failures -= 1
            raise StoreError("connection lost")
        self._real.record(entries)


def test_what_was_sent_while_the_ledger_was_away_is_not_sent_again(store, transport, tmp_path, note):
    store.ledger = Forgetful(store.ledger, failures=1)
    backend = RecordingBackend()
    stage = Delivery(backend, store, SCHEDULE)
    transport.publish(QUEUE, [encode_notification(note())])
    with pytest.raises(StoreError):
        until_idle(stage, transport)
    transport.close()  # as the runner does, by which the envelope goes back to the queue
    with contextlib.closing(EmbeddedTransport(tmp_path / "queue.sqlite")) as reopened:
        until_idle(stage, reopened)
        assert reopened.depth(QUEUE) == 0
    assert len(backend.sent) == 1
    assert ledger(store) == {("m1", "home"): (Outcome.SENT, "", 1)}
    stage.close()


def until_idle(stage, transport):
    while stage.busy or transport.depth(QUEUE):
        stage.handle(transport, transport.receive([QUEUE], stage.room))


def test_what_comes_back_while_it_is_still_being_sent_is_sent_once(store, transport, tmp_path, note):
    backend = Slow()
    stage = Delivery(backend, store, SCHEDULE)
    transport.publish(QUEUE, [encode_notification(note("m1", "office"))])
    stage.handle(transport, transport.receive([QUEUE], stage.room))
    transport.close()
    with contextlib.closing(EmbeddedTransport(tmp_path / "queue.sqlite")) as reopened:
        stage.handle(reopened, reopened.receive([QUEUE], stage.room))
        backend.go_on.set()
        until_idle(stage, reopened)
    assert backend.sent == ["office"]
    stage.close()


def test_closing_closes_the_backend(store):
    backend = RecordingBackend()
    Delivery(backend, store, SCHEDULE).close()
    assert backend.closed
