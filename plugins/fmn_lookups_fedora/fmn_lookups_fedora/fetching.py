"""HTTP with limits: of time as a whole, of size, of redirects. Whatever goes wrong is one sentence.

httpx is imported where it is used: all workers load this plugin, and only one of them asks.
"""

from __future__ import annotations

import contextlib
import functools
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fmn_core import LookupUnavailableError

if TYPE_CHECKING:
    import httpx

USER_AGENT = "fmn-lookups-fedora/0.1 (notifications)"
#: bytes of an answer at most: twenty times the largest there is
MOST_BYTES = 64 * 1024 * 1024
MOST_REDIRECTS = 3
NONE: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Reply:
    """An answer of a server, as a whole."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Read the body.

        :raises LookupUnavailableError: it is no JSON
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise LookupUnavailableError(f"{self.url} answers with something else than JSON: {error}") from None


class Fetcher:
    """Knows how to ask.

    :param timeout: seconds that one answer may take as a whole
    :param token: sent as bearer token, but to no other host that it is led to; empty for none
    """

    def __init__(self, timeout: float, token: str = "") -> None:
        self._timeout = timeout
        self._headers = {"User-Agent": USER_AGENT, "Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """Keep connections open for some questions."""
        import httpx

        with httpx.Client(
            headers=self._headers,
            timeout=self._timeout,
            follow_redirects=True,
            max_redirects=MOST_REDIRECTS,
            verify=_trusted(),
        ) as client:
            yield Session(client, self._timeout)


class Session:
    """Asks some questions over the same connections."""

    def __init__(self, client: httpx.Client, timeout: float) -> None:
        self._client, self._timeout = client, timeout

    def fetch(self, url: str, headers: Mapping[str, str] = NONE, query: Mapping[str, str | int] = NONE) -> Reply:
        """Ask, and return whatever status the answer has.

        :raises LookupUnavailableError: there is no answer in time, or it is too large
        """
        import httpx

        deadline = time.monotonic() + self._timeout
        try:
            with self._client.stream("GET", url, headers=headers, params=query or None) as response:
                body = bytearray()
                for part in response.iter_bytes():
                    body += part
                    if len(body) > MOST_BYTES:
                        raise LookupUnavailableError(f"{url} answers with more than {MOST_BYTES:,} bytes")
                    if time.monotonic() > deadline:
                        raise LookupUnavailableError(f"{url} took longer than {self._timeout:g} s to answer")
                return Reply(url, response.status_code, response.headers, bytes(body))
        except httpx.TimeoutException:
            raise LookupUnavailableError(f"{url} gave no answer within {self._timeout:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LookupUnavailableError(f"{url} cannot be asked: {error or type(error).__name__}") from None

    def json(self, url: str, **query: str | int) -> Any:
        """Ask for an object.

        :returns: None where the server says, as an application does, that there is no such thing
        :raises LookupUnavailableError: there is no answer, or something else than an object
        """
        reply = self.fetch(url, query=query)
        if reply.status not in (HTTPStatus.OK, HTTPStatus.NOT_FOUND):
            raise LookupUnavailableError(f"{url} answers with status {reply.status}")
        found = reply.json()  # of a 404 too: one that is no JSON comes from a server that knows nothing of the thing
        if not isinstance(found, dict):
            raise LookupUnavailableError(f"{url} answers with something else than an object")
        return found if reply.status == HTTPStatus.OK else None


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Return what the machine trusts, read once: it takes longer than many an answer."""
    return ssl.create_default_context()
