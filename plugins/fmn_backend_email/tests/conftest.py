"""What the tests share: notifications, and a mail server that answers as it is told."""

import smtplib
import socket
from dataclasses import replace

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from fmn_core import Facts, Notification

NOTIFICATION = Notification(
    id="0" * 31 + "1",
    message_id="2016-7e1d3b8b",
    topic="org.fedoraproject.prod.buildsys.build.state.change",
    sent_at=None,
    facts=Facts(
        title="buildsys.build.state.change",
        summary="ralph's build of kernel-4.5 completed",
        details="kernel-4.5-1.fc24 was built.\nIt took an hour.",
        url="https://koji.example.org/buildinfo?buildID=1",
        app="buildsys",
        usernames=frozenset({"ralph"}),
        packages=frozenset({"kernel"}),
        thread="koji/build/1",
    ),
    user="jane",
    backend="email",
    destination="jane@example.org",
    preference="1",
    filter_id="7",
    filter_name="my builds",
)


@pytest.fixture
def notification():
    """Make a notification with some fields changed; those of the facts by their own names."""

    def make(**changes):
        own = {name: changes.pop(name) for name in list(changes) if name not in Facts.__dataclass_fields__}
        return replace(NOTIFICATION, facts=replace(NOTIFICATION.facts, **changes), **own)

    return make


class Handler:
    """Keeps what it is sent, and answers RCPT and DATA as the test says."""

    def __init__(self):
        self.mails, self.peers = [], set()
        self.rcpt, self.data = "250 OK", "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.peers.add(session.peer)
        if self.data.startswith("250"):
            self.mails.append(envelope)
        return self.data


@pytest.fixture
def mail_server(monkeypatch):
    # on both sides a slow DNS would be asked for this machine's name
    monkeypatch.setattr(smtplib.socket, "getfqdn", lambda *args: "localhost")
    handler = Handler()
    with socket.create_server(("127.0.0.1", 0)) as free:
        handler.port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port)
    controller.factory = lambda: SMTP(handler, hostname="localhost", enable_SMTPUTF8=True)
    controller.start()
    handler.stop = controller.stop
    yield handler
    if controller.server is not None:
        controller.stop()
