"""Ten thousand messages through processes of which twenty are killed: nothing lost, nearly nothing repeated.

What may be repeated is what a killed delivery had sent and not yet recorded: one notification for each of its threads.
"""

import contextlib
import os
import random
import signal
import subprocess
from collections import Counter

import pytest
from numbers_place import wanted

from fmn_core.bench.crash import SEPARATE, TOGETHER, Storm, calm_run
from fmn_core.commands import FMN
from fmn_core.model import Outcome
from fmn_core.transport.base import MOST_LOSSES


@pytest.mark.parametrize(
    ("stages", "count", "kills"),
    [pytest.param(SEPARATE, 10_000, 20, id="processes"), pytest.param(TOGETHER, 4000, 8, id="fmn run")],
)
def test_killed_processes_lose_nothing_and_repeat_nearly_nothing(
    assemble, messages, tmp_path, record_property, stages, count, kills
):
    seed = int(os.environ.get("FMN_TEST_SEED", random.randrange(2**32)))
    print("FMN_TEST_SEED =", seed)
    app = assemble()
    rehearsals = {"crash": app.registry.backend("crash").rehearse(tmp_path)}
    result = Storm(app, rehearsals, tmp_path / "fmn.toml", stages).run(messages(count), kills, random.Random(seed))
    print(result)
    record_property("repeated", result.repeated)
    assert result.right
    assert result.expected == wanted(count)
    assert (result.in_ledger, result.delivered) == (result.expected, result.expected)
    assert (result.lost, result.foreign, result.dead, result.unwilling) == (0, 0, 0, 0)
    assert sum(result.killed.values()) == kills
    assert all(result.killed.values()), "the replay, every stage: each was killed"


def deliver(tmp_path):
    """Deliver what is queued in a process of its own, and return how that ended."""
    command = [*FMN, "--config", str(tmp_path / "fmn.toml"), "deliver", "--until-idle"]
    return subprocess.run(command, stdout=subprocess.DEVNULL, timeout=60).returncode


def queue(app, path):
    """Let the messages wait as notifications; return these by id."""
    found = {one.id: one for one in calm_run(app, path.read_bytes().splitlines())}
    worker = app.worker()
    with contextlib.closing(app.transport()) as transport:
        app.consumer().handle(transport, path.read_bytes().splitlines())
        worker.handle(transport, transport.receive(worker.queues, worker.room))
    return found


def sent(tmp_path):
    """Return how often each id was sent."""
    return Counter(line.split()[1] for line in (tmp_path / "sent").read_text().splitlines())


def test_a_crash_between_sending_and_the_note_of_it_repeats_that_notification_and_no_other(
    assemble, messages, tmp_path
):
    app = assemble(threads=1, deadly="m45", deaths=1)
    expected = queue(app, messages(100))
    [deadly] = [one.id for one in expected.values() if (one.user, one.message_id) == ("cy", "m45")]
    assert deliver(tmp_path) == -signal.SIGKILL
    before = sent(tmp_path)
    assert before[deadly] == 1
    assert app.store.ledger.sent(before) == set(before) - {deadly}, "it was sent, and nobody knows"
    assert deliver(tmp_path) == 0
    assert sent(tmp_path) == Counter(list(expected)) + Counter([deadly])
    assert app.store.ledger.sent(expected) == set(expected)
    assert app.store.ledger.counts() == {("crash", Outcome.SENT): len(expected)}


def test_what_kills_every_delivery_is_given_up_and_all_else_arrives_once(assemble, messages, tmp_path):
    app = assemble(deadly="m45", deaths=1000)
    expected = queue(app, messages(100))
    [deadly] = [one for one in expected.values() if (one.user, one.message_id) == ("cy", "m45")]
    assert [deliver(tmp_path) for _ in range(MOST_LOSSES)] == [-signal.SIGKILL] * MOST_LOSSES
    assert deliver(tmp_path) == 0
    others = set(expected) - {deadly.id}
    assert set(sent(tmp_path)) == set(expected)
    assert app.store.ledger.sent(expected) == others
    [entry] = [one for one in app.store.ledger.of_user("cy") if one.notification == deadly.id]
    reason = f"given up: {MOST_LOSSES} processes died while they held it, so it may have arrived"
    assert (entry.outcome, entry.reason) == (Outcome.FAILED, reason)
    with contextlib.closing(app.transport()) as transport:
        assert [letter.reason for letter in transport.dead_letters()] == [reason]
