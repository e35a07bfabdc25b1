"""Delivery to a webhook: one POST of JSON for each notification, to a URL that is the address."""

from __future__ import annotations

import http.client
import json
import re
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from fmn_core import (
    AddressRefused,
    Backend,
    DropDelivery,
    FmnError,
    Notification,
    Overflow,
    Pace,
    Reception,
    Rehearsal,
    RetryDelivery,
    Section,
    Settings,
    UsageError,
    hookimpl,
    one_line,
)

_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?")
#: characters of a text, and bytes of an answer that are read
LONGEST = 10_000


class WebhookSettings(Section):
    """``[plugin.webhook]``.

    :param hosts: that may be written to. Whoever can name any URL could reach what is inside of our network
    :param timeout: seconds to wait for a host
    """

    hosts: tuple[str, ...] = ()
    timeout: float = 10.0


class WebhookBackend(Backend):
    """Posts JSON, and does what the answer asks for."""

    name = "webhook"
    title = "Webhook"
    address_label = "URL"
    concurrency = 4
    pace = Pace(rate=50, burst=50)
    overflow = Overflow(most=30, within=60)

    def __init__(self, options: WebhookSettings) -> None:
        self._options = options
        self._reception: Reception | None = None

    def start(self, reception: Reception) -> None:
        """See :meth:`fmn_core.Backend.start`."""
        self._reception = reception

    def check_address(self, address: str) -> str:
        """See :meth:`fmn_core.Backend.check_address`."""
        address = address.strip()
        if not _URL.fullmatch(address):
            raise UsageError(f"{address[:LONGEST]!r} is no URL of a webhook")
        host = urlsplit(address).hostname
        if host not in self._options.hosts:
            raise UsageError(f"host {host!r} is none that this server may write to")
        return address

    def deliver(self, notification: Notification) -> None:
        """See :meth:`fmn_core.Backend.deliver`."""
        facts, address = notification.facts, notification.destination
        said = self._post(
            address,
            id=notification.id,
            purpose=notification.purpose,
            topic=notification.topic,
            summary=one_line(facts.summary)[:LONGEST],
            details=facts.details[:LONGEST],
            url=(facts.url or "")[:LONGEST],
            unsubscribe=notification.links.unsubscribe,
        )
        self._hear(address, said)

    def check(self) -> str:
        """See :meth:`fmn_core.Backend.check`."""
        return f"webhooks at {', '.join(self._options.hosts) or 'no host: set hosts in [plugin.webhook]'}"

    def rehearse(self, folder: Path) -> Rehearsal:
        """See :meth:`fmn_core.Backend.rehearse`."""
        from .rehearsal import WebhookRehearsal

        return WebhookRehearsal(folder)

    def _hear(self, address: str, said: bytes) -> None:
        """Do what the answer to a notification asks for. Only over TLS it is certain who gave it."""
        command = said.decode("utf-8", "replace").strip()
        if not command or self._reception is None:
            return
        with suppress(FmnError):  # the notification is there: whatever is raised now must not send it again
            known = address if address.startswith("https:") else None
            if lines := self._reception.answer(known, command):
                self._post(address, purpose="answer", lines=lines)

    def _post(self, address: str, **words: object) -> bytes:
        try:
            parts = urlsplit(self.check_address(address))
        except UsageError as error:
            raise DropDelivery(str(error)) from None
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.netloc, timeout=self._options.timeout)
        try:
            path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
            connection.request("POST", path, json.dumps(words), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = answer.read(LONGEST)
        except (OSError, http.client.HTTPException) as error:
            # other addresses are on other hosts: this is no reason to raise BackendAway
            raise RetryDelivery(f"{parts.netloc} gives no answer: {error}") from None
        finally:
            connection.close()
        _judge(answer, parts.netloc)
        return said


def _judge(answer: http.client.HTTPResponse, host: str) -> None:
    """Raise what follows from a status that is no success."""
    reason, after = f"{host} says {answer.status} {answer.reason}", answer.headers.get("Retry-After", "")
    if answer.status in (404, 410):
        raise AddressRefused(reason)
    if answer.status == 429 or answer.status >= 500:
        raise RetryDelivery(reason, after=float(after) if after.isascii() and after.isdigit() else None)
    if answer.status >= 300:
        raise DropDelivery(reason)


@hookimpl
def fmn_register_backends(settings: Settings) -> list[Backend]:
    """Offer ``webhook``."""
    return [WebhookBackend(settings.section("webhook", WebhookSettings))]
