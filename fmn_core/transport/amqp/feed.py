"""Feed: messages from queues that are not ours, those of the bus, whose settings are fedora-messaging's. Floor F2."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from typing import Any

from pika.credentials import ExternalCredentials

from fmn_core.errors import TransportError
from fmn_core.subscription import Exchange, Queue, Subscription
from fmn_core.wire import Delivered

from .access import parameters
from .connection import PATIENCE, Channel, Link
from .properties import guard
from .receipts import Receipts
from .refusals import ACCESS_REFUSED, NOT_FOUND, PRECONDITION_FAILED, RESOURCE_LOCKED, Refused


class Feed:
    """Consumes from a broker, over a connection of its own. Belongs to one thread.

    :param subscription: the broker, the queues and what comes to them
    :param patience: seconds that the broker may take to answer
    :raises TransportError: if there is no broker, or it refuses something, with what to do
    """

    def __init__(self, subscription: Subscription, patience: float = PATIENCE) -> None:
        self._subscription = subscription
        self._arrived: deque[Delivered] = deque()
        self._ended: str | None = None
        guard()
        self._link = Link(broker_parameters(subscription), patience)
        try:
            self._channel = self._consume()
        except BaseException:
            self._link.close()
            raise
        self._receipts = Receipts(self._acknowledge)

    def receive(self, limit: int, timeout: float = 0.0) -> list[Delivered]:
        """Return what has arrived, oldest first; it is ours until it is acknowledged or this is closed.

        :param limit: messages at most
        :param timeout: seconds to wait where there are none
        :raises TransportError: if the broker is lost, or has ended it
        """
        deadline = time.monotonic() + timeout
        with self._link.lock:
            self._turn(0.0)
            while not self._arrived and (left := deadline - time.monotonic()) > 0:
                self._turn(left)
            return [self._arrived.popleft() for _ in range(min(limit, len(self._arrived)))]

    def ack(self, delivered: Iterable[Delivered]) -> None:
        """Tell the broker that messages are safe with us.

        :raises TransportError: if it is lost: it hands out again what it did not hear of
        """
        with self._link.lock:
            self._check()
            self._receipts.settle(one.tag for one in delivered)
            self._turn(0.0)

    def close(self) -> None:
        """End the connection; what is not acknowledged goes back to its queue."""
        self._link.close()

    def _turn(self, seconds: float) -> None:
        self._link.turn(seconds)
        self._check()

    def _check(self) -> None:
        self._channel.check()
        if self._ended:
            raise TransportError(self._ended)

    def _acknowledge(self, tag: int, multiple: bool) -> None:
        self._channel.raw.basic_ack(tag, multiple)

    def _consume(self) -> Channel:
        """Have everything that the subscription names, and begin."""
        names = {name: self._declare(name, queue) for name, queue in self._subscription.queues.items()}
        channel = self._link.channel()
        channel.raw.add_on_cancel_callback(self._cancelled)
        qos = self._subscription.qos
        channel.ask("basic_qos", prefetch_size=qos.prefetch_size, prefetch_count=qos.prefetch_count)
        for name in names.values():
            self._try(channel, _about_reading(name), "basic_consume", queue=name, on_message_callback=self._take)
        return channel

    def _declare(self, name: str, queue: Queue) -> str:
        """Have a queue and what is bound to it, and return its name, which the broker may have chosen."""
        passive = self._subscription.passive_declares if queue.passive is None else queue.passive
        channel = self._link.channel()
        options = queue.model_dump(exclude={"passive"})
        answer = self._try(
            channel, _about_queue(name, passive), "queue_declare", queue=name, passive=passive, **options
        )
        for exchange, key in self._subscription.keys_of(name):
            self._have_exchange(exchange)
            about = _about_binding(answer.queue, exchange)
            self._try(channel, about, "queue_bind", queue=answer.queue, exchange=exchange, routing_key=key)
        channel.close()
        return str(answer.queue)

    def _have_exchange(self, name: str) -> None:
        """Make an exchange that is missing. One that is there is right as it is: we only listen to it."""
        settings = self._subscription.exchanges.get(name)
        if settings is None or self._subscription.passive_declares or self._is_there(name):
            return
        channel = self._link.channel()
        self._try(channel, _about_exchange(name), "exchange_declare", exchange=name, **_options(settings))
        channel.close()

    def _is_there(self, exchange: str) -> bool:
        channel = self._link.channel()
        try:
            channel.ask("exchange_declare", exchange=exchange, passive=True)
        except Refused as refused:
            return refused.code != NOT_FOUND  # whether it is of any use, the binding will tell
        channel.close()
        return True

    @staticmethod
    def _try(channel: Channel, about: dict[int, str], method: str, **options: Any) -> Any:
        """Ask the broker for something; what it has against it becomes a sentence.

        :param about: what a reply code means here, and what to do
        """
        try:
            return channel.ask(method, **options)
        except Refused as refused:
            meaning = about.get(refused.code)
            raise TransportError(f"{meaning} ({refused.said})" if meaning else str(refused)) from None

    def _take(self, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        self._arrived.append(
            Delivered(
                tag=method.delivery_tag,
                topic=_text(method.routing_key) or "",
                body=body,
                message_id=_text(properties.message_id),
                headers=properties.headers,
                content_encoding=_text(properties.content_encoding),
                content_type=_text(properties.content_type),
                timestamp=properties.timestamp,
                priority=properties.priority,
                redelivered=method.redelivered,
                flaw=properties.flaw,
            )
        )

    def _cancelled(self, frame: Any) -> None:
        self._ended = "the bus ended the consumer: its queue was deleted, or the node of the broker that has it is down"


def _text(value: str | bytes | None) -> str | None:
    """Return a text of AMQP, which is bytes to pika where it is no UTF-8."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


