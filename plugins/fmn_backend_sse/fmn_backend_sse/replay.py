"""A client that connects is given what it missed, at its own pace, until it has caught up with the others."""

from __future__ import annotations

import asyncio

from .carrier import CarrierAway, Window
from .client import Client
from .figures import Figures
from .frames import event_frame, greeting
from .hub import BATCH, NO_EVENTS, PAUSE, Hub
from .positions import start_of


class Replay:
    """Makes clients live.

    :param patience: seconds that a client may take nothing
    """

    def __init__(self, hub: Hub, figures: Figures, patience: float) -> None:
        self._hub, self._figures, self._patience = hub, figures, patience
        self._running: set[asyncio.Task[None]] = set()

    def start(self, client: Client, given: str, state: Window | None) -> None:
        """Write all that a client missed, and let it be live.

        :param given: where it was, as it says
        :param state: as it was before the client heard of us; None if that could not be known
        """
        task = asyncio.create_task(self._catch_up(client, given, state))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _catch_up(self, client: Client, given: str, state: Window | None) -> None:
        try:
            if await self._begin(client, given, state):
                while not client.live and await self._go_on(client):
                    pass
        except TimeoutError:
            self._hub.drop_slow(client)

    async def _begin(self, client: Client, given: str, state: Window | None) -> bool:
        state = state or await self._window(client, NO_EVENTS)
        if state is None:
            return False
        start = start_of(client.user, given, state)
        client.position = start.position
        await self._write(client, greeting(client.user, start.position, start.gap))
        if start.gap:
            self._figures.count("gaps_total")
        return True

    async def _go_on(self, client: Client) -> bool:
        client.behind = False  # before looking: what comes afterwards sets it again
        window = await self._window(client, client.position or 0)
        if window is None:
            return False
        wanted = [event_frame(client.user, event) for event in window.events if client.wants(event)]
        if wanted:
            await self._write(client, b"".join(wanted))
            self._figures.count("events_sent_total", by=len(wanted))
        if window.events:
            client.position = window.events[-1].id
        client.live = not client.behind and len(window.events) < BATCH
        return True

    async def _window(self, client: Client, position: int) -> Window | None:
        """Look at the client's events, once the carrier can be used; None if the stream is over."""
        while not client.over:
            try:
                window = (await self._hub.read({client.user: position}))[client.user]
            except CarrierAway:
                await asyncio.sleep(PAUSE)
                await self._hub.reachable.wait()
            else:
                if window.generation == client.generation:
                    return window
                self._hub.end(client, "revoked")
        return None

    async def _write(self, client: Client, data: bytes) -> None:
        client.write(data)
        async with asyncio.timeout(self._patience):
            await client.drained()
