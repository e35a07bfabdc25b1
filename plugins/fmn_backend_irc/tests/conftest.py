"""What the tests share: IRC servers, and people on them."""

import os
import shutil
import socket
import subprocess
import threading

import pytest
from irc.server import IRCServer

from fmn_backend_irc import IrcBackend
from fmn_backend_irc.rehearsal import Visitor
from fmn_backend_irc.settings import IrcSettings
from fmn_core.testing import notification

HOST = "127.0.0.1"
BASE = "https://fmn.example.org/"


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

    def hear(self):
        """Return the text of the next line said to them."""
        return self.read(" PRIVMSG ").split(" ", 3)[3].removeprefix(":")

    def leave(self):
        self._file.close()
        self._socket.close()


@pytest.fixture
def people():
    """Make people, and let them leave in the end."""
    made = []

    def make(*args):
        made.append(Person(*args))
        return made[-1]

    yield make
    for person in made:
        person.leave()


@pytest.fixture
def server():
    """Run the library's server; its port."""
    with IRCServer((HOST, 0), Visitor) as running:
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield running.server_address[1]
        running.shutdown()


NGIRCD = """
[Global]
Name = irc.example.org
Info = test
Listen = 127.0.0.1
Ports = {port}
MotdPhrase = hello
{password}
[Options]
Ident = no
PAM = no
DNS = no
[Limits]
MaxPenaltyTime = 0
[Channel]
Name = #closed
Modes = i
"""


@pytest.fixture
def ngircd(tmp_path):
    """Start Debian's ngircd; makes servers of which it returns the port."""
    program = shutil.which("ngircd", path=os.environ["PATH"] + ":/usr/sbin")
    if program is None:
        if os.environ.get("FMN_TEST_REQUIRE_SERVICES") == "1":
            pytest.fail("ngircd is not installed")
        pytest.skip("ngircd is not installed")
    running = []

    def start(password=""):
        with socket.create_server((HOST, 0)) as free:
            port = free.getsockname()[1]
        config = tmp_path / "ngircd.conf"
        config.write_text(NGIRCD.format(port=port, password=f"Password = {password}" if password else ""))
        process = subprocess.Popen([program, "-n", "-f", config], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        running.append(process)
        for line in process.stdout:
            if b"listening" in line.lower():
                break
        threading.Thread(target=process.stdout.read, daemon=True).start()
        return port

    yield start
    for process in running:
        process.terminate()
        process.wait()
        process.stdout.close()


@pytest.fixture
def backend():
    """Make backends for a port, and close them in the end."""
    made = []

    def make(port, **options):
        settings = {"rate": 1000, "burst": 1000, "timeout": 10, "pause": 0} | options
        made.append(IrcBackend(IrcSettings(host=HOST, port=port, **settings), BASE))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def to():
    """Make a notification to somebody."""

    def make(destination, summary="a thing happened", **fields):
        return notification({"summary": summary}, user="jane", backend="irc", destination=destination, **fields)

    return make
