"""What the tests share: IRC servers, people and services on them."""

import os
import shutil
import socket
import subprocess
import threading

import pytest
from irc.server import IRCServer
from irc_place import BASE, HOST, Desk, Person, Scripted

from fmn_backend_irc import IrcBackend
from fmn_backend_irc.rehearsal import Visitor
from fmn_backend_irc.settings import IrcSettings
from fmn_core.testing import notification


@pytest.fixture
def people():
    """Make people, and let them leave in the end."""
    made = []

    def make(*args, kind=Person, **more):
        made.append(kind(*args, **more))
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


@pytest.fixture
def scripted():
    """Run a server that does what the test says."""
    running = Scripted()
    yield running
    running.close()


NGIRCD = """
[Global]
Name = irc.example.org
Info = test
Listen = 127.0.0.1
{ports}
MotdPhrase = hello
{password}
[Options]
Ident = no
PAM = no
DNS = no
[Limits]
MaxConnectionsIP = 0
MaxNickLength = 20
MaxPenaltyTime = 0
[Channel]
Name = #closed
Modes = i
[SSL]
{tls}
"""


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for the local host with its key; it vouches for itself."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    made = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", "/CN=irc.example.org", "-addext", f"subjectAltName=IP:{HOST}"]
    command = [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*command, "-out", made[0], "-keyout", made[1]], check=True, capture_output=True)
    return made


def free_port():
    with socket.create_server((HOST, 0)) as free:
        return free.getsockname()[1]


@pytest.fixture
def ngircd(tmp_path):
    """Start Debian's ngircd; makes servers of which it returns the port."""
    program = shutil.which("ngircd", path=os.environ["PATH"] + ":/usr/sbin")
    if program is None:
        if os.environ.get("FMN_TEST_REQUIRE_SERVICES") == "1":
            pytest.fail("ngircd is not installed")
        pytest.skip("ngircd is not installed")
    running = []

    def start(password="", certificate=None, port=None):
        port = port or free_port()
        config = tmp_path / "ngircd.conf"
        tls = f"CertFile = {certificate[0]}\nKeyFile = {certificate[1]}\nPorts = {port}" if certificate else ""
        config.write_text(
            NGIRCD.format(
                ports=f"Ports = {free_port() if certificate else port}",
                password=f"Password = {password}" if password else "",
                tls=tls,
            )
        )
        process = subprocess.Popen([program, "-n", "-f", config], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        running.append(process)
        waiting_for = f":{port}"
        for line in process.stdout:
            if b"listening" in line.lower() and waiting_for.encode() in line:
                break
        threading.Thread(target=process.stdout.read, daemon=True).start()
        return port

    def stop():
        process = running.pop()
        process.terminate()
        process.wait()
        process.stdout.close()

    start.stop = stop
    yield start
    while running:
        stop()


@pytest.fixture(params=["irc.server", "ngircd"])
def port(request):
    if request.param == "ngircd":
        return request.getfixturevalue("ngircd")()
    return request.getfixturevalue("server")


@pytest.fixture
def backend():
    """Make backends for a port, and close them in the end."""
    made = []

    def make(port, **options):
        settings = {"rate": 1000, "burst": 1000, "timeout": 10, "pause": 0.02, "rejoin": 0} | options
        made.append(IrcBackend(IrcSettings(host=HOST, port=port, **settings), BASE))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def to():
    """Make a notification to somebody."""

    def make(destination, summary="a thing happened", facts=None, **fields):
        facts = {"summary": summary} | (facts or {})
        return notification(facts, user="jane", backend="irc", destination=destination, **fields)

    return make


@pytest.fixture
def desk():
    """Answer people."""
    return Desk()
