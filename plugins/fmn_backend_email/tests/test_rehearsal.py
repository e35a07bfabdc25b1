"""The far end of a demo gets what the backend delivers, as the demo's configuration has it."""

from fmn_backend_email import fmn_register_backends
from fmn_core import Settings
from fmn_core.testing import notification


def test_what_is_delivered_arrives_at_its_address_with_its_mark(tmp_path):
    [draft] = fmn_register_backends(Settings(data_dir=tmp_path))
    rehearsal = draft.rehearse(tmp_path)
    [address] = rehearsal.addresses("ava")
    [backend] = fmn_register_backends(Settings(data_dir=tmp_path, plugin=rehearsal.settings))
    sent = notification({"summary": "bash was built"}, backend="email", destination=address)
    backend.deliver(sent)
    [arrival] = rehearsal.arrived()
    assert arrival.destination == address
    assert rehearsal.mark(sent) in arrival.text
    assert "Subject: bash was built" in arrival.text
