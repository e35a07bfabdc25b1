"""Processes under a supervisor, really started: they share the work, come again when they die, and leave together."""

import json
import os
import re
import signal
import socket
from functools import partial
from pathlib import Path

import pytest
from processes import children, eventually, free_ports, get, is_alive, is_empty, is_ready


def test_processes_share_the_work_and_each_prints_its_row_when_they_are_told_to_stop(start, publish, queue_of_instance):
    port = free_ports(3)
    supervisor = start("worker", "--processes", "2", "--json", "--monitoring", f"127.0.0.1:{port}")
    eventually(lambda: is_ready(port))
    publish(3000)
    eventually(lambda: is_empty(queue_of_instance))
    assert len(children(supervisor.process.pid)) == 2
    assert supervisor.end() == 0
    assert [row["stage"] for row in supervisor.rows] == ["worker", "worker"]
    assert sum(row["matched"] for row in supervisor.rows) == 3000
    assert supervisor.text == "running until Ctrl-C: 2 processes of worker\n"


def test_it_ends_when_its_processes_find_nothing_left(start, publish, queue_of_instance):
    publish(50)
    supervisor = start("worker", "--processes", "2", "--until-idle", "--json")
    assert supervisor.wait() == 0
    assert sum(row["matched"] for row in supervisor.rows) == 50
    assert is_empty(queue_of_instance)


def test_what_dies_is_started_again_and_said_once(start, publish, queue_of_instance):
    supervisor = start("worker", "--processes", "2", "--json")
    first, second = eventually(lambda: len(found := children(supervisor.process.pid)) == 2 and found)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: len({*children(supervisor.process.pid)} - {first}) == 2)
    assert second in children(supervisor.process.pid)
    publish(10)
    eventually(lambda: is_empty(queue_of_instance))
    assert supervisor.end() == 0
    [line] = [line for line in supervisor.said if "stopped" in line]
    assert "worker 1 stopped: it was killed by SIGKILL; next attempt in 0." in line


def test_what_cannot_start_is_tried_again_ever_later_and_said_once(start, tmp_path):
    (tmp_path / "queue.sqlite").write_text("this is no queue")
    (tmp_path / "fmn.sqlite").write_text("this is no database")
    supervisor = start("worker", "--processes", "1")
    eventually(lambda: sum(line.startswith("fmn: ") for line in supervisor.said) >= 2)
    assert supervisor.end() == 0
    [line] = [line for line in supervisor.said if "next attempt" in line]
    assert "worker 1 stopped: it ended with exit code 1" in line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_everything_at_once(start, number):
    supervisor = start("worker", "--processes", "1")
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


def test_no_process_outlives_a_supervisor_that_was_killed(start, publish, queue_of_instance):
    supervisor = start("worker", "--processes", "2", "--json")
    publish(10)
    eventually(lambda: is_empty(queue_of_instance))
    orphans = children(supervisor.process.pid)
    supervisor.process.kill()
    eventually(lambda: not any(is_alive(pid) for pid in orphans))
    assert supervisor.wait() == -signal.SIGKILL
    assert supervisor.text.count("the supervisor is gone: finishing what is begun, and leaving") == 2


def test_a_mistake_in_the_configuration_is_told_once(start, configuration):
    configuration.write_text('data_dri = "."\n')
    supervisor = start("worker", "--processes", "3")
    assert supervisor.wait() == 2
    [line] = supervisor.said
    assert "no setting is named 'data_dri'" in line


# Monitoring of processes.


def test_a_supervisor_and_its_processes_tell_how_they_are(start, publish, queue_of_instance):
    port = free_ports(3)
    supervisor = start("worker", "--processes", "2", "--monitoring", f"127.0.0.1:{port}")
    publish(10)
    ready = [eventually(partial(is_ready, port + number)) for number in range(3)]
    assert [json.loads(body) for _, body in ready] == [{"ready": True}] * 3
    eventually(lambda: is_empty(queue_of_instance))
    assert 'fmn_process_ready{process="worker 2"} 1.0' in get(port, "/metrics")[1]
    told = [get(port + n, "/metrics")[1] for n in (1, 2)]
    matched = [re.search(r'fmn_messages_total{outcome="matched",stage="worker"} (\d+)', text) for text in told]
    assert sum(int(found[1]) for found in matched) == 10
    assert supervisor.end() == 0


@pytest.mark.parametrize("options", [(), ("--processes", "1")])
def test_a_port_that_is_taken_is_a_usage_error(start, options):
    with socket.create_server(("127.0.0.1", 0)) as door:
        place = f"127.0.0.1:{door.getsockname()[1]}"
        process = start("worker", *options, "--monitoring", place)
        assert process.wait() == 2
    assert f"fmn: monitoring cannot listen on {place}: Address already in use\n" in process.said


def test_a_place_that_is_none_is_a_usage_error(start):
    process = start("worker", "--monitoring", "9100")
    assert process.wait() == 2
    assert "must be HOST:PORT, not '9100'" in process.text


def test_lines_are_json_where_that_is_wanted(start, configuration):
    configuration.write_text('data_dir = "."\n[logging]\nformat = "json"\nlevel = "info"\n')
    worker = start("worker", "--processes", "1")
    [child] = eventually(lambda: children(worker.process.pid))
    os.kill(child, signal.SIGKILL)
    eventually(lambda: any("stopped" in line for line in worker.said))
    assert worker.end() == 0
    [row] = [row for row in map(json.loads, worker.said) if "stopped" in row["message"]]
    assert (row["level"], row["logger"]) == ("warning", "fmn_core.incident")
