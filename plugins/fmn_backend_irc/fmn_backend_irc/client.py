"""A connection to an IRC server that is kept. It tells a line that the server took from one that it did not.

IRC confirms nothing. But a server answers in order: a PING after a line comes back when the line has been dealt with,
and after any complaint about it. One PING at a time is on its way, and speaks for all lines sent before it.
"""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import irc.client

from fmn_core import DropDelivery, RetryDelivery, one_line

from .pacing import TokenBucket
from .pending import Line, Pending
from .settings import IrcSettings

log = logging.getLogger(__name__)

#: seconds that the reading thread sleeps at most
TICK = 0.2
#: complaints that pass by themselves; the others last until somebody does something about them
PASSING = frozenset({"toomanychannels", "channelisfull"})
ABSENT = "nosuchnick"
MUTE = "cannotsendtochan"
LASTING = frozenset({MUTE, "nosuchchannel", "inviteonlychan", "bannedfromchan", "badchannelkey"})
#: what a server says instead of a welcome
UNWELCOME = frozenset({"passwdmismatch", "yourebannedcreep", "erroneusnickname", "nopermforhost"})
#: how often ``_`` is put behind a nick that is taken
MOST_NICKS = 5


class IrcClient:
    """Says lines from any number of threads over one connection, opened by the first of them.

    All state is guarded by the mutex of the library's reactor, which holds it while it calls the handlers here.
    """

    def __init__(self, options: IrcSettings, clock: Callable[[], float]) -> None:
        self._options, self._clock = options, clock
        self._bucket = TokenBucket(options.rate, options.burst, clock)
        self._reactor = irc.client.Reactor()
        self._state = threading.Condition(self._reactor.mutex)
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._connection: Any = None
        self._welcome = False
        self._nicks = 0
        self._trouble = ""
        self._not_before = clock()
        self._joined: set[str] = set()
        self._pending = Pending()
        self._listen()

    def _listen(self) -> None:
        handlers = {
            "welcome": self._on_welcome,
            "nicknameinuse": self._on_nick_taken,
            "pong": self._on_pong,
            "kick": self._on_kick,
            "error": self._on_error,
            "disconnect": self._on_disconnect,
            **dict.fromkeys(UNWELCOME, self._on_unwelcome),
            **dict.fromkeys({ABSENT} | PASSING | LASTING, self._on_refusal),
        }
        for event, handler in handlers.items():
            self._reactor.add_global_handler(event, handler)

    @property
    def server(self) -> str:
        """The server, for people."""
        host, port = self._options.address
        return f"IRC server {host}:{port}"

    def say(self, target: str, text: str) -> None:
        """Say a line and return when the server has taken it.

        :param target: a nick, or a channel that is joined where it has to be
        :raises RetryDelivery: it may not have gone through
        :raises DropDelivery: the server does not allow it
        """
        self.connect()  # before taking a place in the line, so that nothing waits for a server that is away
        self._closing.wait(self._bucket.take())
        with self._state:
            self._connect()
            line = self._send(target, text)
            if not self._state.wait_for(lambda: line.done, self._options.timeout):
                self._hang_up("it does not answer")
        if line.failure:
            raise line.failure

    def connect(self) -> None:
        """Connect if there is no connection, and return when the server has welcomed us.

        :raises RetryDelivery: if it does not
        """
        with self._state:
            self._connect()

    def close(self) -> None:
        """Leave."""
        self._closing.set()
        with self._state:
            self._hang_up("we leave")
        if self._thread:
            self._thread.join()

    def _connect(self) -> None:
        if self._closing.is_set():
            raise RetryDelivery(f"the connection to {self.server} is closed")
        if self._connection is None:
            self._open()
        welcome = self._state.wait_for(lambda: self._welcome or self._connection is None, self._options.timeout)
        if not welcome:
            self._hang_up("it does not welcome us")
        if self._connection is None:
            raise self._failure()

    def _failure(self) -> RetryDelivery:
        wait = self._not_before - self._clock()
        return RetryDelivery(f"{self.server} cannot be used: {self._trouble}", after=wait if wait > 0 else None)

    def _open(self) -> None:
        if self._clock() < self._not_before:
            raise self._failure()
        self._trouble, self._welcome, self._nicks = "", False, 0
        self._connection = self._reactor.server()
        self._connection.buffer_class = irc.client.buffer.LenientDecodingLineBuffer  # not all of IRC is UTF-8
        options = self._options
        try:
            self._connection.connect(
                *options.address,
                options.nick,
                options.password.get_secret_value() or None,
                connect_factory=self._socket,
            )
        except irc.client.ServerConnectionError as error:
            self._lost(str(error.__cause__ or error))
            raise self._failure() from error
        if self._thread is None:
            self._thread = threading.Thread(target=self._read, name="fmn-irc", daemon=True)
            self._thread.start()

    def _socket(self, address: tuple[str, int]) -> socket.socket:
        plain = socket.create_connection(address, self._options.timeout)
        if not self._options.tls:
            return plain
        return ssl.create_default_context().wrap_socket(plain, server_hostname=address[0])

    def _read(self) -> None:
        while not self._closing.is_set():
            connection = self._connection
            try:
                self._reactor.process_once(TICK)
            except Exception as error:
                with self._state:
                    if connection is self._connection:  # else its socket was closed by another thread meanwhile
                        log.exception("%s says what cannot be understood", self.server)
                        self._hang_up(repr(error))

    def _send(self, target: str, text: str) -> Line:
        line, connection = Line(target.lower()), self._connection
        self._pending.add(line)
        # each of these finds the connection closed if the one before it broke: _lost has settled the line by then
        with suppress(irc.client.ServerNotConnectedError):
            line.joins = irc.client.is_channel(target) and line.target not in self._joined
            if line.joins:
                connection.join(target)
                self._joined.add(line.target)
            connection.privmsg(target, text)
            self._ask(connection)
        return line

    def _ask(self, connection: Any) -> None:
        if self._pending.ask():
            connection.ping("fmn")

    def _hang_up(self, reason: str) -> None:
        if self._connection is not None:
            self._trouble = self._trouble or reason
            self._connection.disconnect("bye")
            self._lost(reason)

    def _lost(self, reason: str) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        connection.close()
        self._trouble = self._trouble or reason
        if not self._welcome:  # one that had worked is tried again at once
            self._not_before = self._clock() + self._options.pause
        level = logging.DEBUG if self._closing.is_set() else logging.WARNING
        log.log(level, "no connection to %s: %s", self.server, self._trouble)
        lost = f"{self.server} was lost before it confirmed the line: {self._trouble}"
        self._pending.lose(lambda: RetryDelivery(lost))
        self._joined.clear()
        self._welcome = False
        self._state.notify_all()

    def _on_welcome(self, connection: Any, event: Any) -> None:
        self._welcome = True
        self._state.notify_all()

    def _on_nick_taken(self, connection: Any, event: Any) -> None:
        if self._welcome:
            return
        self._nicks += 1
        if self._nicks > MOST_NICKS:
            self._hang_up(f"nick {self._options.nick!r} is taken")
        else:
            connection.nick(self._options.nick + "_" * self._nicks)

    def _on_unwelcome(self, connection: Any, event: Any) -> None:
        self._hang_up(f"{event.type}: {_words(event)}")

    def _on_error(self, connection: Any, event: Any) -> None:
        self._trouble = one_line(event.target or "")

    def _on_disconnect(self, connection: Any, event: Any) -> None:
        if connection is self._connection:
            self._lost(_words(event))

    def _on_kick(self, connection: Any, event: Any) -> None:
        if event.arguments and event.arguments[0] == connection.get_nickname():
            self._joined.discard((event.target or "").lower())

    def _on_pong(self, connection: Any, event: Any) -> None:
        self._pending.answered()
        self._ask(connection)
        self._state.notify_all()

    def _on_refusal(self, connection: Any, event: Any) -> None:
        """Note what the server complains of; servers differ in where they name the target."""
        named = {word.lower() for word in (event.target or "", *event.arguments)}
        self._joined -= named
        for line in self._pending.to(named):
            line.failure = line.failure or self._verdict(line, event)

    def _verdict(self, line: Line, event: Any) -> Exception:
        if event.type == ABSENT:
            return RetryDelivery(f"{line.target!r} is not on {self.server}", after=self._options.absent)
        reason = f"{self.server} does not pass a line on to {line.target!r}: {event.type}"
        # a channel that we thought we were in has put us out meanwhile: the next try joins it again
        passing = event.type in PASSING or (event.type == MUTE and not line.joins)
        return RetryDelivery(reason) if passing else DropDelivery(reason)


def _words(event: Any) -> str:
    return one_line(" ".join(event.arguments))
