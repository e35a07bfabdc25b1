"""Callback: for those who run ``fedora-messaging consume --callback=fmn_core.callback:Callback``. Floor F4.

Configured by ``FMN_CONFIG``. A message is acknowledged, by returning, after our own queue has it.
"""

from __future__ import annotations

import json
import random
import threading
from typing import Any

from .app import Application
from .config import load_settings
from .errors import FmnError, TransportError, UsageError
from .incident import Incident
from .transport.base import Transport
from .wire import Delivered


class Callback:
    """Takes messages of fedora-messaging, which has validated them.

    :raises ValueError: if the configuration is wrong; the library then ends with this sentence
    """

    def __init__(self) -> None:
        try:
            self._app = Application(load_settings())
        except UsageError as error:
            raise ValueError(str(error)) from None
        self._consumer = self._app.consumer_of_bus(validation=False, archive=False)
        self._incident = Incident("taking messages from the bus", random.Random())  # noqa: S311 - no secret
        self._local = threading.local()
        self._wait = threading.Event().wait

    def __call__(self, message: Any) -> None:
        """Take one message, in a thread of the library.

        :raises Nack: if our queue does not take it now, after a pause: the library has it sent again at once
        :raises HaltConsumer: if waiting does not help
        """
        from fedora_messaging.exceptions import HaltConsumer, Nack

        try:
            self._consumer.handle(self._transport(), [_delivered(message)])
        except TransportError as error:
            self._drop_transport()
            self._wait(self._incident.failed(error))
            raise Nack from error
        except FmnError as error:
            raise HaltConsumer(error.exit_code, str(error), requeue=True) from error
        self._incident.well()

    def _transport(self) -> Transport:
        if not hasattr(self._local, "transport"):
            self._local.transport = self._app.transport()
        transport: Transport = self._local.transport
        return transport

    def _drop_transport(self) -> None:
        if hasattr(self._local, "transport"):
            self._local.transport.close()
            del self._local.transport


def _delivered(message: Any) -> Delivered:
    """Write a message of the library as it was delivered; NaN stays NaN, for the codec to refuse.

    The library's own way to do so checks the schema once more, which takes milliseconds.
    """
    return Delivered(0, message.topic, json.dumps(message.body).encode("ascii"), message.id, message._headers)
