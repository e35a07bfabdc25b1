"""HTTP: whatever a server does, it ends in time and in one sentence."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from fmn_core import LookupUnavailableError
from fmn_lookups_fedora import fetching
from fmn_lookups_fedora.fetching import MOST_REDIRECTS, Fetcher

if TYPE_CHECKING:
    from conftest import Far


def ask(url: str, timeout: float = 5.0, token: str = "") -> object:
    with Fetcher(timeout, token).session() as session:
        return session.json(url)


def reason(url: str, timeout: float = 5.0) -> str:
    with pytest.raises(LookupUnavailableError) as raised:
        ask(url, timeout)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_server_that_accepts_and_never_answers_is_given_up(far: Far) -> None:
    assert reason(f"{far.url}/hang", 0.2) == f"{far.url}/hang gave no answer within 0.2 s"


def test_a_server_that_is_not_there_is_one_sentence() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{one.getsockname()[1]}/x"
        assert reason(url).startswith(f"{url} cannot be asked: ")


def test_an_answer_that_takes_too_long_as_a_whole_is_given_up(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(0, 1000, 3))
    monkeypatch.setattr(fetching.time, "monotonic", lambda: float(next(ticks)))
    far.say("/slow", b"x" * 100)
    assert reason(f"{far.url}/slow", 2.0) == f"{far.url}/slow took longer than 2 s to answer"


def test_an_answer_that_is_too_large_is_given_up(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 1000)
    far.say("/large", b"x" * 1001)
    assert reason(f"{far.url}/large") == f"{far.url}/large answers with more than 1,000 bytes"


def test_redirects_are_followed_some_times_only(far: Far) -> None:
    for number in range(MOST_REDIRECTS + 1):
        far.say(f"/{number}", b"", 302, Location=f"/{number + 1}")
    far.say(f"/{MOST_REDIRECTS + 1}", {"found": True})
    assert ask(f"{far.url}/1") == {"found": True}
    assert "redirects" in reason(f"{far.url}/0")


def test_the_token_is_not_sent_to_where_a_redirect_leads(far: Far) -> None:
    far.say("/1", b"", 302, Location=far.url.replace("127.0.0.1", "localhost") + "/2")
    far.say("/2", {"found": True})
    ask(f"{far.url}/1", token="s3cret")
    assert [("authorization" in headers) for _, headers in far.asked] == [True, False]


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (500, b"{}", "answers with status 500"),
        (401, b"{}", "answers with status 401"),
        (200, b"<html>", "answers with something else than JSON: "),
        (200, b"[" * 100_000, "answers with something else than JSON: "),
        (200, b"[]", "answers with something else than an object"),
        (404, b"<h1>no such application</h1>", "answers with something else than JSON: "),
    ],
    ids=["broken", "not allowed", "page", "nested", "list", "unknown to a proxy"],
)
def test_what_is_no_answer_is_one_sentence(far: Far, status: int, body: bytes, told: str) -> None:
    far.say("/x", body, status)
    assert reason(f"{far.url}/x").startswith(f"{far.url}/x {told}")


def test_what_an_application_says_does_not_exist_is_none(far: Far) -> None:
    far.say("/x", {"error": "Project not found"}, 404)
    assert ask(f"{far.url}/x") is None


@pytest.mark.parametrize("url", ["http://", "http://[", "nonsense"])
def test_urls_that_are_none_are_one_sentence(url: str) -> None:
    assert reason(url).startswith(f"{url} cannot be asked: ")
