"""What the headers of a mail say: for threads, for people's own mail rules, and for those who want no more of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from fmn_core import Digest, Notification, Purpose

from .mime import LONGEST_HEADER
from .words import web_url

Headers = Iterator[tuple[str, str]]

#: headers of one kind; the rest of the packages is only counted
MOST_NAMES = 10

_NO_TOKEN = re.compile(r"[^A-Za-z0-9_.-]+")


class HeaderWriter:
    """Writes headers.

    :param sender: the address in From, whose domain the ids of our mails are of
    :param base_url: where people reach the web pages, whose host the ids of our lists are of
    """

    def __init__(self, sender: str, base_url: str) -> None:
        self._domain = sender.rpartition("@")[2]
        self._host = _token(urlsplit(base_url).hostname or "localhost")

    def notification(self, one: Notification) -> Headers:
        """Say what a mail for one notification is about; of what FMN itself says, little."""
        yield from self._identity(one.id, {one.facts.thread})
        yield "Auto-Submitted", "auto-generated"
        if one.purpose is Purpose.WISH:
            yield from self._list(one.filter_id, one.user, one.links.unsubscribe)
            yield from _about([one])

    def digest(self, digest: Digest) -> Headers:
        """Say what a digest is about: everything that its notifications are about."""
        yield from self._identity(digest.id, {one.facts.thread for one in digest.notifications})
        yield "Auto-Submitted", "auto-generated"
        filters = {one.filter_id for one in digest.notifications}
        yield from self._list(filters.pop() if len(filters) == 1 else "digest", digest.user, digest.links.unsubscribe)
        yield from _about(digest.notifications)

    def _identity(self, id_: str, threads: set[str]) -> Headers:
        yield "Message-ID", f"<{_token(id_)}@{self._domain}>"
        if len(threads) == 1 and (thread := threads.pop()):
            # no such mail was ever sent: all mails of a thread answer the same one, whichever of them came first
            key = hashlib.blake2b(thread.encode("utf-8", "replace"), digest_size=16).hexdigest()
            root = f"<thread-{key}@{self._domain}>"
            yield "In-Reply-To", root
            yield "References", root

    def _list(self, name: str, user: str, unsubscribe: str) -> Headers:
        yield "Precedence", "bulk"
        yield "List-Id", f"<{_token(name)}.{_token(user)}.{self._host}>"
        url = web_url(unsubscribe)
        if url and len(url) < LONGEST_HEADER - 2:  # one that had to be cut would lead elsewhere
            yield "List-Unsubscribe", f"<{url}>"
            yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"


def _about(some: Sequence[Notification]) -> Headers:
    facts = [one.facts for one in some]
    packages = frozenset().union(*(each.packages for each in facts))
    yield from _each("X-FMN-Message-Id", dict.fromkeys(one.message_id for one in some))
    yield from _each("X-Fedmsg-Topic", dict.fromkeys(one.topic for one in some))
    yield from _each("X-Fedmsg-Category", dict.fromkeys(each.app for each in facts))
    yield from _each("X-Fedmsg-Username", sorted(frozenset().union(*(each.usernames for each in facts))))
    yield from _each("X-Fedmsg-Package", sorted(packages))
    yield "X-Fedmsg-Num-Packages", str(len(packages))


def _each(name: str, values: Iterable[str]) -> Headers:
    for value, _ in zip(values, range(MOST_NAMES), strict=False):
        yield name, value


def _token(value: str) -> str:
    return _NO_TOKEN.sub("-", value).strip(".-") or "none"
