"""Live events: each notification is one server-sent event, which browsers and curl read from ``fmn sse``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fmn_core import (
    Backend,
    BackendAway,
    Digest,
    DropDelivery,
    Notification,
    Rehearsal,
    Settings,
    UsageError,
    hookimpl,
)

from .carrier import CarrierAway
from .keys import Keys
from .names import canonical
from .opening import open_carrier
from .payload import DIGEST, digest_payload, event_name, payload
from .secret import secret_of
from .settings import SseSettings
from .tokens import Tokens

if TYPE_CHECKING:
    import click


class SseBackend(Backend):
    """Gives each notification to the carrier, from which every server reads.

    The stream is the user's, whatever the destination says: nobody writes into the stream of another.
    """

    name = "sse"
    title = "Live events"
    address_label = "user name"
    confirms_itself = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._options = settings.section("sse", SseSettings)
        self._carrier = open_carrier(settings)

    def check_address(self, address: str) -> str:
        """See :meth:`fmn_core.Backend.check_address`."""
        return canonical(address)

    def deliver(self, notification: Notification) -> None:
        """See :meth:`fmn_core.Backend.deliver`."""
        with _in_words_of_delivery():
            user = canonical(notification.user)
            self._carrier.append(user, notification.id, event_name(notification), payload(notification))

    def deliver_digest(self, digest: Digest) -> None:
        """See :meth:`fmn_core.Backend.deliver_digest`."""
        with _in_words_of_delivery():
            self._carrier.append(canonical(digest.user), digest.id, DIGEST, digest_payload(digest))

    def stream_url(self, user: str) -> str | None:
        """See :meth:`fmn_core.Backend.stream_url`.

        :raises CarrierAway: if the carrier cannot be used now
        """
        return self._keys.url(self._options.url(self._options.port), user, self._options.ticket_seconds)

    def check(self) -> str:
        """See :meth:`fmn_core.Backend.check`."""
        self._carrier.last()
        return f"{self._carrier.place}, served by fmn sse at {self._options.url(self._options.port)}"

    def rehearse(self, folder: Path) -> Rehearsal:
        """See :meth:`fmn_core.Backend.rehearse`."""
        from .rehearsal import StreamRehearsal  # brings aiohttp

        return StreamRehearsal(folder)

    def close(self) -> None:
        """See :meth:`fmn_core.Backend.close`."""
        self._carrier.close()

    @cached_property
    def _keys(self) -> Keys:
        """Only whoever gives out tokens needs the secret."""
        return Keys(self._carrier, Tokens(secret_of(self._settings)))


@contextmanager
def _in_words_of_delivery() -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        raise DropDelivery(str(error)) from None
    except CarrierAway as error:
        raise BackendAway(str(error)) from error


@hookimpl
def fmn_register_backends(settings: Settings) -> list[Backend]:
    """Offer ``sse``."""
    return [SseBackend(settings)]


@hookimpl
def fmn_register_commands() -> list[click.Command]:
    """Offer ``fmn sse``."""
    from .command import command

    return [command]
