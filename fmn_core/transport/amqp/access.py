"""How to reach a broker: a URL and certificates become the parameters of a connection. Floor F2."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

import pika

from fmn_core.errors import UsageError

from .connection import HEARTBEAT

#: seconds to connect
CONNECT_PATIENCE = 10


def parameters(
    url: str,
    ca_file: str = "",
    cert_file: str = "",
    key_file: str = "",
    name: str = "fmn",
    properties: Mapping[str, Any] | None = None,
) -> pika.ConnectionParameters:
    """Return the parameters of a connection.

    :param url: ``amqp://USER:PASSWORD@HOST:PORT/VHOST``, or ``amqps://`` with TLS
    :param ca_file: certificates of authorities to trust; empty for those of the system
    :param cert_file: our own certificate, if the broker asks for one; with ``key_file``
    :param name: under which operators see the connection
    :param properties: more of what the broker shows of us
    :raises UsageError: if the URL is none, or a certificate cannot be read
    """
    try:
        found = pika.URLParameters(url)
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise UsageError(f"{_shown(url)!r} is no URL of a broker: {error}") from None
    found.client_properties = {"product": "fmn", "connection_name": name, **(properties or {})}
    found.socket_timeout = found.stack_timeout = CONNECT_PATIENCE
    found.heartbeat = HEARTBEAT if found.heartbeat is None else found.heartbeat
    if found.ssl_options is not None:
        found.ssl_options = pika.SSLOptions(_context(ca_file, cert_file, key_file), found.host)
    return found


def _context(ca_file: str, cert_file: str, key_file: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
        if cert_file:
            context.load_cert_chain(cert_file, key_file or None)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(filter(None, (ca_file, cert_file, key_file)))
        raise UsageError(f"the certificates of the broker's connection cannot be used: {error} ({files})") from None
    return context


def _shown(url: str) -> str:
    """Leave out what may be a password."""
    return f"{url.partition('://')[0]}://…"
