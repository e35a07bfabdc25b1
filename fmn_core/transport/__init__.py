"""Transports: what carries bytes between the stages. Floor F2; stages know only :mod:`fmn_core.transport.base`."""

from __future__ import annotations

from fmn_core.config import TransportSettings
from fmn_core.errors import TransportError

from .base import Transport


def open_transport(url: str, settings: TransportSettings | None = None) -> Transport:
    """Open the transport that a URL names.

    :param url: ``embedded:///FILE``, with a fourth slash for an absolute one, as SQLite's URLs have it; or
        ``amqp://USER:PASSWORD@HOST/VHOST`` for RabbitMQ, ``amqps://`` with TLS
    :param settings: the rest of what a broker needs; None for defaults
    :raises TransportError: if it is none of ours, or cannot be opened
    """
    scheme, _, place = url.partition("://")
    if scheme == "embedded":
        from .embedded import EmbeddedTransport

        return EmbeddedTransport(place.removeprefix("/"))
    if scheme in ("amqp", "amqps"):
        from .amqp import open_amqp

        return open_amqp(url, settings or TransportSettings())
    raise TransportError(f"no transport is called {scheme!r}: use embedded:///FILE or amqp://HOST")
