"""PatternGroup: all expressions that people gave one rule, searched for in one pass of RE2. Floor F3.

Whatever cannot go into a set (an odd pattern, a set that grows too large) is left to be asked by itself instead.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

import re2

from fmn_core.model import Message
from fmn_core.rules import Search

#: expressions in a set; a larger one may ask RE2 for more memory than its default of 8 MB
BATCH = 1000
#: new expressions that have a small set to themselves, quickly compiled, before they go into a large one
LOOSE = 50
#: found in every text: where it is missing, RE2 ran out of memory and the answer of the set means nothing
_SENTINEL = ""

_QUIET = re2.Options()
_QUIET.log_errors = False

Member = TypeVar("Member", bound=Hashable)


class _Batch(Generic[Member]):
    """A compiled set of expressions. :ivar dead: how many of them were discarded since."""

    def __init__(self, members: list[tuple[Member, str]]) -> None:
        self.members, self.dead = members, 0
        self._set = re2.Set.SearchSet(_QUIET)
        for _, pattern in members:
            self._set.Add(pattern)
        self._nothing = [self._set.Add(_SENTINEL)]
        self._set.Compile()

    def found(self, text: str | bytes) -> Iterable[Member]:
        indices = self._set.Match(text) or []
        if indices == self._nothing:  # by far the commonest answer
            return ()
        if self._nothing[0] not in indices:
            return [member for member, pattern in self.members if re2.search(pattern, text, _QUIET)]
        return [self.members[i][0] for i in indices if i != self._nothing[0]]


class PatternGroup(Generic[Member]):
    """The expressions of one rule, each belonging to a member.

    :param rule: its identifier
    :param search: what it says of itself
    :ivar alone: members whose expression RE2 refuses: :meth:`hits` says nothing of them
    """

    def __init__(self, rule: str, search: Search) -> None:
        self.rule = rule
        self._search = search
        self.alone: set[Member] = set()
        self._batch_of: dict[Member, _Batch[Member] | None] = {}
        self._settled: list[_Batch[Member]] = []
        self._loose: dict[Member, str] = {}
        #: all sets that are searched with: the settled ones, and those of the loose expressions; None if not compiled
        self._sets: list[_Batch[Member]] | None = []

    def add(self, member: Member, pattern: str) -> None:
        """Take an expression; sets are compiled when the next message comes."""
        self._batch_of[member] = None
        self._loose[member] = pattern
        self._sets = None

    def discard(self, member: Member) -> None:
        """Let go of an expression."""
        batch = self._batch_of.pop(member, None)
        self._loose.pop(member, None)
        self.alone.discard(member)
        if batch is not None:
            batch.dead += 1
            if batch.dead * 2 > len(batch.members):
                self._dissolve(batch)

    def hits(self, message: Message) -> set[Member]:
        """Return the members whose expression is found in the message.

        :raises Exception: what the rule raises when it is asked for its texts
        """
        sets = self._compile() if self._sets is None else self._sets
        found: set[Member] = set()
        for text in self._search.texts(message):
            for batch in sets:
                found.update(batch.found(text))
        return found & self._batch_of.keys() if found else found  # a set may still hold what was discarded

    def _dissolve(self, batch: _Batch[Member]) -> None:
        self._settled.remove(batch)
        for member, pattern in batch.members:
            if self._batch_of.get(member) is batch:
                self.add(member, pattern)

    def _compile(self) -> list[_Batch[Member]]:
        """Compile the loose expressions; many of them settle, in sets that are filled up first."""
        if len(self._loose) > LOOSE:
            if self._settled and len(self._settled[-1].members) < BATCH:
                self._dissolve(self._settled[-1])
            loose = list(self._loose.items())
            self._loose.clear()
            for start in range(0, len(loose), BATCH):
                self._settled += self._batches(loose[start : start + BATCH])
            self._batch_of.update((member, batch) for batch in self._settled for member, _ in batch.members)
        self._sets = [*self._settled, *self._batches(list(self._loose.items()))]
        return self._sets

    def _batches(self, members: list[tuple[Member, str]]) -> list[_Batch[Member]]:
        """Compile a set; where RE2 refuses, halve it until the culprit is alone."""
        if not members:
            return []
        try:
            return [_Batch(members)]
        except re2.error:
            middle = len(members) // 2
            if middle:
                return self._batches(members[:middle]) + self._batches(members[middle:])
            self.alone.add(members[0][0])
            return []
