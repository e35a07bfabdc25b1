"""The backend as delivery and the web have it, with both carriers; and the command beside the server."""

import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace

import pytest
from click.testing import CliRunner

from fmn_backend_sse import fmn_register_backends, fmn_register_commands
from fmn_backend_sse.keys import opened_keys
from fmn_backend_sse.opening import open_carrier
from fmn_core import BackendAway, ConfigError, Digest, DropDelivery, Purpose, Settings, UsageError
from fmn_core.testing import check_backend


class Context:
    def __init__(self, settings):
        self.settings = settings


@pytest.fixture
def fmn_sse(settings):
    (command,) = fmn_register_commands()
    return lambda *args: CliRunner().invoke(command, args, obj=Context(settings))


@pytest.fixture
def events_of(settings):
    """Return a user's events as they are carried."""

    def read(user):
        with closing(open_carrier(settings)) as carrier:
            return carrier.read({user: 0}, 100)[user].events

    return read


def test_contract(backend):
    check_backend(backend, "jane")


def test_notification_becomes_an_event_of_its_user(backend, events_of, to):
    backend.deliver(to("jane", "first"))
    backend.deliver(to("jane", "first"))
    backend.deliver(to("joe", "second"))
    (event,) = events_of("jane")
    assert event.name == "notification"
    assert json.loads(event.data)["summary"] == "first"


def test_what_fmn_itself_says_is_a_notice_with_all_its_text(backend, events_of, to):
    backend.deliver(to("jane", "an address is suspended", {"details": "why\nand what to do"}, purpose=Purpose.NOTICE))
    (event,) = events_of("jane")
    assert event.name == "notice"
    assert json.loads(event.data)["details"] == "why\nand what to do"


def test_digest_is_one_event(backend, events_of, to):
    some = tuple(to("jane", str(number), {"packages": frozenset({"kernel"})}) for number in range(3))
    digest = Digest("d1", "jane", "sse", "jane", some, reason="every hour")
    backend.deliver_digest(digest)
    backend.deliver_digest(digest)
    (event,) = events_of("jane")
    assert event.name == "digest"
    data = json.loads(event.data)
    assert (data["summary"], data["reason"]) == ("3 notifications: kernel", "every hour")
    ((about, line, each),) = [group.values() for group in data["groups"]]
    assert (about, line) == ("kernel", "kernel: 3 events")
    assert [one["summary"] for one in each] == ["0", "1", "2"]


def test_nobody_writes_into_the_stream_of_another(backend, events_of, to):
    backend.deliver(replace(to("jane"), destination="joe"))
    assert not events_of("joe")


def test_an_address_needs_no_confirmation(backend):
    assert backend.confirms_itself


@pytest.mark.parametrize("name", ["", " ", "a b", "a/b", "a\nb", "\ud800", "x" * 101])
def test_what_is_no_user_name_is_refused(backend, to, name):
    with pytest.raises(UsageError, match="no user name"):
        backend.check_address(name)
    with pytest.raises(DropDelivery, match="no user name"):
        backend.deliver(to(name, message_id="1", id="1"))
    with pytest.raises(UsageError, match="no user name"):
        backend.stream_url(name)


def test_names_are_stripped(backend):
    assert backend.check_address(" jane\n") == "jane"


def test_log_that_cannot_be_written_lets_the_queue_wait(tmp_path, to):
    (tmp_path / "file").write_text("")
    (backend,) = fmn_register_backends(Settings(data_dir=tmp_path / "file"))
    with pytest.raises(BackendAway, match="cannot be used"):
        backend.deliver(to("jane"))


def test_log_that_another_keeps_busy_lets_the_queue_wait(tmp_path, to, monkeypatch):
    monkeypatch.setattr("fmn_backend_sse.in_sqlite.PATIENCE", 0.01)
    (backend,) = fmn_register_backends(Settings(data_dir=tmp_path))
    with closing(backend), closing(sqlite3.connect(tmp_path / "events.sqlite", isolation_level=None)) as other:
        backend.deliver(to("jane", "before"))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BackendAway, match="locked"):
            backend.deliver(to("jane", "meanwhile"))
        other.execute("COMMIT")
        backend.deliver(to("jane", "meanwhile"))


def test_redis_that_is_away_lets_the_queue_wait(proxy, redis_prefix, tmp_path, to):
    sections = {"redis": {"url": proxy.url}, "plugin": {"sse": {"redis_prefix": redis_prefix}}}
    (backend,) = fmn_register_backends(Settings.model_validate({"data_dir": tmp_path, **sections}))
    with closing(backend):
        backend.deliver(to("jane", "before"))
        proxy.cut()
        with pytest.raises(BackendAway, match="cannot be used"):
            backend.deliver(to("jane", "meanwhile"))
        proxy.mend()
        backend.deliver(to("jane", "meanwhile"))


def test_check_tells_where_events_are(backend, settings):
    assert (settings.redis.url or "event log") in backend.check()


def test_page_gets_an_address_for_some_hours(backend):
    first = backend.stream_url("jane")
    assert first.startswith("http://127.0.0.1:0/events/jane?token=")
    _, expires, _ = first.rpartition("=")[2].split(".")
    assert 7 * 3600 < int(expires) - time.time() <= 8 * 3600


def test_command_tells_where_a_stream_is(fmn_sse):
    result = fmn_sse("--url", "jane")
    assert result.exit_code == 0
    assert result.output.startswith("http://127.0.0.1:0/events/jane?token=")
    assert fmn_sse("--url", "jane").output == result.output
    with pytest.raises(UsageError, match="no user name"):
        raise fmn_sse("--url", "a b").exception


def test_command_takes_tokens_back(fmn_sse):
    before, joes = fmn_sse("--url", "jane").output, fmn_sse("--url", "joe").output
    assert fmn_sse("--revoke", "jane").output == "all tokens of jane are void, and open streams end\n"
    assert fmn_sse("--url", "jane").output != before
    assert fmn_sse("--url", "joe").output == joes


def test_another_secret_makes_all_tokens_void(configured, keys):
    with opened_keys(configured(secret="another")) as other:
        assert other.url("", "jane") != keys.url("", "jane")


def test_every_mistake_in_the_settings_is_told_at_once(tmp_path):
    wrong = {"prot": 1, "port": 70000, "public_url": "x", "allow_origins": "https://x/y", "monitoring": "9"}
    settings = Settings(data_dir=tmp_path, plugin={"sse": wrong})
    with pytest.raises(ConfigError, match="5 mistakes"):
        fmn_register_backends(settings)


def test_delivery_does_not_wait_for_aiohttp():
    code = "import sys, fmn_backend_sse as p; p.fmn_register_commands(); sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
