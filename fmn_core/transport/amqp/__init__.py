"""The transport on RabbitMQ, the only home of pika. Floor F2."""

from __future__ import annotations

from fmn_core.config import TransportSettings

from .access import parameters
from .transport import AmqpTransport


def open_amqp(url: str, settings: TransportSettings) -> AmqpTransport:
    """Open the transport as it is configured.

    :raises UsageError: if the URL or the certificates are wrong
    :raises TransportError: if there is no broker, or it refuses us
    """
    access = parameters(url, settings.ca_file, settings.cert_file, settings.key_file)
    return AmqpTransport(access, settings.prefix, settings.queues, settings.passive, settings.prefetch)
