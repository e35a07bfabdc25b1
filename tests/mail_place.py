"""A mail server that wants STARTTLS, with a certificate of its own authority; and mails as a mail program sees them."""

from __future__ import annotations

import email
import email.policy
import itertools
import re
import ssl
from collections import defaultdict
from collections.abc import Iterable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from processes import eventually, free_ports


class MailServer:
    """Keeps what it is sent; ``with`` runs it.

    :ivar mails: all, in the order of their arrival
    :ivar refused: addresses of nobody
    """

    def __init__(self, folder: Path) -> None:
        authority, self._port = trustme.CA(), free_ports(1)
        self._authority = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self._authority))
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(self._tls)
        self.mails: list[EmailMessage] = []
        self.refused: set[str] = set()

    @property
    def section(self) -> dict[str, Any]:
        """What stands in the configuration of who sends through it."""
        place = {"host": "localhost", "port": self._port, "our_name": "localhost"}
        return {**place, "encryption": "starttls", "ca_file": str(self._authority), "sender": "FMN <fmn@example.org>"}

    def __enter__(self) -> MailServer:
        self._controller = Controller(self, hostname="127.0.0.1", port=self._port)
        self._controller.factory = lambda: SMTP(
            self, hostname="localhost", tls_context=self._tls, require_starttls=True
        )
        self._controller.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._controller.stop()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take an address, or not."""
        if address in self.refused:
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail that came encrypted, and to one address."""
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert session.ssl
        assert envelope.rcpt_tos == [mail["To"]]
        self.mails.append(mail)
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        """Return all mails to an address so far."""
        return [mail for mail in self.mails if mail["To"] == address]

    def wait_for(self, address: str, subject: str) -> EmailMessage:
        """Return the first mail to an address whose subject holds this, once it is there."""
        return eventually(lambda: next((mail for mail in self.to(address) if subject in mail["Subject"]), None))


def subjects(mails: Iterable[EmailMessage]) -> list[str]:
    """Return what stands above mails."""
    return [mail["Subject"].strip() for mail in mails]


def part(mail: EmailMessage, kind: str) -> str:
    """Return the text of a mail, the ``plain`` one or the ``html``."""
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def link(mail: EmailMessage, path: str) -> str:
    """Return the first link in the text that leads to such a path."""
    found = re.search(rf"http://\S+/{path}/\S+", part(mail, "plain"))
    assert found, part(mail, "plain")
    return found[0]


def conversations(mails: Iterable[EmailMessage]) -> list[list[str]]:
    """Gather subjects as mail programs gather mails: each answers the one before it in its chain of references."""
    parents: dict[str, str] = {}

    def root(one: str) -> str:
        while one in parents:
            one = parents[one]
        return one

    gathered = defaultdict(list)
    for mail in mails:
        for older, newer in itertools.pairwise(_chain(mail)):
            if root(older) != root(newer):
                parents[root(newer)] = root(older)
        gathered[mail["Message-ID"]].append(mail)
    found = defaultdict(list)
    for one, same in gathered.items():
        found[root(one)] += subjects(same)
    return list(found.values())


def _chain(mail: EmailMessage) -> list[str]:
    headers = [mail["References"], mail["In-Reply-To"], mail["Message-ID"]]
    return list(dict.fromkeys(one for header in headers for one in str(header or "").split()))
