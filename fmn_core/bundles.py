"""Bundles: many messages as one piece of work, where each alone would cost a broker more than it is worth. Floor F1.

A message as the codec writes it is one line, so a bundle is lines, compressed: the same things happen again
and again, so that a tenth of the bytes is left, for some ten microseconds a message.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

from .errors import DecodeError

#: messages of a bundle at most, and bytes beyond which nothing more is added to one
MOST, FULL = 64, 256 * 1024
#: bytes that come out of a bundle at most: many times what goes into one
LARGEST = 64 * 1024 * 1024
#: what zlib begins with, and no JSON does (RFC 1950)
_COMPRESSED = b"\x78"


def bundled(payloads: Sequence[bytes]) -> Iterator[bytes]:
    """Put messages together, in their order."""
    lines: list[bytes] = []
    size = 0
    for payload in payloads:
        lines.append(payload)
        size += len(payload)
        if len(lines) == MOST or size >= FULL:
            yield zlib.compress(b"\n".join(lines), 1)
            lines, size = [], 0
    if lines:
        yield zlib.compress(b"\n".join(lines), 1)


def unbundled(bundle: bytes) -> list[bytes]:
    """Take messages apart again; one that comes as it is, as from the dead letters, is itself.

    :raises DecodeError: if it is no whole bundle
    """
    if not bundle.startswith(_COMPRESSED):
        return [bundle]
    reader = zlib.decompressobj()
    try:
        lines = reader.decompress(bundle, LARGEST)
    except zlib.error as error:
        raise DecodeError(f"no bundle of messages: {error}") from None
    if not reader.eof:
        raise DecodeError("no bundle of messages: it has no end, or is larger than any of ours")
    return lines.split(b"\n")
