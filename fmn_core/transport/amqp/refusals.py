"""What a broker says against us, in words for operators. Floor F2."""

from __future__ import annotations

import re
from typing import Any

from pika import exceptions

from fmn_core.errors import TransportError

#: reply codes of AMQP 0-9-1
ACCESS_REFUSED, NOT_FOUND, RESOURCE_LOCKED, PRECONDITION_FAILED = 403, 404, 405, 406

#: how RabbitMQ says that something exists with another argument
_INEQUIVALENT = re.compile(
    r"inequivalent arg '(?P<argument>[^']+)' for (?P<what>\w+ '[^']+').*"
    r"received (?P<wanted>.+?) but current is (?P<is>.+)"
)


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


def about_declaring(what: str, refused: Refused) -> str:
    """Return why something could not be declared, and what to do."""
    if found := _INEQUIVALENT.search(refused.said):
        return (
            f"{found['what']} exists with another argument: {found['argument']} is {found['is']}, wanted is "
            f"{found['wanted']}; set [transport] as it is, or delete it once it is empty"
        )
    if refused.code == ACCESS_REFUSED:
        return (
            f"this account may not declare {what}: set passive = true in [transport] and let the operator make it, "
            f"or give it the right ({refused.said})"
        )
    if refused.code == NOT_FOUND:
        return f"{what} does not exist, and with passive = true in [transport] the operator has to make it"
    return f"{what} cannot be declared: {refused.said}"
