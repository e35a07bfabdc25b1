"""Expected: what did not come is found by what people know of it, and it is explained why it did not come."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from toy_messages import SUMMARIES, keep

from fmn_core import topic_rule
from fmn_core.config import Settings
from fmn_core.model import Filter, Outcome, RuleUse
from fmn_core.plugins import PluginRegistry
from fmn_core.rules import RuleBook
from fmn_core.store import LedgerEntry
from fmn_core.testing import RecordingBackend
from fmn_web import create_app, looking

BASE = "http://127.0.0.1/"
NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=3)


@pytest.fixture
def jane(tmp_path, store):
    rules = [topic_rule("toy_ended", "toys.ended", "Toy ended"), topic_rule("boat_sank", "boats.sank", "Boat sank")]
    mail = RecordingBackend("mail")
    mail.title = "Electric mail"
    backends = {"mail": mail}
    registry = PluginRegistry(rules=RuleBook(rules, "toys"), backends=backends, summaries=SUMMARIES)
    app = create_app(Settings(data_dir=tmp_path, web={"demo_login": True}), registry, store)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.post("/login/demo", data={"name": "jane"}, base_url=BASE)
    store.editing.add_filter("jane", "mail", Filter("", "Toys", (RuleUse("toy_ended"),)))
    return client


def put(store, message_id, topic, package="kernel", sent_at=NOW, summary="a summary", **more):
    keep(store, message_id, topic, sent_at, summary=summary, packages=[package], **more)


@pytest.fixture
def some(store):
    put(store, "m1", "toys.ended")
    put(store, "m2", "boats.sank", sent_at=OLD)
    put(store, "M-Three", "boats.sank", "bash")
    put(store, "m4", "toys.built", "bash", sent_at=NOW - timedelta(days=40))


def text_of(answer):
    return answer.get_data(as_text=True)


def entry(**more):
    fields = {"destination": "jane@example.org", "filter_name": "Toys", "reason": "", "attempts": 1, **more}
    return LedgerEntry("n1", "m1", fields.pop("user", "jane"), "mail", outcome=Outcome.SENT, at=NOW, **fields)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"package": "kernel"}, ["m1", "m2"]),
        ({"package": " kernel ", "words": "SANK"}, ["m2"]),
        ({"words": "boats.sank"}, ["M-Three", "m2"]),
        ({"words": "summary toys"}, ["m1"]),
        ({"day": f"{OLD:%Y-%m-%d}"}, ["m2"]),
        ({"day": f"{NOW - timedelta(days=40):%Y-%m-%d}", "package": "bash"}, ["m4"]),
        ({"words": "submarine"}, []),
        ({"package": "\0", "words": "\0"}, []),
    ],
    ids=str,
)
def test_messages_are_found_by_what_is_known_of_them(jane, some, query, found):
    answer = jane.get("/expected", query_string=query, base_url=BASE)
    assert answer.status_code == 200
    assert re.findall(r'href="/expected/([^"]+)"', text_of(answer)) == found
    assert ("Nothing like that was seen" in text_of(answer)) == (not found)


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "nonsense", "2026-13-01", "2026-W10-1"])
def test_a_day_that_is_none_is_no_trouble(jane, some, day):
    assert jane.get("/expected", query_string={"day": day, "package": "kernel"}, base_url=BASE).status_code == 200


def test_what_was_not_looked_through_is_said(jane, store, some, monkeypatch):
    monkeypatch.setattr(looking, "LOOKED_AT", 2)
    page = text_of(jane.get("/expected?words=submarine", base_url=BASE))
    assert "2 messages were looked through" in page
    monkeypatch.setattr(looking, "LOOKED_AT", 3)
    assert "looked through" not in text_of(jane.get("/expected?words=submarine", base_url=BASE))


@pytest.mark.parametrize("limit", ["LOOKED_AT", "SHOWN", "BUDGET"])
def test_looking_goes_on_where_it_was_given_up(jane, store, monkeypatch, limit):
    for number in range(7):
        put(store, f"m{number}", "toys.ended", sent_at=NOW - timedelta(minutes=number))
    monkeypatch.setattr(looking, limit, 0 if limit == "BUDGET" else 2)
    found, path = [], "/expected?words=summary"
    while path:
        page = text_of(jane.get(html.unescape(path), base_url=BASE))
        found += re.findall(r'href="/expected/([^"]+)"', page)
        path = (re.findall(r'href="(/expected\?[^"]+)"', page) or [""])[0]
    assert found == [f"m{number}" for number in range(7)]


def test_a_message_is_found_by_its_id_as_it_is_written(jane, some):
    answer = jane.get("/expected", query_string={"id": " M-Three "}, base_url=BASE)
    assert (answer.status_code, answer.location) == (302, "/expected/M-Three")


@pytest.mark.parametrize("known", ["<b>no</b>", "\0", "nothing", "a/b"])
def test_an_unknown_id_is_explained(jane, some, known):
    for path, query in (("/expected", {"id": known}), (f"/expected/{known.replace(chr(0), '%00')}", {})):
        answer = jane.get(path, query_string=query, base_url=BASE)
        assert answer.status_code == 404
        page = text_of(answer)
        assert "never seen by FMN, it was dropped as junk" in page
        assert "Messages are kept since" in page
        assert "<b>no" not in page


def test_an_id_of_which_only_the_ledger_knows_leads_there(jane, store):
    store.ledger.record([entry()])
    answer = jane.get("/expected/m1", base_url=BASE)
    assert answer.status_code == 404
    assert 'href="/history/n1"' in text_of(answer)


def test_why_nothing_was_sent(jane, some):
    page = text_of(jane.get("/expected/m2", base_url=BASE))
    assert "Nothing was sent to you of it." in page
    assert "Electric mail: the preference is switched off" in page
    assert "toy_ended does not hold" in page
    assert "As your preferences are now" in page


def test_what_was_sent_is_said_to_whom_it_was_sent_alone(jane, store, some):
    store.ledger.record([entry(user="joe")])
    assert "Nothing was sent to you" in text_of(jane.get("/expected/m1", base_url=BASE))
    store.ledger.record([entry(user="joe"), LedgerEntry("n2", "m1", "jane", "mail", "j", "Toys", Outcome.FAILED, "no",
                                                        1, NOW)])  # fmt: skip
    page = text_of(jane.get("/expected/m1", base_url=BASE))
    assert "Nothing was sent to you" not in page
    assert ("failed: no" in page, 'href="/history/n2"' in page, "/history/n1" in page) == (True, True, False)


def test_a_muted_thread_is_said(jane, store):
    put(store, "m1", "toys.ended", thread="t/1")
    store.mutes.put("jane", "t/1", NOW + timedelta(days=1))
    assert "You have muted its thread" in text_of(jane.get("/expected/m1", base_url=BASE))


def test_what_strangers_wrote_is_text(jane, store):
    evil = "<script>alert(1)</script>"
    put(store, f"id {evil}", f"toys.{evil}", evil, summary=evil, thread=evil)
    for path in ("/expected?words=alert", f"/expected?package={evil}"):
        page = text_of(jane.get(path, base_url=BASE))
        assert (evil in page, html.escape(evil) in page) == (False, True)
        (link,) = re.findall(r'href="(/expected/[^"]+)"', page)
        page = text_of(jane.get(html.unescape(link), base_url=BASE))
        assert (evil in page, html.escape(evil) in page) == (False, True)
        assert "Nothing was sent to you" in page
