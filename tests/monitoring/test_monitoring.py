"""Metrics and health: what a process tells of itself, and that it is off unless a place is named."""

import contextlib
import json
import logging
import socket
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from monitoring_place import COUNT, Shaky, get, read, where

from fmn_core import logs
from fmn_core.codec import encode_message, encode_notification
from fmn_core.errors import TransportError, UsageError
from fmn_core.instruments import Pulse
from fmn_core.monitoring import health, monitored, open_door, supervised_by
from fmn_core.monitoring.collector import StagesCollector
from fmn_core.monitoring.depths import Depths
from fmn_core.monitoring.metrics import METRICS, Sheet
from fmn_core.supervisor import Supervisor
from fmn_core.testing import message, notification
from fmn_core.transport.base import MESSAGES, deliveries
from fmn_core.transport.embedded import EmbeddedTransport


class Nothing:
    def __init__(self):
        self.latest, self.dead, self.waiting, self.suspended = {}, None, {}, {}

    def collect(self):
        return []


# Health.


def pulses(**states):
    """Return pulses by name: well, failed or overdue."""
    found = {}
    for name, state in states.items():
        pulse = found[name] = Pulse()
        pulse.well()
        if state == "failed":
            pulse.failed("stopped: no broker", 10.0)
        if state == "overdue":
            pulse.promise(-1.0)
    return found


@pytest.mark.parametrize(
    ("states", "path", "status", "words"),
    [
        pytest.param({"a": "well"}, "live", 200, {"live": True}, id="live"),
        pytest.param({"a": "well"}, "ready", 200, {"ready": True}, id="ready"),
        pytest.param({"a": "failed", "b": "well"}, "live", 200, {"live": True}, id="failed and live"),
        pytest.param(
            {"a": "failed", "b": "well"}, "ready", 503, {"ready": False, "missing": {"a": "stopped: no broker"}},
            id="failed and not ready",
        ),
        pytest.param(
            {"a": "overdue", "b": "well"}, "live", 503, {"live": False, "overdue": {"a": "well"}}, id="overdue"
        ),
    ],
)  # fmt: skip
def test_health_says_what_is_missing(door, states, path, status, words):
    with door.open(Nothing(), partial(health.of_stages, pulses(**states))):
        code, body = get(door, f"/healthz/{path}")
    assert (code, json.loads(body)) == (status, words)


def test_health_as_a_whole_names_every_part(door):
    with door.open(Nothing(), partial(health.of_stages, pulses(a="failed", b="well"))):
        code, body = get(door, "/healthz")
    parts = {
        "a": {"live": True, "ready": False, "state": "stopped: no broker"},
        "b": {"live": True, "ready": True, "state": "well"},
    }
    assert (code, json.loads(body)) == (503, {"live": True, "ready": False, "parts": parts})


def test_a_page_that_is_not_there_names_those_that_are(door):
    with door.open(Nothing(), dict):
        assert get(door, "/") == (404, "there is /metrics /healthz /healthz/live /healthz/ready\n")


def test_a_page_that_cannot_be_made_is_logged_and_the_next_one_is_served(door, caplog):
    def examine():
        raise KeyError("bug")

    with door.open(Nothing(), examine):
        assert get(door, "/healthz/live")[0] == 500
        assert get(door, "/metrics")[0] == 200
    assert "page /healthz/live cannot be made" in caplog.text


def test_a_place_that_is_taken_is_a_usage_error(door):
    place = f"127.0.0.1:{door.server_port}"
    with pytest.raises(UsageError, match=f"monitoring cannot listen on {place}: Address already in use"):
        open_door(place)


def test_it_listens_on_ipv6_too():
    try:
        door = open_door("[::1]:0")
    except UsageError:
        pytest.skip("this machine has no IPv6")
    door.server_close()
    assert door.address_family == socket.AF_INET6


# Metrics.


def test_what_is_not_declared_cannot_be_added():
    with pytest.raises(KeyError):
        Sheet().add("fmn_surprises_total", 1)


@pytest.mark.parametrize("name", METRICS)
def test_names_follow_the_conventions(name):
    declared = METRICS[name]
    assert name.startswith("fmn_")
    assert name.endswith("_total") == (declared.kind.name == "COUNTER")
    if declared.kind.name in ("HISTOGRAM", "SUMMARY"):
        assert name.endswith("_seconds")


def test_the_process_tells_of_its_memory_and_processor(door):
    with door.open(Nothing(), dict):
        samples = read(get(door, "/metrics")[1])
    assert samples["process_resident_memory_bytes"] > 1_000_000
    assert "process_cpu_seconds_total" in samples


class Tap:
    """A source."""

    name = "bus"

    def __init__(self):
        self.counts = Counter(queued=3, dropped=1)


def test_sources_lookups_and_stages_are_told_by_their_names(door):
    found = pulses(bus="failed")
    collector = StagesCollector([Tap()], found, Nothing(), Nothing(), lambda: {"alias": 61.5})
    with door.open(collector, dict):
        samples = read(get(door, "/metrics")[1])
    assert samples["fmn_messages_total queued bus"] == 3
    assert samples["fmn_messages_total dropped bus"] == 1
    assert samples["fmn_lookups_age_seconds alias"] == 61.5
    assert samples["fmn_stage_ready bus"] == 0
    assert samples["fmn_stage_failures_total bus"] == 1


