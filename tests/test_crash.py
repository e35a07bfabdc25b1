"""Ten thousand messages through separate processes, of which twenty are killed: nothing lost, nearly nothing repeated.

What may be repeated is what a killed delivery had sent and not yet recorded: one notification for each of its threads.
"""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from fmn_core.app import Application
from fmn_core.codec import decode_notification
from fmn_core.config import Settings
from fmn_core.model import Destination, Filter, Outcome, Preference, RuleUse, User
from fmn_core.testing import install
from fmn_core.transport.base import MESSAGES, deliveries

PLUGIN = Path(__file__).parent / "crash_plugin"
PLUGINS = ("crash", "crash_rules")
QUEUE = deliveries("crash")
COUNT, KILLS, THREADS = 10_000, 20, 4
#: seconds between two kills
CALM = (0.1, 0.9)
#: messages a second, so that the stages have work as long as there is killing
RATE = 1000
#: seconds until everything must be over
PATIENCE = 240

MAIN = [sys.executable, "-c", "from fmn_core.cli import main; main()"]


def user(name, by, *places):
    """Somebody who wants numbers that are divisible."""
    wish = Filter("", f"divisible by {by}", (RuleUse("crash_divisible", {"by": by}),))
    known = tuple(Destination(place, confirmed=True) for place in places)
    return User(name, (Preference("", name, "crash", True, known, (wish,)),))


USERS = [user("ada", 4, "home"), user("bob", 10, "home", "office"), user("cy", 9, "home")]


class Processes:
    """The stages as processes that are started again when they are killed."""

    def __init__(self, configuration, site, chance):
        self._prefix = [*MAIN, "--config", str(configuration)]
        self._environment = {**os.environ, "PYTHONPATH": str(site)}
        self._chance = chance
        self._running = []
        self.kills = Counter()

    def start(self, *arguments):
        process = subprocess.Popen([*self._prefix, *arguments], env=self._environment, stdout=subprocess.DEVNULL)
        self._running.append((arguments, process))

    def kill_one(self):
        """Kill whichever runs, and start it again."""
        alive = [pair for pair in self._running if pair[1].poll() is None]
        arguments, process = self._chance.choice(alive)
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.kills[arguments[0]] += 1
        self._running = [pair for pair in self._running if pair[1] is not process]
        self.start(*arguments)

    def replaying(self):
        return any(arguments[0] == "replay" and process.poll() is None for arguments, process in self._running)

    def end(self):
        """Ask everybody to end, and return how they did."""
        for _, process in self._running:
            if process.poll() is None:
                process.terminate()
        return {(arguments[0], process.wait(30)) for arguments, process in self._running}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _, process in self._running:
            process.kill()
            process.wait()


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    install(PLUGIN, folder)
    return folder


@pytest.fixture
def instance(tmp_path, site, monkeypatch):
    """A folder with users, messages and configuration."""
    monkeypatch.syspath_prepend(site)
    settings = {"plugins": {"enabled": PLUGINS}, "plugin": {"crash": {"file": str(tmp_path / "sent")}}}
    configuration = tmp_path / "fmn.toml"
    configuration.write_text(
        f'data_dir = "."\n[plugins]\nenabled = {json.dumps(PLUGINS)}\n[plugin.crash]\nfile = "{tmp_path / "sent"}"\n'
    )
    with (tmp_path / "messages.jsonl").open("w") as file:
        for number in range(COUNT):
            topic = "org.fedoraproject.prod.crash.number"
            file.write(json.dumps({"id": f"m{number}", "topic": topic, "body": {"number": number}}) + "\n")
    app = Application(Settings(data_dir=tmp_path, **settings))
    for one in USERS:
        app.store.preferences.save(one)
    yield app
    app.close()


def calm_run(app, path):
    """Return the ids of the notifications that nothing but a worker makes of the messages."""
    worker = app.worker()
    with contextlib.closing(app.transport()) as transport:
        app.consumer().handle(transport, path.read_bytes().splitlines())
        while transport.depth(MESSAGES):
            worker.handle(transport, transport.receive([MESSAGES], worker.room))
        envelopes = transport.receive([QUEUE], COUNT)
        transport.ack(envelopes)
    return {decode_notification(envelope.payload).id for envelope in envelopes}


def wait_for(condition, end):
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.1)


def test_kill_twenty_processes(instance, tmp_path, site, record_property):
    messages = tmp_path / "messages.jsonl"
    expected = calm_run(instance, messages)
    seed = int(os.environ.get("FMN_TEST_SEED", random.randrange(2**32)))
    print("FMN_TEST_SEED =", seed)
    chance = random.Random(seed)
    end = time.monotonic() + PATIENCE
    with Processes(tmp_path / "fmn.toml", site, chance) as processes:
        for arguments in (["worker"], ["worker"], ["deliver"], ["replay", str(messages), "--rate", str(RATE)]):
            processes.start(*arguments)
        for _ in range(KILLS):
            time.sleep(chance.uniform(*CALM))
            processes.kill_one()
        wait_for(lambda: not processes.replaying(), end)
        with contextlib.closing(instance.transport()) as transport:
            wait_for(lambda: not (transport.depth(MESSAGES) or transport.depth(QUEUE)), end)
            dead = transport.dead_letters()
        ended = processes.end()

    sent = Counter((tmp_path / "sent").read_text().split())
    repeated = sum(sent.values()) - len(sent)
    print(f"{len(expected)} notifications, {dict(processes.kills)} killed, {repeated} repeated")
    record_property("repeated", repeated)
    assert ended == {("worker", 0), ("deliver", 0), ("replay", 0)}
    assert set(sent) == expected
    assert instance.store.ledger.counts() == {("crash", Outcome.SENT): len(expected)}
    assert instance.store.ledger.sent(expected) == expected
    assert dead == []
    assert repeated <= processes.kills["deliver"] * THREADS
