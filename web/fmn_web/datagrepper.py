"""Datagrepper: Fedora's own archive of the bus, asked for messages that ours does not have any more.

Its JSON API as https://apps.fedoraproject.org/datagrepper describes it: ``/id?id=`` for one message, ``/raw`` for pages
of them, latest first. Whatever it does, a page waits for it no longer than was set.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import requests

from fmn_core import codec
from fmn_core.errors import DecodeError, FmnError
from fmn_core.model import Message

#: messages of a page, the most that it gives; bytes of an answer at most
ROWS, MOST_BYTES = 100, 16 * 1024 * 1024
#: questions at once: the other threads of the web go on with other pages while it is slow
PLACES = 2
_CHUNK = 4 * 1024

log = logging.getLogger(__name__)


class DatagrepperError(FmnError):
    """It gives no answer, or none that can be used."""


@dataclass(frozen=True)
class Older:
    """A page of messages.

    :param messages: latest first, not described
    :param more: whether there is another page
    :param skipped: messages of it that could not be read
    """

    messages: list[Message]
    more: bool = False
    skipped: int = 0


class Datagrepper:
    """Safe for threads; each question is a connection of its own, in a thread of its own.

    :param url: where it is; empty for nowhere, and then it knows nothing
    :param patience: seconds that an answer may take as a whole
    """

    def __init__(self, url: str, patience: float) -> None:
        self._url, self._patience = url.rstrip("/"), patience
        self._places = threading.BoundedSemaphore(PLACES)

    def __bool__(self) -> bool:
        return bool(self._url)

    def get(self, message_id: str) -> Message | None:
        """Return a message; None if it knows none of this id.

        :raises DatagrepperError: it is not known
        """
        if not self:
            return None
        raw = self._ask("id", {"id": message_id})
        if raw is None:
            return None
        found = _message(raw)
        if found is None or found.id != message_id:
            raise DatagrepperError("datagrepper answers with something else than that message")
        return found

    def page(self, package: str, since: datetime, until: datetime, number: int) -> Older:
        """Return a page of the messages of a time, its end left out; those that cannot be read are left out too.

        :param package: only of this one; empty for all
        :param number: from 1
        :raises DatagrepperError: nothing is known
        """
        when = {"start": since.timestamp(), "end": until.timestamp(), "order": "desc"}
        asked = {**when, "rows_per_page": ROWS, "page": number, **({"package": package} if package else {})}
        raw = self._ask("raw", asked)
        rows = raw.get("raw_messages") if isinstance(raw, dict) else None
        if not isinstance(rows, list):
            raise DatagrepperError("datagrepper answers with something else than messages")
        read = [_message(one) for one in rows]
        pages = raw.get("pages") if isinstance(raw, dict) else 0
        within = [one for one in read if one is not None and not (one.sent_at and one.sent_at >= until)]
        return Older(within, isinstance(pages, int) and number < pages, read.count(None))

    def _ask(self, what: str, query: Mapping[str, Any]) -> Any:
        """Return what it answers; None for 404."""
        if not self._places.acquire(blocking=False):
            raise DatagrepperError("datagrepper is slow, and others wait for it already")
        answer: Future[Any] = Future()
        # whoever sends a byte now and then is never late for the library, which waits for each of them anew
        threading.Thread(target=self._fetch, args=(what, query, answer), daemon=True).start()
        try:
            return answer.result(self._patience)
        except TimeoutError:
            log.warning("datagrepper has not answered within %s s", self._patience)
            raise DatagrepperError("datagrepper takes too long") from None

    def _fetch(self, what: str, query: Mapping[str, Any], answer: Future[Any]) -> None:
        try:
            found, trouble = self._get(what, query), None
        except Exception as error:  # whatever it is, the page has to hear of it
            found, trouble = None, error
        self._places.release()  # first: whoever has the answer may ask the next question at once
        if trouble:
            answer.set_exception(trouble)
        else:
            answer.set_result(found)

    def _get(self, what: str, query: Mapping[str, Any]) -> Any:
        until = time.monotonic() + self._patience
        url, how = f"{self._url}/{what}", {"Accept": "application/json"}
        try:
            with requests.get(
                url, query, headers=how, stream=True, timeout=self._patience, allow_redirects=False
            ) as answer:
                if answer.status_code == HTTPStatus.NOT_FOUND:
                    return None
                answer.raise_for_status()
                if answer.is_redirect:
                    log.warning("datagrepper is not where [web] datagrepper says, but: %s", answer.headers["Location"])
                    raise DatagrepperError("datagrepper sends us elsewhere")
                return codec.loads(b"".join(_limited(answer, until)), limit=MOST_BYTES)
        except requests.RequestException as error:
            log.warning("datagrepper cannot be asked: %s", error)
            raise DatagrepperError("datagrepper gives no answer") from None
        except DecodeError as error:
            log.warning("datagrepper answers with something else than JSON: %s", error)
            raise DatagrepperError("datagrepper answers with something else than JSON") from None


def _limited(answer: requests.Response, until: float) -> Iterator[bytes]:
    size = 0
    for part in answer.iter_content(_CHUNK):
        size += len(part)
        if size > MOST_BYTES:
            raise DatagrepperError("datagrepper answers with more than can be read")
        if time.monotonic() > until:
            raise DatagrepperError("datagrepper takes too long")
        yield part


def _message(raw: Any) -> Message | None:
    try:
        return codec.message_from(raw)
    except DecodeError:
        return None
