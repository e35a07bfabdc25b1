"""Live: what a backend streams is shown as it comes, in a real browser, and as text whatever it is."""

from __future__ import annotations

import itertools
import json
import os
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect
from web_place import served

from fmn_core import topic_rule
from fmn_core.config import Settings
from fmn_core.errors import UsageError
from fmn_core.plugins import PluginRegistry
from fmn_core.rules import RuleBook
from fmn_core.testing import RecordingBackend
from fmn_web import create_app

PICTURES = os.environ.get("FMN_TEST_PICTURES")
BASE = "http://127.0.0.1/"
#: asks a stream to end
END = None


class Stream:
    """A tiny server of events: what is said here, every reader hears."""

    def __init__(self):
        self._readers, self._lock, self.paths = [], threading.Lock(), []
        stream = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                events = stream.enter(self.path)
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Access-Control-Allow-Origin", "*")
                self.end_headers()
                self.wfile.write(b": hello\n\n")
                self.wfile.flush()
                while (event := events.get()) is not END:
                    self.wfile.write(event)
                    self.wfile.flush()

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever)
        self._thread.start()

    def enter(self, path):
        events = queue.Queue()
        with self._lock:
            self.paths.append(path)
            self._readers.append(events)
        return events

    def say(self, kind, **data):
        event = f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()
        with self._lock:
            for reader in self._readers:
                reader.put(event)

    def end(self):
        with self._lock:
            for reader in self._readers:
                reader.put(END)
            self._readers.clear()

    def close(self):
        self.end()
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture
def stream():
    opened = Stream()
    yield opened
    opened.close()


class Streaming(RecordingBackend):
    """A backend whose notifications can be read as they come."""

    title = "Live <b>toys</b>"

    def __init__(self, url=None, error=None):
        super().__init__("toys")
        self._url, self._error = url, error

    def stream_url(self, user):
        if self._error:
            raise self._error
        return self._url and f"{self._url}/{user}?token=<1>"


def app_of(tmp_path, store, *backends):
    rules = RuleBook([topic_rule("toy_ended", "toys.ended", "Toy ended")], "toys")
    registry = PluginRegistry(rules=rules, backends={one.name: one for one in backends})
    app = create_app(Settings(data_dir=tmp_path, web={"demo_login": True}), registry, store)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def page_of(app):
    client = app.test_client()
    client.post("/login/demo", data={"name": "jane"}, base_url=BASE)
    return client.get("/live", base_url=BASE)


def test_a_backend_that_cannot_tell_its_stream_is_named(tmp_path, store):
    answer = page_of(app_of(tmp_path, store, Streaming(error=UsageError("the carrier is away")), RecordingBackend()))
    page = answer.get_data(as_text=True)
    assert (answer.status_code, "Live &lt;b&gt;toys&lt;/b&gt; cannot be read now" in page) == (200, True)
    assert "connect-src" not in answer.headers["Content-Security-Policy"]


def test_where_nothing_streams_the_page_says_so(tmp_path, store):
    assert "Nothing here streams" in page_of(app_of(tmp_path, store, RecordingBackend())).get_data(as_text=True)


def test_a_stream_of_our_own_host_needs_no_exception(tmp_path, store):
    answer = page_of(app_of(tmp_path, store, Streaming("/events")))
    assert 'data-stream="/events/jane?token=&lt;1&gt;"' in answer.get_data(as_text=True)
    assert "connect-src" not in answer.headers["Content-Security-Policy"]


def test_whoever_has_it_switched_off_is_told(tmp_path, store):
    app = app_of(tmp_path, store, Streaming("https://live.example.org"))
    page = page_of(app).get_data(as_text=True)
    assert "switched off for you" in page
    assert 'href="/notifications#toys"' in page
    store.switches.switch("jane", "toys", True)
    assert "switched off for you" not in page_of(app).get_data(as_text=True)


@pytest.fixture
def site(tmp_path, store, stream):
    app = app_of(tmp_path, store, Streaming(stream.url))
    app.config["WTF_CSRF_ENABLED"] = True
    with served(app) as place:
        yield place


def opened(browser, site, **options):
    page = browser.new_context(**options).new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda line: line.type == "error" and page.errors.append(line.text))
    page.goto(f"{site}login")
    page.get_by_label("Name").fill("jane")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Live", exact=True).click()
    return page


LOOKS = [
    pytest.param({"width": w, "height": 740}, c, id=f"{w}-{c}")
    for w, c in itertools.product((360, 1000), ("light", "dark"))
]


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
def test_what_comes_is_shown_as_it_comes(browser, site, stream, viewport, scheme):
    page = opened(browser, site, viewport=viewport, color_scheme=scheme)
    expect(page.get_by_role("status")).to_have_text("Connected. What comes is shown here.")
    assert stream.paths[0].startswith("/jane?token=")
    evil = "<img src=x onerror=alert(1)>"
    stream.say("notification", summary="a toy ended", url="https://toys.example.org/1",
               date_time="2026-11-25T07:00:00Z", title="toys.ended", app="toys", filter="Toys that end")  # fmt: skip
    stream.say("notice", summary=evil, url="javascript:alert(1)", date_time=None, filter=evil)
    stream.say("digest", summary=f"12 things about {'a-package-with-a-very-long-name-' * 4}", date_time=None)
    shown = page.locator("#events > li:visible")
    expect(shown).to_have_count(3)
    expect(page.get_by_role("link", name="a toy ended")).to_have_attribute("href", "https://toys.example.org/1")
    expect(page.locator("#events time")).to_have_text("2026-11-25 07:00 UTC")
    expect(shown.nth(2)).to_contain_text("· toys · Toys that end")
    expect(shown.nth(1)).to_contain_text(evil)
    assert page.locator("#events img").count() == 0
    assert page.locator("#events a").count() == 1, "what is no address of the web is no link"
    expect(shown.nth(0)).to_contain_text("12 things about")
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/live-{viewport['width']}-{scheme}.png", full_page=True)
    assert page.errors == []


def test_a_connection_that_ends_is_said_and_comes_back(browser, site, stream):
    page = opened(browser, site)
    expect(page.get_by_role("status")).to_have_text("Connected. What comes is shown here.")
    stream.end()
    expect(page.get_by_role("status")).to_have_text("Connecting…")
    expect(page.get_by_role("status")).to_have_text("Connected. What comes is shown here.", timeout=20_000)
    stream.say("gap", reason="you were away")
    expect(page.get_by_role("status")).to_contain_text("Something may be missing")


def test_without_a_script_the_page_says_what_it_needs(browser, site):
    page = opened(browser, site, java_script_enabled=False)
    assert "needs JavaScript" in page.locator("main").inner_text()
