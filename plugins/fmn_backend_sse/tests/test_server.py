"""The server as its clients see it: aiohttp's, a raw socket, and the command as a process."""

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from urllib.parse import urlsplit
from urllib.request import urlopen

import aiohttp
import pytest
from aiohttp import web

from fmn_backend_sse.events import open_events
from fmn_backend_sse.server import EventServer
from fmn_backend_sse.serving import make_runner, serving
from fmn_backend_sse.settings import SseSettings
from fmn_backend_sse.tokens import open_tokens, stream_url
from fmn_core import FmnError, Settings

SOON = aiohttp.ClientTimeout(total=20)


@pytest.fixture
def url_of(settings):
    """Return where a user's stream is on a server."""
    return lambda base, user: stream_url(base, user, open_tokens(settings).of(user))


@contextmanager
def reading(url, **headers):
    """Read a stream as curl does: HTTP/1.0 over a socket, so that what comes is the stream as it is."""
    parts = urlsplit(url)
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as client, client.makefile("rb") as file:
        client.sendall(f"GET {parts.path}?{parts.query} HTTP/1.0\r\n{lines}\r\n".encode())
        status = file.readline()
        for line in file:
            if line == b"\r\n":
                break
        yield int(status.split()[1]), file


def event(file):
    """Return the fields of the next event."""
    fields = {}
    for raw in file:
        line = raw.decode().rstrip("\n")
        if not line and "data" in fields:
            return fields
        name, _, value = line.partition(": ")
        if name:
            fields[name] = value
    raise EOFError


def summary(file):
    return json.loads(event(file)["data"])["summary"]


def test_event_arrives_with_id_name_and_data(settings, backend, url_of, to):
    with serving(settings) as base, reading(url_of(base, "jane")) as (status, file):
        assert status == 200
        assert file.readline() == b"retry: 3000\n"
        backend.deliver(to("jane", "žluťoučký <b>kůň</b>"))
        got = event(file)
    assert got["id"] == "1"
    assert got["event"] == "notification"
    assert json.loads(got["data"])["summary"] == "žluťoučký <b>kůň</b>"
    assert "<b>" not in got["data"]


def test_stream_is_announced_as_one(settings, url_of):
    with serving(settings) as base, urlopen(url_of(base, "jane"), timeout=20) as response:
        headers = response.headers
        assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Access-Control-Allow-Origin"] == "*"


def test_every_window_gets_everything_and_others_nothing(settings, backend, url_of, to):
    with (
        serving(settings) as base,
        reading(url_of(base, "jane")) as (_, first),
        reading(url_of(base, "jane")) as (_, second),
        reading(url_of(base, "joe")) as (_, other),
    ):
        for number in range(250):
            backend.deliver(to("jane", str(number)))
        backend.deliver(to("joe", "for joe"))
        expected = [str(number) for number in range(250)]
        assert [summary(first) for _ in expected] == expected
        assert [summary(second) for _ in expected] == expected
        assert summary(other) == "for joe"


def test_a_client_that_comes_back_gets_what_it_missed_even_from_another_server(settings, backend, url_of, to):
    with serving(settings) as base, reading(url_of(base, "jane")) as (_, file):
        backend.deliver(to("jane", "seen"))
        seen = event(file)["id"]
    backend.deliver(to("jane", "missed"))
    backend.deliver(to("joe", "not hers"))
    with serving(settings) as base:
        with reading(url_of(base, "jane"), Last_Event_ID=seen) as (_, file):
            assert summary(file) == "missed"
            backend.deliver(to("jane", "live"))
            assert summary(file) == "live"
        with reading(url_of(base, "jane") + f"&last_event_id={seen}") as (_, file):
            assert summary(file) == "missed"


def test_without_an_id_a_stream_begins_with_what_comes(settings, backend, url_of, to):
    backend.deliver(to("jane", "before"))
    with serving(settings) as base, reading(url_of(base, "jane")) as (_, file):
        backend.deliver(to("jane", "after"))
        assert summary(file) == "after"


@pytest.mark.parametrize("given", ["999", "9" * 400])
def test_an_id_of_another_log_begins_anew(settings, backend, url_of, to, given):
    backend.deliver(to("jane", "kept"))
    with serving(settings) as base, reading(url_of(base, "jane"), Last_Event_ID=given) as (_, file):
        assert summary(file) == "kept"


@pytest.mark.parametrize("given", ["x", "-1", "1.5", "١"])
def test_an_id_that_is_no_number_is_refused(settings, url_of, given):
    with serving(settings) as base, reading(url_of(base, "jane"), Last_Event_ID=given) as (status, _):
        assert status == 400