def test_a_supervisor_tells_of_its_processes(door):
    supervisor = Supervisor("worker", [["true"], ["true"]])
    supervisor.children[0].starts = 4
    with supervised_by(door, supervisor):
        samples = read(get(door, "/metrics")[1])
        code, body = get(door, "/healthz/ready")
        alive = get(door, "/healthz/live")[0]
    assert samples["fmn_process_starts_total worker 1"] == 4
    assert samples["fmn_process_ready worker 2"] == 0
    missing = {"worker 1": "not running, not ready", "worker 2": "not running, not ready"}
    assert (code, json.loads(body)["missing"], alive) == (503, missing, 200)


# Stages at work.


def test_stages_tell_what_they_did(app, door):
    sent_at = datetime.now(UTC) - timedelta(seconds=20)
    messages = [message("oven.mended", id=f"m{n}", sent_at=sent_at) for n in range(COUNT)]
    with contextlib.closing(app.transport()) as transport:
        transport.publish(MESSAGES, [b"nonsense", *map(encode_message, messages)])
    stages = [app.worker(), *app.deliveries()]
    runner = app.runner(stages)
    with monitored(door, app, runner, stages, []):
        assert get(door, "/healthz/ready")[0] == 503
        runner.run(until_idle=True)
        samples = read(get(door, "/metrics")[1])
    for stage in stages:
        stage.close()
    assert samples.pop("fmn_deliveries_total recording deferred") == 1
    assert {name: samples[name] for name in samples if "_total" in name and "process_" not in name} == {
        "fmn_messages_total matched worker": COUNT,
        "fmn_messages_total rejected worker": 1,
        "fmn_notifications_total": COUNT,
        "fmn_rule_errors_total oven_raises": COUNT,
        "fmn_deliveries_total recording sent": COUNT,
        "fmn_deliveries_total recording repeated": 0,
        "fmn_stage_failures_total worker": 0,
        "fmn_stage_failures_total delivery of recording": 0,
    }
    assert samples["fmn_message_seconds_count"] == COUNT + 1
    assert samples["fmn_matching_lag_seconds_count"] == COUNT
    assert samples["fmn_matching_lag_seconds_bucket 10.0"] == 0
    assert samples["fmn_matching_lag_seconds_bucket 3600.0"] == COUNT
    assert samples["fmn_delivery_lag_seconds_count recording"] == COUNT
    assert samples["fmn_rule_seconds_count oven_raises"] >= 1
    assert samples["fmn_unusable_filters"] == 1
    assert samples["fmn_store_revision worker"] == samples["fmn_store_revision delivery of recording"] == 1


@pytest.fixture
def rows():
    """What is logged, as JSON tells it."""
    rows = []

    class Lines(logging.Handler):
        def emit(self, record):
            rows.append(json.loads(logs.JsonLines().format(record)))

    handler = Lines()
    logging.getLogger("fmn_core").addHandler(handler)
    yield rows
    logging.getLogger("fmn_core").removeHandler(handler)


def test_a_warning_deep_in_a_rule_tells_the_message(app, rows):
    with contextlib.closing(app.transport()) as transport:
        transport.publish(MESSAGES, [encode_message(message("oven.mended", id="m1"))])
    app.runner([app.worker()]).run(until_idle=True)
    [row] = [row for row in rows if "raised" in row["message"]]
    assert (row["message_id"], row["queue"], row["level"]) == ("m1", MESSAGES, "warning")
    assert "backend" not in row


def test_an_error_deep_in_a_backend_tells_the_notification(app, rows, monkeypatch):
    monkeypatch.setattr(Shaky, "deliver", lambda self, notification: {}["bug"])
    one = notification(backend="recording", user="bo", destination="home", **where(app))
    with contextlib.closing(app.transport()) as transport:
        transport.publish(deliveries("recording"), [encode_notification(one)])
    [delivery] = app.deliveries()
    app.runner([delivery]).run(until_idle=True)
    delivery.close()
    row, _ = [row for row in rows if "has a bug" in row["message"]]
    assert (row["notification_id"], row["message_id"], row["backend"]) == (one.id, one.message_id, "recording")
    assert "KeyError: 'bug'" in row["traceback"]


# Queues.


def test_depths_are_those_of_the_transport(tmp_path):
    depths = Depths(["a", "b"])
    with contextlib.closing(EmbeddedTransport(tmp_path / "queue.sqlite")) as transport:
        transport.publish("a", [b"1", b"2"])
        transport.bury("b", b"3", "no use")
        depths.look(transport)
    assert (depths.latest, depths.dead) == ({"a": 2, "b": 0}, 1)


def test_old_depths_are_forgotten_when_the_transport_fails():
    class Broken:
        def depth(self, queue):
            raise TransportError("gone")

    depths = Depths(["a"])
    depths.latest, depths.dead = {"a": 7}, 1
    with pytest.raises(TransportError):
        depths.look(Broken())
    assert (depths.latest, depths.dead) == ({}, None)
