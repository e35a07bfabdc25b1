"""The far end of a demo gets what the backend delivers, as the demo's configuration has it."""

import time

import pytest

from fmn_backend_irc import fmn_register_backends
from fmn_core import Settings
from fmn_core.testing import notification


def eventually(arrived, count, patience=10.0):
    """The readers have threads of their own: give them the time they need."""
    until = time.monotonic() + patience
    while len(arrived()) < count and time.monotonic() < until:
        time.sleep(0.01)
    return arrived()


@pytest.fixture
def rehearsal(tmp_path):
    [draft] = fmn_register_backends(Settings(data_dir=tmp_path))
    far_end = draft.rehearse(tmp_path)
    yield far_end
    far_end.close()


def test_what_is_delivered_arrives_at_user_and_channel(rehearsal, tmp_path):
    [backend] = fmn_register_backends(Settings(data_dir=tmp_path, plugin=rehearsal.settings))
    addresses = rehearsal.addresses("ava")
    sent = [notification({"summary": "bash was built"}, backend="irc", destination=address) for address in addresses]
    try:
        for one in sent:
            backend.deliver(one)
    finally:
        backend.close()
    arrived = eventually(rehearsal.arrived, 2)
    assert sorted(one.destination for one in arrived) == ["#fmn", "ava"]
    assert all(rehearsal.mark(sent[0]) in one.text for one in arrived)
    assert "#fmn <fmn> bash was built" in (tmp_path / "irc.log").read_text("utf-8")


def test_people_can_try_commands(rehearsal, tmp_path, people, desk):
    [backend] = fmn_register_backends(Settings(data_dir=tmp_path, plugin=rehearsal.settings))
    backend.start(desk)
    try:
        assert people(rehearsal.settings["irc"]["port"], "jane").asks("help") == "help for jane"
    finally:
        backend.close()
