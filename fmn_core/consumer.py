"""Consumer: bus messages come in, drop the junk, and wait in normal form for the workers. Floor F3.

What cannot be read goes on as it is: the worker, which has to read it in any case, sets it aside with its reason.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable

from .codec import decode_message, encode_message
from .config import ConsumerSettings
from .errors import DecodeError
from .model import Message
from .transport.base import MESSAGES, Transport

log = logging.getLogger(__name__)

#: the application whose messages carry an owner that can be ignored: Copr builds for robots by the thousand
_OWNED = "copr"


class Consumer:
    """Takes bus messages and puts those that somebody may want on the queue of messages.

    :param settings: what is junk
    :ivar counts: how many were ``queued``, ``dropped`` and ``malformed``
    """

    def __init__(self, settings: ConsumerSettings) -> None:
        self._junk = tuple(settings.junk)
        self._ignored_owners = frozenset(settings.ignored_owners)
        self.counts: Counter[str] = Counter()

    def handle(self, transport: Transport, messages: Iterable[bytes | Message]) -> None:
        """Take messages, in any of the forms that the codec reads; return when they are safe.

        :raises TransportError: nothing is known to be safe; hand in the same messages again
        """
        counts: Counter[str] = Counter()
        payloads = [payload for message in messages if (payload := self._payload(message, counts)) is not None]
        transport.publish(MESSAGES, payloads)
        self.counts.update(counts)

    def _payload(self, given: bytes | Message, counts: Counter[str]) -> bytes | None:
        try:
            message = given if isinstance(given, Message) else decode_message(given)
        except DecodeError as error:
            log.warning("a bus message cannot be read and becomes a dead letter: %s", error)
            counts["malformed"] += 1
            return given if isinstance(given, bytes) else None
        if self._is_junk(message):
            counts["dropped"] += 1
            return None
        counts["queued"] += 1
        return encode_message(message)

    def _is_junk(self, message: Message) -> bool:
        if message.topic.endswith(self._junk):
            return True
        owner = message.body.get("owner") if message.app == _OWNED else None
        return isinstance(owner, str) and owner in self._ignored_owners
