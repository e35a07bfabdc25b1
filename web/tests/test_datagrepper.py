"""What our archive does not have any more is asked of datagrepper, and it may be as bad as it likes."""

from __future__ import annotations

import html
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from grepper import Grepper, answer, fedmsg
from toy_messages import SUMMARIES, keep

from fmn_core import topic_rule
from fmn_core.config import Settings
from fmn_core.model import Filter, Outcome, RuleUse
from fmn_core.plugins import PluginRegistry
from fmn_core.rules import RuleBook
from fmn_core.store import LedgerEntry
from fmn_core.testing import RecordingBackend
from fmn_web import create_app, datagrepper
from fmn_web.datagrepper import Datagrepper, DatagrepperError

BASE = "http://127.0.0.1/"
NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=20)
FETCHED = "fetched from datagrepper"


@pytest.fixture
def grepper():
    with Grepper() as running:
        yield running


@pytest.fixture
def jane(tmp_path, store, grepper):
    rules = RuleBook([topic_rule("boat_sank", "boats.sank", "Boat sank")], "toys")
    registry = PluginRegistry(rules=rules, backends={"mail": RecordingBackend("mail")}, summaries=SUMMARIES)
    web = {"demo_login": True, "datagrepper": grepper.url, "search_limit": ""}
    client = create_app(Settings(data_dir=tmp_path, web=web), registry, store).test_client()
    client.application.config["WTF_CSRF_ENABLED"] = False
    client.post("/login/demo", data={"name": "jane"}, base_url=BASE)
    store.editing.add_filter("jane", "mail", Filter("", "Boats", (RuleUse("boat_sank"),)))
    keep(store, "new", "boats.sank", NOW, summary="it sank now", packages=["boat"], thread="t")
    return client


def sank(message_id, when=OLD, summary="it sank long ago", package="boat"):
    body = {"summary": summary, "packages": [package], "thread": "t"}
    return fedmsg(message_id, "a.b.c.boats.sank", when.timestamp(), **body)


def page(client, path, status=200):
    found = client.get(path, base_url=BASE)
    assert found.status_code == status
    return found.get_data(as_text=True)


def links(text):
    return [html.unescape(one) for one in re.findall(r'href="/expected/([^"]+)"', text)]


def test_a_message_that_our_archive_does_not_have_is_explained(jane, grepper):
    grepper.messages = [sank("2016-old/1")]
    text = page(jane, "/expected/2016-old/1")
    assert ("it sank long ago" in text, "it matches" in text, FETCHED in text) == (True, True, True)
    assert links(page(jane, "/expected?id=2016-old/1")) == []
    assert FETCHED not in page(jane, "/expected/new")
    assert [query for path, query in grepper.asked if query.get("id") == "new"] == [], "ours is asked first"


def test_why_a_notification_came_of_which_the_message_is_gone(jane, store, grepper):
    store.ledger.record([LedgerEntry("n1", "2016-old", "jane", "mail", "x", "Boats", Outcome.SENT, "", 1, OLD)])
    assert "cannot be shown" in page(jane, "/history/n1")
    grepper.messages = [sank("2016-old")]
    text = page(jane, "/history/n1")
    assert ("it matches" in text, FETCHED in text) == (True, True)


def test_older_messages_are_found_a_page_at_a_time_and_none_twice(jane, grepper, monkeypatch):
    monkeypatch.setattr(datagrepper, "ROWS", 3)
    grepper.messages = [sank(f"m{number}", OLD - timedelta(minutes=number)) for number in range(7)]
    grepper.messages += [sank("new", NOW), sank("other", package="car"), {**sank("m8"), "topic": 7}]
    found, path = [], "/expected?package=boat"
    while path:
        text = page(jane, path)
        found += links(text)
        path = html.unescape((re.findall(r'href="(/expected\?[^"]+)"', text) or [""])[0])
    assert found == ["new", *(f"m{number}" for number in range(7))]


def test_the_page_says_where_it_is_from_and_what_could_not_be_read(jane, grepper):
    grepper.messages = [sank("m1"), {**sank("m2"), "topic": 7}, {**sank("m3"), "msg": []}]
    assert "From datagrepper" not in page(jane, "/expected?package=x")
    text = page(jane, "/expected?words=sank&older=1")
    said = "From datagrepper" in text, "1 message was looked through" in text, "2 could not be read" in text
    assert (links(text), said) == (["m1"], (True, True, True))
    grepper.messages = []
    assert "There are no more" in page(jane, "/expected?words=sank&older=1")


