"""Lookups: what rules may ask about who maintains what and who is in which group, and what answers it. Floor F1.

Sources come from plugins and answer in bulk, and for single packages and groups once a message has made them stale.
"""

from __future__ import annotations

import abc
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

from .model import ALL_ROLES, Message, Role

#: what stands before a name to say that it is a group's, in ownership data and in hints
GROUP_MARK = "@"
NOBODY: frozenset[str] = frozenset()

Answer = TypeVar("Answer")
#: what has names
Kind = Literal["package", "user", "group"]


class Lookups(Protocol):
    """What a rule may ask. Names are accounts; a group among owners is written ``@name``."""

    def owners(self, package: str) -> frozenset[str]:
        """Return everybody to whom the package belongs in any role: groups and their members included."""

    def packages(self, user: str, roles: Collection[Role] = ALL_ROLES) -> frozenset[str]:
        """Return the packages of a user (or ``@group``) in any of the roles, those of the user's groups included."""

    def members(self, group: str) -> frozenset[str]:
        """Return the accounts in a group."""

    def groups(self, user: str) -> frozenset[str]:
        """Return the groups of an account."""


class Directory(Lookups, Protocol):
    """What the core itself asks beyond that: rules may not, as they would go through all there is."""

    def known(self, kind: Kind) -> tuple[str, ...]:
        """Return all names of a kind, sorted. Those of users are all that own something or are in a group."""


@dataclass(frozen=True)
class LookupData:
    """What a source knows.

    :param maintainers: package -> account or ``@group`` -> role
    :param groups: group -> accounts
    """

    maintainers: Mapping[str, Mapping[str, Role]] = field(default_factory=dict)
    groups: Mapping[str, Collection[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Stale:
    """Packages and groups of which the answers are no longer true. Falsy if there are none."""

    packages: frozenset[str] = NOBODY
    groups: frozenset[str] = NOBODY

    def __bool__(self) -> bool:
        return bool(self.packages or self.groups)

    def __or__(self, other: Stale) -> Stale:
        return Stale(self.packages | other.packages, self.groups | other.groups)


def reloaded(data: LookupData, stale: Stale, answer: LookupData) -> LookupData:
    """Return data with the answers for what was stale: what is stale and not in the answer has nobody."""
    return LookupData(
        {**_without(data.maintainers, stale.packages), **answer.maintainers},
        {**_without(data.groups, stale.groups), **answer.groups},
    )


def _without(answers: Mapping[str, Answer], names: frozenset[str]) -> dict[str, Answer]:
    rest = dict(answers)
    for name in names:
        rest.pop(name, None)
    return rest


@dataclass(frozen=True)
class Label:
    """What is written on the answers of a source: all but the answers.

    :param revision: is another whenever the answers are
    :param fetched_at: when all were fetched, in seconds since the epoch
    :param mark: what :meth:`LookupSource.mark` said then
    """

    revision: str
    fetched_at: float
    mark: str = ""


@dataclass(frozen=True)
class Answers:
    """The last answers of a source, with their label."""

    data: LookupData
    label: Label


@dataclass(frozen=True)
class Failure:
    """Why a source gives no answer, and since when, in seconds since the epoch."""

    reason: str
    since: float


class LookupSource(abc.ABC):
    """Where ownership and groups come from. Plugins subclass it.

    One process asks it, in the background, and all processes get the answers.
    """

    #: short and unique, for logs and ``fmn check``
    name: str = ""
    #: applications of which a message may make answers stale; :meth:`stale` is asked about no other
    stale_apps: Collection[str] = ()

    @abc.abstractmethod
    def load(self) -> LookupData:
        """Return all that the source knows.

        Called where there are no answers yet, and again at each refresh, never while a message waits.

        :raises LookupUnavailableError: if there is no answer now; the last one goes on to serve
        """

    def stale(self, message: Message) -> Stale:
        """Return what a message makes stale. Called for each message of :attr:`stale_apps`: it must be quick."""
        return Stale()

    def reload(self, stale: Stale) -> LookupData | None:
        """Return the answers for just these packages and groups; one that is missing in the answer has nobody.

        Called about a second after a message made them stale; other sources may have said so.

        :returns: None if this cannot be told for single ones: then all is loaded
        :raises LookupUnavailableError: if there is no answer now; it is asked again
        """
        return None

    def mark(self) -> str:
        """Return a mark that is another once the answers are, if that can be told at once: of a file its time.

        Where it differs from the mark of the last answers, all is loaded again within seconds. Empty where nothing is
        known.
        """
        return ""

    def doubt(self, data: LookupData, last: LookupData) -> str:
        """Return why an answer is not to be believed, seen beside the last one; nothing to believe it."""
        return ""
