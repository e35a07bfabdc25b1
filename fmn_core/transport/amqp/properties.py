"""Properties of messages that strangers publish: what pika cannot read in them must not end the connection. Floor F2.

A timestamp in milliseconds, a number without end, a table nested too deep: pika raises, the connection is lost, and the
broker sends the same message again. So headers that cannot be read are skipped, and the message says so.
"""

from __future__ import annotations

import struct

from pika import spec

_FLAGS, _LENGTH = struct.Struct(">H"), struct.Struct(">I")


class GuardedProperties(spec.BasicProperties):  # type: ignore[misc]  # pika has no types
    """The properties of a message.

    :ivar flaw: why its headers cannot be read, if so
    """

    flaw: str | None = None

    def decode(self, encoded: bytes, offset: int = 0) -> GuardedProperties:
        """Read them, as pika calls it."""
        try:
            super().decode(encoded, offset)
        except Exception as error:
            super().decode(_without_headers(encoded[offset:]))
            self.flaw = f"headers cannot be read: {type(error).__name__}: {error}"
        return self


def _without_headers(encoded: bytes) -> bytes:
    """Cut the headers out: they come after content type and encoding, which are texts with one byte of length."""
    (flags,) = _FLAGS.unpack_from(encoded)
    begin = _FLAGS.size
    for flag in (spec.BasicProperties.FLAG_CONTENT_TYPE, spec.BasicProperties.FLAG_CONTENT_ENCODING):
        if flags & flag:
            begin += 1 + encoded[begin]
    (length,) = _LENGTH.unpack_from(encoded, begin)
    kept = flags & ~spec.BasicProperties.FLAG_HEADERS
    return _FLAGS.pack(kept) + encoded[_FLAGS.size : begin] + encoded[begin + _LENGTH.size + length :]


def guard() -> None:
    """Let pika make these properties from now on; it keeps the class in a table of its own."""
    spec.props[spec.BasicProperties.INDEX] = GuardedProperties
