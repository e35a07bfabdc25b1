"""The command as operators run it, what it tells them, and a carrier that goes away."""

import json
import logging
import re
import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from streams import event, eventually, figures, position, reading, summary

from fmn_backend_sse import fmn_register_backends
from fmn_backend_sse.carrier import CarrierAway
from fmn_backend_sse.opening import open_carrier
from fmn_backend_sse.serving import serving
from fmn_core import BackendAway, Settings


def answer(url):
    """Return status and text."""
    try:
        with urlopen(url, timeout=20) as response:
            return response.status, response.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


@contextmanager
def fmn_sse(settings, *arguments):
    """Run the command as a process of its own; the value is the process and its URL."""
    code = (
        "import sys; from fmn_core import Settings\n"
        "from fmn_backend_sse.command import command\n"
        "class Context:\n"
        "    settings = Settings.model_validate_json(sys.argv[1])\n"
        "    may_reload = staticmethod(lambda: True)\n"
        "command.main(sys.argv[2:], obj=Context)\n"
    )
    said = json.dumps({**settings.model_dump(mode="json"), "plugin": settings.plugin})
    process = subprocess.Popen([sys.executable, "-c", code, said, *arguments], stdout=subprocess.PIPE, text=True)
    with process:
        try:
            yield process, url_said(process)
        finally:
            process.kill()


def url_said(process):
    return re.search(r"http://[^/]+", process.stdout.readline())[0]


def test_command_serves_until_it_is_told_to_stop(settings, backend, url_of, to):
    with fmn_sse(settings) as (process, base), reading(url_of(base, "jane")) as (_, file):
        position(file)
        backend.deliver(to("jane", "across processes"))
        assert summary(file) == "across processes"
        process.send_signal(signal.SIGTERM)
        assert file.read() == b""
        assert process.wait(20) == 0


def test_command_can_be_told_where_it_is_watched(settings, free_port):
    with fmn_sse(settings, "--monitoring", f"127.0.0.1:{free_port}"):
        assert answer(f"http://127.0.0.1:{free_port}/healthz")[0] == 200


def test_a_killed_server_loses_nothing(settings, backend, url_of, to):
    with fmn_sse(settings) as (process, base), reading(url_of(base, "jane")) as (_, file):
        position(file)
        backend.deliver(to("jane", "seen"))
        seen = event(file)["id"]
        process.kill()
        process.wait(20)
    backend.deliver(to("jane", "missed"))
    with fmn_sse(settings) as (_, base), reading(url_of(base, "jane"), Last_Event_ID=seen) as (_, file):
        assert summary(file) == "missed"
        backend.deliver(to("jane", "live"))
        assert summary(file) == "live"


def test_command_starts_again_when_told_to(settings, backend, url_of, to):
    with fmn_sse(settings) as (process, base), reading(url_of(base, "jane")) as (_, file):
        position(file)
        process.send_signal(signal.SIGHUP)
        assert file.read() == b""
        with reading(url_of(url_said(process), "jane")) as (_, file):
            position(file)
            backend.deliver(to("jane", "as before"))
            assert summary(file) == "as before"


def test_how_it_is_can_be_seen_without_seeing_anybody(configured, backend, url_of, to, free_port):
    watch = f"http://127.0.0.1:{free_port}"
    with serving(configured(monitoring=f"127.0.0.1:{free_port}")) as base:
        assert answer(base + "/healthz") == answer(watch + "/healthz/ready") == (200, '{"ready": true}')
        assert answer(watch + "/healthz/live") == (200, '{"live": true}')
        assert answer(base + "/events/jane")[0] == 401
        with reading(url_of(base, "jane")) as (_, file), reading(url_of(base, "jane")) as (_, other):
            position(file), position(other)
            backend.deliver(to("jane"))
            event(file), event(other)
            counted = figures(free_port)
            _, text = answer(watch + "/metrics")
        eventually(lambda: figures(free_port)["clients"] == 0)
    assert counted == {
        "clients": 2, "users": 1, "carrier_up": 1, "connects_total": 2, 'refused_total{reason="no_token"}': 1,
        "events_sent_total": 2, "gaps_total": 0, "carrier_failures_total": 0,
    }  # fmt: skip
    assert "jane" not in text
    assert text.count("# TYPE") == 9


def test_streams_outlive_redis_being_away(proxy, redis_prefix, tmp_path, to, caplog):
    caplog.set_level(logging.INFO, "fmn_backend_sse")
    options = {"port": 0, "redis_prefix": redis_prefix, "heartbeat": 0.1}
    straight = {"data_dir": tmp_path, "redis": {"url": proxy.straight}, "plugin": {"sse": options}}
    (backend,) = fmn_register_backends(Settings.model_validate(straight))
    settings = Settings.model_validate({**straight, "redis": {"url": proxy.url}})
    with closing(backend), serving(settings) as base:
        url = backend.stream_url("jane").replace("http://127.0.0.1:0", base)
        with reading(url) as (_, file):
            position(file)
            proxy.cut()
            eventually(lambda: answer(base + "/healthz")[0] == 503)
            for number in range(150):
                backend.deliver(to("jane", str(number)))
            with reading(url + "&last_event_id=0") as (status, later):
                assert status == 200
                while later.readline() != b": heartbeat\n":
                    pass
                proxy.mend()
                assert [summary(later) for _ in range(150)] == [str(number) for number in range(150)]
            assert [summary(file) for _ in range(150)] == [str(number) for number in range(150)]
            backend.deliver(to("jane", "live"))
            assert summary(file) == "live"
    levels = [one.levelname for one in caplog.records if "Redis" in one.message or "stay open" in one.message]
    assert levels.count("WARNING") == 1


def test_a_token_revoked_while_redis_is_away_opens_nothing(proxy, redis_prefix, tmp_path, to):
    options = {"port": 0, "redis_prefix": redis_prefix, "heartbeat": 0.1}
    straight = {"data_dir": tmp_path, "redis": {"url": proxy.straight}, "plugin": {"sse": options}}
    (backend,) = fmn_register_backends(Settings.model_validate(straight))
    with closing(backend), serving(Settings.model_validate({**straight, "redis": {"url": proxy.url}})) as base:
        url = backend.stream_url("jane").replace("http://127.0.0.1:0", base)
        backend.deliver(to("jane", "not for whoever found the token"))
        proxy.cut()
        eventually(lambda: answer(base + "/healthz")[0] == 503)
        with closing(open_carrier(Settings.model_validate(straight))) as carrier:
            carrier.revoke("jane")
        with reading(url + "&last_event_id=0") as (_, file):
            proxy.mend()
            assert b"event" not in file.read()


def test_web_is_told_when_no_address_can_be_had(proxy, redis_prefix, tmp_path):
    sections = {"redis": {"url": proxy.url}, "plugin": {"sse": {"redis_prefix": redis_prefix}}}
    (backend,) = fmn_register_backends(Settings.model_validate({"data_dir": tmp_path, **sections}))
    proxy.cut()
    with closing(backend), pytest.raises(CarrierAway, match="cannot be used"):
        backend.stream_url("jane")
    assert not issubclass(CarrierAway, BackendAway)
