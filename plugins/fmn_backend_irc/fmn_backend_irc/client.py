"""Keeps a connection to the IRC server: opens it, and opens it again when it is lost. Says lines for any thread."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from contextlib import closing

from fmn_core import BackendAway, TokenBucket

from .connection import Connection
from .outage import Outage
from .session import Session
from .settings import IrcSettings
from .wire import Message, parse

log = logging.getLogger(__name__)

#: seconds that leaving may take
_LEAVING = 5.0

#: what ears hear when a connection is lost, which no server says
LOST = Message("LOST")
#: is told everything that the server says, by the thread that reads
Ear = Callable[[Message], None]


class IrcClient:
    """Owns the thread that connects and reads. All state is guarded by one lock, which nobody holds while they wait.

    :param clock: seconds that only grow
    """

    def __init__(self, options: IrcSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._options, self._clock = options, clock
        self._outage = Outage(options, random.Random())  # noqa: S311 - it moves pauses
        self._bucket = TokenBucket(options.rate, options.burst, clock)
        self._state = threading.Condition()
        self._closing = threading.Event()
        self._ears: list[Ear] = []
        self._session: Session | None = None
        self._trouble = ""
        self._next_try = 0.0
        self._thread = threading.Thread(target=self._keep, name="fmn-irc", daemon=True)

    def start(self, *ears: Ear) -> None:
        """Connect in the background, and stay connected. A second call changes nothing.

        :param ears: hear everything from the beginning
        """
        with self._state:
            if self._thread.ident is None and not self._closing.is_set():
                self._ears += ears
                self._thread.start()

    @property
    def nick(self) -> str:
        """Ours at the moment."""
        session = self._session
        return session.nick if session else self._options.nick

    @property
    def capabilities(self) -> frozenset[str]:
        """What the server does for us; nothing while there is none."""
        session = self._session
        return session.capabilities if session else frozenset()

    def fold(self, name: str) -> str:
        """Return a nick or channel as the server compares it."""
        session = self._session
        return session.fold(name) if session else name.lower()

    def wait(self) -> None:
        """Return once there is a connection.

        :raises BackendAway: if there is none
        """
        with self._state:
            self._ready()

    def room(self, target: str) -> int:
        """Return the bytes of text that reach a target in one line, once there is a connection.

        :raises BackendAway: if there is none
        """
        with self._state:
            return self._ready().room(target)

    def say(self, target: str, text: str) -> None:
        """Say a line, and return when the server has taken it.

        :param target: a nick, or a channel that is joined where it has to be
        :raises RetryDelivery: the target cannot get it now
        :raises BackendAway: the server cannot; the line may have gone through
        :raises DropDelivery: the server does not allow it
        """
        with self._state:
            self._ready()  # before taking a place in the line, so that nothing waits for a server that is away
        self._closing.wait(self._bucket.take())
        with self._state:
            session = self._ready()
            line = session.say(target, text)
            if not self._state.wait_for(lambda: line.done, self._options.timeout):
                session.lose("it does not answer")
        if line.failure:
            raise line.failure

    def tell(self, *words: str) -> bool:
        """Say something in its turn; return whether we were connected then."""
        self._closing.wait(self._bucket.take())
        return self.tell_now(*words)

    def tell_now(self, *words: str) -> bool:
        """Say something out of turn: it is short, and happens seldom. Return whether we were connected."""
        with self._state:
            session = self._session
            if session and session.ready:
                session.send(*words)
            return session is not None and session.ready

    def rest(self, seconds: float) -> None:
        """Wait, but not longer than until we leave."""
        self._closing.wait(seconds)

    def close(self) -> None:
        """Leave."""
        self.tell_now("QUIT", "bye")
        self._closing.set()
        with self._state:
            if self._session:
                self._session.lose("we leave")
            self._state.notify_all()
        if self._thread.ident is not None:
            self._thread.join(_LEAVING)

    def _ready(self) -> Session:
        """Return the session once it can be used: wait for one that is being opened, but not for the next attempt."""
        settled = self._state.wait_for(lambda: self._usable or self._away, self._options.timeout)
        if self._session and self._usable:
            return self._session
        if self._closing.is_set():
            raise BackendAway(f"the connection to {self._options.server} is closed")
        wait = self._next_try - self._clock()
        trouble = self._trouble if settled else "it does not welcome us"
        reason = f"{self._options.server} cannot be used: {trouble}"
        raise BackendAway(reason, after=wait if wait > 0 else None, told=True)

    @property
    def _usable(self) -> bool:
        return self._session is not None and self._session.ready

    @property
    def _away(self) -> bool:
        return self._closing.is_set() or (self._session is None and bool(self._trouble))

    def _keep(self) -> None:
        while not self._closing.is_set():
            trouble = self._attempt()
            if self._closing.is_set():
                return
            with self._state:
                session, now = self._session, self._clock()
                wait = self._outage.goes_on(trouble, now - session.opened_at if session and session.welcome else 0.0)
                self._next_try = now + wait
                # where the next attempt comes at once, deliveries wait for it as they do for the first
                self._trouble, self._session = trouble if wait else "", None
                self._state.notify_all()
            self._closing.wait(wait)

    def _attempt(self) -> str:
        """Be connected, as long as it lasts; return what ended it."""
        try:
            connection = Connection(self._options)
        except (OSError, ValueError) as error:  # ValueError: a host that cannot be a name
            return str(error)
        with closing(connection):
            return self._read(connection)

    def _read(self, connection: Connection) -> str:
        session, trouble = Session(self._options, connection, self._clock), ""
        with self._state:
            self._session = session
            session.open()
        try:
            for raw in connection.lines():
                self._take_in(session, parse(raw))
        except OSError as error:
            trouble = str(error)
        except Exception as error:
            log.exception("%s says what cannot be understood", self._options.server)
            trouble = repr(error)
        with self._state:
            session.lose(trouble)
        self._spread(LOST)
        return session.trouble

    def _take_in(self, session: Session, message: Message | None) -> None:
        with self._state:
            before = session.ready
            if message:
                session.hear(message)
            session.watch()
            welcome = session.ready and not before
            if welcome:
                self._trouble = ""
                self._outage.over()
            self._state.notify_all()
        if welcome:
            log.info("connected to %s as %s", self._options.server, session.nick)
        if message:
            self._spread(message)

    def _spread(self, message: Message) -> None:
        for ear in self._ears:
            ear(message)


def try_out(options: IrcSettings, clock: Callable[[], float] = time.monotonic) -> str:
    """Connect once and leave again; return the nick that we had.

    :raises FmnError: if there is no connection, or no welcome
    """
    client = IrcClient(options, clock)
    client.start()
    try:
        client.wait()
        return client.nick
    finally:
        client.close()
