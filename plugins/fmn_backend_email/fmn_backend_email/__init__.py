"""Delivery by email: through the configured SMTP server, or into a mailbox folder where no server is set."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from fmn_core import Backend, Digest, Notification, Rehearsal, Settings, hookimpl

from . import samples
from .addresses import canonical
from .compose import Composer
from .options import PORTS, EmailSettings
from .post import MaildirPost, Post
from .rehearsal import MailboxRehearsal
from .rendering import Templates
from .session import Server
from .smtp import SmtpPost

#: name of the mailbox folder in the data folder
MAILBOX = "mail"


class EmailBackend(Backend):
    """One mail for each notification or digest.

    :param post: what takes the mails
    :param clock: seconds since the epoch, for Date
    """

    name = "email"
    title = "Email"
    address_label = "mail address"
    takes_mail_address = True

    def __init__(
        self, options: EmailSettings, base_url: str, post: Post, clock: Callable[[], float] = time.time
    ) -> None:
        self.concurrency = options.connections
        self._templates = Templates(Path(options.templates) if options.templates else None)
        self._composer = Composer(options.sender, options.subject_prefix, base_url, self._templates)
        self._post, self._clock = post, clock

    def check_address(self, address: str) -> str:
        """See :meth:`fmn_core.Backend.check_address`."""
        return canonical(address)

    def deliver(self, notification: Notification) -> None:
        """See :meth:`fmn_core.Backend.deliver`."""
        self._post.send(self._composer.notification(notification, self._clock()))

    def deliver_digest(self, digest: Digest) -> None:
        """See :meth:`fmn_core.Backend.deliver_digest`."""
        self._post.send(self._composer.digest(digest, self._clock()))

    def check(self) -> str:
        """See :meth:`fmn_core.Backend.check`."""
        self._templates.check(samples.variables())
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
    server = Server(
        options.host,
        options.port or PORTS[options.encryption],
        encryption=options.encryption,
        login=(options.username, options.password.get_secret_value()),
        timeout=options.timeout,
        ca_file=options.ca_file,
        our_name=options.our_name,
    )
    return [EmailBackend(options, settings.base_url, SmtpPost(server))]
