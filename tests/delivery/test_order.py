"""Trouble with one destination is its own: what comes later for it waits behind, in order, and others go on."""

import threading

import pytest

from fmn_core.errors import AddressRefused, BackendAway, RetryDelivery
from fmn_core.model import Destination, Outcome, Preference, User
from fmn_core.testing import RecordingBackend


class Choosy(RecordingBackend):
    """Fails for some destinations as long as it is told to.

    :ivar trouble: destination -> what is raised for it
    """

    concurrency = 3

    def __init__(self, **trouble):
        super().__init__()
        self.trouble = trouble
        self.tried = []

    def deliver(self, notification):
        self.tried.append((notification.message_id, notification.destination))
        if error := self.trouble.get(notification.destination):
            raise type(error)(*error.args)
        super().deliver(notification)


def ids(place, destination):
    return [one for one, at in place.sent if at == destination]


def test_what_comes_behind_trouble_waits_in_order(place):
    place.backend = Choosy(home=RetryDelivery("mailbox full"))
    place.deliver(*[place.note(f"m{n}", where) for n in range(5) for where in ("home", "office")])
    place.deliver(*[place.note(f"m{n}", where) for n in range(5, 8) for where in ("home", "office")])
    assert ids(place, "home") == []
    assert ids(place, "office") == [f"m{n}" for n in range(8)]
    assert place.waiting() == {("home", "trouble"): 1, ("home", "behind"): 7}
    assert place.transport.depth(place.queue) == 0
    place.backend.trouble.clear()
    place.later(10)
    assert ids(place, "home") == [f"m{n}" for n in range(8)]
    assert place.waiting() == {}


def test_only_the_first_is_tried_again(place):
    place.backend = Choosy(home=RetryDelivery("mailbox full"))
    place.deliver(*[place.note(f"m{n}") for n in range(5)])
    place.later(10)
    assert place.backend.tried == [("m0", "home")] * 2


def test_what_is_given_up_lets_the_next_one_try(place):
    place.backend = Choosy(home=RetryDelivery("mailbox full"))
    place.deliver(place.note("m0"), place.note("m1"))
    for _ in range(2):
        place.later(100)
    assert place.outcomes()["m0"] is Outcome.FAILED
    place.backend.trouble.clear()
    place.later(100)
    assert ids(place, "home") == ["m1"]


def test_trouble_outlasts_the_process(place):
    place.backend = Choosy(home=RetryDelivery("mailbox full"))
    place.deliver(*[place.note(f"m{n}") for n in range(3)])
    place.restart()
    place.deliver(*[place.note(f"m{n}") for n in range(3, 6)])
    place.backend.trouble.clear()
    place.later(10)
    assert ids(place, "home") == [f"m{n}" for n in range(6)]


def test_a_clock_that_jumped_back_leaves_nothing_behind(place):
    place.backend = Choosy(home=RetryDelivery("mailbox full"))
    place.seconds = 1e8
    place.deliver(place.note("m0"), place.note("m1"))
    place.backend.trouble.clear()
    place.seconds = 0
    place.restart()
    place.later(0)
    assert ids(place, "home") == ["m0", "m1"]


def take_in_one_moment(place, *notes):
    place.publish(*notes)
    place.stage.handle(place.transport, place.transport.receive([place.queue], place.stage.room))


def test_what_two_processes_took_in_one_moment_goes_in_order(place):
    place.backend = Choosy(home=RetryDelivery("greylisted", after=90.0))
    place.deliver(place.note("m0"))
    take_in_one_moment(place, place.note("m1"), place.note("m2"))
    place.restart()
    take_in_one_moment(place, place.note("m3"), place.note("m4"))
    assert place.waiting() == {("home", "trouble"): 1, ("home", "behind"): 4}
    place.backend.trouble.clear()
    place.later(100)
    assert ids(place, "home") == [f"m{n}" for n in range(5)]


def test_what_waits_already_goes_first_whatever_the_clock_of_the_next_process_says(place):
    place.backend = Choosy(home=RetryDelivery("mailbox full"))
    place.seconds = 60.0
    place.deliver(*[place.note(f"m{n}") for n in range(3)])
    place.restart()
    place.seconds = 0.0
    place.deliver(*[place.note(f"m{n}") for n in range(3, 6)])
    place.backend.trouble.clear()
    place.later(100)
    assert ids(place, "home") == [f"m{n}" for n in range(6)]


