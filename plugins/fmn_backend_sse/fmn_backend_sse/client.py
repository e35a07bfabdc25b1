"""One open stream: a connection, and a position in its user's events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .carrier import Event
from .choice import Choice
from .frames import heartbeat

#: ends a body that goes in chunks
LAST_CHUNK = b"0\r\n\r\n"


class Client(asyncio.Protocol):
    """A client that follows its user's events, as the protocol of its connection.

    Bytes go out at once or wait in the connection's buffer; whatever the client sends is of no interest.

    :param generation: of the token that opened the stream
    :param choice: which events it wants; None for all
    :param chunked: whether bytes go in chunks, as HTTP/1.1 has it
    :param left: called when the connection is gone
    :ivar position: all its events up to here are written; None while it is not known where it begins
    :ivar live: it has caught up, and gets what comes as it comes
    :ivar behind: there is news that it may not have seen when it last looked
    :ivar over: nothing is written any more
    """

    __slots__ = (
        "_chunked", "_drained", "_left", "_paused", "_taken", "_transport", "_written", "behind", "choice",
        "generation", "live", "over", "position", "user",
    )  # fmt: skip

    def __init__(
        self,
        user: str,
        generation: int,
        choice: Choice | None,
        transport: asyncio.Transport,
        chunked: bool,
        left: Callable[[Client], object],
    ) -> None:
        self.user, self.generation, self.choice = user, generation, choice
        self._transport, self._chunked, self._left = transport, chunked, left
        self.position: int | None = None
        self.live = self.behind = self.over = self._paused = False
        self._drained: asyncio.Future[None] | None = None
        self._written, self._taken = 0, -1

    @property
    def waiting(self) -> int:
        """Bytes that the client has not taken yet."""
        return self._transport.get_write_buffer_size()

    def wants(self, event: Event) -> bool:
        """Tell whether an event is for this client, and it has not had it."""
        return event.id > (self.position or 0) and (self.choice is None or self.choice.takes(event))

    def write(self, data: bytes) -> None:
        """Write to the connection, without waiting."""
        if not self.over:
            self._written += len(data)
            self._transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    async def drained(self) -> None:
        """Wait until the client has taken enough to write on."""
        while self._paused and not self.over:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    def takes_nothing(self) -> bool:
        """Tell whether something waits, and nothing of it was taken since this was asked before."""
        before, self._taken = self._taken, self._written - self.waiting
        return self.waiting > 0 and self._taken == before

    def show_life(self, position: int) -> None:
        """Write a sign of life.

        :param position: up to which all news are written to clients that are live
        """
        if self.live:
            self.position = max(position, self.position or 0)
        self.write(heartbeat(self.user, self.position))

    def end(self) -> None:
        """End the stream in good order, once the client has taken what waits."""
        if not self.over:
            self.over = True
            if self._chunked:
                self._transport.write(LAST_CHUNK)
            self._transport.close()
            self._go_on()

    def drop(self) -> None:
        """Cut the connection, with whatever waits in it."""
        self.over = True
        self._transport.abort()
        self._go_on()

    def pause_writing(self) -> None:
        """Hear from the connection that much waits."""
        self._paused = True

    def resume_writing(self) -> None:
        """Hear from the connection that little waits."""
        self._paused = False
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        """Hear that the connection is gone."""
        self.over = True
        self._go_on()
        self._left(self)

    def _go_on(self) -> None:
        if self._drained and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None
