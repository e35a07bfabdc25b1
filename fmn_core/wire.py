"""Wire: what an AMQP broker delivers, in fedora-messaging's form, becomes a Message or a DecodeError. Floor F1.

Read as the library itself reads it (``fedora_messaging.message.get_message``), but for what ends its consumer: an
encoding that nobody knows, or a header that is no text. Sources: the library, and the field types of AMQP 0-9-1.
"""

from __future__ import annotations

import codecs
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from .codec import MAX_MESSAGE_BYTES, dumps, loads, message_from
from .errors import DecodeError
from .model import Message

#: encodings of text that JSON may come in; others that Python knows turn little into much, or one text into another
ENCODINGS = frozenset(
    {"utf-8", "ascii", "iso8859-1", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"}
)
#: tables in tables that a header may be
DEEPEST = 20
#: characters of a topic that a reason quotes at most
_LONGEST_TOPIC = 100


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message as a broker delivers it.

    :param tag: what the channel knows it by while it is out
    :param topic: its routing key
    :param headers: with values of every type that AMQP has
    :param flaw: why something of it could not even be received
    """

    tag: int
    topic: str
    body: bytes
    message_id: str | None = None
    headers: Mapping[str, Any] | None = None
    content_encoding: str | None = None
    content_type: str | None = None
    timestamp: int | None = None
    priority: int | None = None
    redelivered: bool = field(default=False, compare=False)
    flaw: str | None = None


def decode_delivered(delivered: Delivered) -> Message:
    """Bring a delivered message into the normal form.

    :raises DecodeError: for anything odd, with the topic and the reason
    """
    try:
        if delivered.flaw:
            raise DecodeError(delivered.flaw)
        # an empty body of any kind is an empty object to the library, and so to every other consumer
        body = loads(_text(delivered)) or {}
        return message_from(_whole(delivered) | {"body": body})
    except DecodeError as error:
        where = f"on topic {delivered.topic[:_LONGEST_TOPIC]!r}: " if delivered.topic else ""
        raise DecodeError(f"{where}{error}") from None


def as_read(delivered: Delivered) -> bytes:
    """Write a delivered message down whole, in the form that the codec reads; its body is kept to the byte."""
    return dumps(_whole(delivered))[:-1] + b',"body":' + delivered.body + b"}"


def _whole(delivered: Delivered) -> dict[str, Any]:
    headers = {str(name): plain(value) for name, value in (delivered.headers or {}).items()}
    return {"id": delivered.message_id, "topic": delivered.topic, "headers": headers}


def _text(delivered: Delivered) -> bytes | str:
    if len(delivered.body) > MAX_MESSAGE_BYTES:
        raise DecodeError(f"message has {len(delivered.body):,} bytes, more than {MAX_MESSAGE_BYTES:,}")
    encoding = delivered.content_encoding or "utf-8"
    try:
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        name = ""
    if name not in ENCODINGS:
        raise DecodeError(f"content encoding {encoding[:_LONGEST_TOPIC]!r} is none of text that is known here")
    if name == "utf-8":
        return delivered.body
    try:
        return delivered.body.decode(name)
    except UnicodeDecodeError as error:
        raise DecodeError(f"not JSON: no {name} at byte {error.start + 1}") from None


def plain(value: Any, depth: int = 0) -> Any:
    """Turn the value of a header into one that JSON has. What JSON has not stays no text, and says what it is."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float | Decimal):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime):
        return {"timestamp": value.isoformat()}
    if isinstance(value, bytes | bytearray):
        return {"bytes": value.hex()}
    if depth < DEEPEST and isinstance(value, Mapping):
        return {str(name): plain(one, depth + 1) for name, one in value.items()}
    if depth < DEEPEST and isinstance(value, list | tuple):
        return [plain(one, depth + 1) for one in value]
    return {"left out": type(value).__name__}
