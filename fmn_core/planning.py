"""Planning: when what was collected for a person is sent, by their own clock. Pure. Floor F1.

A value that means nothing (an unknown time zone, ``25:99``) counts as not set: it is no reason to keep something back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from .model import DigestPlan

#: how far clocks of several machines may differ. What was collected later than that is of a clock that was wrong
SKEW = timedelta(minutes=1)
#: what ``every`` may ask for at most
LONGEST = timedelta(days=31)

#: collects nothing
NOTHING = DigestPlan()

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_DAY = timedelta(days=1)


def is_quiet(plan: DigestPlan, now: datetime) -> bool:
    """Tell whether nothing is to be sent now, because it is night or the like."""
    return bool(plan.quiet) and quiet_until(plan, now) is not None


def quiet_until(plan: DigestPlan, now: datetime) -> datetime | None:
    """Return when the quiet that holds now is over, in UTC; None while there is none.

    Where the clock is put back, quiet begins at the first and ends at the second of two equal times, so that nobody is
    woken between them. Where it is put forward over the end, quiet ends with that leap.
    """
    quiet, until = _quiet(plan), None
    if quiet is None:
        return None
    while (end := _end(*quiet, _zone(plan.zone), until or now)) is not None:
        until = end
    return until


def _end(start: time, end: time, zone: tzinfo, now: datetime) -> datetime | None:
    """Return when a span of quiet that holds now ends; another may begin right there."""
    today = now.astimezone(zone).date()
    for day in (today, today - _DAY):
        until = _moment(day if start < end else day + _DAY, end, zone, second=True)
        if _moment(day, start, zone) <= now < until:
            return until
    return None


def due(plan: DigestPlan, oldest: datetime, count: int, now: datetime) -> bool:
    """Tell whether what was collected is to be sent now.

    :param oldest: when the first of it was collected
    :param count: how many there are
    """
    if is_quiet(plan, now):
        return False
    enough = _count(plan)
    if plan.on and enough is not None and count >= enough:
        return True
    moment = _planned(plan, oldest, now)
    return moment is not None and moment <= now


def expected(plan: DigestPlan, oldest: datetime, now: datetime) -> datetime | None:
    """Return when it will be sent at the latest, in UTC; None where that depends on what else will come.

    :param oldest: when the first of what was collected was collected
    """
    moment = _planned(plan, oldest, now)
    if moment is None:
        return None
    moment = max(moment, now).astimezone(UTC)
    return quiet_until(plan, moment) or moment


def _planned(plan: DigestPlan, oldest: datetime, now: datetime) -> datetime | None:
    """Return when the plan has it sent, quiet left aside; None where only the number decides."""
    every, hours = _every(plan), _hours(plan)
    if not plan.on or oldest > now + SKEW:  # a clock was put back since: nobody knows how long it has waited
        return now
    moments = [oldest + every] if every else []
    if hours:
        moments.append(_next(hours, _zone(plan.zone), oldest))
    if moments:
        return min(moments)
    return None if _count(plan) else now


def _next(hours: Iterable[time], zone: tzinfo, since: datetime) -> datetime:
    """Return the first moment from ``since`` on at which a clock in the zone reaches one of these times."""
    today = since.astimezone(zone).date()
    moments = [_moment(today + days * _DAY, hour, zone) for days in range(3) for hour in hours]
    return min(moment for moment in moments if moment >= since)


def _moment(day: date, clock: time, zone: tzinfo, second: bool = False) -> datetime:
    """Return when a clock in the zone shows this, in UTC.

    :param second: the second of two such moments, on the day on which clocks are put back
    """
    wall = datetime.combine(day, clock, zone)
    first, last = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
    if first > last:  # never: the clock leaps over it
        return _leap(zone, last, first)
    return last if second else first


def _leap(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """Return when clocks are put forward, which happens between the two."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta.resolution:
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


# What a plan says, as far as it means something. It comes from people, by way of a database.


def _every(plan: DigestPlan) -> timedelta | None:
    every = plan.every
    if not isinstance(every, int | float) or not every > 0:
        return None
    return timedelta(seconds=min(every, LONGEST.total_seconds()))


def _count(plan: DigestPlan) -> int | None:
    return plan.count if isinstance(plan.count, int) and plan.count > 0 else None


@lru_cache(maxsize=1000)
def _clock(text: str) -> time | None:
    found = _CLOCK.fullmatch(text.strip())
    return time(int(found[1]), int(found[2])) if found else None


def _hours(plan: DigestPlan) -> list[time]:
    return sorted({clock for text in plan.at if (clock := _clock(str(text))) is not None})


def _quiet(plan: DigestPlan) -> tuple[time, time] | None:
    start, _, end = str(plan.quiet).partition("-")
    first, last = _clock(start), _clock(end)
    return None if first is None or last is None or first == last else (first, last)


@lru_cache(maxsize=1000)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError):  # unknown; no name at all; a folder of the database; no text
        return UTC


def in_words(plan: DigestPlan) -> str:
    """Say when something is sent.

    Such as ``every 20 minutes, or as soon as there are 10; not between 22:00 and 07:00 (Europe/Prague)``.
    """
    hours, quiet = _hours(plan) if plan.on else [], _quiet(plan)
    zone = f" ({_zone(plan.zone)})"
    sentences = [", or ".join(_ways(plan, hours, zone)) or "at once"]
    if quiet:
        sentences.append(f"not between {quiet[0]:%H:%M} and {quiet[1]:%H:%M}{'' if hours else zone}")
    return "; ".join(sentences)


def _ways(plan: DigestPlan, hours: Sequence[time], zone: str) -> Iterator[str]:
    if not plan.on:
        return
    if every := _every(plan):
        yield f"every {lasting(every).removeprefix('1 ')}"
    if hours:
        *times, last = [f"{hour:%H:%M}" for hour in hours]
        yield f"at {', '.join(times)} and {last}{zone}" if times else f"at {last}{zone}"
    if enough := _count(plan):
        yield f"as soon as there {'is' if enough == 1 else 'are'} {enough}"


def lasting(long: timedelta) -> str:
    """Say how long something takes, in the largest unit of which it is a whole number: ``20 minutes``."""
    seconds = long.total_seconds()
    size, unit = next((one for one in _UNITS if seconds % one[0] == 0 and seconds), _UNITS[-1])
    number = f"{seconds / size:.10g}"
    return f"{number} {unit}" if number == "1" else f"{number} {unit}s"
