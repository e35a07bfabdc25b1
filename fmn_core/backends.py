"""Backend: delivers notifications. What an author of one has to know is on this page. Floor F1.

Addresses, confirmation, retries, ledger, pacing between processes and the choice of what to send are the core's.
"""

from __future__ import annotations

import abc
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .digests import as_notification
from .model import Digest, Notification
from .pacing import Overflow, Pace
from .reception import Reception

#: control characters, line and paragraph separators, marks that turn the direction of text, halves of characters
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def one_line(text: str) -> str:
    """Return text as one line that no protocol can take for more than text, whatever was in it."""
    if text.isprintable() and "  " not in text:  # nothing but text and single blanks, as most are
        return text.strip(" ")
    return " ".join(_UNSAFE.sub(" ", text).split())


def filter_url(base_url: str, notification: Notification) -> str:
    """Return the page on which the person can change the filter that asked for a notification.

    :param base_url: ``settings.base_url``
    """
    parts = (notification.user, notification.backend, notification.filter_id)
    return "/".join([base_url.rstrip("/"), *(quote(part, safe="", errors="replace") for part in parts)])


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that reached the far end of a backend: a mail in a mailbox, a line that a person on IRC saw.

    :param destination: the address it reached
    :param text: what the receiver got, as text
    """

    destination: str
    text: str


class Rehearsal(abc.ABC):
    """The far end of a backend on this machine, for ``fmn demo`` and tests: nothing leaves for the world.

    Made by :meth:`Backend.rehearse`, already listening. It keeps what arrives, also in files of its folder.
    """

    #: for people: where things arrive, such as "mailbox folder /tmp/demo/mail"
    title: str = ""
    #: what makes the backend deliver here: entry point name -> its section ``[plugin.<name>]`` of the configuration
    settings: Mapping[str, Mapping[str, Any]]

    @abc.abstractmethod
    def addresses(self, user: str) -> Sequence[str]:
        """Return the addresses at which a demo user is reached, and from now on listen there."""

    @abc.abstractmethod
    def arrived(self) -> Sequence[Arrival]:
        """Return all that has arrived so far, read from the far end and not from what the backend believes."""

    def mark(self, notification: Notification) -> str:
        """Return a text by which an arrival is known to be this notification: it occurs in the arrival's text."""
        return notification.id

    def close(self) -> None:  # noqa: B027 - a folder of files has nothing to close
        """Stop listening. What was kept in files stays."""


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
    #: how many deliveries may run at once; to one destination it is always one after the other, in order
    concurrency: int = 1
    #: how fast deliveries may follow one another, all together; None for as fast as they can
    pace: Pace | None = None
    #: how many notifications one destination gets at most within some seconds; what is over becomes a digest
    overflow: Overflow | None = None
    #: whether an address needs no confirmation, because nobody but its user can read there
    confirms_itself: bool = False
    #: whether its addresses are mail addresses, so that an account's own is one
    takes_mail_address: bool = False

    def start(self, reception: Reception) -> None:  # noqa: B027 - most backends only send
        """Begin to listen to people who write to us. Called once, in the process that delivers, before it does.

        It returns at once; trouble with the far end is no reason to raise.

        :param reception: answers what they write
        """

    def check_address(self, address: str) -> str:
        """Return an address in its canonical form.

        :raises UsageError: if it cannot be one, saying why
        """
        return address

    @abc.abstractmethod
    def deliver(self, notification: Notification) -> None:
        """Send one notification and return when it is sent. Blocking is welcome.

        :raises RetryDelivery: not sent; try again later, and until then nothing else to this destination
        :raises BackendAway: not sent; try again later, and until then nothing else to anybody
        :raises DropDelivery: not sent, and trying again would not help
        :raises AddressRefused: not sent, and this address never will do: it is suspended, and its user is told

        Anything else that is raised is a bug: it is logged with its traceback, and the notification is tried again
        without others waiting for it.
        """

    def deliver_digest(self, digest: Digest) -> None:
        """Send several notifications as one. Without an implementation of its own, a backend sends one that lists them.

        Raises as :meth:`deliver` does.
        """
        self.deliver(as_notification(digest))

    def stream_url(self, user: str) -> str | None:
        """Return where a page can read a user's notifications as server-sent events, authorised for some hours.

        :returns: None for a backend that has no such thing
        """
        return None

    def check(self) -> str:
        """Return one line that says how it will deliver ("SMTP to mail.example.org:25"), for ``fmn check``.

        :raises FmnError: if it cannot work as it is configured
        """
        return self.title

    def rehearse(self, folder: Path) -> Rehearsal | None:
        """Start a far end on this machine, to try the backend with (``fmn demo``).

        :param folder: where it may keep files; it exists, and is shared by all backends
        :returns: None for a backend that has none: the demo leaves it out and says so
        """
        return None

    def close(self) -> None:  # noqa: B027 - most backends have nothing to close
        """Let go of connections. Called once, after the last delivery."""
