"""What a broker says against us, in words for operators. Floor F2."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pika import exceptions

from fmn_core.errors import TransportError

#: reply codes of AMQP 0-9-1
ACCESS_REFUSED, NOT_FOUND, RESOURCE_LOCKED, PRECONDITION_FAILED = 403, 404, 405, 406

#: how RabbitMQ says that something exists with another argument: of several it tells one
_INEQUIVALENT = re.compile(
    r"inequivalent arg '(?P<argument>[^']+)' for .*: received (?P<wanted>.+?) but current is (?P<is>.+)"
)
_VALUE = re.compile(r"(?:the value )?'(?P<value>.*?)'(?: of type '(?P<type>\w+)')?")
#: what AMQP says of a queue or exchange beside its arguments, and what pika calls it
_TRAITS = {"durable": "durable", "auto_delete": "auto_delete", "type": "exchange_type"}


@dataclass(frozen=True)
class Difference:
    """In what a thing on the broker is not as we want it.

    :param there: its value there; None where it has none
    :param shown: what is there and what is wanted, in words
    """

    argument: str
    there: Any
    shown: str

    def as_it_is(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return how to declare the thing without this difference."""
        if trait := _TRAITS.get(self.argument):
            return {**options, trait: {"true": True, "false": False}.get(self.there, self.there)}
        arguments = {**options.get("arguments", {}), self.argument: self.there}
        return {**options, "arguments": {key: value for key, value in arguments.items() if value is not None}}


class Refused(TransportError):  # noqa: N818 - named for what the broker did
    """The broker closed a channel because of what we asked.

    :ivar code: reply code of AMQP, 0 where there is none
    """

    def __init__(self, reason: BaseException) -> None:
        self.code = int(getattr(reason, "reply_code", 0))
        self.said = str(getattr(reason, "reply_text", "") or reason)
        super().__init__(f"the broker refuses: {self.said}")


def in_words(error: Any) -> str:
    """Return why there is no connection, without words of the library that found it out."""
    error = _cause(error)
    if isinstance(error, exceptions.AuthenticationError | exceptions.ProbableAuthenticationError):
        return "it refuses user name and password"
    if isinstance(error, exceptions.ProbableAccessDeniedError):
        return "it refuses the virtual host to this user, or has none of this name"
    if isinstance(error, exceptions.ConnectionClosed):
        return f"it ended the connection: {error.reply_text}"
    if isinstance(error, exceptions.AMQPHeartbeatTimeout):
        return "it was not heard of for too long"
    if isinstance(error, exceptions.IncompatibleProtocolError):
        return "what answers there speaks no AMQP 0-9-1"
    if isinstance(error, TimeoutError):
        return "it does not answer"
    if isinstance(error, OSError):
        return f"it cannot be reached: {error.strerror or error}"
    return f"the connection is lost: {error}"


def _cause(error: Any) -> Any:
    """Return what is behind pika's wrappers: the last attempt that failed, and what failed in it."""
    while True:
        inner = getattr(error, "exceptions", None) or getattr(error, "exception", None)
        if not inner:
            return error if not isinstance(error, exceptions.AMQPConnectionError) or not error.args else _nested(error)
        error = inner[-1] if isinstance(inner, list | tuple) else inner


def _nested(error: exceptions.AMQPConnectionError) -> Any:
    first = error.args[0]
    return _cause(first) if isinstance(first, BaseException) else error


def difference(refused: Refused) -> Difference | None:
    """Return what the broker says about a thing that exists and is different, if it says so."""
    found = _INEQUIVALENT.search(refused.said)
    if found is None:
        return None
    (there, is_), (_, wanted) = _value(found["is"]), _value(found["wanted"])
    return Difference(found["argument"], there, f"{found['argument']} is {is_}, wanted is {wanted}")


def _value(said: str) -> tuple[Any, str]:
    """Return a value and how to show it."""
    found = _VALUE.fullmatch(said)
    if found is None:
        return None, said
    value = found["value"]
    if found["type"] != "longstr" and value.isdecimal():
        return int(value), value
    return value, repr(value)


def about_differences(what: str, differences: Sequence[Difference]) -> str:
    """Return in what a thing on the broker is not as we want it, and what to do."""
    shown = ", ".join(one.shown for one in differences)
    return f"{what} exists with other arguments: {shown}; set [transport] as it is, or delete it once it is empty"


def about_declaring(what: str, refused: Refused) -> str:
    """Return why something could not be declared, and what to do."""
    if refused.code == ACCESS_REFUSED:
        return (
            f"this account may not declare {what}: set passive = true in [transport] and let the operator make it, "
            f"or give it the right ({refused.said})"
        )
    if refused.code == NOT_FOUND:
        return f"{what} does not exist, and with passive = true in [transport] the operator has to make it"
    return f"{what} cannot be declared: {refused.said}"
