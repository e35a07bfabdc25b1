"""Helpers of tests that start ``fmn`` as processes: what they said, who their children are, how they are."""

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from fmn_core.errors import TransportError
from fmn_core.transport.base import MESSAGES

#: seconds that anything here may take; what is awaited comes much sooner
PATIENCE = 60.0


class Running:
    """A command in a process, and what it has said so far."""

    def __init__(self, *command, **options):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "process_group": 0}
        self.process = subprocess.Popen(command, **pipes, **options)
        self.said, self.printed = [], []
        self._readers = [
            threading.Thread(target=lambda: self.said.extend(iter(self.process.stderr.readline, ""))),
            threading.Thread(target=lambda: self.printed.extend(iter(self.process.stdout.readline, ""))),
        ]
        for reader in self._readers:
            reader.start()

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        code = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join()
        return code

    @property
    def rows(self):
        return [json.loads(line) for line in self.printed]

    @property
    def text(self):
        return "".join(self.said)

    def abandon(self):
        for pid in [*children(self.process.pid), self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.wait()
        self.process.stdout.close()
        self.process.stderr.close()


def eventually(condition):
    until = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < until, "it never comes"
        time.sleep(0.02)
    return found


def stat(pid):
    """Return state and parent of a process, as Linux tells it; nothing if it is gone."""
    try:
        after_the_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if after_the_name[0] == "Z" else (after_the_name[0], int(after_the_name[1]))


def children(parent):
    """Return the processes that a process has started and that live."""
    pids = sorted(int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())
    return [pid for pid in pids if (found := stat(pid)) and found[1] == parent]


def is_alive(pid):
    return stat(pid) is not None


def is_empty(transport):
    with contextlib.suppress(TransportError):  # a process that starts holds the file for a moment
        return transport.depth(MESSAGES) == 0


def free_ports(count):
    """Return the first of so many ports in a row that are free."""
    for port in range(random.randrange(20_000, 30_000), 32_000, count):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for number in range(count):
                stack.enter_context(socket.create_server(("127.0.0.1", port + number)))
            return port
    raise AssertionError("there are no free ports")


def get(port, path):
    """Return what is served there, status first; nothing as long as nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.suppress(ConnectionRefusedError), contextlib.closing(connection):
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()


def is_ready(port):
    answer = get(port, "/healthz/ready")
    return answer if answer and answer[0] == 200 else None
