import json
import subprocess
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from fmn_backend_sse import fmn_register_backends, fmn_register_commands
from fmn_backend_sse.events import open_events
from fmn_backend_sse.payload import payload
from fmn_core import ConfigError, DropDelivery, RetryDelivery, Settings, UsageError
from fmn_core.testing import check_backend, notification


class Context:
    def __init__(self, settings):
        self.settings = settings


@pytest.fixture
def fmn_sse(settings):
    (command,) = fmn_register_commands()
    return lambda *args: CliRunner().invoke(command, args, obj=Context(settings))


def test_contract(backend):
    check_backend(backend, "jane")


def test_notification_becomes_an_event_of_its_user(backend, settings, to):
    backend.deliver(to("jane", "first"))
    backend.deliver(to("jane", "first"))
    backend.deliver(to("joe", "second"))
    (event,) = open_events(settings).after("jane", 0)
    assert json.loads(event.data)["summary"] == "first"


def test_nobody_writes_into_the_stream_of_another(backend, settings, to):
    backend.deliver(replace(to("jane"), destination="joe"))
    assert not open_events(settings).after("joe", 0)


def test_log_that_cannot_be_written_is_tried_again(tmp_path, to):
    (tmp_path / "file").write_text("")
    (backend,) = fmn_register_backends(Settings(data_dir=tmp_path / "file"))
    with pytest.raises(RetryDelivery, match="cannot be written"):
        backend.deliver(to("jane"))


@pytest.mark.parametrize("name", ["", " ", "a b", "a/b", "a\nb", "\ud800", "x" * 101])
def test_what_is_no_user_name_is_refused(backend, to, name):
    with pytest.raises(UsageError, match="no user name"):
        backend.check_address(name)
    with pytest.raises(DropDelivery, match="no user name"):
        backend.deliver(to(name, message_id="1", id="1"))


def test_names_are_stripped(backend):
    assert backend.check_address(" jane\n") == "jane"


def test_data_says_everything_a_page_needs():
    facts = {
        "summary": "a & b", "url": "https://x/?a&b", "agent": "ralph",
        "packages": frozenset("ba"), "usernames": frozenset({"jane"}),
    }  # fmt: skip
    data = json.loads(payload(notification(facts, user="jane", filter_name="mine", filter_id="7", id="1" * 32)))
    assert data.pop("date_time").endswith("+00:00")
    assert data == {
        "id": "1" * 32,
        "message_id": "2026-1f1b5b0c-6bd6-4a0e-8f3a-0d3f9d7c8a11",
        "topic": "org.fedoraproject.prod.buildsys.build.state.change",
        "title": "buildsys.build.state.change",
        "summary": "a & b",
        "url": "https://x/?a&b",
        "app": "buildsys",
        "agent": "ralph",
        "usernames": ["jane"],
        "packages": ["a", "b"],
        "filter": "mine",
        "filter_id": "7",
    }


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", " https://x", "//x", ""])
def test_links_lead_to_places_only(url):
    assert json.loads(payload(notification({"url": url})))["url"] is None


@given(st.text(), st.text())
def test_any_text_is_one_line_without_markup(summary, name):
    data = payload(notification({"summary": summary}, filter_name=name))
    assert data.isascii()
    assert not set(data) & set("<>&\r\n")
    assert (json.loads(data)["summary"], json.loads(data)["filter"]) == (summary, name)


def test_command_tells_where_a_stream_is(fmn_sse, settings):
    result = fmn_sse("--url", "jane")
    assert result.exit_code == 0
    assert result.output.startswith("http://127.0.0.1:0/events/jane?token=")
    assert fmn_sse("--url", "jane").output == result.output
    with pytest.raises(UsageError, match="no user name"):
        raise fmn_sse("--url", "a b").exception


def test_every_mistake_in_the_settings_is_told_at_once(tmp_path):
    settings = Settings(data_dir=tmp_path, plugin={"sse": {"prot": 1, "port": 70000, "public_url": "x"}})
    with pytest.raises(ConfigError, match="3 mistakes"):
        fmn_register_backends(settings)


def test_delivery_does_not_wait_for_aiohttp():
    code = "import sys, fmn_backend_sse as p; p.fmn_register_commands(); sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
