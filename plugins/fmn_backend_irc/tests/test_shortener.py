import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from fmn_backend_irc.shortener import PAUSE, Shortener

LONG = "https://koji.example.org/koji/buildinfo?buildID=12345&x=ž"


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(parse_qs(urlsplit(self.path).query)["url"][0])
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def page():
    """A page that shortens links as the test says."""
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        server.status, server.answer, server.asked = 200, b"https://da.gd/x\n", []
        server.url = f"http://127.0.0.1:{server.server_address[1]}/s"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_link_is_asked_for_once(page):
    shorten = Shortener(page.url)
    assert [shorten(LONG), shorten(LONG)] == ["https://da.gd/x"] * 2
    assert page.asked == [LONG]


def test_page_may_have_parameters_of_its_own(page):
    assert Shortener(f"{page.url}?strip=1")(LONG) == "https://da.gd/x"


@pytest.mark.parametrize(
    "answer",
    [b"", b"no link", b"javascript:alert(1)", b"https://x/ y", b"https://x/\x03y", b"https://x/" + b"y" * 200],
)
def test_what_is_no_short_link_is_not_taken(page, answer):
    page.answer = answer
    assert Shortener(page.url)(LONG) == LONG


@pytest.mark.parametrize(("status", "answer"), [(500, b"oops"), (200, b"\xff\xfe")])
def test_page_that_fails_is_left_alone_for_a_while(page, status, answer):
    page.status, page.answer = status, answer
    clock = Clock()
    shorten = Shortener(page.url, clock)
    assert [shorten(LONG), shorten(LONG + "2")] == [LONG, LONG + "2"]
    assert len(page.asked) == 1
    clock.now = PAUSE
    page.status, page.answer = 200, b"https://da.gd/x"
    assert shorten(LONG) == "https://da.gd/x"


def test_page_that_is_away_does_no_harm(page):
    page.shutdown()
    page.server_close()
    assert Shortener(page.url)(LONG) == LONG


def test_without_a_page_links_stay():
    assert Shortener("")(LONG) == LONG


def test_line_has_the_short_link(page, scripted, backend, to):
    bot = backend(scripted({"PING": b":s PONG s :fmn\r\n"}), shortener=page.url)
    bot.deliver(to("jane", "built", {"url": LONG}, sent_at=None, presentation={"shorten_links": True}))
    assert scripted.said("PRIVMSG") == ["PRIVMSG jane :built https://da.gd/x"]