def test_what_was_taken_by_a_process_whose_clock_was_ahead_goes_before_what_is_new(place):
    place.backend = Choosy(home=BackendAway("no route"))
    place.seconds = 60.0
    place.deliver(place.note("m0"), place.note("m1"))
    place.stage.close()
    place.restart()
    place.seconds = 0.0
    place.backend.trouble["home"] = RetryDelivery("mailbox full")
    place.deliver(place.note("m2"), place.note("m3"))
    assert place.waiting() == {("home", "trouble"): 1, ("home", "behind"): 3}
    place.backend.trouble.clear()
    place.later(100)
    assert ids(place, "home") == [f"m{n}" for n in range(4)]


def test_all_wait_for_a_backend_that_is_away(place):
    place.backend = Choosy(home=BackendAway("no route"), office=BackendAway("no route"))
    everything = [place.note(f"m{n}", where) for n in range(100) for where in ("home", "office")]
    place.deliver(*everything)
    for _ in range(10):
        place.later(60)
    assert place.sent == []
    assert len(place.backend.tried) < 50
    place.backend.trouble.clear()
    place.later(60)
    for where in ("home", "office"):
        assert ids(place, where) == [f"m{n}" for n in range(100)]
    assert {attempts for *_, attempts in place.ledger().values()} == {1}


class Slow(RecordingBackend):
    """Takes its time for one destination until it is told to go on."""

    concurrency = 2

    def __init__(self):
        super().__init__()
        self.go_on = threading.Event()

    def deliver(self, notification):
        if notification.destination == "office":
            self.go_on.wait(60)
        super().deliver(notification)


def test_a_slow_destination_does_not_delay_others_however_much_there_is_for_it(place):
    place.backend = Slow()
    place.publish(*[place.note(f"m{n}", "office") for n in range(300)])
    place.publish(*[place.note(f"m{n}") for n in range(300)])
    place.begin()
    for _ in range(2000):
        place.seconds += 0.1
        place.stage.handle(place.transport, place.transport.receive([place.queue], place.stage.room))
        if len(place.sent) == 300:
            break
    assert ids(place, "home") == [f"m{n}" for n in range(300)]
    assert ids(place, "office") == []
    place.backend.go_on.set()
    place.turn()
    assert ids(place, "office") == [f"m{n}" for n in range(300)]
    assert place.waiting() == {}
    assert len(place.ledger()) == 600


@pytest.fixture
def elsewhere(place):
    """The same user has a second backend, and another user the same address."""
    other = Preference("", "marta", "other", True, (Destination("chat", confirmed=True),))
    place.user = place.store.preferences.save(User("marta", (place.preference, other)))
    friend = Preference("", "nela", "recording", True, (Destination("home", confirmed=True),))
    place.store.preferences.save(User("nela", (friend,)))


def test_an_address_that_is_refused_is_suspended_and_its_user_is_told_elsewhere(place, elsewhere):
    place.backend = Choosy(home=AddressRefused("550 no such user"))
    place.deliver(place.note("m0"), place.note("m1"), place.note("m1", "office"))
    assert place.outcomes()["m0"] is Outcome.FAILED
    assert place.ledger()["m1", "home"][:2] == (Outcome.SUPPRESSED, "the destination is suspended: 550 no such user")
    first, notice = ids(place, "office")
    assert (first, notice.partition("/")[0]) == ("m1", "suspended")
    [told] = place.store.waiting.take("other", "chat", ["notice"], 10)
    assert told.notification.facts.summary == "Nothing is sent to home any more"
    assert "550 no such user" in told.notification.facts.details
    [here, _] = place.store.preferences.user("marta").preferences[::-1]
    assert {one.address: one.suspended for one in here.destinations} == {"home": "550 no such user", "office": ""}
    assert here.enabled
    [friend] = place.store.preferences.user("nela").preferences
    assert friend.destinations[0].suspended == "550 no such user"


def test_a_notice_goes_at_once_and_needs_no_filter(place, elsewhere):
    place.backend = Choosy(home=AddressRefused("550 no such user"))
    place.deliver(place.note("m0"))
    place.stage.close()
    place.backend = RecordingBackend("other")
    place.begin()
    place.turn()
    [notice] = place.backend.sent
    assert (notice.destination, notice.filter_id, notice.purpose) == ("chat", "", "notice")
    assert place.waiting() == {}
