from itertools import pairwise

import pytest

from fmn_core.pacing import Overflow, SlidingWindow, TokenBucket


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_burst_goes_at_once_and_then_one_after_the_other():
    bucket = TokenBucket(rate=2, burst=3, clock=Clock())
    assert [bucket.take() for _ in range(6)] == [0, 0, 0, 0.5, 1.0, 1.5]


def test_a_rest_allows_no_more_than_a_burst():
    clock = Clock()
    bucket = TokenBucket(rate=2, burst=3, clock=clock)
    for _ in range(6):
        bucket.take()
    clock.now = 1000
    assert [bucket.take() for _ in range(4)] == [0, 0, 0, 0.5]


@pytest.mark.parametrize("step", [0.1, 0.5, 1.0])
def test_nothing_is_saved_up_by_taking_late(step):
    clock = Clock()
    bucket = TokenBucket(rate=2, burst=1, clock=clock)
    due = []
    for _ in range(20):
        due.append(clock.now + bucket.take())
        clock.now += step
    assert all(later - earlier >= 0.5 - 1e-9 for earlier, later in pairwise(due))


def test_a_window_lets_so_many_pass_and_no_more():
    window = SlidingWindow(Overflow(most=2, within=10), Clock())
    assert [window.passes() for _ in range(4)] == [True, True, False, False]


def test_a_window_moves_on_with_the_clock_and_counts_only_what_passed():
    clock = Clock()
    window = SlidingWindow(Overflow(most=2, within=10), clock)
    passed = []
    for clock.now in (0, 6, 7, 10, 11, 16):
        passed.append(window.passes())
    assert passed == [True, True, False, True, False, True]


def test_a_window_is_idle_once_all_is_long_ago():
    clock = Clock()
    window = SlidingWindow(Overflow(most=2, within=10), clock)
    assert window.idle
    window.passes()
    clock.now = 9.9
    assert not window.idle
    clock.now = 10
    assert window.idle
