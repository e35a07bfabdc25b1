"""More than five thousand notifications, a backend with trouble, and deliveries that are killed: none lost, in order.

What may be repeated is what a killed delivery had sent and not yet noted: one notification for each of its threads.
"""

import os
import random
from collections import defaultdict
from contextlib import closing

import pytest
from numbers_place import wanted
from processes import eventually

from fmn_core.bench.crash import calm_run
from fmn_core.bench.processes import running
from fmn_core.codec import encode_notification
from fmn_core.model import Outcome
from fmn_core.transport.base import deliveries

MESSAGES, KILLS, THREADS = 6000, 6, 4
#: notifications held at once. What several processes died with comes alone, and on a broker no more in its place:
#: here nothing is held by two of them
HELD = 100
#: notifications sent between two kills, at least and at most
CALM = 2 * HELD, 4 * HELD
#: what comes in trouble is tried again soon, and not given up
SOON = {"attempts": 100, "first_delay": 0.1, "longest_delay": 0.5}


@pytest.fixture(params=["embedded", "servers"])
def place(request):
    """Where queue and store are."""
    if request.param == "embedded":
        return {}
    broker, prefix, postgres = map(request.getfixturevalue, ("broker", "prefix", "fresh_postgres"))
    return {"transport": {"url": broker, "prefix": prefix, "prefetch": HELD}, "store": {"url": postgres}}


def publish(app, some):
    """Queue notifications, in that order."""
    with closing(app.transport()) as transport:
        transport.publish(deliveries("crash"), list(map(encode_notification, some)))


def by_destination(rows):
    """Gather ids by destination, each once."""
    found = defaultdict(dict)
    for destination, id_ in rows:
        found[destination].setdefault(id_)
    return {destination: list(ids) for destination, ids in found.items()}


def test_with_trouble_and_killed_deliveries_everything_arrives_in_order(
    assemble, messages, numbers_place, place, record_property
):
    seed = int(os.environ.get("FMN_TEST_SEED", random.randrange(2**32)))
    print("FMN_TEST_SEED =", seed)
    chance = random.Random(seed)
    expected = calm_run(assemble(), messages(MESSAGES).read_bytes().splitlines())
    app = assemble({**place, "delivery": SOON}, threads=THREADS, trouble=0.004, away=0.001)
    publish(app, expected)
    assert len(expected) == wanted(MESSAGES) > KILLS * CALM[1]
    ids = {one.id for one in expected}
    with running(numbers_place.configuration, [("deliver",)]) as [delivery]:
        for _ in range(KILLS):
            more = numbers_place.sent().total() + chance.randint(*CALM)
            eventually(lambda more=more: numbers_place.sent().total() >= more)
            delivery.kill()
        while app.store.ledger.sent(ids) != ids:
            before = numbers_place.sent().total()
            eventually(lambda before=before: numbers_place.sent().total() > before or app.store.ledger.sent(ids) == ids)
        assert delivery.end()
    sent = numbers_place.sent()
    repeated = sum(sent.values()) - len(sent)
    print("repeated", repeated)
    record_property("repeated", repeated)
    assert set(sent) == ids
    assert repeated <= KILLS * THREADS
    assert app.store.ledger.counts() == {("crash", Outcome.SENT): len(ids)}
    assert app.store.waiting.moving() == 0
    arrived = [line.split() for line in numbers_place.sent_file.read_text().splitlines()]
    assert by_destination(arrived) == by_destination((one.destination, one.id) for one in expected)
