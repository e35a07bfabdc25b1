"""Planning: what is collected goes out in time, never at night, by the clock on the wall of the person it is for."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fmn_core.model import DigestPlan
from fmn_core.planning import SKEW, due, expected, in_words, is_quiet, lasting, quiet_until

PRAGUE = ZoneInfo("Europe/Prague")
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def on(**fields):
    return DigestPlan(on=True, **fields)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def prague(text, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=PRAGUE, fold=fold)


def night(quiet, zone="Europe/Prague"):
    return DigestPlan(quiet=quiet, zone=zone)


# Quiet hours


@pytest.mark.parametrize(
    ("quiet", "time", "is_it"),
    [
        ("22:00-07:00", "21:59", False),
        ("22:00-07:00", "22:00", True),
        ("22:00-07:00", "00:00", True),
        ("22:00-07:00", "06:59", True),
        ("22:00-07:00", "07:00", False),
        ("12:00-14:00", "11:59", False),
        ("12:00-14:00", "12:00", True),
        ("12:00-14:00", "14:00", False),
        ("8:00 - 9:00", "08:30", True),
        ("08:00-08:00", "08:00", False),
    ],
)
def test_quiet_is_by_the_clock_of_the_zone(quiet, time, is_it):
    assert is_quiet(night(quiet), prague(f"2026-07-01 {time}")) is is_it


def test_quiet_over_midnight_ends_on_the_right_day():
    plan = night("22:00-07:00")
    assert quiet_until(plan, prague("2026-07-01 23:00")) == prague("2026-07-02 07:00")
    assert quiet_until(plan, prague("2026-07-02 06:00")) == prague("2026-07-02 07:00")
    assert quiet_until(plan, prague("2026-07-02 07:00")) is None


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [
        # 2026-03-29 02:00 becomes 03:00, at 01:00 UTC
        ("22:00-07:00", "2026-03-28 23:00", "2026-03-29 05:00"),
        ("22:00-02:30", "2026-03-28 23:00", "2026-03-29 01:00"),
        ("02:30-05:00", "2026-03-29 01:00", "2026-03-29 03:00"),
        ("02:30-05:00", "2026-03-29 00:59", None),
        ("02:10-02:50", "2026-03-29 01:00", None),
        # 2026-10-25 03:00 becomes 02:00, at 01:00 UTC
        ("22:00-07:00", "2026-10-24 23:00", "2026-10-25 06:00"),
        ("22:00-02:30", "2026-10-25 00:29", "2026-10-25 01:30"),
        ("22:00-02:30", "2026-10-25 00:45", "2026-10-25 01:30"),
        ("22:00-02:30", "2026-10-25 01:30", None),
        ("02:30-05:00", "2026-10-25 00:29", None),
        ("02:30-05:00", "2026-10-25 01:00", "2026-10-25 04:00"),
    ],
)
def test_quiet_when_clocks_are_changed(quiet, now, until):
    assert quiet_until(night(quiet), utc(now)) == (utc(until) if until else None)


def test_quiet_that_begins_where_another_ends_is_one():
    """02:45 comes before 02:15 does for the last time: nobody is woken for what lies between."""
    assert quiet_until(night("02:45-02:15"), utc("2026-10-25 00:50")) == utc("2026-10-26 01:15")


# Values that mean nothing


@pytest.mark.parametrize(
    "quiet",
    ["", "-", "22:00", "22:00-", "25:99-07:00", "22:00-7", "22:00-07:00-", "\ud800-\0", "٢٢:٠٠-٠٧:٠٠", None, 22],
)
def test_quiet_hours_that_mean_nothing_are_none(quiet):
    plan = DigestPlan(quiet=quiet)
    assert not is_quiet(plan, utc("2026-07-01 23:00"))
    assert quiet_until(plan, utc("2026-07-01 23:00")) is None
    assert in_words(plan) == "at once"


@pytest.mark.parametrize("zone", ["", "Europe", "Europe/Nowhere", "../../etc/passwd", "/etc", "\0", "\ud800", None, 5])
def test_an_unknown_zone_is_utc(zone):
    plan = night("22:00-07:00", zone)
    assert quiet_until(plan, utc("2026-07-01 23:00")) == utc("2026-07-02 07:00")
    assert in_words(plan) == "at once; not between 22:00 and 07:00 (UTC)"


@pytest.mark.parametrize(
    "fields",
    [
        {"every": 0},
        {"every": -1.0},
        {"every": float("nan")},
        {"every": "20m"},
        {"count": 0},
        {"count": -1},
        {"count": "10"},
        {"at": ("25:99", "8", "", "noon", None)},
    ],
)
def test_a_plan_that_says_nothing_keeps_nothing_back(fields):
    plan = on(**fields)
    assert due(plan, NOON, 1, NOON)
    assert expected(plan, NOON, NOON) == NOON
    assert in_words(plan) == "at once"


@pytest.mark.parametrize("every", [float("inf"), 1e300, 10**400])
def test_no_plan_keeps_something_back_forever(every):
    assert not due(on(every=every), NOON, 1, NOON + timedelta(days=30))
    assert due(on(every=every), NOON, 1, NOON + timedelta(days=31))


# When it is sent


def test_after_a_time():
    plan = on(every=1200)
    assert not due(plan, NOON, 99, NOON + 19 * MINUTE)
    assert due(plan, NOON, 1, NOON + 20 * MINUTE)
    assert expected(plan, NOON, NOON + MINUTE) == NOON + 20 * MINUTE


def test_as_soon_as_there_are_enough():
    plan = on(count=10)
    assert not due(plan, NOON, 9, NOON + 999 * HOUR)
    assert due(plan, NOON, 10, NOON)
    assert due(plan, NOON, 11, NOON)
    assert expected(plan, NOON, NOON) is None


def test_what_comes_first_decides():
    plan = on(every=1200, count=10, at=("12:05",))
    assert due(plan, NOON, 10, NOON)
    assert not due(plan, NOON, 9, NOON + 4 * MINUTE)
    assert due(plan, NOON, 1, NOON + 5 * MINUTE)
    assert due(plan, NOON + 6 * MINUTE, 1, NOON + 26 * MINUTE)


def test_at_hours_of_the_day_in_the_users_zone():
    plan = on(at=("18:00", "08:00"), zone="Europe/Prague")
    oldest = prague("2026-07-01 09:00")
    assert not due(plan, oldest, 1, prague("2026-07-01 17:59"))
    assert due(plan, oldest, 1, prague("2026-07-01 18:00"))
    assert expected(plan, oldest, oldest) == prague("2026-07-01 18:00")
    assert expected(plan, prague("2026-07-01 18:30"), oldest) is not None
    assert expected(plan, prague("2026-07-01 18:30"), prague("2026-07-01 19:00")) == prague("2026-07-02 08:00")


@pytest.mark.parametrize(
    ("since", "sent"),
    [
        ("2026-03-28 12:00", "2026-03-29 01:00"),  # 02:30 does not come: with the leap
        ("2026-03-29 01:00", "2026-03-29 01:00"),
        ("2026-03-29 01:01", "2026-03-30 00:30"),
        ("2026-10-24 12:00", "2026-10-25 00:30"),  # 02:30 comes twice: at the first
        ("2026-10-25 00:31", "2026-10-26 01:30"),
    ],
)
def test_at_an_hour_when_clocks_are_changed(since, sent):
    plan = on(at=("02:30",), zone="Europe/Prague")
    assert expected(plan, utc(since), utc(since)) == utc(sent)
    assert due(plan, utc(since), 1, utc(sent))
    assert utc(since) == utc(sent) or not due(plan, utc(since), 1, utc(sent) - timedelta.resolution)


@pytest.mark.parametrize("plan", [DigestPlan(), on()], ids=["off", "nothing set"])
def test_without_a_plan_at_once(plan):
    assert due(plan, NOON, 1, NOON)
    assert expected(plan, NOON - HOUR, NOON) == NOON


def test_a_plan_that_is_off_does_not_count():
    plan = DigestPlan(every=3600, count=10, at=("08:00",))
    assert due(plan, NOON, 1, NOON)
    assert in_words(plan) == "at once"


def test_quiet_puts_off_whatever_else_is_due():
    plan = on(count=10, every=60, quiet="22:00-07:00")
    late = utc("2026-07-01 23:00")
    assert not due(plan, late - HOUR, 99, late)
    assert expected(plan, late - 2 * HOUR, late) == utc("2026-07-02 07:00")
    assert due(plan, late, 1, utc("2026-07-02 07:00"))
    assert expected(DigestPlan(quiet="22:00-07:00"), late, late) == utc("2026-07-02 07:00")


def test_what_is_planned_for_the_night_comes_in_the_morning():
    plan = on(every=3600, quiet="22:00-07:00")
    assert expected(plan, utc("2026-07-01 21:30"), utc("2026-07-01 21:30")) == utc("2026-07-02 07:00")


# Clocks that jump


@pytest.mark.parametrize("fields", [{"every": 3600}, {"at": ("08:00",)}, {"count": 10}], ids=str)
def test_what_was_collected_tomorrow_has_waited_for_long_enough(fields):
    """It could not come out right later either: as long as the future is not there, its age is unknown."""
    assert due(on(**fields), NOON + 24 * HOUR, 1, NOON)
    assert expected(on(**fields), NOON + 24 * HOUR, NOON) == NOON


def test_clocks_of_two_machines_may_differ_a_little():
    plan = on(every=3600)
    assert not due(plan, NOON + MINUTE, 1, NOON)
    assert due(plan, NOON + MINUTE, 1, NOON + HOUR + MINUTE)


# Whatever the plan


ZONES = st.sampled_from(["UTC", "Europe/Prague", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "odd"])
TIMES = st.one_of(st.times().map("{:%H:%M}".format), st.sampled_from(["02:30", "02:45", "02:15", "00:00"]))
PLANS = st.builds(
    DigestPlan,
    on=st.booleans(),
    every=st.none() | st.floats(1, 200_000),
    count=st.none() | st.integers(1, 100),
    at=st.lists(TIMES, max_size=3).map(tuple),
    zone=ZONES,
    quiet=st.just("") | st.tuples(TIMES, TIMES).map("-".join),
)
#: with all changes of clocks in it
MOMENTS = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    st.datetimes(datetime(2026, 3, 28), datetime(2026, 3, 30)),
    st.datetimes(datetime(2026, 10, 24), datetime(2026, 10, 26)),
).map(lambda moment: moment.replace(tzinfo=UTC))
AGES = st.timedeltas(timedelta(0), timedelta(days=3))


@given(PLANS, MOMENTS, AGES, st.integers(1, 100))
def test_nothing_is_due_while_it_is_quiet(plan, now, age, count):
    if is_quiet(plan, now):
        assert not due(plan, now - age, count, now)
        until = quiet_until(plan, now)
        assert until > now
        assert not is_quiet(plan, until)
        assert is_quiet(plan, until - timedelta.resolution)
    else:
        assert quiet_until(plan, now) is None


@given(PLANS, MOMENTS, AGES | st.timedeltas(-SKEW, timedelta(0)))
def test_it_is_due_when_it_was_expected(plan, now, age):
    moment = expected(plan, now - age, now)
    if moment is not None:
        assert moment >= now
        assert due(plan, now - age, 1, moment)


@given(PLANS, MOMENTS, AGES, st.integers(1, 100), st.timedeltas(timedelta(0), timedelta(days=3)))
def test_what_is_due_stays_due_outside_of_quiet(plan, now, age, count, later):
    assume(due(plan, now - age, count, now))
    assert due(plan, now - age, count, now + later) or is_quiet(plan, now + later)


@given(PLANS.filter(lambda plan: plan.at and plan.on), MOMENTS, AGES | AGES.map(lambda age: -age))
def test_an_hour_of_the_day_comes_within_a_day(plan, now, age):
    """An hour more where clocks are put back, and quiet after it, which seldom is two days in one."""
    assert expected(plan, now - age, now) <= now + timedelta(days=1, hours=1) + timedelta(days=2, hours=1)


# In words


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (DigestPlan(), "at once"),
        (on(every=1200.0), "every 20 minutes"),
        (on(every=60), "every minute"),
        (on(every=3600), "every hour"),
        (on(every=86_400), "every day"),
        (on(every=5400), "every 90 minutes"),
        (on(every=1.5), "every 1.5 seconds"),
        (on(count=1), "as soon as there is 1"),
        (on(at=("18:00", "8:00", "12:30", "x")), "at 08:00, 12:30 and 18:00 (UTC)"),
        (
            on(every=1200, count=10, quiet="22:00-7:00", zone="Europe/Prague"),
            "every 20 minutes, or as soon as there are 10; not between 22:00 and 07:00 (Europe/Prague)",
        ),
        (
            on(at=("08:00",), count=5, quiet="22:00-07:00", zone="Europe/Prague"),
            "at 08:00 (Europe/Prague), or as soon as there are 5; not between 22:00 and 07:00",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_plan_in_words(plan, words):
    assert in_words(plan) == words


@given(PLANS)
def test_any_plan_has_words(plan):
    words = in_words(plan)
    assert words.strip() == words != ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (90, "90 seconds"),
        (7200, "2 hours"),
        (2_592_000, "30 days"),
        (0.25, "0.25 seconds"),
    ],
)
def test_a_time_in_words(seconds, words):
    assert lasting(timedelta(seconds=seconds)) == words
