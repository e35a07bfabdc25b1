"""SIGHUP to processes, really started: they read their configuration anew, or go on as before."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from processes import PATIENCE, children, eventually, is_empty

from fmn_core.codec import decode_notification, encode_message
from fmn_core.commands import FMN
from fmn_core.model import Destination, Filter, Preference, RuleUse, User
from fmn_core.store import open_store
from fmn_core.supervisor import TICK, Supervisor
from fmn_core.testing import install, message
from fmn_core.transport.base import MESSAGES, deliveries
from fmn_core.transport.embedded import EmbeddedTransport

#: a plugin that is not installed when a process starts
EXAMPLE = Path(__file__).parent.parent / "examples" / "fmn_rules_example"


def test_sighup_lets_a_process_read_its_configuration_anew(start, configuration, tmp_path, publish, queue_of_instance):
    worker = start("worker", "--json")
    publish(3)
    eventually(lambda: is_empty(queue_of_instance))
    configuration.write_text('data_dir = "elsewhere"\n')
    worker.process.send_signal(signal.SIGHUP)
    eventually(lambda: (tmp_path / "elsewhere" / "queue.sqlite").exists())
    with contextlib.closing(EmbeddedTransport(tmp_path / "elsewhere" / "queue.sqlite")) as other:
        other.publish(MESSAGES, [encode_message(message("org.example.prod.bell.rang"))])
        eventually(lambda: is_empty(other))
    assert worker.end() == 0
    assert [row["matched"] for row in worker.rows] == [3, 1], "one row for each time it ran, in the same process"


def test_sighup_brings_in_a_plugin_that_was_installed_meanwhile(
    start, publish, queue_of_instance, tmp_path, monkeypatch
):
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(site))
    wish = Filter("", "rye", (RuleUse("example_loaf_of", {"kinds": ["rye"]}),))
    home = (Destination("home", confirmed=True),)
    with contextlib.closing(open_store(f"sqlite:///{tmp_path / 'fmn.sqlite'}")) as store:
        store.preferences.save(User("bo", (Preference("", "bo", "mail", True, home, (wish,)),)))
    worker = start("worker", "--json")
    publish(1)
    eventually(lambda: is_empty(queue_of_instance))
    assert "cannot match" in worker.text
    install(EXAMPLE, site)
    worker.process.send_signal(signal.SIGHUP)
    eventually(lambda: worker.printed)
    loaf = message("org.example.prod.oven.loaf.baked", {"kind": "rye", "baker": "bo"})
    queue_of_instance.publish(MESSAGES, [encode_message(loaf)])
    [envelope] = eventually(lambda: queue_of_instance.receive([deliveries("mail")]))
    assert decode_notification(envelope.payload).filter_name == "rye"
    assert worker.end() == 0


def test_sighup_with_a_mistake_in_the_configuration_changes_nothing(start, configuration, publish, queue_of_instance):
    worker = start("worker", "--json")
    publish(1)
    eventually(lambda: is_empty(queue_of_instance))
    configuration.write_text('data_dri = "."\n')
    worker.process.send_signal(signal.SIGHUP)
    eventually(lambda: "nothing is read anew" in worker.text)
    publish(1)
    eventually(lambda: is_empty(queue_of_instance))
    assert worker.end() == 0
    assert [row["matched"] for row in worker.rows] == [2]
    [line] = [line for line in worker.said if "ERROR" in line]
    assert "everything goes on as before: configuration" in line
    assert "no setting is named 'data_dri'; did you mean 'data_dir'?" in line


def test_sighup_is_handed_on_to_every_process(start, publish, queue_of_instance):
    supervisor = start("worker", "--processes", "2", "--json")
    publish(3000)
    eventually(lambda: is_empty(queue_of_instance))
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


def test_sighup_because_its_terminal_went_away_ends_a_process(configuration):
    terminal, line = os.openpty()
    command = [*FMN, "--config", str(configuration), "worker"]
    process = subprocess.Popen(command, stderr=line, stdout=subprocess.DEVNULL, process_group=0)
    os.close(line)
    assert b"running until Ctrl-C" in os.read(terminal, 1000)
    eventually(lambda: (configuration.parent / "queue.sqlite").exists())
    os.close(terminal)
    process.send_signal(signal.SIGHUP)
    assert process.wait(PATIENCE) == 0
