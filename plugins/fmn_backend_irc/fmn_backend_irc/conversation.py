"""People who write to us: whom we hear, how much of it, and how they get their answers without flooding anybody."""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from fmn_core import Overflow, Reception, RetryDelivery, SlidingWindow, TokenBucket, one_line

from .client import LOST, IrcClient
from .identification import Identification
from .line import broken
from .settings import IrcSettings
from .wire import Message

log = logging.getLogger(__name__)

#: commands that are heard from one host; what is over is not
FROM_ONE = Overflow(most=5, within=10)
#: commands that are heard from everybody together
FROM_ALL = Overflow(most=20, within=10)
#: commands that may wait to be carried out
MOST_WAITING = 20
#: lines that may wait to be said to one nick; of more, the oldest are left out
MOST_LINES = 80
#: seconds that an answer in the making gets when we leave
_LEAVING = 5.0
CTCP = "\x01"
APOLOGY = "that did not work, and it is our fault; please try again later"


class Conversation:
    """Hears everything, and answers those who write to us, in a thread of its own.

    Answers are notices, because RFC 2812 forbids programs to answer those: so no two can talk for ever. For the same
    reason a command in a notice is carried out without a word. Answers have a pace of their own, half of the whole, so
    that deliveries wait for one line of them at most.

    :param clock: seconds that only grow
    """

    def __init__(
        self,
        options: IrcSettings,
        client: IrcClient,
        identification: Identification,
        reception: Reception,
        clock: Callable[[], float],
    ) -> None:
        self._client, self._identification, self._reception = client, identification, reception
        self._services = options.services_nick
        self._clock = clock
        self._pace = TokenBucket(options.rate / 2, options.burst, clock)
        self._from_all = SlidingWindow(FROM_ALL, clock)
        self._from_one: dict[str, SlidingWindow] = {}
        self._heard: queue.Queue[Message | None] = queue.Queue(MOST_WAITING)
        self._lock = threading.Lock()
        self._answers: dict[str, deque[str]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="fmn-irc-answers", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering, once the client has been closed."""
        self._ended.set()
        with suppress(queue.Full):  # then the worker has something to wake up for
            self._heard.put_nowait(None)
        self._thread.join(_LEAVING)

    def hear(self, message: Message) -> None:
        """Take in what the server says."""
        if message.command == "401" or message == LOST:
            with self._lock:  # they are gone, or we are, and somebody else may have the nick
                gone = [message.param(1)] if message.command == "401" else list(self._answers)
                for nick in gone:
                    self._answers.pop(nick, None)
        elif self._is_for_us(message) and self._bears(message.source.partition("!")[2]):
            with suppress(queue.Full):  # too much for us, and soon for the server
                self._heard.put_nowait(message)

    def _is_for_us(self, message: Message) -> bool:
        fold, text = self._client.fold, message.param(1).strip()
        return (
            message.command in {"PRIVMSG", "NOTICE"}
            and fold(message.param(0)) == fold(self._client.nick)
            and "!" in message.source  # servers have none
            and fold(message.nick) not in {fold(self._client.nick), fold(self._services)}
            and bool(one_line(text))
            and not text.startswith(("***", CTCP))
        )

    def _bears(self, host: str) -> bool:
        self._from_one = {key: window for key, window in self._from_one.items() if not window.idle}
        window = self._from_one.setdefault(host, SlidingWindow(FROM_ONE, self._clock))
        return window.passes() and self._from_all.passes()

    def _work(self) -> None:
        while not self._ended.is_set():
            try:
                message = self._heard.get(block=not self._answers)
            except queue.Empty:
                message = None
            try:
                if message:
                    self._carry_out(message)
                self._say_one()
            except RetryDelivery as error:
                log.debug("an answer is left out: %s", error)

    def _carry_out(self, message: Message) -> None:
        identified = self._identification.of_writer(message)
        silent = message.command == "NOTICE"
        if silent and not identified:
            return
        try:
            lines = self._reception.answer(message.nick if identified else None, one_line(message.param(1)))
        except Exception:
            log.exception("a command from IRC could not be carried out")
            lines = [APOLOGY]
        if lines and not silent:
            answer = broken(lines, self._client.room(message.nick))
            with self._lock:
                self._answers.setdefault(message.nick, deque(maxlen=MOST_LINES)).extend(answer)

    def _say_one(self) -> None:
        """Say one line to whoever has waited longest."""
        with self._lock:
            if not self._answers:
                return
            nick = next(iter(self._answers))
            lines = self._answers.pop(nick)
            text = lines.popleft()
            if lines:
                self._answers[nick] = lines
        self._client.rest(self._pace.take())
        self._client.tell("NOTICE", nick, text)
