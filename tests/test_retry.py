"""When to try again, as a table."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmn_core.config import DeliverySettings
from fmn_core.retry import JITTER, RetrySchedule, pause


class Chance:
    """Chance that always takes the middle."""

    def uniform(self, low, high):
        return (low + high) / 2


SCHEDULE = RetrySchedule(attempts=5, first=10.0, longest=60.0)


@pytest.mark.parametrize(
    ("attempt", "seconds"),
    [
        pytest.param(1, 10, id="first failure"),
        pytest.param(2, 20, id="doubled"),
        pytest.param(3, 40, id="doubled again"),
        pytest.param(4, 60, id="bounded"),
        pytest.param(5, None, id="last attempt"),
        pytest.param(6, None, id="beyond the last"),
        pytest.param(0, 10, id="a transport that does not count"),
    ],
)
def test_delay(attempt, seconds):
    assert SCHEDULE.delay(attempt, Chance()) == seconds


def test_one_attempt_is_given_up_at_once():
    assert RetrySchedule(1, 10.0, 60.0).delay(1, Chance()) is None


def test_the_configuration_gives_the_schedule():
    settings = DeliverySettings(attempts=3, first_delay=1.5, longest_delay=9)
    assert RetrySchedule.from_settings(settings) == RetrySchedule(3, 1.5, 9)


@given(st.integers(1, 10_000), st.floats(0.001, 1e6), st.floats(0.001, 1e6), st.randoms())
def test_a_pause_is_positive_and_bounded(attempt, first, longest, rng):
    assert 0 < pause(attempt, first, longest, rng) <= longest


@given(st.integers(1, 50), st.randoms())
def test_pauses_grow_whatever_chance_does(attempt, rng):
    assert pause(attempt + 1, 1.0, 1e30, rng) > pause(attempt, 1.0, 1e30, rng)


def test_what_failed_together_is_not_tried_again_together():
    rng = random.Random(1)
    pauses = {pause(1, 10.0, 60.0, rng) for _ in range(100)}
    assert len(pauses) == 100
    assert 10 * (1 - JITTER) <= min(pauses) < 9
    assert 11 < max(pauses) <= 10 * (1 + JITTER)
