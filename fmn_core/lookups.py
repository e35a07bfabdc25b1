"""Lookups: who maintains what and who is in which group, as an immutable snapshot that is read without locks. Floor F1.

Sources come from plugins and answer in bulk. A snapshot is built from all of them and swapped in as a whole, so a
reader never sees half of it and never waits.
"""

from __future__ import annotations

import abc
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .model import ALL_ROLES, Role

log = logging.getLogger(__name__)

#: what stands before a name to say that it is a group's, in ownership data and in hints
GROUP_MARK = "@"
NOBODY: frozenset[str] = frozenset()


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


@dataclass(frozen=True)
class LookupData:
    """What a source knows.

    :param maintainers: package -> account or ``@group`` -> role
    :param groups: group -> accounts
    """

    maintainers: Mapping[str, Mapping[str, Role]] = field(default_factory=dict)
    groups: Mapping[str, Collection[str]] = field(default_factory=dict)


class LookupSource(abc.ABC):
    """Where ownership and groups come from. Plugins subclass it."""

    #: short and unique, for logs and ``fmn check``
    name: str = ""

    @abc.abstractmethod
    def load(self) -> LookupData:
        """Return all that the source knows.

        Called when a process starts and again at each refresh, never while a message waits.

        :raises LookupUnavailableError: if there is no answer now; the last one goes on to serve
        """


class Snapshot:
    """An immutable answer to all four questions, built once from the data of every source.

    What is asked of :meth:`packages` is remembered: the answer cannot change, and it is asked for every message.
    """

    def __init__(self, data: Iterable[LookupData] = ()) -> None:
        roles: dict[str, dict[Role, set[str]]] = defaultdict(lambda: defaultdict(set))
        owners: dict[str, set[str]] = defaultdict(set)
        members: dict[str, set[str]] = defaultdict(set)
        for part in data:
            for group, accounts in part.groups.items():
                members[group].update(accounts)
            for package, maintainers in part.maintainers.items():
                owners[package].update(maintainers)
                for name, role in maintainers.items():
                    roles[name][role].add(package)
        self._members = {group: frozenset(accounts) for group, accounts in members.items()}
        self._groups = _turned(self._members)
        self._roles = {
            name: {role: frozenset(packages) for role, packages in by_role.items()} for name, by_role in roles.items()
        }
        self._owners = self._shared(owners)
        self._asked: dict[Collection[Role], dict[str, frozenset[str]]] = {}

    def _shared(self, owners: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
        """Let packages with the same owners share one set: 42,000 packages of Fedora have some 5,000 different ones."""
        sets: dict[frozenset[str], frozenset[str]] = {}
        found = {}
        for package, names in owners.items():
            key = frozenset(names)
            if key not in sets:
                sets[key] = self._with_members(key)
            found[package] = sets[key]
        return found

    def _with_members(self, names: frozenset[str]) -> frozenset[str]:
        groups = [name.removeprefix(GROUP_MARK) for name in names if name.startswith(GROUP_MARK)]
        return names.union(*(self._members.get(group, NOBODY) for group in groups)) if groups else names

    def owners(self, package: str) -> frozenset[str]:
        """See :meth:`Lookups.owners`."""
        return self._owners.get(package, NOBODY)

    def packages(self, user: str, roles: Collection[Role] = ALL_ROLES) -> frozenset[str]:
        """See :meth:`Lookups.packages`."""
        try:
            return self._asked[roles][user]
        except (KeyError, TypeError):  # asked for the first time, or with roles in a list
            return self._remember(user, frozenset(roles))

    def _remember(self, user: str, roles: frozenset[Role]) -> frozenset[str]:
        """Collect an answer. Two threads that do so at once store the same."""
        names = [user, *(GROUP_MARK + group for group in self._groups.get(user, NOBODY))]
        found = [
            packages
            for name in names
            for role, packages in self._roles.get(name, {}).items()
            if role in roles
        ]  # fmt: skip
        answer = found[0] if len(found) == 1 else NOBODY.union(*found)
        self._asked.setdefault(roles, {})[user] = answer
        return answer

    def members(self, group: str) -> frozenset[str]:
        """See :meth:`Lookups.members`."""
        return self._members.get(group, NOBODY)

    def groups(self, user: str) -> frozenset[str]:
        """See :meth:`Lookups.groups`."""
        return self._groups.get(user, NOBODY)


def _turned(members: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    groups: dict[str, set[str]] = defaultdict(set)
    for group, accounts in members.items():
        for account in accounts:
            groups[account].add(group)
    return {account: frozenset(names) for account, names in groups.items()}


class LiveLookups:
    """The snapshot in force, and how to make the next one. Reading costs no more than from the snapshot itself."""

    snapshot: Snapshot
    owners: Callable[[str], frozenset[str]]
    packages: Callable[..., frozenset[str]]
    members: Callable[[str], frozenset[str]]
    groups: Callable[[str], frozenset[str]]

    def __init__(self, sources: Iterable[LookupSource] = ()) -> None:
        self._sources = tuple(sources)
        self._last: dict[str, LookupData] = {}
        self.failures: dict[str, str] = {}
        self._use(Snapshot())

    def refresh(self) -> None:
        """Ask every source again and swap in what they say; a source that fails keeps its last answer."""
        for source in self._sources:
            try:
                data = source.load()
                Snapshot([data])  # a plugin may return anything: what cannot be used is found out here, alone
            except Exception as error:
                self._failed(source.name, str(error))
            else:
                self._last[source.name] = data
                self._well(source.name)
        self._use(Snapshot(self._last.values()))

    def _failed(self, source: str, reason: str) -> None:
        """Remember why a source gives no answer; one warning until the reason is another."""
        if self.failures.get(source) != reason:
            log.warning("lookup source %r gives no answer, the last one serves: %s", source, reason)
        self.failures[source] = reason

    def _well(self, source: str) -> None:
        if self.failures.pop(source, None) is not None:
            log.warning("lookup source %r answers again", source)

    def _use(self, snapshot: Snapshot) -> None:
        """Swap in a snapshot: attribute and answers in one step, so that no reader sees half of each.

        The answers are bound methods of the snapshot, so that asking costs no further call.
        """
        vars(self).update(
            snapshot=snapshot,
            owners=snapshot.owners,
            packages=snapshot.packages,
            members=snapshot.members,
            groups=snapshot.groups,
        )
