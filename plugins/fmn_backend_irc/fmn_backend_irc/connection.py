"""A socket that carries lines, encrypted or not. One thread reads; any may write, or close it."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress

from .settings import IrcSettings

#: seconds of silence after which the reader gets to look at the clock
TICK = 1.0
#: bytes without the end of a line that are no line any more: with tags, the longest has less than 9,000
_LONGEST = 65_536
_READ = 16_384
_LATER = (BlockingIOError, ssl.SSLWantReadError)


class Connection:
    """Connected once it is made.

    :raises OSError: if there is no connection, or one that is not to be trusted
    """

    def __init__(self, options: IrcSettings) -> None:
        self._timeout = options.timeout
        self._lock = threading.Lock()  # OpenSSL does not bear one thread that reads while another writes
        plain = socket.create_connection(options.address, self._timeout)
        try:
            self._socket = _encrypted(plain, options) if options.tls else plain
        except BaseException:
            plain.close()
            raise

    def send(self, data: bytes) -> None:
        """Write.

        :raises OSError: if the connection is lost, or the far end takes nothing any more
        """
        with self._lock:
            self._socket.settimeout(self._timeout)
            self._socket.sendall(data)

    def lines(self) -> Iterator[bytes]:
        """Read line by line until the connection ends, with an empty line now and then while nothing comes.

        :raises OSError: if it ends badly
        """
        rest = b""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        while True:
            data = self._read() if self._buffered() or poll.poll(TICK * 1000) else b""
            if data is None:
                return
            if not data:
                yield b""
            *whole, rest = (rest + data).split(b"\n")
            yield from whole
            if len(rest) > _LONGEST:
                raise OSError("it sends a line without an end")

    def _buffered(self) -> bool:
        return isinstance(self._socket, ssl.SSLSocket) and self._socket.pending() > 0

    def _read(self) -> bytes | None:
        """Return what has come, all of it; None at the end."""
        data = b""
        with self._lock:
            self._socket.setblocking(False)
            try:
                while len(data) < _LONGEST and (more := self._socket.recv(_READ)):
                    data += more
            except _LATER:
                return data
        return data or None

    def shut(self) -> None:
        """End it, so that the reader finds the end."""
        with suppress(OSError):  # the far end was faster
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the socket. For the reader, once it has ended."""
        self._socket.close()


def _encrypted(plain: socket.socket, options: IrcSettings) -> socket.socket:
    context = ssl.create_default_context(cafile=options.ca_file)
    if options.cert_file:
        context.load_cert_chain(options.cert_file, options.key_file)
    return context.wrap_socket(plain, server_hostname=options.host)
