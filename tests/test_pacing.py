from itertools import pairwise

import pytest

from fmn_backend_irc.pacing import TokenBucket


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