def test_words_and_days_narrow_it(jane, grepper):
    grepper.messages = [sank("m1"), sank("m2", summary="it burnt"), sank("m3", OLD - timedelta(days=3))]
    assert links(page(jane, "/expected?words=BURNT&older=1")) == ["m2"]
    assert links(page(jane, f"/expected?day={OLD - timedelta(days=3):%Y-%m-%d}&older=1")) == ["m3"]
    for odd in ("0", "-1", "x", "99999999"):
        assert links(page(jane, f"/expected?package=boat&older={odd}")) == ["new"]


def hang_up(handler):
    handler.connection.close()


BAD = {
    "it hangs up": hang_up,
    "it is ill": lambda handler: answer(handler, 500, {}),
    "no JSON": lambda handler: answer(handler, 200, b"<html>"),
    "no messages": lambda handler: answer(handler, 200, {"raw_messages": "none", "pages": "many"}),
    "a list": lambda handler: answer(handler, 200, []),
    "another message": lambda handler: answer(handler, 200, {"msg_id": 7, "msg": []}),
    "very deep": lambda handler: answer(handler, 200, b"[" * 100_000),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_an_answer_that_cannot_be_used_is_said(jane, grepper, bad):
    grepper.instead = bad
    assert "Datagrepper " in page(jane, "/expected/unknown", 404)
    assert "Datagrepper " in page(jane, "/expected?package=boat&older=1")


def test_where_it_sends_us_nobody_goes(grepper):
    with Grepper() as other:
        other.messages = [sank("x")]

        def elsewhere(handler):
            handler.send_response(302)
            handler.send_header("Location", other.url + "/id?id=x")
            handler.end_headers()

        grepper.instead = elsewhere
        with pytest.raises(DatagrepperError, match="elsewhere"):
            Datagrepper(grepper.url, 5).get("x")
        assert other.asked == []


SLOW = {
    "silent": (b"HTTP/1.0 200 OK\r\n\r\n" + b"[" * 70_000, b""),
    "a body by bytes": (b"HTTP/1.0 200 OK\r\n\r\n", b" "),
    "headers by bytes": (b"HTTP/1.0 200 OK\r\n", b"X"),
}


@pytest.mark.parametrize(("first", "byte"), SLOW.values(), ids=SLOW)
def test_it_is_not_waited_for_longer_than_was_set(grepper, first, byte):
    go_on, ended = threading.Event(), threading.Event()

    def drip(handler):
        handler.wfile.write(first)
        for _ in range(500):  # each byte comes long before anybody would lose patience with it
            if go_on.wait(0.02):
                return
            handler.wfile.write(byte)
        ended.set()

    grepper.instead = drip
    try:
        with pytest.raises(DatagrepperError, match=r"no answer|too long"):
            Datagrepper(grepper.url, 0.3).get("x")
        assert not ended.is_set(), "it was waited for to the end"
    finally:
        go_on.set()


def test_while_it_is_slow_only_some_wait_for_it(grepper):
    go_on, asked = threading.Event(), threading.Semaphore(0)

    def wait(handler):
        asked.release()
        go_on.wait(30)
        answer(handler, 200, sank("x"))

    grepper.instead = wait
    older = Datagrepper(grepper.url, 30)
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(older.get, "x") for _ in range(datagrepper.PLACES)]
        for _ in waiting:
            asked.acquire()
        with pytest.raises(DatagrepperError, match="others wait"):
            older.get("x")
        go_on.set()
        assert [one.result().id for one in waiting] == ["x"] * datagrepper.PLACES
    assert older.get("x").id == "x", "the places are free again"


def test_an_answer_that_is_too_long_is_not_read(grepper, monkeypatch):
    monkeypatch.setattr(datagrepper, "MOST_BYTES", 1000)
    grepper.messages = [sank("m1", summary="x" * 5000)]
    with pytest.raises(DatagrepperError, match="more than can be read"):
        Datagrepper(grepper.url, 5).get("m1")


def test_without_one_nothing_is_asked(tmp_path, store):
    assert not Datagrepper("", 1)
    assert Datagrepper("", 1).get("x") is None
