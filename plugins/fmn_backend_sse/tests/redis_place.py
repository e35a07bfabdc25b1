"""The Redis that tests use, and a way to it that can be cut and mended."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from urllib.parse import urlsplit, urlunsplit

REDIS = os.environ.get("FMN_TEST_REDIS", "redis://127.0.0.1:6379/0")


class Proxy:
    """Carries connections to that Redis. Cut, it ends all of them and refuses new ones; its port stays its own."""

    def __init__(self) -> None:
        parts = urlsplit(REDIS)
        self._server = (parts.hostname, parts.port or 6379)
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.straight = REDIS
        self.port = 0
        self.mend()
        login, at, _ = parts.netloc.rpartition("@")
        self.url = urlunsplit(parts._replace(netloc=f"{login}{at}127.0.0.1:{self.port}"))

    def mend(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._open = [listener]
        self._start(self._accept, listener)

    def cut(self) -> None:
        ended, self._open = self._open, []
        for one in ended:
            _end(one)
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        for one in ended:
            one.close()

    def _start(self, target, *arguments) -> None:
        self._threads.append(threading.Thread(target=target, args=arguments, daemon=True))
        self._threads[-1].start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                pair = listener.accept()[0], socket.create_connection(self._server)
                self._open += pair
                if listener not in self._open:  # cut meanwhile
                    for one in pair:
                        one.close()
                    return
                self._start(_carry, *pair)
                self._start(_carry, *reversed(pair))


def _carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    _end(source)
    _end(target)


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
