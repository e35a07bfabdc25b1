"""An IRC network: Debian's ngircd as a process, people on it, and services as far as they are needed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

from processes import PATIENCE, eventually, free_ports

_HOST = "127.0.0.1"
_PROGRAM = shutil.which("ngircd", path=os.environ.get("PATH", "") + ":/usr/sbin")
_CONFIGURATION = """
[Global]
Name = irc.example.org
Info = test
Listen = {host}
Ports = {port}
[Options]
Ident = no
PAM = no
DNS = no
[Limits]
MaxConnectionsIP = 0
MaxNickLength = 20
MaxPenaltyTime = 0
"""


def lacking() -> str:
    """Return what is missing for a network."""
    return "" if _PROGRAM else "ngircd is not installed"


class IrcServer:
    """A server; ``with`` runs it.

    :ivar port: where it listens, each time it is started
    """

    def __init__(self, folder: Path) -> None:
        self.port, self._file = free_ports(1), folder / "ngircd.conf"
        self._file.write_text(_CONFIGURATION.format(host=_HOST, port=self.port))

    def __enter__(self) -> IrcServer:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def start(self) -> None:
        """Return when it takes connections."""
        command = [str(_PROGRAM), "-n", "-f", str(self._file)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self._listens)

    def _listens(self) -> bool:
        assert self._process.poll() is None, "it has ended"
        with suppress(ConnectionRefusedError):
            socket.create_connection((_HOST, self.port)).close()
            return True
        return False

    def kill(self) -> None:
        """End it as a failure of power does."""
        self._process.kill()
        self._process.wait()


class Person:
    """Somebody on a server; ``with`` lets them leave.

    :param user: their name on their own machine; empty for the nick
    """

    def __init__(self, port: int, nick: str, channel: str = "", user: str = "") -> None:
        self._socket = socket.create_connection((_HOST, port), timeout=PATIENCE)
        self._file = self._socket.makefile("rb")
        self.say(f"NICK {nick}", f"USER {user or nick} 0 * :{nick}")
        self.read(" 376 ", " 422 ")
        if channel:
            self.say(f"JOIN {channel}")
            self.read(" 366 ")

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *error: object) -> None:
        self.leave()

    def say(self, *lines: str) -> None:
        """Say lines to the server."""
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def read(self, *any_of: str) -> str:
        """Return the next line from the server that holds one of the texts."""
        for raw in self._file:
            line = raw.decode("utf-8", "surrogateescape").rstrip("\r\n")
            if line.startswith("PING"):
                self.say("PONG" + line[4:])
            elif any(text in line for text in any_of):
                return line
        raise EOFError("the server hung up")

    def hears(self, text: str) -> list[str]:
        """Return all that is said to them or around them, up to the first line that holds a text."""
        heard: list[str] = []
        while not heard or text not in heard[-1]:
            heard.append(self.read(" PRIVMSG ", " NOTICE ").split(" ", 3)[3].removeprefix(":"))
        return heard

    def hears_the_rest(self) -> list[str]:
        """Return all that is still said to them until the server hangs up."""
        heard: list[str] = []
        with suppress(EOFError, OSError):
            while True:
                heard += self.hears("")
        return heard

    def asks(self, text: str, until: str = "") -> list[str]:
        """Write to FMN, and return its answer up to the first line that holds a text."""
        self.say(f"PRIVMSG fmn :{text}")
        return self.hears(until)

    def awaits(self, nick: str) -> None:
        """Return when somebody is there."""
        until = time.monotonic() + PATIENCE
        while True:
            self.say(f"ISON {nick}")
            if nick in self.read(" 303 ").rpartition(":")[2].split():
                return
            assert time.monotonic() < until, f"{nick} never comes"
            time.sleep(0.05)

    def quits(self) -> None:
        """Leave, and return when the server knows."""
        self.say("QUIT :bye")
        with suppress(EOFError, OSError):
            self.read("nothing that a server says")

    def leave(self) -> None:
        """Hang up."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._file.close()
        self._socket.close()


class NickServ(Person):
    """Services, which say of the nicks that they know that these are logged in.

    :param known: logged in, all others are not
    """

    def __init__(self, port: int, known: set[str]) -> None:
        super().__init__(port, "NickServ")
        self._known = known
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(EOFError, OSError, ValueError):
            while True:
                prefix, _, _, command, nick, *_ = f"{self.read(' PRIVMSG ')} ".split(" ")
                if command == ":ACC":
                    asker = prefix[1:].partition("!")[0]
                    self.say(f"NOTICE {asker} :{nick} ACC {3 if nick in self._known else 1}")

    def leave(self) -> None:
        """Hang up, and end."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        super().leave()
