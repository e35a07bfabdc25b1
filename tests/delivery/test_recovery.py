"""Order and promises where processes, the store or the transport fail in the middle."""

import threading
from dataclasses import replace

import pytest

from fmn_core.delivery import sender, stage
from fmn_core.delivery.lanes import Lanes
from fmn_core.delivery.stage import AHEAD, STUCK
from fmn_core.errors import BackendAway, RetryDelivery, StoreError
from fmn_core.model import Filter, Outcome, Purpose, User
from fmn_core.testing import RecordingBackend, notification


def home(place):
    return [one for one, at in place.sent if at == "home"]


def test_what_waits_since_before_the_restart_is_not_overtaken(place):
    place.backend.failures = [RetryDelivery("mailbox full")]
    place.deliver(*[place.note(f"m{n}") for n in range(3)])
    place.restart()
    place.deliver(*[place.note(f"m{n}") for n in range(3, 6)])
    assert home(place) == []
    place.later(20)
    assert home(place) == [f"m{n}" for n in range(6)]


class Stuck(RecordingBackend):
    """Sends nothing until it is told to go on."""

    concurrency = 2

    def __init__(self):
        super().__init__()
        self.began, self.go_on = threading.Event(), threading.Event()

    def deliver(self, notification):
        self.began.set()
        self.go_on.wait(60)
        super().deliver(notification)


def test_what_was_taken_and_not_sent_keeps_its_place_before_what_waits_behind_it(place):
    stuck = place.backend = Stuck()
    place.begin()
    notes = [place.note(f"m{n}") for n in range(AHEAD + 2)]
    place.publish(*notes)
    for _ in range(3):
        place.stage.handle(place.transport, place.transport.receive([place.queue], place.stage.room))
        place.seconds += STUCK
    assert stuck.began.wait(60)
    assert place.waiting()["home", "behind"] > AHEAD // 2
    killed = place.stage
    place.backend = RecordingBackend()
    place.restart()
    place.turn()
    assert home(place) == [f"m{n}" for n in range(AHEAD + 2)]
    stuck.failures = [RetryDelivery("it never comes to that")]
    stuck.go_on.set()
    killed.finish()
    killed.close()


def test_jobs_of_a_portion_are_all_there_before_the_first_can_fail(place):
    """Otherwise one added after the failure of another would go before it."""
    seen = []

    class Watched(Lanes):
        def refill(self, jobs):
            seen.append([job.notifications[0].message_id for job in jobs])
            super().refill(jobs)

    place.backend.failures = [RetryDelivery("busy")]
    place.deliver(*[place.note(f"m{n}") for n in range(4)])
    place.stage._lanes.__class__ = Watched
    place.later(20)
    assert [some for some in seen if some] == [["m0"], ["m1", "m2", "m3"]]


@pytest.fixture
def unsettled(place, monkeypatch):
    """Let the store refuse to be told, as often as the list has it, of notes that a function picks."""

    def refuse(times, picks):
        real, left = place.store.settle, [times]

        def settle(notes):
            if left[0] and any(map(picks, notes)):
                left[0] -= 1
                raise StoreError("connection lost")
            real(notes)

        monkeypatch.setattr(place.store, "settle", settle)

    return refuse


def until_it_works(place):
    """Go on as the runner does: after a failure with a transport that is opened anew."""
    for _ in range(20):
        try:
            return place.turn()
        except StoreError:
            place.stage.interrupted()
            place.transport.close()
            place.transport = place._open()
    raise AssertionError("it never works")


def test_what_could_not_be_moved_out_of_the_way_is_sent_all_the_same(place, unsettled):
    stuck = place.backend = Stuck()
    place.begin()
    unsettled(1, lambda note: note.waits is not None and note.waits.why == "behind")
    place.publish(*[place.note(f"m{n}") for n in range(AHEAD + 2)])
    place.stage.handle(place.transport, place.transport.receive([place.queue], place.stage.room))
    place.seconds += STUCK
    with pytest.raises(StoreError):
        place.stage.handle(place.transport, [])
    place.stage.interrupted()
    place.transport.close()
    place.transport = place._open()
    stuck.go_on.set()
    until_it_works(place)
    assert home(place) == [f"m{n}" for n in range(AHEAD + 2)]


def test_a_store_that_is_away_before_sending_keeps_the_order(place, monkeypatch):
    real, left = place.store.switches.claim_oneshot, [1]

    def claim(*arguments):
        if left[0]:
            left[0] -= 1
            raise StoreError("connection lost")
        return real(*arguments)

    place.begin()
    monkeypatch.setattr(place.store.switches, "claim_oneshot", claim)
    place.deliver(place.note("m0", once=True), *[place.note(f"m{n}") for n in range(1, 5)])
    place.later(60)
    assert home(place) == [f"m{n}" for n in range(5)]
    assert {attempts for *_, attempts in place.ledger().values()} == {1}