def test_only_the_token_of_the_stream_opens_it(settings):
    token = open_tokens(settings).of("jane")

    async def statuses(base):
        async with aiohttp.ClientSession(timeout=SOON) as session:

            async def status(path, **options):
                async with session.get(base + path, **options) as response:
                    return response.status

            return [
                await status("/events/jane"),
                await status("/events/jane?token="),
                await status("/events/jane?token=" + token[::-1]),
                await status("/events/joe?token=" + token),
                await status("/events/jane", headers={"Authorization": "Bearer x"}),
                await status("/events/jane?token=" + token, headers={"Authorization": "Bearer x"}),
                await status("/events/jane?token=ž"),
                await status("/events/jane?token=" + token),
                await status("/events/jane", headers={"Authorization": f"Bearer {token}"}),
                await status("/events/"),
                await status("/"),
                await status("/events/jane/more?token=" + token),
            ]

    with serving(settings) as base:
        assert asyncio.run(statuses(base)) == [401, 401, 403, 403, 403, 403, 403, 200, 200, 404, 404, 404]


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS"])
def test_other_methods_are_refused(settings, url_of, method):
    async def status(url):
        async with aiohttp.request(method, url, timeout=SOON) as response:
            return response.status

    with serving(settings) as base:
        assert asyncio.run(status(url_of(base, "jane"))) == 405


def configured(settings, **options):
    return Settings(data_dir=settings.data_dir, plugin={"sse": settings.plugin["sse"] | options})


def test_silence_is_broken_by_a_sign_of_life(settings, url_of):
    with serving(configured(settings, heartbeat=0.05)) as base, reading(url_of(base, "jane")) as (_, file):
        assert next(line for line in file if line.startswith(b":")) == b": heartbeat\n"


@asynccontextmanager
async def watched(settings):
    """Run the server in this loop, to look inside."""
    with closing(open_events(settings)) as events:
        server = EventServer(settings.section("sse", SseSettings), events, open_tokens(settings))
        runner = make_runner(server)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield server, f"http://127.0.0.1:{runner.addresses[0][1]}"
        await runner.cleanup()


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def test_a_client_that_left_is_forgotten(settings, url_of):
    async def scenario():
        async with watched(settings) as (server, base), aiohttp.ClientSession(timeout=SOON) as session:
            response = await session.get(url_of(base, "jane"))
            await until(lambda: server.clients == 1)
            response.close()
            await until(lambda: server.clients == 0)

    asyncio.run(scenario())


def test_a_client_that_takes_nothing_is_dropped(settings, backend, url_of, to):
    async def scenario():
        async with watched(configured(settings, patience=0.1)) as (server, base):
            parts = urlsplit(url_of(base, "jane"))
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with client:
                client.connect((parts.hostname, parts.port))
                client.sendall(f"GET {parts.path}?{parts.query} HTTP/1.0\r\n\r\n".encode())
                await until(lambda: server.clients == 1)
                for number in range(100):
                    backend.deliver(to("jane", f"{number}" + "x" * 100_000))
                await until(lambda: server.clients == 0)

    asyncio.run(scenario())


def test_port_that_is_taken_is_told(settings):
    with serving(settings) as base:
        taken = configured(settings, port=urlsplit(base).port)
        with pytest.raises(FmnError, match=f"cannot listen on 127.0.0.1:{taken.plugin['sse']['port']}"), serving(taken):
            pass


def test_streams_end_with_the_server(settings, url_of):
    with ExitStack() as server:
        base = server.enter_context(serving(settings))
        with reading(url_of(base, "jane")) as (_, file):
            assert file.readline() == b"retry: 3000\n"
            server.close()
            assert file.read() == b"\n"


def test_log_that_cannot_be_opened_is_told(tmp_path):
    (tmp_path / "events.sqlite").mkdir()
    settings = Settings(data_dir=tmp_path, plugin={"sse": {"port": 0, "secret": "x"}})
    with pytest.raises(FmnError, match="event log"), serving(settings):
        pass


def test_command_serves_until_it_is_told_to_stop(settings, backend, url_of, to):
    """As operators run it: a process of its own, and deliveries in another."""
    code = (
        "import sys; from pathlib import Path; from fmn_core import Settings\n"
        "from fmn_backend_sse.command import command\n"
        "class Context: settings = Settings(data_dir=Path(sys.argv[1]), plugin={'sse': {'port': 0, 'poll': 0.01}})\n"
        "command.main([], obj=Context)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, settings.data_dir], stdout=subprocess.PIPE, text=True)
    with process:
        base = re.search(r"http://[^/]+", process.stdout.readline())[0]
        with reading(url_of(base, "jane")) as (_, file):
            backend.deliver(to("jane", "across processes"))
            assert summary(file) == "across processes"
            process.send_signal(signal.SIGTERM)
            assert file.read() == b""
        assert process.wait(20) == 0
