"""The far end of a demo gets what the backend delivers, as the demo's configuration has it."""

import json
import time

import pytest

from fmn_backend_sse import fmn_register_backends
from fmn_backend_sse.rehearsal import StreamRehearsal, events
from fmn_core import Settings
from fmn_core.testing import notification


@pytest.fixture
def rehearsal(tmp_path):
    far_end = StreamRehearsal(tmp_path)
    yield far_end
    far_end.close()


def eventually(arrived, count, patience=10.0):
    """Clients have threads of their own: give them the time they need."""
    until = time.monotonic() + patience
    while len(arrived()) < count and time.monotonic() < until:
        time.sleep(0.01)
    return arrived()


def test_what_is_delivered_arrives_in_the_stream_of_its_user(rehearsal, tmp_path):
    [backend] = fmn_register_backends(Settings(data_dir=tmp_path, plugin=rehearsal.settings))
    [address] = rehearsal.addresses("ava")
    rehearsal.addresses("bruno")
    sent = notification({"summary": "bash was built"}, user="ava", backend="sse", destination=address)
    backend.deliver(sent)
    [arrival] = eventually(rehearsal.arrived, 1)
    backend.close()
    assert arrival.destination == address
    assert rehearsal.mark(sent) in arrival.text
    [row] = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text("utf-8").splitlines()]
    assert (row["user"], row["data"]["summary"]) == ("ava", "bash was built")


def test_signs_of_life_and_settings_are_no_events():
    lines = [": heartbeat", "", "retry: 3000", "", "id: 7", "event: notification", 'data: {"a": 1}', "", "data: cut"]
    assert list(events(iter(lines))) == [{"id": "7", "event": "notification", "data": '{"a": 1}'}]
