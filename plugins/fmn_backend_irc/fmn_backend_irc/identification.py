"""Whether somebody is logged in to the account of the nick they have: by the server's word, or that of services.

No answer is kept: a nick can change hands without our hearing of it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from .client import LOST, IrcClient
from .settings import IrcSettings
from .wire import Message

#: seconds for which services that did not answer are not asked again
SULK = 30.0
#: what the server does for us if it says with each line who it is from
ACCOUNT_TAG = "account-tag"

_ANSWER = re.compile(r"^(?:(?P<acc>\S+) ACC|STATUS (?P<status>\S+)) (?P<level>\d)\b")
_LOGGED_IN = "3"


@dataclass
class _Question:
    """About a nick, on its way."""

    answer: bool | None = None
    settled: bool = False


class Identification:
    """Hears everything, and asks for any thread.

    :param clock: seconds that only grow
    """

    def __init__(self, options: IrcSettings, client: IrcClient, clock: Callable[[], float]) -> None:
        self._options, self._client, self._clock = options, client, clock
        self._services = options.services_nick
        self._changed = threading.Condition()
        self._asked: dict[str, _Question] = {}
        self._spoken = ""
        self._silent_until = float("-inf")

    def of_writer(self, message: Message) -> bool:
        """Tell whether whoever wrote this is logged in; False too if nobody says so. It may take a while."""
        if self._server_knows:
            return self._is(message.nick, message.tags.get("account", ""))
        return bool(self.of_nick(message.nick))

    def of_nick(self, nick: str) -> bool | None:
        """Ask whether whoever has a nick now is logged in to its account. It may take a while.

        :returns: None if there is no answer
        """
        questions = list(self._questions(nick))
        if not questions or self._clock() < self._silent_until:
            return None
        key = self._client.fold(nick)
        with self._changed:
            question, first = self._asked.get(key), key not in self._asked
            question = question or self._asked.setdefault(key, _Question())
        if first and not all(self._client.tell(*words) for words in questions):
            self._settle([nick], None)
        with self._changed:
            answered = self._changed.wait_for(lambda: question.settled, self._options.timeout)
            if self._asked.get(key) is question:
                del self._asked[key]
        self._silent_until = float("-inf") if answered else self._clock() + SULK
        return question.answer

    def _questions(self, nick: str) -> Iterator[tuple[str, str] | tuple[str, str, str]]:
        if self._server_knows:
            yield "WHOIS", nick
            return
        way = self._options.identification
        ways = {"none": (), "auto": (self._spoken,) if self._spoken else ("acc", "status")}.get(way, (way,))
        for word in ways:
            yield "PRIVMSG", self._options.services, f"{word.upper()} {nick}"

    @property
    def _server_knows(self) -> bool:
        way = self._options.identification
        return way == ACCOUNT_TAG or (way == "auto" and ACCOUNT_TAG in self._client.capabilities)

    def hear(self, message: Message) -> None:
        """Take in what the server says."""
        if message.command == "NOTICE" and self._is_services(message):
            text = message.param(1).replace("\x02", "")
            if found := _ANSWER.search(text):
                self._spoken = "acc" if found["acc"] else "status"
                self._settle([found["acc"] or found["status"]], found["level"] == _LOGGED_IN)
        elif message.command == "330":  # RPL_WHOISACCOUNT: we, nick, account
            self._settle([message.param(1)], self._is(message.param(1), message.param(2)))
        elif message.command == "401" and self._is(message.param(1), self._services):
            self._settle(list(self._asked), None)
        elif message.command in {"318", "401"}:  # the end of what WHOIS says; nobody has the nick
            self._settle([message.param(1)], False)
        elif message.command in {"NICK", "QUIT", "PART"}:
            self._forget(message)
        elif message == LOST:
            self._settle(list(self._asked), None)

    def _is_services(self, message: Message) -> bool:
        nick, _, rest = message.source.partition("!")
        host, wanted = rest.rpartition("@")[2], self._options.services_host
        return self._is(nick, self._services) and (not wanted or host.lower() == wanted.lower())

    def _is(self, nick: str, account: str) -> bool:
        return bool(account) and self._client.fold(nick) == self._client.fold(account)

    def _settle(self, nicks: Iterable[str], answer: bool | None) -> None:
        """Settle what we asked about nicks; the first answer counts, and what nobody asked for counts for nothing."""
        with self._changed:
            for nick in nicks:
                question = self._asked.get(self._client.fold(nick))
                if question and not question.settled:
                    question.answer, question.settled = answer, True
            self._changed.notify_all()

    def _forget(self, message: Message) -> None:
        """Somebody else may have the nick soon, or has one that was free: an answer may be about either."""
        self._settle([message.nick, *([message.param(0)] if message.command == "NICK" else [])], False)
