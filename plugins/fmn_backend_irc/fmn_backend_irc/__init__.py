"""Delivery by IRC: one line for each notification, to a nick or into a channel."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fmn_core import Backend, DropDelivery, Notification, Rehearsal, RetryDelivery, Settings, UsageError, hookimpl

from .line import line
from .settings import IrcSettings

if TYPE_CHECKING:
    from .client import IrcClient

#: grammar of RFC 2812, section 2.3.1; networks differ in the length
_NICK = re.compile(r"[A-Za-z_\[\]\\^{}|`-][A-Za-z0-9_\[\]\\^{}|`-]{0,63}")
_CHANNEL = re.compile(r"#[^\x00-\x20\x7f-\xa0,:\u2028-\u202e\u2066-\u2069\ud800-\udfff]{1,63}")
_UNSET = "no server is configured: set host in [plugin.irc]"


class IrcBackend(Backend):
    """One line for each notification, over one connection that is opened by the first.

    :param clock: seconds that only grow, for pacing
    """

    name = "irc"
    title = "IRC"
    address_label = "nick or #channel"
    concurrency = 8  # they wait together for one answer of the server

    def __init__(self, options: IrcSettings, base_url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._options, self._base_url, self._clock = options, base_url, clock
        self._lock = threading.Lock()
        self._client: IrcClient | None = None

    def check_address(self, address: str) -> str:
        """See :meth:`fmn_core.Backend.check_address`."""
        address = address.strip()
        if not (_NICK.fullmatch(address) or _CHANNEL.fullmatch(address)):
            raise UsageError(f"{address!r} is no nick and no #channel")
        return address

    def deliver(self, notification: Notification) -> None:
        """See :meth:`fmn_core.Backend.deliver`."""
        try:
            target = self.check_address(notification.destination)
        except UsageError as error:
            raise DropDelivery(str(error)) from None
        if not self._options.host:
            raise RetryDelivery(_UNSET)
        self._open().say(target, line(notification, self._base_url))

    def check(self) -> str:
        """See :meth:`fmn_core.Backend.check`."""
        if not self._options.host:
            return f"{_UNSET}; deliveries wait"
        client = self._open()
        client.connect()
        return f"{client.server} as {self._options.nick}"

    def rehearse(self, folder: Path) -> Rehearsal:
        """See :meth:`fmn_core.Backend.rehearse`."""
        from .rehearsal import IrcRehearsal

        return IrcRehearsal(folder)

    def close(self) -> None:
        """See :meth:`fmn_core.Backend.close`."""
        with self._lock:
            client = self._client
        if client:
            client.close()

    def _open(self) -> IrcClient:
        from .client import IrcClient  # the library takes a quarter of a second, which only delivery has to spend

        with self._lock:
            if self._client is None:
                self._client = IrcClient(self._options, self._clock)
            return self._client


@hookimpl
def fmn_register_backends(settings: Settings) -> list[Backend]:
    """Offer ``irc``."""
    return [IrcBackend(settings.section("irc", IrcSettings), settings.base_url)]
