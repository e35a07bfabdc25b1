import logging
import random

import pytest

from fmn_backend_irc.outage import JITTER, STEADY, Outage
from fmn_backend_irc.settings import IrcSettings


@pytest.fixture
def outage():
    return Outage(IrcSettings(host="irc.example.org", pause=5, longest_pause=60), random.Random(7))


def test_pauses_double_up_to_the_longest_and_are_moved_by_chance(outage):
    waits = [outage.goes_on("refused", 0) for _ in range(8)]
    plain = [5, 10, 20, 40, 60, 60, 60, 60]
    assert all(1 - JITTER <= wait / expected <= 1 + JITTER for wait, expected in zip(waits, plain, strict=True))
    assert len(set(waits)) == 8


def test_a_connection_that_lasted_is_sought_again_at_once(outage):
    outage.goes_on("refused", 0)
    assert outage.goes_on("lost", STEADY + 1) == 0
    assert 0 < outage.goes_on("refused", 0) <= 5 * (1 + JITTER)


def test_one_that_does_not_last_is_a_failure_like_any_other(outage):
    first, second = outage.goes_on("lost", 1), outage.goes_on("lost", 1)
    assert 0 < first < second


def test_many_failures_are_one_warning_until_it_is_over(outage, caplog):
    for _ in range(3):
        outage.goes_on("refused", 0)
    outage.over()
    outage.goes_on("lost", 1)
    outage.goes_on("refused", 0)
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [text.split("; ")[0] for text in warnings] == [
        "no connection to IRC server irc.example.org:6667: refused",
        "no connection to IRC server irc.example.org:6667: lost",
    ]


def test_after_very_many_failures_pauses_are_still_numbers(outage):
    assert all(0 < outage.goes_on("refused", 0) <= 75 for _ in range(3000))
