"""Codec: bytes of any age become a Message or a Notification, or a DecodeError with its reason; and back. Floor F1.

Three forms of bus messages are read: fedora-messaging (``id, topic, headers, body``), fedmsg (``msg_id, topic,
timestamp, msg``) and fedmsg as its hub wrapped it once more (``topic, body: {fedmsg}``). Sources: the dump format of
``fedora_messaging.message``, and the envelope of fedmsg.
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

import orjson
from pydantic import TypeAdapter, ValidationError

from .errors import DecodeError
from .model import Message, Notification, Severity

#: a larger message is set aside; the largest recorded one has 76 kB
MAX_MESSAGE_BYTES = 4 * 1024 * 1024

#: version of the form in which messages and notifications wait in queues
VERSION = 1
_VERSIONED = b'{"v":%d,' % VERSION

#: orjson turns integers beyond 64 bits into floats; such a run of digits is left to the slower parser. All digits are
#: made zeros to find one, which takes a tenth of the time that an expression would
_LONG_NUMBER = b"0" * 19
_DIGITS_AS_ZEROS = bytes(ord("0") if chr(code).isdecimal() and code < 128 else ord(" ") for code in range(256))
#: numbers that are severities
_SEVERITIES = frozenset(int(one) for one in Severity)
_ID_NAMESPACE = uuid.UUID("6a1b5c1e-52f5-5d8b-9d0e-4e9f1f6e2b53")
_NOTIFICATION = TypeAdapter(Notification)


def loads(data: bytes | str, limit: int = MAX_MESSAGE_BYTES) -> Any:
    """Parse JSON strictly: no NaN, integers of any size exact.

    :param limit: bytes at most
    :raises DecodeError: saying where it is wrong
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > limit:
        raise DecodeError(f"message has {len(raw):,} bytes, more than {limit:,}")
    if _LONG_NUMBER not in raw.translate(_DIGITS_AS_ZEROS):
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError:
            pass  # lone surrogates are JSON all the same; the other parser decides, and words the error
    try:
        text = raw.decode("utf-8-sig", "surrogatepass")
        return json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"not JSON: {_why_not_json(error)}") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


def _why_not_json(error: ValueError | RecursionError) -> str:
    """Say it in words of our own: Python's speak of a line within the line, and of its settings."""
    if isinstance(error, RecursionError):
        return "nested too deep"
    if isinstance(error, UnicodeDecodeError):
        return f"no UTF-8 at byte {error.start + 1}"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[:1].lower()}{error.msg[1:]} at character {error.pos + 1}"
    return str(error) if "digits" not in str(error) else "a number has too many digits"


def dumps(value: Any) -> bytes:
    """Write JSON, compact, keys in their order. What orjson refuses, the standard library writes."""
    try:
        return memoryview(orjson.dumps(value)).tobytes()  # orjson's own bytes keep a buffer of 4 kB while they live
    except (TypeError, orjson.JSONEncodeError):
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def decode_message(data: bytes | str) -> Message:
    """Read one bus message in any of its forms, or in our own.

    :raises DecodeError: for anything odd, with the reason
    """
    return message_from(loads(data))


def message_from(raw: Any) -> Message:
    """Bring a parsed bus message into the normal form.

    :raises DecodeError: for anything odd, with the reason
    """
    if not isinstance(raw, dict):
        raise DecodeError(f"message is {_kind(raw)}, expected an object")
    if "msg" in raw:
        return _from_fedmsg(raw)
    body = raw.get("body")
    if isinstance(body, dict) and "msg" in body and ("msg_id" in body or "topic" in body):
        return _from_fedmsg({"topic": raw.get("topic"), **body})
    return _from_fedora_messaging(raw)


