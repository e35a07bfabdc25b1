"""Bus: messages from a real broker, as fedora-messaging's own configuration file says. Floor F3.

Of the library only its configuration is used here. Messages are taken in batches, and acknowledged after our own queue
has them. When that fails, nothing is handed back, as the broker would send it again at once: what is out, which the
prefetch of the configuration bounds, waits here until the queue works again.
"""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from .consumer import Consumer
from .errors import TransportError, UsageError
from .incident import Incident
from .subscription import Subscription
from .transport.base import Transport
from .wire import Delivered

#: messages taken at once: enough that a commit costs little, few enough that a crash repeats little
BATCH = 200
#: seconds to wait for messages before looking at the signals
TURN = 0.2


class Bus:
    """Brings what a broker has for us.

    :param consumer: takes the messages
    :param open_transport: opens the transport
    :param configuration: a configuration file of fedora-messaging; None for the one that the library finds
    :raises UsageError: if fedora-messaging is not installed, or the file is missing or wrong
    """

    name = "bus"

    def __init__(
        self,
        consumer: Consumer,
        open_transport: Callable[[], Transport],
        configuration: Path | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._subscription = read_subscription(configuration)
        self._consumer, self._open = consumer, open_transport
        self.counts = consumer.counts
        self._incident = Incident("taking messages from the bus", rng or random.Random())  # noqa: S311 - no secret
        self._transport: Transport | None = None

    def run(self, stop: threading.Event, well: Callable[[], None]) -> None:
        """Consume until told to stop.

        :raises TransportError: if the broker does not answer, refuses us or ends it
        """
        from .transport.amqp.feed import Feed  # imports pika, for which all other commands need not wait

        with contextlib.ExitStack() as stack:
            feed = stack.enter_context(contextlib.closing(Feed(self._subscription)))
            stack.callback(self._drop_transport)
            while not stop.is_set():
                delivered = feed.receive(BATCH, TURN)
                if delivered and self._hand_over(delivered, stop):
                    feed.ack(delivered)
                well()

    def _hand_over(self, delivered: Sequence[Delivered], stop: threading.Event) -> bool:
        """Hand messages to our own queue, however long that takes; False if told to stop before it was done."""
        while True:
            try:
                self._transport = self._transport or self._open()
                self._consumer.handle(self._transport, delivered)
            except TransportError as error:
                self._drop_transport()
                if stop.wait(self._incident.failed(error)):
                    return False
            else:
                self._incident.well()
                return True

    def _drop_transport(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            with contextlib.suppress(TransportError):  # what is wrong with it is known
                transport.close()


def read_subscription(path: Path | None) -> Subscription:
    """Read fedora-messaging's configuration, with its defaults, as the library does.

    :param path: None for ``FEDORA_MESSAGING_CONF``, else ``/etc/fedora-messaging/config.toml``, else defaults
    :raises UsageError: if the library is not installed, or the file is missing or wrong
    """
    try:
        from fedora_messaging import config, exceptions
    except ImportError:
        raise UsageError("the library of the bus is missing; install fmn-core[bus]") from None
    source = f"bus configuration {str(path or 'of fedora-messaging')!r}"
    if path is not None and not path.is_file():
        raise UsageError(f"{source} does not exist")
    try:
        found = config.LazyConfig().load_config(None if path is None else str(path))
    except (exceptions.ConfigurationException, OSError, ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"{source} is wrong: {error}") from None
    return Subscription.from_configuration(found, source)
