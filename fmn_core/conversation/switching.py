"""``start``, ``stop`` and ``digest``: whether, and when, notifications come here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from fmn_core.model import DigestPlan
from fmn_core.planning import LONGEST, in_words

from .lines import read_time
from .request import Command, Request

#: how often what was collected is sent, where somebody does not say so
_USUALLY = timedelta(hours=1)
_MOST = 1000
_HOUR = re.compile("([01]?[0-9]|2[0-3]):[0-5][0-9]")
_FILLERS = frozenset({"every", "after", "at", "and", "or"})

_HOW = (
    "Say digest on, and if you like how often (20m), after how many (10) or at which hours (08:00) of your day; "
    "or digest off."
)


def _start(asked: Request) -> Iterable[str]:
    switches = asked.store.switches
    switched = switches.switch(asked.user, asked.backend, True)
    # whoever writes from an address can be reached there again
    suspended = [one.address for one in asked.preference().destinations if one.suspended and asked.is_at(one.address)]
    resumed = [switches.resume(asked.user, asked.backend, address) for address in suspended]
    return ["OK"] if switched or any(resumed) else ["There is nothing to do: notifications come to you here."]


def _stop(asked: Request) -> Iterable[str]:
    if not asked.store.switches.switch(asked.user, asked.backend, False):
        return ["There is nothing to do: notifications do not come to you here."]
    waiting = asked.store.waiting.count(asked.user, asked.backend)
    dropped = f"{waiting} collected notification{' waits' if waiting == 1 else 's wait'} and will not be sent."
    return ["OK", *([dropped] if waiting else [])]


def _digest(asked: Request) -> Iterable[str]:
    word, *rest = asked.rest.lower().split() or [""]
    plan = asked.preference().digest
    if word == "off" and not rest:
        return _set(asked, replace(plan, on=False))
    if word == "on":
        wanted = _wanted(plan, rest)
        return _set(asked, wanted) if wanted else [_HOW]
    return [_told(plan), _HOW]


def _set(asked: Request, plan: DigestPlan) -> Iterable[str]:
    asked.store.switches.set_digest(asked.user, asked.backend, plan)
    yield "OK"
    yield _told(plan)


def _told(plan: DigestPlan) -> str:
    way = "collected, and sent together" if plan.on else "sent one by one"
    return f"Notifications are {way}: {in_words(plan)}."


def _wanted(plan: DigestPlan, words: Iterable[str]) -> DigestPlan | None:
    """Return the plan that somebody asks for; None if one of the words means nothing."""
    every, count, hours = None, None, list[str]()
    for word in words:
        if (time := read_time(word)) is not None and timedelta(0) < time <= LONGEST:
            every = time.total_seconds()
        elif word.isascii() and word.isdigit() and 0 < int(word[:9]) <= _MOST:
            count = int(word)
        elif _HOUR.fullmatch(word):
            hours.append(word)
        elif word not in _FILLERS:
            return None
    if every or count or hours:
        return replace(plan, on=True, every=every, count=count, at=tuple(hours))
    usual = plan.every or plan.count or plan.at
    return replace(plan, on=True) if usual else replace(plan, on=True, every=_USUALLY.total_seconds())


START, STOP, DIGEST = Command(_start), Command(_stop), Command(_digest)
