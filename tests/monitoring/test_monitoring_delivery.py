"""What is told of delivery: what waits and why, what was given up, and whether the backend is away."""

import contextlib
import json
from datetime import UTC, datetime

from monitoring_place import Shaky, get, read, running, told, until, where

from fmn_core.codec import encode_notification
from fmn_core.errors import BackendAway, StoreError
from fmn_core.monitoring import monitored, serving
from fmn_core.monitoring.census import Census
from fmn_core.store import Waiting, Why
from fmn_core.testing import notification
from fmn_core.transport.base import deliveries

# The waiting room.


def test_the_census_counts_what_waits_by_reason_and_which_addresses_are_suspended(app):
    for number, why in enumerate((Why.DIGEST, Why.DIGEST, Why.TROUBLE)):
        app.store.waiting.put([Waiting(notification(message_id=f"m{number}"), why, datetime.now(UTC))])
    app.store.waiting.put([Waiting(notification(backend="other"), Why.DIGEST, datetime.now(UTC))])
    app.store.switches.suspend("recording", "home", "nobody there")
    census = Census(["recording"])
    census.look(app.store)
    assert census.waiting == {"recording": {**dict.fromkeys(Why, 0), Why.DIGEST: 2, Why.TROUBLE: 1}}
    assert census.suspended == {"recording": 1}


def test_an_old_census_is_forgotten_when_the_store_fails():
    class Broken:
        @property
        def waiting(self):
            raise StoreError("gone")

    census = Census(["a"])
    census.waiting, census.suspended = {"a": {Why.DIGEST: 1}}, {"a": 1}
    census.look(Broken())
    assert (census.waiting, census.suspended) == ({}, {})


def test_a_process_looks_at_queues_and_store_now_and_then_and_tells(app, door, monkeypatch):
    monkeypatch.setattr(serving, "EVERY", 0.01)
    app.store.waiting.put([Waiting(notification(), Why.DIGEST, datetime.now(UTC))])
    with contextlib.closing(app.transport()) as transport:
        transport.bury(deliveries("recording"), b"", "no use")
    [delivery] = app.deliveries()
    runner = app.runner([delivery])
    with monitored(door, app, runner, [delivery], []), running(runner):
        samples = told(door, "fmn_waiting recording digest", "fmn_dead_letters")
    delivery.close()
    assert samples["fmn_dead_letters"] == samples["fmn_waiting recording digest"] == 1
    assert samples["fmn_waiting recording trouble"] == samples["fmn_suspended_destinations recording"] == 0
    assert samples["fmn_backend_away recording"] == 0


# A backend that is away.


def test_a_backend_that_is_away_is_told_and_no_reason_to_restart(app, door, monkeypatch):
    away = [BackendAway("nobody answers at mail.example.org")]

    def deliver(self, notification):
        if away:
            raise away[0]

    monkeypatch.setattr(Shaky, "deliver", deliver)
    with contextlib.closing(app.transport()) as transport:
        one = notification(backend="recording", user="bo", destination="home", **where(app))
        transport.publish(deliveries("recording"), [encode_notification(one)])
    [delivery] = app.deliveries()
    runner = app.runner([delivery])
    remark = "the backend is away, and its queue waits: nobody answers at mail.example.org"
    with monitored(door, app, runner, [delivery], []), running(runner):
        until(lambda: delivery.away)
        assert read(get(door, "/metrics")[1])["fmn_backend_away recording"] == 1
        assert get(door, "/healthz/live")[0] == 200
        until(lambda: get(door, "/healthz/ready")[0] == 200)
        assert json.loads(get(door, "/healthz/ready")[1]) == {"ready": True, "remarks": {delivery.name: remark}}
        assert json.loads(get(door, "/healthz")[1])["parts"][delivery.name]["remark"] == remark
        away.clear()
        until(lambda: not delivery.away)
        assert read(get(door, "/metrics")[1])["fmn_backend_away recording"] == 0
        assert json.loads(get(door, "/healthz/ready")[1]) == {"ready": True}
    delivery.close()
