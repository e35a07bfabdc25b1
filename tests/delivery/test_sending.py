"""From the queue to the backend: sent once, in order, tried again, or given up aloud."""

import threading
from dataclasses import replace

import pytest

from fmn_core.backends import Backend
from fmn_core.codec import encode_notification
from fmn_core.errors import BackendAway, DropDelivery, RetryDelivery, StoreError
from fmn_core.model import Destination, Outcome
from fmn_core.pacing import Pace
from fmn_core.testing import RecordingBackend


def test_what_is_sent_is_in_the_ledger_and_gone_from_the_queue(place):
    place.deliver(place.note("m1"), place.note("m2"), place.note("m1", "office"))
    assert sorted(place.sent) == [("m1", "home"), ("m1", "office"), ("m2", "home")]
    assert set(place.ledger().values()) == {(Outcome.SENT, "", 1)}
    assert place.transport.depth(place.queue) == 0
    [one, *_] = place.store.ledger.of_user("marta")
    assert (one.summary, one.thread, one.filter_name) == ("a thing happened", place.note().facts.thread, "lasting")


def test_a_notification_that_was_sent_is_not_sent_again(place):
    place.deliver(place.note())
    stage = place.deliver(place.note(), place.note())
    assert place.sent == [("m1", "home")]
    assert stage.counts == {"sent": 1, "repeated": 2}
    assert place.transport.depth(place.queue) == 0


def test_copies_that_are_queued_together_are_sent_once(place):
    place.deliver(*[place.note()] * 5)
    assert len(place.sent) == 1
    assert place.transport.depth(place.queue) == 0


def test_to_one_destination_one_goes_after_the_other(place):
    place.backend = Watchful()
    place.deliver(*[place.note(f"m{n}", where) for n in range(50) for where in ("home", "office")])
    assert place.backend.met == 0
    for where in ("home", "office"):
        assert [one for one, at in place.sent if at == where] == [f"m{n}" for n in range(50)]


class Watchful(RecordingBackend):
    """Counts how often two deliveries to one destination meet."""

    concurrency = 6

    def __init__(self):
        super().__init__()
        self.met = 0
        self._there = set()
        self._lock = threading.Lock()

    def deliver(self, notification):
        with self._lock:
            self.met += notification.destination in self._there
            self._there.add(notification.destination)
        super().deliver(notification)
        with self._lock:
            self._there.discard(notification.destination)


def test_a_delivery_to_retry_waits_as_the_schedule_says(place):
    place.backend.failures = [RetryDelivery("greylisted"), RetryDelivery("greylisted")]
    place.deliver(place.note())
    assert place.ledger() == {("m1", "home"): (Outcome.DEFERRED, "greylisted", 1)}
    assert place.transport.depth(place.queue) == 0
    assert place.waiting() == {("home", "trouble"): 1}
    for pause in (10, 20):
        place.later(pause - 8)
        assert place.sent == []
        place.later(8)
    assert place.ledger() == {("m1", "home"): (Outcome.SENT, "", 3)}
    assert place.waiting() == {}


def test_the_ledger_says_until_when(place):
    place.backend.failures = [RetryDelivery("greylisted", after=50)]
    place.deliver(place.note())
    [entry] = place.store.ledger.of_user("marta")
    assert (entry.until - entry.at).total_seconds() == 50


def test_a_shorter_pause_than_the_schedules_is_not_granted(place):
    place.backend.failures = [RetryDelivery("now, please", after=0)]
    place.deliver(place.note())
    place.later(2)
    assert place.sent == []


def test_what_is_tried_too_often_is_given_up_with_its_reason(place):
    place.backend.failures = [RetryDelivery("no route")] * 3
    place.deliver(place.note())
    for _ in range(2):
        place.later(100)
    reason = "given up after 3 attempts: no route"
    assert place.ledger() == {("m1", "home"): (Outcome.FAILED, reason, 3)}
    [letter] = place.transport.dead_letters()
    assert (letter.reason, letter.payload) == (reason, encode_notification(place.note()))
    assert place.waiting() == {}


