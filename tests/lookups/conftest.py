"""The world of the librarian: processes with one clock and one wire, a source to play with, and a Redis to cut off."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fmn_core import LookupData, LookupSource, Role, Stale
from fmn_core.librarian import Librarian
from fmn_core.live_lookups import LiveLookups
from fmn_core.model import Message
from fmn_core.shelf.base import Shelf
from fmn_core.shelf.in_files import FileShelf
from fmn_core.shelf.in_redis import RedisShelf

REFRESH = 600.0
START = 1_700_000_000.0


class Exchange:
    """What broadcasts and roles go through in these tests."""

    def __init__(self) -> None:
        self.wires: list[Wire] = []
        self.held: dict[str, Wire] = {}


class Wire:
    """One transport of an exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._inbox: dict[str, list[bytes]] = defaultdict(list)
        exchange.wires.append(self)

    def broadcast(self, topic: str, payload: bytes, /) -> None:
        for wire in self._exchange.wires:
            wire._inbox[topic].append(payload)

    def heard(self, topic: str, /) -> list[bytes]:
        return self._inbox.pop(topic, [])

    def hold(self, name: str, /) -> bool:
        return self._exchange.held.setdefault(name, self) is self

    def close(self) -> None:
        self._exchange.wires.remove(self)
        self._exchange.held = {name: one for name, one in self._exchange.held.items() if one is not self}


class Source(LookupSource):
    """Answers with whatever the test has put in, or fails; remembers what it was asked."""

    def __init__(self, name: str = "file", **maintainers: str) -> None:
        self.name = name
        self.maintainers: dict[str, str] = maintainers
        self.groups: dict[str, list[str]] = {}
        self.failure: Exception | None = None
        self.asked: list[Stale | None] = []
        self.marked, self.doubts = "", ""

    def load(self) -> LookupData:
        self.asked.append(None)
        return self._answer(frozenset(self.maintainers), frozenset(self.groups))

    def _answer(self, packages: frozenset[str], groups: frozenset[str]) -> LookupData:
        if self.failure:
            raise self.failure
        return LookupData(
            {name: {self.maintainers[name]: Role.OWNER} for name in packages if name in self.maintainers},
            {name: self.groups[name] for name in groups if name in self.groups},
        )

    def mark(self) -> str:
        return self.marked

    def doubt(self, data: LookupData, last: LookupData) -> str:
        return self.doubts


class Quick(Source):
    """Answers for single packages too."""

    stale_apps = ("pagure",)

    def stale(self, message: Message) -> Stale:
        return Stale(frozenset([message.body["package"]]))

    def reload(self, stale: Stale) -> LookupData | None:
        self.asked.append(stale)
        return self._answer(stale.packages, stale.groups)


class Process:
    """A librarian with all that a process gives it."""

    def __init__(self, world: World, *sources: LookupSource, shelf: Shelf | None = None) -> None:
        self.wire = Wire(world.exchange)
        self.lookups = LiveLookups(lambda: world.now)
        self.librarian = Librarian(
            sources, shelf or world.shelf(), self.lookups, REFRESH, lambda: world.now, random.Random(1)
        )
        self.librarian.open()

    def turn(self) -> None:
        self.librarian.turn(self.wire)

    def owner(self, package: str) -> str:
        return ",".join(sorted(self.lookups.owners(package)))


class World:
    """Time, the exchange and the folder that all processes of a test share."""

    def __init__(self, folder: Path) -> None:
        self.now = START
        self.exchange = Exchange()
        self._folder = folder

    def shelf(self) -> Shelf:
        return FileShelf(self._folder)

    def process(self, *sources: LookupSource, shelf: Shelf | None = None) -> Process:
        return Process(self, *sources, shelf=shelf)

    @staticmethod
    def source(name: str = "file", **maintainers: str) -> Source:
        return Source(name, **maintainers)

    @staticmethod
    def quick(name: str = "file", **maintainers: str) -> Quick:
        return Quick(name, **maintainers)

    def later(self, seconds: float, *processes: Process) -> None:
        self.now += seconds
        for process in processes:
            process.turn()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "lookups")


class Proxy:
    """Passes connections on to a server until it is cut; mended, it passes them on again."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._cut = False
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self._cut:
                    near.close()
                    continue
                far = socket.create_connection(self._target)
                self._open += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    @staticmethod
    def _pass(one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65_536):
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        self._cut = True
        while self._open:
            with contextlib.suppress(OSError):
                self._open[-1].shutdown(socket.SHUT_RDWR)
            self._open.pop().close()

    def mend(self) -> None:
        self._cut = False

    def close(self) -> None:
        self.cut()
        self._listener.close()


@pytest.fixture
def proxy(redis_url: str) -> Iterator[Proxy]:
    server = urlsplit(redis_url)
    made = Proxy(server.hostname or "127.0.0.1", server.port or 6379)
    yield made
    made.close()


@pytest.fixture
def shelves(proxy: Proxy, redis_url: str, redis_prefix: str) -> Iterator[Callable[[], Shelf]]:
    """Opens shelves in Redis, behind the proxy."""
    server = urlsplit(redis_url)
    account, mark, _ = server.netloc.rpartition("@")
    url = server._replace(netloc=f"{account}{mark}127.0.0.1:{proxy.port}").geturl()
    with contextlib.ExitStack() as opened:

        def open_one() -> Shelf:
            shelf = RedisShelf(url, redis_prefix)
            opened.callback(shelf.close)
            return shelf

        yield open_one
