"""smtplib with patience that ends: its own timeout begins anew with each byte that a slow server says."""

from __future__ import annotations

import io
import smtplib
import socket
import time
from typing import Any


class Patient(smtplib.SMTP):
    """SMTP in which each reply has to be whole within the timeout."""

    def getreply(self) -> tuple[int, bytes]:
        """Read a reply; the reader is of this session, and new after TLS has begun."""
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_Replies(self.sock, self.timeout))
        if self.file is not None:
            self.file.raw.expect()
        return super().getreply()


class PatientTls(Patient, smtplib.SMTP_SSL):
    """The same over TLS from the first byte on."""


class _Replies(io.RawIOBase):
    """What a server says; each reply has to be whole within a time, however slowly it speaks.

    :param timeout: seconds
    """

    def __init__(self, sock: socket.socket, timeout: float) -> None:
        self._sock, self._timeout = sock, timeout
        self._asked, self._in_pieces = 0.0, False

    def expect(self) -> None:
        """Begin to wait for a reply."""
        self._asked, self._in_pieces = time.monotonic(), False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._in_pieces:  # a whole reply comes at once, mostly, and needs no other timeout than the socket has
            self._in_pieces = True
            return self._sock.recv_into(buffer)
        left = self._asked + self._timeout - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        try:
            return self._sock.recv_into(buffer)
        finally:
            self._sock.settimeout(self._timeout)
