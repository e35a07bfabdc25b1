"""Processes under a supervisor, really started: they share the work, come again when they die, and leave together."""

import contextlib
import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fmn_core.codec import encode_message
from fmn_core.commands import FMN
from fmn_core.errors import TransportError
from fmn_core.supervisor import TICK, Supervisor
from fmn_core.testing import message
from fmn_core.transport.base import MESSAGES
from fmn_core.transport.embedded import EmbeddedTransport

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


@pytest.fixture
def configuration(tmp_path):
    path = tmp_path / "fmn.toml"
    path.write_text('data_dir = "."\n')
    return path


@pytest.fixture
def fmn(configuration):
    """Start a command on the instance in the folder."""
    with contextlib.ExitStack() as stack:

        def start(*arguments):
            running = Running(*FMN, "--config", str(configuration), *arguments)
            stack.callback(running.abandon)
            return running

        yield start


@pytest.fixture
def transport(tmp_path):
    with contextlib.closing(EmbeddedTransport(tmp_path / "queue.sqlite")) as transport:
        yield transport


@pytest.fixture
def publish(transport):
    def publish(count):
        transport.publish(
            MESSAGES, [encode_message(message("org.example.prod.bell.rang", id=f"m{n}")) for n in range(count)]
        )

    return publish


def is_empty(transport):
    with contextlib.suppress(TransportError):  # a process that starts holds the file for a moment
        return transport.depth(MESSAGES) == 0


def test_processes_share_the_work_and_each_prints_its_row_when_they_are_told_to_stop(fmn, publish, transport):
    publish(3000)
    supervisor = fmn("worker", "--processes", "2", "--json")
    eventually(lambda: is_empty(transport))
    assert len(children(supervisor.process.pid)) == 2
    assert supervisor.end() == 0
    assert [row["stage"] for row in supervisor.rows] == ["worker", "worker"]
    assert sum(row["matched"] for row in supervisor.rows) == 3000
    assert supervisor.text == "running until Ctrl-C: 2 processes of worker\n"


def test_it_ends_when_its_processes_find_nothing_left(fmn, publish, transport):
    publish(50)
    supervisor = fmn("worker", "--processes", "2", "--until-idle", "--json")
    assert supervisor.wait() == 0
    assert sum(row["matched"] for row in supervisor.rows) == 50
    assert is_empty(transport)


def test_what_dies_is_started_again_and_said_once(fmn, publish, transport):
    supervisor = fmn("worker", "--processes", "2", "--json")
    first, second = eventually(lambda: len(found := children(supervisor.process.pid)) == 2 and found)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: len({*children(supervisor.process.pid)} - {first}) == 2)
    assert second in children(supervisor.process.pid)
    publish(10)
    eventually(lambda: is_empty(transport))
    assert supervisor.end() == 0
    [line] = [line for line in supervisor.said if "stopped" in line]
    assert "worker 1 stopped: it was killed by SIGKILL; next attempt in 0." in line


def test_what_cannot_start_is_tried_again_ever_later_and_said_once(fmn, tmp_path):
    (tmp_path / "queue.sqlite").write_text("this is no queue")
    (tmp_path / "fmn.sqlite").write_text("this is no database")
    supervisor = fmn("worker", "--processes", "1")
    eventually(lambda: sum(line.startswith("fmn: ") for line in supervisor.said) >= 2)
    assert supervisor.end() == 0
    [line] = [line for line in supervisor.said if "next attempt" in line]
    assert "worker 1 stopped: it ended with exit code 1" in line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_everything_at_once(fmn, number):
    supervisor = fmn("worker", "--processes", "1")
    [child] = eventually(lambda: children(supervisor.process.pid))
    os.kill(child, signal.SIGSTOP)  # it will not finish anything
    supervisor.process.send_signal(number)
    eventually(lambda: not _pending(supervisor.process.pid))
    assert supervisor.end(number) == 1
    assert not is_alive(child)


