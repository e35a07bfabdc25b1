"""One connection from its beginning to its loss: who we are on it, where we are, and which lines it has taken.

IRC confirms nothing. But a server answers in order: a PING after a line comes back when the line has been dealt with,
and after any complaint about it. One PING at a time is on its way, and speaks for all lines sent before it.
"""

from __future__ import annotations

from collections.abc import Callable

from fmn_core import BackendAway, RetryDelivery, one_line

from .connection import Connection
from .mask import Mask
from .pending import Line, Pending
from .refusals import COMPLAINTS, verdict
from .registration import Refused, Registration
from .settings import IrcSettings
from .wire import Message, render


class Session:
    """Guarded by its owner.

    :param clock: seconds that only grow
    """

    def __init__(self, options: IrcSettings, connection: Connection, clock: Callable[[], float]) -> None:
        self._options, self._connection, self._clock = options, connection, clock
        self._registration = Registration(options)
        self._pending = Pending()
        self._joined: set[str] = set()
        self._kicked: dict[str, float] = {}
        self._mask = Mask(options.nick)
        self._heard_at = self.opened_at = clock()
        self._asked_at: float | None = None
        self._last_words = ""
        self.trouble = ""

    def open(self) -> None:
        """Say the first words."""
        for data in self._registration.opening():
            self._write(data)

    @property
    def welcome(self) -> bool:
        """Whether the server has welcomed us."""
        return self._registration.done

    @property
    def ready(self) -> bool:
        """Whether it has, and nothing has gone wrong since."""
        return self.welcome and not self.trouble

    @property
    def nick(self) -> str:
        """Ours at the moment."""
        return self._mask.nick

    @property
    def capabilities(self) -> frozenset[str]:
        """What the server does for us beyond RFC 2812."""
        return self._registration.capabilities

    def fold(self, name: str) -> str:
        """Return a nick or channel as the server compares it."""
        return self._registration.fold(name)

    def room(self, target: str) -> int:
        """Return the bytes of text that reach a target in one line."""
        return self._mask.room(target)

    def send(self, *words: str) -> None:
        """Say something; if that fails, everything is lost."""
        self._write(render(*words))

    def _write(self, data: bytes) -> None:
        try:
            self._connection.send(data)
        except OSError as error:
            self.lose(str(error))

    def say(self, target: str, text: str) -> Line:
        """Say a line of which we want to hear that it was taken.

        :raises RetryDelivery: the channel has kicked us a moment ago
        """
        line = Line(self.fold(target))
        wait = self._kicked.get(line.target, 0) - self._clock()
        if wait > 0:
            raise RetryDelivery(f"{target!r} on {self._options.server} has kicked us", after=wait)
        self._pending.add(line)
        if target.startswith("#") and line.target not in self._joined:
            line.joins = True
            self._joined.add(line.target)
            self.send("JOIN", target)
        self.send("PRIVMSG", target, text)
        self._ask()
        return line

    def _ask(self, anyway: bool = False) -> None:
        if self._pending.ask(anyway):
            self.send("PING", "fmn")

    def watch(self) -> None:
        """Look at the clock.

        :raises Refused: the server is silent
        """
        now = self._clock()
        if not self.welcome and now > self.opened_at + self._options.timeout:
            raise Refused("it does not welcome us")
        if self._asked_at is not None and now > self._asked_at + self._options.timeout:
            raise Refused("it does not answer")
        if self.welcome and self._asked_at is None and now > self._heard_at + self._options.silence:
            self._asked_at = now
            self._ask(anyway=True)

    def lose(self, reason: str) -> None:
        """Take the connection as lost, whether it is or not. What the server said last is the better reason."""
        if self.trouble:
            return
        self.trouble = self._last_words or reason or "it hung up"
        lost = f"{self._options.server} was lost before it confirmed the line: {self.trouble}"
        self._pending.lose(lambda: BackendAway(lost, told=True))
        self._connection.shut()

    def hear(self, message: Message) -> None:
        """Take in what the server says.

        :raises Refused: it does not have us
        """
        self._heard_at, self._asked_at = self._clock(), None
        if not self.welcome:
            for data in self._registration.hear(message):
                self._write(data)
            self._mask.nick = self._registration.nick
        self._mask.hear(message, self._ours(message.nick))
        if message.command in COMPLAINTS:
            self._complain(message)
        elif heard := getattr(self, f"_on_{message.command.lower()}", None):
            heard(message)

    def _ours(self, nick: str) -> bool:
        return self.fold(nick) == self.fold(self.nick)

    def _on_ping(self, message: Message) -> None:
        self.send("PONG", message.param(-1))

    def _on_pong(self, _: Message) -> None:
        self._pending.answered()
        self._ask()

    def _on_error(self, message: Message) -> None:
        self._last_words = one_line(message.param(-1))

    def _on_001(self, _: Message) -> None:
        self.send("USERHOST", self.nick)

    def _on_part(self, message: Message) -> None:
        if self._ours(message.nick):
            self._joined.discard(self.fold(message.param(0)))

    def _on_kick(self, message: Message) -> None:
        if self._ours(message.param(1)):
            channel = self.fold(message.param(0))
            self._joined.discard(channel)
            self._kicked[channel] = self._clock() + self._options.rejoin

    def _complain(self, message: Message) -> None:
        """Note what the server complains of; servers differ in where they name the target."""
        params = message.params[1:] if self._ours(message.param(0)) else message.params
        named = {self.fold(param) for param in params}
        self._joined -= named
        for line in self._pending.to(named):
            options = self._options
            line.failure = line.failure or verdict(
                message.command, line.target, options.server, line.joins, options.absent
            )
