"""A RabbitMQ of the tests' own, in a folder: to restart, to fill up, to refuse and to break, without harm to another.

Debian's ``rabbitmq-server`` has to be installed; its wrapper, which changes to another user, is gone around.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import uuid
from pathlib import Path

from processes import eventually

BIN = Path("/usr/lib/rabbitmq/bin")
#: seconds that anything here may take; what is awaited comes much sooner
PATIENCE = 60.0

#: bytes that have to be free on the disk
MORE_THAN_THERE_IS, LITTLE = "999999GB", "1MB"

CONFIGURATION = """\
listeners.tcp.local = 127.0.0.1:{port}
listeners.ssl.local = 127.0.0.1:{tls_port}
ssl_options.cacertfile = {folder}/ca.pem
ssl_options.certfile = {folder}/server.pem
ssl_options.keyfile = {folder}/server.key
ssl_options.verify = verify_none
ssl_options.fail_if_no_peer_cert = false
disk_free_limit.absolute = 1MB
raft.wal_max_size_bytes = 64000000
log.file.level = warning
"""


class Rabbit:
    """A node of RabbitMQ.

    :param folder: for everything that it writes
    :ivar url: as the all-powerful guest
    :ivar tls_url: the same, encrypted; ``ca_file`` is whom to trust
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port, self.tls_port, distribution, self._epmd = _free_ports(4)
        self.url = self.url_of("guest", "guest")
        self.tls_url = f"amqps://guest:guest@localhost:{self.tls_port}/%2F"
        self.ca_file = folder / "ca.pem"
        self._node = f"fmn-test-{uuid.uuid4().hex[:12]}@localhost"
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = self._settings(distribution)
        _make_certificates(folder)
        (folder / "enabled_plugins").write_text("[].")
        text = CONFIGURATION.format(port=self.port, tls_port=self.tls_port, folder=folder)
        (folder / "rabbitmq.conf").write_text(text)

    def url_of(self, user: str, password: str, vhost: str = "%2F") -> str:
        """Return the URL for somebody."""
        return f"amqp://{user}:{password}@127.0.0.1:{self.port}/{vhost}"

    def add_vhost(self, name: str) -> str:
        """Make a virtual host and return its URL for the guest, who may do everything in it."""
        self.ctl("eval", f'rabbit_vhost:add(<<"{name}">>, <<"{name}">>), {_grant("guest", name)}.')
        return self.url_of("guest", "guest", name)

    def add_user(self, name: str, vhost: str, configure: str = ".*", write: str = ".*", read: str = ".*") -> str:
        """Make a user, whose password is the name, and return its URL of a virtual host.

        :param configure: expression for names of what it may declare; likewise where it may write and read
        """
        user = f'rabbit_auth_backend_internal:add_user(<<"{name}">>, <<"{name}">>, <<"{name}">>)'
        self.ctl("eval", f"{user}, {_grant(name, vhost, configure, write, read)}.")
        return self.url_of(name, name, vhost)

    def _settings(self, distribution: int) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RABBITMQ_", "ERL_"))}
        return kept | {
            "HOME": str(self._folder),  # of the cookie by which ctl and node know each other
            "ERL_EPMD_PORT": str(self._epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_FLAGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_CONF_ENV_FILE": str(self._folder / "no-such-file"),
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self._folder / "advanced.config"),
            "RABBITMQ_CONFIG_FILES": str(self._folder / "conf.d"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self._folder / "log"),
            "RABBITMQ_PID_FILE": str(self._folder / "pid"),
        }

    def start(self) -> None:
        """Start it, and return when it serves."""
        output = (self._folder / "output").open("ab")
        with output:
            self._process = subprocess.Popen(
                [BIN / "rabbitmq-server"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._wait_until_it_serves()

    def _wait_until_it_serves(self) -> None:
        def serves() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, (self._folder / "output").read_text()
            return _listens(self.port) and _listens(self.tls_port)

        eventually(serves)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it, as a service manager does, or as a power cut with SIGKILL."""
        if self._process is not None:
            os.killpg(self._process.pid, number)
            self._process.wait(PATIENCE)
            self._process = None
            eventually(lambda: not _listens(self.port))  # what we started is a script around it

    def restart(self, number: int = signal.SIGTERM) -> None:
        """End it and start it again; return when it serves."""
        self.stop(number)
        self.start()

    def ctl(self, *arguments: str) -> str:
        """Run ``rabbitmqctl`` on it and return what that says."""
        command = [BIN / "rabbitmqctl", "--quiet", *arguments]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def fill_disk(self) -> None:
        """Make it believe that its disk is full, and return when it does."""
        self._limit_disk(MORE_THAN_THERE_IS)
        eventually(lambda: "disk" in self.ctl("eval", "rabbit_alarm:get_alarms()."))

    def empty_disk(self) -> None:
        """Make it believe that there is room again."""
        self._limit_disk(LITTLE)

    def _limit_disk(self, limit: str) -> None:
        self.ctl("set_disk_free_limit", limit)

    def close(self) -> None:
        """End it, and its directory of nodes."""
        self.stop(signal.SIGKILL)
        eventually(self._directory_is_gone)

    def _directory_is_gone(self) -> bool:
        """End what Erlang has started beside the node; it refuses until it has noticed that the node is gone."""
        subprocess.run(["epmd", "-kill"], env=self._environment, capture_output=True, timeout=PATIENCE)
        return not _listens(self._epmd)


def lacking() -> str:
    """Return what is not installed and has to be; nothing where all is there."""
    if not (BIN / "rabbitmq-server").exists():
        return f"no RabbitMQ server to start: {BIN} is not there"
    return next((f"no {name} to prepare a RabbitMQ with" for name in ("openssl", "epmd") if not shutil.which(name)), "")


def _grant(user: str, vhost: str, configure: str = ".*", write: str = ".*", read: str = ".*") -> str:
    given = ", ".join(f'<<"{one}">>' for one in (user, vhost, configure, write, read, user))
    return f"rabbit_auth_backend_internal:set_permissions({given})"


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        doors = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [door.getsockname()[1] for door in doors]


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


def _make_certificates(folder: Path) -> None:
    """Make an authority, a certificate of the server from it, and one of an authority that nobody trusts."""
    for name in ("ca", "stranger"):
        _openssl(
            folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN=FMN test {name}",
            "-keyout", f"{name}.key", "-out", f"{name}.pem",
        )  # fmt: skip
    _openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "server.key",
             "-out", "server.csr")  # fmt: skip
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    _openssl(
        folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
        "-days", "2", "-extfile", "names", "-out", "server.pem",
    )  # fmt: skip


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=PATIENCE)
