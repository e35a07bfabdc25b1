"""Delivery by IRC: one line for each notification, to a nick or into a channel; and commands from people."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fmn_core import (
    Backend,
    BackendAway,
    Digest,
    DropDelivery,
    Notification,
    Overflow,
    Purpose,
    Reception,
    Rehearsal,
    Settings,
    UsageError,
    hookimpl,
)

from .digest import digest_lines
from .line import line, words
from .settings import IrcSettings
from .shortener import Shortener

if TYPE_CHECKING:
    from .presence import Presence

#: grammar of RFC 2812, section 2.3.1; networks differ in the length
_NICK = re.compile(r"[A-Za-z_\[\]\\^{}|`-][A-Za-z0-9_\[\]\\^{}|`-]{0,63}")
_CHANNEL = re.compile(r"#[^\x00-\x20\x7f-\xa0,:\u2028-\u202e\u2066-\u2069\ud800-\udfff]{1,63}")
_UNSET = "no server is configured: set host in [plugin.irc]"


class IrcBackend(Backend):
    """One line for each notification, over one connection that is kept.

    :param clock: seconds that only grow, for pacing
    """

    name = "irc"
    title = "IRC"
    address_label = "nick or #channel"
    concurrency = 8  # they wait together for one answer of the server

    def __init__(self, options: IrcSettings, base_url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._options, self._base_url, self._clock = options, base_url, clock
        self._shorten = Shortener(options.shortener, clock)
        self._lock = threading.Lock()
        self._presence: Presence | None = None
        most = options.overflow_lines
        self.overflow = Overflow(most=most, within=options.overflow_seconds) if most else None

    def start(self, reception: Reception) -> None:
        """See :meth:`fmn_core.Backend.start`."""
        if self._options.host:
            self._present(reception)

    def check_address(self, address: str) -> str:
        """See :meth:`fmn_core.Backend.check_address`."""
        address = address.strip()
        if not (_NICK.fullmatch(address) or _CHANNEL.fullmatch(address)):
            raise UsageError(f"{address!r} is no nick and no #channel")
        if address.lower() == self._options.services_nick.lower():
            raise UsageError(f"{address!r} would take what we write for commands")
        return address

    def deliver(self, notification: Notification) -> None:
        """See :meth:`fmn_core.Backend.deliver`."""
        target = self._target(notification.destination)
        presence = self._present()
        room = presence.client.room(target)
        if notification.purpose is Purpose.WISH:
            presence.client.say(target, line(notification, room, datetime.now(UTC), self._shorten))
            return
        if notification.purpose is Purpose.CONFIRMATION and not target.startswith("#"):
            presence.demand_login(target)
        for text in words(notification, room):
            presence.client.say(target, text)

    def deliver_digest(self, digest: Digest) -> None:
        """See :meth:`fmn_core.Backend.deliver_digest`."""
        target = self._target(digest.destination)
        client = self._present().client
        for text in digest_lines(digest, client.room(target), self._base_url, self._shorten):
            client.say(target, text)

    def check(self) -> str:
        """See :meth:`fmn_core.Backend.check`."""
        if not self._options.host:
            return f"{_UNSET}; deliveries wait"
        from .client import try_out

        return f"{self._options.server} as {try_out(self._options, self._clock)}"

    def rehearse(self, folder: Path) -> Rehearsal:
        """See :meth:`fmn_core.Backend.rehearse`."""
        from .rehearsal import IrcRehearsal

        return IrcRehearsal(folder)

    def close(self) -> None:
        """See :meth:`fmn_core.Backend.close`."""
        with self._lock:
            presence = self._presence
        if presence:
            presence.close()

    def _target(self, destination: str) -> str:
        try:
            target = self.check_address(destination)
        except UsageError as error:
            raise DropDelivery(str(error)) from None
        if not self._options.host:
            raise BackendAway(_UNSET)
        return target

    def _present(self, reception: Reception | None = None) -> Presence:
        from .presence import Presence  # the web, which only checks addresses, does without sockets

        with self._lock:
            if self._presence is None:
                self._presence = Presence(self._options, reception, self._clock)
            return self._presence


@hookimpl
def fmn_register_backends(settings: Settings) -> list[Backend]:
    """Offer ``irc``."""
    return [IrcBackend(settings.section("irc", IrcSettings), settings.base_url)]