def test_what_was_given_up_can_be_replayed(place):
    place.backend.failures = [DropDelivery("no such address")]
    place.deliver(place.note())
    assert place.ledger() == {("m1", "home"): (Outcome.FAILED, "no such address", 1)}
    place.transport.replay([letter.id for letter in place.transport.dead_letters()])
    place.turn()
    assert place.ledger() == {("m1", "home"): (Outcome.SENT, "", 1)}


@pytest.mark.parametrize("bug", [KeyError("x"), SystemExit(3)], ids=repr)
def test_a_bug_is_logged_and_retried_and_nobody_waits_for_it(place, caplog, bug):
    place.backend.failures = [bug]
    place.deliver(place.note(), place.note("m2"))
    assert place.ledger()["m1", "home"] == (Outcome.DEFERRED, f"backend 'recording' raised {bug!r}", 1)
    assert "backend 'recording' has a bug" in caplog.text
    assert "Traceback" in caplog.text
    assert place.sent == [("m2", "home")]
    place.later(10)
    assert place.sent == [("m2", "home"), ("m1", "home")]


def test_what_is_no_notification_becomes_a_dead_letter(place):
    stage = place.deliver(b"nonsense", place.note())
    [letter] = place.transport.dead_letters()
    assert (letter.payload, "not JSON" in letter.reason) == (b"nonsense", True)
    assert len(place.sent) == 1
    assert stage.counts["malformed"] == 1


def test_a_backend_sets_its_pace(place):
    place.backend.pace = Pace(rate=1000.0, burst=1)
    place.deliver(*[place.note(f"m{n}") for n in range(10)])
    assert len(place.sent) == 10


class Slow(Backend):
    """Takes its time for one destination until it is told to go on."""

    name = "recording"
    concurrency = 2

    def __init__(self):
        self.go_on = threading.Event()
        self.began = threading.Event()
        self.sent = []

    def deliver(self, notification):
        if notification.destination == "office":
            self.began.set()
            self.go_on.wait(30)
        self.sent.append(notification)


def received_after(deaths, place, *notes):
    """Publish notifications and receive them as after the deaths of so many processes."""
    place.publish(*notes)
    return [envelope._replace(lost=deaths) for envelope in place.transport.receive([place.queue], 100)]


def test_nothing_is_taken_beside_what_a_process_died_with(place):
    place.backend = Slow()
    place.begin()
    place.stage.handle(place.transport, received_after(1, place, place.note("m1", "office")))
    assert place.stage.room == 0
    place.backend.go_on.set()
    place.turn()
    assert place.stage.room > 0


def test_what_many_processes_died_with_is_given_up(place):
    place.begin()
    place.stage.handle(place.transport, received_after(5, place, place.note()))
    place.turn()
    assert place.sent == []
    [letter] = place.transport.dead_letters()
    assert letter.reason == "given up: 5 processes died while they held it, so it may have arrived"


def no_filter_on(place):
    place.change(filters=tuple(replace(one, active=False) for one in place.preference.filters))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(lambda p: p.change(enabled=False), "the preference was switched off", id="off"),
        pytest.param(
            lambda p: p.store.accounts.disable("marta", "spam"), "the account is disabled: spam", id="disabled"
        ),
        pytest.param(lambda p: p.store.preferences.remove("marta"), "the preference was removed", id="removed"),
        pytest.param(lambda p: p.change(filters=()), "the filter was removed", id="filter removed"),
        pytest.param(no_filter_on, "the filter was switched off", id="filter off"),
        pytest.param(lambda p: p.change(destinations=()), "the destination was removed", id="nowhere"),
        pytest.param(
            lambda p: p.change(destinations=(Destination("home"),)), "the destination was removed", id="unconfirmed"
        ),
        pytest.param(
            lambda p: p.store.switches.suspend("recording", "home", "550 gone"),
            "the destination is suspended: 550 gone",
            id="suspended",
        ),
    ],
)
def test_what_was_switched_off_meanwhile_is_not_sent(place, change, reason):
    place.deliver(place.note("m1"))
    late = place.note("m2")
    change(place)
    place.deliver(late)
    assert place.sent == [("m1", "home")]
    assert place.ledger()["m2", "home"] == (Outcome.SUPPRESSED, reason, 1)
    assert place.transport.depth(place.queue) == 0