def _pending(pid):
    """Tell whether a signal has not reached the process yet."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return any(line.startswith(("SigPnd", "ShdPnd")) and int(line.split()[1], 16) for line in status)


def test_no_process_outlives_a_supervisor_that_was_killed(fmn, publish, transport):
    supervisor = fmn("worker", "--processes", "2", "--json")
    publish(10)
    eventually(lambda: is_empty(transport))
    orphans = children(supervisor.process.pid)
    supervisor.process.kill()
    eventually(lambda: not any(is_alive(pid) for pid in orphans))
    assert supervisor.wait() == -signal.SIGKILL
    assert supervisor.text.count("the supervisor is gone: finishing what is begun, and leaving") == 2


def test_sighup_lets_a_process_read_its_configuration_anew(fmn, configuration, tmp_path, publish, transport):
    worker = fmn("worker", "--json")
    publish(3)
    eventually(lambda: is_empty(transport))
    configuration.write_text('data_dir = "elsewhere"\n')
    worker.process.send_signal(signal.SIGHUP)
    eventually(lambda: (tmp_path / "elsewhere" / "queue.sqlite").exists())
    with contextlib.closing(EmbeddedTransport(tmp_path / "elsewhere" / "queue.sqlite")) as other:
        other.publish(MESSAGES, [encode_message(message("org.example.prod.bell.rang"))])
        eventually(lambda: is_empty(other))
    assert worker.end() == 0
    assert [row["matched"] for row in worker.rows] == [3, 1], "one row for each time it ran, in the same process"


def test_sighup_with_a_mistake_in_the_configuration_changes_nothing(fmn, configuration, publish, transport):
    worker = fmn("worker", "--json")
    publish(1)
    eventually(lambda: is_empty(transport))
    configuration.write_text('data_dri = "."\n')
    worker.process.send_signal(signal.SIGHUP)
    eventually(lambda: "nothing is read anew" in worker.text)
    publish(1)
    eventually(lambda: is_empty(transport))
    assert worker.end() == 0
    assert [row["matched"] for row in worker.rows] == [2]
    [line] = [line for line in worker.said if "ERROR" in line]
    assert "everything goes on as before: configuration" in line
    assert "no setting is named 'data_dri'; did you mean 'data_dir'?" in line


def test_sighup_is_handed_on_to_every_process(fmn, publish, transport):
    supervisor = fmn("worker", "--processes", "2", "--json")
    publish(3000)
    eventually(lambda: is_empty(transport))
    before = children(supervisor.process.pid)
    supervisor.process.send_signal(signal.SIGHUP)
    eventually(lambda: len(supervisor.printed) == 2)
    assert children(supervisor.process.pid) == before, "they are the same processes"
    assert supervisor.end() == 0
    assert sum(row["matched"] for row in supervisor.rows) == 3000
    assert "stopped" not in supervisor.text


#: is ready at once; at SIGHUP it notes its name, and is ready again once a file is there
SLOW = """
import os, pathlib, signal, sys, time
folder, name, *_, mouth = sys.argv[1:]
def reload(*_):
    (pathlib.Path(folder) / name).touch()
    while not (pathlib.Path(folder) / "go on").exists():
        time.sleep(0.01)
    os.write(int(mouth), b"r")
signal.signal(signal.SIGHUP, reload)
os.write(int(mouth), b"r")
while True:
    signal.pause()
"""


def test_a_process_reloads_when_the_one_before_is_ready_again(tmp_path):
    commands = [[sys.executable, "-c", SLOW, str(tmp_path), name] for name in ("first", "second")]
    supervisor = Supervisor("slow", commands)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    try:
        eventually(lambda: all(child.ready for child in supervisor.children))
        supervisor.orders.give(signal.SIGHUP)
        eventually((tmp_path / "first").exists)
        looked = supervisor.looked_at
        eventually(lambda: supervisor.looked_at > looked + 2 * TICK)
        assert not (tmp_path / "second").exists()
        (tmp_path / "go on").touch()
        eventually((tmp_path / "second").exists)
    finally:
        supervisor.orders.give(signal.SIGTERM)
        thread.join()


def test_a_mistake_in_the_configuration_is_told_once(fmn, configuration):
    configuration.write_text('data_dri = "."\n')
    supervisor = fmn("worker", "--processes", "3")
    assert supervisor.wait() == 2
    [line] = supervisor.said
    assert "no setting is named 'data_dri'" in line


# Monitoring of processes.


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


def test_a_supervisor_and_its_processes_tell_how_they_are(fmn, publish, transport):
    port = free_ports(3)
    supervisor = fmn("worker", "--processes", "2", "--monitoring", f"127.0.0.1:{port}")
    publish(10)
    ready = [eventually(lambda at=at: (got := get(at, "/healthz/ready")) and got[0] == 200 and got) for at in
             (port, port + 1, port + 2)]  # fmt: skip
    assert [json.loads(body) for _, body in ready] == [{"ready": True}] * 3
    eventually(lambda: is_empty(transport))
    assert 'fmn_process_ready{process="worker 2"} 1.0' in get(port, "/metrics")[1]
    told = [get(port + n, "/metrics")[1] for n in (1, 2)]
    matched = [re.search(r'fmn_messages_total{outcome="matched",stage="worker"} (\d+)', text) for text in told]
    assert sum(int(found[1]) for found in matched) == 10
    assert supervisor.end() == 0


@pytest.mark.parametrize("options", [(), ("--processes", "1")])
def test_a_port_that_is_taken_is_a_usage_error(fmn, options):
    with socket.create_server(("127.0.0.1", 0)) as door:
        place = f"127.0.0.1:{door.getsockname()[1]}"
        process = fmn("worker", *options, "--monitoring", place)
        assert process.wait() == 2
    assert f"fmn: monitoring cannot listen on {place}: Address already in use\n" in process.said


def test_a_place_that_is_none_is_a_usage_error(fmn):
    process = fmn("worker", "--monitoring", "9100")
    assert process.wait() == 2
    assert "must be HOST:PORT, not '9100'" in process.text


def test_lines_are_json_where_that_is_wanted(fmn, configuration):
    configuration.write_text('data_dir = "."\n[logging]\nformat = "json"\n')
    worker = fmn("worker", "--processes", "1")
    [child] = eventually(lambda: children(worker.process.pid))
    os.kill(child, signal.SIGKILL)
    eventually(lambda: any("stopped" in line for line in worker.said))
    assert worker.end() == 0
    [row] = [json.loads(line) for line in worker.said if "stopped" in line]
    assert (row["level"], row["logger"]) == ("warning", "fmn_core.runner")
