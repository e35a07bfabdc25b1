"""15,000 messages through RabbitMQ while it is restarted and workers are killed: nothing lost, nothing repeated."""

import os
import random

from numbers_place import wanted

from fmn_core.bench.crash import calm_run
from fmn_core.bench.storm import BrokerStorm

COUNT, WORKERS, RESTARTS = 15_000, 4, 2


def test_killed_workers_and_a_broker_that_is_restarted_lose_nothing(
    assemble, messages, numbers_place, rabbit, vhost, record_property
):
    seed = int(os.environ.get("FMN_TEST_SEED", random.randrange(2**32)))
    print("FMN_TEST_SEED =", seed)
    lines = messages(COUNT).read_bytes().splitlines()
    expected = calm_run(assemble(), lines)
    app = assemble({"transport": {"url": vhost}})
    rehearsals = {"crash": app.registry.backend("crash").rehearse(numbers_place.folder)}
    storm = BrokerStorm(app, rehearsals, numbers_place.configuration, WORKERS, RESTARTS, rabbit.restart)
    result = storm.run(lines, expected, random.Random(seed))
    print(result)
    record_property("copies", result.copies)
    assert result.right
    assert (result.messages, result.expected, result.restarts) == (COUNT, wanted(COUNT), RESTARTS)
    assert (result.in_ledger, result.delivered) == (result.expected, result.expected)
    assert (result.lost, result.repeated, result.foreign, result.left, result.dead, result.unwilling) == (0,) * 6
    assert result.killed >= COUNT / 1000, "one each second of a rate of 500"
