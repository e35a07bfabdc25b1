"""An IRC network for tests: people, services, a server that does what the test says, and a desk that answers."""

import socket
import threading
import time
from contextlib import suppress

from fmn_core import RetryDelivery

HOST = "127.0.0.1"
BASE = "https://fmn.example.org/"
WELCOME = b":s 001 fmn :hello\r\n:s 376 fmn :end\r\n"
PONG = b":s PONG s :fmn\r\n"


def offering(capabilities, accepted="account-tag"):
    """Make the answers of a server that offers capabilities, and welcomes once they are settled."""

    def capability(line):
        return {
            "LS": f":s CAP * LS :{capabilities}\r\n".encode(),
            "REQ": f":s CAP * ACK :{accepted}\r\n".encode(),
            "END": WELCOME,
        }[line.split()[1]]

    return {"USER": b"", "CAP": capability}


class Person:
    """Somebody on a server.

    :param channel: which they join
    """

    def __init__(self, port, nick, channel=""):
        self._socket = socket.create_connection((HOST, port), timeout=20)
        self._file = self._socket.makefile("rb")
        self.say(f"NICK {nick}", f"USER {nick} 0 * :{nick}")
        self.read(" 376 ", " 422 ")
        if channel:
            self.say(f"JOIN {channel}")
            self.read(" 366 ")

    def say_bytes(self, line):
        self._socket.sendall(line + b"\r\n")

    def say(self, *lines):
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def read(self, *any_of):
        """Return the next line that holds one of the texts."""
        for raw in self._file:
            line = raw.decode("utf-8", "surrogateescape").rstrip("\r\n")
            if line.startswith("PING"):
                self.say("PONG" + line[4:])
            if any(text in line for text in any_of):
                return line
        raise EOFError("the server hung up")

    def hear(self, kind="PRIVMSG"):
        """Return the text of the next line said to them."""
        return self.read(f" {kind} ").split(" ", 3)[3].removeprefix(":")

    def write(self, text, to="fmn"):
        """Write to somebody, who is there by now."""
        eventually(lambda: self.sees(to))
        self.say(f"PRIVMSG {to} :{text}")

    def asks(self, text):
        """Write to FMN, and return the first line of the answer."""
        self.write(text)
        return self.hear("NOTICE")

    def sees(self, nick):
        """Tell whether somebody is there."""
        self.say(f"ISON {nick}")
        return self.read(" 303 ").rpartition(":")[2].strip() == nick

    def quit(self):
        """Leave, and return when the server knows."""
        self.say("QUIT :bye")
        with suppress(EOFError, OSError):
            self.read("nothing that a server says")

    def leave(self):
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._file.close()
        self._socket.close()


class Services(Person):
    """Services, as far as FMN needs them: a person who has their nick.

    :ivar levels: what ACC and STATUS say of a nick
    :ivar ghosts: who quits when their nick is recovered
    :ivar heard: what was said to them
    """

    def __init__(self, port, levels, form="{nick} ACC {level}", nick="NickServ"):
        super().__init__(port, nick)
        self.levels, self.form, self.ghosts, self.heard = levels, form, {}, []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        with suppress(EOFError, OSError, ValueError):
            while True:
                line = self.read(" PRIVMSG ")
                asker = line[1:].partition("!")[0]
                text = line.split(" ", 3)[3].removeprefix(":")
                self.heard.append(text)
                self._answer(asker, *text.split())

    def _answer(self, asker, command, nick="", *_):
        if command in self.form.split():
            self.say(f"NOTICE {asker} :" + self.form.format(nick=nick, level=self.levels.get(nick, 0)))
        elif command == "GHOST":
            self.ghosts.pop(nick).quit()
            self.say(f"NOTICE {asker} :{nick} has been ghosted")

    def leave(self):
        super().leave()
        self._thread.join()


class Scripted:
    """A server that does what the test says: each command has an answer, which may be ``hang up``."""

    def __init__(self):
        self.heard = []
        self.answers = {"USER": WELCOME}
        self._peers = []
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def __call__(self, answers):
        """Set answers, and return the port."""
        self.answers |= answers
        return self.port

    @property
    def connections(self):
        return len(self._peers)

    def said(self, command):
        """Return all that was said so far with a command."""
        return [line for line in self.heard if line.split()[0] == command]

    def say(self, line):
        """Say something out of turn."""
        self._peers[-1].sendall(line.encode() + b"\r\n")

    def drop(self):
        """Break the connection."""
        self._peers[-1].shutdown(socket.SHUT_RDWR)

    def close(self):
        with suppress(OSError):  # the test has closed it
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in self._peers:
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
            peer.close()

    def _run(self):
        with suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                self._peers.append(peer)
                threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        with suppress(OSError, ValueError), peer.makefile("rb") as lines:
            for raw in lines:
                line = raw.decode().rstrip("\r\n")
                self.heard.append(line)
                answer = self.answers.get(line.split()[0], b"")
                if callable(answer):
                    answer = answer(line)
                if answer == "hang up":
                    peer.shutdown(socket.SHUT_RDWR)
                elif answer:
                    peer.sendall(answer)


class Desk:
    """Answers people with what the test says, and remembers who wanted what."""

    def __init__(self, *lines):
        self.lines, self.asked = list(lines), []

    def answer(self, address, text):
        self.asked.append((address, text))
        return self.lines or [f"{text} for {address}"]


def eventually(condition, patience=3.0):
    """Wait for something that happens in a thread or process of its own; return it."""
    until = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)
    return found


def persistently(delivery):
    """Deliver as the core does: again, as long as the backend asks for it."""

    def attempt():
        try:
            delivery()
        except RetryDelivery:
            return False
        return True

    eventually(attempt)