def _from_fedora_messaging(raw: dict[str, Any]) -> Message:
    topic, body = _topic(raw), _body(raw, "body")
    headers = raw.get("headers") or {}
    if not isinstance(headers, dict):
        raise DecodeError(f"headers are {_kind(headers)}, expected an object")
    message = object.__new__(Message)  # a third of the time that its constructor takes, in which nothing is checked
    message.__dict__.update(
        id=_id(raw.get("id"), topic, body),
        topic=topic,
        body=body,
        headers=headers,
        sent_at=_time(headers.get("sent-at")),
        severity=_severity(headers.get("fedora_messaging_severity", raw.get("severity"))),
    )
    return message


def _from_fedmsg(raw: dict[str, Any]) -> Message:
    topic, body, headers = _topic(raw), _body(raw, "msg"), _kept_headers(raw)
    stated = headers.pop("sent-at", None)
    sent_at = _time(raw.get("timestamp")) or _time(stated)
    severity = _severity(headers.get("fedora_messaging_severity"))
    return Message(_id(raw.get("msg_id"), topic, body), topic, body, headers, sent_at=sent_at, severity=severity)


def _kept_headers(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an archive kept of the headers of a newer message that it gives in the old form."""
    kept = raw.get("headers")
    headers = dict(kept) if isinstance(kept, dict) else {}
    return {**headers, "username": raw["username"]} if isinstance(raw.get("username"), str) else headers


def _topic(raw: Mapping[str, Any]) -> str:
    topic = raw.get("topic")
    if topic is None:
        raise DecodeError("message has no topic")
    if not isinstance(topic, str) or not topic.strip():
        raise DecodeError(f"topic is {_kind(topic)}, expected text")
    return topic


def _body(raw: Mapping[str, Any], key: str) -> dict[str, Any]:
    if key not in raw:
        raise DecodeError("message has no body")
    body = raw[key]
    if not isinstance(body, dict):
        raise DecodeError(f"body is {_kind(body)}, expected an object")
    return body


def _id(given: Any, topic: str, body: Mapping[str, Any]) -> str:
    """Take the id, or derive one that is the same at every replay."""
    if isinstance(given, str) and given.strip():
        return given
    if given is not None:
        raise DecodeError(f"id is {_kind(given)}, expected text")
    return str(uuid.uuid5(_ID_NAMESPACE, topic + json.dumps(body, sort_keys=True)))


def _time(value: Any) -> datetime | None:
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is UTC:
                return moment
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _severity(value: Any) -> int:
    return value if type(value) is int and value in _SEVERITIES else Severity.INFO


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "text" if value.strip() else "empty text"
    names = {dict: "an object", list: "a list", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def encode_message(message: Message) -> bytes:
    """Write a message in the form of fedora-messaging, which :func:`decode_message` reads."""
    headers = dict(message.headers)
    headers.setdefault("fedora_messaging_severity", message.severity)
    if message.sent_at:
        headers.setdefault("sent-at", message.sent_at.isoformat())
    return dumps({"id": message.id, "topic": message.topic, "headers": headers, "body": message.body})


def encode_notification(notification: Notification) -> bytes:
    """Write a notification for the queue of its backend; pydantic takes what orjson refuses: half a character."""
    try:
        return _VERSIONED + orjson.dumps(notification, default=_plain)[1:]
    except TypeError:
        return dumps({"v": VERSION, **_NOTIFICATION.dump_python(notification, mode="json")})


def _plain(value: Any) -> Any:
    """Return what orjson has no word for: a set of names, or a mapping that is no dictionary."""
    return sorted(value) if isinstance(value, frozenset) else dict(value)


def decode_notification(data: bytes) -> Notification:
    """Read what :func:`encode_notification` wrote.

    :raises DecodeError: if it is anything else, or of a version that is not known here
    """
    raw = loads(data)
    if not isinstance(raw, dict) or raw.pop("v", None) != VERSION:
        raise DecodeError(f"not a notification of version {VERSION}")
    try:
        return _NOTIFICATION.validate_python(raw)
    except ValidationError as error:
        raise DecodeError(f"not a notification: {error.error_count()} fields are wrong") from None
