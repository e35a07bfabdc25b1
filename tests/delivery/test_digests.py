"""What is collected, when it is sent, and that nothing leaves before."""

import threading

import pytest

from fmn_core.errors import BackendAway, DropDelivery, RetryDelivery
from fmn_core.model import Outcome
from fmn_core.pacing import Overflow
from fmn_core.testing import RecordingBackend


def digests(place):
    return [[one.message_id for one in digest.notifications] for digest in place.backend.digests]


def test_by_time(place):
    place.change(digest={"on": True, "every": 600.0})
    place.deliver(place.note("m0"), place.note("m1"))
    place.later(300)
    place.deliver(place.note("m2"))
    assert (place.sent, digests(place)) == ([], [])
    assert place.transport.depth(place.queue) == 0
    outcome, reason, _ = place.ledger()["m0", "home"]
    assert (outcome, reason) == (Outcome.DEFERRED, "collected: every 10 minutes")
    place.later(300)
    assert digests(place) == [["m0", "m1", "m2"]]
    assert set(place.outcomes().values()) == {Outcome.SENT}
    assert place.waiting() == {}
    assert place.backend.digests[0].reason == "every 10 minutes"


def test_by_count(place):
    place.change(digest={"on": True, "count": 3})
    place.deliver(place.note("m0"), place.note("m1"))
    place.later(1e6)
    assert digests(place) == []
    place.deliver(place.note("m2"), place.note("m3"))
    assert digests(place) == [["m0", "m1", "m2", "m3"]]


def test_at_fixed_hours_of_the_user(place):
    place.change(digest={"on": True, "at": ("18:00",), "zone": "Europe/Prague"})
    place.deliver(place.note("m0"), place.note("m1"))
    place.later(3 * 3600)  # three in the afternoon in UTC, five in Prague
    assert digests(place) == []
    place.later(3600)
    assert digests(place) == [["m0", "m1"]]


def test_quiet_hours_collect_and_send_afterwards(place):
    place.change(digest={"quiet": "11:00-14:00"})
    place.deliver(place.note("m0"), place.note("m1"))
    assert place.waiting() == {("home", "quiet"): 2}
    [entry, _] = place.store.ledger.of_user("marta")
    assert (entry.reason, f"{entry.until:%H:%M}") == ("quiet hours", "14:00")
    place.later(2 * 3600)
    place.deliver(place.note("m2"))
    assert digests(place) == [["m0", "m1"]]
    assert place.backend.digests[0].reason == "quiet hours"
    assert place.sent == [("m2", "home")]


def test_one_alone_goes_as_usual(place):
    place.change(digest={"on": True, "every": 600.0})
    place.deliver(place.note("m0"))
    place.later(600)
    assert place.sent == [("m0", "home")]
    assert digests(place) == []


def test_each_destination_has_its_own(place):
    place.change(digest={"on": True, "every": 600.0})
    place.deliver(*[place.note(f"m{n}", where) for n in range(2) for where in ("home", "office")])
    place.later(600)
    assert sorted(digest.destination for digest in place.backend.digests) == ["home", "office"]
    assert digests(place) == [["m0", "m1"]] * 2


def test_what_is_over_a_users_own_limit_becomes_a_digest(place):
    place.change(digest={"per_hour": 3})
    place.deliver(*[place.note(f"m{n}") for n in range(10)])
    assert len(place.sent) == 3
    assert place.ledger()["m3", "home"][:2] == (Outcome.DEFERRED, "more than 3 within 60 minutes")
    place.later(3600)
    assert digests(place) == [[f"m{n}" for n in range(3, 10)]]
    assert place.backend.digests[0].reason == "there was much at once"


def test_a_backend_that_was_away_does_not_flood_when_it_is_back(place):
    place.backend.overflow = Overflow(most=5, within=60)
    place.backend.failures = [BackendAway("no route")]
    place.deliver(*[place.note(f"m{n}") for n in range(200)])
    place.later(10)
    assert place.sent == [(f"m{n}", "home") for n in range(5)]
    place.later(60)
    assert digests(place) == [[f"m{n}" for n in range(5, 200)]]
    place.later(60)
    place.deliver(place.note("m200"))
    assert place.sent[-1] == ("m200", "home")


def test_nothing_leaves_before_it_was_sent(place):
    place.change(digest={"on": True, "every": 600.0})
    place.backend.failures = [RetryDelivery("busy"), RetryDelivery("busy")]
    place.deliver(place.note("m0"), place.note("m1"))
    place.later(600)
    assert place.waiting() == {("home", "digest"): 2}
    assert place.ledger()["m0", "home"] == (Outcome.DEFERRED, "busy", 1)
    place.later(20)
    place.later(30)
    assert digests(place) == [["m0", "m1"]]


