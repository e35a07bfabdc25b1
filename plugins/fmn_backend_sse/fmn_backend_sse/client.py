"""One open stream: a position in its user's events, and what to write to."""

from __future__ import annotations

import asyncio

from .carrier import Event
from .choice import Choice
from .frames import heartbeat


class Client:
    """A client that follows its user's events.

    Bytes go to its connection at once or wait in the connection's buffer; nobody waits for a client that is live.

    :param generation: of the token that opened the stream
    :param choice: which events it wants; None for all
    :param transport: the connection
    :param chunked: whether bytes go in chunks, as HTTP/1.1 has it
    :ivar position: all its events up to here are written; None while it is not known where it begins
    :ivar live: it has caught up, and gets what comes as it comes
    :ivar behind: there is news that it may not have seen when it last looked
    :ivar ended: the stream is over, with the reason
    """

    __slots__ = (
        "_chunked", "_taken", "_transport", "_written", "behind", "choice", "ended", "generation", "live", "position",
        "user",
    )  # fmt: skip

    def __init__(
        self, user: str, generation: int, choice: Choice | None, transport: asyncio.Transport, chunked: bool
    ) -> None:
        self.user, self.generation, self.choice = user, generation, choice
        self._transport, self._chunked = transport, chunked
        self.position: int | None = None
        self.live, self.behind = False, False
        self._written = 0
        self._taken: int | None = None
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def waiting(self) -> int:
        """Bytes that the client has not taken yet."""
        return self._transport.get_write_buffer_size()

    def wants(self, event: Event) -> bool:
        """Tell whether an event is for this client, and it has not had it."""
        return event.id > (self.position or 0) and (self.choice is None or self.choice.takes(event))

    def write(self, data: bytes) -> None:
        """Write to the connection, without waiting."""
        if not self._transport.is_closing():
            self._written += len(data)
            self._transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

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

    def end(self, reason: str) -> None:
        """End the stream in good order."""
        if not self.ended.done():
            self.ended.set_result(reason)

    def drop(self, reason: str) -> None:
        """Cut the connection, with whatever waits in it."""
        self.end(reason)
        self._transport.abort()
