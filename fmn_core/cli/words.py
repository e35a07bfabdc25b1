"""Words of the command line: spans of time, addresses with their backend, plans of digests. Floor F4."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from fmn_core.errors import UsageError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_NAMES = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))
#: longer than anybody means
_LONGEST = timedelta(days=3660)


def span(text: str) -> timedelta:
    """Read ``90s``, ``30m``, ``2h`` or ``1d``.

    :raises UsageError: if it is none
    """
    found = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
    length = timedelta(seconds=int(found[1]) * _SECONDS[found[2]]) if found else timedelta()
    if not timedelta() < length < _LONGEST:
        raise UsageError(f"{text!r} is no span of time; write one such as 90s, 30m, 2h or 1d")
    return length


def seconds_in_words(seconds: float) -> str:
    """Say how long something takes, in the largest unit that fits: ``90 seconds``, ``2 hours``."""
    name, size = next(((name, size) for name, size in _NAMES if seconds % size == 0), ("second", 1))
    count = seconds / size
    return f"{count:g} {name}{'' if count == 1 else 's'}"


def plan_in_words(plan: Mapping[str, Any]) -> str:
    """Say when notifications are collected and sent; nothing where they are not.

    :param plan: a :class:`fmn_core.model.DigestPlan` as plain values
    """
    return "; ".join(_parts(plan))


def _parts(plan: Mapping[str, Any]) -> Iterable[str]:
    zone = f" ({plan['zone']})"
    if plan["on"]:
        whens = [f"after {seconds_in_words(plan['every'])}"] if plan["every"] else []
        whens += [f"as soon as there are {plan['count']}"] if plan["count"] else []
        whens += [f"at {' and '.join(plan['at'])}{zone}"] if plan["at"] else []
        yield f"digest {' or '.join(whens)}"
    if plan["quiet"]:
        yield f"quiet {plan['quiet']}{zone}"
    if plan["per_hour"]:
        yield f"at most {plan['per_hour']} an hour"


def split_place(text: str) -> tuple[str, str]:
    """Read ``BACKEND=ADDRESS``.

    :raises UsageError: if it names no backend
    """
    backend, equals, address = text.partition("=")
    if not equals:
        raise UsageError(f"destination {text!r} names no backend; write BACKEND=ADDRESS")
    return backend, address
