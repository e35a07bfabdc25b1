"""The historical package database: points of contact, co-maintainers and watchers, of a package or of a person.

Sources of the formats: https://admin.fedoraproject.org/pkgdb/api/ as recorded in 2017.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from fmn_core import LookupData, LookupSource, LookupUnavailableError, Message, Role, Stale, dig

from .fetching import Fetcher, Session
from .names import PKGDB_NAMESPACES, as_group, listed, package_of, package_path, packages_shrunk, strongest
from .stale import pkgdb_packages

#: how pkgdb marks groups among accounts
GROUP_PREFIX = "group::"
#: what a packager is to the packages in each list of an answer
LISTS = {"point of contact": Role.OWNER, "co-maintained": Role.COMAINTAINER, "watch": Role.WATCHER}
ACLS = {
    "commit": Role.COMAINTAINER,
    "approveacls": Role.COMAINTAINER,
    "watchcommits": Role.WATCHER,
    "watchbugzilla": Role.WATCHER,
}
GRANTED = "Approved"
ENDED = "EOL"


class Pkgdb(LookupSource):
    """Asks pkgdb.

    :param packagers: whose packages are loaded; empty for everybody's
    """

    name = "pkgdb"
    stale_apps = ("pkgdb",)

    def __init__(self, fetcher: Fetcher, url: str, packagers: Iterable[str] = (), smallest_share: float = 0.0) -> None:
        self._fetcher, self._url, self._packagers = fetcher, url, tuple(packagers)
        self._smallest_share = smallest_share

    def load(self) -> LookupData:
        """See :meth:`LookupSource.load`: every packager is asked for, one after the other."""
        found: dict[str, dict[str, Role]] = defaultdict(dict)
        with self._fetcher.session() as session:
            for packager in self._packagers or self._everybody(session):
                self._add(session, packager, found)
        return LookupData(dict(found))

    def _everybody(self, session: Session) -> list[str]:
        url = f"{self._url}/api/packagers/"
        answer = session.json(url, pattern="*")
        packagers = [name for name in listed(dig(answer, "packagers")) if isinstance(name, str) and name]
        if not packagers:
            raise LookupUnavailableError(f"{url} names no packager")
        return packagers

    def _add(self, session: Session, packager: str, found: dict[str, dict[str, Role]]) -> None:
        """Add the packages of one packager; one who has none, or does not exist, is a 404."""
        answer = session.json(f"{self._url}/api/packager/package/{quote(packager, safe=':')}")
        for name, role in LISTS.items():
            for one in listed(dig(answer, name)):
                if ours := package_of(one, PKGDB_NAMESPACES):
                    strongest(found[ours], [_owner(packager)], role)

    def stale(self, message: Message) -> Stale:
        """See :meth:`LookupSource.stale`."""
        return Stale(pkgdb_packages(message))

    def reload(self, stale: Stale) -> LookupData:
        """See :meth:`LookupSource.reload`."""
        found = {}
        with self._fetcher.session() as session:
            for name in sorted(stale.packages):
                if roles := self._maintainers(session, name):
                    found[name] = roles
        return LookupData(found)

    def _maintainers(self, session: Session, name: str) -> dict[str, Role]:
        path = package_path(name, PKGDB_NAMESPACES)
        answer = session.json(f"{self._url}/api/package/{path}") if path else None
        roles: dict[str, Role] = {}
        for listing in listed(dig(answer, "packages")):
            if dig(listing, "status") == GRANTED and dig(listing, "collection", "status") != ENDED:
                self._add_listing(listing, roles)
        return roles

    @staticmethod
    def _add_listing(listing: Any, roles: dict[str, Role]) -> None:
        """Add who maintains a package in one branch."""
        contact = dig(listing, "point_of_contact")
        strongest(roles, [_owner(contact)], Role.OWNER)
        for acl in listed(dig(listing, "acls")):
            role = ACLS.get(str(dig(acl, "acl")))
            if role and dig(acl, "status") == GRANTED:
                strongest(roles, [_owner(dig(acl, "fas_name"))], role)

    def mark(self) -> str:
        """See :meth:`LookupSource.mark`: another server has other answers."""
        return " ".join([self._url, *self._packagers])

    def doubt(self, data: LookupData, last: LookupData) -> str:
        """See :meth:`LookupSource.doubt`. Whether a chosen few have fewer packages, nobody can judge."""
        return "" if self._packagers else packages_shrunk(data, last, self._smallest_share)


def _owner(name: Any) -> str:
    if not isinstance(name, str):
        return ""
    return as_group(name.removeprefix(GROUP_PREFIX)) if name.startswith(GROUP_PREFIX) else name
