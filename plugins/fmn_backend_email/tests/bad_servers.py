"""Mail servers that do what no good one does. Each runs for real, on a socket, and says what the test wrote down."""

import socket
import threading
from itertools import chain, repeat


class Peer:
    """Somebody who is connected to the server."""

    def __init__(self, connection):
        self._connection, self._file = connection, connection.makefile("rb")

    def say(self, line):
        self._connection.sendall(line if isinstance(line, bytes) else f"{line}\r\n".encode())

    def hear(self):
        return self._file.readline().decode()

    def hear_mail(self):
        """Return the mail up to its end; nothing of what was cut off."""
        lines = list(iter(self._file.readline, b".\r\n"))
        return b"".join(lines) if all(lines) else b""

    def close(self):
        self._file.close()


class BadServer:
    """A server.

    :param talks: what it does with the first who connects, the second …; the last with all others
    """

    def __init__(self, *talks):
        self.mails, self.connections = [], 0
        self._talks = chain(talks[:-1], repeat(talks[-1]))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        for talk in self._talks:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                peer = Peer(connection)
                try:
                    talk(self, peer)
                except OSError:
                    pass
                finally:
                    peer.close()

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


def converse(answers=None, greeting="220 hello", mails=None):
    """Return a talk that goes well but where the test says otherwise.

    :param answers: verb -> reply; ``None`` to hang up without one, ``...`` to say nothing more, a function to
        speak on; ``.`` is the end of a mail
    :param mails: how many it takes before it hangs up, or says what ``full`` in the answers says, and hangs up
    """
    answers = {"DATA": "354 go on", "QUIT": None, **(answers or {})}

    def talk(server, peer):
        peer.say(greeting)
        taken = 0
        while line := peer.hear():
            verb = line.split()[0].upper()
            if verb == "MAIL" and taken == mails:
                return peer.say(answers["full"]) if "full" in answers else None
            said = answers.get(verb, "250 OK")
            if not reply(peer, said):
                return None
            if said == "354 go on":
                content = peer.hear_mail()
                end = answers.get(".", "250 taken")
                if end == "250 taken":
                    server.mails.append(content)
                    taken += 1
                if not reply(peer, end):
                    return None
        return None

    return talk


def reply(peer, said):
    if said is ...:
        while peer.hear():
            pass
    elif callable(said):
        said(peer)
    elif said is not None:
        peer.say(said)
        return True
    return False


def silent(server, peer):
    """Accept, and never say a word."""
    reply(peer, ...)


def endless(peer):
    """Say what does not end, in small pieces."""
    while True:
        peer.say(b"250-")
        threading.Event().wait(0.01)
        peer.say(b"and so on\r\n")
