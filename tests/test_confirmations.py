"""Confirmations: nothing is sent to an address before somebody who reads there accepted, and an answer counts once."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fmn_core.asking import TOPIC, Asking
from fmn_core.backends import Backend
from fmn_core.config import ConfirmationSettings
from fmn_core.errors import UnknownNameError, UsageError
from fmn_core.model import Destination, Notification, Preference, Purpose, User
from fmn_core.store import State, Store, Why
from fmn_core.store.confirmations import Answer
from fmn_core.testing import RecordingBackend

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ADDRESS = "alice@example.org"


class Mail(RecordingBackend):
    def check_address(self, address: str) -> str:
        if "@" not in address:
            raise UsageError(f"{address!r} is no mail address: there is no @ in it")
        return address.lower()


class Stream(RecordingBackend):
    confirms_itself = True


class Lenient(RecordingBackend):
    """Takes anything."""


BACKENDS: dict[str, Backend] = {one.name: one for one in (Mail("mail"), Stream("stream"), Lenient("any"))}


class Place:
    """A store with alice, a clock that is set by hand, and what somebody reads at the addresses."""

    def __init__(self, store: Store, **settings: object) -> None:
        self.store, self.now = store, NOON
        self.settings = ConfirmationSettings(**{"per_account": 1000, "per_address": 1000, **settings})
        self.lifetime = timedelta(hours=self.settings.expire_hours)
        self.asking = Asking(store, BACKENDS, "https://fmn.example.org/", self.settings, lambda: self.now)
        self.add("alice")

    def add(self, user: str, *preferences: Preference) -> None:
        self.store.preferences.save(User(user, preferences or (Preference("", user, "mail"),)))

    def ask(self, user: str = "alice", address: str = ADDRESS, backend: str = "mail") -> str:
        """Ask, and return the secret of the request."""
        assert self.asking.ask(user, backend, address) is State.PENDING
        return secret_of(self.requests(address.lower())[-1])

    def requests(self, address: str = ADDRESS, backend: str = "mail") -> list[Notification]:
        return [w.notification for w in self.store.waiting.take(backend, address, [Why.NOTICE], 1000)]

    def send(self) -> None:
        """Note all requests as sent."""
        for one in self.requests():
            self.store.confirmations.was_sent(one.id, self.now)

    def look(self, secret: str) -> State | None:
        found = self.store.confirmations.look(secret, self.now, self.lifetime)
        return found and found.state

    def accept(self, secret: str) -> Answer | None:
        return self.store.confirmations.accept(secret, self.now, self.lifetime)

    def reject(self, secret: str) -> Answer | None:
        return self.store.confirmations.reject(secret, self.now, self.lifetime)

    def preference(self, user: str = "alice", backend: str = "mail") -> Preference:
        return next(p for p in self.store.preferences.user(user).preferences if p.backend == backend)

    def destinations(self, user: str = "alice") -> tuple[Destination, ...]:
        return self.preference(user).destinations


def secret_of(request: Notification) -> str:
    found = re.search(r"/confirm/accept/([\w-]+)$", request.facts.details, re.MULTILINE)
    assert found
    return found[1]


@pytest.fixture
def place(store: Store) -> Place:
    return Place(store)


# asking


def test_a_request_says_who_wants_what_and_what_to_do(place: Place) -> None:
    secret = place.ask(address="Alice@Example.org")
    (request,) = place.requests()
    assert (request.user, request.backend, request.destination) == ("alice", "mail", ADDRESS)
    assert (request.topic, request.purpose, request.preference) == (
        TOPIC,
        Purpose.CONFIRMATION,
        place.preference().id,
    )
    facts = request.facts
    assert facts.summary == f"Confirm that notifications for alice may be sent to {ADDRESS}"
    assert facts.url == f"https://fmn.example.org/confirm/{secret}"
    for part in ("'alice'", ADDRESS, f"/confirm/accept/{secret}", f"/confirm/reject/{secret}", "ignore", "24 hours"):
        assert part in facts.details
    assert "tell those who run this service: https://fmn.example.org/" in facts.details


def test_abuse_is_told_where_the_configuration_says(store: Store) -> None:
    place = Place(store, abuse="abuse@example.org")
    place.ask()
    assert "tell those who run this service: abuse@example.org" in place.requests()[0].facts.details


def test_asking_adds_the_address_and_confirms_nothing(place: Place) -> None:
    place.ask()
    assert place.destinations() == (Destination(ADDRESS),)
    assert not place.preference().enabled


def test_the_secret_stands_in_the_request_alone(place: Place, store_url: str) -> None:
    secret = place.ask()
    with place.store._engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM confirmations").all()
    assert rows
    assert secret not in repr(rows)


def test_a_backend_that_needs_no_confirmation_gets_none(place: Place) -> None:
    assert place.asking.ask("alice", "stream", "s1") is State.ACCEPTED
    assert place.preference(backend="stream").destinations == (Destination("s1", confirmed=True),)
    assert place.preference(backend="stream").enabled
    assert place.requests("s1", "stream") == []


def test_an_address_that_is_confirmed_is_not_asked(place: Place) -> None:
    place.store.destinations.confirm("alice", "mail", ADDRESS)
    revision = place.store.preferences.revision()
    assert place.asking.ask("alice", "mail", ADDRESS) is State.ACCEPTED
    assert place.requests() == []
    assert place.store.preferences.revision() == revision


@pytest.mark.parametrize(
    ("user", "backend", "address", "sentence"),
    [
        ("alcie", "mail", ADDRESS, r"^no user is named 'alcie'; did you mean 'alice'\?$"),
        ("alice", "mial", ADDRESS, r"^no backend is named 'mial'; did you mean 'mail'\?$"),
        ("alice", "mail", "nowhere", r"^'nowhere' is no mail address"),
        ("alice", "any", "a\r\nb", "must be one short line of text$"),
        ("alice", "any", "", "must be one short line of text$"),
        ("alice", "any", "half \ud800", "must be one short line of text$"),
        ("alice", "any", "x" * 10_000, "must be one short line of text$"),
    ],
)
def test_what_cannot_be_asked_is_refused(place: Place, user: str, backend: str, address: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        place.asking.ask(user, backend, address)
    assert place.destinations() == ()
    assert place.store.confirmations.of_user("alice") == []


# answers


def test_accepting_confirms_and_switches_the_first_address_on(place: Place) -> None:
    secret = place.ask()
    place.send()
    assert place.look(secret) is State.ASKED
    answer = place.accept(secret)
    assert answer is not None
    assert (answer.confirmation.state, answer.counted, answer.switched_on) == (State.ACCEPTED, True, True)
    assert place.destinations() == (Destination(ADDRESS, confirmed=True),)
    assert place.preference().enabled
    assert place.preference().revision == place.store.preferences.revision(), "workers learn of it"


def test_a_later_address_switches_nothing_on(place: Place) -> None:
    place.accept(place.ask())
    place.store.switches.switch("alice", "mail", False)
    answer = place.accept(place.ask(address="second@example.org"))
    assert answer is not None
    assert not answer.switched_on
    place.store.destinations.remove("alice", "mail", ADDRESS)
    place.store.destinations.remove("alice", "mail", "second@example.org")
    answer = place.accept(place.ask(address="third@example.org"))
    assert answer is not None
    assert (answer.switched_on, place.preference().enabled) == (False, False)


def test_rejecting_removes_the_address_and_is_remembered(place: Place) -> None:
    secret = place.ask()
    answer = place.reject(secret)
    assert answer is not None
    assert (answer.confirmation.state, answer.counted) == (State.REJECTED, True)
    assert place.destinations() == ()
    sentence = f"'{ADDRESS}' has rejected account 'alice'; who runs this service can allow it to ask again"
    with pytest.raises(UsageError, match=re.escape(sentence)):
        place.asking.ask("alice", "mail", ADDRESS.upper())
    place.add("bob")
    place.ask("bob")  # whom nobody has rejected
    assert place.store.confirmations.forget_rejection("alice", "mail", ADDRESS)
    assert not place.store.confirmations.forget_rejection("alice", "mail", ADDRESS)
    place.ask()


@pytest.mark.parametrize(("first", "second"), list(itertools.product(["accept", "reject"], repeat=2)))
def test_a_second_click_says_what_is_true_and_does_nothing(place: Place, first: str, second: str) -> None:
    secret = place.ask()
    decided = getattr(place, first)(secret)
    before = place.store.preferences.user("alice")
    again = getattr(place, second)(secret)
    assert again == Answer(decided.confirmation)
    assert not again.counted
    assert place.store.preferences.user("alice") == before


def test_asking_again_makes_the_earlier_request_void(place: Place) -> None:
    first = place.ask()
    second = place.ask()
    assert first != second
    assert [secret_of(request) for request in place.requests()] == [second], "the earlier one is not even sent"
    assert place.look(first) is State.VOID
    answer = place.accept(first)
    assert answer is not None
    assert not answer.counted
    assert place.destinations() == (Destination(ADDRESS),)
    answer = place.accept(second)
    assert answer is not None
    assert answer.counted


def test_a_secret_confirms_its_own_address_alone(place: Place) -> None:
    place.accept(place.ask(address="one@example.org"))
    place.ask(address="two@example.org")
    assert place.destinations() == (Destination("one@example.org", True), Destination("two@example.org"))


@pytest.mark.parametrize("remove", [True, False], ids=["address", "user"])
def test_a_request_for_what_was_removed_is_void(place: Place, remove: bool) -> None:
    secret = place.ask()
    if remove:
        assert place.store.destinations.remove("alice", "mail", ADDRESS)
        assert not place.store.destinations.remove("alice", "mail", ADDRESS)
        assert place.requests() == []
    else:
        place.store.preferences.remove("alice")
    answer = place.accept(secret)
    assert answer is not None
    assert answer.confirmation.state is State.VOID
    assert answer.confirmation.reason == "the address was removed from the account"


def test_an_unknown_secret_is_nobodys(place: Place) -> None:
    for secret in ("", "x", "\0", "\ud800", "x" * 10_000):
        assert place.look(secret) is None
        assert place.accept(secret) is None
        assert place.reject(secret) is None


def test_an_address_may_be_of_several_and_a_claim_blocks_nobody(place: Place) -> None:
    place.add("eve")
    place.ask("eve")
    place.accept(place.ask("alice"))
    assert place.destinations("alice")[0].confirmed
    assert not place.destinations("eve")[0].confirmed
    place.accept(secret_of(next(one for one in place.requests() if one.user == "eve")))
    assert place.destinations("eve")[0].confirmed


def test_a_suspended_address_is_resumed_by_accepting(place: Place) -> None:
    place.accept(place.ask())
    place.store.switches.switch("alice", "mail", False)
    place.store.switches.suspend("mail", ADDRESS, "no such mailbox")
    secret = place.ask()
    assert not place.destinations()[0].receives
    answer = place.accept(secret)
    assert answer is not None
    assert answer.counted
    assert place.destinations() == (Destination(ADDRESS, True),)
    assert not place.preference().enabled, "what was off stays off"


def test_rejecting_does_not_take_what_the_operator_gave(place: Place) -> None:
    secret = place.ask()
    place.store.destinations.confirm("alice", "mail", ADDRESS)
    answer = place.reject(secret)
    assert answer is not None
    assert answer.confirmation.state is State.VOID
    assert place.destinations() == (Destination(ADDRESS, True),)


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
    assert (found.state, found.reason) == (State.INVALID, "550 no such mailbox\ufffd")
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


def test_an_unknown_user_is_named_with_what_comes_near(place: Place) -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean 'alice'\?$"):
        place.store.destinations.confirm("alcie", "mail", ADDRESS)
    assert replace(place.preference(), revision=0, id="") == Preference("", "alice", "mail")
