"""Where the published file lies: on a server or in a folder."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from fmn_core import LookupUnavailableError

from .fetching import Fetcher

_NOT_MODIFIED = 304


class Document(NamedTuple):
    """A file as read.

    :param where: it was, for people
    :param made_at: when, in seconds since the epoch; None where nobody says
    """

    where: str
    content: bytes
    made_at: float | None


class Place(Protocol):
    """Where the file lies."""

    def read(self) -> Document:
        """Return the file.

        :raises LookupUnavailableError: it cannot be had now
        """

    def mark(self) -> str:
        """See :meth:`fmn_core.LookupSource.mark`."""


class FilePlace:
    """A file of this machine, which something else brings up to date."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Document:
        """See :meth:`Place.read`."""
        try:
            return Document(f"file {str(self._path)!r}", self._path.read_bytes(), self._path.stat().st_mtime)
        except OSError as error:
            raise LookupUnavailableError(f"file {str(self._path)!r} cannot be read: {error.strerror}") from None

    def mark(self) -> str:
        """See :meth:`Place.mark`."""
        state = self._path.stat()
        return f"{self._path} {state.st_mtime_ns} {state.st_size}"


class UrlPlace:
    """A file on a server; what has not changed is not sent again."""

    def __init__(self, fetcher: Fetcher, url: str) -> None:
        self._fetcher, self._url = fetcher, url
        self._last: Document | None = None
        self._unless: dict[str, str] = {}

    def read(self) -> Document:
        """See :meth:`Place.read`."""
        with self._fetcher.session() as session:
            reply = session.fetch(self._url, self._unless)
        if reply.status == _NOT_MODIFIED and self._last is not None:
            return self._last
        if reply.status != 200:
            raise LookupUnavailableError(f"{self._url} answers with status {reply.status}")
        self._last = Document(self._url, reply.body, _time(reply.headers.get("last-modified", "")))
        self._unless = {
            condition: reply.headers[name]
            for condition, name in (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))
            if name in reply.headers
        }
        return self._last

    def forget(self) -> None:
        """Ask for the whole file the next time: what came was of no use."""
        self._last, self._unless = None, {}

    def mark(self) -> str:
        """See :meth:`Place.mark`: what it is now is not known at once, but whether another one is configured."""
        return self._url


def _time(text: str) -> float | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def now() -> float:
    """Return seconds since the epoch."""
    return datetime.now(UTC).timestamp()