def test_one_that_nobody_can_take_becomes_dead_letters(place):
    place.change(digest={"on": True, "every": 600.0})
    place.backend.failures = [DropDelivery("too large")]
    place.deliver(place.note("m0"), place.note("m1"))
    place.later(600)
    assert set(place.outcomes().values()) == {Outcome.FAILED}
    assert [letter.reason for letter in place.transport.dead_letters()] == ["too large"] * 2
    assert place.waiting() == {}


def test_it_outlasts_the_process(place):
    place.change(digest={"on": True, "every": 600.0})
    place.deliver(place.note("m0"))
    place.restart()
    place.deliver(place.note("m1"))
    place.later(600)
    assert digests(place) == [["m0", "m1"]]


def test_what_was_collected_is_noted_where_the_preference_is_switched_off(place):
    place.change(digest={"on": True, "every": 600.0})
    place.deliver(place.note("m0"), place.note("m1"))
    place.change(enabled=False)
    place.turn()
    assert place.ledger()["m0", "home"][:2] == (Outcome.SUPPRESSED, "the preference was switched off")
    assert place.waiting() == {}
    assert (place.sent, digests(place)) == ([], [])


def test_switching_the_digest_off_sends_what_was_collected(place):
    place.change(digest={"on": True, "every": 600.0})
    place.deliver(place.note("m0"), place.note("m1"))
    place.change(digest={})
    place.turn()
    assert digests(place) == [["m0", "m1"]]
    assert place.backend.digests[0].reason == "collecting was switched off"


def test_a_clock_that_jumps_does_not_keep_it_for_ever(place):
    place.change(digest={"on": True, "every": 600.0})
    place.seconds = 1e8
    place.deliver(place.note("m0"), place.note("m1"))
    place.seconds = 0.0
    place.restart()
    place.later(600)
    assert digests(place) == [["m0", "m1"]]


def test_many_make_several(place):
    place.change(digest={"on": True, "every": 600.0})
    place.deliver(*[place.note(f"m{n}") for n in range(1500)])
    place.later(600)
    assert [len(some) for some in digests(place)] == [1000, 500]


# One shot.


def test_a_shot_is_fired_once(place):
    place.deliver(place.note("m1", once=True))
    place.deliver(place.note("m2", once=True))
    assert place.sent == [("m1", "home")]
    reason = "the filter was for one notification, which another message took"
    assert place.ledger()["m2", "home"] == (Outcome.SUPPRESSED, reason, 1)


def test_messages_that_meet_do_not_share_a_shot(place):
    place.backend = Together(5)
    place.change(destinations=tuple(place.preference.destinations))
    place.deliver(*[place.note(f"m{n}", where, once=True) for n, where in enumerate(["home", "office"] * 2)])
    assert len({one for one, _ in place.sent}) == 1
    assert list(place.outcomes().values()).count(Outcome.SUPPRESSED) == 3


class Together(RecordingBackend):
    """Several at once."""

    def __init__(self, concurrency):
        super().__init__()
        self.concurrency = concurrency
        self.lock = threading.Lock()


def test_a_shot_reaches_every_destination_of_its_message(place):
    place.deliver(place.note("m1", once=True))
    place.deliver(place.note("m1", "office", once=True))
    assert place.sent == [("m1", "home"), ("m1", "office")]


def test_a_shot_belongs_to_the_message_that_took_it_also_while_that_waits(place):
    place.backend.failures = [RetryDelivery("busy")]
    place.deliver(place.note("m1", once=True))
    place.deliver(place.note("m2", once=True))
    place.later(100)
    assert place.sent == [("m1", "home")]
    assert place.outcomes()["m2"] is Outcome.SUPPRESSED


def test_a_shot_that_missed_is_not_spent(place):
    place.backend.failures = [DropDelivery("no such address")]
    place.deliver(place.note("m1", once=True))
    place.deliver(place.note("m2", once=True))
    assert place.sent == [("m2", "home")]


@pytest.mark.parametrize("digest", [{"on": True, "every": 600.0}, {"quiet": "11:00-12:20"}])
def test_a_shot_is_taken_by_what_is_collected(place, digest):
    place.change(digest=digest)
    place.deliver(place.note("m1", once=True))
    place.deliver(place.note("m2", once=True))
    place.later(1200)
    assert place.sent == [("m1", "home")]
