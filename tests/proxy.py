"""A TCP proxy that can be cut and mended, so that a test has a server that goes away and comes back."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

CHUNK = 65_536


class Proxy:
    """Carries connections to a server, from a port of its own.

    Cut, it ends all connections at once and refuses new ones; its port stays its own, and mended it works as before.
    """

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = None
        self.port = 0
        self.mend()

    def url(self, url: str) -> str:
        """Return a URL that leads through here instead of straight to its server."""
        parts = urlsplit(url)
        login, at, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{login}{at}127.0.0.1:{self.port}"))

    def cut(self) -> None:
        """End every connection, and refuse new ones."""
        with self._lock:
            listener, self._listener = self._listener, None
            ended, self._open = self._open, set()
        for one in ([listener] if listener else []) + list(ended):
            _end(one)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def mend(self) -> None:
        """Carry connections again."""
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._start(self._accept, listener)

    close = cut

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *exception: object) -> None:
        self.cut()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._server)
            except OSError:
                _end(client)
                continue
            with self._lock:
                if self._listener is not listener:
                    _end(client)
                    _end(server)
                    return
                self._open |= {client, server}
                self._start(self._carry, client, server)
                self._start(self._carry, server, client)

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                target.sendall(data)
        with self._lock:
            self._open -= {source, target}
        _end(source)
        _end(target)


def _end(one: socket.socket) -> None:
    """Close a socket so that a thread that waits for it wakes up."""
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
