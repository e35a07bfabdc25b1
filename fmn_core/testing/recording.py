"""A backend that remembers. Floor F4."""

from __future__ import annotations

from collections.abc import Iterable

from fmn_core.backends import Backend
from fmn_core.model import Digest, Notification


class RecordingBackend(Backend):
    """A backend that remembers what it was to send, and fails when told to.

    :param name: under which preferences know it
    :param failures: raised one after the other by the first deliveries
    """

    title = "a list in memory"

    def __init__(self, name: str = "recording", failures: Iterable[Exception] = ()) -> None:
        self.name = name
        self.failures = list(failures)
        self.sent: list[Notification] = []
        self.digests: list[Digest] = []
        self.closed = False

    def deliver(self, notification: Notification) -> None:
        """Remember a notification, or raise the next failure."""
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(notification)

    def deliver_digest(self, digest: Digest) -> None:
        """Remember a digest, or raise the next failure."""
        if self.failures:
            raise self.failures.pop(0)
        self.digests.append(digest)

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True
