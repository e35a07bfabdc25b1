"""Looking at history: several filters are put to what a search brings, or to a part of it. Floor F3.

A few thousand messages are all looked at; of more, the latest and an even sample, as far as the time allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from fmn_core.history import History, Search
from fmn_core.lookups import Lookups
from fmn_core.matching import Faults, IndexMatcher
from fmn_core.model import Filter, Message, Preference
from fmn_core.rules import RuleBook
from fmn_core.summaries import SummaryBook

#: so many messages are all looked at; of more, a sample of at most so many
EXACT = 12_000
#: before a sample, so many of the latest are looked at for examples
GLANCE = 2_000
#: and for this part of the time at most, which is worth more in the sample
GLANCE_TIME = 0.25
#: examples that are kept: of what matches, and of what was gained and lost
LATEST, CHANGED = 10, 5


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


def survey(look: Look, history: History, search: Search, late: Callable[[float], bool]) -> Tally:
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
