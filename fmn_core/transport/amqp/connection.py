"""Link: one connection to a broker, driven by the thread that uses it. Floor F2.

There is no thread that does the input and output: whoever waits for something drives the connection meanwhile, so that
no message changes hands between threads. While its owner is busy with something else, a keeper drives it now and
then, so that the broker hears a heartbeat however slow a rule is.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pika
from pika.adapters.select_connection import IOLoop, SelectConnection

from fmn_core.errors import TransportError

from .refusals import Refused, in_words

log = logging.getLogger(__name__)

#: seconds that a broker may take to answer
PATIENCE = 30.0
#: seconds between two turns of the keeper, at most; and how many turns there are in the time between two heartbeats
KEEP_EVERY, TURNS_A_HEARTBEAT = 5.0, 4
#: seconds that the broker and we may hear nothing of each other, where the URL does not say
HEARTBEAT = 60


class _Gathering(SelectConnection):  # type: ignore[misc]  # pika has no types
    """Sends what was written meanwhile in one go: pika sends each frame by itself, three for a message.

    How data is emitted is what pika leaves to its adapters; with this, a broker takes half as many messages again.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._gathered: list[bytes] = []
        super().__init__(*arguments, **options)

    def _adapter_emit_data(self, data: bytes) -> None:
        self._gathered.append(data)

    def flush(self) -> None:
        """Hand what was gathered to the socket."""
        if self._gathered:
            super()._adapter_emit_data(b"".join(self._gathered))
            self._gathered.clear()


class Link:
    """An open connection. It belongs to one thread at a time, but for the keeper, which waits its turn.

    :param parameters: of the connection, see :func:`fmn_core.transport.amqp.access.parameters`
    :param patience: seconds that the broker may take to answer
    :raises TransportError: if there is no broker, or it refuses us
    """

    def __init__(self, parameters: pika.ConnectionParameters, patience: float = PATIENCE) -> None:
        self.place = f"{parameters.host}:{parameters.port}"
        self._patience = patience
        #: what the owner holds while it uses a channel, so that the keeper does not
        self.lock = threading.RLock()
        self._failure: TransportError | None = None
        self._ended = threading.Event()
        #: why the broker takes no messages now, if it said so
        self.blocked: str | None = None
        self._loop = IOLoop()
        self._loop.activate_poller()
        self._connection = _Gathering(
            parameters,
            on_open_error_callback=lambda connection, error: self._lost(error),
            on_close_callback=lambda connection, error: self._lost(error),
            custom_ioloop=self._loop,
        )
        self._connection.add_on_connection_blocked_callback(self._block)
        self._connection.add_on_connection_unblocked_callback(self._unblock)
        try:
            self.wait(lambda: self._connection.is_open, "opens no connection")
        except TransportError:
            self._release()
            raise
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._keeper.start()

    def _lost(self, error: BaseException) -> None:
        self._failure = TransportError(f"broker {self.place}: {in_words(error)}")

    def _block(self, connection: Any, frame: Any) -> None:
        self.blocked = str(frame.method.reason)
        log.warning("broker %s takes no messages until its alarm is over: %s", self.place, self.blocked)

    def _unblock(self, connection: Any, frame: Any) -> None:
        self.blocked = None
        log.warning("broker %s takes messages again", self.place)

    def turn(self, seconds: float = 0.0) -> None:
        """Read and write what can be, and wait for more at most so long.

        :raises TransportError: if the connection is lost
        """
        with self.lock:
            self.check()
            timer = self._loop.call_later(seconds, _nothing)
            try:
                self._connection.flush()
                self._loop.poll()
                self._loop.process_timeouts()
                self._connection.flush()
            finally:
                self._loop.remove_timeout(timer)
            self.check()

    def check(self) -> None:
        """Make sure that it is open.

        :raises TransportError: if it is lost
        """
        if self._failure:
            raise self._failure

    def wait(self, condition: Callable[[], Any], otherwise: str) -> None:
        """Drive the connection until something holds.

        :param otherwise: what the broker then does not do, for the error
        :raises TransportError: if the connection is lost, or nothing happens for too long though there is no alarm
        """
        deadline = time.monotonic() + self._patience
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                raise TransportError(f"broker {self.place} {otherwise} within {self._patience:.0f} s")
            self.turn(left)
            if self.blocked:
                deadline = time.monotonic() + self._patience  # it said why, and will say when it is over

    def channel(self) -> Channel:
        """Open a channel."""
        with self.lock:
            self.check()
            channel = Channel(self, self._connection)
            self.wait(lambda: channel.answered, "opens no channel")
            return channel

    def _keep(self) -> None:
        heartbeat = self._connection.params.heartbeat or HEARTBEAT
        pause = min(KEEP_EVERY, heartbeat / TURNS_A_HEARTBEAT)
        while not self._ended.wait(pause) and self._failure is None:
            if self.lock.acquire(blocking=False):
                try:
                    self.turn()
                except TransportError:
                    return  # the owner will hear of it when it comes back
                finally:
                    self.lock.release()

    def close(self) -> None:
        """End the connection; a broker that does not answer is not waited for long, one with an alarm not at all."""
        with self.lock:
            if self._failure is None and not self._ended.is_set() and not self.blocked:
                self._connection.close()
                with contextlib.suppress(TransportError):
                    self.wait(lambda: self._failure, "does not end the connection")
            self._release()

    def _release(self) -> None:
        with self.lock:
            if not self._ended.is_set():
                self._ended.set()
                self._drop()
                self._failure = self._failure or TransportError(f"broker {self.place}: the connection is closed")
                self._loop.deactivate_poller()
                self._loop.close()

    def _drop(self) -> None:
        """Close the socket of a connection that was not ended in order; pika has no public word for it."""
        if self._failure is None and self._connection._transport is not None:
            self._connection._terminate_stream(ConnectionAbortedError("closed by us"))
            with contextlib.suppress(TransportError):
                self.wait(lambda: self._failure, "is not let go")


