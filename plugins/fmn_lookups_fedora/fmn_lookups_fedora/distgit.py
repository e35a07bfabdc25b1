"""Dist-git: the published file with the owners of everything, and the API of its Pagure for single packages.

The file says who may commit, and no more: all it names are co-maintainers. It has no mark for groups. The API knows
better, and at once, while the file is made now and then: what the API said goes before an older file.

Source of the format: https://src.fedoraproject.org/extras/pagure_owner_alias.json
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from fmn_core import GROUP_MARK, LookupData, LookupSource, LookupUnavailableError, Message, Role, Stale

from .fetching import Fetcher, Session
from .names import DISTGIT_NAMESPACES, ORPHAN, as_group, listed, package, package_path, packages_shrunk, strongest
from .places import Document, Place, UrlPlace, now
from .stale import pagure_packages

log = logging.getLogger(__name__)

#: how names of groups end that the file does not tell from accounts
GROUP_ENDING = "-sig"
#: seconds by which a file must be younger than an answer of the API to know better: it takes time to make one
MARGIN = 600.0
#: seconds after which an answer of the API gives way to a file of whatever age
LONGEST = 86_400.0

Maintainers = Mapping[str, Role]


class PagureApi:
    """Asks Pagure who maintains one package.

    :param url: of dist-git's Pagure
    """

    def __init__(self, fetcher: Fetcher, url: str) -> None:
        self._fetcher, self.url = fetcher, url

    def maintainers(self, packages: Iterable[str]) -> dict[str, Maintainers]:
        """Return who maintains packages; those that do not exist, or nobody maintains, are missing.

        :raises LookupUnavailableError: there is no answer for one of them
        """
        with self._fetcher.session() as session:
            asked = {name: self._ask(session, name) for name in sorted(packages)}
        return {name: roles for name, roles in asked.items() if roles}

    def _ask(self, session: Session, name: str) -> Maintainers:
        path = package_path(name, DISTGIT_NAMESPACES)
        if not path:
            return {}
        url = f"{self.url}/api/0/{path}"
        found = session.json(url)
        if found is None:
            return {}
        users, groups = found.get("access_users"), found.get("access_groups")
        if not isinstance(users, dict) or not isinstance(groups, dict):
            raise LookupUnavailableError(f"{url} does not say who has access")
        roles: dict[str, Role] = {}
        for access, role in (("owner", Role.OWNER), ("admin", Role.COMAINTAINER), ("commit", Role.COMAINTAINER)):
            strongest(roles, listed(users.get(access)), role)
            strongest(roles, [as_group(name) for name in listed(groups.get(access)) if isinstance(name, str)], role)
        return roles


class _Said(NamedTuple):
    """What the API said of a package, and when."""

    at: float
    maintainers: Maintainers


class DistGit(LookupSource):
    """Everything from the file, and what changes from the API.

    :param api: None where only the file is asked
    :param groups: names that are groups, which others may add to
    """

    name = "dist-git"

    def __init__(
        self,
        place: Place,
        api: PagureApi | None = None,
        smallest_share: float = 0.0,
        groups: Collection[str] = (),
        clock: Callable[[], float] = now,
    ) -> None:
        self._place, self._api, self._smallest_share, self._groups = place, api, smallest_share, groups
        self._clock = clock
        self._said: dict[str, _Said] = {}
        self.stale_apps = ("pagure",) if api else ()

    def load(self) -> LookupData:
        """See :meth:`LookupSource.load`."""
        document = self._place.read()
        try:
            found = published(document, self._groups)
        except LookupUnavailableError:
            if isinstance(self._place, UrlPlace):
                self._place.forget()
            raise
        self._said = {name: said for name, said in self._said.items() if self._knows_better(said, document)}
        for name, said in self._said.items():
            found.pop(name, None)
            if said.maintainers:
                found[name] = said.maintainers
        return LookupData(found)

    def _knows_better(self, said: _Said, document: Document) -> bool:
        younger = document.made_at is not None and document.made_at > said.at + MARGIN
        return not younger and self._clock() < said.at + LONGEST

    def stale(self, message: Message) -> Stale:
        """See :meth:`LookupSource.stale`."""
        return Stale(pagure_packages(message))

    def reload(self, stale: Stale) -> LookupData | None:
        """See :meth:`LookupSource.reload`."""
        if self._api is None:
            return None
        at, found = self._clock(), self._api.maintainers(stale.packages)
        self._said.update({name: _Said(at, found.get(name, {})) for name in stale.packages})
        return LookupData(found)

    def mark(self) -> str:
        """See :meth:`LookupSource.mark`."""
        return self._place.mark()

    def doubt(self, data: LookupData, last: LookupData) -> str:
        """See :meth:`LookupSource.doubt`."""
        return packages_shrunk(data, last, self._smallest_share)


def published(document: Document, groups: Collection[str] = ()) -> dict[str, Maintainers]:
    """Read the file: namespace -> package -> accounts.

    :param groups: names that are groups, besides those that end in ``-sig``
    :raises LookupUnavailableError: it cannot be used
    """
    shared: dict[tuple[str, ...], Maintainers] = {}
    found: dict[str, Maintainers] = {}
    for namespace, packages in _namespaces(document).items():
        for name, accounts in _sound(packages, f"{namespace} of {document.where}"):
            owners = tuple(_owner(account, groups) for account in accounts if account != ORPHAN)
            if owners:  # thousands of packages have the same few owners: one mapping serves them all
                ours = package(namespace, name, DISTGIT_NAMESPACES)
                found[ours] = shared.setdefault(owners, dict.fromkeys(owners, Role.COMAINTAINER))
    if not found:
        raise LookupUnavailableError(f"{document.where} names no maintained package")
    return found


def _namespaces(document: Document) -> Mapping[str, Any]:
    try:
        data = json.loads(document.content)
    except (ValueError, RecursionError) as error:
        raise LookupUnavailableError(f"{document.where} is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise LookupUnavailableError(f"{document.where} holds no object of namespaces")
    return data


def _sound(packages: Any, where: str) -> Iterable[tuple[str, list[str]]]:
    """Return the entries that are as they should be; the others are counted in the log."""
    rows = packages.items() if isinstance(packages, dict) else ()
    sound = [(p, names) for p, names in rows if p and "/" not in p and _are_names(names)]
    if len(sound) != len(rows) or not isinstance(packages, dict):
        log.warning("%s: %d entries are no lists of names and are left out", where, len(rows) - len(sound) or 1)
    return sound


def _are_names(names: Any) -> bool:
    return isinstance(names, list) and all(isinstance(name, str) and name for name in names)


def _owner(name: str, groups: Collection[str]) -> str:
    return GROUP_MARK + name if name in groups or name.endswith(GROUP_ENDING) else name
