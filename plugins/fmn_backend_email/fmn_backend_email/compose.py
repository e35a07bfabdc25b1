"""A notification or a digest becomes a mail. Whatever its fields hold, it adds no header and no recipient."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache
from typing import Any

from fmn_core import Digest, DropDelivery, Notification, Purpose, UsageError, headline

from . import variables
from .addresses import canonical
from .headers import HeaderWriter
from .mime import header, mail_bytes
from .rendering import Templates
from .words import web_url


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail, ready to be sent.

    :param sender: address to which the servers report trouble
    :param recipient: address, the only one
    :param content: as SMTP wants it, line ends included
    """

    sender: str
    recipient: str
    content: bytes


class Composer:
    """Writes mails. Safe for threads.

    :param sender: what stands in From: an address, or ``Name <address>``
    :param prefix: stands before each subject
    :param base_url: where people reach the web pages
    """

    def __init__(self, sender: str, prefix: str, base_url: str, templates: Templates) -> None:
        name, self._address = parseaddr(sender)
        self._from = f"From: {formataddr((name, self._address))}"
        self._prefix, self._home, self._templates = prefix, web_url(base_url), templates
        self._headers = HeaderWriter(self._address, base_url)

    def notification(self, one: Notification, now: float) -> Mail:
        """Write a mail about one notification, or with what FMN itself has to say.

        :param now: seconds since the epoch
        :raises DropDelivery: if the destination is no mail address
        """
        kind = "notification" if one.purpose is Purpose.WISH else "notice"
        seen = variables.of_notification(one, self._home)
        head = self._headers.notification(one)
        return self._mail(one.destination, seen["entry"].summary, head, kind, seen, now)

    def digest(self, digest: Digest, now: float) -> Mail:
        """Write a mail about several notifications; parameters and errors as above."""
        seen = variables.of_digest(digest, self._home)
        subject = f"Digest: {headline(digest)}"
        return self._mail(digest.destination, subject, self._headers.digest(digest), "digest", seen, now)

    def _mail(
        self,
        destination: str,
        subject: str,
        about: Iterable[tuple[str, str]],
        kind: str,
        seen: Mapping[str, Any],
        now: float,
    ) -> Mail:
        recipient = _recipient(destination)
        envelope = [
            ("To", recipient),
            ("Subject", f"{self._prefix} {subject}"),
            ("Date", _date(int(now))),
        ]
        head = [self._from, *(header(name, value) for name, value in itertools.chain(envelope, about))]
        return Mail(self._address, recipient, mail_bytes(head, *self._templates.text_and_html(kind, seen)))


@lru_cache(maxsize=2)
def _date(now: int) -> str:
    return format_datetime(datetime.fromtimestamp(now, UTC))


def _recipient(address: str) -> str:
    try:
        return canonical(address)
    except UsageError as error:
        raise DropDelivery(str(error)) from None
