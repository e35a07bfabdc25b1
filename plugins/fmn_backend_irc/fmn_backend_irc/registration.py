"""How a connection begins: capabilities, login by SASL, a nick that is free, the welcome. Pure: lines in, lines out."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from fmn_core import one_line

from .settings import IrcSettings
from .wire import Message, folding, render

#: what we can make use of
WANTED = frozenset({"account-tag", "chghost"})
#: what stands between our nick and our host
USER = "fmn"
#: how often ``_`` is put behind a nick that is taken
MOST_NICKS = 5
#: bytes of one line of SASL
_CHUNK = 400
#: what a server says instead of a welcome
_UNWELCOME = frozenset({"432", "463", "464", "465"})
_SASL_REFUSED = frozenset({"902", "904", "905", "906", "908"})
_TAKEN = frozenset({"433", "436", "437"})


class Refused(OSError):  # noqa: N818 - it is what has happened to us
    """The server does not have us, and says why."""


class Registration:
    """From the first line that we say until the server has welcomed us.

    :ivar nick: ours, as the server has it
    :ivar capabilities: that are in force
    :ivar fold: makes spellings of one nick or channel the same
    :ivar done: we are welcome, and know what the server is like
    """

    def __init__(self, options: IrcSettings) -> None:
        self._options = options
        self._mechanism = options.mechanism
        self._offered: dict[str, str] = {}
        self._logged_in = not self._mechanism
        self._tails = 0
        self.nick = options.nick
        self.capabilities: frozenset[str] = frozenset()
        self.fold = folding("rfc1459")
        self.done = False

    def opening(self) -> list[bytes]:
        """Return what we say first."""
        password = self._options.password.get_secret_value()
        return [
            render("CAP", "LS", "302"),
            *([render("PASS", password)] if password else []),
            render("NICK", self.nick),
            render("USER", USER, "0", "*", "FMN notifications"),
        ]

    def hear(self, message: Message) -> Iterable[bytes]:
        """Return what we say to that.

        :raises Refused: the server does not have us, or not as who we are
        """
        if message.command in _UNWELCOME:
            raise Refused(f"{one_line(message.param(-1))} ({message.command})")
        if message.command in _SASL_REFUSED:
            raise Refused(f"SASL refused: {one_line(message.param(-1))} ({message.command})")
        if message.command in _TAKEN:
            return self._next_nick()
        heard = {
            "CAP": self._capability,
            "AUTHENTICATE": self._credentials,
            "903": self._login,
            "907": self._login,
            "001": self._welcome,
            "005": self._features,
            "376": self._ready,
            "422": self._ready,
        }.get(message.command)
        return heard(message) if heard else ()

    def _next_nick(self) -> list[bytes]:
        self._tails += 1
        if self._tails > MOST_NICKS:
            raise Refused(f"nick {self._options.nick!r} is taken")
        self.nick = self._options.nick + "_" * self._tails
        return [render("NICK", self.nick)]

    def _capability(self, message: Message) -> list[bytes]:
        what, names = message.param(1).upper(), message.param(-1).split()
        if what == "LS":
            self._offered |= {name: value for name, _, value in (one.partition("=") for one in names)}
            return [] if message.param(2) == "*" else self._request()
        if what == "ACK":
            self.capabilities |= frozenset(names)
            if "sasl" in names:
                return [render("AUTHENTICATE", self._mechanism)]
        if what == "NAK" and self._mechanism:
            raise Refused("SASL refused: the server offers it, but not to us")
        return [render("CAP", "END")] if what in {"ACK", "NAK"} else []

    def _request(self) -> list[bytes]:
        wanted = sorted(WANTED & self._offered.keys())
        if self._mechanism:
            kinds = self._offered.get("sasl")
            if kinds is None or (kinds and self._mechanism not in kinds.upper().split(",")):
                raise Refused(f"SASL refused: the server does not offer {self._mechanism}")
            wanted.append("sasl")
        return [render("CAP", "REQ", " ".join(wanted)) if wanted else render("CAP", "END")]

    def _credentials(self, message: Message) -> list[bytes]:
        if message.param(0) != "+":
            return []
        account, password = self._options.login, self._options.sasl_password.get_secret_value()
        secret = "\0".join((account, account, password)) if self._mechanism == "PLAIN" else account
        text = base64.b64encode(secret.encode()).decode("ascii")
        chunks = [text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)]
        if len(chunks[-1]) == _CHUNK:
            chunks.append("+")
        return [render("AUTHENTICATE", chunk) for chunk in chunks]

    def _login(self, _: Message) -> list[bytes]:
        self._logged_in = True
        return [render("CAP", "END")]

    def _welcome(self, message: Message) -> list[bytes]:
        if not self._logged_in:
            raise Refused("SASL refused: the server knows nothing of it")
        self.nick = message.param(0) or self.nick
        return []

    def _features(self, message: Message) -> list[bytes]:
        for feature in message.params:
            name, _, value = feature.partition("=")
            if name == "CASEMAPPING":
                self.fold = folding(value)
        return []

    def _ready(self, _: Message) -> list[bytes]:
        self.done = True
        return []
