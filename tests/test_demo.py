"""The demo: what it plays, how it judges, and the whole of it as a newcomer runs it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from fmn_core.backends import Arrival, Rehearsal
from fmn_core.demo.messages import sample_messages
from fmn_core.demo.verdict import judge
from fmn_core.testing import notification

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


class Hall(Rehearsal):
    """A far end that says what it is told to; it knows notifications by their summary."""

    def __init__(self, *arrivals):
        self._arrivals = [Arrival(*arrival) for arrival in arrivals]

    def addresses(self, user):
        return [user]

    def arrived(self):
        return self._arrivals

    def mark(self, notification):
        return notification.facts.summary


def wanted(summary, destination="ava"):
    return notification({"summary": summary}, message_id=summary, destination=destination, backend="hall")


def test_all_that_should_have_arrived_and_nothing_else_is_right():
    verdict = judge([wanted("built"), wanted("failed")], {"hall": Hall(("ava", "a: failed"), ("ava", "b: built"))})
    assert verdict.right
    assert verdict.arrived == Counter(hall=2)


def test_what_did_not_arrive_is_missing():
    verdict = judge([wanted("built"), wanted("failed")], {"hall": Hall(("ava", "a: failed"))})
    assert not verdict.right
    assert [one.facts.summary for one in verdict.missing] == ["built"]


@pytest.mark.parametrize(
    "arrival",
    [("ava", "a: built"), ("ava", "never asked for"), ("bruno", "a: built")],
    ids=["twice", "unasked", "elsewhere"],
)
def test_what_should_not_have_arrived_is_surplus(arrival):
    verdict = judge([wanted("built")], {"hall": Hall(("ava", "a: built"), arrival)})
    assert not verdict.right
    assert verdict.surplus == [("hall", Arrival(*arrival))]
    assert not verdict.missing


def test_of_two_marks_in_a_text_the_longer_is_meant():
    both = [wanted("bash built"), wanted("bash built again")]
    assert judge(both, {"hall": Hall(("ava", "bash built again"), ("ava", "bash built"))}).right


def test_a_wish_for_a_backend_without_far_end_is_missing():
    assert judge([wanted("built")], {}).missing


def test_the_same_seed_plays_the_same_messages():
    first, second, other = (sample_messages(["bash", "zsh"], ["ava"], NOW, seed) for seed in (1, 1, 2))
    assert first == second
    assert first != other


def test_messages_come_in_order_and_end_before_now():
    times = [message.sent_at for act in sample_messages(["bash", "zsh"], ["ava"], NOW) for message in act.messages]
    assert times == sorted(times)
    assert times[-1] <= NOW
