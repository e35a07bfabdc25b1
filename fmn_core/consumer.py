"""Consumer: bus messages come in, drop the junk, and wait in normal form for the workers. Floor F3.

What cannot be read or fails its schema becomes a dead letter at once, with its reason; nothing of it reaches a worker.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable

from .bundles import bundled
from .codec import decode_message, dumps, encode_message
from .config import ConsumerSettings
from .errors import DecodeError
from .lookups import Stale
from .model import Message
from .staleness import STALE, encode_stale
from .transport.base import ARCHIVE, MESSAGES, Transport
from .wire import Delivered, as_read, decode_delivered

log = logging.getLogger(__name__)

#: the application whose messages carry an owner that can be ignored: Copr builds for robots by the thousand
_OWNED = "copr"

_TOO_DEEP = "nested too deep to be written down"

#: a message in one of the forms in which it can come in
Incoming = bytes | Message | Delivered


class Consumer:
    """Takes bus messages and puts those that somebody may want on the queue of messages.

    :param settings: what is junk
    :param check: returns why a message is invalid, or None; None for no check at all
    :param stale: returns which lookups a message makes stale, junk included; None where nobody needs to know
    :param archive: queue what is queued for the archive too
    :ivar counts: how many were ``queued``, ``dropped``, ``malformed`` and ``invalid``
    """

    def __init__(
        self,
        settings: ConsumerSettings,
        check: Callable[[Message], str | None] | None = None,
        stale: Callable[[Message], Stale] | None = None,
        archive: bool = False,
    ) -> None:
        self._junk = tuple(settings.junk)
        self._ignored_owners = frozenset(settings.ignored_owners)
        self._check, self._stale_of, self._archive = check, stale, archive
        self._stale = Stale()
        self.counts: Counter[str] = Counter()

    def handle(self, transport: Transport, messages: Iterable[Incoming]) -> None:
        """Take messages; return when they are safe.

        :raises TransportError: nothing is known to be safe; hand in the same messages again
        """
        counts: Counter[str] = Counter()
        payloads: list[bytes] = []
        odd: list[tuple[bytes, str]] = []
        for given in messages:
            counts[self._sort(given, payloads, odd)] += 1
        kept = bundled(payloads) if self._archive else ()
        transport.publish_all([*((MESSAGES, one) for one in payloads), *((ARCHIVE, some) for some in kept)])
        for payload, reason in odd:
            transport.bury(MESSAGES, payload, reason)
            log.warning("a bus message becomes a dead letter: %s", reason)
        if self._stale:
            stale, self._stale = self._stale, Stale()
            transport.broadcast(STALE, encode_stale(stale))
        self.counts.update(counts)

    def _sort(self, given: Incoming, payloads: list[bytes], odd: list[tuple[bytes, str]]) -> str:
        """Put a message where it belongs, and return what it counts as."""
        try:
            return self._sort_readable(_read(given), payloads, odd)
        except DecodeError as error:
            reason = str(error)
        except RecursionError:
            reason = _TOO_DEEP
        except Exception as error:
            log.exception("reading a bus message failed")
            reason = f"reading it failed: {error!r}"
        odd.append((_written(given), reason))
        return "malformed"

    def _sort_readable(self, message: Message, payloads: list[bytes], odd: list[tuple[bytes, str]]) -> str:
        self._note_stale(message)
        if self._is_junk(message):
            return "dropped"
        payload = encode_message(message)
        reason = self._check(message) if self._check else None
        if reason is None:
            payloads.append(payload)
            return "queued"
        odd.append((payload, f"message {message.id} on topic {message.topic!r}: {reason}"))
        return "invalid"

    def _note_stale(self, message: Message) -> None:
        if self._stale_of and (stale := self._stale_of(message)):
            self._stale |= stale

    def _is_junk(self, message: Message) -> bool:
        if message.topic.endswith(self._junk):
            return True
        owner = message.body.get("owner") if message.app == _OWNED else None
        return isinstance(owner, str) and owner in self._ignored_owners


def _read(given: Incoming) -> Message:
    """Read a message.

    :raises DecodeError: if that cannot be done
    """
    if isinstance(given, Message):
        return given
    return decode_delivered(given) if isinstance(given, Delivered) else decode_message(given)


def _written(given: Incoming) -> bytes:
    """Write a message down as it came in; of one that was read already and is odd all the same, what can be."""
    if isinstance(given, Message):
        return dumps({"id": given.id, "topic": given.topic, "headers": {}, "body": _TOO_DEEP})
    return as_read(given) if isinstance(given, Delivered) else given