def test_a_muted_thread_is_not_sent_for_a_while(place):
    muted, other = {"thread": "build/1"}, {"thread": "build/2"}
    place.begin()
    place.store.mutes.put("marta", "build/1", place.now().replace(hour=13))
    place.deliver(place.note("m1", facts=muted), place.note("m2", facts=other))
    assert place.sent == [("m2", "home")]
    outcome, reason, _ = place.ledger()["m1", "home"]
    assert (outcome, reason) == (Outcome.SUPPRESSED, "its thread is muted until 2026-05-04 13:00 UTC")
    place.later(3600)
    place.deliver(place.note("m3", facts=muted))
    assert place.sent == [("m2", "home"), ("m3", "home")]


def test_what_has_not_begun_goes_back_when_the_stage_finishes(place):
    place.backend = Slow()
    place.backend.concurrency = 1
    place.begin()
    place.publish(place.note("m0", "office"), place.note("m1"))
    place.stage.handle(place.transport, place.transport.receive([place.queue], place.stage.room))
    assert place.backend.began.wait(30)
    place.stage.finish()
    place.backend.go_on.set()
    while place.stage.busy:
        place.stage.handle(place.transport, [])
    assert place.sent == [("m0", "office")]
    assert place.transport.depth(place.queue) == 1


def lose(place, monkeypatch, times):
    """Let the store lose its connection the next times it is told what became of something."""
    real, left = place.store.settle, [times]

    def settle(notes):
        if left[0] and any(note.entry.outcome is Outcome.SENT for note in notes):
            left[0] -= 1
            raise StoreError("connection lost")
        real(notes)

    monkeypatch.setattr(place.store, "settle", settle)


def test_what_was_sent_while_the_ledger_was_away_is_not_sent_again(place, monkeypatch):
    lose(place, monkeypatch, 1)
    place.publish(place.note())
    with pytest.raises(StoreError):
        place.turn()
    stage = place.stage
    place.transport.close()  # as the runner does, by which the envelope goes back to the queue
    place.transport = place._open()
    place.turn()
    assert place.stage is stage
    assert place.sent == [("m1", "home")]
    assert place.ledger() == {("m1", "home"): (Outcome.SENT, "", 1)}
    assert place.transport.depth(place.queue) == 0


def test_what_comes_back_while_it_is_still_being_sent_is_sent_once(place):
    place.backend = Slow()
    place.begin()
    place.publish(place.note("m1", "office"))
    place.stage.handle(place.transport, place.transport.receive([place.queue], place.stage.room))
    place.transport.close()
    place.transport = place._open()
    place.stage.handle(place.transport, place.transport.receive([place.queue], place.stage.room))
    place.backend.go_on.set()
    place.turn()
    assert place.sent == [("m1", "office")]
    assert place.transport.depth(place.queue) == 0


def test_a_backend_that_is_away_is_left_alone_with_one_warning(place, caplog):
    place.backend.failures = [BackendAway("no route")] * 3
    place.deliver(*[place.note(f"m{n}") for n in range(5)])
    for _ in range(6):
        place.later(20)
    assert [one for one, _ in place.sent] == [f"m{n}" for n in range(5)]
    assert set(place.ledger().values()) == {(Outcome.SENT, "", 1)}
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [text.partition(":")[0] for text in warnings] == [
        "delivery of recording stopped",
        "delivery of recording works again after 3 failed attempts",
    ]


def test_a_backend_that_has_warned_itself_is_not_warned_of_again(place, caplog):
    place.backend.failures = [BackendAway("no route", told=True)] * 3
    place.deliver(place.note())
    for _ in range(6):
        place.later(20)
    assert place.sent == [("m1", "home")]
    assert caplog.records == []


def test_closing_closes_the_backend(place):
    place.begin()
    place.stage.close()
    assert place.backend.closed
