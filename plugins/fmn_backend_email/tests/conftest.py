"""What the tests share: notifications, and a mail server that answers as it is told."""

import socket
import ssl
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from fmn_backend_email import fmn_register_backends
from fmn_core import Digest, Facts, Links, Notification, Settings

NOTIFICATION = Notification(
    id="0" * 31 + "1",
    message_id="2016-7e1d3b8b",
    topic="org.fedoraproject.prod.buildsys.build.state.change",
    sent_at=datetime(2016, 3, 14, 15, 9, 26, tzinfo=UTC),
    facts=Facts(
        title="buildsys.build.state.change",
        summary="ralph's build of kernel-4.5 completed",
        details="kernel-4.5-1.fc24 was built.\nIt took an hour.",
        url="https://koji.example.org/buildinfo?buildID=1",
        app="buildsys",
        usernames=frozenset({"ralph"}),
        packages=frozenset({"kernel"}),
        thread="koji/build/1",
        event="build completed",
    ),
    user="jane",
    backend="email",
    destination="jane@example.org",
    preference="1",
    filter_id="7",
    filter_name="my builds",
    links=Links("https://fmn.example.org/jane/email/7", "https://fmn.example.org/unsubscribe/s3cret"),
    filter_rules=("Build completed", "On packages I maintain"),
)


@pytest.fixture
def notification():
    """Make a notification with some fields changed; those of the facts by their own names."""

    def make(**changes):
        own = {name: changes.pop(name) for name in list(changes) if name not in Facts.__dataclass_fields__}
        return replace(NOTIFICATION, facts=replace(NOTIFICATION.facts, **changes), **own)

    return make


@pytest.fixture
def digest(notification):
    """Make a digest of notifications, with some fields changed."""

    def make(*notifications, **changes):
        made = Digest("d" * 32, "jane", "email", "jane@example.org", notifications or (notification(),) * 2)
        links = Links(unsubscribe="https://fmn.example.org/unsubscribe/all")
        return replace(made, **{"reason": "every hour", "links": links, **changes})

    return make


class Handler:
    """Keeps what it is sent, and answers RCPT and DATA as the test says."""

    def __init__(self):
        self.mails, self.peers, self.refused = [], set(), set()
        self.rcpt, self.data = "250 OK", "250 OK"
        self.pipelining = False

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802 - aiosmtpd's name
        session.host_name = hostname
        return [*responses[:-1], *(["250-PIPELINING"] if self.pipelining else []), responses[-1]]

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if address in self.refused:
            return "550 5.1.1 nobody of that name"
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.peers.add(session.peer)
        if self.data.startswith("250"):
            self.mails.append(envelope)
        return self.data


class OverTls(Controller):
    """Speaks TLS from the first byte on.

    :param trust: a client's context, to try the server with
    """

    def __init__(self, *arguments, trust, **options):
        super().__init__(*arguments, **options)
        self._trust = trust

    def _trigger_server(self):
        with (
            socket.create_connection((self.hostname, self.port), 5) as plain,
            self._trust.wrap_socket(plain, server_hostname="localhost") as connection,
        ):
            connection.recv(1024)


@pytest.fixture(params=[False, True], ids=["step by step", "at once"])
def mail_server(request, start_mail_server):
    server = start_mail_server()
    server.pipelining = request.param
    return server


@pytest.fixture
def start_mail_server(monkeypatch, authority):
    """Start a server; options are those of aiosmtpd's SMTP, and ``tls=True`` for TLS from the first byte on."""
    # on both sides a slow DNS would be asked for this machine's name
    monkeypatch.setattr(socket, "getfqdn", lambda *args: "localhost")
    with ExitStack() as stack:

        def start(*, tls=False, **options):
            handler = Handler()
            with socket.create_server(("127.0.0.1", 0)) as free:
                handler.port = free.getsockname()[1]
            place = {"hostname": "127.0.0.1", "port": handler.port}
            if tls:
                controller = OverTls(handler, **place, ssl_context=authority.of_server, trust=authority.of_client)
            else:
                controller = Controller(handler, **place)
            controller.factory = lambda: SMTP(handler, hostname="localhost", **options)
            controller.start()
            handler.stop = lambda: controller.server is not None and controller.stop()
            stack.callback(handler.stop)
            return handler

        yield start


class Authority:
    """An authority of our own, and a certificate from it for a server named localhost.

    :param file: where its certificate is
    """

    def __init__(self, file):
        authority, self.file = trustme.CA(), str(file)
        authority.cert_pem.write_to_path(self.file)
        self.of_server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(self.of_server)
        self.of_client = ssl.create_default_context(cafile=self.file)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority") / "ca.pem")


@pytest.fixture
def backend(tmp_path):
    """Make the backend with some settings, and close it in the end."""
    with ExitStack() as stack:

        def make(folder=tmp_path, **options):
            settings = Settings(data_dir=folder, base_url="https://fmn.example.org/", plugin={"email": options})
            (made,) = fmn_register_backends(settings)
            stack.callback(made.close)
            return made

        yield make