def broker_parameters(subscription: Subscription) -> Any:
    """Return the parameters of a connection to the bus.

    :raises UsageError: if the URL is none, or a certificate cannot be read
    """
    tls = subscription.tls
    found = parameters(
        subscription.amqp_url, tls.ca_cert, tls.certfile, tls.keyfile, "fmn consumer", subscription.client_properties
    )
    if found.ssl_options is not None and tls.certfile and tls.keyfile:
        found.credentials = ExternalCredentials()  # the certificate says who we are
    return found


def _options(exchange: Exchange) -> dict[str, Any]:
    options = exchange.model_dump()
    return {"exchange_type": options.pop("type"), **options}


def _about_queue(name: str, passive: bool) -> dict[int, str]:
    missing = "passive_declares = true in the configuration of the bus leaves it to the operator of the bus to make it"
    return {
        NOT_FOUND: f"queue {name!r} of the bus does not exist, and {missing}" if passive else f"no queue {name!r}",
        ACCESS_REFUSED: f"this account may not declare queue {name!r} on the bus: set passive_declares = true in the "
        "configuration of the bus and let its operator make the queue, or ask for the right",
        PRECONDITION_FAILED: f"queue {name!r} of the bus exists with other arguments than [queues] says: set them in "
        "the configuration of the bus as they are, or delete the queue",
        RESOURCE_LOCKED: f"queue {name!r} of the bus is exclusive to another connection: end that, "
        "or choose another name",
    }


def _about_exchange(name: str) -> dict[int, str]:
    return {
        ACCESS_REFUSED: f"exchange {name!r} of the bus does not exist, and this account may not make it: "
        "ask the operator of the bus, or mend [exchanges] and [[bindings]]",
    }


def _about_binding(queue: str, exchange: str) -> dict[int, str]:
    return {
        NOT_FOUND: f"exchange {exchange!r} of the bus does not exist: name another one in [[bindings]], or describe "
        "it in [exchanges] and set passive_declares = false",
        ACCESS_REFUSED: f"this account may not bind queue {queue!r} to exchange {exchange!r} of the bus: "
        "ask its operator for the right, or leave [[bindings]] empty if the operator has bound it",
    }


def _about_reading(queue: str) -> dict[int, str]:
    return {
        ACCESS_REFUSED: f"this account may not read queue {queue!r} of the bus, or another consumer has it to itself: "
        "ask the operator of the bus",
        NOT_FOUND: f"queue {queue!r} of the bus is gone: try again",
    }
