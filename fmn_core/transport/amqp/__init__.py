"""The transport on RabbitMQ, the only home of pika. Floor F2."""

from __future__ import annotations

from contextlib import closing

from fmn_core.config import TransportSettings

from .access import parameters
from .connection import Link
from .refusals import NOT_FOUND, Refused
from .topology import Names, Topology
from .transport import AmqpTransport


def open_amqp(url: str, settings: TransportSettings) -> AmqpTransport:
    """Open the transport as it is configured.

    :raises UsageError: if the URL or the certificates are wrong
    :raises TransportError: if there is no broker, or it refuses us
    """
    access = parameters(url, settings.ca_file, settings.cert_file, settings.key_file)
    return AmqpTransport(access, settings.prefix, settings.queues, settings.passive, settings.prefetch)


def has_queue(url: str, settings: TransportSettings, queue: str) -> bool:
    """Tell whether a queue of work is there, and make nothing.

    :raises UsageError: if the URL or the certificates are wrong
    :raises TransportError: if there is no broker, or it refuses us
    """
    names = Names(settings.prefix)
    access = parameters(url, settings.ca_file, settings.cert_file, settings.key_file)
    with closing(Link(access)) as link:
        try:
            Topology(link, names, settings.queues, passive=True).count(names.work(queue))
        except Refused as refused:
            return refused.code != NOT_FOUND  # it may be there, and we must not look
    return True
