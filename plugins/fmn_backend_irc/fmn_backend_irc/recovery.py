"""Logging in with services after the welcome, and getting our nick back from whoever has it. Called by the reader."""

from __future__ import annotations

import re
from collections.abc import Callable

from .client import IrcClient
from .settings import IrcSettings
from .wire import Message

#: seconds between attempts to get our nick back
AGAIN = 60.0
#: answers of services to one attempt, after each of which the nick may be free
_MOST_ANSWERS = 4
#: what is heard by one who is put out for a nick
_PUT_OUT = re.compile(r"ghost|recover|regain|release", re.IGNORECASE)


class Recovery:
    """Hears everything, and says a few words to services.

    Whoever takes the nick from us the way we would is another of our processes: we leave it to them, as long as they
    are there, or the two would put out each other for ever.

    :param clock: seconds that only grow
    """

    def __init__(self, options: IrcSettings, client: IrcClient, clock: Callable[[], float]) -> None:
        self._options, self._client, self._clock = options, client, clock
        self._answers = 0
        self._tried_at = 0.0
        self._yields = False

    def hear(self, message: Message) -> None:
        """Take in what the server says."""
        if message.command == "ERROR":
            self._yields = bool(_PUT_OUT.search(message.param(-1)))
        elif message.command in {"376", "422"}:
            self._log_in()
        elif self._client.fold(self._client.nick) == self._client.fold(self._options.nick):
            self._answers = 0
        elif self._is_free(message) or self._clock() > self._tried_at + AGAIN:
            self._take()

    def _log_in(self) -> None:
        options, secret = self._options, self._options.nickserv_password.get_secret_value()
        if secret:
            self._client.tell_now("PRIVMSG", options.services, f"IDENTIFY {options.login} {secret}")
        has_account = bool(secret or options.mechanism)
        if self._client.nick != options.nick and has_account and not self._yields:
            self._client.tell_now("PRIVMSG", options.services, f"{options.recovery} {options.nick}")
            self._answers = _MOST_ANSWERS
        self._tried_at = self._clock()

    def _is_free(self, message: Message) -> bool:
        """Tell whether our nick may be free now: its owner goes, or services have done something."""
        if message.command in {"QUIT", "NICK"}:
            return self._client.fold(message.nick) == self._client.fold(self._options.nick)
        if message.command == "NOTICE" and self._client.fold(message.nick) == self._client.fold(
            self._options.services_nick
        ):
            self._answers -= 1
            return self._answers >= 0
        return False

    def _take(self) -> None:
        self._tried_at = self._clock()
        self._client.tell_now("NICK", self._options.nick)
