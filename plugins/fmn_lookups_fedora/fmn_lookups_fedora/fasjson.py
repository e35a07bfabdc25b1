"""FASJSON: who is in which group of the Fedora accounts.

Source of the format: https://fasjson.fedoraproject.org/docs/v1/. Lists are paged if one asks for it: ``page`` then
says how many pages there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from fmn_core import LookupData, LookupSource, LookupUnavailableError, Message, Stale, as_text, dig

from .fetching import Fetcher, Session
from .names import listed, shrunk
from .stale import fas_groups

#: results asked for at once
PAGE_SIZE = 100
#: pages of one list at most, lest a server counts on for ever
MOST_PAGES = 1000


class FasJson(LookupSource):
    """Asks FASJSON.

    :param url: without ``/v1``
    :param only: the groups that are asked for; empty for all
    :param known: where the names of the groups are noted, for sources that must tell groups from accounts
    """

    name = "fasjson"
    stale_apps = ("fas",)

    def __init__(
        self,
        fetcher: Fetcher,
        url: str,
        only: Iterable[str] = (),
        smallest_share: float = 0.0,
        known: set[str] | None = None,
    ) -> None:
        self._fetcher, self._url, self._only = fetcher, url, tuple(only)
        self._smallest_share = smallest_share
        self._known = known if known is not None else set()

    def load(self) -> LookupData:
        """See :meth:`LookupSource.load`: the groups, then the members of each."""
        with self._fetcher.session() as session:
            names = self._only or sorted(set(self._all(session, "groups/", "name") or ()))
            if not names:
                raise LookupUnavailableError(f"{self._url} names no group")
            found = self._members(session, names)
        self._known.update(found)
        return LookupData(groups=found)

    def _members(self, session: Session, names: Iterable[str]) -> dict[str, list[str]]:
        found = {}
        for name in names:
            members = self._all(session, f"groups/{quote(name, safe='')}/members/", "username")
            if members is not None:
                found[name] = members
        return found

    def _all(self, session: Session, path: str, field: str) -> list[str] | None:
        """Return one field of all results of a list, page by page; None where there is no such list."""
        url = f"{self._url}/v1/{path}"
        values: list[str] = []
        for page in self._pages(session, url):
            if page is None:
                return None
            values += filter(None, (as_text(dig(one, field)) for one in listed(page.get("result"))))
        return values

    @staticmethod
    def _pages(session: Session, url: str) -> Iterator[dict[str, Any] | None]:
        for number in range(1, MOST_PAGES + 1):
            page = session.json(url, page_size=PAGE_SIZE, page_number=number)
            if page is not None and not isinstance(page.get("result"), list):
                raise LookupUnavailableError(f"{url} answers without a result")
            yield page
            total = dig(page, "page", "total_pages")
            if not isinstance(total, int) or number >= total:
                return
        raise LookupUnavailableError(f"{url} has more than {MOST_PAGES:,} pages")

    def stale(self, message: Message) -> Stale:
        """See :meth:`LookupSource.stale`."""
        groups = fas_groups(message)
        return Stale(groups=groups & frozenset(self._only) if self._only else groups)

    def reload(self, stale: Stale) -> LookupData:
        """See :meth:`LookupSource.reload`."""
        wanted = stale.groups & frozenset(self._only) if self._only else stale.groups
        wanted -= {"", ".", ".."}
        if not wanted:
            return LookupData()
        with self._fetcher.session() as session:
            found = self._members(session, sorted(wanted))
        self._known.update(found)
        return LookupData(groups=found)

    def mark(self) -> str:
        """See :meth:`LookupSource.mark`: another server has other answers."""
        return " ".join([self._url, *self._only])

    def doubt(self, data: LookupData, last: LookupData) -> str:
        """See :meth:`LookupSource.doubt`. Groups that are no longer asked for are not missed."""
        before = last.groups.keys() & set(self._only) if self._only else last.groups
        return shrunk("groups", len(data.groups), len(before), self._smallest_share)
