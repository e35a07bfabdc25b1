"""Confirmations: nothing is sent to an address before somebody who reads there accepted, and an answer counts once."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest
from confirmation_place import ADDRESS, Place, secret_of

from fmn_core.asking import TOPIC
from fmn_core.errors import UnknownNameError, UsageError
from fmn_core.model import Destination, Preference, Purpose
from fmn_core.store import State, Store
from fmn_core.store.confirmations import Answer


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


def test_an_unknown_user_is_named_with_what_comes_near(place: Place) -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean 'alice'\?$"):
        place.store.destinations.confirm("alcie", "mail", ADDRESS)
    assert replace(place.preference(), revision=0, id="") == Preference("", "alice", "mail")
