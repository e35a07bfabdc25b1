"""Who gets a stream, and what everybody else is told."""

import asyncio
import logging
import time
from contextlib import closing

import aiohttp
import pytest
from streams import position, reading, summary

from fmn_backend_sse import fmn_register_backends
from fmn_backend_sse.serving import serving

SOON = aiohttp.ClientTimeout(total=20)


def ask(url, method="GET", **headers):
    """Return status, headers and text of an answer; of a stream no text."""

    async def once():
        async with aiohttp.request(method, url, headers=headers, timeout=SOON) as response:
            text = "" if response.content_type == "text/event-stream" else await response.text()
            return response.status, response.headers, text

    return asyncio.run(once())


def test_only_a_token_of_the_stream_opens_it(settings, url_of, keys):
    token = url_of("", "jane").rpartition("=")[2]
    with serving(settings) as base:
        statuses = {
            path: ask(base + path, **headers)[0]
            for path, headers in [
                ("/events/jane", {}),
                ("/events/jane?token=", {}),
                (f"/events/jane?token={token[::-1]}", {}),
                (f"/events/joe?token={token}", {}),
                ("/events/jane?x=1", {"Authorization": "Bearer x"}),
                (f"/events/jane?token={token}&agent=a", {"Authorization": "Bearer x"}),
                ("/events/jane?token=ž", {}),
                (f"/events/jane?token={token}", {}),
                ("/events/jane?agent=a", {"Authorization": f"Bearer {token}"}),
                ("/events/", {}),
                ("/", {}),
                ("/metrics", {}),
                (f"/events/jane/more?token={token}", {}),
                (f"/events/../events/joe?token={token}", {}),
                (f"/events/jane%2F..%2Fjoe?token={token}", {}),
            ]
        }
    assert list(statuses.values()) == [401, 401, 403, 403, 403, 403, 403, 200, 200, 404, 404, 404, 404, 403, 403]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(settings, url_of, method):
    with serving(settings) as base:
        status, headers, _ = ask(url_of(base, "jane"), method)
    assert status == 405
    assert headers["Allow"] == "GET,HEAD,OPTIONS"


def test_head_says_what_get_would(settings, url_of):
    with serving(settings) as base:
        status, headers, text = ask(url_of(base, "jane"), "HEAD")
        assert (status, text) == (200, "")
        assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert headers["Cache-Control"] == "no-store"
        assert ask(base + "/events/jane", "HEAD")[0] == 401


def test_revoked_tokens_end_their_streams_and_open_none(settings, backend, url_of, keys, to):
    with serving(settings) as base:
        old, joes, ticket = url_of(base, "jane"), url_of(base, "joe"), url_of(base, "jane", 3600)
        with reading(old) as (_, file), reading(ticket) as (_, page), reading(joes) as (_, other):
            position(file), position(page), position(other)
            keys.revoke("jane")
            assert file.read() == b""
            assert page.read() == b""
            status, _, text = ask(old)
            assert (status, text) == (403, "the token was revoked\n")
            with reading(url_of(base, "jane")) as (_, file):
                position(file)
                backend.deliver(to("jane", "hers again"))
                assert summary(file) == "hers again"
            backend.deliver(to("joe", "all the time"))
            assert summary(other) == "all the time"


def test_a_ticket_opens_a_stream_until_it_expires(configured, to):
    settings = configured(ticket_seconds=2)
    (backend,) = fmn_register_backends(settings)
    with closing(backend), serving(settings) as base:
        url = backend.stream_url("jane").replace("http://127.0.0.1:0", base)
        with reading(url) as (status, file):
            assert status == 200
            position(file)
            until = time.monotonic() + 20
            while (answer := ask(url))[0] == 200 and time.monotonic() < until:
                time.sleep(0.05)
            assert answer[0] == 401
            assert answer[2] == "the token has expired: load the page again for a new one\n"
            backend.deliver(to("jane", "a stream that is open goes on"))
            assert summary(file) == "a stream that is open goes on"


def test_pages_of_any_origin_may_read_unless_told_otherwise(settings, url_of):
    with serving(settings) as base:
        _, headers, _ = ask(url_of(base, "jane"), Origin="https://a.example.org")
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in headers


def test_pages_of_chosen_origins_may_read_errors_too(configured, url_of):
    with serving(configured(allow_origins="https://a.example.org, https://b.example.org")) as base:
        for url in (url_of(base, "jane"), base + "/events/jane"):
            _, headers, _ = ask(url, Origin="https://b.example.org")
            assert (headers["Access-Control-Allow-Origin"], headers["Vary"]) == ("https://b.example.org", "Origin")
            _, headers, _ = ask(url, Origin="https://c.example.org")
            assert "Access-Control-Allow-Origin" not in headers


def test_a_browser_may_ask_before_it_sends_a_token(settings):
    asking = {"Origin": "https://a.example.org", "Access-Control-Request-Method": "GET",
              "Access-Control-Request-Headers": "authorization"}  # fmt: skip
    with serving(settings) as base:
        status, headers, _ = ask(base + "/events/jane", "OPTIONS", **asking)
    assert status == 204
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "GET" in headers["Access-Control-Allow-Methods"]
    assert "Authorization" in headers["Access-Control-Allow-Headers"]


def test_no_token_is_logged(settings, url_of, keys, caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("aiohttp").setLevel(logging.DEBUG)
    with serving(settings) as base:
        url = url_of(base, "jane")
        token = url.rpartition("=")[2]
        with reading(url) as (_, file):
            position(file)
        for broken in (url.replace("token", "t\x00ken"), url + "\x01", url + "&bad=1", url.replace("jane", "joe")):
            with reading(broken) as (status, file):
                assert 400 <= status < 500
                assert b"Traceback" not in file.read()
    assert token not in caplog.text
    assert "Traceback" not in caplog.text