class Channel:
    """A channel of a link. What the broker refuses closes it: the next one who uses it is told.

    :ivar raw: pika's channel, for what needs no answer
    :ivar answered: whether it is open
    """

    def __init__(self, link: Link, connection: SelectConnection) -> None:
        self._link = link
        self.answered = False
        self._refusal: TransportError | None = None
        self.raw: Any = connection.channel(on_open_callback=self._opened)
        self.raw.add_on_close_callback(self._closed)

    def _opened(self, raw: Any) -> None:
        self.answered = True

    def _closed(self, raw: Any, reason: BaseException) -> None:
        self._refusal = Refused(reason)

    def cancelled(self, frame: Any) -> None:
        """Note that the broker has ended a consumer; pika calls it where it was asked to."""
        self._refusal = TransportError(
            "the broker hands nothing out any more: a queue was deleted, or the node that has it is down"
        )

    def check(self) -> None:
        """Make sure that it is open and receives.

        :raises Refused: if the broker has closed it, with what it said
        :raises TransportError: if the broker has ended a consumer
        """
        if self._refusal:
            raise self._refusal

    def ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a method of pika's channel that the broker answers, and return the method that it answers with.

        :raises Refused: what the broker said against it; the channel is closed
        :raises TransportError: if the connection is lost
        """
        answers: list[Any] = []
        with self._link.lock:
            self._link.turn()
            self.check()
            getattr(self.raw, method)(*arguments, callback=answers.append, **options)
            self._link.wait(lambda: answers or self._refusal, f"does not answer {method}")
        self.check()
        return answers[0].method

    def close(self) -> None:
        """Close it; what was not settled goes back to its queue."""
        with self._link.lock:
            if self._refusal is None:
                self.raw.close()
                self._link.wait(lambda: self._refusal, "does not close a channel")


def _nothing() -> None:
    """Wake the loop."""
