"""forecast: what a filter would have matched of late, and so what it will send. Floor F3."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from fmn_core.history import History
from fmn_core.lookups import Lookups
from fmn_core.model import Filter, Message
from fmn_core.rules import RuleBook
from fmn_core.summaries import SummaryBook

from .impossible import impossible
from .looking import CHANGED, LATEST, Look, Tally, survey
from .narrowing import narrowed, period

#: notifications a day that nobody reads
FIREHOSE = 500

_DAY = 86_400.0
_SHORTEST = 1.0  # two hours are no day: they say how much it is at least


@dataclass(frozen=True)
class Forecast:
    """What a filter would have matched in a period, and what it comes to.

    :param per_day: messages a day; where less than a day is recorded, those there were
    :param total: messages in the period, an estimate unless ``exact``
    :param matched: messages that were seen to match
    :param seen: messages that were looked at
    :param of: recorded messages of the period, whatever they are; 0 if there is no history
    :param exact: whether all that could match was looked at
    :param days: length of the period
    :param latest: examples of what matches, described, latest first
    :param gained: what matches and did not with the saved version, if there is one
    :param lost: what matched with the saved version and does not any more
    :param warnings: sentences about what is odd
    """

    per_day: float = 0.0
    total: int = 0
    matched: int = 0
    seen: int = 0
    of: int = 0
    exact: bool = True
    days: float = 0.0
    latest: tuple[Message, ...] = ()
    gained: tuple[Message, ...] = ()
    lost: tuple[Message, ...] = ()
    warnings: tuple[str, ...] = ()


def forecast(
    draft: Filter,
    saved: Filter | None,
    history: History,
    rules: RuleBook,
    summaries: SummaryBook,
    lookups: Lookups,
    now: datetime,
    days: float = 7,
    budget: float = 1.5,
    clock: Callable[[], float] = time.monotonic,
) -> Forecast:
    """Put a filter to the messages of the last days. Whether it is switched on is of no account.

    :param saved: the version to compare with, taken as switched on too; None if there is none
    :param budget: seconds after which an estimate is made from what was seen
    """
    began = clock()
    reason = impossible(draft, rules, lookups)
    reasons = (reason,) if reason else ()
    when = period(history, now, days)
    if when is None:
        return Forecast(warnings=(*reasons, "there are no recorded messages to look at"))
    since, until = when
    topics = history.topics(since, until)
    look = Look((draft,) if saved is None else (draft, saved), rules, summaries, lookups)
    search = narrowed(look.filters, rules, lookups, topics, since, until)
    tally = Tally() if search is None else survey(look, history, search, lambda part: clock() >= began + part * budget)
    length = (until - since).total_seconds() / _DAY
    if saved is None:
        tally.gained.clear()  # there is nothing that it could be more than
    made = _forecast(tally, sum(topics.values()), length)
    return replace(made, warnings=(*reasons, *_warnings(draft, made, bool(reason))))


def _forecast(tally: Tally, of: int, length: float) -> Forecast:
    return Forecast(
        per_day=tally.total / max(length, _SHORTEST),
        total=tally.total,
        matched=len(tally.matched),
        seen=len(tally.seen),
        of=of,
        exact=tally.exact,
        days=length,
        latest=_newest(tally.latest, LATEST),
        gained=_newest(tally.gained, CHANGED),
        lost=_newest(tally.lost, CHANGED),
    )


def _warnings(draft: Filter, made: Forecast, hopeless: bool) -> Iterator[str]:
    if hopeless:
        return
    if draft.rules and all(use.negated for use in draft.rules):
        yield "all its rules say what must not be, so it matches nearly everything on the bus"
    if made.per_day > FIREHOSE:
        yield f"it would send some {made.per_day:,.0f} notifications a day"
    if made.total == 0:
        yield "nothing matched in this period"


def _newest(examples: list[Message], most: int) -> tuple[Message, ...]:
    return tuple(sorted(examples, key=lambda m: m.sent_at.timestamp() if m.sent_at else 0.0, reverse=True)[:most])
