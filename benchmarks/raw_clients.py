"""Thousands of clients of event streams as raw sockets, in a process of their own."""

from __future__ import annotations

import multiprocessing
import resource
import selectors
import socket
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

#: what a browser sends beside the path
HEADERS = (
    "Connection: keep-alive\r\nAccept: text/event-stream\r\nCache-Control: no-cache\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 "
    "Safari/537.36\r\n"
    'sec-ch-ua: "Chromium";v="130", "Not?A_Brand";v="99"\r\nsec-ch-ua-mobile: ?0\r\nsec-ch-ua-platform: "Linux"\r\n'
    "Origin: https://notifications.example.org\r\nSec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\n"
    "Sec-Fetch-Dest: empty\r\nReferer: https://notifications.example.org/\r\nAccept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
)
#: connections that may be on their way at once
ABREAST = 200
#: seconds after which something is wrong
PATIENCE = 120.0


def allow_many_files() -> None:
    """Each connection is an open file."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Clients:
    """Commands for the process that holds the clients."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_hold, args=(theirs,), daemon=True)
        self._process.start()

    def open(self, urls: Sequence[str], greeting: bytes) -> float:
        """Open a stream for each URL, and return the seconds until the last one has its greeting."""
        return self._ask("open", list(urls), greeting)

    def expect(self, mark: bytes) -> None:
        """Begin to wait until each client has got something that holds a mark."""
        self._ours.send(("expect", mark))
        self._ours.recv()

    def arrived(self) -> float:
        """Return the moment at which the last client had it, on the clock that all processes share."""
        return self._ask("arrived")

    def close(self) -> None:
        """End the process, and the connections with it."""
        self._process.kill()
        self._process.join()

    def _ask(self, *command: object) -> float:
        self._ours.send(command)
        answer = self._ours.recv()
        if isinstance(answer, str):
            raise SystemExit(answer)
        return float(answer)


class _Holder:
    def __init__(self) -> None:
        self.selector = selectors.EpollSelector()
        self.heard: dict[socket.socket, bytes] = {}

    def open(self, urls: Sequence[str], greeting: bytes) -> float:
        began = time.monotonic()
        for start in range(0, len(urls), ABREAST):
            fresh = [_connected(url) for url in urls[start : start + ABREAST]]
            for client in fresh:
                self.selector.register(client, selectors.EVENT_READ)
                self.heard[client] = b""
            self.until(greeting, set(fresh))
        return time.monotonic() - began

    def until(self, mark: bytes, missing: set[socket.socket]) -> float:
        deadline = time.monotonic() + PATIENCE
        while missing:
            for key, _ in self.selector.select(1.0):
                client = key.fileobj
                assert isinstance(client, socket.socket)
                data = client.recv(65_536)
                if not data:
                    raise EOFError("the server ended a stream")
                self.heard[client] = self.heard[client][-200:] + data
                if mark in self.heard[client]:
                    missing.discard(client)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(missing)} clients got nothing")
        return time.monotonic()


def _connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    client = socket.create_connection((parts.hostname or "", parts.port or 0))
    client.sendall(f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n{HEADERS}\r\n".encode())
    return client


def _hold(commands: Connection) -> None:
    allow_many_files()
    holder = _Holder()
    mark = b""
    while True:
        command, *arguments = commands.recv()
        try:
            if command == "open":
                commands.send(holder.open(*arguments))
            elif command == "expect":
                (mark,) = arguments
                commands.send(0.0)
            else:
                commands.send(holder.until(mark, set(holder.heard)))
        except (OSError, EOFError) as error:
            commands.send(f"clients: {error!r}")
