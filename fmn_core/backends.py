"""Backend: delivers notifications. What an author of one has to know is on this page. Floor F1.

Addresses, confirmation, retries, ledger, pacing between processes and the choice of what to send are the core's.
"""

from __future__ import annotations

import abc

from .model import Digest, Notification


class Backend(abc.ABC):
    """A way to reach people. Made once in each delivery process; :meth:`deliver` may be called from several threads.

    Clients are opened at the first delivery, not in the constructor: the web makes backends too, to check addresses.
    """

    #: short and unique: the name in preferences, of the queue and on the command line
    name: str = ""
    #: for people
    title: str = ""
    #: what an address of this backend is called, for people: "mail address"
    address_label: str = "address"
    #: how many deliveries may run at once
    concurrency: int = 1

    def check_address(self, address: str) -> str:
        """Return an address in its canonical form.

        :raises UsageError: if it cannot be one, saying why
        """
        return address

    @abc.abstractmethod
    def deliver(self, notification: Notification) -> None:
        """Send one notification and return when it is sent. Blocking is welcome.

        :raises RetryDelivery: not sent, try again later
        :raises DropDelivery: not sent, and trying again would not help

        Anything else that is raised is a bug: it is logged with its traceback and then retried as usual.
        """

    def deliver_digest(self, digest: Digest) -> None:
        """Send several notifications as one. Without an implementation of its own, a backend sends each.

        :raises RetryDelivery: nothing was sent
        :raises DropDelivery: nothing was sent and nothing can be
        """
        for notification in digest.notifications:
            self.deliver(notification)

    def check(self) -> str:
        """Return one line that says how it will deliver ("SMTP to mail.example.org:25"), for ``fmn check``.

        :raises FmnError: if it cannot work as it is configured
        """
        return self.title

    def close(self) -> None:  # noqa: B027 - most backends have nothing to close
        """Let go of connections. Called once, after the last delivery."""
