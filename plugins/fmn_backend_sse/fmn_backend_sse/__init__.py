"""Live events: each notification is one server-sent event, which browsers and curl read from ``fmn sse``."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from fmn_core import Backend, DropDelivery, Notification, Rehearsal, RetryDelivery, Settings, UsageError, hookimpl

from .events import EventLog, open_events
from .names import canonical
from .payload import payload

if TYPE_CHECKING:
    import click


class SseBackend(Backend):
    """Writes each notification into the event log, from which every server reads.

    The stream is the user's, whatever the destination says: nobody writes into the stream of another.
    """

    name = "sse"
    title = "Live events"
    address_label = "user name"

    def __init__(self, events: EventLog) -> None:
        self._events = events

    def check_address(self, address: str) -> str:
        """See :meth:`fmn_core.Backend.check_address`."""
        return canonical(address)

    def deliver(self, notification: Notification) -> None:
        """See :meth:`fmn_core.Backend.deliver`."""
        try:
            self._events.append(canonical(notification.user), notification.id, payload(notification))
        except UsageError as error:
            raise DropDelivery(str(error)) from None
        except sqlite3.Error as error:
            raise RetryDelivery(f"event log {str(self._events.path)!r} cannot be written: {error}") from error

    def check(self) -> str:
        """See :meth:`fmn_core.Backend.check`."""
        return f"event log {self._events.path}, served by fmn sse"

    def rehearse(self, folder: Path) -> Rehearsal:
        """See :meth:`fmn_core.Backend.rehearse`."""
        from .rehearsal import StreamRehearsal  # brings aiohttp

        return StreamRehearsal(folder)

    def close(self) -> None:
        """See :meth:`fmn_core.Backend.close`."""
        self._events.close()


@hookimpl
def fmn_register_backends(settings: Settings) -> list[Backend]:
    """Offer ``sse``."""
    return [SseBackend(open_events(settings))]


@hookimpl
def fmn_register_commands() -> list[click.Command]:
    """Offer ``fmn sse``."""
    from .command import command

    return [command]
