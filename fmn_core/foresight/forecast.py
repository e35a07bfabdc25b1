"""forecast: what a filter would have matched of late, and so what it will send. Floor F3.

A few thousand messages are all looked at; of more, the latest and an even sample, as far as the time allows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from fmn_core.history import History, Search
from fmn_core.lookups import Lookups
from fmn_core.matching import Faults, IndexMatcher
from fmn_core.model import Filter, Message, Preference
from fmn_core.rules import RuleBook
from fmn_core.summaries import SummaryBook

from .impossible import impossible
from .narrowing import narrowed, period

#: so many messages are all looked at; of more, a sample of at most so many
EXACT = 12_000
#: before a sample, so many of the latest are looked at for examples
GLANCE = 2_000
#: and for this part of the time at most, which is worth more in the sample
GLANCE_TIME = 0.25
#: examples that are kept: of what matches, and of what was gained and lost
LATEST, CHANGED = 10, 5
#: notifications a day that nobody reads
FIREHOSE = 500

_DAY = 86_400.0
_SHORTEST = 1 / 24  # of less than an hour, nothing is said of a day


@dataclass(frozen=True)
class Forecast:
    """What a filter would have matched in a period, and what it comes to.

    :param per_day: messages a day
    :param total: messages in the period, an estimate unless ``exact``
    :param matched: messages that were seen to match
    :param seen: messages that were looked at
    :param of: recorded messages of the period, whatever they are; 0 if there is no history
    :param exact: whether all that could match was looked at
    :param days: length of the period
    :param latest: examples of what matches, described, latest first
    :param gained: what matches and did not with the saved version
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
    tally = Tally() if search is None else _survey(look, history, search, lambda part: clock() >= began + part * budget)
    length = (until - since).total_seconds() / _DAY
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


@dataclass
class Tally:
    """What was found so far, each message once.

    :ivar total: estimate for the period
    """

    seen: set[str] = field(default_factory=set)
    matched: set[str] = field(default_factory=set)
    latest: list[Message] = field(default_factory=list)
    gained: list[Message] = field(default_factory=list)
    lost: list[Message] = field(default_factory=list)
    total: int = 0
    exact: bool = True

    def note(self, message: Message, wanted: frozenset[int]) -> None:
        """Take what was found of a message.

        :param wanted: 0 for the draft, 1 for the saved version
        """
        if message.id in self.seen:
            return
        self.seen.add(message.id)
        if 0 in wanted:
            self.matched.add(message.id)
            _keep(self.latest, message, LATEST)
        if wanted == {0}:
            _keep(self.gained, message, CHANGED)
        elif wanted == {1}:
            _keep(self.lost, message, CHANGED)


def _keep(examples: list[Message], message: Message, most: int) -> None:
    if len(examples) < most:  # they come latest first
        examples.append(message)


def _newest(examples: list[Message], most: int) -> tuple[Message, ...]:
    return tuple(sorted(examples, key=lambda m: m.sent_at.timestamp() if m.sent_at else 0.0, reverse=True)[:most])


class _Quiet(Faults):
    """Counts as others do; what a draft asks of old messages is not worth a line in the log."""

    def raised(self, rule: str, message: Message, error: Exception) -> None:
        self.errors[rule] += 1

    def refused(self, filter_id: str, reason: str) -> None:
        self.unusable[filter_id] = reason


class Look:
    """Several filters, each by itself, to which messages are put.

    :ivar filters: as they are put: switched on
    """

    def __init__(self, filters: tuple[Filter, ...], rules: RuleBook, summaries: SummaryBook, lookups: Lookups) -> None:
        self.filters = tuple(replace(one, id=str(n), active=True) for n, one in enumerate(filters))
        self._summaries = summaries
        self._matcher = IndexMatcher(rules, lookups)
        self._matcher.faults = _Quiet()
        for one in self.filters:
            self._matcher.put(Preference(one.id, "", "", True, filters=(one,)))

    def at(self, history: History, search: Search) -> Iterator[tuple[Message, frozenset[int]]]:
        """Yield the messages of a search, described, latest first, and the places of the filters that match."""
        for batch in history.find(search):
            for message in batch:
                described = self._summaries.describe(message)
                yield described, frozenset([int(m.filter.id) for m in self._matcher.match(described)])


def _survey(look: Look, history: History, search: Search, late: Callable[[float], bool]) -> Tally:
    """Look at what a search brings, or at a part of it.

    :param late: tells whether so large a part of the time is over
    """
    tally = Tally()
    count = history.count(search)
    if count > EXACT:
        _glance(look, history, search, tally, late)
        search = replace(search, every=-(-count // EXACT))
        tally.exact = False
    seen, matched = 0, 0
    for message, wanted in look.at(history, search):
        tally.note(message, wanted)
        seen += 1
        matched += 0 in wanted
        if late(1):
            tally.exact = tally.exact and seen >= count
            break
    tally.total = matched if tally.exact else max(round(matched * count / max(seen, 1)), len(tally.matched))
    return tally


def _glance(look: Look, history: History, search: Search, tally: Tally, late: Callable[[float], bool]) -> None:
    """Look at the latest messages until there are examples enough."""
    for message, wanted in look.at(history, search):
        tally.note(message, wanted)
        if len(tally.latest) >= LATEST or len(tally.seen) >= GLANCE or late(GLANCE_TIME):
            return
