"""How others see us: ``nick!user@host``, which the server puts before each line of ours, where it takes room. Pure."""

from __future__ import annotations

import re

from .registration import USER
from .text import size
from .wire import Message

#: bytes of a line as others receive it, without its end: RFC 2812, section 2.3
LONGEST = 510
#: bytes of ``:nick!user@host`` at most: a nick of ours has 30, a user 11, a host 63; networks differ a little
UNKNOWN = 110
#: bytes of a host at most
_LONGEST_HOST = "x" * 63
_USERHOST = re.compile(r"\*?=[+-](?P<user>[^@\s]+)@")


class Mask:
    """Starts as long as masks can be, and learns.

    :param nick: ours, as the server has it
    """

    def __init__(self, nick: str) -> None:
        self.nick = nick
        self._user, self._host = f"~{USER}", ""

    def room(self, target: str) -> int:
        """Return the bytes of text that reach a target in one line."""
        known = size(f":{self.nick}!{self._user}@{self._host}") if self._host else UNKNOWN
        return LONGEST - known - size(f" PRIVMSG {target} :")

    def hear(self, message: Message, ours: bool) -> None:
        """Take in what tells of us.

        :param ours: the message comes from us
        """
        if message.command == "NICK" and ours:
            self.nick = message.param(0)
        elif message.command == "JOIN" and ours and "@" in message.source:
            self._user, self._host = message.source.partition("!")[2].rsplit("@", 1)
        elif message.command == "CHGHOST" and ours:
            self._user, self._host = message.param(0), message.param(1)
        elif message.command == "396":  # the host by which we are hidden, or user and host
            user, _, self._host = message.param(1).rpartition("@")
            self._user = user or self._user
        elif message.command == "302" and not self._host and (found := _USERHOST.search(message.param(-1))):
            self._user, self._host = found["user"], _LONGEST_HOST  # what it says of our host, others may not see
