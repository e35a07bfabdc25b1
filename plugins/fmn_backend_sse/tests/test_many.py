"""Many clients at once: each gets every event of its user exactly once, also those who come back in the midst of it."""

import asyncio
import json

import aiohttp

from fmn_backend_sse.serving import serving

CLIENTS, EVENTS = 300, 50


async def fields(response):
    """Read name and value of each line that has both."""
    async for line in response.content:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if value:
            yield name, value


class Reader:
    """Reads a stream to the end.

    :param leaves_at: after so many events it goes and comes back
    """

    def __init__(self, session, url, leaves_at):
        self.session, self.url, self.leaves_at = session, url, leaves_at
        self.got, self.last, self.opened = [], "", asyncio.Event()

    async def read(self):
        while len(self.got) < EVENTS:
            headers = {"Last-Event-ID": self.last} if self.last else {}
            async with self.session.get(self.url, headers=headers) as response:
                await self.read_once(response)
        return self.got

    async def read_once(self, response):
        async for name, value in fields(response):
            if name == "id":
                self.last = value
                self.opened.set()
            elif name == "data":
                self.got.append(json.loads(value)["summary"])
                if len(self.got) in (self.leaves_at, EVENTS):
                    return


async def everybody_reads(urls, deliver):
    timeout, connector = aiohttp.ClientTimeout(total=60), aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        readers = [Reader(session, url, 20 if number % 3 == 0 else 0) for number, url in enumerate(urls)]
        reading = [asyncio.create_task(reader.read()) for reader in readers]
        for reader in readers:
            await reader.opened.wait()
        await asyncio.to_thread(deliver)
        return await asyncio.gather(*reading)


def test_many_clients_get_each_event_exactly_once(settings, backend, url_of, to):
    users = ["joe" if number % 10 == 0 else "jane" for number in range(CLIENTS)]

    def deliver():
        for number in range(EVENTS):
            for user in "jane", "joe":
                backend.deliver(to(user, f"{user} {number}"))

    with serving(settings) as base:
        got = asyncio.run(everybody_reads([url_of(base, user) for user in users], deliver))
    assert got == [[f"{user} {number}" for number in range(EVENTS)] for user in users]
