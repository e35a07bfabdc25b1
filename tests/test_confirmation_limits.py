"""Confirmations in time and number: expiry, clocks that jump, limits, and events in any order."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from confirmation_place import ADDRESS, DAY, NOON, Place
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fmn_core.errors import UsageError
from fmn_core.model import Destination
from fmn_core.store import State, Store


@pytest.fixture
def place(store: Store) -> Place:
    return Place(store)


# time


def test_the_time_for_an_answer_runs_from_the_last_sending(place: Place) -> None:
    secret = place.ask()
    place.now += 10 * DAY
    assert place.look(secret) is State.PENDING, "it was not sent, so nobody can be late"
    place.send()
    place.now += DAY
    place.send()
    place.now += DAY
    assert place.look(secret) is State.ASKED
    place.now += timedelta(seconds=1)
    assert place.look(secret) is State.EXPIRED
    answer = place.accept(secret)
    assert answer is not None
    assert (answer.confirmation.state, answer.counted) == (State.EXPIRED, False)
    assert place.destinations() == (Destination(ADDRESS),)
    assert place.look(place.ask()) is State.PENDING, "and can be asked again"


def test_a_clock_that_is_put_right_again_has_done_no_harm(place: Place) -> None:
    secret = place.ask()
    place.send()
    place.now += 400 * DAY
    assert place.look(secret) is State.EXPIRED
    place.now -= 400 * DAY
    assert place.look(secret) is State.ASKED


def test_a_clock_that_was_put_back_makes_no_request_last(place: Place) -> None:
    secret = place.ask()
    place.send()
    place.now -= 400 * DAY
    assert place.look(secret) is State.EXPIRED


def test_what_could_not_be_sent_says_why(place: Place) -> None:
    secret = place.ask()
    (request,) = place.requests()
    assert place.store.confirmations.is_open(request.id)
    place.store.confirmations.failed(request.id, "550 no such mailbox\0", NOON)
    assert not place.store.confirmations.is_open(request.id)
    (found,) = place.store.confirmations.of_user("alice")
    assert (found.state, found.reason) == (State.INVALID, "550 no such mailbox")
    assert place.look(secret) is State.INVALID
    place.store.confirmations.was_sent(request.id, NOON)
    assert place.look(secret) is State.INVALID, "a late word changes nothing"


def test_a_late_word_of_the_sending_changes_no_answer(place: Place) -> None:
    secret = place.ask()
    (request,) = place.requests()
    place.accept(secret)
    place.store.confirmations.was_sent(request.id, NOON)
    place.store.confirmations.failed(request.id, "it did arrive", NOON)
    assert place.look(secret) is State.ACCEPTED


# limits


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(UsageError) as caught:
        call()
    return str(caught.value)


def test_an_account_may_not_ask_too_often(store: Store) -> None:
    place = Place(store, per_account=2)
    for number in range(2):
        place.ask(address=f"a{number}@example.org")
    assert "as often as it may within an hour" in refused(lambda: place.ask(address="a2@example.org"))
    assert [d.address for d in place.destinations()] == ["a0@example.org", "a1@example.org"], "nothing was added"
    place.add("bob")
    place.ask("bob")
    place.now += timedelta(hours=1)
    place.ask(address="a2@example.org")


def test_an_address_may_not_be_asked_too_often_by_whomever(store: Store) -> None:
    place = Place(store, per_address=2)
    for user in ("alice", "bob"):
        place.add(user)
        place.ask(user)
    place.add("carol")
    assert "as often as it may be within a day" in refused(lambda: place.ask("carol"))
    place.ask("carol", "other@example.org")
    place.now += DAY
    place.ask("carol")


def test_a_clock_that_was_put_back_blocks_nobody(store: Store) -> None:
    place = Place(store, per_account=1, per_address=1)
    place.ask()
    place.now -= 400 * DAY
    place.ask()


def test_many_who_ask_at_once_keep_the_limit(store: Store) -> None:
    place = Place(store, per_account=3)
    start = Barrier(8)

    def ask(number: int) -> bool:
        start.wait()
        try:
            place.asking.ask("alice", "mail", f"a{number}@example.org")
        except UsageError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(8))) == 3


def test_of_many_clicks_one_counts(place: Place) -> None:
    secret = place.ask()
    start = Barrier(8)

    def click(number: int) -> bool:
        start.wait()
        answer = (place.accept if number % 2 else place.reject)(secret)
        assert answer is not None
        return answer.counted

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(click, range(8))) == 1
    accepted = place.look(secret) is State.ACCEPTED
    assert place.destinations() == ((Destination(ADDRESS, True),) if accepted else ())


# whatever happens, in whatever order

numbered = itertools.count()
steps = st.lists(
    st.tuples(st.sampled_from(["ask", "send", "fail", "accept", "reject", "remove", "wait"]), st.integers(0, 5)),
    max_size=25,
)


@given(steps)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_address_is_confirmed_exactly_while_its_last_answer_says_so(
    store: Store, steps: list[tuple[str, int]]
) -> None:
    place = Place(store)
    user, address = f"user{next(numbered)}", f"a{next(numbered)}@example.org"
    place.add(user)
    secrets: list[str] = []
    open_, rejected, confirmed, there = None, False, False, False  # what a reader of the pages would expect
    sent_at: datetime | None = None
    for step, number in steps:
        secret = secrets[number % len(secrets)] if secrets else "none"
        late = sent_at is not None and place.now - sent_at > place.lifetime
        counts = secret == open_ and not late
        if step == "ask" and not rejected and not confirmed:
            open_, there, sent_at = place.ask(user, address), True, None
            secrets.append(open_)
        elif step == "ask":
            with pytest.raises(UsageError) if rejected and not confirmed else pytest.MonkeyPatch.context():
                assert place.asking.ask(user, "mail", address) is State.ACCEPTED
        elif step == "send" and open_:
            place.store.confirmations.was_sent(place.requests(address)[-1].id, place.now)
            sent_at = place.now
        elif step == "fail" and open_:
            place.store.confirmations.failed(place.requests(address)[-1].id, "refused", place.now)
            open_ = None
        elif step == "remove":
            place.store.destinations.remove(user, "mail", address)
            open_, confirmed, there = None, False, False
        elif step == "wait":
            place.now += number * timedelta(hours=8)
        elif step in ("accept", "reject"):
            answer = getattr(place, step)(secret)
            assert (answer is not None and answer.counted) == counts
            if counts:
                open_, confirmed, there = None, step == "accept", step == "accept"
                rejected = rejected or step == "reject"
        (expected,) = [(Destination(address, confirmed),) if there else ()]
        assert place.destinations(user) == expected
