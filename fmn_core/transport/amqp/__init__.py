"""The transport on RabbitMQ, the only home of pika. Floor F2."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing

from fmn_core.config import TransportSettings
from fmn_core.errors import TransportError

from .access import parameters
from .connection import Link
from .refusals import NOT_FOUND, Refused, about_declaring
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
    """Tell whether a queue of work is there; if it is not, make sure that it can be made, and leave nothing behind.

    :raises UsageError: if the URL or the certificates are wrong
    :raises TransportError: if there is no broker, or it refuses us
    """
    names = Names(settings.prefix)
    access = parameters(url, settings.ca_file, settings.cert_file, settings.key_file)
    with closing(Link(access)) as link:
        try:
            Topology(link, names, settings.queues, passive=True).count(names.work(queue))
        except Refused as refused:
            if refused.code != NOT_FOUND:
                return True  # it may be there, and we must not look
        else:
            return True
        trial = f"{names.work(queue)}.trial"
        try:
            link.channel().ask("queue_declare", trial, exclusive=True, auto_delete=True)
        except Refused as refused:
            raise TransportError(about_declaring(f"queue {names.work(queue)!r}", refused)) from None
    return False


def declare_all(url: str, settings: TransportSettings, queues: Iterable[str], held: Iterable[str]) -> list[str]:
    """Make everything that the stages need, whatever the settings say of that, and return the names.

    :param queues: of work
    :param held: things that somebody may hold
    :raises UsageError: if the URL or the certificates are wrong
    :raises TransportError: if there is no broker, or it refuses
    """
    access = parameters(url, settings.ca_file, settings.cert_file, settings.key_file)
    with closing(Link(access)) as link:
        topology = Topology(link, Names(settings.prefix), settings.queues, passive=False)
        for queue in queues:
            topology.work(queue)
            topology.delayed(queue)
        for thing in held:
            topology.held(thing)
        topology.news()
        return topology.made
