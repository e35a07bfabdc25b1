"""What messages make stale: asked of the sources in the consumer, sent on as bytes, gathered by the librarian. F1."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from .codec import dumps, loads
from .errors import DecodeError
from .lookups import LookupSource, Stale
from .model import Message

log = logging.getLogger(__name__)

#: topic of the broadcast that tells what became stale
STALE = "stale"
_NOTHING = Stale()


class StaleBook:
    """Knows which sources care for which application. A message of any other costs one look into a dictionary."""

    def __init__(self, sources: Iterable[LookupSource]) -> None:
        self._caring: dict[str, list[LookupSource]] = defaultdict(list)
        self._reported: set[str] = set()
        for source in sources:
            for app in source.stale_apps:
                self._caring[app].append(source)

    def stale(self, message: Message) -> Stale:
        """Return what a message makes stale, mostly nothing. A source that raises is reported once."""
        sources = self._caring.get(message.app)
        if sources is None:
            return _NOTHING
        found = _NOTHING
        for source in sources:
            try:
                found |= source.stale(message)
            except Exception:
                self._report(source.name, message.id)
        return found

    def _report(self, source: str, message: str) -> None:
        if source not in self._reported:
            self._reported.add(source)
            log.exception("lookup source %r cannot tell what message %s makes stale", source, message)


def encode_stale(stale: Stale) -> bytes:
    """Return what :func:`decode_stale` reads."""
    return dumps({"packages": sorted(stale.packages), "groups": sorted(stale.groups)})


def decode_stale(payload: bytes) -> Stale:
    """Read what became stale.

    :raises DecodeError: if that is not what the bytes are
    """
    raw = loads(payload)
    try:
        return Stale(_names(raw["packages"]), _names(raw["groups"]))
    except (KeyError, TypeError) as error:
        raise DecodeError(f"not what became stale: {error!r}") from None


def _names(raw: Any) -> frozenset[str]:
    if not isinstance(raw, list) or not all(isinstance(name, str) for name in raw):
        raise TypeError("names are no list of texts")
    return frozenset(raw)
