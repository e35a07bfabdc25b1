"""Transports: what carries bytes between the stages. Floor F2; stages know only :mod:`fmn_core.transport.base`."""

from __future__ import annotations

from fmn_core.errors import TransportError

from .base import Transport


def open_transport(url: str) -> Transport:
    """Open the transport that a URL names.

    :param url: ``embedded:///FILE``, with a fourth slash for an absolute one, as SQLite's URLs have it
    :raises TransportError: if it is none of ours, or cannot be opened
    """
    scheme, _, place = url.partition("://")
    if scheme == "embedded":
        from .embedded import EmbeddedTransport

        return EmbeddedTransport(place.removeprefix("/"))
    raise TransportError(f"no transport is called {scheme!r}: use embedded:///FILE")
