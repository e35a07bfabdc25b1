"""Delivery by email: through the configured SMTP server, or into a mailbox folder where no server is set."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from fmn_core import Backend, Notification, Rehearsal, Section, Settings, hookimpl

from .addresses import canonical, sender
from .compose import compose
from .post import MaildirPost, Post, SmtpPost
from .rehearsal import MailboxRehearsal

#: name of the mailbox folder in the data folder
MAILBOX = "mail"
#: where SMTP listens, by how the connection is encrypted
PORTS = {"none": 25, "starttls": 587, "tls": 465}


class EmailSettings(Section):
    """``[plugin.email]``.

    :param host: the SMTP server; empty for a mailbox folder ``mail`` in the data folder
    :param port: empty for the usual one: 25, 587 with ``starttls``, 465 with ``tls``
    :param encryption: ``none``, ``starttls`` or ``tls``; a server that cannot is an error, never a downgrade
    :param username: empty for no login
    :param sender: what stands in From; bounces go there too
    :param subject_prefix: stands before each subject, such as ``[fedora]``
    :param connections: how many connections are open at most, and so how many mails are sent at once
    :param timeout: seconds to wait for the server at each step
    """

    host: str = ""
    port: int | None = Field(default=None, ge=1, le=65535)
    encryption: Literal["none", "starttls", "tls"] = "none"
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: str = "FMN <fmn@localhost>"
    subject_prefix: str = ""
    connections: int = Field(default=2, ge=1, le=50)
    timeout: float = Field(default=30.0, gt=0)

    @field_validator("sender")
    @classmethod
    def _is_a_sender(cls, value: str) -> str:
        return sender(value)


class EmailBackend(Backend):
    """One mail for each notification.

    :param post: what takes the mails
    :param clock: seconds since the epoch, for Date
    """

    name = "email"
    title = "Email"
    address_label = "mail address"

    def __init__(
        self, options: EmailSettings, base_url: str, post: Post, clock: Callable[[], float] = time.time
    ) -> None:
        self.concurrency = options.connections
        self._options, self._base_url, self._post, self._clock = options, base_url, post, clock

    def check_address(self, address: str) -> str:
        """See :meth:`fmn_core.Backend.check_address`."""
        return canonical(address)

    def deliver(self, notification: Notification) -> None:
        """See :meth:`fmn_core.Backend.deliver`."""
        options = self._options
        mail = compose(notification, options.sender, options.subject_prefix, self._base_url, self._clock())
        self._post.send(mail)

    def check(self) -> str:
        """See :meth:`fmn_core.Backend.check`."""
        return self._post.check()

    def rehearse(self, folder: Path) -> Rehearsal:
        """See :meth:`fmn_core.Backend.rehearse`."""
        return MailboxRehearsal(folder / MAILBOX)

    def close(self) -> None:
        """See :meth:`fmn_core.Backend.close`."""
        self._post.close()


@hookimpl
def fmn_register_backends(settings: Settings) -> list[Backend]:
    """Offer ``email``."""
    options = settings.section("email", EmailSettings)
    if not options.host:
        return [EmailBackend(options, settings.base_url, MaildirPost(settings.data_dir / MAILBOX))]
    post = SmtpPost(
        options.host,
        options.port or PORTS[options.encryption],
        encryption=options.encryption,
        login=(options.username, options.password.get_secret_value()),
        timeout=options.timeout,
    )
    return [EmailBackend(options, settings.base_url, post)]
