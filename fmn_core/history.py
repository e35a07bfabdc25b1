"""History: what messages there were, and how they are searched for. A contract; the archive is one. Floor F1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from .model import FactsOf, Message

#: what stands before a name in a term
PACKAGE, USER = "p:", "u:"


def terms_of(facts: FactsOf) -> frozenset[str]:
    """Return by what a message can be found: its packages, its usernames and its agent."""
    users = facts.usernames | {facts.agent} if facts.agent else facts.usernames
    return frozenset([*(PACKAGE + one for one in facts.packages), *(USER + one for one in users)])


@dataclass(frozen=True, slots=True)
class Search:
    """Which messages to look for. It may bring more than are wanted, and never leaves out one that is.

    :param since: sent at this moment or later
    :param until: sent before this moment
    :param topics: only of these topics, whole as they stand in messages; None for all
    :param terms: of each of these sets a message must carry one, see :func:`terms_of`
    :param every: only one message of so many, chosen evenly, for an estimate
    """

    since: datetime
    until: datetime
    topics: frozenset[str] | None = None
    terms: tuple[frozenset[str], ...] = ()
    every: int = 1


class History(Protocol):
    """Recorded messages. Safe for threads."""

    def span(self) -> tuple[datetime, datetime] | None:
        """Return when the first and the last message was sent; None if there are none."""

    def topics(self, since: datetime, until: datetime) -> Mapping[str, int]:
        """Return how many messages of each topic there are."""

    def count(self, search: Search) -> int:
        """Return how many messages a search brings."""

    def find(self, search: Search) -> Iterator[list[Message]]:
        """Return messages in batches, latest first, not described. A batch is read when it is asked for."""

    def get(self, message_id: str) -> Message | None:
        """Return a message by its id, not described; None if there is none."""
