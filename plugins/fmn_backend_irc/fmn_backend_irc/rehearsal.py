"""The far end of a demo: an IRC server of our own on this machine, and people on it who write down what they read."""

from __future__ import annotations

import logging
import re
import select
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from irc.server import IRCClient, IRCServer

from fmn_core import Arrival, Notification, Rehearsal, one_line

HOST = "127.0.0.1"
#: everything goes to its user and into this channel, where anybody with an IRC client can read along
CHANNEL = "#fmn"
#: nick of the one who sits in the channel
WATCHER = "watcher"
#: nick of the one who knows accounts
SERVICES = "NickServ"
LOG = "irc.log"
#: lines a second that this server takes without calling it a flood
RATE = 1000

#: every line arrives singly, and services are ours
NO_LIMITS = {"overflow_lines": 0, "identification": "acc"}

_ASKED = re.compile(r"ACC (?P<nick>\S+)")
_SAID = re.compile(r":(?P<nick>[^ !]+)\S* (?:PRIVMSG|NOTICE) (?P<target>\S+) :?(?P<text>.*)")


class IrcRehearsal(Rehearsal):
    """A server on a free port.

    :param folder: where ``irc.log`` is written
    """

    def __init__(self, folder: Path) -> None:
        logging.getLogger("irc.server").setLevel(logging.CRITICAL)  # it warns of every command that it does not know
        self._server = IRCServer((HOST, 0), Visitor)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        port = self._server.server_address[1]
        self.title = f"IRC server {HOST}:{port}, channel {CHANNEL}"
        self.settings = {"irc": {"host": HOST, "port": port, "rate": RATE, "burst": RATE, **NO_LIMITS}}
        self._log = folder / LOG
        self._log.touch()
        self._lock = threading.Lock()
        self._arrived: list[Arrival] = []
        self._readers = [Reader(port, WATCHER, self, CHANNEL), Services(port, SERVICES, self)]

    def addresses(self, user: str) -> Sequence[str]:
        """See :meth:`fmn_core.Rehearsal.addresses`."""
        self._readers.append(Reader(self._server.server_address[1], user, self))
        return [user, CHANNEL]

    def arrived(self) -> Sequence[Arrival]:
        """See :meth:`fmn_core.Rehearsal.arrived`."""
        with self._lock:
            return list(self._arrived)

    def mark(self, notification: Notification) -> str:
        """See :meth:`fmn_core.Rehearsal.mark`: a line has no room for an id."""
        return one_line(notification.facts.summary)

    def close(self) -> None:
        """See :meth:`fmn_core.Rehearsal.close`."""
        for reader in self._readers:
            reader.close()
        self._server.shutdown()
        self._server.server_close()

    def read(self, nick: str, target: str, text: str) -> None:
        """Write down a line that somebody read."""
        with self._lock, self._log.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {target} <{nick}> {text}\n")
            self._arrived.append(Arrival(target, text))


class Visitor(IRCClient):  # type: ignore[misc] # the library has no types
    """The server's side of a connection. The library's own never sleeps while it waits; this one does."""

    def _handle_one(self) -> None:
        ready, _, _ = select.select([self.request], [], [], 0.02)
        while self.send_queue:
            self._send(self.send_queue.pop(0))
        if ready:
            self._handle_incoming()


class Reader:
    """Somebody on the server, present before this returns.

    :param nick: by which they are known
    :param channel: which they join, where they only listen
    """

    def __init__(self, port: int, nick: str, rehearsal: IrcRehearsal, channel: str = "") -> None:
        self._rehearsal = rehearsal
        self._socket = socket.create_connection((HOST, port), timeout=5)
        self._say(f"NICK {nick}", f"USER {nick} 0 * :{nick}", *([f"JOIN {channel}"] if channel else []))
        lines = self._lines()
        welcome = " 366 " if channel else " 376 "  # end of the list of names, end of the greeting
        next((line for line in lines if welcome in line), None)
        self._socket.settimeout(None)
        threading.Thread(target=self._listen, args=(lines,), daemon=True).start()

    def close(self) -> None:
        """Leave."""
        with suppress(OSError):  # the server was faster
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _say(self, *lines: str) -> None:
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def _lines(self) -> Iterator[str]:
        rest = b""
        while data := self._socket.recv(4096):
            *whole, rest = (rest + data).split(b"\r\n")
            yield from (line.decode("utf-8", "replace") for line in whole)

    def _listen(self, lines: Iterator[str]) -> None:
        with suppress(OSError):  # the server is gone, and so is what there was to read
            self._write_down(lines)

    def _write_down(self, lines: Iterator[str]) -> None:
        for line in lines:
            if said := _SAID.match(line):
                self._rehearsal.read(said["nick"], said["target"], said["text"])


class Services(Reader):
    """Services that take everybody on this server for who they say they are, so that commands can be tried."""

    def _write_down(self, lines: Iterator[str]) -> None:
        for line in lines:
            said = _SAID.match(line)
            asked = _ASKED.fullmatch(said["text"]) if said else None
            if said and asked:
                self._say(f"NOTICE {said['nick']} :{asked['nick']} ACC 3")