def test_a_question_that_was_sent_while_the_store_was_away_is_not_sent_again(place, monkeypatch):
    told = []

    def was_sent(notification, now):
        told.append(notification)
        if len(told) == 1:
            raise StoreError("connection lost")

    place.begin()
    monkeypatch.setattr(place.store.confirmations, "was_sent", was_sent)
    monkeypatch.setattr(place.store.confirmations, "is_open", lambda notification: True)
    question = place.note("ask", purpose=Purpose.CONFIRMATION)
    place.publish(question)
    until_it_works(place)
    assert home(place) == ["ask"]
    assert told == [question.id] * 2
    assert place.ledger()["ask", "home"] == (Outcome.SENT, "", 1)


def test_a_link_that_needs_the_store_is_no_bug_of_the_backend(place, monkeypatch, caplog):
    real, calls = place.store.preferences.get, []

    def get(preference):
        calls.append(preference)
        if len(calls) == 2:
            raise StoreError("connection lost")
        return real(preference)

    place.begin()
    sift = place.stage._sender._sift

    def forgetful(job):
        found = sift(job)
        place.stage._wanted.forget()
        return found

    monkeypatch.setattr(place.store.preferences, "get", get)
    monkeypatch.setattr(place.stage._sender, "_sift", forgetful)
    place.deliver(place.note("m0"), place.note("m1"))
    place.later(60)
    assert home(place) == ["m0", "m1"]
    assert "has a bug" not in caplog.text


def test_what_was_handed_out_often_was_not_tried_often(place):
    place.publish(place.note())
    for _ in range(5):
        place.transport.receive([place.queue], 1)
        place.transport.close()
        place.transport = place._open()
    place.backend.failures = [RetryDelivery("greylisted")]
    place.turn()
    assert place.outcomes()["m1"] is Outcome.DEFERRED
    place.later(20)
    assert place.ledger() == {("m1", "home"): (Outcome.SENT, "", 2)}


def test_lanes_without_anything_have_nothing_to_give():
    assert Lanes().spill(8) == []


def test_a_digest_in_trouble_leaves_another_one_for_the_same_destination_a_digest(place):
    place.change(digest={"on": True, "every": 600.0})
    [friend] = place.store.preferences.save(
        User("nela", (replace(place.preference, id="", user="nela", filters=(Filter("", "friendly"),)),))
    ).preferences
    used = {"user": "nela", "preference": friend.id, "filter_id": friend.filters[0].id}
    others = [notification(message_id=f"o{n}", destination="home", **used) for n in range(2)]
    place.deliver(*[place.note(f"m{n}") for n in range(2)], *others)
    place.backend.failures = [RetryDelivery("busy")]
    place.later(600)
    place.later(60)
    digests = sorted([one.message_id for one in digest.notifications] for digest in place.backend.digests)
    assert digests == [["m0", "m1"], ["o0", "o1"]]
    assert place.sent == []


def test_what_waits_behind_others_is_counted_once_against_a_limit(place):
    place.change(digest={"per_hour": 3})
    place.backend.failures = [RetryDelivery("busy")]
    place.deliver(*[place.note(f"m{n}") for n in range(1)])
    place.deliver(*[place.note(f"m{n}") for n in range(1, 4)])
    place.later(20)
    assert home(place) == ["m0", "m1", "m2"]
    assert place.waiting() == {("home", "overflow"): 1}


def test_while_nothing_is_tried_there_is_one_warning(place, caplog):
    """What is suppressed in between says nothing about the backend."""
    place.backend.failures = [BackendAway("no route")] * 3
    place.deliver(place.note("m0", "office"), place.note("m1"))
    place.change(destinations=place.preference.destinations[:1])
    for _ in range(6):
        place.later(20)
    assert home(place) == ["m1"]
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [text.partition(":")[0] for text in warnings] == [
        "delivery of recording stopped",
        "delivery of recording works again after 3 failed attempts",
    ]


def test_what_an_interruption_takes_away_does_not_keep_the_rest_waiting(place):
    place.backend.failures = [BackendAway("no route")]
    place.deliver(place.note("m0"))
    place.stage.interrupted()
    place.transport.close()
    place.transport = place._open()
    place.later(60)
    assert home(place) == ["m0"]


def test_the_end_does_not_wait_for_what_hangs(place, monkeypatch, caplog):
    monkeypatch.setattr(stage, "PATIENCE", 0.0)
    monkeypatch.setattr(sender, "PATIENCE", 0.0)
    stuck = place.backend = Stuck()
    place.begin()
    place.publish(place.note())
    place.stage.handle(place.transport, place.transport.receive([place.queue], place.stage.room))
    assert stuck.began.wait(60)
    place.stage.finish()
    assert not place.stage.busy
    place.stage.close()
    assert "left behind in the middle of sending" in caplog.text
    stuck.go_on.set()
    monkeypatch.undo()
    place.stage.close()
