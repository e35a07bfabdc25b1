"""The EventSource of a real browser: it comes back by itself, misses nothing, and text stays text."""

import os
import shutil
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright
from test_operation import fmn_sse

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
#: keep a browser without a network from looking for one
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run"]  # fmt: skip

PAGE = b"""<!doctype html><meta charset="utf-8"><title>live</title><ul></ul><script>
const source = new EventSource(decodeURIComponent(location.hash.slice(1)));
for (const name of ["notification", "notice", "digest"])
    source.addEventListener(name, event => {
        const data = JSON.parse(event.data);
        const item = document.createElement("li");
        item.textContent = `${name}: ${data.summary}`;
        document.querySelector("ul").append(item);
    });
source.addEventListener("gap", () => { document.title = "gap"; });
let opened = 0;
source.addEventListener("open", () => { document.body.dataset.opened = ++opened; });
</script>"""


class Pages(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *args):
        pass


@pytest.fixture
def site():
    """The URL of a page of another origin than the streams."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def browser():
    if CHROMIUM is None:
        reason = "chromium is not installed"
        pytest.fail(reason) if os.environ.get("FMN_TEST_REQUIRE_SERVICES") == "1" else pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def tab(browser, site):
    """Open a page that follows a stream."""

    def open_tab(url):
        page = browser.new_page()
        page.goto(f"{site}#{url.replace('%', '%25')}")
        page.wait_for_function("document.body.dataset.opened == 1")
        return page

    return open_tab


def shows(page, *texts):
    page.wait_for_function("n => document.querySelectorAll('li').length >= n", arg=len(texts))
    assert page.locator("li").all_inner_texts() == list(texts)


def test_tabs_come_back_and_miss_nothing(configured, backend, url_of, to, tab, free_port):
    settings = configured(port=free_port)
    with ExitStack() as first:
        process, base = first.enter_context(fmn_sse(settings))
        assert urlsplit(base).port == free_port
        one, silent = tab(url_of(base, "jane")), tab(url_of(base, "joe"))
        other = tab(backend.stream_url("jane").replace("http://127.0.0.1:0", base))
        backend.deliver(to("jane", "before"))
        shows(one, "notification: before")
        shows(other, "notification: before")
        process.kill()
        process.wait(20)
    backend.deliver(to("jane", "meanwhile"))
    backend.deliver(to("joe", "the first thing that joe hears"))
    with fmn_sse(settings):
        for page in one, other:
            page.wait_for_function("document.body.dataset.opened == 2")
        backend.deliver(to("jane", "afterwards"))
        for page in one, other:
            shows(page, *(f"notification: {text}" for text in ("before", "meanwhile", "afterwards")))
            assert page.title() == "live"
        shows(silent, "notification: the first thing that joe hears")


HOSTILE = [
    "<img src=x onerror=\"document.title='owned'\">",
    "</script><script>document.title='owned'</script>",
    "one\r\n\r\nevent: notice\ndata: {}\n\ntwo",
    "\u202e\u2028data: right to left\u2029 \U0001f4a5",
    "&lt;b&gt; " + "w" * 10_000,
]


def test_hostile_text_arrives_as_text(settings, backend, url_of, to, tab):
    with fmn_sse(settings) as (_, base):
        page = tab(url_of(base, "jane"))
        for text in HOSTILE:
            backend.deliver(to("jane", text))
        page.wait_for_function("n => document.querySelectorAll('li').length >= n", arg=len(HOSTILE))
        assert page.locator("li").evaluate_all("all => all.map(one => one.textContent)") == [
            f"notification: {text}" for text in HOSTILE
        ]
        assert page.title() == "live"
