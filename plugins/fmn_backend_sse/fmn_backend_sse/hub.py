"""All open streams of a server, and the one reader that finds out who has news.

News only say whose events to read; each such user is read once, for all their clients. A client that comes back is read
for by itself until it has caught up, and meanwhile is told only that there is more: so nothing is missed or repeated,
and no queue can grow.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from .carrier import CarrierAway, Event, EventCarrier, Window
from .client import Client
from .figures import Figures
from .frames import event_frame

log = logging.getLogger(__name__)

#: events of a user read at once
BATCH = 100
#: behind this position there are none
NO_EVENTS = 10**17
#: users read at once
ABREAST = 200
#: seconds to wait for news before looking whether we shall end
WAIT = 0.5
#: seconds in which news gather, so that a burst of them is read at once
GATHER = 0.02
#: seconds until the carrier is tried again
PAUSE = 1.0
#: clients that get a heartbeat before others have their turn
BREATH = 250


class Hub:
    """Follows the carrier for all clients.

    :param heartbeat: seconds between signs of life
    :param buffer: bytes that may wait for a client
    """

    def __init__(self, carrier: EventCarrier, figures: Figures, heartbeat: float, buffer: int) -> None:
        self._carrier, self._figures, self._heartbeat, self._buffer = carrier, figures, heartbeat, buffer
        self._clients: dict[str, set[Client]] = {}
        self._position = 0
        self._ending = False
        self.reachable = asyncio.Event()

    @property
    def clients(self) -> int:
        """How many streams are open."""
        return sum(map(len, self._clients.values()))

    @property
    def users(self) -> int:
        """How many users have a stream open."""
        return len(self._clients)

    def join(self, client: Client) -> None:
        """Count a client among the open streams, until it leaves."""
        self._clients.setdefault(client.user, set()).add(client)

    def leave(self, client: Client) -> None:
        """Forget a client whose connection is gone."""
        some = self._clients.get(client.user, set())
        some.discard(client)
        if not some:
            self._clients.pop(client.user, None)

    def end(self, client: Client, reason: str) -> None:
        """End a stream in good order, and count why."""
        self._figures.count("ended_total", reason)
        log.info("a stream of %s ends: %s", client.user, reason)
        client.end()

    def drop_slow(self, client: Client) -> None:
        """Cut a stream whose client does not take what it gets: it comes back and gets it again."""
        self._figures.count("ended_total", "slow")
        log.info("a stream of %s is cut: its client takes too little", client.user)
        client.drop()

    async def read(self, positions: dict[str, int]) -> dict[str, Window]:
        """Look at some users.

        :raises CarrierAway: if that cannot be done now
        """
        return await asyncio.to_thread(self._carrier.read, positions, BATCH)

    async def close(self, patience: float) -> None:
        """End all streams in good order, and the reader.

        :param patience: seconds after which streams that still wait for their clients are cut
        """
        self._ending = True
        self.reachable.set()  # for those who wait for it
        for client in self._everyone():
            self.end(client, "shutdown")
        until = asyncio.get_running_loop().time() + patience
        while self._clients and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.02)
        for client in self._everyone():
            client.drop()
        await asyncio.sleep(0)  # connections tell that they are gone

    async def start(self) -> None:
        """Begin with what comes from now on.

        :raises CarrierAway: if the carrier cannot be used
        """
        self._position = await asyncio.to_thread(self._carrier.last)
        self.reachable.set()

    async def follow(self) -> None:
        """Serve those who have news, until :meth:`close`."""
        while not self._ending:
            try:
                await self._follow_on()
            except CarrierAway as error:
                self._note_trouble(error)
                await asyncio.sleep(PAUSE)

    async def beat(self) -> None:
        """Show life to all clients, for ever."""
        while True:
            await asyncio.sleep(self._heartbeat)
            everyone = self._everyone()
            while some := list(islice(everyone, BREATH)):
                for client in some:
                    self._beat_for(client)
                await asyncio.sleep(0)

    async def _follow_on(self) -> None:
        if self.reachable.is_set():
            position, users = await asyncio.to_thread(self._carrier.news, self._position, WAIT)
        else:  # news may be lost: look for everybody
            position, users = await asyncio.to_thread(self._carrier.last), None
        await self._serve(self._clients if users is None else [user for user in users if user in self._clients])
        self._position = position
        if not self.reachable.is_set():
            self.reachable.set()
            log.info("%s can be used again", self._carrier.place)
        await asyncio.sleep(GATHER)

    def _note_trouble(self, error: CarrierAway) -> None:
        self._figures.count("carrier_failures_total")
        if self.reachable.is_set():
            self.reachable.clear()
            log.warning("streams stay open, but get nothing for now: %s", error)

    async def _serve(self, users: Iterable[str]) -> None:
        left = list(users)
        for user in left:
            for client in self._clients.get(user, ()):
                client.behind = True
        while left:
            now, left = left[:ABREAST], left[ABREAST:]
            left += await self._serve_some({user: at for user in now if (at := self._behind(user)) is not None})

    def _behind(self, user: str) -> int | None:
        return min((client.position or 0 for client in self._clients.get(user, ()) if client.live), default=None)

    async def _serve_some(self, positions: dict[str, int]) -> list[str]:
        """Serve users, and return those who have still more."""
        windows = await self.read(positions) if positions else {}
        for user, window in windows.items():
            self._push(user, window)
        return [user for user, window in windows.items() if len(window.events) == BATCH]

    def _push(self, user: str, window: Window) -> None:
        frames = [event_frame(user, event) for event in window.events]
        for client in [one for one in self._clients.get(user, ()) if one.live and not one.over]:
            if client.generation != window.generation:
                self.end(client, "revoked")
            elif client.waiting > self._buffer:
                self.drop_slow(client)
            else:
                self._push_to(client, window.events, frames)

    def _push_to(self, client: Client, events: Sequence[Event], frames: Sequence[bytes]) -> None:
        wanted = [frame for event, frame in zip(events, frames, strict=True) if client.wants(event)]
        if wanted:
            client.write(b"".join(wanted))
            self._figures.count("events_sent_total", by=len(wanted))
        if events:
            client.position = max(client.position or 0, events[-1].id)

    def _beat_for(self, client: Client) -> None:
        if client.live and client.takes_nothing():
            self.drop_slow(client)
        else:
            client.show_life(self._position)

    def _everyone(self) -> Iterator[Client]:
        return iter([client for some in self._clients.values() for client in some])
